//! One call to a provider: budget, credential, deadline, counters. What the answer means is decided elsewhere.

use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use secrecy::SecretString;
use tandem_contact::Side;
use tandem_credentials::{NoToken, Paused};
use tandem_limits::Permit;
use tandem_outbound::{NotSent, SendError, Unknown};
use tandem_proto::Lane;
use tandem_providers::openphone::recovery::{self, Refusal};
use tandem_providers::{ApiError, Class, Request, Response};
use tandem_telemetry::{Call, Span, chain};
use url::Url;

use crate::pause::{Change, UNCONNECTED_PAUSE};
use crate::{Connection, Deps};

/// Longest wait for a slot; a delivery that has to wait longer is given back.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(10);
/// Longest wait for a slot once a stop was asked for: time for an answer, not for a turn in a line.
const MAX_WAIT_STOPPING: Duration = Duration::from_secs(1);
/// A shorter wait for a slot has no span.
const WAIT_WORTH_TELLING: Duration = Duration::from_millis(1);
/// After a credential was refused, or the whole location.
const REFUSED: Duration = Duration::from_mins(1);
/// After a token was renewed.
const RENEWED: Duration = Duration::from_millis(50);
/// Between two tries of a key that may be too new.
const YOUNG_PAUSE: Duration = Duration::from_secs(5);

/// A call that brought nothing usable.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// No slot in the budget, a token that had just been renewed, or a key that may be too new: come back after this.
    NoSlot(Duration),
    /// Nothing to sign in with.
    NoToken(NoToken),
    /// No answer.
    Lost(SendError),
    /// Another answer than hoped for.
    Refused(ApiError),
}

/// What calls need to know about the work they belong to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) deps: &'a Deps,
    pub(crate) connection: &'a Connection,
    pub(crate) lane: Lane,
    /// What the calls are made for; its ids go into the journal.
    pub(crate) span: &'a Span,
    /// What the last call was answered with.
    pub(crate) last: &'a LastStatus,
}

/// The HTTP status of the last answer; 0 before the first.
#[derive(Debug, Default)]
pub(crate) struct LastStatus(AtomicU16);

impl LastStatus {
    pub(crate) fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed).into()
    }
}

/// What one request needs: a slot in the budget, and what to sign in with.
#[derive(Debug)]
pub(crate) struct Pass {
    permit: Permit,
    credential: SecretString,
}

impl Pass {
    /// Whether the slot has passed by meanwhile.
    pub(crate) fn is_late(&self) -> bool {
        self.permit.is_late()
    }

    /// Gives the slot back.
    pub(crate) fn cancel(self) {
        self.permit.cancel();
    }
}

