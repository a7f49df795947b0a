//! Notes: what is worth making, what a delete does, and parts that come back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tandem_contact::{Field, Observed, PerSide, Side, Value};
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::{
    ConflictPolicy, DeletePolicy, Direction, Document, FieldRule, Found, IntentKind, Kind, Rules, Run, Step, Writes,
    adopt, begin, claims, created, deleted, hint, next_step, not_found, read, returned,
};

/// As the mapping makes them, without waits.
fn rules() -> Rules {
    let rule = FieldRule { direction: Direction::Both, conflict: ConflictPolicy::Newest };
    Rules {
        fields: BTreeMap::from([(Field::NoteText, rule)]),
        creates: PerSide { ghl: true, openphone: true },
        deletes: PerSide { ghl: DeletePolicy::Propagate, openphone: DeletePolicy::Propagate },
        ..Rules::default()
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_776_000_000).unwrap()
}

fn found(id: &str, text: &str) -> Found {
    Found { id: id.to_owned(), observed: Observed::from([(Field::NoteText, Value::text(text))]), at: None }
}

/// Known in GHL, and read there.
fn known(text: &str) -> Document {
    let (connection, id) = (ConnectionId::new("acme").unwrap(), RecordId::new("r1").unwrap());
    let mut document = Document::new(connection, id, now()).of_kind(Kind::Note);
    adopt(&mut document, &rules(), Side::Ghl, "n1~2", now());
    read(&mut document, &rules(), Side::Ghl, &found("n1~2", text), now());
    document
}

fn step(document: &Document) -> Step {
    next_step(document, &rules(), &Run::default(), now())
}

fn make(document: &mut Document, id: &str) -> Writes {
    let Step::Create(Side::OpenPhone, writes) = step(document) else { panic!("{:?}", step(document)) };
    begin(document, &rules(), Side::OpenPhone, (IntentKind::Create, &writes), ("w1", now()));
    created(document, &rules(), Side::OpenPhone, &found(id, "Part"), now());
    writes
}

#[test]
fn a_note_is_made_where_it_says_something_and_claims_nobody() {
    let empty = known(" ");
    assert_eq!(step(&empty), Step::Done("in_step"));
    let mut document = known("Part");
    let writes = make(&mut document, "N1");
    assert_eq!(writes[&Field::NoteText].to, Value::text("Part"));
    assert_eq!(step(&document), Step::Done("in_step"));
    assert!(claims(&document).is_empty());
}

#[test]
fn a_part_that_is_no_more_is_deleted_and_made_anew_when_it_is_back() {
    let mut document = known("Part");
    make(&mut document, "N1");
    not_found(&mut document, &rules(), Side::Ghl, now());
    assert_eq!(step(&document), Step::Delete(Side::OpenPhone));
    deleted(&mut document, Side::OpenPhone, now());
    assert_eq!(step(&document), Step::Done("deleted"));
    hint(&mut document, Side::Ghl);
    assert_eq!(step(&document), Step::Read(Side::Ghl));
    returned(&mut document, Side::Ghl);
    read(&mut document, &rules(), Side::Ghl, &found("n1~2", "Part"), now());
    make(&mut document, "N2");
    assert_eq!(document.provider_id(Side::OpenPhone), Some("N2"));
    assert_eq!(step(&document), Step::Done("in_step"));
}

#[test]
fn a_part_that_a_person_deleted_over_there_does_not_come_back_by_itself() {
    let mut document = known("Part");
    make(&mut document, "N1");
    not_found(&mut document, &rules(), Side::OpenPhone, now());
    hint(&mut document, Side::Ghl);
    returned(&mut document, Side::Ghl);
    read(&mut document, &rules(), Side::Ghl, &found("n1~2", "Part"), now());
    assert_eq!(step(&document), Step::Delete(Side::Ghl));
}
