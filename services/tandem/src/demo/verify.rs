//! Compares what the two twins hold, contact by contact, from their own words. Nothing of the pipeline takes part:
//! neither its code nor its counters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::edits::Planted;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A contact is not in OpenPhone.
    Lost,
    /// A person is in OpenPhone twice.
    Doubled,
    /// What people had made in OpenPhone is gone.
    Wiped,
    /// The two sides hold different values.
    Differs,
    /// The run itself: rate limits, dead letters, a stop before the end.
    Run,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl Problem {
    pub(crate) fn new(kind: Kind, text: String) -> Self {
        Self { kind, text }
    }
}

/// What should be there besides "every GHL contact is in OpenPhone".
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    /// How every source link begins; the GHL id follows.
    pub(crate) link: String,
    /// GHL ids of one person entered twice: one of them goes across.
    pub(crate) twice: Vec<(String, String)>,
    /// GHL ids that people deleted after they had arrived; they stay in OpenPhone.
    pub(crate) deleted: BTreeSet<String>,
    /// What people made in OpenPhone, by OpenPhone id.
    pub(crate) planted: BTreeMap<String, Planted>,
}

/// What the comparison found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Second entries of a person, rightly not in OpenPhone.
    pub(crate) skipped: usize,
    /// Empty when all is well.
    pub(crate) problems: Vec<Problem>,
}

/// Compares all contacts of both sides.
pub(crate) fn verify(expected: &Expected, ghl: &[Value], openphone: &[Value]) -> Verdict {
    let mut verdict = Verdict::default();
    let by_source = by_source(expected, openphone, &mut verdict);
    let found = |id: &str| by_source.get(id).map(Vec::as_slice).unwrap_or_default();
    let missing = second_entries(expected, &found, &mut verdict);
    let living: BTreeSet<&str> = ghl.iter().map(id_of).collect();
    for contact in ghl {
        let id = id_of(contact);
        match found(id) {
            [] if missing.contains(id) => {}
            [] => verdict.add(Kind::Lost, format!("GHL contact {id} is not in OpenPhone")),
            [one] => differences(expected, contact, one, &mut verdict),
            many => verdict.add(Kind::Doubled, format!("GHL contact {id} is in OpenPhone as {}", ids(many))),
        }
    }
    for id in &expected.deleted {
        let count = found(id).len();
        if count != 1 {
            let text =
                format!("GHL contact {id} was deleted there and should stay in OpenPhone, which has it {count} times");
            verdict.add(if count == 0 { Kind::Lost } else { Kind::Doubled }, text);
        }
    }
    for (id, copies) in &by_source {
        if !living.contains(id) && !expected.deleted.contains(*id) {
            let text = format!("OpenPhone contact {} comes from {id}, which GHL never had", ids(copies));
            verdict.add(Kind::Differs, text);
        }
    }
    kept(expected, openphone, &mut verdict);
    verdict
}

impl Verdict {
    fn add(&mut self, kind: Kind, text: String) {
        self.problems.push(Problem::new(kind, text));
    }
}

/// OpenPhone's contacts by the GHL id in their source link.
fn by_source<'a>(
    expected: &Expected,
    openphone: &'a [Value],
    verdict: &mut Verdict,
) -> BTreeMap<&'a str, Vec<&'a Value>> {
    let mut by_source: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for contact in openphone {
        match contact["sourceUrl"].as_str().and_then(|link| link.strip_prefix(expected.link.as_str())) {
            Some(id) => by_source.entry(id).or_default().push(contact),
            None => verdict.add(Kind::Differs, format!("OpenPhone contact {} has no link to GHL", id_of(contact))),
        }
    }
    by_source
}

/// Of every person entered twice, exactly one entry goes across. Returns the ids that rightly don't.
fn second_entries<'a, 'v>(
    expected: &'a Expected,
    found: &impl Fn(&str) -> &'v [&'v Value],
    verdict: &mut Verdict,
) -> BTreeSet<&'a str> {
    let mut missing = BTreeSet::new();
    for (first, second) in &expected.twice {
        match (found(first), found(second)) {
            ([], []) => {}
            ([], _) => drop(missing.insert(first.as_str())),
            (_, []) => drop(missing.insert(second.as_str())),
            (one, other) => {
                let text = format!(
                    "GHL contacts {first} and {second} are one person, but OpenPhone has both: {} and {}",
                    ids(one),
                    ids(other)
                );
                verdict.add(Kind::Doubled, text);
            }
        }
    }
    verdict.skipped = missing.len();
    missing
}

