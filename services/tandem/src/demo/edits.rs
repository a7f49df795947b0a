//! What people change once everything has arrived: in GHL, which has to travel, and in OpenPhone, which has to stay.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};
use tandem_twins::{GhlTwin, NotEditable, OpenPhoneTwin};

use super::numbers::{Country, Numbers};

/// How numbers begin that people add in `OpenPhone`. Nobody in GHL takes one away that has come from there: it has to stay.
const PLANTED_NUMBER: &str = "+1628555";
/// The tag that they add; it stays too.
const PLANTED_TAG: &str = "called twice";

/// What people put on one OpenPhone contact by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Planted {
    /// Extra numbers in E.164, with their labels.
    pub(crate) phones: BTreeMap<String, String>,
    /// Values of custom fields, by key.
    pub(crate) custom: BTreeMap<String, String>,
    /// Extra tags.
    pub(crate) tags: BTreeSet<String>,
    /// The role.
    pub(crate) role: Option<String>,
}

/// A person at OpenPhone adds to this contact. `turn` decides what.
pub(crate) fn plant(openphone: &OpenPhoneTwin, id: &str, turn: usize) -> Result<Planted, NotEditable> {
    let contact = openphone.contact(id).unwrap_or_default();
    let (mut planted, mut patch) = (Planted::default(), json!({}));
    if turn.is_multiple_of(2) {
        let number = format!("{PLANTED_NUMBER}{:04}", 100 + turn / 2 % 100);
        let mut phones = contact["defaultFields"]["phoneNumbers"].as_array().cloned().unwrap_or_default();
        phones.push(json!({ "name": "after hours", "value": number }));
        patch["phoneNumbers"] = phones.into();
        planted.phones.insert(number, "after hours".to_owned());
    }
    if turn.is_multiple_of(3) {
        patch["role"] = json!("Decision maker");
        planted.role = Some("Decision maker".to_owned());
    } else {
        patch["customFields"]["notes"] = json!("Call after 3 pm, ask for the back office.");
        planted.custom.insert("notes".to_owned(), "Call after 3 pm, ask for the back office.".to_owned());
    }
    if turn.is_multiple_of(4) {
        let mut tags = super::verify::openphone_tags(&contact);
        tags.insert(PLANTED_TAG.to_owned());
        patch["customFields"]["tags"] = json!(tags);
        planted.tags.insert(PLANTED_TAG.to_owned());
    }
    openphone.edit_contact(id, &patch)?;
    Ok(planted)
}

/// People at GHL, each of whom changes one thing.
#[derive(Debug)]
pub(crate) struct Editors {
    rng: StdRng,
    numbers: Numbers,
    turn: usize,
}

impl Editors {
    pub(crate) fn new(numbers: Numbers, rng: StdRng) -> Self {
        Self { rng, numbers, turn: 0 }
    }

    /// Somebody edits the contact.
    pub(crate) fn edit(&mut self, ghl: &GhlTwin, id: &str) -> Result<(), NotEditable> {
        let contact = ghl.contact(id).unwrap_or_default();
        let patch = self.patch(&contact);
        ghl.edit_contact(id, &patch)
    }

    /// A change that is one: the kinds take turns, and one that the contact has nothing for becomes a new name.
    fn patch(&mut self, contact: &Value) -> Value {
        self.turn += 1;
        let patch = match self.turn % 7 {
            1 => Some(self.another_phone(contact)),
            2 => a_phone_less(contact),
            3 => Some(json!({ "addTags": ["Called Back"] })),
            4 => a_tag_less(contact),
            5 => contact["companyName"].as_str().map(|_| json!({ "companyName": null })),
            6 => contact["email"].as_str().map(|email| json!({ "email": format!("new.{email}") })),
            _ => None,
        };
        patch.unwrap_or_else(|| self.renamed(contact))
    }

    fn another_phone(&mut self, contact: &Value) -> Value {
        let phone = self.numbers.next(Country::UnitedStates, &mut self.rng);
        if contact["phone"].is_null() {
            return json!({ "phone": phone });
        }
        let mut more = additional(contact);
        more.push(phone.into());
        json!({ "additionalPhones": more })
    }

    fn renamed(&mut self, contact: &Value) -> Value {
        let number = self.rng.random_range(2..9);
        let last = contact["lastName"].as_str().unwrap_or("Doe");
        let mut patch = Map::from_iter([("lastName".to_owned(), json!(format!("{last}-Renamed")))]);
        if number % 2 == 0 {
            patch.insert("firstName".to_owned(), json!(format!("Alex {number}")));
        }
        Value::Object(patch)
    }
}

fn a_phone_less(contact: &Value) -> Option<Value> {
    let mut more = additional(contact);
    if more.pop().is_some() {
        return Some(json!({ "additionalPhones": more }));
    }
    // Somebody without any number and address would be nobody.
    let is_theirs = contact["phone"].as_str().is_some_and(|phone| !phone.starts_with(PLANTED_NUMBER));
    (is_theirs && contact["email"].is_string()).then(|| json!({ "phone": null }))
}

fn a_tag_less(contact: &Value) -> Option<Value> {
    let mut tags = contact["tags"].as_array()?.iter().filter_map(Value::as_str);
    let tag = tags.find(|tag| *tag != PLANTED_TAG)?;
    Some(json!({ "removeTags": [tag] }))
}

fn additional(contact: &Value) -> Vec<Value> {
    let more = contact["additionalPhones"].as_array().cloned().unwrap_or_default();
    more.into_iter().map(|item| item["phone"].clone()).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn nobody_takes_away_in_ghl_what_people_added_in_openphone() {
        let number = format!("{PLANTED_NUMBER}0100");
        let planted = json!({ "phone": number, "email": "a@example.com", "tags": [PLANTED_TAG] });
        assert_eq!((a_phone_less(&planted), a_tag_less(&planted)), (None, None));
        let own = json!({ "phone": "+14155550100", "email": "a@example.com", "tags": [PLANTED_TAG, "lead"] });
        assert_eq!(a_phone_less(&own), Some(json!({ "phone": null })));
        assert_eq!(a_tag_less(&own), Some(json!({ "removeTags": ["lead"] })));
    }

    #[test]
    fn every_edit_changes_something() {
        let mut editors = Editors::new(Numbers::default(), StdRng::seed_from_u64(1));
        let full = json!({
            "firstName": "Ana", "lastName": "Weber", "phone": "+14155550100", "email": "ana@example.com",
            "companyName": "Example Plumbing", "tags": ["vip"],
            "additionalPhones": [{ "phone": "+14155550101" }, { "phone": "+14155550102" }],
        });
        let patches: Vec<Value> = (0..7).map(|_| editors.patch(&full)).collect();
        assert_eq!(patches[1], json!({ "additionalPhones": ["+14155550101"] }));
        assert_eq!(patches[2], json!({ "addTags": ["Called Back"] }));
        assert_eq!(patches[3], json!({ "removeTags": ["vip"] }));
        assert_eq!(patches[4], json!({ "companyName": null }));
        let bare = json!({ "phone": "+14155550100" });
        for _ in 0..7 {
            assert_ne!(editors.patch(&bare), json!({}));
        }
    }
}
