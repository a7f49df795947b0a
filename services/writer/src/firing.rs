//! A rule that was started: what is to be done is made out once, and then done in order, each action by whoever has stored that
//! it begins. It holds up no record, and no record holds it up for long.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tandem_catalog::{self as catalog, Action};
use tandem_contact::{Field, Side, Value, phone};
use tandem_mapping::activity::{PREFIX, Unknown};
use tandem_mapping::firing::{Attempt, DIGEST, NEWCOMER, NOTIFY, Next, Planned, State};
use tandem_mapping::{Firing, Known, Rule, Seen};
use tandem_outbound::{NotSent, SendError};
use tandem_proto::RecordId;
use tandem_providers::{ApiError, Class, Outcome as Sent, Request, ghl, openphone};
use tandem_reconcile::{Document, Harm, phone_key};
use tandem_records::{Error, Loaded, LoadedFiring, firing_id};
use tandem_telemetry::chain;

use crate::brake::{self, STOPPED_PAUSE};
use crate::call::{Caller, Pass, Trouble};
use crate::dead_letter::Reason;
use crate::journal::{self, Line};
use crate::run::{Settlement, contact_id, spread};
use crate::{Config, command, notify};

/// Stands for the id of a contact that is still to be made.
const STRANGER: &str = "@stranger";
/// So long after an event a stranger's contact may still appear.
const MEETING: Duration = Duration::from_mins(15);
/// How long it is waited for a record to be in step, so that a condition sees what has happened.
const PATIENCE: Duration = Duration::from_mins(1);
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

/// Whether somebody may be sent a text.
enum Reach {
    May,
    /// Not before then.
    Later(Timestamp),
    MayNot(String),
    /// It can't be told now.
    Unknown(Trouble),
}

/// A request of a rule, ready to be sent.
struct Ready {
    action: &'static Action,
    request: Request,
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

    /// Makes out what is to be done, once whoever it is about is in step.
    async fn plan(&self, mut loaded: LoadedFiring, now: Timestamp) -> Result<Flow, Error> {
        let firing = &mut loaded.firing;
        self.look_for_caller(firing).await?;
        let document = self.document(firing).await?.map(|found| found.document);
        let is_unsettled = document.as_ref().is_some_and(|document| document.dirty_since.is_some());
        if is_unsettled && now < firing.at + PATIENCE {
            return Ok(Flow::Stop(Settlement::Nak(LOOK)));
        }
        let rules = &self.caller.connection.mapping.rules;
        let Some(rule) = rules.iter().find(|rule| rule.name == firing.rule) else {
            firing.state = State::LeftOut;
            return self.save(&loaded).await;
        };
        let stranger = self.stranger(firing);
        if stranger == Some(Unknown::Ignore) {
            firing.state = State::LeftOut;
            return self.save(&loaded).await;
        }
        match self.planned(rule, firing, document.as_ref()) {
            Ok(None) => firing.state = State::LeftOut,
            Ok(Some(_)) if stranger == Some(Unknown::Park) => firing.fail("nobody who is known has the number"),
            Ok(Some(actions)) => match self.too_often(firing, &actions, now).await? {
                Some(why) => firing.fail(why),
                None => firing.plan(actions),
            },
            Err(why) => firing.fail(why),
        }
        self.save(&loaded).await
    }

    /// Whoever was a stranger when the event came may be known by now.
    async fn look_for_caller(&self, firing: &mut Firing) -> Result<(), Error> {
        if let (None, Some(number)) = (&firing.record, &firing.caller) {
            firing.record = self.caller.deps.records.holder(&firing.connection, &phone_key(number)).await?;
        }
        Ok(())
    }

