//! Which command is worked on next: live before bulk, connections in turn, one run per record at a time.

mod waiting;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tandem_contact::PerSide;
use tandem_proto::{ConnectionId, Consumer, Envelope, Payload, RecordId};
use tandem_queue::{Delivery, Queue};
use tandem_reconcile::Run;
use tandem_telemetry::{Span, Taken, chain};
use tokio::task::{AbortHandle, JoinSet};

use crate::brake::{self, STOPPED_PAUSE};
use crate::call::{Caller, LastStatus};
use crate::dead_letter::{self, Reason};
use crate::run::{Held, Settlement, Worker, spread};
use crate::{Config, Deps, Error, firing};
use waiting::{Task, Waiting};

/// Deliveries held per lane beyond those being worked on, of all connections together.
const MOST_WAITING: usize = 2_048;
/// Taken at once: a share for each of many connections.
const MOST_AT_ONCE: usize = 64;
/// Rules at work at once.
const MOST_ACTING: usize = 64;
/// Where there are more, they come again after this.
const ACTING_PAUSE: Duration = Duration::from_secs(1);
const PULL_WAIT: Duration = Duration::from_secs(30);
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(1);

type Pulled = (Consumer, Result<Vec<Delivery>, tandem_queue::Error>);

pub(crate) async fn run(config: Config, deps: Deps) -> Result<(), Error> {
    let shutdown = deps.shutdown.clone();
    let mut dispatch = Dispatch {
        config,
        deps,
        waiting: Waiting::default(),
        working: JoinSet::new(),
        acting: JoinSet::new(),
        pulls: JoinSet::new(),
        pulling: BTreeMap::new(),
    };
    let outcome = loop {
        dispatch.start_ready();
        dispatch.pull_where_there_is_room();
        tokio::select! {
            () = shutdown.cancelled() => break Ok(()),
            Some(finished) = dispatch.working.join_next() => dispatch.finished(finished.ok()),
            Some(_) = dispatch.acting.join_next() => {}
            Some(pulled) = dispatch.pulls.join_next() => {
                // One that was given up has taken nothing.
                let taken = pulled.map_or(Ok(()), |pulled| dispatch.take(pulled));
                if let Err(error) = taken {
                    break Err(error);
                }
            }
        }
    };
    dispatch.wind_down().await;
    outcome
}

async fn pull(queue: Queue, consumer: Consumer, (room, full): (usize, BTreeSet<ConnectionId>)) -> Pulled {
    let pulled = queue.pull_but(consumer, (room, PULL_WAIT), &full).await;
    if pulled.is_err() {
        tokio::time::sleep(UNAVAILABLE_PAUSE).await;
    }
    (consumer, pulled)
}

struct Dispatch {
    config: Config,
    deps: Deps,
    waiting: Waiting,
    working: JoinSet<(ConnectionId, RecordId)>,
    /// Rules that were started: beside the records, so that a channel that hangs holds up nobody.
    acting: JoinSet<()>,
    pulls: JoinSet<Pulled>,
    /// Pulls under way.
    pulling: BTreeMap<Consumer, AbortHandle>,
}

impl Dispatch {
    fn pull_where_there_is_room(&mut self) {
        for consumer in [Consumer::WriterLive, Consumer::WriterBulk] {
            if self.waiting.has_more_room(consumer)
                && let Some(pull) = self.pulling.remove(&consumer)
            {
                // It doesn't know of that room.
                pull.abort();
            }
            let room = MOST_WAITING.saturating_sub(self.waiting.held(consumer)).min(MOST_AT_ONCE);
            if room > 0 && !self.pulling.contains_key(&consumer) {
                let full = self.waiting.full(consumer).clone();
                let handle = self.pulls.spawn(pull(self.deps.queue.clone(), consumer, (room, full)));
                self.pulling.insert(consumer, handle);
            }
        }
    }

