//! The tables of actions against the operations that there are, and against what the providers publish.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value as Json, json};
use tandem_catalog::{Action, Again, Kind, Parameter, Place, Usual, actions};
use tandem_contact::Side;
use tandem_providers::{Access, Operation, ghl, openphone};
use tandem_testkit::openapi::{Document, Schema};
use tandem_testkit::vendor_dir;

/// How the names of operations begin that no rule carries out, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("ghl.oauth.", "tokens are Tandem's own business"),
    ("openphone.v1.webhook.", "a rule must not cut off what Tandem listens by"),
    ("openphone.webhook.", "a rule must not cut off what Tandem listens by, or start rules by asking for events"),
];

/// Described keys that no action has, and why.
const NOT_OFFERED: &[(&str, &str, &str)] =
    &[("openphone.v1.message.send", "phoneNumberId", "deprecated: `from` takes the same")];

/// Keys of another kind than described, and why.
const MISTYPED: &[(&str, &str, &str)] = &[
    ("ghl.contact.create", "dateOfBirth", "said to be an object; the formats beside it are those of a date"),
    ("ghl.contact.upsert", "dateOfBirth", "said to be an object; the formats beside it are those of a date"),
    ("ghl.contact.update", "dateOfBirth", "said to be an object; the formats beside it are those of a date"),
    ("ghl.message.log", "direction", "said to be an object; its default is a word"),
];

/// Keys that may be left out although the description wants them, and why.
const OPTIONAL: &[(&str, &str, &str)] =
    &[("ghl.message.log", "conversationId", "the contact alone will do (contract sheet, section 6)")];

/// More than any description has alternatives.
const CHOICES: usize = 12;

fn writes() -> impl Iterator<Item = (Side, &'static Operation)> {
    let ghl = ghl::operations::ALL.iter().map(|&operation| (Side::Ghl, operation));
    let openphone = openphone::operations::ALL.iter().map(|&operation| (Side::OpenPhone, operation));
    ghl.chain(openphone).filter(|(_, operation)| operation.access == Access::Write)
}

fn is_left_out(operation: &Operation) -> bool {
    LEFT_OUT.iter().any(|(start, _)| operation.name.starts_with(start))
}

fn parameters(action: &Action, place: Place) -> impl Iterator<Item = &'static Parameter> {
    action.parameters.iter().filter(move |parameter| parameter.place == place)
}

fn placeholders(route: &str) -> Vec<&str> {
    route.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
}

#[test]
fn every_write_is_an_action_or_left_out_for_a_reason() {
    let wanted: Vec<_> = writes().filter(|(_, one)| !is_left_out(one)).map(|(side, one)| (side, one.name)).collect();
    let there: Vec<_> = actions().map(|action| (action.side, action.operation.name)).collect();
    assert_eq!(there.iter().collect::<BTreeSet<_>>().len(), there.len(), "an action is there twice");
    assert_eq!(there, wanted, "in the order of the operations");
    for (start, reason) in LEFT_OUT {
        assert!(writes().any(|(_, one)| one.name.starts_with(start)), "nothing is left out for: {reason}");
    }
}

#[test]
fn every_placeholder_of_a_route_is_asked_for_once() {
    for action in actions() {
        let asked: Vec<&str> = parameters(action, Place::Route).map(|parameter| parameter.name).collect();
        assert_eq!(asked, placeholders(action.operation.path()), "{}", action.operation.name);
        assert!(
            parameters(action, Place::Route).all(|one| one.is_required && one.kind == Kind::Text),
            "{}: a route has no gaps",
            action.operation.name
        );
        let names: BTreeSet<_> = action.parameters.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), action.parameters.len(), "{}: a rule tells parameters by name", action.operation.name);
    }
}

#[test]
fn what_stands_there_by_itself_is_what_the_place_is_for() {
    for action in actions() {
        let route = action.operation.path();
        for parameter in action.parameters {
            let before = format!("/{{{}}}", parameter.name);
            let folder = route.split_once(&before).and_then(|(before, _)| before.rsplit('/').next());
            let wanted = match (parameter.place, folder, parameter.name) {
                (Place::Route, Some("contacts"), "id") | (Place::Body, _, "contactId") => Some(Usual::Contact),
                (Place::Route | Place::Body, _, "locationId") => Some(Usual::Location),
                // One of three, of which one only may be there.
                (Place::Body, _, "conversationId") if action.operation.name == "openphone.v1.task.create" => None,
                (Place::Route, Some("tasks" | "notes" | "conversations"), _) | (Place::Body, _, "conversationId") => {
                    Some(Usual::Subject)
                }
                _ => None,
            };
            assert_eq!(parameter.usual, wanted, "{} {}", action.operation.name, parameter.name);
        }
    }
}

#[test]
fn a_repetition_is_harmless_where_nothing_new_comes_of_it() {
    for action in actions() {
        let name = action.operation.name;
        let makes = [".create", ".upsert", ".send", ".log", ".campaign.add", ".workflow.add"];
        let is_new = makes.iter().any(|end| name.ends_with(end));
        assert_eq!(action.again == Again::Twice, is_new, "{name}");
        assert!(!is_new || action.operation.method() == "POST", "{name}");
        assert_eq!(action.reaches_people, name == "openphone.v1.message.send", "{name}");
        let is_sentence = action.what.ends_with('.') && action.what.starts_with(char::is_uppercase);
        assert!(is_sentence && !action.what.contains(". "), "{name}: one sentence, not {:?}", action.what);
    }
}

