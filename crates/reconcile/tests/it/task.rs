//! Tasks: fields that travel alone, what a side fills in by itself, and what is worth making.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use tandem_contact::{Field, Observed, PerSide, Side, Value};
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::{
    COMPLETED, ConflictPolicy, DeletePolicy, Direction, Document, FieldRule, Found, IntentKind, Kind, Note, OPEN,
    Rules, Run, Step, Writes, adopt, begin, claims, created, next_step, read, unknown, updated,
};

/// As the mapping makes them, without waits.
fn rules() -> Rules {
    let rule = FieldRule { direction: Direction::Both, conflict: ConflictPolicy::Newest };
    let one = |field| BTreeSet::from([field]);
    let rewritten = BTreeSet::from([Field::TaskTitle, Field::TaskBody]);
    let aspects = vec![rewritten.clone(), one(Field::TaskDue), one(Field::TaskAssignee), one(Field::TaskStatus)];
    Rules {
        fields: Field::TASK.into_iter().map(|field| (field, rule)).collect(),
        creates: PerSide { ghl: true, openphone: true },
        deletes: PerSide { ghl: DeletePolicy::Propagate, openphone: DeletePolicy::Propagate },
        carries_all: PerSide { ghl: BTreeSet::new(), openphone: rewritten },
        alone: PerSide { ghl: Vec::new(), openphone: aspects },
        fills_in: PerSide { ghl: one(Field::TaskDue), openphone: BTreeSet::new() },
        ..Rules::default()
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_776_000_000 + seconds).unwrap()
}

fn task() -> Document {
    let (connection, id) = (ConnectionId::new("acme").unwrap(), RecordId::new("r1").unwrap());
    Document::new(connection, id, at(0)).of_kind(Kind::Task)
}

fn seen(title: &str, due: Option<&str>, status: &str) -> Observed {
    Observed::from([
        (Field::TaskTitle, Value::text(title)),
        (Field::TaskBody, None),
        (Field::TaskDue, due.and_then(Value::text)),
        (Field::TaskAssignee, None),
        (Field::TaskStatus, Value::text(status)),
    ])
}

fn found(id: &str, observed: Observed) -> Found {
    Found { id: id.to_owned(), observed, at: None }
}

/// Known on one side, and read there.
fn known(side: Side, observed: Observed) -> Document {
    let mut document = task();
    adopt(&mut document, &rules(), side, "t1", at(0));
    read(&mut document, &rules(), side, &found("t1", observed), at(0));
    document
}

fn next(document: &Document) -> Step {
    next_step(document, &rules(), &Run { owner: "run".to_owned(), fresh: PerSide::default() }, at(10))
}

fn create(document: &Document, side: Side) -> Writes {
    match next(document) {
        Step::Create(there, writes) if there == side => writes,
        step => panic!("{step:?}"),
    }
}

#[test]
fn the_time_that_a_side_needs_is_nobodys_edit_until_somebody_changes_it() {
    for is_lost in [false, true] {
        let mut document = known(Side::OpenPhone, seen("Call", None, OPEN));
        let writes = create(&document, Side::Ghl);
        assert!(!writes.contains_key(&Field::TaskDue));
        begin(&mut document, &rules(), Side::Ghl, (IntentKind::Create, &writes), ("run", at(10)));
        let answer = found("g1", seen("Call", Some("2031-01-01T23:59:59Z"), OPEN));
        if is_lost {
            unknown(&mut document, &rules(), Side::Ghl, at(11));
            tandem_reconcile::probed(&mut document, &rules(), Side::Ghl, &[answer], at(12));
        } else {
            created(&mut document, &rules(), Side::Ghl, &answer, at(11));
        }
        assert_eq!(next(&document), Step::Done("in_step"), "it came back (lost: {is_lost})");
        let edited = found("g1", seen("Call", Some("2031-05-05T09:00:00Z"), OPEN));
        let notes = read(&mut document, &rules(), Side::Ghl, &edited, at(20));
        assert_eq!(notes, [Note::Edit(Field::TaskDue)]);
        assert!(matches!(next(&document), Step::Update(Side::OpenPhone, _)));
    }
}

