//! Properties of the merge: echoes are nothing, disjoint edits commute, one-way lists keep what people put there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;
use tandem_contact::{Field, Observed, PerSide, Side, Value};
use tandem_proto::{ConnectionId, RecordId};
use tandem_reconcile::{
    ConflictPolicy, Direction, Document, FieldRule, Found, IntentKind, Note, Rules, Run, Step, adopt, begin, diff,
    external_key, is_echo, next_step, not_found, observe, probed, taken, updated,
};

fn rules(direction: Direction) -> Rules {
    let rule = FieldRule { direction, conflict: ConflictPolicy::Newest };
    Rules {
        fields: Field::ALL.into_iter().map(|field| (field, rule)).collect(),
        creates: PerSide { ghl: false, openphone: true },
        ..Rules::default()
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_776_000_000 + seconds).unwrap()
}

fn document() -> Document {
    let mut document = Document::new(ConnectionId::new("acme").unwrap(), RecordId::new("r1").unwrap(), at(0));
    for (side, id) in [(Side::Ghl, "g1"), (Side::OpenPhone, "q1")] {
        adopt(&mut document, &rules(Direction::Both), side, id, at(0));
    }
    document
}

fn tags(items: &[&str]) -> Option<Value> {
    Value::list(items.iter().map(|item| (*item).to_owned()))
}

/// Writes whatever is due to `side` and lets the provider answer with exactly that.
fn push(document: &mut Document, rules: &Rules, side: Side, now: Timestamp) -> BTreeMap<Field, Option<Value>> {
    let writes = diff(document, rules, side);
    begin(document, rules, side, (IntentKind::Update, &writes), ("run", now));
    let sent: Observed = writes.iter().map(|(field, write)| (*field, write.to.clone())).collect();
    let found = Found { id: "q1".to_owned(), observed: sent.clone(), at: Some(now) };
    updated(document, rules, side, &found, now);
    sent
}

fn value(field: Field) -> BoxedStrategy<Option<Value>> {
    if field.is_list() {
        proptest::collection::btree_set("[a-c]", 0..3).prop_map(Value::list).boxed()
    } else {
        proptest::option::of("[a-c]").prop_map(|text| text.and_then(|text| Value::text(&text))).boxed()
    }
}

fn snapshot() -> impl Strategy<Value = Observed> {
    let fields: Vec<_> =
        Field::ALL.into_iter().map(|field| value(field).prop_map(move |value| (field, value))).collect();
    fields.prop_map(|pairs| pairs.into_iter().collect())
}