    /// What becomes of a stranger; none where it is about somebody known, or the mapping's own rules decide.
    fn stranger(&self, firing: &Firing) -> Option<Unknown> {
        let is_activity = firing.rule.starts_with(PREFIX) && firing.record.is_none() && firing.contact.ghl.is_none();
        let activity = self.caller.connection.mapping.activity.as_ref().filter(|_| is_activity)?;
        Some(if firing.caller.is_some() { activity.unknown } else { Unknown::Ignore })
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

    /// What is to be done; none where the condition doesn't hold.
    fn planned(
        &self,
        rule: &Rule,
        firing: &Firing,
        document: Option<&Document>,
    ) -> Result<Option<Vec<Planned>>, String> {
        let fields = self.caller.connection.mapping.names();
        let names = rule.when.names(&fields);
        let seen = Seen::new(names.contact, |field| document.and_then(|document| document.canon_value(field)).cloned())
            .with_event(names.event, |fact| firing.facts.get(fact.name).cloned());
        rule.plan(&seen, |action| self.known(action, (rule, firing, document)))
    }

    fn known(&self, action: &Action, (rule, firing, document): (&Rule, &Firing, Option<&Document>)) -> Known {
        let linked = document.and_then(|document| document.provider_id(action.side)).map(str::to_owned);
        let fact = |name: &'static str| {
            let told = firing.facts.get(name).and_then(|value| value.as_text().map(str::to_owned));
            told.map(|told| (name, told))
        };
        let stranger = self.stranger(firing).map(|_| STRANGER.to_owned());
        Known {
            contact: linked.or_else(|| firing.contact[action.side].clone()).or(stranger),
            location: self.caller.connection.ghl.view.location_id.clone(),
            // Ids of the other side mean nothing here.
            subjects: rule.when.subjects_at(action.side).filter_map(fact).collect::<BTreeMap<_, _>>(),
        }
    }

    /// Why it is not carried out, where rules seem to start one another.
    async fn too_often(&self, firing: &Firing, actions: &[Planned], now: Timestamp) -> Result<Option<String>, Error> {
        let changes = actions.iter().any(|action| action.name != NOTIFY);
        let known = firing.contact.ghl.as_deref().or(firing.contact.openphone.as_deref());
        let whom = firing.record.as_ref().map(RecordId::as_str).or(known).unwrap_or_default();
        // What Tandem tells of by itself starts nothing.
        if !changes || firing.rule.starts_with(PREFIX) {
            return Ok(None);
        }
        let lately = self.caller.deps.records.firings().count(firing, whom, now).await?;
        Ok(lately.map(|rules| {
            format!("too many rules were carried out for this contact within ten minutes: it looks as if these start one another: {}", rules.join(", "))
        }))
    }

    /// A stranger gets a contact first, by whoever is the first to ask, and the rest waits until it is known.
    async fn meet(&self, mut loaded: LoadedFiring) -> Result<Flow, Error> {
        let now = Timestamp::now();
        self.look_for_caller(&mut loaded.firing).await?;
        let document = self.document(&loaded.firing).await?.map(|found| found.document);
        if let Some(id) = document.as_ref().and_then(|document| document.provider_id(Side::Ghl)) {
            loaded.firing.introduce(STRANGER, id);
            return self.save(&loaded).await;
        }
        let Some(number) = loaded.firing.caller.clone() else { return Ok(Flow::Stop(Settlement::Ack)) };
        if now > loaded.firing.at + MEETING {
            loaded.firing.fail("a contact was to be made for the number, and none has appeared");
            return self.save(&loaded).await;
        }
        let firings = self.caller.deps.records.firings();
        let id = firing_id(&loaded.firing.connection, NEWCOMER, &number);
        let location = &self.caller.connection.ghl.view.location_id;
        let newcomer = Firing::newcomer((id, &number), (&loaded.firing, location), now);
        if let Some(revision) = firings.begin(&newcomer).await?
            && let Err(error) = command::publish_firing(&self.caller, &newcomer, revision).await
        {
            tracing::warn!(firing.id = %self.id, error = %chain(&error), "a contact for a stranger can't be made now");
        }
        Ok(Flow::Stop(Settlement::Nak(LOOK)))
    }

