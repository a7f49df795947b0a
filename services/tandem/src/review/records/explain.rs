//! Why a record is where it is, told from its document alone.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tandem_contact::{Field, PerSide, Side, Value};
use tandem_reconcile::{
    Brake, DeletePolicy, Document, Held, Intent, IntentKind, Kind, Rules, Run, Step, Writes, diff, next_step,
};

use super::FieldShown;

/// What is left to do, or stands in the way, in sentences; none where nothing is.
pub(super) fn stands(document: &Document, rules: Option<&Rules>, (brake, now): (&Brake, Timestamp)) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(other) = &document.merged_into {
        all.push(format!("it is the same {} as record {other}, which goes on with it", document.kind.name()));
        return all;
    }
    let Some(rules) = rules else {
        all.push(format!("the mapping says that {}s don't travel", document.kind.name()));
        return all;
    };
    if let Some(since) = brake.stopped {
        let (since, connection) = (moment(since), &document.connection);
        all.push(format!(
            "the connection was stopped at {since}, because too many records would have been deleted or overwritten: see \
             what that was, then `tandem resume {connection}`"
        ));
    }
    all.extend(Side::BOTH.into_iter().filter_map(|side| gone(document, rules, side)));
    if let Some(parked) = &document.parked {
        all.push(format!("it waits for a person: {}", parked.reason));
    }
    all.extend(Side::BOTH.into_iter().filter_map(|side| {
        let intent = document.intent[side].as_ref()?;
        Some(under_way(intent, side, now))
    }));
    if rules.is_left_out && Side::BOTH.iter().all(|side| document.link[*side].is_some()) {
        all.push("the mapping's `filter` leaves it out: it is read, and nothing is written".to_owned());
    }
    all.extend(next(document, rules, now));
    all.extend(document.held.iter().map(|(field, held)| waits(*field, *held)));
    for side in Side::BOTH {
        all.extend(document.refused[side].keys().map(|field| {
            let (field, side) = (field.name(), name(side));
            format!("{side} has refused its {field}: change the value")
        }));
    }
    all
}

/// A side that has it no more.
fn gone(document: &Document, rules: &Rules, side: Side) -> Option<String> {
    let at = moment(document.gone[side]?);
    let (here, there, kind) = (name(side), name(side.other()), document.kind.name());
    let left = document.link[side.other()].is_some() && document.gone[side.other()].is_none();
    let what = match rules.deletes[side] {
        _ if !left => return Some(format!("the {kind} is gone from {here} (seen at {at}), and nowhere else")),
        DeletePolicy::Ignore => format!("the one in {there} stays and is kept in step no more"),
        DeletePolicy::Archive => format!("the one in {there} gets the tag `archived` and is kept in step no more"),
        DeletePolicy::Propagate => format!("the one in {there} is deleted too"),
    };
    Some(format!("the {kind} is gone from {here} (seen at {at}): {what}, as the mapping's `deletes` say"))
}

fn under_way(intent: &Intent, side: Side, now: Timestamp) -> String {
    let (side, verb) = (name(side), verb(intent.kind));
    if !intent.is_unknown && now < intent.settle_at {
        return format!("it is being {verb} in {side} right now");
    }
    format!(
        "a request that {verb} it in {side} was not answered: whether it took effect is looked up before anything is repeated"
    )
}

/// What comes next, where something does.
fn next(document: &Document, rules: &Rules, now: Timestamp) -> Vec<String> {
    // What is looked into or waits for a person was told of.
    let is_told = document.parked.is_some() || Side::BOTH.iter().any(|side| document.intent[*side].is_some());
    let is_over = Side::BOTH.iter().any(|side| document.gone[*side].is_some());
    match next_step(document, rules, &Run::default(), now) {
        _ if is_told => Vec::new(),
        Step::Wait { until, why } => vec![wait(document, until, why)],
        Step::Read(side) => {
            let reason = match (document.hint[side], document.dirty_since) {
                (true, Some(since)) => format!("something happened there at {}", moment(since)),
                (true, None) => "it has not been looked at there yet".to_owned(),
                (false, _) => format!("it is about to be written there: {}", fields_of(&diff(document, rules, side))),
            };
            vec![format!("it is going to be read in {}, as {reason}", name(side))]
        }
        Step::Create(side, writes) => {
            vec![format!("it is going to be made in {}: {}", name(side), fields_of(&writes))]
        }
        Step::Update(side, writes) => {
            vec![format!("it is going to be written in {}: {}", name(side), fields_of(&writes))]
        }
        Step::Delete(side) => vec![format!("it is going to be deleted in {}", name(side))],
        Step::Claim(_) | Step::Wake => {
            vec!["it is about to be compared with others who have the same number, email or name".to_owned()]
        }
        Step::Settle(_) | Step::Probe(_) | Step::Park => Vec::new(),
        Step::Done(_) if is_over => Vec::new(),
        Step::Done(_) => Side::BOTH.into_iter().filter_map(|side| not_across(document, rules, side)).collect(),
    }
}

