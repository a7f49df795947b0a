//! Compares the twins, and condemns duplicates, wiped values, lost webhooks and haste.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tandem_twins::{GhlTwin, OpenPhoneTwin};

/// What the two twins hold of one person, in one notation.
#[derive(Debug, PartialEq, Eq)]
struct Person {
    names: [String; 3],
    phones: BTreeSet<String>,
    emails: BTreeSet<String>,
    tags: BTreeSet<String>,
}

/// GHL contacts without exactly one equal contact in OpenPhone, and contacts too many there.
pub(crate) fn differences(ghl: &GhlTwin, openphone: &OpenPhoneTwin) -> Vec<String> {
    let mut across: BTreeMap<String, Vec<Person>> = BTreeMap::new();
    for contact in openphone.contacts() {
        let link = text(&contact["sourceUrl"]);
        let id = link.rsplit('/').next().unwrap_or_default().to_owned();
        across.entry(id).or_default().push(in_openphone(&contact));
    }
    let mut differences = Vec::new();
    for contact in ghl.contacts() {
        let (id, wanted) = (text(&contact["id"]), in_ghl(&contact));
        let found = across.remove(&id).unwrap_or_default();
        if found.len() != 1 || found[0] != wanted {
            differences.push(format!("{id}: {wanted:?} is {found:?}"));
        }
    }
    differences.extend(across.into_iter().map(|(id, found)| format!("{id}: nobody, yet {found:?}")));
    differences
}

/// Everything that must never be, once both sides should be in step, where people work in GHL alone.
pub(crate) fn violations(ghl: &GhlTwin, openphone: &OpenPhoneTwin) -> Vec<String> {
    let mut found = violations_both_ways(ghl, openphone, 0);
    let writes = ghl.report().writes;
    found.extend((writes.updated_by_api > 0).then(|| format!("writes to GHL: {writes:?}")));
    found
}

/// The same where people work on both sides, and have made so many contacts in `OpenPhone`.
pub(crate) fn violations_both_ways(ghl: &GhlTwin, openphone: &OpenPhoneTwin, typed: u64) -> Vec<String> {
    let mut found = differences(ghl, openphone);
    let (ghl, openphone) = (ghl.report(), openphone.report());
    let mut note = |is_wrong: bool, what: String| found.extend(is_wrong.then_some(what));
    let (contacts, created) = (ghl.contacts as u64, openphone.writes.created_by_api);
    note(created + typed != contacts, format!("{created} contacts were created and {typed} typed for {contacts}"));
    let back = ghl.writes.created_by_api;
    note(back != typed, format!("{back} contacts were created in GHL for {typed}"));
    note(!openphone.duplicates.is_empty(), format!("duplicates: {:?}", openphone.duplicates));
    note(!openphone.lookalikes.is_empty(), format!("lookalikes: {:?}", openphone.lookalikes));
    note(!openphone.wiped.is_empty(), format!("wiped: {:?}", openphone.wiped));
    note(!ghl.duplicates.is_empty(), format!("duplicates in GHL: {:?}", ghl.duplicates));
    for (name, report) in [("GHL", &ghl), ("OpenPhone", &openphone)] {
        let (webhooks, rate) = (&report.webhooks, &report.rate);
        note(rate.violations > 0, format!("more than the published rate of {name}: {rate:?}"));
        let dropped = report.faults.get("webhook_drop").copied().unwrap_or_default();
        let all_accepted = webhooks.accepted + dropped == webhooks.events && webhooks.given_up == 0;
        note(!all_accepted, format!("webhooks of {name} that were not taken, {dropped} dropped: {webhooks:?}"));
    }
    found
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
