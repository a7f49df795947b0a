//! Two records that a person says are one, or not.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use tandem_contact::{Field, PerSide, Side, Value};
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::{
    Canon, ConflictPolicy, Direction, Document, FieldRule, Intent, Link, Meeting, Rules, Run, Step, UNDOABLE,
    Unmergeable, Writes, begin, end_in, keep_apart, left_alone, meet, next_step, parked_with, plan_merge, take_over,
    undo_merge,
};

const FIELDS: [Field; 4] = [Field::FirstName, Field::Company, Field::Phones, Field::Tags];

fn rules() -> Rules {
    let rule = FieldRule { direction: Direction::Both, conflict: ConflictPolicy::Newest };
    Rules {
        fields: FIELDS.into_iter().map(|field| (field, rule)).collect(),
        creates: PerSide { ghl: true, openphone: true },
        claim_identity: true,
        ..Rules::default()
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_776_000_000).unwrap()
}

/// With these contacts; what is agreed is what both sides hold.
fn record(id: &str, links: [Option<&str>; 2], values: &[(Field, Option<Value>)]) -> Document {
    let (connection, id) = (ConnectionId::new("acme").unwrap(), RecordId::new(id).unwrap());
    let mut document = Document::new(connection, id, now());
    for (side, link) in Side::BOTH.into_iter().zip(links) {
        document.link[side] = link.map(|id| Link { id: id.to_owned(), since: now() });
    }
    for (field, value) in values {
        document.canon.insert(*field, Canon { value: value.clone(), side: Side::Ghl, at: None });
        for side in Side::BOTH {
            if let Some(value) = value {
                document.agreed[side].insert(*field, value.clone());
            }
        }
    }
    document
}

fn list(items: &[&str]) -> Option<Value> {
    Value::list(items.iter().map(|item| (*item).to_owned()))
}

/// Ana stands twice in GHL; the second record waits because of the first.
fn ana_twice() -> (Document, Document) {
    let first = [
        (Field::FirstName, Value::text("Ana")),
        (Field::Company, None),
        (Field::Phones, list(&["+14155550123"])),
        (Field::Tags, list(&["vip"])),
    ];
    let second = [
        (Field::FirstName, Value::text("Anna")),
        (Field::Company, Value::text("Example Plumbing")),
        (Field::Phones, list(&["+14155550123", "+14155550124"])),
        (Field::Tags, None),
    ];
    let kept = record("r1", [Some("g1"), Some("o1")], &first);
    let mut other = record("r2", [Some("g2"), None], &second);
    parked_with(&mut other, "duplicate", "the same person".to_owned(), &kept.id);
    (kept, other)
}

fn merged(take: &[Field]) -> (Document, Document) {
    let (mut kept, mut other) = ana_twice();
    let plan = plan_merge(&kept, &other, &rules(), &take.iter().copied().collect()).unwrap();
    end_in(&mut other, &kept.id, plan, now());
    take_over(&mut kept, &other, &rules(), now());
    (kept, other)
}

#[test]
fn the_record_that_goes_on_keeps_its_values_and_gets_what_it_lacked() {
    let (kept, other) = merged(&[]);
    assert_eq!(kept.canon_value(Field::FirstName), Value::text("Ana").as_ref());
    assert_eq!(kept.canon_value(Field::Company), Value::text("Example Plumbing").as_ref());
    assert_eq!(kept.canon_value(Field::Phones), list(&["+14155550123", "+14155550124"]).as_ref());
    assert_eq!(kept.canon_value(Field::Tags), list(&["vip"]).as_ref());
    assert_eq!(other.merged_into.as_ref(), Some(&kept.id));
    assert_eq!(left_alone(&other, &kept), PerSide { ghl: Some("g2".to_owned()), openphone: None });
    // What is new is written to both sides, and nothing else is.
    let Step::Claim(claims) = next_step(&kept, &rules(), &Run::default(), now()) else { panic!("no claim") };
    assert!(claims.add.contains("phone:+14155550124"));
    let mut kept = kept;
    kept.claims = claims.add;
    let Step::Update(Side::Ghl, writes) = next_step(&kept, &rules(), &Run::default(), now()) else { panic!() };
    assert_eq!(writes.keys().copied().collect::<Vec<_>>(), [Field::Company, Field::Phones]);
}

#[test]
fn a_field_is_taken_from_the_record_that_ends_where_a_person_says_so() {
    let (kept, _) = merged(&[Field::FirstName]);
    assert_eq!(kept.canon_value(Field::FirstName), Value::text("Anna").as_ref());
}

#[test]
fn contacts_of_the_record_that_ends_are_taken_over_where_the_other_has_none_and_go_back() {
    let mut kept = record("r1", [Some("g1"), None], &[(Field::FirstName, Value::text("Ana"))]);
    let mut other = record("r2", [None, Some("o2")], &[(Field::FirstName, Value::text("Ana"))]);
    let plan = plan_merge(&kept, &other, &rules(), &BTreeSet::new()).unwrap();
    assert!(plan.is_empty(), "{plan:?}");
    end_in(&mut other, &kept.id, plan, now());
    take_over(&mut kept, &other, &rules(), now());
    assert_eq!(kept.provider_id(Side::OpenPhone), Some("o2"));
    assert_eq!(left_alone(&other, &kept), PerSide::default());
    undo_merge(&mut kept, &mut other, now()).unwrap();
    assert_eq!((kept.provider_id(Side::Ghl), kept.provider_id(Side::OpenPhone)), (Some("g1"), None));
    assert_eq!((other.provider_id(Side::OpenPhone), other.hint.openphone), (Some("o2"), true));
}

#[test]
fn a_merge_that_broke_off_is_gone_on_with_and_once_more_changes_nothing() {
    let (kept, other) = merged(&[]);
    let mut again = kept.clone();
    take_over(&mut again, &other, &rules(), now());
    assert_eq!(again, kept);
}

