//! What goes wrong, on demand: by chance from a seeded generator, or as a script ("the next create is reset").

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

/// One way in which an answer can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The request is worked on only after a while; it is, even if the caller leaves.
    Latency {
        /// Shortest wait in milliseconds.
        min_ms: u64,
        /// Longest wait in milliseconds.
        max_ms: u64,
    },
    /// 429, although the budget may not be used up.
    TooMany {
        /// Value of a `Retry-After` header, if there is to be one.
        #[serde(default)]
        retry_after_secs: Option<u64>,
    },
    /// 500, and nothing was done.
    ErrorBefore,
    /// 500, yet everything was done.
    ErrorAfter,
    /// The connection is reset, and nothing was done.
    ResetBefore,
    /// The connection is reset after everything was done.
    ResetAfter,
    /// No answer ever comes, and nothing was done.
    TimeoutBefore,
    /// No answer ever comes, yet everything was done.
    TimeoutAfter,
    /// No answer ever comes, and the request is carried out later.
    LateApply {
        /// How much later, in milliseconds.
        after_ms: u64,
    },
    /// 422, yet the contact was created. Only creates are touched.
    RefuseButCreate,
}

impl Fault {
    fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::TooMany { .. } => "too_many",
            Self::ErrorBefore => "error_before",
            Self::ErrorAfter => "error_after",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter => "reset_after",
            Self::TimeoutBefore => "timeout_before",
            Self::TimeoutAfter => "timeout_after",
            Self::LateApply { .. } => "late_apply",
            Self::RefuseButCreate => "refuse_but_create",
        }
    }
}

/// One way in which a webhook can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum WebhookFault {
    /// Never sent.
    Drop,
    /// Sent again after it was accepted, with the same id and body.
    Double,
    /// Sent later, and so possibly after younger ones.
    Delay {
        /// Shortest wait in milliseconds.
        min_ms: u64,
        /// Longest wait in milliseconds.
        max_ms: u64,
    },
}

impl WebhookFault {
    fn name(&self) -> &'static str {
        match self {
            Self::Drop => "webhook_drop",
            Self::Double => "webhook_double",
            Self::Delay { .. } => "webhook_delay",
        }
    }
}

/// Which calls are meant: no method means any, and the path is a prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct On {
    /// `GET`, `POST` and so on.
    pub method: Option<String>,
    /// Beginning of the path.
    pub path: String,
}

impl On {
    /// Calls with this method whose path begins like this.
    pub fn call(method: &str, path: &str) -> Self {
        Self { method: Some(method.to_owned()), path: path.to_owned() }
    }

    fn meets(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method)) && path.starts_with(&self.path)
    }
}

/// A fault that strikes by chance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chance {
    /// What happens.
    pub fault: Fault,
    /// How likely it is per call, from 0 to 1.
    pub chance: f64,
    /// Which calls it can hit.
    #[serde(default)]
    pub on: On,
}

/// A fault that strikes the next calls of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scripted {
    /// What happens.
    pub fault: Fault,
    /// Which calls it hits.
    #[serde(default)]
    pub on: On,
    /// How many of them.
    #[serde(default = "once")]
    pub times: u32,
}

impl Scripted {
    /// The next such call.
    pub fn next(on: On, fault: Fault) -> Self {
        Self { fault, on, times: 1 }
    }
}

/// A webhook fault that strikes by chance, or the next ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookChance {
    /// What happens.
    pub fault: WebhookFault,
    /// How likely it is per event, from 0 to 1.
    #[serde(default = "certain")]
    pub chance: f64,
    /// Beginning of the event types it can hit; empty hits all.
    #[serde(default)]
    pub event: String,
    /// Ends after so many hits; none goes on for ever.
    #[serde(default)]
    pub times: Option<u32>,
}

fn once() -> u32 {
    1
}

fn certain() -> f64 {
    1.0
}

/// Everything that is to go wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Seeds the dice.
    pub seed: u64,
    /// By chance; latencies add up, of the others the first that hits counts.
    pub chances: Vec<Chance>,
    /// In order, before any chance.
    pub script: Vec<Scripted>,
    /// For webhooks; the first that hits counts.
    pub webhooks: Vec<WebhookChance>,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a fault by chance on any call.
    #[must_use]
    pub fn chance(mut self, chance: f64, fault: Fault) -> Self {
        self.chances.push(Chance { fault, chance, on: On::default() });
        self
    }

    /// Adds a scripted fault.
    #[must_use]
    pub fn then(mut self, on: On, fault: Fault) -> Self {
        self.script.push(Scripted::next(on, fault));
        self
    }

    /// Adds a webhook fault by chance on any event.
    #[must_use]
    pub fn webhook(mut self, chance: f64, fault: WebhookFault) -> Self {
        self.webhooks.push(WebhookChance { fault, chance, event: String::new(), times: None });
        self
    }
}