proptest! {
    #[test]
    fn an_observation_equal_to_the_shadow_changes_nothing(first in snapshot(), side in prop_oneof![Just(Side::Ghl), Just(Side::OpenPhone)]) {
        let rules = rules(Direction::Both);
        let mut document = document();
        observe(&mut document, &rules, side, &first, Some(at(1)));
        let before = document.clone();
        prop_assert!(is_echo(&document, &rules, side, &first));
        prop_assert!(observe(&mut document, &rules, side, &first, Some(at(9))).is_empty());
        prop_assert_eq!(document, before);
    }

    #[test]
    fn after_a_push_nothing_is_left_to_push(a in snapshot(), b in snapshot(), c in snapshot()) {
        for direction in [Direction::Both, Direction::ToOpenPhone] {
            let rules = rules(direction);
            let mut document = document();
            observe(&mut document, &rules, Side::Ghl, &a, Some(at(1)));
            observe(&mut document, &rules, Side::OpenPhone, &b, Some(at(2)));
            push(&mut document, &rules, Side::OpenPhone, at(3));
            observe(&mut document, &rules, Side::Ghl, &c, Some(at(4)));
            push(&mut document, &rules, Side::OpenPhone, at(5));
            prop_assert!(diff(&document, &rules, Side::OpenPhone).is_empty());
        }
    }

    #[test]
    fn edits_of_different_fields_commute(a in snapshot(), name in value(Field::FirstName), company in value(Field::Company)) {
        let rules = rules(Direction::Both);
        let mut start = document();
        for side in Side::BOTH {
            observe(&mut start, &rules, side, &a, Some(at(1)));
        }
        let (name, company) = (Observed::from([(Field::FirstName, name)]), Observed::from([(Field::Company, company)]));
        let mut one = start.clone();
        observe(&mut one, &rules, Side::Ghl, &name, Some(at(5)));
        observe(&mut one, &rules, Side::OpenPhone, &company, Some(at(6)));
        let mut other = start;
        observe(&mut other, &rules, Side::OpenPhone, &company, Some(at(6)));
        observe(&mut other, &rules, Side::Ghl, &name, Some(at(5)));
        prop_assert_eq!(one.canon, other.canon);
    }

    #[test]
    fn one_way_lists_keep_the_items_people_added_there(ours in proptest::collection::btree_set("[a-e]", 0..4), theirs in proptest::collection::btree_set("[p-t]", 0..4), later in proptest::collection::btree_set("[a-e]", 0..4)) {
        let rules = rules(Direction::ToOpenPhone);
        let mut document = document();
        let seen = |items: &BTreeSet<String>| Observed::from([(Field::Phones, Value::list(items.clone()))]);
        observe(&mut document, &rules, Side::Ghl, &seen(&ours), None);
        push(&mut document, &rules, Side::OpenPhone, at(1));
        let with_theirs = ours.union(&theirs).cloned().collect();
        observe(&mut document, &rules, Side::OpenPhone, &seen(&with_theirs), None);
        observe(&mut document, &rules, Side::Ghl, &seen(&later), None);
        push(&mut document, &rules, Side::OpenPhone, at(2));
        let held = document.shadow_value(Side::OpenPhone, Field::Phones).map(Value::items).unwrap_or_default();
        prop_assert_eq!(held, later.union(&theirs).cloned().collect::<BTreeSet<_>>());
    }

    #[test]
    fn documents_survive_storage(a in snapshot(), b in snapshot()) {
        let rules = rules(Direction::Both);
        let mut document = document();
        observe(&mut document, &rules, Side::Ghl, &a, Some(at(1)));
        observe(&mut document, &rules, Side::OpenPhone, &b, Some(at(2)));
        let stored = serde_json::to_vec(&document).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Document>(&stored).unwrap(), document);
    }
}

#[test]
fn a_destination_edit_stands_until_the_source_changes_that_field() {
    let rules = rules(Direction::ToOpenPhone);
    let mut document = document();
    let name = |text: &str| Observed::from([(Field::FirstName, Value::text(text))]);
    observe(&mut document, &rules, Side::Ghl, &name("Ana"), None);
    push(&mut document, &rules, Side::OpenPhone, at(1));

    let notes = observe(&mut document, &rules, Side::OpenPhone, &name("Anita"), None);
    assert_eq!(notes, [Note::KeptThere(Field::FirstName)]);
    assert!(diff(&document, &rules, Side::OpenPhone).is_empty(), "the person's value would be overwritten");

    observe(&mut document, &rules, Side::Ghl, &name("Ana Maria"), None);
    let sent = push(&mut document, &rules, Side::OpenPhone, at(2));
    assert_eq!(sent[&Field::FirstName], Value::text("Ana Maria"));
}

#[test]
fn an_empty_source_field_erases_nothing_it_never_filled() {
    let rules = rules(Direction::ToOpenPhone);
    let mut document = document();
    observe(&mut document, &rules, Side::Ghl, &Observed::from([(Field::Company, None)]), None);
    observe(
        &mut document,
        &rules,
        Side::OpenPhone,
        &Observed::from([(Field::Company, Value::text("Typed there"))]),
        None,
    );
    assert!(diff(&document, &rules, Side::OpenPhone).is_empty());
}

#[test]
fn a_conflict_keeps_the_newer_value_and_reports_both() {
    let rules = rules(Direction::Both);
    let mut document = document();
    let name = |text: &str| Observed::from([(Field::FirstName, Value::text(text))]);
    for side in Side::BOTH {
        observe(&mut document, &rules, side, &name("Ana"), Some(at(0)));
    }
    observe(&mut document, &rules, Side::Ghl, &name("Ann"), Some(at(10)));
    let notes = observe(&mut document, &rules, Side::OpenPhone, &name("Anna"), Some(at(20)));
    let expected = Note::Conflict {
        field: Field::FirstName,
        winner: Side::OpenPhone,
        kept: Value::text("Anna"),
        lost: Value::text("Ann"),
    };
    assert_eq!(notes, [expected]);
    assert_eq!(document.canon_value(Field::FirstName), Value::text("Anna").as_ref());
}

