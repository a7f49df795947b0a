//! One look at a connection's webhooks: what is there, what is missing, step by step until everything is in place.
//!
//! A secret is stored before the webhook delivers, and before the cache of this process forgets the one it replaces.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tandem_credentials::{SigningSecret, Term};
use tandem_providers::openphone::hook::{self, Change, Hook, NewHook, Numbers, Status};
use tandem_providers::openphone::{Id, WebhookSecret, response};
use tandem_telemetry::chain;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::calls::{Caller, Trouble};
use super::plan::{Situation, Step};
use super::{HookSecrets, HookTiming};

/// More than any state needs; the rest is done next time.
const MOST_STEPS: usize = 20;
/// For about as long the provider tries to deliver by itself.
const KEPT: Duration = Duration::from_hours(28);

/// How a look ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing had to be done.
    Fine,
    /// Everything is in place now.
    Mended,
}

/// What a look needs.
pub(super) struct Look<'a> {
    pub(super) caller: Caller<'a>,
    pub(super) url: &'a Url,
    pub(super) secrets: &'a HookSecrets,
    pub(super) timing: &'a HookTiming,
    /// When the turn is somebody else's.
    pub(super) ends: Instant,
    pub(super) shutdown: &'a CancellationToken,
}

impl Look<'_> {
    /// Looks and mends; `is_suspected` when a delivery matched no secret.
    pub(super) async fn run(&self, is_suspected: bool) -> Result<Found, Trouble> {
        let listing = self.caller.send(hook::list(), hook::page).await?;
        let is_whole = listing.unreadable == 0 && listing.next.is_none();
        let held = self.secrets.stored().await.held(&self.caller.to.id).await?;
        let known = current(&held).map(|(id, _)| id.to_owned()).collect::<BTreeSet<_>>();
        let mut situation =
            Situation { there: listing.items, url: self.url, known, events: &self.caller.to.events, wrong: None };
        if is_suspected {
            situation.wrong = self.wrong(&situation, &held).await?;
        }
        let mut done: Vec<Step> = Vec::new();
        loop {
            let step = situation.next();
            if step == Step::Done {
                break;
            }
            self.check(&step, (&done, is_whole))?;
            self.carry_out(&step, &mut situation).await?;
            done.push(step);
        }
        for step in &done {
            if let Step::Rotate(id) = step {
                self.ask_again(id).await;
            }
        }
        Ok(if done.is_empty() { Found::Fine } else { Found::Mended })
    }

    /// Whether the step may be taken.
    fn check(&self, step: &Step, (done, is_whole): (&[Step], bool)) -> Result<(), Trouble> {
        if *step == Step::Create && !is_whole {
            // Made again and again where it can't be seen, there would be 50 of them.
            return Err(Trouble::NotWhole);
        }
        if done.last() == Some(step) || done.len() >= MOST_STEPS {
            return Err(Trouble::NoEffect);
        }
        if self.shutdown.is_cancelled() { Err(Trouble::Stopping) } else { Ok(()) }
    }

    /// Deliveries that were signed with a secret which nobody here ever knew: they come again, signed with the one that is
    /// known now.
    async fn ask_again(&self, hook: &Id) {
        match self.caller.retry_deliveries(hook, Timestamp::now() - KEPT).await {
            Ok(0) => {}
            Ok(_) => self.tell(hook, "is asked to deliver again what was refused"),
            Err(trouble) => {
                tracing::warn!(connection.id = %self.caller.to.id, webhook.id = %hook, error = %chain(&trouble),
                "deliveries that were refused may not come again");
            }
        }
    }

    /// The webhook whose deliveries are refused here, if that is the one which stays and has a secret.
    async fn wrong(&self, situation: &Situation<'_>, held: &[SigningSecret]) -> Result<Option<Id>, Trouble> {
        let Some(kept) = situation.kept() else { return Ok(None) };
        let Some((_, since)) = current(held).find(|(id, _)| *id == kept.id.as_str()) else { return Ok(None) };
        if since.is_some_and(|since| Timestamp::now() < since + self.timing.rotate_again) {
            return Ok(None);
        }
        let is_refused = self.caller.is_refused_here(&kept.id, since).await?;
        Ok(is_refused.then(|| kept.id.clone()))
    }

    async fn carry_out(&self, step: &Step, situation: &mut Situation<'_>) -> Result<(), Trouble> {
        match step {
            Step::Create => {
                let hook = self.create().await?;
                situation.known.insert(hook.id.to_string());
                situation.there.push(hook);
            }
            Step::Rotate(id) => {
                let secret = self.caller.send(hook::rotate(id), hook::rotated).await?;
                self.keep(id, &secret).await?;
                self.tell(id, "has a new signing secret");
                situation.known.insert(id.to_string());
                situation.wrong = None;
            }
            Step::Repair(id) => {
                let (events, status) = (Some(self.caller.to.events.as_slice()), Some(Status::Enabled));
                let change = Change { events, status, ..Change::default() };
                let request = hook::update(id, &change).ok_or(Trouble::NoEffect)?;
                let repaired = self.caller.send(request, hook::hook).await?;
                self.tell(id, "is enabled");
                situation.there.retain(|hook| hook.id != *id);
                situation.there.push(repaired);
            }
            Step::Delete(id) => {
                self.caller.send(hook::delete(id), response::deleted).await?;
                self.tell(id, "was one too many, and is removed");
                situation.there.retain(|hook| hook.id != *id);
            }
            Step::Forget(id) => {
                self.secrets.stored().await.remove(&self.caller.to.id, id, self.term()).await?;
                situation.known.remove(id);
            }
            Step::Done => {}
        }
        Ok(())
    }

    /// Made without delivering: its secret is told once, and has to be stored first.
    async fn create(&self) -> Result<Hook, Trouble> {
        let label = format!("Tandem {}", self.caller.to.id);
        let new = NewHook {
            url: self.url.as_str(),
            events: &self.caller.to.events,
            numbers: Numbers::All,
            status: Status::Disabled,
            label: Some(&label),
        };
        let (hook, secret) = self.caller.send(hook::create(&new), hook::created).await?;
        self.keep(&hook.id, &secret).await?;
        self.tell(&hook.id, "is made");
        Ok(hook)
    }

    async fn keep(&self, hook: &Id, secret: &SecretString) -> Result<(), Trouble> {
        WebhookSecret::parse(secret.expose_secret()).map_err(|_| Trouble::BadSecret)?;
        // Somebody else may have got a newer one.
        if Instant::now() >= self.ends {
            return Err(Trouble::TooLate);
        }
        let connection = &self.caller.to.id;
        self.secrets.stored().await.replace(connection, (hook.as_str(), secret), self.term()).await?;
        self.secrets.refresh(connection).await;
        Ok(())
    }

    /// Now, and the end of a secret that is replaced now.
    fn term(&self) -> (Timestamp, Timestamp) {
        let now = Timestamp::now();
        (now, now + self.timing.overlap)
    }

    fn tell(&self, hook: &Id, what: &str) {
        let connection = &self.caller.to.id;
        tracing::info!(connection.id = %connection, webhook.id = %hook, "the OpenPhone webhook of connection {connection} {what}");
    }
}

/// The webhooks that have a secret, and since when.
fn current(held: &[SigningSecret]) -> impl Iterator<Item = (&str, Option<Timestamp>)> {
    held.iter().filter_map(|one| match one.term {
        Term::Current { since } => Some((one.webhook.as_str(), since)),
        Term::Until(_) => None,
    })
}
