//! One renewal: intent, request, outcome, in this order.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tandem_policy::backoff;
use tandem_store::Expected;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep};

use super::{NoToken, Tokens, later};
use crate::token::{self, Begun, Document, Intent, Need, Next, State, Waiting};
use crate::vault::Held;
use crate::{Answer, CompanyId, Holder, VaultError};

/// How often a renewal by another process is looked at.
const POLL: Duration = Duration::from_millis(100);
/// The first and the longest wait while the store takes no outcome.
const STORE_WAITS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(5));

impl Waiting {
    pub(super) fn trouble(self) -> Option<crate::TroubleKind> {
        match self {
            Self::Renewal => None,
            Self::Trouble(kind) => Some(kind),
        }
    }
}

impl Tokens {
    /// Works on until there is a token, or there won't be one before the deadline.
    pub(super) async fn obtain(
        self,
        holder: Holder,
        need: Need,
        deadline: Instant,
        _place: OwnedMutexGuard<()>,
    ) -> Result<SecretString, NoToken> {
        loop {
            let Some(held) = self.load(&holder).await? else { return Err(NoToken::NotConnected { holder }) };
            let now = self.now();
            let (until, why) = match token::next(&held.value, now, &need) {
                Next::Use(access) => return Ok(access.clone()),
                Next::Paused(paused) => return Err(NoToken::Paused { holder, paused }),
                Next::Wait { until, why: Waiting::Renewal } => (until.min(now + POLL), Waiting::Renewal),
                Next::Wait { until, why } => (until, why),
                Next::Refresh | Next::Exchange { .. } | Next::Reconnect => {
                    let look_again = Box::pin(self.renew(&holder, held, &need)).await?;
                    (now + look_again, Waiting::Renewal)
                }
            };
            let wait = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            if Instant::now() + wait > deadline {
                return Err(later(&holder, until, why));
            }
            sleep(wait).await;
        }
    }

    /// Renews in the way that is due; returns when to look. Not at once where another process is at it.
    async fn renew(&self, holder: &Holder, held: Held<Document>, need: &Need) -> Result<Duration, VaultError> {
        let timing = &self.inner.timing;
        let at_most = timing.send_window + 2 * timing.answer_within;
        let name = format!("ghl-token/{}", holder.key());
        let Some(_herd) = self.inner.limits.try_lock(&name, at_most).await else { return Ok(POLL) };
        // Before the intent's own time, so that the deadline comes before what the document says.
        let asked = std::time::Instant::now();
        let by = (self.inner.owner.as_str(), self.now());
        let Held { value: document, revision } = held;
        let begun = match token::next(&document, by.1, need) {
            Next::Refresh => token::begin_refresh(document, timing, by),
            Next::Reconnect => Some(token::begin_reconnect(document, timing, by)),
            Next::Exchange { company, location } => {
                let intent = token::begin_exchange(&document, by);
                self.exchange_for(holder, &intent, (company, location)).await?;
                None
            }
            Next::Use(_) | Next::Wait { .. } | Next::Paused(_) => None,
        };
        if let Some(begun) = begun {
            self.send(holder, begun, revision, asked + timing.send_window).await?;
        }
        Ok(Duration::ZERO)
    }

    /// Stores the intent, sends what it says, stores what came of it.
    async fn send(
        &self,
        holder: &Holder,
        begun: Begun,
        revision: u64,
        send_by: std::time::Instant,
    ) -> Result<(), VaultError> {
        let Begun { document, call, intent } = begun;
        let answer = match self.save(holder, &document, Expected::Revision(revision)).await {
            Ok(_) if std::time::Instant::now() <= send_by => self.inner.endpoint.call(call, send_by).await,
            Ok(_) => Answer::NotApplied { retry_after: None },
            Err(error) if error.is_conflict() => return Ok(()),
            // It may be in the store all the same, and would be taken for sent there.
            Err(error) if error.class().is_retryable() => Answer::NotApplied { retry_after: None },
            Err(error) => return Err(error),
        };
        self.settle(holder, &intent, &answer).await
    }

    /// Asks for a location's token with its agency's, and stores what came of it.
    async fn exchange_for(
        &self,
        holder: &Holder,
        intent: &Intent,
        (company, location): (&CompanyId, &str),
    ) -> Result<(), VaultError> {
        match self.exchange(company, location).await {
            Ok(answer) => self.settle(holder, intent, &answer).await,
            Err(NoToken::NotConnected { .. } | NoToken::Paused { .. }) => {
                self.settle(holder, intent, &Answer::Refused).await
            }
            Err(NoToken::Later(_) | NoToken::Interrupted) => self.no_company_token(holder, intent).await,
            Err(NoToken::Vault(error)) => Err(error),
        }
    }

    async fn no_company_token(&self, holder: &Holder, intent: &Intent) -> Result<(), VaultError> {
        let moment = self.moment();
        let decide = |before: Option<Document>| token::no_company_token(before?, intent, moment);
        self.change(holder, decide).await.map(drop)
    }

    /// Stores what came of a request, however long that takes: tokens that were given must not be lost.
    async fn settle(&self, holder: &Holder, intent: &Intent, answer: &Answer) -> Result<(), VaultError> {
        let moment = self.moment();
        let mut failures = 0;
        loop {
            let decide = |before: Option<Document>| token::settle(before?, intent, answer, moment);
            match self.change(holder, decide).await {
                Err(error) if error.class().is_retryable() => {
                    tracing::warn!("what came of renewing the GHL token of {holder} can't be stored yet: {error}");
                    sleep(backoff::delay(failures, STORE_WAITS.0, STORE_WAITS.1, rand::random())).await;
                    failures += 1;
                }
                result => return result.map(|after| tell(holder, after.as_ref(), moment.now)),
            }
        }
    }
}

/// One line per outcome.
fn tell(holder: &Holder, after: Option<&Document>, now: Timestamp) {
    let Some(after) = after else { return };
    match (&after.state, after.trouble) {
        (State::NeedsReconnect { reason, .. }, _) => {
            tracing::error!("{holder} is paused, its events are kept: {}", reason.words());
        }
        (_, Some(trouble)) => {
            let wait = trouble.not_before.duration_since(now);
            tracing::warn!(
                attempt = trouble.failures,
                delay_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX),
                "the GHL token of {holder} was not renewed: {}",
                trouble.kind.words()
            );
        }
        (_, None) if after.pair.as_ref().is_some_and(|pair| pair.operation == after.operations) => {
            tracing::info!(generation = after.generation, "the GHL token of {holder} was renewed");
        }
        (_, None) => {
            tracing::warn!("the refresh token of {holder} is used up or may be; a new pair is asked for without it");
        }
    }
}
