//! One event: decode, decide, store, publish.

mod thing;

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::{Observed, Side};
use tandem_proto::{ConnectionId, Envelope, Header, Lane, Payload, RecordId, Stream, v1};
use tandem_providers::ContactId;
use tandem_queue::{Delivery, Work};
use tandem_reconcile::{Cause, Document, Kind, Rules, adopt, hint, is_echo};
use tandem_records::{Loaded, record_id};
use tandem_store::Expected;
use tandem_telemetry::{Sent, Span, chain};

use crate::observation::{Maker, Observation, of_event};
use crate::shown::{self, Shown};
use crate::{Config, Connection, Deps, UNAVAILABLE, dead_letter, rules};

/// How a delivery is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// The record knows, and its command waits.
    Done,
    /// Nothing to do.
    Skipped,
    /// Set aside; the dead letter is stored.
    Dead { code: &'static str },
    /// Again later.
    Retry { code: &'static str },
}

impl Settlement {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "hinted",
            Self::Skipped => "skipped",
            Self::Dead { .. } => "dead",
            Self::Retry { .. } => "retry",
        }
    }
}

/// Lost races for one document before the event is given back.
const MOST_CONFLICTS: usize = 20;
/// Records that went on as another one, one after the other.
const MOST_MERGES: usize = 8;
/// After this it is known, or never will be, for whom a contact was made.
const OWN_CREATE: Duration = Duration::from_mins(5);

/// The event, unless it can't be read, and then the rules that wait for it.
pub(crate) async fn handle(
    config: &Config,
    deps: &Deps,
    (delivery, envelope): (&Delivery, Option<Envelope>),
) -> Settlement {
    let Some(envelope) = envelope else {
        return dead_letter::store(deps, delivery, "undecodable", "the message is no event of this version").await;
    };
    let settlement = observe(config, deps, (delivery, &envelope)).await;
    if !matches!(settlement, Settlement::Done | Settlement::Skipped) {
        return settlement;
    }
    let started = rules::start(config, deps, (delivery, &envelope)).await;
    if let Err(failure) = &started {
        let id = &envelope.header.id;
        tracing::warn!(event.id = %id, error = %chain(failure), "rules that wait for event {id} could not be started; it is tried again");
    }
    rules::settled(settlement, &started)
}

async fn observe(config: &Config, deps: &Deps, (delivery, envelope): (&Delivery, &Envelope)) -> Settlement {
    let Payload::Event(event) = &envelope.payload else {
        return dead_letter::store(deps, delivery, "undecodable", "the message on EVENTS is no event").await;
    };
    let Some(connection) = config.connections.get(&envelope.header.connection) else {
        return dead_letter::store(deps, delivery, "refused", "the connection is not in the configuration").await;
    };
    let side = match event.side() {
        v1::Side::Ghl => Side::Ghl,
        v1::Side::Openphone => Side::OpenPhone,
        v1::Side::Unspecified => {
            return dead_letter::store(deps, delivery, "undecodable", "the event names no side").await;
        }
    };
    match of_event(side, event, connection) {
        Observation::Skip(reason) => skip(deps, &envelope.header, reason),
        Observation::Unreadable => {
            dead_letter::store(deps, delivery, "undecodable", "the body is no event of its provider").await
        }
        Observation::Hint { side, contact, is_deleted, seen, maker } => {
            let (header, rules) = (&envelope.header, &connection.rules);
            let what = What::Contact { seen, maker };
            let news = News { header, connection, rules, side, id: contact, is_deleted, what };
            let settlement = apply(deps, &news, lane(event)).await;
            thing::after_contact(deps, connection, &news, settlement).await
        }
        Observation::Thing { kind, side, id, is_deleted, contact } => {
            let Some(rules) = connection.rules_of(kind) else {
                return skip(deps, &envelope.header, thing::do_not_travel(kind));
            };
            let (header, what) = (&envelope.header, What::Thing { kind, contact });
            apply(deps, &News { header, connection, rules, side, id, is_deleted, what }, lane(event)).await
        }
        Observation::Parts { note, count, contact } => {
            let Some(rules) = connection.rules_of(Kind::Note) else {
                return skip(deps, &envelope.header, thing::do_not_travel(Kind::Note));
            };
            let parts = thing::Parts { header: &envelope.header, connection, rules, note, count, contact };
            parts.apply(deps, lane(event)).await
        }
        Observation::Shown { side, contact, snapshot } => {
            let shown = Shown { header: &envelope.header, connection, side, contact, snapshot };
            stored(&envelope.header, || Box::pin(shown.attempt(deps, lane(event)))).await
        }
        Observation::Look(look) => {
            let header = &envelope.header;
            stored(header, || shown::look(deps, header, &look, lane(event))).await
        }
    }
}