    /// An operation of a provider: slot, intent, request, outcome, in this order.
    async fn act(&self, loaded: LoadedFiring, (number, planned): (usize, &Planned)) -> Result<Flow, Error> {
        if planned.is_about(STRANGER) {
            return self.meet(loaded).await;
        }
        let ready = match self.ready(planned) {
            Ok(ready) => ready,
            Err(why) => return self.attempted(loaded, (number, planned), Attempt::Refused(why)).await,
        };
        let side = ready.action.side;
        let mut loaded = loaded;
        if ready.action.reaches_people {
            match self.may_reach(&loaded.firing, planned).await? {
                Reach::May => {}
                Reach::Later(until) => {
                    loaded.firing.not_before = Some(until);
                    return self.save(&loaded).await;
                }
                Reach::MayNot(why) => {
                    return self.attempted(loaded, (number, planned), Attempt::Refused(why)).await;
                }
                Reach::Unknown(trouble) => return self.troubled(loaded, (number, planned), trouble).await,
            }
        }
        if !self.lets_pass(&loaded.firing, ready.action).await? {
            return Ok(Flow::Stop(Settlement::Nak(spread(STOPPED_PAUSE))));
        }
        let pass = match self.caller.pass(side).await {
            Ok(pass) => pass,
            Err(trouble) => return self.troubled(loaded, (number, planned), trouble).await,
        };
        let asked = Instant::now();
        let timing = self.caller.connection.rules.timing[side];
        let loaded = match self.begin(loaded, number, timing.in_flight()).await {
            Ok(loaded) => loaded,
            Err(error) => {
                pass.cancel();
                return Err(error);
            }
        };
        if pass.is_late() {
            pass.cancel();
            return self.attempted(loaded, (number, planned), Attempt::NotNow).await;
        }
        match self.send(ready, pass, asked + timing.send_window).await {
            Ok(()) => {
                let status = self.caller.last.get();
                self.attempted(loaded, (number, planned), Attempt::Done(status)).await
            }
            Err(trouble) => self.troubled(loaded, (number, planned), trouble).await,
        }
    }

    fn ready(&self, planned: &Planned) -> Result<Ready, String> {
        let action = catalog::actions().find(|action| action.operation.name == planned.name);
        let Some(action) = action else { return Err("this version knows no such action".to_owned()) };
        let route: Vec<String> = serde_json::from_value(planned.what["route"].clone()).unwrap_or_default();
        let query: Vec<(String, String)> = serde_json::from_value(planned.what["query"].clone()).unwrap_or_default();
        let body = Some(&planned.what["body"]).filter(|body| !body.is_null());
        let asked = (route.as_slice(), query.as_slice(), body);
        let request = match action.side {
            Side::Ghl => {
                let version = &self.caller.connection.ghl.version;
                ghl::request::order(action.operation, version, asked).map_err(|error| error.to_string())?
            }
            Side::OpenPhone => openphone::request::order(action.operation, asked).map_err(|error| error.to_string())?,
        };
        Ok(Ready { action, request })
    }

    /// Rules too can delete only so many contacts before a person is asked.
    async fn lets_pass(&self, firing: &Firing, action: &Action) -> Result<bool, Error> {
        let deletes = [
            &ghl::operations::CONTACT_DELETE,
            &openphone::operations::V1_CONTACT_DELETE,
            &openphone::operations::CONTACT_DELETE,
        ];
        let harm = if deletes.contains(&action.operation) { Harm::Deletes } else { Harm::None };
        brake::lets_pass(&self.caller, &self.config.brake, (firing.record.as_ref().unwrap_or(&firing.id), harm)).await
    }

    async fn begin(&self, mut loaded: LoadedFiring, number: usize, lasts: Duration) -> Result<LoadedFiring, Error> {
        loaded.firing.begin(number, &self.owner, Timestamp::now() + lasts);
        loaded.revision = self.caller.deps.records.firings().save(&loaded.firing, loaded.revision).await?;
        Ok(loaded)
    }

    async fn send(&self, Ready { action, request }: Ready, pass: Pass, send_by: Instant) -> Result<(), Trouble> {
        let side = action.side;
        let read = |response: &tandem_providers::Response| match side {
            // What a success says is not needed; one that denies itself is none.
            Side::Ghl if response.status().is_success() && response.body().is_empty() => Ok(()),
            Side::Ghl => ghl::response::done(response),
            Side::OpenPhone => openphone::response::accepted(response),
        };
        self.caller.send(side, request, (pass, Some(send_by)), read).await
    }

