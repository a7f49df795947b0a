//! GHL's rules from the header checks to the right operation.

use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Content};
use crate::door::{Done, Edited, Provider, Refusal};
use crate::ghl::config::GhlConfig;
use crate::ghl::location::Location;
use crate::ghl::routes::{self, Route};
use crate::ghl::{contacts, errors, reads, search};
use crate::history::{Ledger, Touch};
use crate::ids::Ids;
use crate::meter::Standing;
use crate::report::Findings;
use crate::stamp::Stamp;

/// The two families of behaviour behind the `Version` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Dated,
    V3,
}

impl Version {
    fn of(call: &Call) -> Option<Self> {
        match call.header("version")? {
            "2021-07-28" | "2023-02-21" => Some(Self::Dated),
            "v3" => Some(Self::V3),
            _ => None,
        }
    }

    /// The success flag: misspelled in the dated versions.
    pub(super) fn succeeded(self) -> &'static str {
        match self {
            Self::Dated => "succeded",
            Self::V3 => "succeeded",
        }
    }
}

/// All locations and what they share.
pub(crate) struct Ghl {
    pub(super) locations: Vec<Location>,
    pub(super) ledger: Ledger,
    pub(super) ids: Ids,
    pub(super) key: Arc<Ed25519KeyPair>,
    pub(super) webhook_url: Option<String>,
    pub(super) app_id: String,
    pub(super) sparse_webhooks: bool,
    pub(super) null_clears: bool,
}

/// A call that passed the header checks.
pub(super) struct Asked<'a> {
    pub(super) call: &'a Call,
    pub(super) version: Version,
    /// Which location the token opens.
    pub(super) at: usize,
    pub(super) stamp: Stamp,
}

impl Ghl {
    pub(super) fn new(config: GhlConfig, key: Ed25519KeyPair) -> Self {
        let lag = config.index_lag;
        Self {
            locations: config.locations.into_iter().map(|location| Location::new(location, lag)).collect(),
            ledger: Ledger::default(),
            ids: Ids::seeded(config.seed),
            key: Arc::new(key),
            webhook_url: config.webhook_url,
            app_id: config.app_id,
            sparse_webhooks: config.sparse_webhooks,
            null_clears: config.null_clears,
        }
    }

    /// The index of the location that holds a contact.
    pub(super) fn home(&self, id: &str) -> Option<usize> {
        self.locations.iter().position(|location| location.shelf.place(id).is_some())
    }

    fn dispatch(&mut self, route: Route, asked: &Asked<'_>) -> Done<Answer> {
        match route {
            Route::List => Done::quietly(reads::list(self, asked)),
            Route::Search => Done::quietly(search::search(self, asked)),
            Route::Duplicate => Done::quietly(reads::duplicate(self, asked)),
            Route::Get => Done::quietly(reads::get(self, asked)),
            Route::Location | Route::LocationTags | Route::CustomFields | Route::CustomField => {
                Done::quietly(reads::location(self, route, asked))
            }
            Route::Create => contacts::create(self, asked),
            Route::Upsert => contacts::upsert(self, asked),
            Route::Update => contacts::update(self, asked),
            Route::Delete => contacts::delete(self, asked),
            Route::AddTags | Route::RemoveTags => contacts::tags(self, route, asked),
            Route::Unknown => Done::quietly(errors::no_route(&asked.call.method, &asked.call.path)),
        }
    }
}

impl Provider for Ghl {
    type Route = Route;

    fn route(call: &Call) -> Route {
        routes::route(call)
    }

    fn template(route: Route) -> &'static str {
        routes::template(route)
    }

    fn creates(route: Route) -> bool {
        matches!(route, Route::Create | Route::Upsert)
    }

    fn account(&self, call: &Call) -> Option<usize> {
        let token = call.header("authorization")?.strip_prefix("Bearer ")?;
        self.locations.iter().position(|location| location.config.token == token)
    }

    fn accounts(&self) -> usize {
        self.locations.len()
    }

    fn answer(&mut self, route: Route, call: &Call, stamp: Stamp) -> Done<Answer> {
        let mut done = match (route, self.account(call), Version::of(call)) {
            (Route::Unknown, _, _) => Done::quietly(errors::no_route(&call.method, &call.path)),
            (_, None, _) => Done::quietly(errors::unauthorized()),
            (_, _, None) => Done::quietly(errors::bad_request("version header was not found or is not supported")),
            (_, Some(at), Some(version)) => self.dispatch(route, &Asked { call, version, at, stamp }),
        };
        trace(&mut done.result, &self.ids.uuid());
        done
    }

    fn refuse(&mut self, _route: Route, refusal: Refusal) -> Answer {
        let mut answer = match refusal {
            Refusal::TooMany { retry_after_secs } => errors::too_many(retry_after_secs),
            Refusal::ServerError => errors::server_error(),
            Refusal::Unprocessable => errors::unprocessable(&["Unprocessable Entity".to_owned()]),
        };
        trace(&mut answer, &self.ids.uuid());
        answer
    }

    fn budget_headers(standing: &Standing) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("x-ratelimit-max", standing.rate.requests.to_string()),
            ("x-ratelimit-remaining", standing.remaining.to_string()),
            ("x-ratelimit-interval-milliseconds", standing.rate.per.as_millis().to_string()),
        ];
        if let Some(daily) = standing.rate.per_day {
            headers.push(("x-ratelimit-limit-daily", daily.to_string()));
            headers.push(("x-ratelimit-daily-remaining", standing.remaining_today.to_string()));
        }
        headers
    }

    fn set_webhook_url(&mut self, _account: Option<&str>, url: Option<String>) -> bool {
        self.webhook_url = url;
        true
    }

    fn person_creates(&mut self, contact: &Value, stamp: Stamp) -> Edited<String> {
        contacts::person_creates(self, contact, stamp)
    }

    fn person_edits(&mut self, id: &str, patch: &Value, stamp: Stamp) -> Edited<()> {
        contacts::person_edits(self, id, patch, stamp)
    }

    fn person_deletes(&mut self, id: &str, stamp: Stamp) -> Edited<()> {
        contacts::person_deletes(self, id, stamp)
    }

    fn contact(&self, id: &str) -> Option<Value> {
        reads::contact(self, id)
    }

    fn contacts(&self, skip: usize, limit: usize) -> Vec<Value> {
        reads::contacts(self, skip, limit)
    }

    fn history(&self, id: &str) -> Option<Vec<Touch>> {
        let contact = self.locations.get(self.home(id)?)?.shelf.get(id)?;
        Some(contact.marks.touches())
    }

    fn api_writes(&self) -> Vec<(String, u32)> {
        let rows = self.locations.iter().flat_map(|location| location.shelf.rows());
        rows.map(|(_, contact)| (contact.id.to_string(), contact.marks.api_writes)).collect()
    }

    fn findings(&self) -> Findings {
        reads::findings(self)
    }
}

/// Every GHL answer names its request.
fn trace(answer: &mut Answer, id: &str) {
    if let Content::Json(Value::Object(body)) = &mut answer.content {
        body.insert("traceId".to_owned(), json!(id));
    }
}
