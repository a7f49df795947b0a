//! GHL tells of no edit to a task (contract sheet, section 10.9): all open tasks of a location are read now and then, and an
//! event is made of each that is another one than before.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::json;
use tandem_contact::Side;
use tandem_proto::topology::event_subject;
use tandem_proto::{Envelope, Header, Lane, Payload, Stream, v1};
use tandem_providers::ghl::task::Task;
use tandem_providers::ghl::webhook::TASK_SEEN;
use tandem_queue::NewMessage;
use tandem_records::{Polls, Turn, changed, fingerprint};
use tandem_telemetry::{Sent, Span, chain};

use crate::call::{Caller, Trouble};
use crate::task::open_tasks;
use crate::{Connection, Deps};

/// A reading takes less than this, or somebody else begins one.
const HOLD: Duration = Duration::from_mins(2);

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the store or its index of tasks")]
    Records(#[from] tandem_records::Error),
    #[error("publishing an event")]
    Queue(#[from] tandem_queue::Error),
    #[error("{}", .0.reason())]
    Provider(Trouble),
}

/// Reads the open tasks of every connection that keeps tasks in step, for as long as it is polled.
pub async fn poll_tasks(every: Duration, deps: &Deps) -> Infallible {
    let with_tasks = deps.connections.values().filter(|connection| {
        connection.task_rules.as_ref().is_some_and(|rules| rules.writes_anything_to(Side::OpenPhone))
    });
    let each: Vec<_> = with_tasks.map(|connection| keep(every, deps, connection)).collect();
    drop(join_all(each).await);
    std::future::pending().await
}

async fn keep(every: Duration, deps: &Deps, connection: &Connection) -> Infallible {
    loop {
        if connection.pause.remaining(std::time::Instant::now()).is_none()
            && let Err(failure) = poll(every, deps, connection).await
        {
            tracing::warn!(connection.id = %connection.id, error = %chain(&failure),
                "the tasks of connection {} could not be read; it is tried again", connection.id);
        }
        // Processes that started together don't ask together for ever.
        tokio::time::sleep(every.mul_f64(0.2_f64.mul_add(rand::random::<f64>(), 0.9))).await;
    }
}

async fn poll(every: Duration, deps: &Deps, connection: &Connection) -> Result<(), Failure> {
    let (polls, now) = (deps.records.polls(), Timestamp::now());
    let Some(turn) = polls.take(&connection.id, (now, HOLD, every / 4 * 3)).await? else { return Ok(()) };
    let span = Span::poll("read open tasks");
    let caller = Caller { deps, connection, lane: Lane::Bulk, span: &span };
    let told = span.run(tell(&caller, &polls, &turn)).await;
    polls.release(&connection.id, turn, told.is_ok().then(Timestamp::now)).await?;
    told
}

/// Events first: a crash between the two tells the same again, under the same ids.
async fn tell(caller: &Caller<'_>, polls: &Polls, turn: &Turn) -> Result<(), Failure> {
    let connection = &caller.connection.id;
    let before = polls.seen(connection).await?;
    let tasks = open_tasks(caller).await.map_err(Failure::Provider)?;
    let now: BTreeMap<String, String> = tasks.iter().map(|(id, task)| (id.clone(), print(task))).collect();
    let changed = changed(&before, &now);
    for id in &changed {
        let contact = tasks.get(id).and_then(|task| task.contact.as_ref()).map(ToString::to_string);
        publish(caller, (id, contact), turn.round).await?;
    }
    if !changed.is_empty() {
        polls.note(connection, (&before, &now)).await?;
    }
    tracing::debug!(connection.id = %connection, count = changed.len(), "{} of {} open tasks are others than before",
        changed.len(), tasks.len());
    Ok(())
}

fn print(task: &Task) -> String {
    let due = task.due_at.map(|at| at.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let assignee = task.assignee.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default();
    let contact = task.contact.as_ref().map(ToString::to_string).unwrap_or_default();
    fingerprint(&[&text(&task.title), &text(&task.body), &due, &assignee, &contact])
}

async fn publish(
    caller: &Caller<'_>,
    (id, contact): (&str, Option<String>),
    round: u64,
) -> Result<(), tandem_queue::Error> {
    let connection = &caller.connection.id;
    let body = json!({ "type": TASK_SEEN, "id": id, "contactId": contact });
    let mut header = Header {
        id: format!("poll:{connection}:{round}:{id}"),
        source: "poll".to_owned(),
        r#type: TASK_SEEN.to_owned(),
        time_ms: Timestamp::now().as_millisecond(),
        subject: contact.clone().unwrap_or_default(),
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
    let event = v1::Event {
        side: v1::Side::Ghl.into(),
        provider_type: TASK_SEEN.to_owned(),
        contact_id: contact.unwrap_or_default(),
        body: body.to_string().into_bytes(),
        lane: v1::Lane::Bulk.into(),
        ..v1::Event::default()
    };
    let message = NewMessage {
        stream: Stream::Events,
        lane: Lane::Bulk,
        subject: event_subject(Lane::Bulk, connection, Side::Ghl.name()),
        id: message_id,
        body: Envelope { header, payload: Payload::Event(event) }.encode().into(),
    };
    caller.deps.queue.publish(message).await.map(drop)
}
