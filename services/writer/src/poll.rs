//! What no webhook tells of is read now and then: GHL's open tasks, and the notes on `OpenPhone` contacts with something going on;
//! more seldom `OpenPhone`'s tasks, of which a webhook may have got lost. An event is made of each that is another one than before.

mod notes;
mod tasks;

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::Value as Json;
use tandem_contact::Side;
use tandem_proto::topology::event_subject;
use tandem_proto::{Envelope, Header, Lane, Payload, Stream, v1};
use tandem_queue::NewMessage;
use tandem_reconcile::Kind;
use tandem_records::{Doing, Turn};
use tandem_telemetry::{Sent, Span, chain};

use crate::call::{Caller, LastStatus, Trouble};
use crate::{Connection, Deps};

/// Whoever reads says that they still do before this is over; else somebody else begins.
const HOLD: Duration = Duration::from_mins(1);
/// Between two looks whether it is time, or whether a sweep wants it now.
const LOOK: Duration = Duration::from_secs(15);
/// So many times as long is between two readings of what webhooks tell of.
const SELDOM: u32 = 10;

/// Between two readings.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Of a location's open tasks; those of a workspace are read a tenth as often.
    pub tasks: Duration,
    /// Of the notes on contacts with something going on.
    pub notes: Duration,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the store or its index of what was read")]
    Records(#[from] tandem_records::Error),
    #[error("publishing an event")]
    Queue(#[from] tandem_queue::Error),
    #[error("{}", .0.reason())]
    Provider(Trouble),
}

/// What is read.
#[derive(Debug, Clone, Copy)]
enum What {
    /// Open ones, of this side.
    Tasks(Side),
    Notes,
}

impl What {
    const ALL: [Self; 3] = [Self::Tasks(Side::Ghl), Self::Tasks(Side::OpenPhone), Self::Notes];

    /// Where what is read of this travels to.
    fn travels(self) -> (Kind, Side) {
        match self {
            Self::Tasks(side) => (Kind::Task, side.other()),
            Self::Notes => (Kind::Note, Side::Ghl),
        }
    }

    fn doing(self) -> Doing<'static> {
        match self {
            Self::Tasks(side) => Doing::ReadTasks(side),
            Self::Notes => Doing::ReadNotes,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Tasks(Side::Ghl) => "read GHL's open tasks",
            Self::Tasks(Side::OpenPhone) => "read OpenPhone's tasks",
            Self::Notes => "read notes",
        }
    }

    fn every(self, pace: Pace) -> Duration {
        match self {
            Self::Tasks(Side::Ghl) => pace.tasks,
            // Webhooks tell of them, and this of what got lost; every task that ever was is listed.
            Self::Tasks(Side::OpenPhone) => pace.tasks * SELDOM,
            Self::Notes => pace.notes,
        }
    }
}

/// Reads what every connection keeps in step and no webhook tells of, for as long as it is polled.
pub async fn poll(pace: Pace, deps: &Deps) -> Infallible {
    let pairs = deps.connections.values().flat_map(|connection| What::ALL.map(|what| (what, connection)));
    let wanted = pairs.filter(|(what, connection)| {
        let (kind, side) = what.travels();
        connection.rules_of(kind).is_some_and(|rules| rules.writes_anything_to(side))
    });
    let each: Vec<_> = wanted.map(|(what, connection)| keep(what, what.every(pace), (deps, connection))).collect();
    drop(join_all(each).await);
    std::future::pending().await
}

async fn keep(what: What, every: Duration, (deps, connection): (&Deps, &Connection)) -> Infallible {
    loop {
        if connection.pause.remaining(std::time::Instant::now()).is_none()
            && let Err(failure) = read(what, every, (deps, connection)).await
        {
            tracing::warn!(connection.id = %connection.id, error = %chain(&failure),
                "connection {}: could not {}; it is tried again", connection.id, what.name());
        }
        // Processes that started together don't ask together for ever.
        tokio::time::sleep(every.min(LOOK).mul_f64(0.2_f64.mul_add(rand::random::<f64>(), 0.9))).await;
    }
}

async fn read(what: What, every: Duration, (deps, connection): (&Deps, &Connection)) -> Result<(), Failure> {
    let (turns, begun) = (deps.records.turns(), Timestamp::now());
    let pace = (begun, HOLD, every.mul_f64(0.9));
    let Some(mut turn) = turns.take(&connection.id, what.doing(), pace).await? else { return Ok(()) };
    let span = Span::poll(what.name());
    let last = LastStatus::default();
    let caller = Caller { deps, connection, lane: Lane::Bulk, span: &span, last: &last };
    let ours = turn.clone();
    let telling = async {
        match what {
            What::Tasks(side) => tasks::tell(&caller, side, &ours).await,
            What::Notes => notes::tell(&caller, &ours, begun).await,
        }
    };
    let mut telling = std::pin::pin!(span.run(telling));
    let told = loop {
        tokio::select! {
            told = &mut telling => break told,
            () = tokio::time::sleep(HOLD / 3) => turns.renew(&mut turn, (Timestamp::now(), HOLD)).await?,
        }
    };
    // What happens while it is read is the next reading's.
    turns.release(turn, told.is_ok().then_some(begun)).await?;
    told
}

/// News of a reading.
struct News {
    side: Side,
    /// The event's type.
    name: &'static str,
    /// Tells it from the reading's other news.
    id: String,
    contact: String,
    body: Json,
}

async fn publish(caller: &Caller<'_>, news: News, turn: &Turn) -> Result<(), tandem_queue::Error> {
    let connection = &caller.connection.id;
    let News { side, name, id, contact, body } = news;
    let mut header = Header {
        id: format!("poll:{connection}:{}:{id}", turn.round),
        source: "poll".to_owned(),
        r#type: name.to_owned(),
        time_ms: Timestamp::now().as_millisecond(),
        subject: contact.clone(),
        connection: connection.clone(),
        causation_id: String::new(),
        traceparent: String::new(),
    };
    let message_id = header.message_id();
    let span = Span::send(&Sent {
        stream: Stream::Events.name(),
        kind: "event",
        lane: Lane::Bulk.name(),
        id: &message_id.0,
        connection: connection.as_str(),
    });
    header.traceparent = span.trace().to_string();
    let wire_side = match side {
        Side::Ghl => v1::Side::Ghl,
        Side::OpenPhone => v1::Side::Openphone,
    };
    let event = v1::Event {
        side: wire_side.into(),
        provider_type: name.to_owned(),
        contact_id: contact,
        body: body.to_string().into_bytes(),
        lane: v1::Lane::Bulk.into(),
        ..v1::Event::default()
    };
    let message = NewMessage {
        stream: Stream::Events,
        lane: Lane::Bulk,
        subject: event_subject(Lane::Bulk, connection, side.name()),
        id: message_id,
        body: Envelope { header, payload: Payload::Event(event) }.encode().into(),
    };
    caller.deps.queue.publish(message).await.map(drop)
}