/// What an event has to tell a record.
struct News<'a> {
    header: &'a Header,
    connection: &'a Connection,
    /// Of what it is about.
    rules: &'a Rules,
    side: Side,
    /// The provider's id of what the event is about.
    id: ContactId,
    is_deleted: bool,
    what: What,
}

/// What the event is about.
enum What {
    /// A person.
    Contact {
        /// What the contact held.
        seen: Option<Observed>,
        /// Who made it.
        maker: Maker,
    },
    /// A thing of theirs, and whose, where that is told.
    Thing { kind: Kind, contact: Option<ContactId> },
}

impl News<'_> {
    fn kind(&self) -> Kind {
        match self.what {
            What::Contact { .. } => Kind::Contact,
            What::Thing { kind, .. } => kind,
        }
    }
}

async fn apply(deps: &Deps, news: &News<'_>, lane: Lane) -> Settlement {
    stored(news.header, || attempt(deps, news, lane)).await
}

/// Tries again where somebody else was quicker.
async fn stored<F>(header: &Header, attempt: impl Fn() -> F) -> Settlement
where
    F: Future<Output = Result<Settlement, Failure>>,
{
    for _ in 0..MOST_CONFLICTS {
        match attempt().await {
            Ok(settlement) => return settlement,
            Err(Failure::Record(error)) if error.is_conflict() => {}
            Err(failure) => {
                let id = &header.id;
                tracing::warn!(event.id = %id, error = %chain(&failure), "event {id} could not be stored; it is tried again");
                return Settlement::Retry { code: UNAVAILABLE };
            }
        }
    }
    Settlement::Retry { code: "contended" }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("storing the record")]
    Record(#[from] tandem_records::Error),
    #[error("publishing the command")]
    Queue(#[from] tandem_queue::Error),
}

async fn attempt(deps: &Deps, news: &News<'_>, lane: Lane) -> Result<Settlement, Failure> {
    let now = Timestamp::now();
    let connection = &news.header.connection;
    let (record, loaded) = match &news.what {
        What::Contact { maker, .. } => resolve(deps, connection, (news.side, &news.id, maker)).await?,
        What::Thing { kind, .. } => thing::resolve(deps, connection, (*kind, news.side, &news.id)).await?,
    };
    if loaded.is_none() {
        if let What::Contact { maker, .. } = &news.what
            && is_young_create_of_ours(news.header, maker, now)
        {
            return Ok(Settlement::Retry { code: UNAVAILABLE });
        }
        if let Some(settlement) = thing::unwanted(deps, news, (&record, lane, now)).await? {
            return Ok(settlement);
        }
    }
    if let Some(reason) = needless(loaded.as_ref(), news) {
        return Ok(skip(deps, news.header, reason));
    }
    let (mut document, expected) = match loaded {
        Some(Loaded { document, revision }) => (document, Expected::Revision(revision)),
        None => (Document::new(connection.clone(), record, now).of_kind(news.kind()), Expected::Absent),
    };
    let is_new_link = document.link[news.side].is_none() && document.gone[news.side].is_none();
    if is_new_link {
        adopt(&mut document, news.rules, news.side, news.id.as_str(), now);
    }
    if let What::Thing { contact: Some(contact), .. } = &news.what {
        document.place[news.side] = Some(contact.to_string());
    }
    hint(&mut document, news.side);
    document.delete_seen[news.side] |= news.is_deleted;
    document.add_cause(&cause(news.header));
    document.dirty_since.get_or_insert(Timestamp::from_millisecond(news.header.time_ms).unwrap_or(now).min(now));
    // The save counts even where nothing changed: it makes a read that is under way lose its compare-and-set.
    let save = deps.records.save(&document, expected);
    let revision = deps.metrics.timed("store_save", save, |error| !error.is_conflict()).await?;
    if is_new_link {
        let id = news.id.as_str();
        match &news.what {
            What::Contact { .. } => deps.records.link(&document, news.side, id).await?,
            What::Thing { .. } => deps.records.link_if_new(&document, news.side, id).await?,
        }
    }
    publish(deps, news.header, &document, revision, lane).await?;
    Ok(Settlement::Done)
}

/// The contact's record and its document: the one that it is linked to, else the one that made it, else the one that is named
/// by the contact's id. A record that another one goes on with leads there.
pub(crate) async fn resolve(
    deps: &Deps,
    connection: &ConnectionId,
    (side, contact, maker): (Side, &ContactId, &Maker),
) -> Result<(RecordId, Option<Loaded>), Failure> {
    let linked = deps.records.linked(connection, side, contact.as_str()).await?;
    let record = match (linked.as_ref(), maker) {
        (Some(record), _) | (None, Maker::Record(record)) => record.clone(),
        (None, Maker::Others | Maker::Tandem) => record_id(connection, side, contact.as_str()),
    };
    let (record, loaded) = last_of(deps, connection, record).await?;
    if linked.is_none() {
        index(deps, loaded.as_ref(), (side, contact)).await?;
    }
    Ok((record, loaded))
}

/// Whoever saved the document may have been stopped before the index: then tasks and notes would never find their person.
async fn index(deps: &Deps, loaded: Option<&Loaded>, (side, id): (Side, &ContactId)) -> Result<(), Failure> {
    let Some(Loaded { document, .. }) = loaded else { return Ok(()) };
    if document.provider_id(side) == Some(id.as_str()) {
        deps.records.link_if_new(document, side, id.as_str()).await?;
    }
    Ok(())
}

/// A record that another one goes on with leads there.
async fn last_of(
    deps: &Deps,
    connection: &ConnectionId,
    mut record: RecordId,
) -> Result<(RecordId, Option<Loaded>), Failure> {
    for _ in 0..MOST_MERGES {
        let load = deps.records.load(connection, &record);
        let loaded = deps.metrics.timed("store_load", load, |_| true).await?;
        match loaded.as_ref().and_then(|loaded| loaded.document.merged_into.clone()) {
            Some(next) => record = next,
            None => return Ok((record, loaded)),
        }
    }
    let loaded = deps.records.load(connection, &record).await?;
    Ok((record, loaded))
}

/// The event, as its record remembers it.
pub(crate) fn cause(header: &Header) -> Cause {
    let at = Timestamp::from_millisecond(header.time_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    Cause { event: format!("{} {}", header.source, header.r#type), at, traceparent: header.traceparent.clone() }
}

fn age(header: &Header, now: Timestamp) -> Duration {
    let millis = now.as_millisecond().saturating_sub(header.time_ms);
    // What comes from the future is old: nobody waits for it.
    Duration::from_millis(millis.try_into().unwrap_or(u64::MAX))
}

/// GHL tells of a contact that Tandem made, but not for whom: the writer knows in a moment.
pub(crate) fn is_young_create_of_ours(header: &Header, maker: &Maker, now: Timestamp) -> bool {
    *maker == Maker::Tandem && age(header, now) < OWN_CREATE
}

/// Why the event changes nothing, if so.
fn needless(loaded: Option<&Loaded>, news: &News<'_>) -> Option<&'static str> {
    let Some(Loaded { document, .. }) = loaded else {
        return news.is_deleted.then_some("deleted_before_known");
    };
    match &news.what {
        What::Contact { seen: Some(seen), .. } => is_echo(document, news.rules, news.side, seen).then_some("echo"),
        What::Thing { kind: Kind::Note, .. } => {
            (news.is_deleted && document.gone[news.side].is_some()).then_some("gone_already")
        }
        What::Contact { seen: None, .. } | What::Thing { .. } => None,
    }
}

pub(crate) async fn publish(
    deps: &Deps,
    cause: &Header,
    document: &Document,
    revision: u64,
    lane: Lane,
) -> Result<(), tandem_queue::Error> {
    let (connection, source) = (&document.connection, "mapper");
    let (causation_id, now_ms) = (&*cause.id, Timestamp::now().as_millisecond());
    let record = &document.id;
    send(deps, Work { source, connection, record, is_firing: false, revision, lane, causation_id, now_ms }).await
}

/// Publishes a command.
pub(crate) async fn send(deps: &Deps, work: Work<'_>) -> Result<(), tandem_queue::Error> {
    let lane = work.lane;
    let mut span = None;
    let message = work.message(|id| {
        let (stream, connection) = (Stream::Commands.name(), work.connection.as_str());
        let sent = Span::send(&Sent { stream, kind: "command", lane: lane.name(), id, connection });
        span.insert(sent).trace().to_string()
    });
    let stored = deps.metrics.timed("queue_publish", deps.queue.publish(message), |_| true).await;
    if let (Err(_), Some(span)) = (&stored, &span) {
        span.failed("queue");
    }
    stored?;
    deps.metrics.command_made(lane.name());
    Ok(())
}

fn lane(event: &v1::Event) -> Lane {
    match event.lane() {
        v1::Lane::Bulk => Lane::Bulk,
        v1::Lane::Live | v1::Lane::Unspecified => Lane::Live,
    }
}

pub(crate) fn skip(deps: &Deps, header: &Header, reason: &'static str) -> Settlement {
    deps.metrics.skipped(reason);
    tracing::debug!(event.id = %header.id, connection.id = %header.connection, reason, "event {} skipped: {reason}", header.id);
    Settlement::Skipped
}