    fn take(&mut self, (consumer, pulled): Pulled) -> Result<(), Error> {
        self.pulling.remove(&consumer);
        match pulled {
            Ok(deliveries) => {
                for delivery in deliveries {
                    self.accept(consumer, delivery);
                }
            }
            Err(error) if error.class().is_retryable() => {
                tracing::error!(error = %chain(&error), "commands can't be taken; trying again");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn accept(&mut self, consumer: Consumer, delivery: Delivery) {
        match read(&delivery) {
            Some(Read { connection, record, traceparent, is_firing })
                if self.deps.connections.contains_key(&connection) =>
            {
                let task = Task { consumer, connection, record, traceparent, delivery, since: Instant::now() };
                if is_firing {
                    self.act(task);
                } else {
                    self.waiting.push(task);
                }
            }
            Some(_) => self.set_aside(delivery, "refused", "the connection is not in the configuration"),
            None => self.set_aside(delivery, "undecodable", "the message on COMMANDS is no command of this version"),
        }
    }

    /// Where many rules are at work, one more comes again.
    fn act(&mut self, task: Task) {
        let (deps, config) = (self.deps.clone(), self.config);
        if self.acting.len() < MOST_ACTING {
            self.acting.spawn(async move { drop(work(config, deps, (task, true)).await) });
        } else {
            self.acting.spawn(async move { settle(&deps, task.delivery, Settlement::Nak(spread(ACTING_PAUSE))).await });
        }
    }

    fn set_aside(&mut self, delivery: Delivery, code: &'static str, text: &str) {
        let (deps, reason) = (self.deps.clone(), Reason { code, text: text.to_owned() });
        // Not a record's run: it occupies no slot of a connection.
        tokio::spawn(async move { settle(&deps, delivery, Settlement::Dead(reason)).await });
    }

    /// Starts as many runs as the limits allow.
    fn start_ready(&mut self) {
        while self.working.len() < self.config.in_flight {
            let Some(task) = self.waiting.next(self.config.in_flight_per_connection) else { return };
            let (deps, config) = (self.deps.clone(), self.config);
            self.working.spawn(work(config, deps, (task, false)));
        }
    }

    fn finished(&mut self, record: Option<(ConnectionId, RecordId)>) {
        if let Some((connection, record)) = record {
            self.waiting.release(&connection, &record);
        }
    }

    /// Finishes what is under way and gives back what waits.
    async fn wind_down(mut self) {
        self.pulls.shutdown().await;
        for task in self.waiting.drain() {
            if let Err(error) = task.delivery.nak(Duration::ZERO).await {
                tracing::debug!(error = %chain(&error), "a delivery that waited comes back after its ack time");
            }
        }
        while self.working.join_next().await.is_some() {}
        while self.acting.join_next().await.is_some() {}
    }
}

/// One run and its settlement, as the next step of the change that it belongs to.
async fn work(config: Config, deps: Deps, (task, is_firing): (Task, bool)) -> (ConnectionId, RecordId) {
    let key = (task.connection.clone(), task.record.clone());
    let message = &task.delivery.message;
    if task.delivery.deliveries == 1 {
        let waited = Timestamp::now().as_millisecond().saturating_sub(message.stored_at_ms);
        let waited = Duration::from_millis(waited.try_into().unwrap_or_default());
        deps.metrics.stage_lag("writer", message.lane.name(), waited);
    }
    let span = Span::process(&Taken {
        stream: task.consumer.stream().name(),
        consumer: task.consumer.name(),
        id: &message.id.0,
        deliveries: task.delivery.deliveries,
        traceparent: &task.traceparent,
    });
    span.concerns(task.connection.as_str(), (!is_firing).then_some(task.record.as_str()));
    // Boxed: it is large, and each wrapper would copy it.
    span.run(Box::pin(attend_and_settle(config, deps, (task, is_firing), &span))).await;
    key
}

/// Whatever happens inside, the record is given free.
async fn attend_and_settle(config: Config, deps: Deps, (task, is_firing): (Task, bool), span: &Span) {
    let half = deps.queue.settings().ack_wait / 2;
    if task.since.elapsed() > half
        && let Err(error) = task.delivery.in_progress().await
    {
        tracing::debug!(error = %chain(&error), "the ack time could not be prolonged");
    }
    let attended = attend(&config, &deps, (&task, is_firing), span);
    let settlement = match AssertUnwindSafe(Box::pin(attended)).catch_unwind().await {
        Ok(settlement) => settlement,
        Err(_) if task.delivery.deliveries >= config.max_attempts => {
            Settlement::Dead(Reason { code: "panic", text: "working on this record failed every time".to_owned() })
        }
        Err(_) => {
            tracing::error!(record.id = %task.record, "working on record {} panicked; it is tried again", task.record);
            span.failed("panic");
            Settlement::Nak(Duration::from_secs(5))
        }
    };
    span.outcome(settlement.name());
    if let Settlement::Dead(reason) = &settlement {
        span.failed(reason.code);
    }
    settle(&deps, task.delivery, settlement).await;
}

async fn attend(config: &Config, deps: &Deps, (task, is_firing): (&Task, bool), span: &Span) -> Settlement {
    let Some(connection) = deps.connections.get(&task.connection) else { return Settlement::Ack };
    if let Some(wait) = connection.pause.remaining(Instant::now()) {
        return Settlement::Nak(spread(wait));
    }
    let last = LastStatus::default();
    let caller = Caller { deps, connection, lane: task.delivery.message.lane, span, last: &last };
    match brake::is_on(&caller, &config.brake).await {
        Ok(false) => {}
        Ok(true) => return Settlement::Nak(spread(STOPPED_PAUSE)),
        Err(error) => {
            tracing::warn!(connection.id = %connection.id, error = %chain(&error), "whether the brake is on can't be read now");
            return Settlement::Nak(Duration::from_secs(1));
        }
    }
    let owner = format!("{:016x}", rand::random::<u64>());
    let worked = async {
        if is_firing {
            return firing::Rules { caller, config, id: &task.record, owner }.work().await;
        }
        let (run, rules) = (Run { owner, fresh: PerSide::default() }, connection.rules.clone());
        let (held, linked) = (Held::default(), Vec::new());
        Worker { caller, config, record: &task.record, run, held, linked, rules }.work().await
    };
    // A run may wait for slots and answers for longer than the ack time: say so now and then.
    tokio::pin!(worked);
    let pulse = deps.queue.settings().ack_wait / 2;
    loop {
        tokio::select! {
            settlement = &mut worked => return settlement,
            () = tokio::time::sleep(pulse) => {
                if let Err(error) = task.delivery.in_progress().await {
                    tracing::debug!(error = %chain(&error), "the ack time could not be prolonged");
                }
            }
        }
    }
}

async fn settle(deps: &Deps, delivery: Delivery, settlement: Settlement) {
    let id = delivery.message.id.clone();
    let is_dead = match &settlement {
        Settlement::Dead(reason) => dead_letter::store(deps, &delivery, reason).await,
        Settlement::Ack | Settlement::Nak(_) => false,
    };
    let settled = deps.metrics.timed("queue_settle", give_back(delivery, settlement, is_dead), |_| true).await;
    if let Err(error) = settled {
        tracing::warn!(command.id = %id, error = %chain(&error), "command {id} could not be settled; it comes again");
    }
}

/// A command that is dead goes once its dead letter is stored.
async fn give_back(delivery: Delivery, settlement: Settlement, is_dead: bool) -> Result<(), tandem_queue::Error> {
    match settlement {
        Settlement::Ack => delivery.ack().await,
        Settlement::Nak(delay) => delivery.nak(delay).await,
        Settlement::Dead(reason) if is_dead => delivery.term(reason.code).await,
        Settlement::Dead(_) => delivery.nak(Duration::from_secs(5)).await,
    }
}

/// What a command says.
struct Read {
    connection: ConnectionId,
    record: RecordId,
    traceparent: String,
    is_firing: bool,
}

fn read(delivery: &Delivery) -> Option<Read> {
    let Envelope { header, payload } = Envelope::decode(&delivery.message.body).ok()?;
    let Payload::Command(command) = payload else { return None };
    let record = RecordId::new(command.record_id).ok()?;
    let (connection, traceparent) = (header.connection, header.traceparent);
    Some(Read { connection, record, traceparent, is_firing: command.is_firing })
}
