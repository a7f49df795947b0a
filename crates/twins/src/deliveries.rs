//! The webhook sender: at least once, with the provider's retry rules, and with drops, doubles and delays on demand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::faults::{Dice, WebhookFault};
use crate::held::held;
use crate::progress::{Attempt, Stage};
use crate::seal::Seal;

/// Which answers are retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryOn {
    /// Any answer but a 2xx, and no answer.
    AnyFailure,
    /// Only 429, as GHL did until spring 2026.
    OnlyTooMany,
}

/// When and how often a delivery is tried again.
#[derive(Clone, Debug)]
pub struct RetryRules {
    /// Which answers are retried.
    pub on: RetryOn,
    /// The waits before the second, third and further attempts.
    pub waits: Vec<Duration>,
    /// How long an answer may take.
    pub answer_within: Duration,
    /// How many deliveries are under way at a time.
    pub at_once: usize,
}

impl RetryRules {
    /// Retries after `first`, then twice as long each time, at most 30 s.
    pub fn doubling(on: RetryOn, first: Duration, times: u32) -> Self {
        let longest = Duration::from_secs(30);
        let waits = (0..times).map(|step| first.saturating_mul(1 << step.min(20)).min(longest)).collect();
        Self { on, waits, answer_within: Duration::from_secs(10), at_once: 8 }
    }

    /// OpenPhone's published schedule: eight attempts over 27 h 35 min.
    pub fn openphone_published() -> Self {
        let seconds = [5, 300, 1800, 7200, 18_000, 36_000, 36_000];
        let waits = seconds.map(Duration::from_secs).to_vec();
        Self { on: RetryOn::AnyFailure, waits, answer_within: Duration::from_secs(10), at_once: 8 }
    }
}

/// What became of the webhooks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryReport {
    /// Events that had somewhere to go.
    pub events: u64,
    /// The same by type.
    pub by_type: BTreeMap<String, u64>,
    /// Attempts made.
    pub attempts: u64,
    /// Events that were accepted with a 2xx.
    pub accepted: u64,
    /// Events given up: retries used up, or an answer that is not retried.
    pub given_up: u64,
    /// Events still on their way.
    pub under_way: u64,
    /// Answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// Attempts without an answer.
    pub unanswered: u64,
}

/// One event on its way.
pub(crate) struct Parcel {
    pub(crate) url: String,
    pub(crate) event: &'static str,
    pub(crate) body: Bytes,
    pub(crate) seal: Seal,
}

/// Takes parcels; a task of its own sends them.
pub(crate) struct Courier {
    queue: mpsc::UnboundedSender<Parcel>,
    round: Arc<Round>,
}

struct Round {
    client: reqwest::Client,
    rules: RetryRules,
    clock_ahead: SignedDuration,
    dice: Arc<Mutex<Dice>>,
    seen: Mutex<DeliveryReport>,
    under_way: watch::Sender<u64>,
    permits: Arc<Semaphore>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Courier {
    /// `clock_ahead` is how far the sender's clock is ahead of this machine's.
    pub(crate) fn start(
        (rules, clock_ahead): (RetryRules, SignedDuration),
        dice: Arc<Mutex<Dice>>,
        stop: CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .timeout(rules.answer_within)
            .build()?;
        let (queue, parcels) = mpsc::unbounded_channel();
        let permits = Arc::new(Semaphore::new(rules.at_once.max(1)));
        let seen = Mutex::new(DeliveryReport::default());
        let under_way = watch::Sender::new(0);
        let round =
            Arc::new(Round { client, rules, clock_ahead, dice, seen, under_way, permits, stop, tasks: tasks.clone() });
        tasks.spawn(dispatch(Arc::clone(&round), parcels));
        Ok(Self { queue, round })
    }

    pub(crate) fn send(&self, parcel: Parcel) {
        {
            let mut seen = held(&self.round.seen);
            seen.events += 1;
            *seen.by_type.entry(parcel.event.to_owned()).or_default() += 1;
        }
        self.round.under_way.send_modify(|count| *count += 1);
        if self.queue.send(parcel).is_err() {
            self.round.settled();
        }
    }

    /// Waits until nothing is under way; false when the limit came first.
    pub(crate) async fn idle(&self, limit: Duration) -> bool {
        let mut under_way = self.round.under_way.subscribe();
        let settled = under_way.wait_for(|count| *count == 0);
        tokio::time::timeout(limit, settled).await.is_ok_and(|seen| seen.is_ok())
    }

    pub(crate) fn report(&self) -> DeliveryReport {
        DeliveryReport { under_way: *self.round.under_way.borrow(), ..held(&self.round.seen).clone() }
    }
}

async fn dispatch(round: Arc<Round>, mut parcels: mpsc::UnboundedReceiver<Parcel>) {
    loop {
        let parcel = tokio::select! {
            () = round.stop.cancelled() => return,
            parcel = parcels.recv() => parcel,
        };
        let Some(parcel) = parcel else { return };
        let fault = held(&round.dice).webhook(parcel.event);
        if fault == Some(WebhookFault::Drop) {
            parcel.seal.note(|progress| progress.settle(Stage::Failed));
            round.settled();
            continue;
        }
        // The permit is taken here, so that first attempts leave in the order of the events.
        let Ok(permit) = Arc::clone(&round.permits).acquire_owned().await else { return };
        let carrier = Arc::clone(&round);
        round.tasks.spawn(async move {
            tokio::select! {
                () = carrier.stop.cancelled() => {}
                () = carrier.carry(&parcel, fault, permit) => {}
            }
            carrier.settled();
        });
    }
}

async fn wait_for(parcel: &Parcel, wait: Duration) {
    parcel.seal.note(|progress| progress.wait(wait));
    tokio::time::sleep(wait).await;
}

/// Enters an attempt in the delivery log.
async fn log(parcel: &Parcel, answer: Option<reqwest::Response>, began: Instant) {
    let status = answer.as_ref().map(|answer| answer.status().as_u16());
    let body = match answer {
        Some(answer) => answer.text().await.unwrap_or_default(),
        None => String::new(),
    };
    parcel.seal.note(|progress| {
        let (at, url, manual) = (Timestamp::now(), parcel.url.clone(), progress.manual);
        progress.attempts.push(Attempt { at, url, status, body, took: began.elapsed(), manual });
    });
}

impl Round {
    async fn carry(&self, parcel: &Parcel, fault: Option<WebhookFault>, permit: OwnedSemaphorePermit) {
        if let Some(WebhookFault::Delay { min_ms, max_ms }) = fault {
            drop(permit);
            let wait = held(&self.dice).between(min_ms, max_ms);
            wait_for(parcel, wait).await;
        } else {
            let settled = self.attempt(parcel).await;
            drop(permit);
            if settled {
                self.double(parcel, fault.as_ref()).await;
                return;
            }
            if let Some(wait) = self.rules.waits.first() {
                wait_for(parcel, *wait).await;
            }
        }
        self.carry_on(parcel, fault.as_ref()).await;
    }

