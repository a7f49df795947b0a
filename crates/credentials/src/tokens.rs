//! The tokens of all holders: hands out access tokens and keeps them alive.
//!
//! That a refresh token is sent once rests on the compare-and-set of its intent alone. The queue within the process and
//! the lock between processes only spare work.

mod agency;
mod error;
mod renew;
mod status;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tandem_limits::Limits;
use tandem_store::Expected;
use tokio::sync::Mutex as Line;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use crate::token::{self, Document, Moment, Need, Next, Waiting};
use crate::vault::{Held, Purpose};
use crate::{Account, Answer, Call, CompanyId, Defect, Grant, Holder, Timing, TokenEndpoint, Vault, VaultError};
pub use error::{Later, NoToken};
pub use status::{Stage, Status};

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// GHL tokens. Clones share them.
#[derive(Clone)]
pub struct Tokens {
    inner: Arc<Inner>,
}

struct Inner {
    vault: Vault,
    endpoint: Arc<dyn TokenEndpoint>,
    limits: Limits,
    timing: Timing,
    clock: Clock,
    /// Names this run in intents.
    owner: String,
    /// Not the same in every process, so that they don't all come at once.
    early: Duration,
    /// Who is renewing; the others of this process stand behind.
    lines: Mutex<HashMap<Holder, Arc<Line<()>>>>,
    /// Renewals under way: none ends because its caller has gone.
    tasks: TaskTracker,
}

impl Tokens {
    /// Tokens in that vault, renewed at that endpoint.
    pub fn new(vault: Vault, endpoint: Arc<dyn TokenEndpoint>, limits: Limits, timing: Timing) -> Self {
        Self::with_clock(vault, endpoint, (limits, timing), Arc::new(Timestamp::now))
    }

