use serde_json::json;

use super::*;

/// A name, and what is done to one OpenPhone contact.
type Case = (&'static str, fn(&mut Value));

const LINK: &str = "https://app.example.com/contacts/";

/// Two people in GHL, the second entered twice; a person at OpenPhone has added to the first.
struct World {
    expected: Expected,
    ghl: Vec<Value>,
    openphone: Vec<Value>,
}

fn ghl(id: &str, name: &str, phone: &str) -> Value {
    json!({
        "id": id, "firstName": name, "lastName": "Weber", "companyName": "Example Plumbing", "phone": phone,
        "email": format!("{name}@Example.com"), "tags": ["vip"], "additionalPhones": [{ "phone": "+442079460018" }],
    })
}

fn openphone(id: &str, from: &str, name: &str, phone: &str) -> Value {
    json!({
        "id": id, "sourceUrl": format!("{LINK}{from}"),
        "defaultFields": {
            "firstName": name, "lastName": "Weber", "company": "Example Plumbing", "role": null,
            "phoneNumbers": [{ "name": "primary", "value": phone }, { "name": "primary", "value": "+442079460018" }],
            "emails": [{ "name": "primary", "value": format!("{}@example.com", name.to_lowercase()) }],
        },
        "customFields": [{ "key": "tags", "value": ["vip"] }],
    })
}

fn right() -> World {
    let mut ana = openphone("op1", "g1", "Ana", "+14155550100");
    let fields = &mut ana["defaultFields"];
    let phones = fields["phoneNumbers"].as_array_mut().unwrap();
    phones.push(json!({ "name": "after hours", "value": "+16285550100" }));
    fields["role"] = json!("Decision maker");
    ana["customFields"] =
        json!([{ "key": "tags", "value": ["vip", "called twice"] }, { "key": "notes", "value": "Call late." }]);
    let planted = Planted {
        phones: [("+16285550100".to_owned(), "after hours".to_owned())].into(),
        custom: [("notes".to_owned(), "Call late.".to_owned())].into(),
        tags: ["called twice".to_owned()].into(),
        role: Some("Decision maker".to_owned()),
    };
    World {
        expected: Expected {
            link: LINK.to_owned(),
            twice: vec![("g2".to_owned(), "g3".to_owned())],
            deleted: ["g4".to_owned()].into(),
            planted: [("op1".to_owned(), planted)].into(),
        },
        ghl: vec![
            ghl("g1", "Ana", "(415) 555-0100"),
            ghl("g2", "Ben", "+14155550101"),
            ghl("g3", "Ben", "+14155550101"),
        ],
        openphone: vec![
            ana,
            openphone("op2", "g2", "Ben", "+14155550101"),
            openphone("op4", "g4", "Gone", "+14155550104"),
        ],
    }
}

fn verdict(change: impl FnOnce(&mut World)) -> Verdict {
    let mut world = right();
    change(&mut world);
    verify(&world.expected, &world.ghl, &world.openphone)
}

/// The one kind of problem that the change leads to, and the words for it.
fn found(change: impl FnOnce(&mut World)) -> (Kind, String) {
    let problems = verdict(change).problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    (problems[0].kind, problems[0].text.clone())
}

#[test]
fn right_state_has_no_problems_and_one_skip() {
    let verdict = verdict(|_| {});
    assert_eq!(verdict.problems, []);
    assert_eq!(verdict.skipped, 1);
}

#[test]
fn missing_contact_is_lost() {
    let found = found(|world| world.ghl.push(ghl("g9", "Cy", "+14155550109")));
    assert_eq!(found, (Kind::Lost, "GHL contact g9 is not in OpenPhone".to_owned()));
}

#[test]
fn person_entered_twice_who_is_nowhere_is_lost() {
    let kinds: Vec<Kind> = verdict(|world| drop(world.openphone.remove(1))).problems.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [Kind::Lost, Kind::Lost]);
}

#[test]
fn contact_made_twice_is_doubled() {
    let (kind, text) = found(|world| world.openphone.push(openphone("op9", "g2", "Ben", "+14155550101")));
    assert_eq!(kind, Kind::Doubled);
    assert!(text.contains("g2 is in OpenPhone as op2 and op9"), "{text}");
}

#[test]
fn both_entries_of_one_person_are_doubled() {
    let (kind, text) = found(|world| world.openphone.push(openphone("op3", "g3", "Ben", "+14155550101")));
    assert_eq!(kind, Kind::Doubled);
    assert!(text.contains("g2 and g3 are one person"), "{text}");
}

#[test]
fn deleted_contact_that_vanished_or_doubled_is_told() {
    assert_eq!(found(|world| drop(world.openphone.remove(2))).0, Kind::Lost);
    let (kind, _) = found(|world| world.openphone.push(openphone("op5", "g4", "Gone", "+14155550104")));
    assert_eq!(kind, Kind::Doubled);
}

#[test]
fn contact_from_nowhere_is_told() {
    let (kind, text) = found(|world| world.openphone.push(openphone("op9", "g8", "Eve", "+14155550108")));
    assert_eq!(kind, Kind::Differs);
    assert!(text.contains("comes from g8"), "{text}");
    let (_, text) = found(|world| world.openphone.push(json!({ "id": "op9", "sourceUrl": null })));
    assert!(text.contains("op9 has no link"), "{text}");
}

#[test]
fn every_differing_field_is_told() {
    let cases: [Case; 7] = [
        ("first name", |contact| contact["defaultFields"]["firstName"] = json!("ben")),
        ("last name", |contact| contact["defaultFields"]["lastName"] = json!(null)),
        ("company", |contact| contact["defaultFields"]["company"] = json!("Other")),
        ("phones", |contact| contact["defaultFields"]["phoneNumbers"][0]["value"] = json!("+14155550199")),
        ("phones", |contact| contact["defaultFields"]["phoneNumbers"] = json!([])),
        ("emails", |contact| contact["defaultFields"]["emails"] = json!([])),
        ("tags", |contact| contact["customFields"] = json!([])),
    ];
    for (what, change) in cases {
        let (kind, text) = found(|world| change(&mut world.openphone[1]));
        assert_eq!(kind, Kind::Differs, "{what}");
        assert!(text.starts_with(&format!("{what} of GHL contact g2")), "{text}");
    }
}

#[test]
fn everything_people_made_is_missed_when_it_is_wiped() {
    let cases: [Case; 3] = [
        ("the label of a number", |contact| {
            contact["defaultFields"]["phoneNumbers"][2]["name"] = json!("primary");
        }),
        ("the custom field notes", |contact| drop(contact["customFields"].as_array_mut().unwrap().pop())),
        ("its role", |contact| contact["defaultFields"]["role"] = json!(null)),
    ];
    for (what, change) in cases {
        let (kind, text) = found(|world| change(&mut world.openphone[0]));
        assert_eq!((kind, text), (Kind::Wiped, format!("OpenPhone contact op1 lost {what}")));
    }
}

#[test]
fn wiped_number_tag_or_contact_is_told_as_a_wipe_too() {
    let cases: [fn(&mut World); 3] = [
        |world| drop(world.openphone[0]["defaultFields"]["phoneNumbers"].as_array_mut().unwrap().pop()),
        |world| world.openphone[0]["customFields"][0]["value"] = json!(["vip"]),
        |world| drop(world.openphone.remove(0)),
    ];
    for change in cases {
        let problems = verdict(change).problems;
        assert!(problems.iter().any(|problem| problem.kind == Kind::Wiped), "{problems:?}");
    }
}