    async fn troubled(
        &self,
        loaded: LoadedFiring,
        (number, planned): (usize, &Planned),
        trouble: Trouble,
    ) -> Result<Flow, Error> {
        if let Some(wait) = trouble.not_the_records_fault() {
            self.attempted(loaded, (number, planned), Attempt::NotNow).await?;
            return Ok(Flow::Stop(Settlement::Nak(spread(wait))));
        }
        let wait = self.wait(&loaded.firing);
        let why = trouble.reason();
        let attempt = match &trouble {
            Trouble::Lost(SendError::NotSent { reason: NotSent::PastDeadline, .. }) => Attempt::NotNow,
            Trouble::Lost(error) if error.outcome() == Sent::NotApplied => Attempt::Again(wait, why),
            Trouble::Lost(_) => Attempt::Unknown(why),
            Trouble::NoSlot(_) | Trouble::NoToken(_) => Attempt::Again(wait, why),
            Trouble::Refused(error) => refusal(error, why),
        };
        self.attempted(loaded, (number, planned), attempt).await
    }

    fn wait(&self, firing: &Firing) -> Duration {
        let (base, cap) = self.config.backoff;
        tandem_policy::backoff::delay(firing.attempts, base, cap, rand::random())
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

    /// A message to a channel.
    async fn notify(&self, loaded: LoadedFiring, (number, planned): (usize, &Planned)) -> Result<Flow, Error> {
        let text = |key: &str| planned.what[key].as_str().unwrap_or_default().to_owned();
        let (channel, text) = (text("channel"), text("text"));
        let Some(notifier) = &self.caller.deps.notifier else {
            let why = notify::no_channel(&channel, &[]);
            return self.attempted(loaded, (number, planned), Attempt::Refused(why)).await;
        };
        if let Some(wait) = notifier.rests(&channel, Instant::now()) {
            return Ok(Flow::Stop(Settlement::Nak(spread(wait))));
        }
        if loaded.firing.rule == DIGEST {
            let (digest, _) = self.caller.deps.records.firings().digest(&loaded.firing.connection, &channel).await?;
            if planned.what["number"] == digest.number {
                return self.close_digest(loaded, (number, planned), &channel).await;
            }
        } else if notifier.has_many(&channel, Instant::now()) {
            return self.gather(loaded, (number, planned), (&channel, &text)).await;
        }
        let loaded = self.begin(loaded, number, notify::LASTS).await?;
        let wait = self.wait(&loaded.firing);
        let attempt = notifier.send(&channel, &text, (wait, Instant::now())).await;
        self.attempted(loaded, (number, planned), attempt).await
    }
}

impl Rules<'_> {
    /// What a rule that sends a text keeps to: it is switched on, it goes to the contact's own numbers, not at night, not to somebody
    /// who doesn't want that, and not too often.
    async fn may_reach(&self, firing: &Firing, planned: &Planned) -> Result<Reach, Error> {
        let (mapping, now) = (&self.caller.connection.mapping, Timestamp::now());
        let Some(texts) = &mapping.texts else { return Ok(Reach::MayNot("texts are not switched on".to_owned())) };
        let document = self.document(firing).await?.map(|found| found.document);
        let phones = document.as_ref().and_then(|document| document.canon_value(Field::Phones)).map(Value::items);
        let phones = phones.unwrap_or_default();
        let to: Vec<String> = serde_json::from_value(planned.what["body"]["to"].clone()).unwrap_or_default();
        let is_theirs = |number: &String| {
            phone::normal(number, &mapping.default_country).is_some_and(|number| phones.contains(&number))
        };
        if to.is_empty() || !to.iter().all(is_theirs) {
            return Ok(Reach::MayNot("a text goes to numbers of the contact that the rule is about".to_owned()));
        }
        if let Some(until) = texts.quiet_until(now) {
            return Ok(Reach::Later(until));
        }
        let Some(id) = document.as_ref().and_then(|document| contact_id(document, Side::Ghl)) else {
            let why = "there is no contact in GoHighLevel that says whether texts are wanted";
            return Ok(Reach::MayNot(why.to_owned()));
        };
        match crate::ghl::read(&self.caller, &id).await {
            Ok((_, contact)) if contact.dnd.all || contact.dnd.channels.contains(&ghl::Channel::Sms) => {
                return Ok(Reach::MayNot("the contact doesn't want texts (DND)".to_owned()));
            }
            Ok(_) => {}
            Err(trouble) => return Ok(Reach::Unknown(trouble)),
        }
        let room = self.caller.deps.records.firings().count_text(&firing.connection, texts.per_day, now).await?;
        Ok(room.map_or(Reach::May, Reach::Later))
    }

