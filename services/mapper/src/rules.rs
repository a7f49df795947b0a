//! Rules that wait for an event: each is started once per event, however often the event comes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;
use tandem_catalog::{Event, Fact, Whom};
use tandem_contact::{PerSide, Side, Value, phone};
use tandem_mapping::{Firing, Rule};
use tandem_proto::{Envelope, Header, Lane, Payload, RecordId, v1};
use tandem_providers::openphone::webhook::bare_id;
use tandem_queue::{Delivery, Work};
use tandem_reconcile::phone_key;
use tandem_records::firing_id;

use crate::handle::{Failure, Settlement, send};
use crate::{Config, Connection, Deps};

/// Starts the rules that wait for the event, once it is handled itself: whoever it is about is known then.
pub(crate) async fn start(
    config: &Config,
    deps: &Deps,
    (delivery, envelope): (&Delivery, &Envelope),
) -> Result<(), Failure> {
    let Payload::Event(event) = &envelope.payload else { return Ok(()) };
    let Some(connection) = config.connections.get(&envelope.header.connection) else { return Ok(()) };
    if event.origin() == v1::Origin::Scan {
        return Ok(());
    }
    let side = if event.side() == v1::Side::Ghl { Side::Ghl } else { Side::OpenPhone };
    let waits = |rule: &&Rule| {
        rule.when.event().is_some_and(|waited| waited.side == side && waited.kind() == event.provider_type)
    };
    let rules: Vec<&Rule> = connection.mapping.rules.iter().filter(waits).collect();
    let Some(waited) = rules.first().and_then(|rule| rule.when.event()) else { return Ok(()) };
    let body: Json = serde_json::from_slice(&event.body).unwrap_or_default();
    let about = whom(connection, deps, (&envelope.header, waited, &body)).await?;
    for rule in rules {
        let firing = firing(&envelope.header, rule, (waited, &body), about.clone());
        begin(deps, &envelope.header, &firing, delivery.message.lane).await?;
    }
    Ok(())
}

/// Whom an event is about, as far as anybody knows.
#[derive(Default, Clone)]
struct About {
    record: Option<RecordId>,
    contact: PerSide<Option<String>>,
    /// The number of somebody whom nobody knows.
    caller: Option<String>,
}

async fn whom(
    connection: &Connection,
    deps: &Deps,
    (header, event, body): (&Header, &Event, &Json),
) -> Result<About, Failure> {
    match event.whom {
        Whom::Nobody => Ok(About::default()),
        Whom::Id(at) => {
            let id = body.pointer(at).and_then(Json::as_str);
            by_id(deps, (header, event.side), id.into_iter().collect()).await
        }
        Whom::Phone(places) => {
            // OpenPhone says whom it takes for it; several people may share a number.
            let told: Vec<String> = body.pointer(MATCHED).map(texts).unwrap_or_default();
            let about = by_id(deps, (header, event.side), told.iter().map(String::as_str).collect()).await?;
            if about.record.is_some() {
                return Ok(about);
            }
            by_number(connection, deps, header, places.iter().filter_map(|at| body.pointer(at)).flat_map(texts)).await
        }
    }
}

/// The contacts that `OpenPhone` has found for a call or a message (contract sheet, section 9.3).
const MATCHED: &str = "/data/context/contacts/ids";

async fn by_id(deps: &Deps, (header, side): (&Header, Side), ids: Vec<&str>) -> Result<About, Failure> {
    let mut about = About::default();
    for id in ids {
        let id = if side == Side::OpenPhone { bare_id(id) } else { id };
        about.record = deps.records.linked(&header.connection, side, id).await?;
        about.contact[side] = Some(id.to_owned());
        if about.record.is_some() {
            break;
        }
    }
    Ok(about)
}

async fn by_number(
    connection: &Connection,
    deps: &Deps,
    header: &Header,
    numbers: impl Iterator<Item = String>,
) -> Result<About, Failure> {
    let mut about = About::default();
    let country = &connection.mapping.default_country;
    for number in numbers.filter_map(|number| phone::normal(&number, country)) {
        about.record = deps.records.holder(&header.connection, &phone_key(&number)).await?;
        if about.record.is_some() {
            about.caller = None;
            break;
        }
        about.caller.get_or_insert(number);
    }
    Ok(about)
}

fn firing(header: &Header, rule: &Rule, (event, body): (&Event, &Json), about: About) -> Firing {
    let facts: BTreeMap<String, Value> =
        event.facts.iter().filter_map(|fact| Some((fact.name.to_owned(), told(fact, body)?))).collect();
    let id = firing_id(&header.connection, &rule.name, cause(header, event, body));
    let at = Timestamp::from_millisecond(header.time_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let About { record, contact, caller } = about;
    let new = Firing::new(id, &header.connection, (&rule.name, &rule.when.spelled()), at);
    Firing { record, contact, caller, facts, ..new }
}

/// What tells the event from others: `OpenPhone` delivers one event to several webhooks under ids of their own (contract sheet,
/// section 9.3).
fn cause<'a>(header: &'a Header, event: &Event, body: &'a Json) -> &'a str {
    let shared = body.get("id").and_then(Json::as_str).filter(|_| event.side == Side::OpenPhone);
    shared.unwrap_or(&header.id)
}

fn told(fact: &Fact, body: &Json) -> Option<Value> {
    let told: Vec<String> = fact.found(body).into_iter().flat_map(texts).collect();
    if fact.is_list { Value::list(told) } else { Value::text(&told.join("\n")) }
}

/// Texts, numbers, and true and false are told as texts.
fn texts(value: &Json) -> Vec<String> {
    match value {
        Json::String(text) => vec![text.clone()],
        Json::Number(number) => vec![number.to_string()],
        Json::Bool(flag) => vec![flag.to_string()],
        Json::Array(items) => items.iter().flat_map(texts).collect(),
        Json::Null | Json::Object(_) => Vec::new(),
    }
}

async fn begin(deps: &Deps, cause: &Header, firing: &Firing, lane: Lane) -> Result<(), Failure> {
    let Some(revision) = deps.records.firings().begin(firing).await? else { return Ok(()) };
    let (source, record, connection) = ("mapper", &firing.id, &firing.connection);
    let (causation_id, now_ms) = (&*cause.id, Timestamp::now().as_millisecond());
    let work = Work { source, connection, record, is_firing: true, revision, lane, causation_id, now_ms };
    Ok(send(deps, work).await?)
}

/// How an event is settled whose rules could not be started.
pub(crate) fn settled(settlement: Settlement, started: &Result<(), Failure>) -> Settlement {
    match started {
        Ok(()) => settlement,
        Err(_) => Settlement::Retry { code: crate::UNAVAILABLE },
    }
}
