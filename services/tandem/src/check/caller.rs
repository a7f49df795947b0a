//! One request of a check: credential, budget, time, and another try where that is right.

use std::time::{Duration, Instant};

use http::header::DATE;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tandem_contact::Side;
use tandem_credentials::{NoToken, Tokens};
use tandem_limits::{BudgetKey, Permit};
use tandem_outbound::{Client, NotSent, SendError};
use tandem_proto::{ConnectionId, Lane};
use tandem_providers::{ApiError, Class, Outcome, Request, Response};
use tandem_telemetry::{Call, Span};

use super::clock::Reading;
use super::obstacle::Obstacle;
use super::room::{Phase, Room};

/// After a 429 that doesn't say how long.
const COOL_DOWN: Duration = Duration::from_secs(2);
/// Before the second and the third try of a read that failed at the provider.
const PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(900)];

/// What calls sign in with.
#[derive(Clone)]
pub(super) enum Key {
    /// As configured.
    Fixed(SecretString),
    /// An OAuth installation's, which is renewed.
    Tokens(Tokens),
    /// None can be reached, and why.
    OutOfReach(String),
}

/// What was tried for one request.
struct Tries {
    credential: SecretString,
    is_renewed: bool,
    was_throttled: bool,
}

/// Calls to one side of one connection.
#[derive(Clone)]
pub(super) struct Caller<'a> {
    pub(super) side: Side,
    pub(super) connection: &'a ConnectionId,
    pub(super) room: &'a Room,
    pub(super) budget: BudgetKey,
    pub(super) key: Key,
}

