//! The tables of events against themselves, and against what the providers publish.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value as Json;
use tandem_catalog::{Event, Fact, Whom, events};
use tandem_contact::Side;
use tandem_testkit::vendor_dir;

/// Facts that no example shows, and why they are facts all the same.
const NOT_SHOWN: &[(&str, &str, &str)] = &[
    ("openphone.message.delivered", "media_url", "nothing is attached; the example of a received message shows how"),
    ("openphone.message.undelivered", "media_url", "nothing is attached; the example of a received message shows how"),
    ("openphone.task.updated", "description", "it hasn't changed; where it has, it is told as the title is"),
];

/// Pages of GHL whose events have another `type`, or none but the channel's.
const NAMED_OTHERWISE: &[(&str, &[&str])] = &[
    ("AppInstall", &["INSTALL"]),
    ("AppUninstall", &["UNINSTALL"]),
    ("AppUpdate", &["UPDATE"]),
    ("PlanChange", &["PLAN_CHANGE"]),
    ("ConversationUnreadWebhook", &["ConversationUnreadUpdate"]),
    ("ProviderOutboundMessage", &["SMS", "Email"]),
    ("ExternalAuthConnected", &["EXTERNAL_AUTH_CONNECTED"]),
    ("SaaSPlanCreate", &["SaasPlanCreate"]),
];

/// Pages of GHL that the contract sheet names as seen later than the others.
const LATER: [&str; 5] =
    ["AppUpdate", "ExternalAuthConnected", "SaaSPlanCreate", "SupportTicketDelete", "KnowledgeBaseRichTextChange"];

struct Example {
    file: String,
    event: &'static Event,
    body: Json,
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: &Path) -> Json {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The provider's own name of it.
fn event_type(event: &Event) -> Option<&'static str> {
    event.name.strip_prefix(event.side.name())?.strip_prefix('.')
}

fn known(side: Side, event_type: &str) -> &'static Event {
    let name = format!("{side}.{event_type}");
    events().find(|event| event.name == name).unwrap_or_else(|| panic!("{name} isn't in the catalog"))
}

fn types(side: Side) -> BTreeSet<&'static str> {
    events().filter(|event| event.side == side).filter_map(event_type).collect()
}

/// Some of them say another `type` than is sent, so the index counts.
fn ghl_examples(folder: &Path) -> Vec<Example> {
    let index = json(&folder.join("index.json"));
    let files = index["files"].as_array().into_iter().flatten();
    let example = |file: &Json| {
        let name = file["file"].as_str()?.to_owned();
        let event = known(Side::Ghl, file["expected_type"].as_str()?);
        Some(Example { body: json(&folder.join(&name)), file: name, event })
    };
    files.filter_map(example).collect()
}

/// Those of the older generations are in folders of their own.
fn openphone_examples(folder: &Path) -> Vec<Example> {
    let entries = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let example = |path: &Path| {
        let file = path.file_name()?.to_str()?.to_owned();
        let event_type = file.strip_suffix(".json").filter(|name| *name != "signature-vectors")?;
        let body = json(path);
        assert_eq!(body["type"], event_type, "{file}");
        Some(Example { event: known(Side::OpenPhone, event_type), body, file })
    };
    entries.filter_map(|entry| example(&entry.ok()?.path())).collect()
}

fn examples(folder: &Path) -> Vec<Example> {
    let mut all = ghl_examples(&folder.join("ghl/webhooks"));
    all.extend(openphone_examples(&folder.join("openphone/webhooks")));
    all
}

fn has_its_shape(fact: &Fact, value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(_) | Json::Number(_) | Json::String(_) => !fact.is_list,
        // Of what is no list they are lines.
        Json::Array(items) => items.iter().all(Json::is_string),
        Json::Object(_) => false,
    }
}

fn is_snake_case(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('_').all(is_word)
}

fn pointers(event: &Event) -> Vec<&'static str> {
    let whom = match event.whom {
        Whom::Id(at) => vec![at],
        Whom::Phone(at) => at.to_vec(),
        Whom::Nobody => Vec::new(),
    };
    whom.into_iter().chain(event.facts.iter().map(|fact| fact.at)).collect()
}

fn is_listed(list: &[(&str, &str, &str)], event: &Event, fact: &Fact) -> bool {
    list.iter().any(|(name, told, _)| *name == event.name && *told == fact.name)
}

#[test]
fn events_have_names_of_their_own_and_their_side() {
    let names: BTreeSet<&str> = events().map(|event| event.name).collect();
    assert_eq!(names.len(), events().count(), "an event is there twice");
    for event in events() {
        assert!(event_type(event).is_some(), "{}", event.name);
        let is_sentence = event.what.ends_with('.') && event.what.starts_with(char::is_uppercase);
        assert!(is_sentence && !event.what.contains(". "), "{}: one sentence, not {:?}", event.name, event.what);
    }
}

