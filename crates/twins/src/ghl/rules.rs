//! Which bodies GHL accepts: a whitelist per operation; everything else is named in a 422.

use serde_json::{Map, Value};

/// The three operations that take a contact body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    Update,
    Upsert,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    TextOrNull,
    Flag,
    Texts,
    Objects,
    Object,
}

fn kind(name: &str, verb: Verb) -> Option<Kind> {
    let updating = verb == Verb::Update;
    match name {
        "firstName" | "lastName" | "name" | "email" | "phone" | "address1" | "city" | "state" | "website"
        | "timezone" | "dateOfBirth" => Some(Kind::TextOrNull),
        "source" | "assignedTo" if updating => Some(Kind::TextOrNull),
        "postalCode" | "country" | "source" | "assignedTo" => Some(Kind::Text),
        "companyName" if !updating => Some(Kind::TextOrNull),
        "locationId" | "gender" if !updating => Some(Kind::Text),
        "createNewIfDuplicateAllowed" if verb == Verb::Upsert => Some(Kind::Flag),
        "dnd" => Some(Kind::Flag),
        "tags" => Some(Kind::Texts),
        "customFields" => Some(Kind::Objects),
        "dndSettings" | "inboundDndSettings" => Some(Kind::Object),
        _ => None,
    }
}

/// What is wrong with a body; nothing when it is fine.
pub(super) fn problems(body: &Map<String, Value>, verb: Verb) -> Vec<String> {
    let mut problems: Vec<String> = body.iter().filter_map(|(name, value)| problem(name, value, verb)).collect();
    if verb != Verb::Update && body.get("locationId").is_none_or(Value::is_null) {
        problems.push("locationId should not be empty".to_owned());
    }
    if body.get("email").and_then(Value::as_str).is_some_and(|email| !email.is_empty() && !looks_like_email(email)) {
        problems.push("email must be an email".to_owned());
    }
    problems
}

fn problem(name: &str, value: &Value, verb: Verb) -> Option<String> {
    let Some(kind) = kind(name, verb) else {
        return Some(format!("property {name} should not exist"));
    };
    let all = |fits: fn(&Value) -> bool| value.as_array().is_some_and(|list| list.iter().all(fits));
    let (fits, wanted) = match kind {
        Kind::Text => (value.is_string(), "must be a string"),
        Kind::TextOrNull => (value.is_string() || value.is_null(), "must be a string"),
        Kind::Flag => (value.is_boolean(), "must be a boolean value"),
        Kind::Texts => (all(Value::is_string), "must be an array of strings"),
        Kind::Objects => (all(Value::is_object), "must be an array of objects"),
        Kind::Object => (value.is_object(), "must be an object"),
    };
    (!fits).then(|| format!("{name} {wanted}"))
}

fn looks_like_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    !name.is_empty() && domain.contains('.') && !domain.contains('@') && !text.contains(char::is_whitespace)
}
