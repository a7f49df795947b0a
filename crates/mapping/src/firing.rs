//! A rule that was started: what of it is done, and what comes next. No clock and no I/O: time is an argument.
//!
//! Every action is sent by whoever has stored that it begins, so that it is done once, whoever is killed. Where nobody knows what
//! became of it, what is harmless to repeat is repeated, and the rest waits for a person.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tandem_contact::{PerSide, Value};
use tandem_proto::{ConnectionId, RecordId};

/// The name of a message to a channel, among actions.
pub const NOTIFY: &str = "notify";
/// The rule by which a stranger gets a contact.
pub const NEWCOMER: &str = "activity: a stranger gets a contact";
/// The rule by which many messages to a channel go as one.
pub const DIGEST: &str = "many messages are one";
/// Between the first message of a digest and its sending: with it a message is still there within ten seconds.
const GATHERING: Duration = Duration::from_secs(3);
/// Lines of a digest; people read no more.
const MOST_LINES: usize = 40;
/// Attempts at one action, when it certainly was not done.
const MOST_ATTEMPTS: u32 = 8;

/// A rule that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firing {
    /// Names it: the same for the same rule and the same event.
    pub id: RecordId,
    /// Whose rule it is.
    pub connection: ConnectionId,
    /// The rule's name.
    pub rule: String,
    /// What started it, as the rule spells it.
    pub trigger: String,
    /// When that happened.
    pub at: Timestamp,
    /// The record that it is about, where it is about one.
    pub record: Option<RecordId>,
    /// The contact, as the event names it.
    #[serde(default)]
    pub contact: PerSide<Option<String>>,
    /// The number of somebody whom nobody knows yet, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// What the event tells.
    #[serde(default)]
    pub facts: BTreeMap<String, Value>,
    /// How far it is.
    #[serde(default)]
    pub state: State,
    /// What is to be done, in order, once that was made out.
    #[serde(default)]
    pub actions: Vec<Planned>,
    /// Failed attempts at the action that comes next.
    #[serde(default)]
    pub attempts: u32,
    /// Nothing is sent before this.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
}

/// How far a firing is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has looked at it.
    #[default]
    New,
    /// What is to be done is made out.
    Planned,
    /// Everything is done.
    Done,
    /// The rule's condition doesn't hold.
    LeftOut,
    /// It waits for a person.
    Failed {
        /// Why, for people.
        why: String,
    },
}

/// An action with everything filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The operation's name, or `notify`.
    pub name: String,
    /// What is sent: for a provider, route, query and body; for a channel, its name and the text.
    pub what: Json,
    /// True where doing it twice does no more than doing it once.
    pub is_harmless: bool,
    /// What became of it.
    #[serde(default)]
    pub outcome: Outcome,
}

impl Planned {
    /// Whether it names somebody who is still to be met.
    pub fn is_about(&self, stranger: &str) -> bool {
        let route = self.what["route"].as_array().into_iter().flatten();
        let body = self.what["body"].as_object().into_iter().flat_map(|body| body.values());
        route.chain(body).any(|value| value == stranger)
    }

    fn introduce(&mut self, stranger: &str, id: &str) {
        let named = |value: &mut Json| {
            if value == stranger {
                *value = Json::String(id.to_owned());
            }
        };
        if let Some(route) = self.what.get_mut("route").and_then(Json::as_array_mut) {
            route.iter_mut().for_each(named);
        }
        if let Some(body) = self.what.get_mut("body").and_then(Json::as_object_mut) {
            body.values_mut().for_each(named);
        }
    }