    /// The same with another clock.
    pub fn with_clock(
        vault: Vault,
        endpoint: Arc<dyn TokenEndpoint>,
        (limits, timing): (Limits, Timing),
        clock: Clock,
    ) -> Self {
        let inner = Inner {
            vault,
            endpoint,
            limits,
            timing,
            clock,
            owner: format!("{:016x}", rand::random::<u64>()),
            early: timing.early.mul_f64(1.0 + rand::random::<f64>()),
            lines: Mutex::default(),
            tasks: TaskTracker::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The holder's access token, renewed where it is about to end.
    pub async fn access(&self, holder: impl Into<Holder>) -> Result<SecretString, NoToken> {
        self.token(&holder.into(), None).await
    }

    /// A token to call with instead of one that was answered 401: the stored one, if somebody has renewed it since, else a
    /// new one. Not for a 401 that names a scope: a new token has the same ones.
    pub async fn access_instead_of(
        &self,
        refused: &SecretString,
        holder: impl Into<Holder>,
    ) -> Result<SecretString, NoToken> {
        self.token(&holder.into(), Some(refused)).await
    }

    /// Trades the code of an installation for the first tokens; they still have to be taken by [`Self::connected`], once it
    /// is clear whose they are. The answer may be that it didn't work.
    pub async fn exchange_code(&self, code: SecretString, redirect_uri: String) -> Answer {
        let send_by = std::time::Instant::now() + self.inner.timing.send_window;
        self.inner.endpoint.call(Call::Code { code, redirect_uri }, send_by).await
    }

    /// Takes the tokens that a person's consent brought, in place of whatever was there. Durable when this returns.
    pub async fn connected(
        &self,
        holder: impl Into<Holder>,
        account: Account,
        grant: &Grant,
    ) -> Result<(), VaultError> {
        let (holder, now) = (holder.into(), self.now());
        self.change(&holder, |before| Some(token::connected(before.as_ref(), account.clone(), grant, now))).await?;
        tracing::info!("{holder} is connected to GHL");
        Ok(())
    }

    /// The app was put into a location by its agency at that time: the agency's token will give the location's.
    pub async fn installed(
        &self,
        holder: impl Into<Holder>,
        (location, company): (String, CompanyId),
        at: Timestamp,
    ) -> Result<(), VaultError> {
        let account = Account::Location { id: location, company: Some(company) };
        self.change(&holder.into(), |before| token::installed(before.as_ref(), account.clone(), at)).await.map(drop)
    }

    /// The app was removed from the account at that time: its tokens are thrown away. An event that is older than the
    /// last connecting changes nothing.
    pub async fn uninstalled(&self, holder: impl Into<Holder>, at: Timestamp) -> Result<(), VaultError> {
        let holder = holder.into();
        if self.change(&holder, |before| token::uninstalled(before?, at)).await?.is_some() {
            tracing::warn!(
                "the app was removed from the GHL account of {holder}, which is paused until it is connected again"
            );
        }
        Ok(())
    }

    /// The app was removed from the agency at that time: what the holder got through it is thrown away, for it has ended too.
    /// What a person connected without the agency goes on.
    pub async fn uninstalled_with(
        &self,
        company: &CompanyId,
        holder: impl Into<Holder>,
        at: Timestamp,
    ) -> Result<(), VaultError> {
        let holder = holder.into();
        if self.change(&holder, |before| token::uninstalled_with(before?, company, at)).await?.is_some() {
            tracing::warn!(
                "{holder} is paused until it is connected again: the app was removed from its agency {company}"
            );
        }
        Ok(())
    }

    /// How the holder's tokens are; none where there never were any.
    pub async fn status(&self, holder: impl Into<Holder>) -> Result<Option<Status>, VaultError> {
        let now = self.now();
        Ok(self.load(&holder.into()).await?.map(|held| Status::of(&held.value, now)))
    }

    /// Waits for the renewals under way; for the end of a process.
    pub async fn settled(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    async fn token(&self, holder: &Holder, refused: Option<&SecretString>) -> Result<SecretString, NoToken> {
        let Some(Held { value: document, .. }) = self.load(holder).await? else {
            return Err(NoToken::NotConnected { holder: holder.clone() });
        };
        let need = self.need(&document, refused);
        let now = self.now();
        match token::next(&document, now, &need) {
            Next::Use(access) => return Ok(access.clone()),
            Next::Paused(paused) => return Err(NoToken::Paused { holder: holder.clone(), paused }),
            Next::Wait { .. } | Next::Refresh | Next::Exchange { .. } | Next::Reconnect => {}
        }
        if let Some(access) = token::usable(&document, now, &need) {
            self.renew_early(holder, need);
            return Ok(access.clone());
        }
        self.renewed(holder, need).await
    }

    /// Lets the token be renewed while it still works.
    fn renew_early(&self, holder: &Holder, need: Need) {
        let Ok(place) = self.line(holder).try_lock_owned() else { return };
        let work = self.clone().obtain(holder.clone(), need, self.patience(), place);
        self.inner.tasks.spawn(async move {
            if let Err(error) = work.await {
                tracing::warn!("the GHL token could not be renewed early: {error}");
            }
        });
    }

    /// Waits for a token that works. The work is done apart: it goes on when the caller has gone.
    async fn renewed(&self, holder: &Holder, need: Need) -> Result<SecretString, NoToken> {
        let deadline = self.patience();
        let line = self.line(holder);
        let Ok(place) = timeout_at(deadline, line.lock_owned()).await else {
            return Err(later(holder, self.now(), Waiting::Renewal));
        };
        let work = self.inner.tasks.spawn(self.clone().obtain(holder.clone(), need, deadline, place));
        match timeout_at(deadline, work).await {
            Ok(done) => done.unwrap_or(Err(NoToken::Interrupted)),
            Err(_) => Err(later(holder, self.now(), Waiting::Renewal)),
        }
    }

    fn need(&self, document: &Document, refused: Option<&SecretString>) -> Need {
        let stored = document.pair.as_ref().map(|pair| pair.access.expose_secret());
        let is_stored = refused.is_some_and(|refused| stored == Some(refused.expose_secret()));
        Need { refused: is_stored.then_some(document.generation), early: self.inner.early }
    }

    fn line(&self, holder: &Holder) -> Arc<Line<()>> {
        let mut lines = self.inner.lines.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lines.entry(holder.clone()).or_default())
    }

    async fn load(&self, holder: &Holder) -> Result<Option<Held<Document>>, VaultError> {
        let held = self.inner.vault.load::<Document>(Purpose::GhlTokens, holder).await?;
        match held {
            Some(held) if held.value.schema != Document::SCHEMA => Err(VaultError::Record {
                key: Purpose::GhlTokens.key(holder),
                defect: Defect::Version(held.value.schema),
            }),
            held => Ok(held),
        }
    }

    async fn save(&self, holder: &Holder, document: &Document, expected: Expected) -> Result<u64, VaultError> {
        self.inner.vault.save((Purpose::GhlTokens, holder), document, expected).await
    }

    /// Decides and stores until nobody comes between. None where there was nothing to change.
    async fn change(
        &self,
        holder: &Holder,
        decide: impl Fn(Option<Document>) -> Option<Document>,
    ) -> Result<Option<Document>, VaultError> {
        loop {
            let held = self.load(holder).await?;
            let expected = held.as_ref().map_or(Expected::Absent, |held| Expected::Revision(held.revision));
            let Some(document) = decide(held.map(|held| held.value)) else { return Ok(None) };
            match self.save(holder, &document, expected).await {
                Err(error) if error.is_conflict() => {}
                result => return result.map(|_| Some(document)),
            }
        }
    }

    fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    fn moment(&self) -> Moment {
        Moment { now: self.now(), random: rand::random() }
    }

    fn patience(&self) -> Instant {
        Instant::now() + self.inner.timing.patience
    }
}

fn later(holder: &Holder, until: Timestamp, why: Waiting) -> NoToken {
    NoToken::Later(Later { holder: holder.clone(), until, trouble: why.trouble() })
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("owner", &self.inner.owner).finish_non_exhaustive()
    }
}