/// True when both sides hold the same of one person.
pub(crate) fn agree(expected: &Expected, ghl: &Value, openphone: &Value) -> bool {
    let mut verdict = Verdict::default();
    differences(expected, ghl, openphone, &mut verdict);
    verdict.problems.is_empty()
}

/// One person on both sides.
fn differences(expected: &Expected, ghl: &Value, openphone: &Value, verdict: &mut Verdict) {
    let planted = expected.planted.get(id_of(openphone)).cloned().unwrap_or_default();
    let fields = &openphone["defaultFields"];
    let texts = [
        ("first name", &ghl["firstName"], &fields["firstName"]),
        ("last name", &ghl["lastName"], &fields["lastName"]),
        ("company", &ghl["companyName"], &fields["company"]),
    ];
    let mut differs = |what: &str, wanted: String, found: String| {
        if wanted != found {
            let (id, across) = (id_of(ghl), id_of(openphone));
            let text = format!("{what} of GHL contact {id} is {wanted}, of OpenPhone contact {across} {found}");
            verdict.add(Kind::Differs, text);
        }
    };
    for (what, wanted, found) in texts {
        differs(what, text(wanted), text(found));
    }
    let mut phones = ghl_items(ghl, "phone", "additionalPhones", e164);
    phones.extend(planted.phones.keys().cloned());
    differs("phones", list(&phones), list(&openphone_items(&fields["phoneNumbers"], e164)));
    let emails = ghl_items(ghl, "email", "additionalEmails", str::to_lowercase);
    differs("emails", list(&emails), list(&openphone_items(&fields["emails"], str::to_lowercase)));
    let mut tags: BTreeSet<String> = strings(&ghl["tags"]).map(str::to_lowercase).collect();
    tags.extend(planted.tags);
    differs("tags", list(&tags), list(&openphone_tags(openphone)));
}

/// What people made in OpenPhone is still there, with its labels.
fn kept(expected: &Expected, openphone: &[Value], verdict: &mut Verdict) {
    for (id, planted) in &expected.planted {
        let Some(contact) = openphone.iter().find(|contact| id_of(contact) == id) else {
            verdict.add(Kind::Wiped, format!("OpenPhone contact {id}, which people had added to, is gone"));
            continue;
        };
        let mut gone = |what: &str| verdict.add(Kind::Wiped, format!("OpenPhone contact {id} lost {what}"));
        let phones = contact["defaultFields"]["phoneNumbers"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (number, label) in &planted.phones {
            let held = phones.iter().find(|item| item["value"] == number.as_str());
            match held.map(|item| text(&item["name"])) {
                None => gone("a number that a person had added"),
                Some(name) if name != *label => gone("the label of a number"),
                Some(_) => {}
            }
        }
        for (key, value) in &planted.custom {
            if custom(contact, key) != Some(&Value::from(value.as_str())) {
                gone(&format!("the custom field {key}"));
            }
        }
        if planted.role.as_ref().is_some_and(|role| text(&contact["defaultFields"]["role"]) != *role) {
            gone("its role");
        }
        if !planted.tags.is_subset(&openphone_tags(contact)) {
            gone("a tag that a person had added");
        }
    }
}

/// The tags of an OpenPhone contact.
pub(crate) fn openphone_tags(contact: &Value) -> BTreeSet<String> {
    custom(contact, "tags").into_iter().flat_map(strings).map(str::to_owned).collect()
}

fn custom<'a>(contact: &'a Value, key: &str) -> Option<&'a Value> {
    let fields = contact["customFields"].as_array()?;
    Some(&fields.iter().find(|field| field["key"] == key)?["value"])
}

fn ghl_items(contact: &Value, first: &str, more: &str, normal: impl Fn(&str) -> String) -> BTreeSet<String> {
    let more = contact[more].as_array().map(Vec::as_slice).unwrap_or_default();
    let more = more.iter().filter_map(|item| item[first].as_str());
    contact[first].as_str().into_iter().chain(more).filter(|item| !item.is_empty()).map(normal).collect()
}

fn openphone_items(items: &Value, normal: impl Fn(&str) -> String) -> BTreeSet<String> {
    let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item["value"].as_str()).map(normal).collect()
}

/// The sample has numbers with a country code, and such of the United States.
fn e164(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if number.starts_with('+') || digits.len() != 10 { format!("+{digits}") } else { format!("+1{digits}") }
}

fn strings(values: &Value) -> impl Iterator<Item = &str> {
    values.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(items: &BTreeSet<String>) -> String {
    format!("[{}]", items.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
}

fn id_of(contact: &Value) -> &str {
    contact["id"].as_str().unwrap_or_default()
}

fn ids(contacts: &[&Value]) -> String {
    contacts.iter().map(|contact| id_of(contact)).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests;
