//! Messages to people's channels: what an answer means for the rule, and a rest for a channel that fails.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tandem_mapping::firing::Attempt;
use tandem_notify::{Channel, Failure, Message, NotSent, Sender, Why};
use tandem_telemetry::chain;

/// An attempt is over by then: connecting, sending and waiting for the answer.
pub(crate) const LASTS: Duration = Duration::from_secs(20);
/// After a failure nobody asks the channel again for so long.
const REST: Duration = Duration::from_secs(15);
/// More messages than these within [`LATELY`] go as one.
const MANY: usize = 5;
const LATELY: Duration = Duration::from_secs(10);

/// The channels of the configuration; clones share what is known of them.
#[derive(Debug, Clone)]
pub struct Notifier {
    sender: Sender,
    channels: BTreeMap<String, Channel>,
    resting: Arc<Mutex<BTreeMap<String, Instant>>>,
    sent: Arc<Mutex<BTreeMap<String, Vec<Instant>>>>,
}

impl Notifier {
    /// These channels, by their names in the configuration.
    pub fn new(sender: Sender, channels: BTreeMap<String, Channel>) -> Self {
        Self { sender, channels, resting: Arc::default(), sent: Arc::default() }
    }

    /// How long a channel is left alone.
    pub(crate) fn rests(&self, channel: &str, now: Instant) -> Option<Duration> {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.get(channel).and_then(|until| until.checked_duration_since(now)).filter(|wait| !wait.is_zero())
    }

    /// Whether so many messages have just gone there that the next ones go as one; if not, one more is about to go.
    pub(crate) fn has_many(&self, channel: &str, now: Instant) -> bool {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = sent.entry(channel.to_owned()).or_default();
        lately.retain(|at| now.duration_since(*at) < LATELY);
        if lately.len() >= MANY {
            return true;
        }
        lately.push(now);
        false
    }

    pub(crate) async fn send(&self, name: &str, text: &str, (wait, now): (Duration, Instant)) -> Attempt {
        let Some(channel) = self.channels.get(name) else {
            let known: Vec<&str> = self.channels.keys().map(String::as_str).collect();
            return Attempt::Refused(no_channel(name, &known));
        };
        let sent = self.sender.send(channel, &Message::new(text)).await;
        let attempt = attempt(sent, wait);
        if let Attempt::Again(after, _) = &attempt {
            let until = now + (*after).max(REST);
            self.resting.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), until);
        }
        attempt
    }
}

/// What did certainly not arrive is sent again, unless it is refused for good.
fn attempt(sent: Result<(), Failure>, wait: Duration) -> Attempt {
    let Err(failure) = sent else { return Attempt::Done(200) };
    let (why, pause) = (chain(&failure), failure.retry_after().unwrap_or_default().max(wait));
    match failure.why {
        Why::NotSent(NotSent::NotAllowed(_) | NotSent::Private | NotSent::Invalid) | Why::Refused { .. } => {
            Attempt::Refused(why)
        }
        Why::NotSent(NotSent::Name | NotSent::Connect | NotSent::TimedOut) | Why::Throttled { .. } => {
            Attempt::Again(pause, why)
        }
        Why::Unknown(_) => Attempt::Unknown(why),
    }
}

pub(crate) fn no_channel(name: &str, known: &[&str]) -> String {
    format!(
        "there is no channel `{name}` under `notifications.channels` in the configuration (known: {})",
        known.join(", ")
    )
}