/// Where the description of an action is.
fn described(folder: &Path, action: &Action) -> tandem_testkit::openapi::Operation {
    let family = action.operation.path().split('/').nth(1).unwrap_or_default();
    let file = match (action.side, family) {
        (Side::Ghl, family) => format!("ghl/openapi/apps/{family}.json"),
        (Side::OpenPhone, "v1") => "openphone/openapi/quo-public-api-v1.json".to_owned(),
        (Side::OpenPhone, _) => "openphone/openapi/quo-2026-03-30.reconstructed.json".to_owned(),
    };
    let found = Document::open(&folder.join(file)).operation(action.operation.template);
    found.unwrap_or_else(|| panic!("{} is not described", action.operation.name))
}

/// Bodies with everything in them: one for each alternative.
fn bodies(schema: &Schema) -> Vec<Json> {
    let bodies: Vec<Json> = (0..CHOICES).map(|choice| schema.instance(choice)).collect();
    for body in &bodies {
        assert!(body.is_object(), "a rule can't say {body}");
    }
    bodies
}

/// Which keys a body can have, and of which kind each is; whether it has to be there.
fn keys(schema: &Schema) -> BTreeMap<String, (Kind, bool)> {
    let bodies = bodies(schema);
    let names: BTreeSet<&String> = bodies.iter().filter_map(Json::as_object).flat_map(|body| body.keys()).collect();
    let about = |name: &String| {
        let kinds: Vec<Kind> = bodies.iter().filter_map(|body| kind(body.get(name)?)).collect();
        let first = kinds.first().copied().unwrap_or(Kind::Any);
        let kind = if kinds.iter().all(|kind| *kind == first) { first } else { Kind::Any };
        (name.clone(), (kind, bodies.iter().all(|body| is_missed(schema, body, name))))
    };
    names.into_iter().map(about).collect()
}

/// What a value is; nothing where there is none.
fn kind(value: &Json) -> Option<Kind> {
    match value {
        Json::Null => None,
        Json::Bool(_) => Some(Kind::Flag),
        Json::Number(_) => Some(Kind::Number),
        Json::String(_) => Some(Kind::Text),
        Json::Array(items) if items.iter().all(Json::is_string) => Some(Kind::Texts),
        Json::Array(_) | Json::Object(_) => Some(Kind::Any),
    }
}

/// Whether a body that lacks a key is told so.
fn is_missed(schema: &Schema, body: &Json, name: &str) -> bool {
    let mut without = body.clone();
    without.as_object_mut().map(|fields| fields.remove(name));
    schema.problems(&without).iter().any(|problem| problem.contains(&format!("$.{name} is missing")))
}

fn is_listed(list: &[(&str, &str, &str)], action: &Action, name: &str) -> bool {
    list.iter().any(|(operation, key, _)| *operation == action.operation.name && *key == name)
}

/// What is wrong with the body of an action; exceptions have to be needed.
fn misfits(action: &Action, described: &BTreeMap<String, (Kind, bool)>) -> Vec<String> {
    let mut found = Vec::new();
    let offered: BTreeMap<&str, &Parameter> = parameters(action, Place::Body).map(|one| (one.name, one)).collect();
    for (name, (kind, is_required)) in described {
        let Some(parameter) = offered.get(name.as_str()) else {
            if !is_listed(NOT_OFFERED, action, name) {
                found.push(format!("{name} is not offered"));
            }
            continue;
        };
        if (parameter.kind != *kind) != is_listed(MISTYPED, action, name) {
            found.push(format!("{name} is {:?}, described as {kind:?}", parameter.kind));
        }
        if (parameter.is_required != *is_required) != is_listed(OPTIONAL, action, name) {
            found.push(format!("{name} is required: {}, described: {is_required}", parameter.is_required));
        }
    }
    let unknown = offered.keys().filter(|name| !described.contains_key(**name));
    found.extend(unknown.map(|name| format!("{name} is not described")));
    found
}

#[test]
fn bodies_have_the_keys_that_are_described() {
    let Some(folder) = vendor_dir() else { return };
    let mut found = Vec::new();
    for action in actions() {
        let schema = described(&folder, action).body();
        let keys = schema.as_ref().map(keys).unwrap_or_default();
        found.extend(misfits(action, &keys).iter().map(|one| format!("{} {one}", action.operation.name)));
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn queries_have_the_keys_that_are_described() {
    let Some(folder) = vendor_dir() else { return };
    for action in actions() {
        let query: Vec<_> = parameters(action, Place::Query).map(|one| (one.name, "1")).collect();
        let mut found = described(&folder, action).misfits("query", &query);
        found.retain(|problem| problem.ends_with("is missing") || problem.ends_with("is not described"));
        assert_eq!(found, Vec::<String>::new(), "{}", action.operation.name);
    }
}

#[test]
fn exceptions_are_about_something() {
    for (operation, key, reason) in [NOT_OFFERED, MISTYPED, OPTIONAL].concat() {
        let action = actions().find(|action| action.operation.name == operation);
        let action = action.unwrap_or_else(|| panic!("{operation} is no action"));
        let is_offered = parameters(action, Place::Body).any(|one| one.name == key);
        assert_eq!(is_offered, !is_listed(NOT_OFFERED, action, key), "{operation} {key}: {reason}");
    }
}

#[test]
fn a_description_is_read_with_all_its_alternatives() {
    let word = json!({ "type": "string" });
    let alternative = |key: &str| {
        json!({ "type": "object", "required": ["title", key], "properties": { "title": word, key: word,
            "more": { "type": "array", "items": { "type": "object", "properties": {} } } } })
    };
    let schema = Schema::of(json!({ "anyOf": [alternative("number"), alternative("conversation")] }));
    let wanted = [
        ("conversation", (Kind::Text, false)),
        ("more", (Kind::Any, false)),
        ("number", (Kind::Text, false)),
        ("title", (Kind::Text, true)),
    ];
    assert_eq!(keys(&schema), wanted.map(|(name, about)| (name.to_owned(), about)).into());
}