impl Caller<'_> {
    /// Waits for a slot. The credential comes first: renewing it takes longer than a slot lasts.
    pub(crate) async fn pass(&self, side: Side) -> Result<Pass, Trouble> {
        let credential = self.connection.credential(side).await.map_err(|no_token| {
            self.cannot_sign_in(side, &no_token);
            Trouble::NoToken(no_token)
        })?;
        Ok(Pass { permit: self.permit(side).await?, credential })
    }

    async fn permit(&self, side: Side) -> Result<Permit, Trouble> {
        let (_, budget) = self.connection.way_out(side);
        let asked = Instant::now();
        let permit = tokio::select! {
            permit = self.deps.limits.acquire(budget, self.lane, MAX_WAIT) => permit.map_err(|throttled| throttled.retry_after),
            // Somebody else may have the slot sooner.
            () = self.is_stopping() => Err(Duration::ZERO),
        };
        let waited = asked.elapsed();
        self.deps.metrics.limiter_wait(side.name(), waited);
        if waited >= WAIT_WORTH_TELLING || permit.is_err() {
            let span = Span::waited(side.name(), waited);
            if permit.is_err() {
                span.failed("no_slot");
            }
        }
        permit.map_err(Trouble::NoSlot)
    }

    async fn is_stopping(&self) {
        self.deps.shutdown.cancelled().await;
        tokio::time::sleep(MAX_WAIT_STOPPING).await;
    }

    /// Sends a read as soon as there is a slot.
    pub(crate) async fn read<T>(
        &self,
        side: Side,
        request: Request,
        parse: impl FnOnce(&Response) -> Result<T, ApiError>,
    ) -> Result<T, Trouble> {
        let mut pass = self.pass(side).await?;
        while pass.is_late() {
            pass.cancel();
            pass = self.pass(side).await?;
        }
        self.send(side, request, (pass, None), parse).await
    }

    /// Sends with a pass in hand, until `send_by` at the latest.
    pub(crate) async fn send<T>(
        &self,
        side: Side,
        request: Request,
        (Pass { permit, credential }, send_by): (Pass, Option<Instant>),
        parse: impl FnOnce(&Response) -> Result<T, ApiError>,
    ) -> Result<T, Trouble> {
        let (client, _) = self.connection.way_out(side);
        let template = request.operation.template;
        let is_beside = request.operation.is_beside_contacts();
        let connection = self.connection.id.as_str();
        let span = Span::call(&Call { provider: side.name(), template, server: client.server(), connection });
        let began = Instant::now();
        let sent = span.run(client.send(request, &credential, headers(&span), send_by)).await;
        let took = began.elapsed();
        let status = sent.as_ref().ok().map(|response| response.status().as_u16());
        self.last.0.store(status.unwrap_or_default(), Ordering::Relaxed);
        self.deps.metrics.provider_request(side.name(), template, (status, took));
        match &sent {
            Ok(response) => span.status(response.status().as_u16(), !response.status().is_success()),
            Err(error) => span.failed(error_type(error)),
        }
        drop(span);
        tracing::debug!(connection.id = %self.connection.id, provider = side.name(), status, "{template}");
        client.end(permit, &sent, took);
        let result = sent.map_err(Trouble::Lost).and_then(|response| parse(&response).map_err(Trouble::Refused));
        if let Some(wait) = self.is_too_young(side, &result) {
            return Err(Trouble::NoSlot(wait));
        }
        if let Some(trouble) = self.sign_in_again(side, &credential, &result).await {
            return Err(trouble);
        }
        match &result {
            // Contacts need other scopes, and go on.
            Err(Trouble::Refused(error)) if is_beside && error.is_missing_scope() => {
                self.report(side, self.connection.pause.works(), "");
            }
            _ => self.learn(side, &result).await,
        }
        result
    }

    /// How long to leave a key alone that was refused because it may be too new. Neither the record nor anybody else has to
    /// answer for that.
    fn is_too_young<T>(&self, side: Side, result: &Result<T, Trouble>) -> Option<Duration> {
        let (Side::OpenPhone, Err(Trouble::Refused(error))) = (side, result) else { return None };
        let now = Instant::now();
        match recovery::refusal(error, self.connection.key.refused_for(now)) {
            Refusal::TooYoung(left) => {
                let wait = left.min(YOUNG_PAUSE);
                self.report(side, self.connection.pause.too_young(now, wait), &error.to_string());
                Some(wait)
            }
            Refusal::Final | Refusal::Other => None,
        }
    }

    /// After a 401: the token is renewed once, and the work repeated with the new one. None where that isn't the answer.
    async fn sign_in_again<T>(
        &self,
        side: Side,
        refused: &SecretString,
        result: &Result<T, Trouble>,
    ) -> Option<Trouble> {
        let Err(Trouble::Refused(error)) = result else { return None };
        // A new token would have the same scopes.
        if error.class() != Class::Unauthorized || error.is_missing_scope() {
            return None;
        }
        match self.connection.renewed(side, refused).await? {
            Ok(()) => Some(Trouble::NoSlot(RENEWED)),
            Err(no_token) => {
                self.cannot_sign_in(side, &no_token);
                Some(Trouble::NoToken(no_token))
            }
        }
    }

    fn cannot_sign_in(&self, side: Side, no_token: &NoToken) {
        let paused = |needs_a_person| self.connection.pause.unconnected(Instant::now(), needs_a_person);
        let url = self.connection.ghl.connect_url.as_ref().map(Url::as_str).unwrap_or_default();
        match no_token {
            NoToken::NotConnected { .. } => {
                self.report(side, paused(true), &format!("it is not connected; use `tandem connect`, or open {url}"));
            }
            NoToken::Paused { paused: still @ Paused::StillRefused, .. } => {
                self.report(side, paused(false), &still.to_string());
            }
            NoToken::Paused { paused: why @ (Paused::NeedsReconnect(_) | Paused::Uninstalled), .. } => {
                self.report(side, paused(true), &format!("{why}, or open {url}"));
            }
            NoToken::Later(_) | NoToken::Interrupted | NoToken::Vault(_) => {
                tracing::warn!(connection.id = %self.connection.id, provider = side.name(), error = %chain(no_token),
                    "no call to {side}");
            }
        }
    }

    /// What the answer says about the connection as a whole.
    async fn learn<T>(&self, side: Side, result: &Result<T, Trouble>) {
        let now = Instant::now();
        let pause = &self.connection.pause;
        match result {
            Ok(_) => {
                if side == Side::OpenPhone {
                    self.connection.key.works();
                }
                self.report(side, pause.works(), "");
            }
            Err(Trouble::Refused(error)) if error.is_location_inactive() => {
                self.report(side, pause.refused(now), "the location is not active; it is to be switched on there");
            }
            Err(Trouble::Refused(error)) => match error.class() {
                Class::Unauthorized | Class::PaymentRequired => {
                    self.report(side, pause.refused(now), &format!("{error}{}", remedy(error)));
                }
                class @ (Class::Throttled { .. } | Class::QuotaExhausted { .. }) => {
                    self.cool_down(side, class.cool_down().unwrap_or_default()).await;
                }
                Class::Transient | Class::Misrouted => self.report(side, pause.fails(now), &error.to_string()),
                Class::Unreadable | Class::Forbidden | Class::NotFound | Class::Conflict | Class::Refused => {
                    self.report(side, pause.works(), "");
                }
            },
            Err(
                Trouble::NoSlot(_)
                | Trouble::NoToken(_)
                | Trouble::Lost(SendError::NotSent { reason: NotSent::PastDeadline | NotSent::Invalid, .. }),
            ) => {}
            Err(Trouble::Lost(error)) => self.report(side, pause.fails(now), &chain(error)),
        }
    }

    async fn cool_down(&self, side: Side, wait: Duration) {
        let (_, budget) = self.connection.way_out(side);
        tracing::warn!(connection.id = %self.connection.id, provider = side.name(), delay_ms = wait.as_millis(),
            "{side} says too many requests; nobody calls it for {wait:?}");
        self.deps.limits.cool_down(budget, tokio::time::Instant::now() + wait).await;
    }

    fn report(&self, side: Side, change: Option<Change>, why: &str) {
        let id = &self.connection.id;
        match change {
            Some(Change::Paused) => tracing::error!(connection.id = %id, provider = side.name(),
                "connection {id} is paused: {side}: {why}. Its events are kept and it is tried again by itself"),
            Some(Change::Waiting) => tracing::warn!(connection.id = %id, provider = side.name(),
                "connection {id} waits: {side}: {why}. A key that is new works after half a minute; it is tried again by itself"),
            Some(Change::Resumed) => tracing::info!(connection.id = %id, "connection {id} works again"),
            None => {}
        }
    }
}

