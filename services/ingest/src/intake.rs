//! The way of a delivery: slot, body, signature, JSON, ours, durable, answered.

use std::collections::HashMap;

use axum::body::Body;
use axum::http::HeaderMap;
use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};

use tandem_contact::Side;
use tandem_proto::{ConnectionId, Header, Lane, MessageId, Stream, topology};
use tandem_providers::SignatureError;
use tandem_providers::ghl::{self, PublicKey};
use tandem_providers::openphone::{self, Verified, WebhookSecret};
use tandem_queue::{NewMessage, Published};
use tandem_telemetry::{Sent, Span};

use crate::answer::Answer;
use crate::arrival::{self, Arrival};
use crate::body;
use crate::error::Rejection;
use crate::installs::Change;
use crate::repeats::Repeats;
use crate::{Config, Connection, Deps};

/// Half of the time for which the queue itself knows an id again.
const LATE_MS: i64 = 5 * 60 * 1000;

/// Skip reason: an event that names no location.
const NO_LOCATION: &str = "no_location";

/// Tells the time: the age of `OpenPhone`'s signatures depends on it.
pub(crate) type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// What all requests share.
pub(crate) struct Intake {
    deps: Deps,
    connections: HashMap<ConnectionId, Connection>,
    by_location: HashMap<String, ConnectionId>,
    ghl_keys: Vec<PublicKey>,
    ghl_app_id: Option<String>,
    slots: Semaphore,
    repeats: Repeats,
    now: Clock,
}

impl Intake {
    pub(crate) fn new(config: Config, deps: Deps, now: Clock) -> Self {
        let slots = Semaphore::new(config.max_in_flight.clamp(1, Semaphore::MAX_PERMITS));
        let connections = config.connections;
        Self {
            deps,
            by_location: connections.iter().map(|one| (one.location_id.clone(), one.id.clone())).collect(),
            connections: connections.into_iter().map(|one| (one.id.clone(), one)).collect(),
            ghl_keys: config.ghl_keys,
            ghl_app_id: config.ghl_app_id,
            slots,
            repeats: Repeats::default(),
            now,
        }
    }

    /// The connection of that name.
    pub(crate) fn connection(&self, name: &str) -> Option<&Connection> {
        self.connections.get(&ConnectionId::new(name).ok()?)
    }

    /// One delivery of GHL.
    pub(crate) async fn ghl(&self, headers: &HeaderMap, body: Body) -> Result<Answer, Rejection> {
        let (_slot, body) = self.admit(body).await?;
        ghl::webhook::verify(&body, signature(headers)?, &self.ghl_keys)?;
        let webhook = ghl::webhook::parse(&body)?;
        // One key signs for all apps and all locations, so a good signature doesn't make a delivery ours.
        if self.ghl_app_id.is_some() && webhook.app_id.is_some() && webhook.app_id != self.ghl_app_id {
            return Err(Rejection::OtherApp);
        }
        self.note_installation(&webhook).await?;
        let Some(location) = &webhook.location_id else {
            tracing::debug!(event.id = %webhook.message_id, "skipped an event of the agency: it names no location");
            self.deps.metrics.skipped(NO_LOCATION);
            return Ok(Answer::Skipped);
        };
        let connection = self.by_location.get(location).ok_or(Rejection::UnknownLocation)?.clone();
        self.store(Arrival::from_ghl(webhook, connection, body)).await
    }

    /// Does to the tokens what the event says. An event that can't be heard now comes again.
    async fn note_installation(&self, webhook: &ghl::webhook::Webhook) -> Result<(), Rejection> {
        let (Some(change), Some(reached)) = (Change::of(webhook), &self.deps.tokens) else { return Ok(()) };
        let agencies = &reached.get().ok_or(Rejection::TokensAway)?.agencies;
        change.apply(agencies, webhook, (self.now)()).await.map_err(|error| {
            tracing::error!(error = %tandem_telemetry::chain(&error), "an installation event could not be noted");
            Rejection::TokensAway
        })
    }

