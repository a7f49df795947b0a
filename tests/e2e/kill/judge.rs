//! Compares the twins, and condemns duplicates, wiped values, lost webhooks and haste.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tandem_tests::Process;

/// What the two twins hold of one person, in one notation.
#[derive(Debug, PartialEq, Eq)]
struct Person {
    names: [String; 3],
    phones: BTreeSet<String>,
    emails: BTreeSet<String>,
    tags: BTreeSet<String>,
}

/// GHL contacts without exactly one equal contact in OpenPhone, and contacts too many there.
pub(crate) fn differences(process: &Process) -> Vec<String> {
    let mut across: BTreeMap<String, Vec<Person>> = BTreeMap::new();
    for contact in process.openphone.contacts() {
        let link = text(&contact["sourceUrl"]);
        let id = link.rsplit('/').next().unwrap_or_default().to_owned();
        across.entry(id).or_default().push(in_openphone(&contact));
    }
    let mut differences = Vec::new();
    for contact in process.ghl.contacts() {
        let (id, wanted) = (text(&contact["id"]), in_ghl(&contact));
        let found = across.remove(&id).unwrap_or_default();
        if found.len() != 1 || found[0] != wanted {
            differences.push(format!("{id}: {wanted:?} is {found:?}"));
        }
    }
    differences.extend(across.into_iter().map(|(id, found)| format!("{id}: nobody, yet {found:?}")));
    differences
}

pub(super) fn verdict(process: &Process) {
    let (ghl, openphone) = (process.ghl.report(), process.openphone.report());
    assert!(differences(process).is_empty(), "in step before, and not any more");
    assert_eq!(openphone.contacts, ghl.contacts);
    assert_eq!(openphone.writes.created_by_api, ghl.contacts as u64, "created twice");
    assert_eq!((&openphone.duplicates, &openphone.lookalikes), (&vec![], &vec![]));
    assert_eq!(openphone.wiped, vec![]);
    assert_eq!((ghl.rate_violations(), openphone.rate_violations()), (0, 0));
    for report in [&ghl, &openphone] {
        let webhooks = &report.webhooks;
        assert_eq!((webhooks.accepted, webhooks.given_up), (webhooks.events, 0), "{webhooks:?}");
    }
    assert_eq!(ghl.writes.updated_by_api, 0);
}

fn in_ghl(contact: &Value) -> Person {
    Person {
        names: ["firstName", "lastName", "companyName"].map(|name| text(&contact[name])),
        phones: text_set([&contact["phone"]].into_iter()),
        emails: text_set([&contact["email"]].into_iter()),
        tags: text_set(items(&contact["tags"])),
    }
}

fn in_openphone(contact: &Value) -> Person {
    let fields = &contact["defaultFields"];
    let tags = items(&contact["customFields"]).find(|field| field["name"] == "Tags");
    Person {
        names: ["firstName", "lastName", "company"].map(|name| text(&fields[name])),
        phones: text_set(items(&fields["phoneNumbers"]).map(|item| &item["value"])),
        emails: text_set(items(&fields["emails"]).map(|item| &item["value"])),
        tags: text_set(tags.into_iter().flat_map(|tags| items(&tags["value"]))),
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn text_set<'a>(values: impl Iterator<Item = &'a Value>) -> BTreeSet<String> {
    values.map(text).filter(|text| !text.is_empty()).collect()
}
