use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use tandem_proto::ConnectionId;
use tandem_reconcile::{Direction, FieldRule};
use tandem_service::config::{GhlConnection, OpenPhoneConnection};

use super::*;

fn connection(mapping: Mapping) -> Connection {
    Connection {
        id: ConnectionId::new("acme").unwrap(),
        ghl: GhlConnection { location_id: "L1".to_owned(), private_token: None },
        openphone: OpenPhoneConnection {
            api_key: SecretString::from("k"),
            webhook_secrets: Vec::new(),
            phone_number_id: Some("PN1".to_owned()),
        },
        mapping,
        mapping_file: None,
    }
}

fn role() -> PerSide<BTreeMap<Field, String>> {
    PerSide { ghl: BTreeMap::from([(Field::Role, "F1".to_owned())]), openphone: BTreeMap::new() }
}

/// A mapping that uses everything.
fn whole() -> Mapping {
    Mapping { places: role(), tasks: Some(Direction::Both), notes: Some(Direction::Both), ..Mapping::default() }
}

fn dated() -> ApiVersion {
    ApiVersion::new("2021-07-28").unwrap()
}

fn v3() -> ApiVersion {
    ApiVersion::new("v3").unwrap()
}

fn names(rows: &[Row]) -> BTreeSet<&'static str> {
    rows.iter().filter_map(|row| row.operation).map(|operation| operation.name).collect()
}

fn only(field: Field) -> BTreeMap<Field, FieldRule> {
    Mapping::default().fields.into_iter().filter(|(one, _)| *one == field).collect()
}

fn one_way(direction: Direction) -> Mapping {
    let mut mapping = Mapping::default();
    mapping.fields.values_mut().for_each(|rule| rule.direction = direction);
    mapping
}

#[test]
fn the_table_of_operations_and_the_plan_name_the_same_ones() {
    let mut planned: BTreeSet<&str> = BESIDE.iter().map(|operation| operation.name).collect();
    planned.extend(names(&ghl(&whole(), &dated())));
    planned.extend(names(&ghl(&whole(), &v3())));
    planned.extend(names(&openphone(&connection(whole()))));
    planned.extend(names(&webhooks()));
    let all = ghl::operations::ALL.iter().chain(openphone::operations::ALL);
    let marked = all.filter(|operation| operation.purposes.contains(&Purpose::Check));
    let marked: BTreeSet<&str> = marked.map(|operation| operation.name).collect();
    assert_eq!(planned, marked);
}

#[test]
fn every_operation_that_a_mapping_uses_is_checked() {
    let all = ghl::operations::ALL.iter().chain(openphone::operations::ALL);
    let is_used = |purpose: &Purpose| matches!(purpose, Purpose::Sync | Purpose::Tasks | Purpose::Notes);
    for used in all.filter(|operation| operation.purposes.iter().any(is_used)) {
        assert!(used.purposes.contains(&Purpose::Check), "{} is used, and not checked", used.name);
    }
}

#[test]
fn what_a_mapping_does_not_use_is_not_asked_for() {
    let narrow = Mapping { fields: only(Field::FirstName), places: role(), ..Mapping::default() };
    let mut connection = connection(narrow.clone());
    connection.openphone.phone_number_id = None;
    let asked = names(&openphone(&connection));
    for unused in ["openphone.v1.custom-fields.list", "openphone.v1.contact.patch", "openphone.v1.numbers.list"] {
        assert!(!asked.contains(unused), "{unused}");
    }
    assert!(asked.contains("openphone.contact.patch"));
    assert!(!names(&ghl(&narrow, &dated())).contains("ghl.custom-fields.list"), "the role is not mapped");
    connection.mapping.fields = only(Field::Phones);
    let asked = names(&openphone(&connection));
    assert!(asked.contains("openphone.v1.contact.patch") && !asked.contains("openphone.contact.patch"));
}

#[test]
fn what_a_version_does_not_have_is_not_asked_for() {
    let names = |version: &ApiVersion| names(&ghl(&whole(), version));
    let (dated, v3) = (names(&dated()), names(&v3()));
    assert_eq!(dated.difference(&v3).copied().collect::<Vec<_>>(), ["ghl.contacts.list", "ghl.users.list"]);
    assert_eq!(v3.difference(&dated).copied().collect::<Vec<_>>(), ["ghl.users.search"]);
}

#[test]
fn writes_are_needed_at_the_sides_that_are_written_to() {
    let ghl = |mapping: &Mapping| is_needed(mapping, Side::Ghl, &ghl::operations::CONTACT_CREATE);
    let openphone = |mapping: &Mapping| is_needed(mapping, Side::OpenPhone, &openphone::operations::V1_CONTACT_CREATE);
    let (both, to_openphone, to_ghl) = (Mapping::default(), one_way(Direction::ToOpenPhone), one_way(Direction::ToGhl));
    assert_eq!([ghl(&both), ghl(&to_openphone), ghl(&to_ghl)], [true, false, true]);
    assert_eq!([openphone(&both), openphone(&to_openphone), openphone(&to_ghl)], [true, true, false]);
    let mut deletes = to_openphone.clone();
    deletes.deletes.openphone = DeletePolicy::Propagate;
    assert!(ghl(&deletes), "a delete is a write");
    for mapping in [both, to_openphone, to_ghl] {
        assert!(is_needed(&mapping, Side::Ghl, &ghl::operations::CONTACT_GET));
        assert!(is_needed(&mapping, Side::OpenPhone, &openphone::operations::V1_CONTACTS_LIST));
        assert!(!is_needed(&mapping, Side::Ghl, &ghl::operations::CUSTOM_FIELDS_LIST), "it only shows what is there");
    }
    let tags = |mapping: &Mapping| names(&super::ghl(mapping, &dated())).contains("ghl.contact.tags.add");
    assert!(tags(&Mapping::default()) && !tags(&one_way(Direction::ToOpenPhone)));
}

#[test]
fn tasks_and_notes_are_tried_where_they_travel_and_written_where_they_go() {
    let things = |mapping: &Mapping| {
        let rows = [ghl(mapping, &dated()), openphone(&connection(mapping.clone()))];
        rows.map(|rows| {
            let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
            [LIST_TASKS, CREATE_TASK, LIST_NOTES, CREATE_NOTE].map(|name| names.contains(name))
        })
    };
    assert_eq!(things(&Mapping::default()), [[false; 4], [false; 4]]);
    let tasks = Mapping { tasks: Some(Direction::ToOpenPhone), ..Mapping::default() };
    assert_eq!(things(&tasks), [[true, false, false, false], [true, true, false, false]]);
    let notes = Mapping { notes: Some(Direction::ToGhl), ..Mapping::default() };
    assert_eq!(things(&notes), [[false, false, true, true], [false, false, true, false]]);
    assert!(is_needed(&tasks, Side::Ghl, &ghl::operations::CONTACT_TASK_GET));
    assert!(!is_needed(&tasks, Side::Ghl, &ghl::operations::CONTACT_TASK_CREATE));
    assert!(is_needed(&tasks, Side::OpenPhone, &openphone::operations::TASK_STATUS));
    assert!(!is_needed(&notes, Side::OpenPhone, &openphone::operations::TASKS_LIST));
    assert!(is_needed(&notes, Side::OpenPhone, &openphone::operations::V1_CONVERSATIONS_LIST));
}

#[test]
fn rows_of_one_sheet_have_names_of_their_own() {
    for rows in [ghl(&whole(), &dated()), openphone(&connection(whole())), webhooks()] {
        let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), rows.len());
    }
}
