//! GHL's rules from the header checks to the right operation.

use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Content};
use crate::door::{Done, Edited, Provider, Refusal};
use crate::ghl::access::Holder;
use crate::ghl::config::{GhlApp, GhlConfig, GhlMessageProvider, GhlUser};
use crate::ghl::location::Location;
use crate::ghl::oauth::Oauth;
use crate::ghl::routes::{self, Rule};
use crate::ghl::version::Version;
use crate::ghl::{errors, judging, people, switches};
use crate::history::{Ledger, Touch};
use crate::ids::Ids;
use crate::meter::Standing;
use crate::report::Findings;
use crate::stamp::Stamp;

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
    pub(super) company_id: String,
    pub(super) company_token: Option<String>,
    pub(super) app: GhlApp,
    pub(super) users: Vec<GhlUser>,
    pub(super) message_providers: Vec<GhlMessageProvider>,
    pub(super) oauth: Oauth,
}

/// A call that passed the checks of its rule.
pub(super) struct Asked<'a> {
    pub(super) call: &'a Call,
    pub(super) version: Version,
    pub(super) holder: Holder,
    /// Which location the token opens. Means nothing where the holder is the company.
    pub(super) at: usize,
    /// Whether a private integration token was used.
    pub(super) private: bool,
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
            company_id: config.company_id,
            company_token: config.company_token,
            app: config.app,
            users: config.users,
            message_providers: config.message_providers,
            oauth: Oauth::default(),
        }
    }

    /// The index of the location that holds a contact.
    pub(super) fn home(&self, id: &str) -> Option<usize> {
        self.locations.iter().position(|location| location.shelf.place(id).is_some())
    }

    /// The index of a location.
    pub(super) fn place(&self, location: &str) -> Option<usize> {
        self.locations.iter().position(|held| held.config.id == location)
    }

    fn traced(&mut self, mut answer: Answer) -> Done<Answer> {
        trace(&mut answer, &self.ids.uuid());
        Done::quietly(answer)
    }
}

impl Provider for Ghl {
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

    fn account(&self, call: &Call) -> Option<usize> {
        self.budget(call)
    }

    /// The locations, and the company.
    fn accounts(&self) -> usize {
        self.locations.len() + 1
    }

    fn answer(&mut self, route: Self::Route, call: &Call, stamp: Stamp) -> Done<Answer> {
        let Some(rule) = route else { return self.traced(errors::no_route(&call.method, &call.path)) };
        match self.admit(rule, call, stamp) {
            Ok(asked) => {
                let mut done = (rule.handler)(self, &asked).unwrap_or_else(Done::quietly);
                trace(&mut done.result, &self.ids.uuid());
                done
            }
            Err(refusal) => self.traced(refusal),
        }
    }

    fn refuse(&mut self, _route: Self::Route, refusal: Refusal) -> Answer {
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
        people::creates(self, contact, stamp)
    }

    fn person_edits(&mut self, id: &str, patch: &Value, stamp: Stamp) -> Edited<()> {
        people::edits(self, id, patch, stamp)
    }

    fn person_deletes(&mut self, id: &str, stamp: Stamp) -> Edited<()> {
        people::deletes(self, id, stamp)
    }

    fn contact(&self, id: &str) -> Option<Value> {
        judging::contact(self, id)
    }

    fn contacts(&self, skip: usize, limit: usize) -> Vec<Value> {
        judging::contacts(self, skip, limit)
    }

    fn history(&self, id: &str) -> Option<Vec<Touch>> {
        let contact = self.locations.get(self.home(id)?)?.shelf.get(id)?;
        Some(contact.marks.touches())
    }

    fn api_writes(&self) -> Vec<(String, u32)> {
        let rows = self.locations.iter().flat_map(|location| location.shelf.rows());
        rows.map(|(_, contact)| (contact.id.to_string(), contact.marks.api_writes)).collect()
    }

    fn switch(&mut self, name: &str, wanted: &Value, stamp: Stamp) -> Edited<Value> {
        switches::throw(self, name, wanted, stamp)
    }

    fn findings(&self) -> Findings {
        judging::findings(self)
    }
}

/// Every GHL answer names its request.
fn trace(answer: &mut Answer, id: &str) {
    if let Content::Json(Value::Object(body)) = &mut answer.content {
        body.insert("traceId".to_owned(), json!(id));
    }
}
