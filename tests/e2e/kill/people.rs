//! People at work, in GHL or on both sides: contacts are made and edited for a while, then left alone, so that last edits happen all
//! along and not only at the end.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tandem_twins::{GhlTwin, OpenPhoneTwin};

const CREATES: f64 = 0.15;
/// Of the changes, where people work on both sides.
const IN_OPENPHONE: f64 = 0.3;
/// Contacts that are being worked on.
const RECENT: usize = 15;
const TAGS: [&str; 5] = ["lead", "vip", "customer", "north", "south"];
/// Area codes in use; with 555-01xx, a hundred invented numbers each. In longer runs, later contacts have none: a number
/// of somebody else's would make two people look like one.
const AREAS: [u32; 40] = [
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 301, 302, 303,
    304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323,
];

pub(crate) struct People {
    dice: StdRng,
    contacts: Vec<String>,
    number: usize,
    is_on_both_sides: bool,
    /// Whom people made in `OpenPhone`.
    pub(crate) typed: u64,
    /// Whose last name they changed there last, and to what. Nobody does so in GHL: so no two edits ever compete.
    pub(crate) renamed: BTreeMap<String, String>,
}

impl People {
    pub(crate) fn new(seed: u64) -> Self {
        let dice = StdRng::seed_from_u64(seed);
        Self { dice, contacts: Vec::new(), number: 0, is_on_both_sides: false, typed: 0, renamed: BTreeMap::new() }
    }

    pub(crate) fn on_both_sides(seed: u64) -> Self {
        Self { is_on_both_sides: true, ..Self::new(seed) }
    }

    /// One change on either side.
    pub(crate) fn change_either(&mut self, ghl: &GhlTwin, openphone: &OpenPhoneTwin) {
        let linked = openphone.contacts().into_iter().filter(|contact| contact["sourceUrl"].is_string());
        let linked: Vec<String> = linked.filter_map(|contact| contact["id"].as_str().map(str::to_owned)).collect();
        if linked.is_empty() || !self.dice.random_bool(IN_OPENPHONE) {
            return self.change(ghl);
        }
        self.number += 1;
        let number = self.number;
        if self.dice.random_bool(CREATES)
            && let Some(phone) = phone(number)
        {
            let typed = json!({ "firstName": format!("Cho{number}"), "lastName": format!("Typed{number}"),
                "phoneNumbers": [{ "name": "Mobile", "value": phone }] });
            openphone.create_contact(&typed).unwrap();
            self.typed += 1;
            return;
        }
        let id = linked[self.dice.random_range(0..linked.len())].clone();
        let name = format!("Renamed{number}");
        openphone.edit_contact(&id, &json!({ "lastName": name })).unwrap();
        self.renamed.insert(id, name);
    }

    /// Contacts whose last edit in `OpenPhone` is not what they hold there.
    pub(crate) fn lost_in_openphone(&self, openphone: &OpenPhoneTwin) -> usize {
        let held = |id: &str| openphone.contact(id).map(|contact| contact["defaultFields"]["lastName"].clone());
        self.renamed.iter().filter(|(id, name)| held(id) != Some(json!(name))).count()
    }

    pub(crate) fn change(&mut self, ghl: &GhlTwin) {
        self.number += 1;
        if self.contacts.is_empty() || self.dice.random_bool(CREATES) {
            let contact = self.contact();
            self.contacts.push(ghl.create_contact(&contact).unwrap());
            return;
        }
        let first = self.contacts.len().saturating_sub(RECENT);
        let id = self.contacts[self.dice.random_range(first..self.contacts.len())].clone();
        let patch = self.patch(&ghl.contact(&id).unwrap());
        ghl.edit_contact(&id, &patch).unwrap();
    }

    fn contact(&mut self) -> Value {
        let number = self.number;
        let mut contact = json!({ "firstName": format!("Ana{number}"), "lastName": format!("Example{number}") });
        if self.dice.random_bool(0.9)
            && let Some(phone) = phone(number)
        {
            contact["phone"] = json!(phone);
        }
        if self.dice.random_bool(0.5) {
            contact["email"] = json!(format!("ana{number}@example.com"));
        }
        if self.dice.random_bool(0.5) {
            contact["tags"] = json!([self.tag()]);
        }
        contact
    }

    fn patch(&mut self, contact: &Value) -> Value {
        let number = self.number;
        match self.dice.random_range(0..8) {
            0 | 1 => json!({ "firstName": format!("Bea{number}") }),
            2 if !self.is_on_both_sides => json!({ "lastName": format!("Sample{number}") }),
            2 | 3 => json!({ "companyName": format!("Company {number}") }),
            4 | 5 => match phone(number).filter(|_| self.dice.random_bool(0.5)) {
                Some(phone) => json!({ "phone": phone }),
                None => json!({ "email": format!("bea{number}@example.com") }),
            },
            _ => {
                let tag = self.tag();
                let has_it = contact["tags"].as_array().unwrap().iter().any(|held| held == tag);
                json!({ if has_it { "removeTags" } else { "addTags" }: [tag] })
            }
        }
    }

    fn tag(&mut self) -> &'static str {
        TAGS[self.dice.random_range(0..TAGS.len())]
    }
}

/// A number that nobody else has.
fn phone(number: usize) -> Option<String> {
    let area = AREAS.get(number / 100)?;
    Some(format!("+1{area}55501{:02}", number % 100))
}