    /// What is done, for people: holds what the contact holds.
    pub fn words(&self) -> String {
        let text = |key: &str| self.what[key].as_str().unwrap_or_default();
        if self.name == NOTIFY {
            format!("a message to {}: {}", text("channel"), text("text"))
        } else if self.what["body"].is_null() {
            self.name.clone()
        } else {
            format!("{} with {}", self.name, self.what["body"])
        }
    }
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not begun.
    #[default]
    Open,
    /// Somebody sends it, until then.
    Begun {
        /// Who.
        owner: String,
        /// Whoever it is has given up by then.
        until: Timestamp,
    },
    /// Done.
    Done {
        /// The answer's HTTP status.
        status: u32,
    },
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Over,
    /// What is to be done is to be made out.
    Plan,
    /// Nothing before then.
    Wait(Timestamp),
    /// This action.
    Act(usize),
    /// Nobody knows what became of this action.
    Lost(usize),
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Done, with this status.
    Done(u32),
    /// Certainly not done, for a reason that is not its own.
    NotNow,
    /// Certainly not done; to be tried again after this.
    Again(Duration, String),
    /// Refused for good.
    Refused(String),
    /// Who knows.
    Unknown(String),
}

impl Firing {
    /// A rule that has just been started, about nobody in particular.
    pub fn new(id: RecordId, connection: &ConnectionId, (rule, trigger): (&str, &str), at: Timestamp) -> Self {
        Self {
            id,
            connection: connection.clone(),
            rule: rule.to_owned(),
            trigger: trigger.to_owned(),
            at,
            record: None,
            contact: PerSide::default(),
            caller: None,
            facts: BTreeMap::new(),
            state: State::New,
            actions: Vec::new(),
            attempts: 0,
            not_before: None,
        }
    }

    /// A stranger gets a contact in GHL, because of another firing. It needs no rule: what is to be done is made out.
    pub fn newcomer((id, number): (RecordId, &str), (cause, location): (&Self, &str), now: Timestamp) -> Self {
        let body = json!({ "locationId": location, "phone": number, "source": "OpenPhone" });
        let make = Planned {
            name: "ghl.contact.upsert".to_owned(),
            what: json!({ "route": [], "query": [], "body": body }),
            is_harmless: false,
            outcome: Outcome::Open,
        };
        let caller = Some(number.to_owned());
        let new = Self::new(id, &cause.connection, (NEWCOMER, &cause.trigger), now);
        Self { caller, state: State::Planned, actions: vec![make], ..new }
    }

    /// Many messages go as one. Its text is made when it is sent.
    pub fn digest((id, channel): (RecordId, &str), number: u32, connection: &ConnectionId, now: Timestamp) -> Self {
        let send = Planned {
            name: NOTIFY.to_owned(),
            what: json!({ "channel": channel, "text": "", "number": number }),
            is_harmless: false,
            outcome: Outcome::Open,
        };
        let new = Self::new(id, connection, (DIGEST, "many messages"), now);
        Self { state: State::Planned, actions: vec![send], not_before: Some(now + GATHERING), ..new }
    }

    /// What a digest says.
    pub fn say(&mut self, texts: &[String]) {
        let lines = texts.iter().take(MOST_LINES).map(|text| format!("• {}", text.trim_end()));
        let more = texts.len().checked_sub(MOST_LINES).filter(|more| *more > 0).map(|more| format!("and {more} more"));
        let head = format!("{} messages:", texts.len());
        let text = [head].into_iter().chain(lines).chain(more).collect::<Vec<_>>().join("\n");
        if let Some(what) = self.actions.first_mut().and_then(|action| action.what.as_object_mut()) {
            what.insert("text".to_owned(), text.into());
        }
    }

    /// Somebody who had to be met first is known now, by this id.
    pub fn introduce(&mut self, stranger: &str, id: &str) {
        for action in &mut self.actions {
            action.introduce(stranger, id);
        }
    }

