//! Which bodies GHL accepts: a whitelist per operation; everything else is named in a 422.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::call::Answer;
use crate::ghl::contact::CHANNELS;
use crate::ghl::errors;
use crate::ghl::version::Version;

/// The three operations that take a contact body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    Update,
    Upsert,
}

/// What a property may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    TextOrNull,
    Flag,
    Number,
    Time,
    Texts,
    Objects,
    Object,
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        let all = |fits: fn(&Value) -> bool| value.as_array().is_some_and(|list| list.iter().all(fits));
        match self {
            Self::Text => value.is_string(),
            Self::TextOrNull => value.is_string() || value.is_null(),
            Self::Flag => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Time => value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
            Self::Texts => all(Value::is_string),
            Self::Objects => all(Value::is_object),
            Self::Object => value.is_object(),
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Text | Self::TextOrNull => "must be a string",
            Self::Flag => "must be a boolean value",
            Self::Number => "must be a number",
            Self::Time => "must be a valid ISO 8601 date string",
            Self::Texts => "must be an array of strings",
            Self::Objects => "must be an array of objects",
            Self::Object => "must be an object",
        }
    }
}

/// One property of a plain body.
pub(super) struct Field {
    name: &'static str,
    kind: Kind,
    needed: bool,
}

impl Field {
    pub(super) const fn needed(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, needed: true }
    }

    pub(super) const fn optional(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, needed: false }
    }
}

/// Refuses a body that holds anything else than these fields, or lacks one that is needed.
pub(super) fn whitelisted(body: &Map<String, Value>, fields: &[Field]) -> Result<(), Answer> {
    let mut problems = Vec::new();
    for (name, value) in body {
        match fields.iter().find(|field| field.name == *name) {
            None => problems.push(format!("property {name} should not exist")),
            Some(field) if field.kind.fits(value) => {}
            Some(field) => problems.push(format!("{name} {}", field.kind.wanted())),
        }
    }
    let missing = fields.iter().filter(|field| field.needed && !body.contains_key(field.name));
    problems.extend(missing.map(|field| format!("{} should not be empty", field.name)));
    refuse(&problems)
}

/// The refusal that names all problems.
pub(super) fn refuse(problems: &[String]) -> Result<(), Answer> {
    if problems.is_empty() { Ok(()) } else { Err(errors::unprocessable(problems)) }
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
pub(super) fn problems(body: &Map<String, Value>, verb: Verb, version: Version) -> Vec<String> {
    let mut problems: Vec<String> = body.iter().filter_map(|(name, value)| problem(name, value, verb)).collect();
    if verb != Verb::Update && body.get("locationId").is_none_or(Value::is_null) {
        problems.push("locationId should not be empty".to_owned());
    }
    if body.get("email").and_then(Value::as_str).is_some_and(|email| !email.is_empty() && !looks_like_email(email)) {
        problems.push("email must be an email".to_owned());
    }
    problems.extend(strange_fields(body, version));
    problems.extend(strange_channels(body, version));
    problems
}

fn problem(name: &str, value: &Value, verb: Verb) -> Option<String> {
    let Some(kind) = kind(name, verb) else {
        return Some(format!("property {name} should not exist"));
    };
    (!kind.fits(value)).then(|| format!("{name} {}", kind.wanted()))
}

/// Custom field values are written under `field_value`; v3 prefers `fieldValue`. A value under `value`, as it is read,
/// is refused.
fn strange_fields(body: &Map<String, Value>, version: Version) -> Vec<String> {
    let known = |name: &str| match name {
        "id" | "key" | "field_value" => true,
        "fieldValue" => version == Version::V3,
        _ => false,
    };
    let items = body.get("customFields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let named = items.iter().enumerate().filter_map(|(at, item)| Some((at, item.as_object()?)));
    let strange = named.flat_map(|(at, item)| item.keys().filter(|name| !known(name)).map(move |name| (at, name)));
    strange.map(|(at, name)| format!("customFields.{at}.property {name} should not exist")).collect()
}

/// Do-not-disturb channels are spelled differently in v3, and RCS can be read but not written.
fn strange_channels(body: &Map<String, Value>, version: Version) -> Vec<String> {
    let known = |name: &str| {
        let spelled = CHANNELS.iter().filter(|(dated, _)| *dated != "RCS");
        spelled.into_iter().any(|(dated, v3)| name == if version == Version::V3 { *v3 } else { *dated })
    };
    let settings = body.get("dndSettings").and_then(Value::as_object);
    let strange = settings.into_iter().flat_map(Map::keys).filter(|name| !known(name));
    strange.map(|name| format!("dndSettings.property {name} should not exist")).collect()
}

fn looks_like_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    !name.is_empty() && domain.contains('.') && !domain.contains('@') && !text.contains(char::is_whitespace)
}
