use std::collections::BTreeSet;

use secrecy::SecretString;
use tandem_contact::PerSide;
use tandem_proto::ConnectionId;
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
    }
}

/// A mapping that uses everything.
fn whole() -> Mapping {
    Mapping { role_custom_field: Some("F1".to_owned()), ..Mapping::default() }
}

fn names(rows: &[Row]) -> BTreeSet<&'static str> {
    rows.iter().filter_map(|row| row.operation).map(|operation| operation.name).collect()
}

#[test]
fn the_table_of_operations_and_the_plan_name_the_same_ones() {
    let mut planned: BTreeSet<&str> = BESIDE.iter().map(|operation| operation.name).collect();
    planned.extend(names(&ghl(&whole())));
    planned.extend(names(&openphone(&connection(whole()))));
    planned.extend(names(&webhooks()));
    let all = ghl::operations::ALL.iter().chain(openphone::operations::ALL);
    let marked = all.filter(|operation| operation.purposes.contains(&Purpose::Check));
    let marked: BTreeSet<&str> = marked.map(|operation| operation.name).collect();
    assert_eq!(planned, marked);
}

#[test]
fn every_operation_that_a_mapping_uses_is_checked() {
    // GHL keeps a tag that nobody has any more, and tags start workflows; the scope is that of the other writes.
    let left_out = ["ghl.contact.tags.add", "ghl.contact.tags.remove"];
    let all = ghl::operations::ALL.iter().chain(openphone::operations::ALL);
    for used in all.filter(|operation| operation.purposes.contains(&Purpose::Sync)) {
        let is_checked = used.purposes.contains(&Purpose::Check);
        assert!(is_checked || left_out.contains(&used.name), "{} is used, and not checked", used.name);
    }
}

#[test]
fn what_a_mapping_does_not_use_is_not_asked_for() {
    let mut narrow = Mapping { role_custom_field: Some("F1".to_owned()), ..Mapping::default() };
    narrow.fields.retain(|field, _| *field == Field::FirstName);
    let mut connection = connection(narrow.clone());
    connection.openphone.phone_number_id = None;
    let asked = names(&openphone(&connection));
    for unused in ["openphone.v1.custom-fields.list", "openphone.v1.contact.patch", "openphone.v1.numbers.list"] {
        assert!(!asked.contains(unused), "{unused}");
    }
    assert!(asked.contains("openphone.contact.patch"));
    assert!(!names(&ghl(&narrow)).contains("ghl.custom-fields.list"), "the role is not mapped");
    connection.mapping.fields.retain(|field, _| *field == Field::Phones);
    let asked = names(&openphone(&connection));
    assert!(asked.contains("openphone.v1.contact.patch") && !asked.contains("openphone.contact.patch"));
}

#[test]
fn nothing_is_lost_where_ghl_refuses_writes_in_this_direction() {
    let mut one_way = Mapping { creates: PerSide { ghl: false, openphone: true }, ..Mapping::default() };
    one_way.fields.values_mut().for_each(|rule| rule.direction = Direction::ToOpenPhone);
    let needed = |side, operation| is_needed(&one_way, side, operation);
    assert!(needed(Side::Ghl, &ghl::operations::CONTACT_GET));
    assert!(!needed(Side::Ghl, &ghl::operations::CONTACT_CREATE));
    assert!(
        is_needed(&Mapping::default(), Side::Ghl, &ghl::operations::CONTACT_CREATE),
        "the built-in mapping goes both ways"
    );
    assert!(needed(Side::OpenPhone, &openphone::operations::V1_CONTACT_CREATE));
    assert!(needed(Side::OpenPhone, &openphone::operations::V1_CONTACTS_LIST));
}

#[test]
fn rows_of_one_sheet_have_names_of_their_own() {
    for rows in [ghl(&whole()), openphone(&connection(whole())), webhooks()] {
        let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), rows.len());
    }
}