/// What one call has to suffer.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) latency: Duration,
    pub(crate) fault: Option<Fault>,
}

/// The dice, the script, and what has struck so far.
pub(crate) struct Dice {
    faults: Faults,
    rng: StdRng,
    struck: BTreeMap<String, u64>,
}

impl Dice {
    pub(crate) fn new(faults: Faults) -> Self {
        let rng = StdRng::seed_from_u64(faults.seed);
        Self { faults, rng, struck: BTreeMap::new() }
    }

    /// Takes new faults; what has struck stays counted.
    pub(crate) fn replace(&mut self, faults: Faults) {
        self.rng = StdRng::seed_from_u64(faults.seed);
        self.faults = faults;
    }

    pub(crate) fn script(&mut self, scripted: Scripted) {
        self.faults.script.push(scripted);
    }

    pub(crate) fn faults(&self) -> Faults {
        self.faults.clone()
    }

    pub(crate) fn struck(&self) -> BTreeMap<String, u64> {
        self.struck.clone()
    }

    pub(crate) fn plan(&mut self, method: &str, path: &str, creates: bool) -> Plan {
        let mut plan = Plan::default();
        let fits = |fault: &Fault, on: &On| on.meets(method, path) && (creates || *fault != Fault::RefuseButCreate);
        if let Some(at) = self.faults.script.iter().position(|next| fits(&next.fault, &next.on)) {
            let next = &mut self.faults.script[at];
            next.times = next.times.saturating_sub(1);
            let fault = next.fault.clone();
            if next.times == 0 {
                self.faults.script.remove(at);
            }
            self.add(&mut plan, fault);
        }
        for at in 0..self.faults.chances.len() {
            let chance = &self.faults.chances[at];
            let decided = plan.fault.is_some() && !matches!(chance.fault, Fault::Latency { .. });
            if !fits(&chance.fault, &chance.on) || !self.rng.random_bool(chance.chance.clamp(0.0, 1.0)) || decided {
                continue;
            }
            let fault = chance.fault.clone();
            self.add(&mut plan, fault);
        }
        plan
    }

    fn add(&mut self, plan: &mut Plan, fault: Fault) {
        self.count(fault.name());
        if let Fault::Latency { min_ms, max_ms } = fault {
            plan.latency += self.between(min_ms, max_ms);
        } else {
            plan.fault = Some(fault);
        }
    }

    pub(crate) fn webhook(&mut self, event: &str) -> Option<WebhookFault> {
        for at in 0..self.faults.webhooks.len() {
            let next = &self.faults.webhooks[at];
            if !event.starts_with(&next.event) || !self.rng.random_bool(next.chance.clamp(0.0, 1.0)) {
                continue;
            }
            let fault = next.fault.clone();
            if let Some(left) = self.faults.webhooks[at].times.as_mut() {
                *left = left.saturating_sub(1);
            }
            if self.faults.webhooks[at].times == Some(0) {
                self.faults.webhooks.remove(at);
            }
            self.count(fault.name());
            return Some(fault);
        }
        None
    }

    pub(crate) fn between(&mut self, min_ms: u64, max_ms: u64) -> Duration {
        Duration::from_millis(self.rng.random_range(min_ms..=max_ms.max(min_ms)))
    }

    fn count(&mut self, name: &str) {
        *self.struck.entry(name.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Dice, Fault, Faults, On};

    #[test]
    fn a_script_strikes_once_and_only_what_it_names() {
        let faults = Faults::none().then(On::call("POST", "/contacts"), Fault::ResetAfter);
        let mut dice = Dice::new(faults);
        assert!(dice.plan("GET", "/contacts/1", false).fault.is_none());
        assert_eq!(dice.plan("POST", "/contacts/", true).fault, Some(Fault::ResetAfter));
        assert!(dice.plan("POST", "/contacts/", true).fault.is_none());
        assert_eq!(dice.struck()["reset_after"], 1);
    }

    #[test]
    fn the_same_seed_strikes_the_same_calls() {
        let run = || {
            let mut dice = Dice::new(Faults { seed: 7, ..Faults::none().chance(0.3, Fault::ErrorBefore) });
            (0..50).map(|_| dice.plan("GET", "/", false).fault.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(run(), run());
        assert!(run().contains(&true) && run().contains(&false));
    }
}