    /// The attempts after the first one, or after a delay.
    async fn carry_on(&self, parcel: &Parcel, fault: Option<&WebhookFault>) {
        let delayed = matches!(fault, Some(WebhookFault::Delay { .. }));
        let waits = &self.rules.waits;
        let left = if delayed { waits.as_slice() } else { waits.get(1..).unwrap_or_default() };
        let attempts = if delayed || !waits.is_empty() { left.len() + 1 } else { 0 };
        for step in 0..attempts {
            let Ok(permit) = self.permits.acquire().await else { return };
            let settled = self.attempt(parcel).await;
            drop(permit);
            if settled {
                return self.double(parcel, fault).await;
            }
            if let Some(wait) = left.get(step) {
                wait_for(parcel, *wait).await;
            }
        }
        parcel.seal.note(|progress| progress.settle(Stage::Failed));
        held(&self.seen).given_up += 1;
    }

    async fn double(&self, parcel: &Parcel, fault: Option<&WebhookFault>) {
        if fault == Some(&WebhookFault::Double) {
            self.post(parcel).await;
        }
    }

    /// Sends once; true when nothing is left to do.
    async fn attempt(&self, parcel: &Parcel) -> bool {
        let status = self.post(parcel).await;
        let mut seen = held(&self.seen);
        if status.is_some_and(|status| (200..300).contains(&status)) {
            seen.accepted += 1;
            parcel.seal.note(|progress| progress.settle(Stage::Accepted));
            return true;
        }
        let again = match self.rules.on {
            RetryOn::AnyFailure => true,
            RetryOn::OnlyTooMany => status == Some(429),
        };
        seen.given_up += u64::from(!again);
        if !again {
            parcel.seal.note(|progress| progress.settle(Stage::Failed));
        }
        !again
    }

    async fn post(&self, parcel: &Parcel) -> Option<u16> {
        let mut request = self.client.post(&parcel.url).header("content-type", "application/json");
        let now = Timestamp::now();
        let now = now.checked_add(self.clock_ahead).unwrap_or(now);
        for (name, value) in parcel.seal.headers(&parcel.body, now) {
            request = request.header(name, value);
        }
        parcel.seal.note(|progress| progress.settle(Stage::Sending));
        let began = Instant::now();
        let answer = request.body(parcel.body.clone()).send().await.ok();
        let status = answer.as_ref().map(|answer| answer.status().as_u16());
        if parcel.seal.is_tracked() {
            log(parcel, answer, began).await;
        }
        let mut seen = held(&self.seen);
        seen.attempts += 1;
        match status {
            Some(status) => *seen.by_status.entry(status).or_default() += 1,
            None => seen.unanswered += 1,
        }
        status
    }

    fn settled(&self) {
        self.under_way.send_modify(|count| *count = count.saturating_sub(1));
    }
}