    /// Many messages go as one: this one too. One that is begun and was not put there is put before a person, and not sent twice.
    async fn gather(
        &self,
        loaded: LoadedFiring,
        (number, planned): (usize, &Planned),
        (channel, text): (&str, &str),
    ) -> Result<Flow, Error> {
        let (connection, firings) = (&loaded.firing.connection.clone(), self.caller.deps.records.firings());
        let (digest, _) = firings.digest(connection, channel).await?;
        // Whoever sends it knows of it before anything is in it.
        self.start_digest(channel, digest.number).await?;
        let loaded = self.begin(loaded, number, notify::LASTS).await?;
        let gathered = firings.gather(connection, channel, text).await?;
        if gathered != digest.number {
            self.start_digest(channel, gathered).await?;
        }
        self.attempted(loaded, (number, planned), Attempt::Done(0)).await
    }

    async fn start_digest(&self, channel: &str, number: u32) -> Result<(), Error> {
        let connection = &self.caller.connection.id;
        let id = firing_id(connection, DIGEST, &format!("{channel}#{number}"));
        let firing = Firing::digest((id, channel), number, connection, Timestamp::now());
        let Some(revision) = self.caller.deps.records.firings().begin(&firing).await? else { return Ok(()) };
        if let Err(error) = command::publish_firing(&self.caller, &firing, revision).await {
            tracing::warn!(firing.id = %firing.id, error = %chain(&error), "a digest can't be sent on now");
        }
        Ok(())
    }

    /// What a digest says is stored with it before the next one is open. None where that is so, and it is to be sent.
    async fn close_digest(
        &self,
        loaded: LoadedFiring,
        (number, planned): (usize, &Planned),
        channel: &str,
    ) -> Result<Flow, Error> {
        let (connection, firings) = (&loaded.firing.connection, self.caller.deps.records.firings());
        let (digest, expected) = firings.digest(connection, channel).await?;
        let mut said = loaded.clone();
        said.firing.say(&digest.texts);
        if !digest.texts.is_empty() {
            self.save(&said).await?;
        }
        let is_closed = firings.close(connection, channel, (&digest, expected)).await?;
        if is_closed && digest.texts.is_empty() {
            return self.attempted(loaded, (number, planned), Attempt::Done(0)).await;
        }
        Ok(Flow::Again)
    }
}

fn over(firing: &Firing) -> Settlement {
    let Some(why) = firing.failure() else { return Settlement::Ack };
    tracing::warn!(connection.id = %firing.connection, firing.id = %firing.id, rule = firing.rule,
        "rule `{}` waits for a person: `tandem dead list` says why", firing.rule);
    Settlement::Dead(Reason { code: "rule_failed", text: format!("rule `{}`: {why}", firing.rule) })
}

fn refusal(error: &ApiError, why: String) -> Attempt {
    match error.class() {
        Class::Transient | Class::Unreadable | Class::Misrouted => Attempt::Unknown(why),
        Class::NotFound
        | Class::Conflict
        | Class::Refused
        | Class::Forbidden
        | Class::Throttled { .. }
        | Class::QuotaExhausted { .. }
        | Class::Unauthorized
        | Class::PaymentRequired => Attempt::Refused(why),
    }
}