    /// What comes next.
    pub fn next(&self, now: Timestamp) -> Next {
        match self.state {
            State::New => Next::Plan,
            State::Done | State::LeftOut | State::Failed { .. } => Next::Over,
            State::Planned => {
                if let Some(until) = self.not_before.filter(|until| *until > now) {
                    return Next::Wait(until);
                }
                let open = self.actions.iter().position(|action| !matches!(action.outcome, Outcome::Done { .. }));
                let Some(number) = open else { return Next::Over };
                match &self.actions[number].outcome {
                    Outcome::Begun { until, .. } if *until > now => Next::Wait(*until),
                    Outcome::Begun { .. } => Next::Lost(number),
                    Outcome::Open | Outcome::Done { .. } => Next::Act(number),
                }
            }
        }
    }

    /// What is to be done was made out.
    pub fn plan(&mut self, actions: Vec<Planned>) {
        self.state = if actions.is_empty() { State::Done } else { State::Planned };
        self.actions = actions;
    }

    /// It waits for a person.
    pub fn fail(&mut self, why: impl Into<String>) {
        self.state = State::Failed { why: why.into() };
    }

    /// Somebody is about to send the action.
    pub fn begin(&mut self, number: usize, owner: &str, until: Timestamp) {
        if let Some(action) = self.actions.get_mut(number) {
            action.outcome = Outcome::Begun { owner: owner.to_owned(), until };
        }
    }

    /// Nobody knows what became of it, and whoever sent it has given up.
    pub fn lost(&mut self, number: usize) {
        let Some(action) = self.actions.get_mut(number) else { return };
        action.outcome = Outcome::Open;
        if !action.is_harmless {
            let why = format!("whoever sent `{}` did not report what became of it: it may have been done", action.name);
            self.fail(why);
        }
    }

    /// What an attempt came to.
    pub fn attempted(&mut self, number: usize, attempt: Attempt, now: Timestamp) {
        let Some(action) = self.actions.get_mut(number) else { return };
        let (name, is_harmless) = (action.name.clone(), action.is_harmless);
        action.outcome = Outcome::Open;
        match attempt {
            Attempt::Done(status) => {
                action.outcome = Outcome::Done { status };
                (self.attempts, self.not_before) = (0, None);
                if self.actions.iter().all(|action| matches!(action.outcome, Outcome::Done { .. })) {
                    self.state = State::Done;
                }
            }
            Attempt::NotNow => {}
            Attempt::Again(after, why) => self.again((after, now), &name, &why),
            Attempt::Unknown(why) if is_harmless => self.again((Duration::from_secs(2), now), &name, &why),
            Attempt::Unknown(why) => self.fail(format!("nobody knows whether `{name}` was done: {why}")),
            Attempt::Refused(why) => self.fail(format!("`{name}` was refused: {why}")),
        }
    }

    fn again(&mut self, (after, now): (Duration, Timestamp), name: &str, why: &str) {
        self.attempts += 1;
        self.not_before = Some(now + after);
        if self.attempts >= MOST_ATTEMPTS {
            self.fail(format!("`{name}` failed {MOST_ATTEMPTS} times: {why}"));
        }
    }

    /// A person wants it tried again, from the action on that is not done.
    pub fn retry(&mut self) {
        if matches!(self.state, State::Failed { .. }) {
            self.state = if self.actions.is_empty() { State::New } else { State::Planned };
            (self.attempts, self.not_before) = (0, None);
        }
    }

    /// Whether nothing comes next, as far as Tandem is concerned.
    pub fn is_over(&self) -> bool {
        match self.state {
            State::Done | State::LeftOut | State::Failed { .. } => true,
            State::New | State::Planned => false,
        }
    }

