//! The loop around `next_step` for one record.

mod answer;
mod claim;
mod existing;
mod note;
mod rehearsal;
mod task;
mod thing;
mod trial;
mod write;

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::{PerSide, Side};
use tandem_mapping::Firing;
use tandem_proto::{Lane, RecordId};
use tandem_providers::openphone::task::Task;
use tandem_providers::{ContactId, ghl::Contact as GhlContact, openphone::Contact};
use tandem_reconcile::{
    Cause, Document, Fired, IntentKind, Kind, Rules, Run, Step, Writes, at_rest, external_key, next_step, not_applied,
    settle,
};
use tandem_records::{Loaded, firing_id};
use tandem_store::Expected;
use tandem_telemetry::chain;

use crate::call::{Caller, Trouble};
use crate::dead_letter::Reason;
use crate::journal::{self, Line};
use crate::{Config, Failure, command, ghl, note as notes, openphone, task as tasks};

pub(crate) use write::Unfit;

/// How the command's delivery is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// The record is in step, waits for a person, or is gone.
    Ack,
    /// Not yet: hand it out again after this.
    Nak(Duration),
    /// It failed too often.
    Dead(Reason),
}

impl Settlement {
    /// For spans.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Ack => "done",
            Self::Nak(_) => "later",
            Self::Dead(_) => "dead",
        }
    }
}

/// What follows a step.
pub(crate) enum Flow {
    Again,
    Stop(Settlement),
}

/// One worker's run over one record.
pub(crate) struct Worker<'a> {
    pub(crate) caller: Caller<'a>,
    pub(crate) config: &'a Config,
    pub(crate) record: &'a RecordId,
    pub(crate) run: Run,
    /// The contacts as this run read them.
    pub(crate) held: Held,
    /// How the record is decided: the connection's rules, and what the location's settings add.
    pub(crate) rules: Rules,
    /// Causes that the span is linked to.
    pub(crate) linked: Vec<String>,
}

/// Contacts as they were read: writing lists needs more of them than canonical fields.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) ghl: Option<GhlContact>,
    pub(crate) openphone: Option<Contact>,
    /// A task in `OpenPhone`.
    pub(crate) task: Option<Task>,
}

impl Held {
    /// It has been written since.
    fn drop(&mut self, side: Side) {
        match side {
            Side::Ghl => self.ghl = None,
            Side::OpenPhone => (self.openphone, self.task) = (None, None),
        }
    }
}

/// Stands for the id of a contact that was not really made.
const NOT_MADE: &str = "not-made";

/// More steps than any record needs at once: what comes back then can wait for the next delivery.
const MOST_STEPS: usize = 40;