    /// One delivery of `OpenPhone` to the path of a connection.
    pub(crate) async fn openphone(
        &self,
        connection: Option<&Connection>,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Answer, Rejection> {
        let (_slot, body) = self.admit(body).await?;
        let connection = connection.ok_or(Rejection::UnknownConnection)?;
        let verified = self.verify_openphone(connection, headers, &body).await?;
        let webhook = openphone::webhook::parse(&body)?;
        self.store(Arrival::from_openphone(webhook, &verified, connection.id.clone(), body)).await
    }

    /// With the secrets as configured, and those of webhooks that we made. When none of those fits, they are read again:
    /// another process may have had one replaced.
    async fn verify_openphone(
        &self,
        connection: &Connection,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Verified, Rejection> {
        let (configured, now) = (&connection.openphone_secrets, (self.now)());
        let verify = |secrets: &[WebhookSecret]| openphone::webhook::verify(body, headers, secrets, now);
        let ours = self.deps.hooks.as_ref().filter(|hooks| hooks.manages(&connection.id));
        let Some(hooks) = ours else { return Ok(verify(configured)?) };
        let trusted = || hooks.trusted(&connection.id, now).map(|made| [configured.as_slice(), &made].concat());
        let first = trusted().map(|secrets| verify(&secrets));
        if let Some(settled) = first.filter(|result| *result != Err(SignatureError::Mismatch)) {
            return Ok(settled?);
        }
        let is_read = hooks.doubt(&connection.id).await;
        let result = verify(&trusted().ok_or(Rejection::SecretsAway)?);
        if is_read && result == Err(SignatureError::Mismatch) {
            hooks.suspect(&connection.id);
        }
        Ok(result?)
    }

    /// Counts and logs a refusal; logs are held down, because whoever floods us is refused too.
    pub(crate) fn note_refusal(&self, side: Side, connection: Option<&ConnectionId>, rejection: &Rejection) {
        let reason = rejection.reason();
        self.deps.metrics.event_rejected(side.name(), reason);
        let Some(left_out) = self.repeats.due(reason) else { return };
        let cause = tandem_telemetry::chain(rejection);
        let connection = connection.map(tracing::field::display);
        if rejection.is_ours() {
            tracing::error!(connection.id = connection, left_out, "webhooks of {side} are answered 429: {cause}");
        } else {
            tracing::warn!(connection.id = connection, reason, left_out, "refused a webhook of {side}: {cause}");
        }
    }

    /// A slot and the body. The slot comes first: it bounds the memory that bodies take.
    async fn admit(&self, body: Body) -> Result<(SemaphorePermit<'_>, Vec<u8>), Rejection> {
        let Ok(slot) = self.slots.try_acquire() else {
            body::discard(body).await;
            return Err(Rejection::Overloaded);
        };
        Ok((slot, body::read(body).await?))
    }

    /// Returns once the event is durable.
    async fn store(&self, arrival: Arrival) -> Result<Answer, Rejection> {
        let side = arrival.side;
        let mut envelope = arrival.into_envelope((self.now)());
        let id = arrival::message_id(side, &envelope.header);
        if self.was_seen(&id, &envelope.header).await {
            return Ok(self.duplicate(side, &envelope.header));
        }
        let span = Span::send(&Sent {
            stream: Stream::Events.name(),
            kind: "event",
            lane: Lane::Live.name(),
            id: &id.0,
            connection: envelope.header.connection.as_str(),
        });
        envelope.header.traceparent = span.trace().to_string();
        let message = NewMessage {
            stream: Stream::Events,
            lane: Lane::Live,
            subject: topology::event_subject(Lane::Live, &envelope.header.connection, side.name()),
            id: id.clone(),
            body: envelope.encode().into(),
        };
        let published = self.deps.metrics.timed("queue_publish", self.deps.sink.publish(message), |_| true).await;
        if let Err(rejection) = &published {
            span.failed(rejection.reason());
        }
        drop(span);
        let published = published?;
        // Only now: remembered before and lost then, the provider's next try would be taken for a duplicate.
        self.deps.limits.remember(&id.0);
        match published {
            Published::Stored { .. } => Ok(self.accepted(side, &envelope.header)),
            Published::Duplicate => Ok(self.duplicate(side, &envelope.header)),
        }
    }

    /// Whether the event was stored before. The queue itself refuses what it stored a moment ago, so only an event that is
    /// older than that is worth a question to a memory elsewhere: a provider's late retry.
    async fn was_seen(&self, id: &MessageId, header: &Header) -> bool {
        let limits = &self.deps.limits;
        let is_late = (self.now)().as_millisecond().saturating_sub(header.time_ms) > LATE_MS;
        limits.seen_here(&id.0) || is_late && limits.seen(&id.0).await
    }

    fn accepted(&self, side: Side, header: &Header) -> Answer {
        let Header { connection, r#type, id, .. } = header;
        tracing::info!(connection.id = %connection, event.id = id, "accepted {type} from {side}");
        self.deps.metrics.event_accepted(side.name());
        Answer::Accepted
    }

    fn duplicate(&self, side: Side, header: &Header) -> Answer {
        let Header { connection, id, .. } = header;
        tracing::debug!(connection.id = %connection, event.id = id, "a delivery of {side} was stored before");
        self.deps.metrics.event_duplicate(side.name());
        Answer::Duplicate
    }
}

fn signature(headers: &HeaderMap) -> Result<Option<&str>, SignatureError> {
    let header = headers.get(ghl::webhook::SIGNATURE_HEADER);
    header.map(|value| value.to_str().map_err(|_| SignatureError::Malformed)).transpose()
}

#[cfg(test)]
mod tests;
