//! OpenPhone's rules from the header checks to the right operation of the right surface.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::call::{Answer, Call};
use crate::door::{Done, Edited, Provider, Refusal};
use crate::history::{Ledger, Touch};
use crate::ids::Ids;
use crate::meter::Standing;
use crate::openphone::asked::Asked;
use crate::openphone::config::{Access, AppWebhook, Deleted, OpenPhoneConfig};
use crate::openphone::errors::{self, Surface};
use crate::openphone::routes::{self, Rule};
use crate::openphone::workspace::Space;
use crate::openphone::{judge, people};
use crate::report::Findings;
use crate::stamp::Stamp;

/// The choices the provider leaves open.
#[derive(Clone, Copy)]
pub(super) struct Choices {
    pub(super) patch_wipes_scalars: bool,
    pub(super) deleted: Deleted,
    pub(super) prefixed_webhook_ids: bool,
    pub(super) rotation_overlap: Duration,
}

/// All workspaces and what they share.
pub(crate) struct OpenPhone {
    pub(super) spaces: Vec<Space>,
    pub(super) ledger: Ledger,
    pub(super) ids: Ids,
    pub(super) choices: Choices,
    /// Ids of dated webhooks are running numbers.
    pub(super) next_hook: u64,
}

/// The only version of the dated surface.
pub(super) const VERSION: &str = "2026-03-30";

impl OpenPhone {
    pub(super) fn set_app_webhooks(&mut self, webhooks: Vec<AppWebhook>) {
        if let Some(space) = self.spaces.first_mut() {
            space.config.app_webhooks = webhooks;
        }
    }

    pub(super) fn new(config: OpenPhoneConfig) -> Self {
        let choices = Choices {
            patch_wipes_scalars: config.patch_wipes_scalars,
            deleted: config.deleted,
            prefixed_webhook_ids: config.prefixed_webhook_ids,
            rotation_overlap: config.rotation_overlap,
        };
        let spaces = config.workspaces.into_iter().map(|workspace| Space::new(workspace, config.index_lag));
        let (spaces, ids) = (spaces.collect(), Ids::seeded(config.seed));
        Self { spaces, ledger: Ledger::default(), ids, choices, next_hook: 1000 }
    }

    /// The index of the workspace that holds a contact.
    pub(super) fn home(&self, id: &str) -> Option<usize> {
        self.spaces.iter().position(|space| space.shelf.place(id).is_some())
    }

    /// What keeps a key from everything, whatever it asks for.
    fn barred(&self, rule: &'static Rule, at: usize, stamp: Stamp) -> Option<Answer> {
        let (space, surface) = (&self.spaces[at], rule.surface());
        let access = space.config.access;
        if access.revoked {
            return Some(surface.unauthorized());
        }
        let young = access.young.filter(|young| stamp.instant < space.keyed + young.lasts);
        if let Some(young) = young {
            let forbidden = surface.error(403, &format!("{}00403", rule.code), "Forbidden", "Not allowed");
            return Some(if young.forbidden { forbidden } else { surface.unauthorized() });
        }
        let lapsed = access.lapsed && rule.template != "GET /organization";
        let code = format!("{}01402", rule.code);
        lapsed.then(|| surface.error(402, &code, "Subscription Expired", "The subscription is not active"))
    }

    /// Replaces what a workspace's key may do; false when there is no such workspace.
    pub(super) fn set_access(&mut self, org: Option<&str>, access: Access, now: Instant) -> bool {
        let wanted = |space: &&mut Space| org.is_none_or(|org| space.config.org_id == org);
        let space = self.spaces.iter_mut().find(wanted);
        space.map(|space| (space.config.access, space.keyed) = (access, now)).is_some()
    }
}

impl Provider for OpenPhone {
    type Route = Option<&'static Rule>;

    fn route(call: &Call) -> Self::Route {
        routes::route(call)
    }