impl Worker<'_> {
    /// Works on the record until it is in step or has to wait.
    pub(crate) async fn work(mut self) -> Settlement {
        for _ in 0..MOST_STEPS {
            match Box::pin(self.turn()).await {
                Ok(Flow::Again) => {}
                Ok(Flow::Stop(settlement)) => return settlement,
                Err(error) if error.is_conflict() => self.forget(),
                Err(error) if error.is_transient() => {
                    tracing::warn!(record.id = %self.record, error = %chain(&error), "record {} can't be stored now", self.record);
                    return Settlement::Nak(Duration::from_secs(1));
                }
                Err(error) => return Settlement::Dead(Reason { code: "refused", text: chain(&error) }),
            }
        }
        Settlement::Nak(Duration::from_secs(1))
    }

    async fn turn(&mut self) -> Result<Flow, tandem_records::Error> {
        let connection = &self.caller.connection.id;
        let load = self.caller.deps.records.load(connection, self.record);
        let Some(loaded) = self.caller.deps.metrics.timed("store_load", load, |_| true).await? else {
            return Ok(Flow::Stop(Settlement::Ack));
        };
        self.link(&loaded.document);
        let mut loaded = loaded;
        if loaded.document.kind != Kind::Contact {
            match self.caller.connection.rules_of(loaded.document.kind) {
                // A rehearsal is of contacts.
                Some(rules) if self.caller.deps.rehearsal.is_none() => self.rules = rules.clone(),
                // Or they did travel once.
                Some(_) | None => return Ok(Flow::Stop(Settlement::Ack)),
            }
        }
        if let Err(trouble) = self.learn_settings(&loaded.document).await {
            return self.failed(loaded, Side::Ghl, trouble).await;
        }
        if let Err(failed) = self.apply_mapping(&mut loaded.document) {
            return Ok(Flow::Stop(Settlement::Dead(failed)));
        }
        self.caller.connection.mapping.set_out(&mut loaded.document, self.caller.lane == Lane::Live);
        let now = Timestamp::now();
        match next_step(&loaded.document, &self.rules, &self.run, now) {
            Step::Done(why) => self.rest(loaded, why).await,
            Step::Park => Ok(Flow::Stop(Settlement::Ack)),
            Step::Wait { until, .. } => {
                let wait = Duration::try_from(until - now).unwrap_or_default();
                Ok(Flow::Stop(Settlement::Nak(wait + Duration::from_millis(5))))
            }
            Step::Settle(side) => self.settle(loaded, side, now).await,
            Step::Claim(claims) => self.claim(loaded, claims).await,
            Step::Wake => self.wake(loaded).await,
            Step::Read(side) => self.read(loaded, side).await,
            Step::Probe(side) => self.probe(loaded, side).await,
            Step::Create(side, writes) => Box::pin(self.write(loaded, side, (IntentKind::Create, writes))).await,
            Step::Update(side, writes) => Box::pin(self.write(loaded, side, (IntentKind::Update, writes))).await,
            Step::Delete(side) => Box::pin(self.write(loaded, side, (IntentKind::Delete, Writes::new()))).await,
        }
    }

    /// A record that may get a contact in GHL needs to know whether GHL would refuse a duplicate.
    async fn learn_settings(&mut self, document: &Document) -> Result<(), Trouble> {
        let is_contact = document.kind == Kind::Contact;
        let may_create = is_contact && self.rules.creates[Side::Ghl] && document.link[Side::Ghl].is_none();
        if may_create && document.merged_into.is_none() && ghl::settings(&self.caller).await?.allows_duplicates {
            // Somebody who was just made there by hand must be found by the search that comes first.
            self.rules.first_create_wait[Side::Ghl] = self.rules.timing[Side::Ghl].index_lag;
        }
        Ok(())
    }

    /// Values that are made from others, and what is held back of this record.
    fn apply_mapping(&mut self, document: &mut Document) -> Result<(), Reason> {
        match self.caller.connection.mapping.apply(&self.rules, document) {
            Ok(rules) => {
                self.rules = rules;
                Ok(())
            }
            Err(failed) => Err(Reason { code: "mapping", text: failed.to_string() }),
        }
    }

    /// Several events came together in one command, which rides in the trace of one of them.
    fn link(&mut self, document: &Document) {
        if document.causes.len() < 2 {
            return;
        }
        for Cause { traceparent, .. } in &document.causes {
            if !self.linked.contains(traceparent) {
                self.caller.span.link(traceparent);
                self.linked.push(traceparent.clone());
            }
        }
    }

    /// What was read before somebody else changed the document is not relied on.
    fn forget(&mut self) {
        self.run.fresh = PerSide::default();
        self.held = Held::default();
    }

    /// Nothing is left to do.
    async fn rest(&self, mut loaded: Loaded, why: &'static str) -> Result<Flow, tandem_records::Error> {
        let is_noticed = self.caller.connection.mapping.notice(&mut loaded.document, Timestamp::now());
        if loaded.document.dirty_since.is_some() || loaded.document.attempts > 0 || is_noticed {
            at_rest(&mut loaded.document);
            loaded.revision = self.save(&loaded.document, loaded.revision).await?;
        }
        if !loaded.document.fired.is_empty() {
            return self.start_rules(loaded).await;
        }
        tracing::debug!(record.id = %self.record, why, "record {} is at rest", self.record);
        Ok(Flow::Stop(Settlement::Ack))
    }

    /// Rules that were started by what the record became: each is known by its number, however often this is begun.
    async fn start_rules(&self, mut loaded: Loaded) -> Result<Flow, tandem_records::Error> {
        let firings = self.caller.deps.records.firings();
        for fired in std::mem::take(&mut loaded.document.fired) {
            let firing = started(&loaded.document, &fired);
            let Some(revision) = firings.begin(&firing).await? else { continue };
            if let Err(error) = command::publish_firing(&self.caller, &firing, revision).await {
                tracing::warn!(record.id = %self.record, error = %chain(&error), "rule `{}` can't be started now", firing.rule);
                return Ok(Flow::Stop(Settlement::Nak(Duration::from_secs(1))));
            }
        }
        self.save(&loaded.document, loaded.revision).await?;
        Ok(Flow::Again)
    }

    pub(crate) async fn save(&self, document: &Document, revision: u64) -> Result<u64, tandem_records::Error> {
        let save = self.caller.deps.records.save(document, Expected::Revision(revision));
        self.caller.deps.metrics.timed("store_save", save, |error| !error.is_conflict()).await
    }

    /// Stores an outcome; where nothing is left to do after it, that is stored with it, and true is returned.
    pub(crate) async fn save_outcome(
        &mut self,
        document: &mut Document,
        revision: u64,
    ) -> Result<(u64, bool), tandem_records::Error> {
        // What was learned may change what is made of it. What can't be made is told when the record is loaded again.
        let is_made = self.apply_mapping(document).is_ok();
        let is_done = is_made && matches!(next_step(document, &self.rules, &self.run, Timestamp::now()), Step::Done(_));
        if is_done {
            at_rest(document);
            self.caller.connection.mapping.notice(document, Timestamp::now());
        }
        Ok((self.save(document, revision).await?, is_done))
    }

    async fn settle(&self, mut loaded: Loaded, side: Side, now: Timestamp) -> Result<Flow, tandem_records::Error> {
        settle(&mut loaded.document, &self.rules, side, now);
        let revision = self.save(&loaded.document, loaded.revision).await?;
        let line = Line::new("unknown", side).with_reason("the worker that sent it didn't report the outcome");
        journal::write(&self.caller, &loaded.document, revision, line).await;
        Ok(Flow::Again)
    }

    async fn read(&mut self, loaded: Loaded, side: Side) -> Result<Flow, tandem_records::Error> {
        match loaded.document.kind {
            Kind::Contact => {}
            Kind::Task => return Box::pin(self.read_task(loaded, side)).await,
            Kind::Note => return Box::pin(self.read_note(loaded, side)).await,
        }
        let Some(id) = contact_id(&loaded.document, side) else { return self.unusable_id(loaded, side).await };
        if let Some(found) = self.not_made(&id) {
            let found = self.with_rehearsed(&loaded.document, side, found);
            return self.after_read(loaded, side, Ok(found)).await;
        }
        let answer = match side {
            Side::Ghl => ghl::read(&self.caller, &id).await.map(|(found, contact)| {
                self.held.ghl = Some(contact);
                found
            }),
            Side::OpenPhone => openphone::read(&self.caller, &id).await.map(|(found, contact)| {
                self.held.openphone = Some(contact);
                found
            }),
        };
        let answer = answer.map(|found| self.with_rehearsed(&loaded.document, side, found));
        match answer {
            Ok(found) if trial::is_trial(&loaded.document, side, &found) => self.leave_alone(loaded, side, found).await,
            answer => self.after_read(loaded, side, answer).await,
        }
    }

    async fn probe(&mut self, loaded: Loaded, side: Side) -> Result<Flow, tandem_records::Error> {
        let key = match &loaded.document.intent[side] {
            Some(intent) => intent.key.clone(),
            None => external_key(&loaded.document, side),
        };
        let answer = match (loaded.document.kind, side) {
            (Kind::Task, side) => tasks::probe(&self.caller, &loaded.document, side).await,
            (Kind::Note, side) => notes::probe(&self.caller, &loaded.document, side).await,
            (Kind::Contact, Side::OpenPhone) => openphone::probe(&self.caller, &key).await.map_err(Failure::from),
            (Kind::Contact, Side::Ghl) => ghl::probe(&self.caller, &loaded.document).await,
        };
        let answer = match answer {
            Ok(found) => Ok(found),
            Err(Failure::Provider(trouble)) => Err(trouble),
            Err(Failure::Store(error)) => return Err(error),
        };
        self.after_probe(loaded, side, answer).await
    }

    async fn unusable_id(&self, loaded: Loaded, side: Side) -> Result<Flow, tandem_records::Error> {
        self.refuse(loaded, side, "the provider's contact id can't be put into a request".to_owned()).await
    }

    /// The record waits for a person.
    pub(crate) async fn refuse(
        &self,
        loaded: Loaded,
        side: Side,
        reason: String,
    ) -> Result<Flow, tandem_records::Error> {
        let Loaded { mut document, revision } = loaded;
        not_applied(&mut document, side);
        tandem_reconcile::parked(&mut document, "refused", reason);
        let revision = self.save(&document, revision).await?;
        journal::park(&self.caller, &document, revision).await;
        Ok(Flow::Stop(Settlement::Ack))
    }

    /// A call before any intent failed, or a read.
    pub(crate) async fn failed(
        &self,
        loaded: Loaded,
        side: Side,
        trouble: Trouble,
    ) -> Result<Flow, tandem_records::Error> {
        if let Some(wait) = trouble.not_the_records_fault() {
            return Ok(Flow::Stop(Settlement::Nak(spread(wait))));
        }
        let Loaded { mut document, revision } = loaded;
        if document.attempts >= self.config.max_attempts {
            return Ok(Flow::Stop(Settlement::Dead(Reason { code: "attempts_exhausted", text: trouble.reason() })));
        }
        let wait = self.back_off(&mut document);
        let revision = self.save(&document, revision).await?;
        let line = Line::new("retry", side).with_trouble(&trouble);
        journal::write(&self.caller, &document, revision, line).await;
        Ok(Flow::Stop(Settlement::Nak(wait)))
    }

    /// Notes one more failed attempt; full jitter keeps records from coming back together.
    pub(crate) fn back_off(&self, document: &mut Document) -> Duration {
        let (base, cap) = self.config.backoff;
        let wait = tandem_policy::backoff::delay(document.attempts, base, cap, rand::random());
        tandem_reconcile::failed(document, Timestamp::now() + wait);
        wait
    }
}

fn started(document: &Document, fired: &Fired) -> Firing {
    let cause = format!("{}#{}", document.id, fired.number);
    let contact = |side| document.provider_id(side).map(str::to_owned);
    let id = firing_id(&document.connection, &fired.rule, &cause);
    let contact = PerSide { ghl: contact(Side::Ghl), openphone: contact(Side::OpenPhone) };
    let new = Firing::new(id, &document.connection, (&fired.rule, &fired.trigger), fired.at);
    Firing { record: Some(document.id.clone()), contact, ..new }
}

pub(crate) fn contact_id(document: &Document, side: Side) -> Option<ContactId> {
    ContactId::new(document.provider_id(side)?).ok()
}

/// A wait, up to a fifth longer, so that records don't come back together.
pub(crate) fn spread(wait: Duration) -> Duration {
    wait + wait.mul_f64(rand::random::<f64>() / 5.0)
}