fn wait(document: &Document, until: Timestamp, why: &str) -> String {
    let until = moment(until);
    match why {
        "backoff" => format!("it failed {} times in a row and is tried again at {until}", document.attempts),
        "first_create" => {
            format!("GoHighLevel allows duplicates here, so it is looked up once more before it is made, at {until}")
        }
        _ => format!("it waits until {until}"),
    }
}

/// Why a side has none of it, where nothing is to be done about that.
fn not_across(document: &Document, rules: &Rules, side: Side) -> Option<String> {
    if document.link[side].is_some() || document.link[side.other()].is_none() {
        return None;
    }
    let (here, kind) = (name(side), document.kind.name());
    let reason = if rules.is_left_out {
        "the mapping's `filter` leaves it out".to_owned()
    } else if !rules.writes_anything_to(side) {
        format!("nothing travels to {here}, as the mapping says")
    } else if !rules.creates[side] {
        format!("the mapping says that none is made in {here} (`creates`)")
    } else {
        match document.kind {
            Kind::Contact => "nothing in it names a person: no name, company, phone or email that is mapped".to_owned(),
            Kind::Task => {
                "it is done already, has no title, or its person is not on both sides; a sweep looks again".to_owned()
            }
            Kind::Note => "it says nothing, or its person is not on both sides; a sweep looks again".to_owned(),
        }
    };
    Some(format!("there is no such {kind} in {here}: {reason}"))
}

fn waits(field: Field, held: Held) -> String {
    let field = field.name();
    match held {
        Held::Conflict => format!(
            "both sides changed its {field}, and the mapping leaves the choice to a person: see `tandem conflicts list`"
        ),
        Held::Oscillation => {
            format!(
                "its {field} went back and forth, as one side rewrites what it is given: see `tandem conflicts list`"
            )
        }
    }
}

/// Every field that either side is known to hold, or that is agreed.
pub(super) fn fields(document: &Document, rules: Option<&Rules>) -> Vec<FieldShown> {
    let seen = Side::BOTH.iter().flat_map(|side| document.shadow[*side].keys());
    let all: BTreeSet<Field> = seen.chain(document.canon.keys()).copied().collect();
    let behind = |side| rules.map(|rules| diff(document, rules, side)).unwrap_or_default();
    let behind = PerSide { ghl: behind(Side::Ghl), openphone: behind(Side::OpenPhone) };
    all.into_iter().map(|field| shown(document, rules, field, &behind)).collect()
}

fn shown(document: &Document, rules: Option<&Rules>, field: Field, behind: &PerSide<Writes>) -> FieldShown {
    let value = |side: Side| document.shadow_value(side, field).cloned();
    let is_known = |side: Side| document.shadow[side].contains_key(&field);
    let agreed = document.canon.get(&field);
    FieldShown {
        field,
        values: PerSide { ghl: value(Side::Ghl), openphone: value(Side::OpenPhone) },
        is_known: PerSide { ghl: is_known(Side::Ghl), openphone: is_known(Side::OpenPhone) },
        from: agreed.map(|agreed| agreed.side),
        at: agreed.and_then(|agreed| agreed.at),
        state: state(document, rules, field, behind),
    }
}

fn state(document: &Document, rules: Option<&Rules>, field: Field, behind: &PerSide<Writes>) -> String {
    let Some(rules) = rules.filter(|rules| rules.fields.contains_key(&field)) else { return "not mapped".to_owned() };
    if document.held.contains_key(&field) {
        return "waits for a person".to_owned();
    }
    if rules.is_left_out || rules.held_back.contains(&field) {
        let why = if rules.is_left_out { "filter" } else { "when" };
        return format!("left alone, as the mapping's `{why}` doesn't hold");
    }
    if let Some(side) = Side::BOTH.into_iter().find(|side| document.refused[*side].contains_key(&field)) {
        return format!("refused by {}", name(side));
    }
    let to = Side::BOTH.into_iter().find_map(|side| Some((side, behind[side].get(&field)?)));
    if let Some((side, write)) = to {
        return format!("goes to {} as {}", name(side), value(write.to.as_ref()));
    }
    let one_way = Side::BOTH.into_iter().find(|side| !rules.writes_to(field, *side));
    match one_way {
        _ if document.shadow_value(Side::Ghl, field) == document.shadow_value(Side::OpenPhone, field) => {
            "in step".to_owned()
        }
        Some(side) => format!("in step as far as it travels: to {} only", name(side.other())),
        None => "in step as far as both sides can hold it".to_owned(),
    }
}

/// For people; never for logs.
pub(super) fn value(value: Option<&Value>) -> String {
    match value {
        None => "(empty)".to_owned(),
        Some(Value::Text(text)) => format!("{text:?}"),
        Some(Value::List(items)) => items.iter().cloned().collect::<Vec<_>>().join(", "),
    }
}

fn fields_of(writes: &Writes) -> String {
    writes.keys().map(|field| field.name()).collect::<Vec<_>>().join(", ")
}

fn verb(kind: IntentKind) -> &'static str {
    match kind {
        IntentKind::Create => "made",
        IntentKind::Update => "changed",
        IntentKind::Delete => "deleted",
    }
}

pub(super) fn name(side: Side) -> &'static str {
    match side {
        Side::Ghl => "GoHighLevel",
        Side::OpenPhone => "OpenPhone",
    }
}

pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests;