#[test]
fn facts_have_names_of_their_own_that_mean_the_same_everywhere() {
    let mut lists = BTreeMap::new();
    for event in events() {
        let facts: BTreeSet<&str> = event.facts.iter().map(|fact| fact.name).collect();
        assert_eq!(facts.len(), event.facts.len(), "{}: a rule tells facts by name", event.name);
        assert!(!facts.is_empty(), "{} tells nothing", event.name);
        for fact in event.facts {
            assert!(is_snake_case(fact.name), "{} {}", event.name, fact.name);
            let is_list = *lists.entry(fact.name).or_insert(fact.is_list);
            assert_eq!(fact.is_list, is_list, "{} is a list in one event and none in another", fact.name);
        }
        for at in pointers(event) {
            assert!(at.starts_with('/') && !at.ends_with('/'), "{}: {at} is no JSON pointer", event.name);
        }
    }
}

#[test]
fn examples_have_the_facts_in_their_shape() {
    let Some(folder) = vendor_dir() else { return };
    for Example { file, event, body } in examples(&folder) {
        for fact in event.facts {
            let misshapen = fact.found(&body).into_iter().find(|value| !has_its_shape(fact, value));
            assert!(misshapen.is_none(), "{file}: {} is {misshapen:?}", fact.name);
        }
    }
}

#[test]
fn every_fact_of_an_event_with_examples_is_in_one_of_them() {
    let Some(folder) = vendor_dir() else { return };
    let mut bodies: BTreeMap<&str, (&Event, Vec<Json>)> = BTreeMap::new();
    for Example { event, body, .. } in examples(&folder) {
        bodies.entry(event.name).or_insert((event, Vec::new())).1.push(body);
    }
    for (event, bodies) in bodies.values() {
        for fact in event.facts {
            let is_shown = bodies.iter().any(|body| !fact.found(body).is_empty());
            assert_ne!(is_shown, is_listed(NOT_SHOWN, event, fact), "{} {}: shown {is_shown}", event.name, fact.name);
        }
    }
    for (event, fact, reason) in NOT_SHOWN {
        let is_there = bodies.get(event).is_some_and(|(event, _)| event.facts.iter().any(|one| one.name == *fact));
        assert!(is_there, "{event} {fact} needs no exception: {reason}");
    }
}

#[test]
fn examples_say_whom_they_are_about() {
    let Some(folder) = vendor_dir() else { return };
    for Example { file, event, body } in examples(&folder) {
        let at = |at: &str| body.pointer(at).and_then(Json::as_str).unwrap_or_default();
        let is_told = match event.whom {
            Whom::Id(id) => !at(id).is_empty(),
            Whom::Phone(numbers) => numbers.iter().any(|number| at(number).starts_with('+')),
            Whom::Nobody => body.get("contactId").is_none(),
        };
        assert!(is_told, "{file}: {:?}", event.whom);
    }
}

#[test]
fn every_page_of_ghl_is_in_the_catalog_and_nothing_else() {
    let Some(folder) = vendor_dir() else { return };
    let sheet = text(&folder.join("ghl/CONTRACT.md"));
    let list = sheet.split_once("Event types with a page").and_then(|(_, rest)| rest.split_once('\n'));
    let list = list.and_then(|(_, rest)| rest.split_once("\nLater additions seen:"));
    let Some((pages, rest)) = list else { panic!("the contract sheet lists no events") };
    let later = rest.lines().next().unwrap_or_default();
    for page in LATER {
        assert!(later.contains(page), "{page} isn't named");
    }
    let pages: Vec<&str> = pages.split([',', '.', '\n', ' ']).filter(|page| !page.is_empty()).collect();
    assert_eq!(pages.len(), 58, "{pages:?}");
    let wanted = pages.iter().chain(&LATER).flat_map(|page| {
        let otherwise = NAMED_OTHERWISE.iter().find(|(name, _)| name == page);
        otherwise.map_or_else(|| vec![*page], |(_, types)| types.to_vec())
    });
    assert_eq!(types(Side::Ghl), wanted.collect());
}

#[test]
fn every_described_type_of_openphone_is_in_the_catalog_and_nothing_else() {
    let Some(folder) = vendor_dir() else { return };
    let described = json(&folder.join("openphone/openapi/quo-2026-03-30.reconstructed.json"));
    let names = described["components"]["schemas"]["EventType"]["enum"].as_array().into_iter().flatten();
    assert_eq!(types(Side::OpenPhone), names.filter_map(Json::as_str).collect());
}