    fn template(route: Self::Route) -> &'static str {
        route.map_or("unknown", |rule| rule.template)
    }

    fn creates(route: Self::Route) -> bool {
        route.is_some_and(|rule| rule.creates)
    }

    /// The key is bare; with `Bearer` in front it is no key.
    fn account(&self, call: &Call) -> Option<usize> {
        let key = call.header("authorization")?;
        self.spaces.iter().position(|space| space.config.api_key == key)
    }

    fn accounts(&self) -> usize {
        self.spaces.len()
    }

    fn answer(&mut self, route: Self::Route, call: &Call, stamp: Stamp) -> Done<Answer> {
        let Some(rule) = route else {
            return Done::quietly(errors::no_route(&call.method, &call.path));
        };
        let surface = rule.surface();
        if surface == Surface::Dated && call.header("quo-api-version") != Some(VERSION) {
            return Done::quietly(errors::no_version());
        }
        let Some(at) = self.account(call) else {
            return Done::quietly(surface.unauthorized());
        };
        if let Some(refusal) = self.barred(rule, at, stamp) {
            return Done::quietly(refusal);
        }
        let asked = Asked { call, rule, at, stamp };
        if rule.body && call.object().is_none() {
            return Done::quietly(asked.bad("/", "Expected a JSON object"));
        }
        rule.carry_out(self, &asked)
    }

    fn refuse(&mut self, route: Self::Route, refusal: Refusal) -> Answer {
        let surface = route.map_or(Surface::Dated, Rule::surface);
        match refusal {
            Refusal::TooMany { retry_after_secs } => surface.too_many(retry_after_secs),
            Refusal::ServerError => {
                let code = format!("{}01500", route.map_or("08", |rule| rule.code));
                surface.error(500, &code, "Unknown", "Unknown Error")
            }
            Refusal::Unprocessable => surface.unprocessable(),
        }
    }

    /// Not documented, but seen: the draft IETF form.
    fn budget_headers(standing: &Standing) -> Vec<(&'static str, String)> {
        let window = standing.rate.per.as_secs().max(1);
        let (quota, left) = (standing.rate.requests, standing.remaining);
        vec![
            ("ratelimit", format!("\"per-second\"; r={left}; t={window}")),
            ("ratelimit-policy", format!("\"per-second\"; q={quota}; w={window}")),
        ]
    }

    fn set_webhook_url(&mut self, account: Option<&str>, url: Option<String>) -> bool {
        let wanted = |space: &&mut Space| account.is_none_or(|org| space.config.org_id == org);
        let space = self.spaces.iter_mut().find(wanted);
        space.map(|space| space.config.webhook_url = url).is_some()
    }

    fn person_creates(&mut self, contact: &Value, stamp: Stamp) -> Edited<String> {
        people::create(self, contact, stamp)
    }

    fn person_edits(&mut self, id: &str, patch: &Value, stamp: Stamp) -> Edited<()> {
        people::edit(self, id, patch, stamp)
    }

    fn person_deletes(&mut self, id: &str, stamp: Stamp) -> Edited<()> {
        people::delete(self, id, stamp)
    }

    fn contact(&self, id: &str) -> Option<Value> {
        judge::contact(self, id)
    }

    fn contacts(&self, skip: usize, limit: usize) -> Vec<Value> {
        judge::contacts(self, skip, limit)
    }

    fn history(&self, id: &str) -> Option<Vec<Touch>> {
        let contact = self.spaces.get(self.home(id)?)?.shelf.get(id)?;
        Some(contact.marks.touches())
    }

    fn api_writes(&self) -> Vec<(String, u32)> {
        let rows = self.spaces.iter().flat_map(|space| space.shelf.rows());
        rows.map(|(_, contact)| (contact.id.to_string(), contact.marks.api_writes)).collect()
    }

    fn findings(&self) -> Findings {
        judge::findings(self)
    }
}

pub(super) fn ok(data: Value) -> Answer {
    Answer::json(200, Value::Object([("data".to_owned(), data)].into_iter().collect()))
}