    /// Why it waits for a person.
    pub fn failure(&self) -> Option<&str> {
        match &self.state {
            State::Failed { why } => Some(why),
            State::New | State::Planned | State::Done | State::LeftOut => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn firing(harmless: &[bool]) -> Firing {
        let planned = |is_harmless: &bool| Planned {
            name: "notify".to_owned(),
            what: Json::Null,
            is_harmless: *is_harmless,
            outcome: Outcome::Open,
        };
        let (id, connection) = (RecordId::new("f1").unwrap(), ConnectionId::new("acme").unwrap());
        let mut firing = Firing::new(id, &connection, ("r", "tag_added: vip"), at(0));
        assert_eq!(firing.next(at(0)), Next::Plan);
        firing.plan(harmless.iter().map(planned).collect());
        firing
    }

    #[test]
    fn actions_are_done_in_order_and_once() {
        let mut firing = firing(&[false, true]);
        assert_eq!(firing.next(at(0)), Next::Act(0));
        firing.begin(0, "w1", at(10));
        assert_eq!(firing.next(at(5)), Next::Wait(at(10)));
        firing.attempted(0, Attempt::Done(200), at(6));
        assert_eq!(firing.next(at(6)), Next::Act(1));
        firing.begin(1, "w1", at(16));
        firing.attempted(1, Attempt::Done(204), at(7));
        assert_eq!((firing.next(at(7)), firing.state), (Next::Over, State::Done));
    }

    #[test]
    fn what_nobody_knows_of_is_repeated_only_where_that_is_harmless() {
        for (is_harmless, next) in [(true, Next::Act(0)), (false, Next::Over)] {
            let mut firing = firing(&[is_harmless]);
            firing.begin(0, "w1", at(10));
            assert_eq!(firing.next(at(10)), Next::Lost(0));
            firing.lost(0);
            assert_eq!(firing.next(at(10)), next);
            assert_eq!(firing.failure().is_some(), !is_harmless);
            let mut firing = self::firing(&[is_harmless]);
            firing.begin(0, "w1", at(10));
            firing.attempted(0, Attempt::Unknown("no answer".to_owned()), at(3));
            assert_eq!(firing.failure().is_some(), !is_harmless);
        }
    }

    #[test]
    fn a_person_may_have_it_tried_again_from_where_it_failed() {
        let mut firing = firing(&[true, false]);
        firing.attempted(0, Attempt::Done(200), at(0));
        firing.attempted(1, Attempt::Refused("no such workflow".to_owned()), at(0));
        assert_eq!(firing.failure(), Some("`notify` was refused: no such workflow"));
        assert_eq!(firing.next(at(0)), Next::Over);
        firing.retry();
        assert_eq!(firing.next(at(0)), Next::Act(1));
    }

    // What a worker does with a firing that it may have an old copy of is decided by compare-and-set; here everybody has the newest.
    proptest! {
        #[test]
        fn nothing_that_is_not_harmless_is_sent_again_after_it_may_have_been_done(
            harmless in prop::collection::vec(any::<bool>(), 1..4),
            happenings in prop::collection::vec((0_u8..6, 0_i64..30), 0..60),
        ) {
            let mut firing = firing(&harmless);
            let mut may_be_done = vec![false; harmless.len()];
            let mut now = 0;
            for (happening, passes) in happenings {
                now += passes;
                match firing.next(at(now)) {
                    Next::Act(number) => {
                        prop_assert!(harmless[number] || !may_be_done[number]);
                        let is_done = |action: &Planned| matches!(action.outcome, Outcome::Done { .. });
                        prop_assert!(firing.actions[..number].iter().all(is_done));
                        firing.begin(number, "w", at(now + 10));
                        let attempt = match happening {
                            0 => Attempt::Done(200),
                            1 => Attempt::NotNow,
                            2 => Attempt::Again(Duration::from_secs(3), "503".to_owned()),
                            3 => Attempt::Unknown("reset".to_owned()),
                            4 => Attempt::Refused("400".to_owned()),
                            // Killed.
                            _ => { may_be_done[number] = true; continue }
                        };
                        may_be_done[number] |= matches!(attempt, Attempt::Done(_) | Attempt::Unknown(_));
                        firing.attempted(number, attempt, at(now));
                    }
                    Next::Lost(number) => firing.lost(number),
                    Next::Over => break,
                    Next::Plan | Next::Wait(_) => {}
                }
            }
        }
    }
}
