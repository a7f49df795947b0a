//! Calls to `OpenPhone` about webhooks: out of the shared budget, after everything that is live.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::SecretString;
use tandem_contact::Side;
use tandem_credentials::VaultError;
use tandem_limits::{BudgetKey, Limits, Throttled};
use tandem_outbound::{Client, SendError};
use tandem_proto::ConnectionId;
use tandem_providers::openphone::hook::delivery::{self, Filter, Status};
use tandem_providers::openphone::{Id, Window, response};
use tandem_providers::{ApiError, Class, Request, Response};
use tandem_telemetry::Metrics;

use crate::exchange::Way;

/// What a delivery is answered whose signature doesn't fit.
const UNAUTHORIZED: u16 = 401;

/// What is needed to call `OpenPhone` for a connection.
#[derive(Debug, Clone)]
pub struct HookConnection {
    /// What the webhook is to tell of.
    pub events: Vec<&'static str>,
    /// Its id.
    pub id: ConnectionId,
    /// The way out.
    pub client: Client,
    /// The workspace's API key.
    pub api_key: SecretString,
    /// The budget every call with this key draws on.
    pub budget: BudgetKey,
}

/// Why the webhooks of a connection can't be looked after now.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the request budget is used up")]
    NoSlot(Throttled),
    #[error("OpenPhone gives no answer")]
    Lost(#[source] SendError),
    #[error("OpenPhone refuses{}", hint(.0))]
    Refused(#[source] ApiError),
    #[error("the signing secrets can't be reached")]
    Secrets(#[from] VaultError),
    #[error("the store can't be reached")]
    Store(#[from] tandem_store::Error),
    #[error("the list of webhooks is not whole, so that ours may be missing in it")]
    NotWhole,
    #[error("OpenPhone gave a signing secret that can't be read")]
    BadSecret,
    #[error("what OpenPhone was asked for has no effect")]
    NoEffect,
    #[error("it took so long that another process may be at it")]
    TooLate,
    #[error("this process is stopping")]
    Stopping,
}

/// What a person can do about it.
fn hint(error: &ApiError) -> &'static str {
    match error.class() {
        Class::Unauthorized => ": check openphone.api_key; a new key works after half a minute",
        Class::Forbidden => ": the API key may not manage webhooks; an owner or admin has to make one that may",
        Class::PaymentRequired => ": the workspace's subscription is not active",
        Class::Refused => {
            ": a workspace can have 50 webhooks at most, and http.public_url has to be an address of the Internet"
        }
        Class::Throttled { .. }
        | Class::QuotaExhausted { .. }
        | Class::Transient
        | Class::Misrouted
        | Class::Unreadable
        | Class::NotFound
        | Class::Conflict => "",
    }
}

impl Trouble {
    /// How long to stay away, where it says so.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoSlot(throttled) => Some(throttled.retry_after),
            Self::Refused(error) => match error.class() {
                Class::Throttled { retry_after } => retry_after,
                Class::QuotaExhausted { resets_after } => resets_after,
                Class::Unauthorized
                | Class::PaymentRequired
                | Class::Transient
                | Class::Misrouted
                | Class::Unreadable
                | Class::Forbidden
                | Class::NotFound
                | Class::Conflict
                | Class::Refused => None,
            },
            Self::Lost(_)
            | Self::Secrets(_)
            | Self::Store(_)
            | Self::NotWhole
            | Self::BadSecret
            | Self::NoEffect
            | Self::TooLate
            | Self::Stopping => None,
        }
    }
}

/// Calls of one look at one connection's webhooks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) to: &'a HookConnection,
    pub(super) limits: &'a Limits,
    pub(super) metrics: &'a Metrics,
    /// The turn ends a little later.
    pub(super) send_by: Instant,
}

impl Caller<'_> {
    /// Sends as soon as there is a slot.
    pub(super) async fn send<T>(
        &self,
        request: Request,
        parse: impl FnOnce(&Response) -> Result<T, ApiError>,
    ) -> Result<T, Trouble> {
        let HookConnection { id, client, api_key, budget, .. } = self.to;
        let Self { limits, metrics, .. } = *self;
        let way = Way { side: Side::OpenPhone, connection: id, client, budget, limits, metrics };
        let sent = way.send(request, api_key, Some(self.send_by)).await.map_err(Trouble::NoSlot)?;
        let result = parse(&sent.map_err(Trouble::Lost)?);
        if let Err(error) = &result
            && let Some(wait) = error.class().cool_down()
        {
            way.cool_down(wait).await;
        }
        result.map_err(Trouble::Refused)
    }

    /// Whether this webhook's deliveries are refused here as badly signed, by its own log: what strangers send is not in it.
    pub(super) async fn is_refused_here(&self, hook: &Id, since: Option<Timestamp>) -> Result<bool, Trouble> {
        for status in [Status::Pending, Status::Failed] {
            let filter = Filter { status: Some(status), ..Filter::default() };
            let log = self.send(delivery::list(hook, &filter, None), delivery::page).await?;
            let newest = log.items.into_iter().max_by_key(|delivery| delivery.created_at);
            let Some(newest) = newest else { continue };
            let detail = self.send(delivery::get(hook, &newest.id), delivery::detail).await?;
            let is_later = |at: Option<Timestamp>| at.is_none_or(|at| since.is_none_or(|since| at >= since));
            let mut attempts = detail.attempts.iter();
            if attempts.any(|attempt| attempt.answered == Some(UNAUTHORIZED) && is_later(attempt.at)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Has the webhook deliver again what did not arrive since then; tells how much.
    pub(super) async fn retry_deliveries(&self, hook: &Id, since: Timestamp) -> Result<usize, Trouble> {
        let mut count = 0;
        for status in [Status::Pending, Status::Failed] {
            let created = Window { from: Some(since), to: None };
            let filter = Filter { status: Some(status), created, ..Filter::default() };
            let log = self.send(delivery::list(hook, &filter, None), delivery::page).await?;
            for one in &log.items {
                self.send(delivery::retry(hook, &one.id), response::accepted).await?;
                count += 1;
            }
        }
        Ok(count)
    }
}