#[test]
fn a_write_of_unknown_outcome_turns_up_once_and_then_it_is_a_persons() {
    let open = || seen("Call", None, OPEN);
    let mut document = known(Side::Ghl, open());
    adopt(&mut document, &rules(), Side::OpenPhone, "q1", at(0));
    read(&mut document, &rules(), Side::OpenPhone, &found("q1", open()), at(0));
    let done = || found("q1", seen("Call", None, COMPLETED));
    read(&mut document, &rules(), Side::Ghl, &found("t1", seen("Call", None, COMPLETED)), at(1));
    let Step::Update(Side::OpenPhone, writes) = next(&document) else { panic!("{:?}", next(&document)) };
    begin(&mut document, &rules(), Side::OpenPhone, (IntentKind::Update, &writes), ("run", at(2)));
    unknown(&mut document, &rules(), Side::OpenPhone, at(3));
    let notes = read(&mut document, &rules(), Side::OpenPhone, &done(), at(4));
    assert_eq!(notes, [Note::OwnWrite(Field::TaskStatus)]);
    // A person opens it again, and another one completes it.
    assert_eq!(
        read(&mut document, &rules(), Side::OpenPhone, &found("q1", open()), at(5)),
        [Note::Edit(Field::TaskStatus)]
    );
    assert_eq!(read(&mut document, &rules(), Side::OpenPhone, &done(), at(6)), [Note::Edit(Field::TaskStatus)]);
    assert_eq!(document.canon_value(Field::TaskStatus), Value::text(COMPLETED).as_ref());
}

#[test]
fn what_is_done_or_says_nothing_is_not_made() {
    assert_eq!(next(&known(Side::Ghl, seen("Call", None, COMPLETED))), Step::Done("in_step"));
    assert_eq!(next(&known(Side::Ghl, seen(" ", None, OPEN))), Step::Done("in_step"));
    create(&known(Side::Ghl, seen("Call", None, OPEN)), Side::OpenPhone);
}

#[test]
fn a_task_claims_no_identity() {
    assert!(claims(&known(Side::Ghl, seen("Call", None, OPEN))).is_empty());
}

fn value(field: Field) -> BoxedStrategy<Option<Value>> {
    match field {
        Field::TaskTitle => "[a-c]".prop_map(|text| Value::text(&text)).boxed(),
        Field::TaskStatus => prop_oneof![Just(OPEN), Just(COMPLETED)].prop_map(Value::text).boxed(),
        _ => proptest::option::of("[a-c]").prop_map(|text| text.and_then(|text| Value::text(&text))).boxed(),
    }
}

fn snapshot() -> impl Strategy<Value = Observed> {
    let fields: Vec<_> =
        Field::TASK.into_iter().map(|field| value(field).prop_map(move |value| (field, value))).collect();
    fields.prop_map(|pairs| pairs.into_iter().collect())
}

proptest! {
    /// Whatever was edited in GHL arrives in as many requests as aspects changed, each with one aspect; then nothing is left.
    #[test]
    fn each_aspect_travels_in_a_request_of_its_own(first in snapshot(), second in snapshot()) {
        let mut document = known(Side::Ghl, first.clone());
        adopt(&mut document, &rules(), Side::OpenPhone, "q1", at(1));
        read(&mut document, &rules(), Side::OpenPhone, &found("q1", first), at(1));
        read(&mut document, &rules(), Side::Ghl, &found("t1", second.clone()), at(2));
        let mut sent = Vec::new();
        while let Step::Update(side, writes) = next(&document) {
            prop_assert_eq!(side, Side::OpenPhone);
            let groups = &rules().alone.openphone;
            let is_one = groups.iter().any(|group| writes.keys().all(|field| group.contains(field)));
            prop_assert!(is_one, "{:?}", writes);
            begin(&mut document, &rules(), side, (IntentKind::Update, &writes), ("run", at(3)));
            let carried: Vec<Field> = document.intent[side].as_ref().unwrap().sent.keys().copied().collect();
            let is_one = groups.iter().any(|group| carried.iter().all(|field| group.contains(field)));
            prop_assert!(is_one, "carried along: {:?}", carried);
            updated(&mut document, &rules(), side, &found("q1", Observed::new()), at(4));
            sent.push(writes);
            prop_assert!(sent.len() <= 4, "{:?}", sent);
        }
        prop_assert_eq!(next(&document), Step::Done("in_step"));
        for (field, value) in second {
            prop_assert_eq!(document.shadow_value(Side::OpenPhone, field), value.as_ref());
        }
    }
}