impl Caller<'_> {
    /// Asks, and asks again where the provider had trouble: reads only.
    pub(super) async fn read<T>(
        &self,
        request: Request,
        parse: impl Fn(&Response) -> Result<T, ApiError>,
        phase: Phase,
    ) -> Result<T, Obstacle> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let result = self.write(request.clone(), &parse, phase).await;
            let Err(obstacle) = &result else { return result };
            let pause = pauses.next().filter(|_| is_passing(obstacle));
            match pause {
                Some(pause) if self.room.pause(pause, phase).await => {}
                Some(_) | None => return result,
            }
        }
    }

    /// Sends once; again only where the provider certainly did nothing because it was in a hurry or the token had ended.
    pub(super) async fn write<T>(
        &self,
        request: Request,
        parse: impl Fn(&Response) -> Result<T, ApiError>,
        phase: Phase,
    ) -> Result<T, Obstacle> {
        let mut tries = Tries { credential: self.credential().await?, is_renewed: false, was_throttled: false };
        loop {
            let result = self.once((&request, &tries.credential), &parse, phase).await;
            let Err(Obstacle::Refused(error)) = &result else { return result };
            if !self.may_try_again(error, &mut tries, phase).await? {
                return result;
            }
        }
    }

    /// Whether the refusal may be mended: a token that has ended, or one request too many.
    async fn may_try_again(&self, error: &ApiError, tries: &mut Tries, phase: Phase) -> Result<bool, Obstacle> {
        if error.class() == Class::Unauthorized && !error.is_missing_scope() && !tries.is_renewed {
            let Some(renewed) = self.renewed(&tries.credential).await else { return Ok(false) };
            tries.credential = renewed.map_err(Obstacle::NoToken)?;
            tries.is_renewed = true;
            return Ok(true);
        }
        let Class::Throttled { retry_after } = error.class() else { return Ok(false) };
        let wait = retry_after.unwrap_or(COOL_DOWN);
        self.room.deps.limits.cool_down(&self.budget, tokio::time::Instant::now() + wait).await;
        let may = !tries.was_throttled && self.room.left(phase).is_some_and(|left| left > wait);
        tries.was_throttled = true;
        Ok(may)
    }

    /// What must not be shown of what was sent.
    pub(super) fn secret(&self) -> &str {
        match &self.key {
            Key::Fixed(secret) => secret.expose_secret(),
            // It ends within a day, and no provider repeats it.
            Key::Tokens(_) | Key::OutOfReach(_) => "",
        }
    }

    async fn credential(&self) -> Result<SecretString, Obstacle> {
        match &self.key {
            Key::Fixed(secret) => Ok(secret.clone()),
            Key::Tokens(tokens) => tokens.access(self.connection).await.map_err(Obstacle::NoToken),
            Key::OutOfReach(why) => Err(Obstacle::NoStore(why.clone())),
        }
    }

    async fn renewed(&self, refused: &SecretString) -> Option<Result<SecretString, NoToken>> {
        match &self.key {
            Key::Tokens(tokens) => Some(tokens.access_instead_of(refused, self.connection).await),
            Key::Fixed(_) | Key::OutOfReach(_) => None,
        }
    }

    async fn once<T>(
        &self,
        (request, credential): (&Request, &SecretString),
        parse: impl Fn(&Response) -> Result<T, ApiError>,
        phase: Phase,
    ) -> Result<T, Obstacle> {
        let mut permit = self.permit(phase).await?;
        while permit.is_late() {
            permit.cancel();
            permit = self.permit(phase).await?;
        }
        let began = Instant::now();
        let sent = self.exchange(request.clone(), credential).await;
        self.client().end(permit, &sent, began.elapsed());
        parse(&sent.map_err(Obstacle::Lost)?).map_err(Obstacle::Refused)
    }

    async fn permit(&self, phase: Phase) -> Result<Permit, Obstacle> {
        let left = self.room.left(phase).ok_or(Obstacle::NoTime)?;
        let asked = Instant::now();
        let permit = self.room.deps.limits.acquire(&self.budget, Lane::Live, left).await;
        self.room.deps.metrics.limiter_wait(self.side.name(), asked.elapsed());
        permit.map_err(|throttled| Obstacle::NoSlot(throttled.retry_after))
    }

    async fn exchange(&self, request: Request, credential: &SecretString) -> Result<Response, SendError> {
        let (provider, template) = (self.side.name(), request.operation.template);
        let client = self.client();
        let span =
            Span::call(&Call { provider, template, server: client.server(), connection: self.connection.as_str() });
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(&span.trace().to_string()) {
            headers.insert("traceparent", value);
        }
        let (began, left) = (Instant::now(), Timestamp::now());
        let sent = span.run(client.send(request, credential, headers, None)).await;
        let status = sent.as_ref().ok().map(|response| response.status().as_u16());
        self.room.deps.metrics.provider_request(provider, template, (status, began.elapsed()));
        match &sent {
            Ok(response) => {
                span.status(response.status().as_u16(), !response.status().is_success());
                let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
                self.room.note(date.and_then(|date| Reading::of(self.side, date, (left, Timestamp::now()))));
            }
            Err(_) => span.failed("no_answer"),
        }
        tracing::debug!(connection.id = %self.connection, provider, status, "{template}");
        sent
    }

    fn client(&self) -> &Client {
        match self.side {
            Side::Ghl => &self.room.ghl,
            Side::OpenPhone => &self.room.openphone,
        }
    }
}

/// Whether another try may well work: of a read.
fn is_passing(obstacle: &Obstacle) -> bool {
    match obstacle {
        Obstacle::Lost(SendError::NotSent { reason, .. }) => *reason == NotSent::Connect,
        Obstacle::Lost(SendError::Unknown { .. }) => true,
        Obstacle::Refused(error) => error.class() == Class::Transient,
        Obstacle::NoStore(_) | Obstacle::NoToken(_) | Obstacle::NoSlot(_) | Obstacle::NoTime => false,
    }
}

/// Whether a write that ended like this may have happened.
pub(super) fn may_have_happened(obstacle: &Obstacle) -> bool {
    matches!(obstacle.outcome(), Outcome::Unknown | Outcome::Applied)
}