/// What a person can do about a credential that is refused.
fn remedy(error: &ApiError) -> &'static str {
    match error.class() {
        Class::Unauthorized if error.is_missing_scope() => "; the credential lacks a scope: give it the missing one",
        Class::Unauthorized => "; put a valid credential into the environment and restart",
        Class::PaymentRequired => "; the subscription is not active",
        Class::Throttled { .. }
        | Class::QuotaExhausted { .. }
        | Class::Transient
        | Class::Unreadable
        | Class::Forbidden
        | Class::NotFound
        | Class::Conflict
        | Class::Refused
        | Class::Misrouted => "",
    }
}

/// How long there will be no token, at least.
fn until_token(no_token: &NoToken) -> Duration {
    match no_token {
        NoToken::NotConnected { .. } | NoToken::Paused { .. } => UNCONNECTED_PAUSE,
        NoToken::Later(later) => {
            let wait = later.until.duration_since(Timestamp::now());
            Duration::try_from(wait).unwrap_or_default().clamp(RENEWED, UNCONNECTED_PAUSE)
        }
        NoToken::Interrupted | NoToken::Vault(_) => Duration::from_secs(1),
    }
}

fn headers(span: &Span) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&span.trace().to_string()) {
        headers.insert("traceparent", value);
    }
    headers
}

fn error_type(error: &SendError) -> &'static str {
    match error {
        SendError::NotSent { reason: NotSent::PastDeadline, .. } => "past_deadline",
        SendError::NotSent { reason: NotSent::Connect, .. } => "connect",
        SendError::NotSent { reason: NotSent::Invalid, .. } => "invalid",
        SendError::Unknown { reason: Unknown::TimedOut, .. } => "timeout",
        SendError::Unknown { reason: Unknown::Broken, .. } => "broken",
        SendError::Unknown { reason: Unknown::TooLarge, .. } => "too_large",
    }
}

impl Trouble {
    /// How long to stay away, where it is the budget or the credential and not the record.
    pub(crate) fn not_the_records_fault(&self) -> Option<Duration> {
        match self {
            Self::NoSlot(wait) => Some(*wait),
            Self::NoToken(no_token) => Some(until_token(no_token)),
            Self::Lost(_) => None,
            Self::Refused(error) if error.is_location_inactive() => Some(REFUSED),
            Self::Refused(error) => match error.class() {
                class @ (Class::Throttled { .. } | Class::QuotaExhausted { .. }) => class.cool_down(),
                Class::Unauthorized | Class::PaymentRequired => Some(REFUSED),
                Class::Transient
                | Class::Unreadable
                | Class::Forbidden
                | Class::NotFound
                | Class::Conflict
                | Class::Refused
                | Class::Misrouted => None,
            },
        }
    }

    pub(crate) fn status(&self) -> u32 {
        match self {
            Self::NoSlot(_) | Self::NoToken(_) | Self::Lost(_) => 0,
            Self::Refused(error) => u32::from(error.status.as_u16()),
        }
    }

    pub(crate) fn provider_trace(&self) -> String {
        match self {
            Self::NoSlot(_) | Self::NoToken(_) | Self::Lost(_) => String::new(),
            Self::Refused(error) => error.trace.as_deref().unwrap_or_default().to_owned(),
        }
    }

    /// For the record's timeline; may hold the provider's own words.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::NoSlot(_) => "the request budget is used up".to_owned(),
            Self::NoToken(no_token) => chain(no_token),
            Self::Lost(error) => chain(error),
            Self::Refused(error) => format!("{error}: {}", error.words.reveal()),
        }
    }
}
