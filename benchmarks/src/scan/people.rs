//! The people, and whether both sides hold the same of them.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};

use crate::system::System;

/// People with these numbers, made in GHL.
pub(super) fn seed(system: &System, numbers: Range<usize>) -> anyhow::Result<Vec<String>> {
    let person = |number: usize| {
        json!({
            "firstName": format!("Ana{number}"), "lastName": "Example", "companyName": "Example Plumbing",
            "phone": format!("+1{}555{:04}", 201 + number / 10_000, number % 10_000),
            "email": format!("ana{number}@example.com"), "tags": ["lead"],
        })
    };
    Ok(numbers.map(|number| system.ghl().create_contact(&person(number))).collect::<Result<_, _>>()?)
}

/// The same person in OpenPhone.
pub(super) fn across(system: &System, ghl: &str) -> Option<String> {
    let is_it = |contact: &&Value| contact["sourceUrl"].as_str().is_some_and(|link| link.ends_with(ghl));
    let contacts = system.openphone().contacts();
    contacts.iter().find(is_it).and_then(|contact| contact["id"].as_str().map(str::to_owned))
}

/// How many people of GHL are not in OpenPhone exactly once, and like they are in GHL.
pub(super) fn different(system: &System) -> usize {
    let mut there: BTreeMap<String, Vec<[String; 4]>> = BTreeMap::new();
    for contact in system.openphone().contacts() {
        let fields = &contact["defaultFields"];
        let link = text(&contact["sourceUrl"]).rsplit('/').next().unwrap_or_default().to_owned();
        let number = text(&fields["phoneNumbers"][0]["value"]);
        let held = [text(&fields["firstName"]), text(&fields["lastName"]), number, text(&fields["emails"][0]["value"])];
        there.entry(link).or_default().push(held);
    }
    let people = system.ghl().contacts();
    let is_equal = |contact: &&Value| {
        let wanted = ["firstName", "lastName", "phone", "email"].map(|key| text(&contact[key]));
        there.get(&text(&contact["id"])).is_some_and(|found| *found == [wanted])
    };
    people.len() - people.iter().filter(is_equal).count() + there.len().saturating_sub(people.len())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
