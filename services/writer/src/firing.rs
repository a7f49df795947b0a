//! A rule that was started: what is to be done is made out once, and then done in order, each action by whoever has stored that
//! it begins. It holds up no record, and no record holds it up for long.

mod act;
mod message;
mod plan;
mod reach;
mod stranger;

use std::time::Duration;

use jiff::Timestamp;
use tandem_catalog as catalog;
use tandem_mapping::Firing;
use tandem_mapping::firing::{Attempt, NOTIFY, Next, Planned};
use tandem_proto::RecordId;
use tandem_records::{Error, Loaded, LoadedFiring};
use tandem_telemetry::chain;

use crate::Config;
use crate::call::Caller;
use crate::dead_letter::Reason;
use crate::journal::{self, Line};
use crate::run::Settlement;

/// Between two looks whether it is.
const LOOK: Duration = Duration::from_millis(500);
/// More steps than any firing needs.
const MOST_STEPS: usize = 200;

/// One run over one firing.
pub(crate) struct Rules<'a> {
    pub(crate) caller: Caller<'a>,
    pub(crate) config: &'a Config,
    pub(crate) id: &'a RecordId,
    pub(crate) owner: String,
}

/// What follows a step.
enum Flow {
    Again,
    Stop(Settlement),
}

impl Rules<'_> {
    /// Works on the firing until it is over or has to wait.
    pub(crate) async fn work(self) -> Settlement {
        for _ in 0..MOST_STEPS {
            match Box::pin(self.turn()).await {
                Ok(Flow::Again) => {}
                Ok(Flow::Stop(settlement)) => return settlement,
                Err(error) if error.is_conflict() => {}
                Err(error) if error.is_transient() => {
                    tracing::warn!(firing.id = %self.id, error = %chain(&error), "firing {} can't be stored now", self.id);
                    return Settlement::Nak(Duration::from_secs(1));
                }
                Err(error) => return Settlement::Dead(Reason { code: "refused", text: chain(&error) }),
            }
        }
        Settlement::Nak(Duration::from_secs(1))
    }

    async fn turn(&self) -> Result<Flow, Error> {
        let (connection, now) = (&self.caller.connection.id, Timestamp::now());
        let Some(mut loaded) = self.caller.deps.records.firings().load(connection, self.id).await? else {
            return Ok(Flow::Stop(Settlement::Ack));
        };
        match loaded.firing.next(now) {
            Next::Over => Ok(Flow::Stop(over(&loaded.firing))),
            Next::Wait(until) => {
                let wait = Duration::try_from(until - now).unwrap_or_default();
                Ok(Flow::Stop(Settlement::Nak(wait + Duration::from_millis(5))))
            }
            Next::Lost(number) => {
                loaded.firing.lost(number);
                self.save(&loaded).await
            }
            Next::Plan => self.plan(loaded, now).await,
            Next::Act(number) => {
                let planned = loaded.firing.actions.get(number).cloned();
                let Some(planned) = planned else { return Ok(Flow::Stop(Settlement::Ack)) };
                if self.caller.deps.rehearsal.is_some() {
                    // Taken to have been done.
                    self.attempted(loaded, (number, &planned), Attempt::Done(0)).await
                } else if planned.name == NOTIFY {
                    self.notify(loaded, (number, &planned)).await
                } else {
                    self.act(loaded, (number, &planned)).await
                }
            }
        }
    }

    async fn save(&self, loaded: &LoadedFiring) -> Result<Flow, Error> {
        self.caller.deps.records.firings().save(&loaded.firing, loaded.revision).await?;
        Ok(Flow::Again)
    }

    /// The record that it is about, or the one that goes on with it.
    async fn document(&self, firing: &Firing) -> Result<Option<Loaded>, Error> {
        let records = &self.caller.deps.records;
        let Some(record) = &firing.record else { return Ok(None) };
        let found = records.load(&firing.connection, record).await?;
        match found.as_ref().and_then(|found| found.document.merged_into.as_ref()) {
            Some(next) => records.load(&firing.connection, next).await,
            None => Ok(found),
        }
    }

    async fn begin(&self, mut loaded: LoadedFiring, number: usize, lasts: Duration) -> Result<LoadedFiring, Error> {
        loaded.firing.begin(number, &self.owner, Timestamp::now() + lasts);
        loaded.revision = self.caller.deps.records.firings().save(&loaded.firing, loaded.revision).await?;
        Ok(loaded)
    }

    /// Stores what an attempt came to, and writes it into the record's history.
    async fn attempted(
        &self,
        mut loaded: LoadedFiring,
        (number, planned): (usize, &Planned),
        attempt: Attempt,
    ) -> Result<Flow, Error> {
        loaded.firing.attempted(number, attempt.clone(), Timestamp::now());
        let flow = self.save(&loaded).await?;
        self.tell(&loaded, (number, planned), &attempt).await?;
        Ok(flow)
    }

    async fn tell(
        &self,
        LoadedFiring { firing, .. }: &LoadedFiring,
        (number, planned): (usize, &Planned),
        attempt: &Attempt,
    ) -> Result<(), Error> {
        let (outcome, why) = match attempt {
            Attempt::Done(_) => ("acted", String::new()),
            Attempt::NotNow => return Ok(()),
            Attempt::Again(_, why) => ("retry", format!(": {why}")),
            Attempt::Unknown(why) => ("unknown", format!(": {why}")),
            Attempt::Refused(why) => ("refused", format!(": {why}")),
        };
        let action = catalog::actions().find(|action| action.operation.name == planned.name);
        self.caller.deps.metrics.writer_outcome(action.map_or("none", |action| action.side.name()), outcome);
        let Some(Loaded { document, revision }) = self.document(firing).await? else { return Ok(()) };
        let line = Line {
            outcome,
            reason: format!("rule `{}`, started by {}: {}{why}", firing.rule, firing.trigger, planned.words()),
            side: action.map(|action| action.side),
            request: action.map_or("", |action| action.operation.template),
            status: if let Attempt::Done(status) = attempt { *status } else { 0 },
            mark: format!("{}.{number}.{}", firing.id, firing.attempts),
            ..Line::default()
        };
        journal::write(&self.caller, &document, revision, line).await;
        Ok(())
    }

    fn wait(&self, firing: &Firing) -> Duration {
        let (base, cap) = self.config.backoff;
        tandem_policy::backoff::delay(firing.attempts, base, cap, rand::random())
    }
}

fn over(firing: &Firing) -> Settlement {
    let Some(why) = firing.failure() else { return Settlement::Ack };
    tracing::warn!(connection.id = %firing.connection, firing.id = %firing.id, rule = firing.rule,
        "rule `{}` waits for a person: `tandem dead list` says why", firing.rule);
    Settlement::Dead(Reason { code: "rule_failed", text: format!("rule `{}`: {why}", firing.rule) })
}
