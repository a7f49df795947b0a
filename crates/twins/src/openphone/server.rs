//! OpenPhone's rules from the header checks to the right operation of the right surface.

use serde_json::Value;

use crate::call::{Answer, Call};
use crate::door::{Done, Edited, Provider, Refusal};
use crate::history::{Ledger, Touch};
use crate::ids::Ids;
use crate::meter::Standing;
use crate::openphone::config::{Deleted, OpenPhoneConfig};
use crate::openphone::errors::{self, Complaint};
use crate::openphone::routes::{self, Route};
use crate::openphone::workspace::Space;
use crate::openphone::{dated, judge, people, properties, v1};
use crate::report::Findings;
use crate::stamp::Stamp;

/// The choices the provider leaves open.
#[derive(Clone, Copy)]
pub(super) struct Choices {
    pub(super) patch_wipes_scalars: bool,
    pub(super) deleted: Deleted,
    pub(super) prefixed_webhook_ids: bool,
}

/// All workspaces and what they share.
pub(crate) struct OpenPhone {
    pub(super) spaces: Vec<Space>,
    pub(super) ledger: Ledger,
    pub(super) ids: Ids,
    pub(super) choices: Choices,
}

/// A call that passed the header checks.
pub(super) struct Asked<'a> {
    pub(super) call: &'a Call,
    /// Which workspace the key opens.
    pub(super) at: usize,
    pub(super) stamp: Stamp,
}

/// The only version of the dated surface.
const VERSION: &str = "2026-03-30";

impl OpenPhone {
    pub(super) fn new(config: OpenPhoneConfig) -> Self {
        let choices = Choices {
            patch_wipes_scalars: config.patch_wipes_scalars,
            deleted: config.deleted,
            prefixed_webhook_ids: config.prefixed_webhook_ids,
        };
        let spaces = config.workspaces.into_iter().map(|workspace| Space::new(workspace, config.index_lag));
        Self { spaces: spaces.collect(), ledger: Ledger::default(), ids: Ids::seeded(config.seed), choices }
    }

    /// The index of the workspace that holds a contact.
    pub(super) fn home(&self, id: &str) -> Option<usize> {
        self.spaces.iter().position(|space| space.shelf.place(id).is_some())
    }

    fn dispatch(&mut self, route: Route, asked: &Asked<'_>) -> Done<Answer> {
        match route {
            Route::V1List => Done::quietly(v1::list(self, asked)),
            Route::V1Get => Done::quietly(v1::get(self, asked)),
            Route::V1CustomFields => Done::quietly(v1::custom_fields(self, asked)),
            Route::V1PhoneNumbers => Done::quietly(v1::phone_numbers(self, asked)),
            Route::V1Create => v1::create(self, asked),
            Route::V1Patch => v1::patch(self, asked),
            Route::List => Done::quietly(dated::list(self, asked)),
            Route::Get => Done::quietly(dated::get(self, asked)),
            Route::Organization => Done::quietly(dated::organization(self, asked)),
            Route::Create => dated::create(self, asked),
            Route::Patch => dated::patch(self, asked),
            Route::V1Delete | Route::Delete => dated::delete(self, route, asked),
            Route::Properties => Done::quietly(properties::list(self, asked)),
            Route::GetProperty => Done::quietly(properties::get(self, asked)),
            Route::AddProperty => properties::add(self, asked),
            Route::PatchProperty => properties::patch(self, asked),
            Route::DeleteProperty => properties::delete(self, asked),
            Route::Unknown => Done::quietly(errors::no_route(&asked.call.method, &asked.call.path)),
        }
    }
}

impl Provider for OpenPhone {
    type Route = Route;

    fn route(call: &Call) -> Route {
        routes::route(call)
    }

    fn template(route: Route) -> &'static str {
        route.template()
    }

    fn creates(route: Route) -> bool {
        matches!(route, Route::V1Create | Route::Create)
    }

    /// The key is bare; with `Bearer` in front it is no key.
    fn account(&self, call: &Call) -> Option<usize> {
        let key = call.header("authorization")?;
        self.spaces.iter().position(|space| space.config.api_key == key)
    }

    fn accounts(&self) -> usize {
        self.spaces.len()
    }

    fn answer(&mut self, route: Route, call: &Call, stamp: Stamp) -> Done<Answer> {
        let surface = route.surface();
        if route == Route::Unknown {
            return Done::quietly(errors::no_route(&call.method, &call.path));
        }
        if surface == errors::Surface::Dated && call.header("quo-api-version") != Some(VERSION) {
            return Done::quietly(errors::no_version());
        }
        let Some(at) = self.account(call) else {
            return Done::quietly(surface.unauthorized());
        };
        let writes = ["POST", "PATCH"].contains(&call.method.as_str());
        if writes && call.object().is_none() {
            let complaint = Complaint::new("/", "Expected a JSON object", "object");
            return Done::quietly(surface.bad_request(&[complaint]));
        }
        self.dispatch(route, &Asked { call, at, stamp })
    }

    fn refuse(&mut self, route: Route, refusal: Refusal) -> Answer {
        let surface = route.surface();
        match refusal {
            Refusal::TooMany { retry_after_secs } => surface.too_many(retry_after_secs),
            Refusal::ServerError => surface.server_error(),
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
