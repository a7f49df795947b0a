//! Documents made by the functions that make them in earnest.

use std::time::Duration;

use tandem_contact::Observed;
use tandem_mapping::Mapping;
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::{Found, adopt, at_rest, failed, hint, not_found, parked, read};

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn rules() -> Rules {
    Mapping::default().rules(PerSide::default())
}

fn observed(first: &str) -> Observed {
    let phones = Value::list(["+14155550123".to_owned()]);
    Observed::from([(Field::FirstName, Value::text(first)), (Field::Phones, phones)])
}

fn see(document: &mut Document, side: Side, first: &str) {
    let found = Found { id: format!("{side}1"), observed: observed(first), at: None };
    read(document, &rules(), side, &found, NOW);
}

/// Known in GHL, and read there.
fn document() -> Document {
    let (connection, id) = (ConnectionId::new("acme").unwrap(), RecordId::new("r1").unwrap());
    let mut document = Document::new(connection, id, NOW);
    adopt(&mut document, &rules(), Side::Ghl, "g1", NOW);
    document.dirty_since = Some(NOW);
    see(&mut document, Side::Ghl, "Ana");
    document.claims.insert("phone:+14155550123".to_owned());
    document
}

fn whole() -> Document {
    let mut document = document();
    adopt(&mut document, &rules(), Side::OpenPhone, "o1", NOW);
    see(&mut document, Side::OpenPhone, "Ana");
    at_rest(&mut document);
    document
}

fn told(document: &Document) -> String {
    stands(document, Some(&rules()), (&Brake::default(), NOW)).join("\n")
}

#[test]
fn what_is_in_step_has_nothing_in_its_way() {
    let document = whole();
    assert_eq!(told(&document), "");
    let fields = fields(&document, Some(&rules()));
    assert_eq!(fields.len(), 2);
    assert!(fields.iter().all(|field| field.state == "in step" && field.is_known.openphone), "{fields:?}");
}

#[test]
fn what_comes_next_is_told_with_its_fields() {
    let mut document = document();
    assert_eq!(told(&document), "it is going to be made in OpenPhone: first_name, phones");
    let states: Vec<String> = fields(&document, Some(&rules())).into_iter().map(|field| field.state).collect();
    assert_eq!(states, [r#"goes to OpenPhone as "Ana""#, "goes to OpenPhone as +14155550123"]);
    hint(&mut document, Side::Ghl);
    assert!(told(&document).starts_with("it is going to be read in GoHighLevel, as something happened there at 1970"));
    document.hint = PerSide::default();
    failed(&mut document, NOW + Duration::from_mins(1));
    assert_eq!(told(&document), "it failed 1 times in a row and is tried again at 1970-01-01 00:01:00 UTC");
}

#[test]
fn what_people_have_to_do_is_told() {
    let mut waiting = whole();
    parked(&mut waiting, "refused", "OpenPhone says: too long".to_owned());
    assert_eq!(told(&waiting), "it waits for a person: OpenPhone says: too long");
    let mut held = whole();
    held.held.insert(Field::FirstName, Held::Conflict);
    assert!(told(&held).contains("tandem conflicts list"));
    let mut brake = Brake::default();
    brake.stopped = Some(NOW);
    assert!(stands(&whole(), Some(&rules()), (&brake, NOW)).join("").contains("tandem resume acme"));
}

#[test]
fn what_stays_on_one_side_says_why() {
    let one_sided = Rules { creates: PerSide { ghl: true, openphone: false }, ..rules() };
    let stays = stands(&document(), Some(&one_sided), (&Brake::default(), NOW)).join("\n");
    assert_eq!(
        stays,
        "there is no such contact in OpenPhone: the mapping says that none is made in OpenPhone (`creates`)"
    );
    let mut gone = whole();
    not_found(&mut gone, &rules(), Side::Ghl, NOW);
    assert!(told(&gone).contains("the one in OpenPhone stays and is kept in step no more"), "{}", told(&gone));
    let mut merged = whole();
    merged.merged_into = Some(RecordId::new("r2").unwrap());
    assert_eq!(told(&merged), "it is the same contact as record r2, which goes on with it");
    assert_eq!(stands(&whole(), None, (&Brake::default(), NOW)), ["the mapping says that contacts don't travel"]);
}