#[test]
fn a_value_the_provider_changed_on_storing_is_not_sent_again() {
    let rules = rules(Direction::ToOpenPhone);
    let mut document = document();
    observe(&mut document, &rules, Side::Ghl, &Observed::from([(Field::Tags, tags(&["hot", "vip"]))]), None);
    let writes = diff(&document, &rules, Side::OpenPhone);
    begin(&mut document, &rules, Side::OpenPhone, (IntentKind::Update, &writes), ("run", at(1)));
    let dropped = Observed::from([(Field::Tags, tags(&["vip"]))]);
    let found = Found { id: "q1".to_owned(), observed: dropped, at: None };
    updated(&mut document, &rules, Side::OpenPhone, &found, at(2));
    assert!(diff(&document, &rules, Side::OpenPhone).is_empty(), "a dropped option would be sent for ever");
}

#[test]
fn a_worker_waits_for_a_request_that_another_one_has_under_way() {
    let rules = rules(Direction::ToOpenPhone);
    let mut document = document();
    observe(&mut document, &rules, Side::Ghl, &Observed::from([(Field::FirstName, Value::text("Ana"))]), None);
    let writes = diff(&document, &rules, Side::OpenPhone);
    begin(&mut document, &rules, Side::OpenPhone, (IntentKind::Update, &writes), ("one", at(0)));
    let other = Run { owner: "two".to_owned(), ..Run::default() };
    assert!(matches!(next_step(&document, &rules, &other, at(1)), Step::Wait { why: "in_flight_elsewhere", .. }));
    assert_eq!(next_step(&document, &rules, &other, at(3600)), Step::Settle(Side::OpenPhone));
}

#[test]
fn a_contact_that_answers_404_though_it_is_listed_is_made_again_under_another_key_a_few_times() {
    let made_again = PerSide { openphone: true, ..PerSide::default() };
    let rules = Rules { made_again, ..rules(Direction::ToOpenPhone) };
    let mut document = document();
    let mut keys = BTreeSet::from([external_key(&document, Side::OpenPhone)]);
    for time in 1..3 {
        not_found(&mut document, &rules, Side::OpenPhone, at(time));
        assert_eq!((&document.link[Side::OpenPhone], &document.parked), (&None, &None));
        // The stale one may hold the key that it was made with.
        assert!(keys.insert(external_key(&document, Side::OpenPhone)));
        adopt(&mut document, &rules, Side::OpenPhone, &format!("q{time}"), at(time));
    }
    not_found(&mut document, &rules, Side::OpenPhone, at(3));
    assert_eq!(document.parked.as_ref().map(|parked| parked.code.as_str()), Some("vanished"));
}

#[test]
fn a_key_that_is_taken_by_nobody_who_is_listed_is_not_tried_for_ever() {
    let rules = rules(Direction::ToOpenPhone);
    let mut document = document();
    let name = Observed::from([(Field::FirstName, Value::text("Ana"))]);
    observe(&mut document, &rules, Side::Ghl, &name, Some(at(1)));
    document.link[Side::OpenPhone] = None;
    let writes = diff(&document, &rules, Side::OpenPhone);
    begin(&mut document, &rules, Side::OpenPhone, (IntentKind::Create, &writes), ("run", at(2)));
    taken(&mut document, Side::OpenPhone, at(2));
    assert_eq!(
        next_step(&document, &rules, &Run { owner: "run".to_owned(), ..Run::default() }, at(3)),
        Step::Probe(Side::OpenPhone)
    );
    probed(&mut document, &rules, Side::OpenPhone, &[], at(3));
    assert_eq!(document.parked, None, "the list may be late");
    probed(&mut document, &rules, Side::OpenPhone, &[], at(1000));
    assert_eq!(document.parked.as_ref().map(|parked| parked.code.as_str()), Some("key_taken"));
}