#[test]
fn taken_back_both_are_as_before_but_for_what_people_changed_since_and_stay_apart() {
    let (mut kept, mut other) = merged(&[Field::FirstName]);
    let edited = Canon { value: Value::text("Example Roofing"), side: Side::Ghl, at: None };
    kept.canon.insert(Field::Company, edited);
    let added = Canon { value: list(&["+14155550123", "+14155550124", "+14155550199"]), side: Side::Ghl, at: None };
    kept.canon.insert(Field::Phones, added);
    let stay = undo_merge(&mut kept, &mut other, now() + Duration::from_hours(24)).unwrap();
    assert_eq!(stay, BTreeSet::from([Field::Company]));
    assert_eq!(kept.canon_value(Field::FirstName), Value::text("Ana").as_ref());
    assert_eq!(kept.canon_value(Field::Company), Value::text("Example Roofing").as_ref());
    assert_eq!(kept.canon_value(Field::Phones), list(&["+14155550123", "+14155550199"]).as_ref());
    assert_eq!((&other.merged_into, &other.merge, &other.parked), (&None, &None, &None));
    assert_eq!(meet(&other, &kept, "phone:+14155550123"), Meeting::Separate);
    assert_eq!(meet(&kept, &other, "phone:+14155550123"), Meeting::Separate);
    assert_eq!(undo_merge(&mut kept, &mut other, now()), Err(Unmergeable::NotMerged));
}

#[test]
fn a_merge_can_be_taken_back_for_thirty_days() {
    let (mut kept, mut other) = merged(&[]);
    let late = now() + UNDOABLE + Duration::from_secs(1);
    assert_eq!(undo_merge(&mut kept, &mut other, late), Err(Unmergeable::TooOld));
    assert!(undo_merge(&mut kept, &mut other, now() + UNDOABLE).is_ok());
}

#[test]
fn what_is_kept_apart_waits_no_longer_and_what_waits_for_others_still_does() {
    let (mut kept, mut other) = ana_twice();
    assert_eq!(meet(&other, &kept, "phone:+14155550123"), Meeting::Separate, "the names don't agree");
    let mut third = record("r3", [Some("g3"), None], &[(Field::FirstName, Value::text("Ana"))]);
    parked_with(&mut third, "duplicate", "the same person".to_owned(), &other.id);
    assert_eq!(meet(&third, &kept, "phone:+14155550123"), Meeting::Duplicate);
    keep_apart(&mut third, &mut kept, now());
    assert_eq!(meet(&third, &kept, "phone:+14155550123"), Meeting::Separate);
    assert!(third.parked.is_some(), "it waits because of somebody else");
    keep_apart(&mut third, &mut other, now());
    assert_eq!(third.parked, None);
}

#[test]
fn what_is_under_way_gone_or_ended_is_not_merged() {
    let (kept, other) = ana_twice();
    let plan = |kept: &Document, other: &Document| plan_merge(kept, other, &rules(), &BTreeSet::new()).err();
    assert_eq!(plan(&kept, &kept), Some(Unmergeable::Itself));
    let mut gone = other.clone();
    gone.gone.ghl = Some(now());
    assert_eq!(plan(&kept, &gone), Some(Unmergeable::Gone));
    let mut writing = kept.clone();
    begin(&mut writing, &rules(), Side::Ghl, (tandem_reconcile::IntentKind::Update, &Writes::new()), ("me", now()));
    assert!(writing.intent.ghl.as_ref().is_some_and(|intent: &Intent| intent.owner == "me"));
    assert_eq!(plan(&writing, &other), Some(Unmergeable::UnderWay));
    let (kept, ended) = merged(&[]);
    assert_eq!(plan(&kept, &ended), Some(Unmergeable::Ended));
}

fn value(field: Field) -> BoxedStrategy<Option<Value>> {
    if field.is_list() {
        let items = prop::collection::btree_set("[a-d]", 0..3);
        return items.prop_map(|items| Value::list(items.into_iter().map(|item| format!("+1415555010{item}")))).boxed();
    }
    prop::option::of("[A-C]").prop_map(|text| text.as_deref().and_then(Value::text)).boxed()
}

fn values() -> impl Strategy<Value = Vec<(Field, Option<Value>)>> {
    FIELDS.map(|field| value(field).prop_map(move |value| (field, value))).to_vec()
}

proptest! {
    #[test]
    fn a_merge_loses_no_item_and_taken_back_at_once_leaves_no_trace(
        (first, second) in (values(), values()),
        take in prop::collection::btree_set(prop::sample::select(FIELDS.to_vec()), 0..3),
    ) {
        let before = record("r1", [Some("g1"), Some("o1")], &first);
        let (mut kept, mut other) = (before.clone(), record("r2", [Some("g2"), Some("o2")], &second));
        let plan = plan_merge(&kept, &other, &rules(), &take).unwrap();
        end_in(&mut other, &before.id, plan, now());
        take_over(&mut kept, &other, &rules(), now());
        for field in FIELDS {
            let is_empty = before.canon_value(field).is_none() && other.canon_value(field).is_none();
            prop_assert_eq!(kept.canon_value(field).is_none(), is_empty);
            if field.is_list() {
                let items = |document: &Document| document.canon_value(field).map(Value::items).unwrap_or_default();
                prop_assert_eq!(items(&kept), &items(&before) | &items(&other));
            }
        }
        prop_assert_eq!(undo_merge(&mut kept, &mut other, now()), Ok(BTreeSet::new()));
        for field in FIELDS {
            prop_assert_eq!(kept.canon_value(field), before.canon_value(field));
        }
        prop_assert_eq!(kept.link, before.link);
    }
}
