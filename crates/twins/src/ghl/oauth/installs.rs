//! Installing and uninstalling: what becomes of tokens, and the two events.

use serde_json::{Map, Value, json};

use super::Grant;
use crate::deliveries::Parcel;
use crate::ghl::access::Holder;
use crate::ghl::server::Ghl;
use crate::stamp::{Stamp, iso};

/// The plan that everybody is on.
pub(super) const PLAN: &str = "66a0419a0dffa47fb5f8b22f";

impl Ghl {
    /// Puts the app where it was granted, and says so: once per location, and once for a company.
    pub(super) fn install(&mut self, grant: &Grant, stamp: Stamp) -> Vec<Parcel> {
        let mut parcels = Vec::new();
        if grant.holder == Holder::Company {
            self.oauth.company_installed = true;
            parcels.extend(self.deliver("INSTALL", self.installed(None, stamp), stamp));
        }
        let chosen = match grant.holder {
            Holder::Location(at) => vec![at],
            Holder::Company => grant.approved.iter().filter_map(|id| self.place(id)).collect(),
        };
        for at in chosen {
            self.locations[at].config.installed = true;
            parcels.extend(self.deliver("INSTALL", self.installed(Some(at), stamp), stamp));
        }
        parcels
    }

    fn installed(&self, at: Option<usize>, stamp: Stamp) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("companyId".to_owned(), json!(self.company_id));
        body.insert("planId".to_owned(), json!(PLAN));
        body.insert("versionId".to_owned(), json!(self.app_id));
        let trial = json!({ "onTrial": false, "trialDuration": 0, "trialStartDate": iso(stamp.time) });
        body.insert("trial".to_owned(), trial);
        if let Some(at) = at {
            body.insert("locationId".to_owned(), json!(self.locations[at].config.id));
            body.insert("userId".to_owned(), json!(self.users.first().map(|user| &user.id)));
            body.insert("isWhitelabelCompany".to_owned(), json!(false));
            body.insert("whitelabelDetails".to_owned(), json!({}));
            body.insert("companyName".to_owned(), json!("Sandbox Agency"));
        }
        body
    }

    /// Takes the app away from a location, or from the company and all its locations. Its tokens end at once.
    pub(in crate::ghl) fn uninstall(&mut self, holder: Holder, stamp: Stamp) -> Vec<Parcel> {
        let all = 0..self.locations.len();
        let (name, id, ended): (_, _, Vec<usize>) = match holder {
            Holder::Location(at) => ("locationId", self.locations[at].config.id.clone(), vec![at]),
            Holder::Company => ("companyId", self.company_id.clone(), all.collect()),
        };
        for at in ended {
            self.locations[at].config.installed = false;
            self.oauth.vault.revoke(Holder::Location(at));
        }
        if holder == Holder::Company {
            self.oauth.company_installed = false;
            self.oauth.vault.revoke(Holder::Company);
        }
        let body = Map::from_iter([(name.to_owned(), json!(id))]);
        self.deliver("UNINSTALL", body, stamp).into_iter().collect()
    }

    /// The locations of a company that have the app.
    pub(super) fn approved(&self, holder: Holder) -> Vec<String> {
        let installed = self.locations.iter().map(|location| &location.config).filter(|config| config.installed);
        let ids = installed.map(|config| config.id.clone());
        if holder == Holder::Company { ids.collect() } else { Vec::new() }
    }
}
