//! Which bodies OpenPhone accepts, and what becomes of custom field values.

use serde_json::{Map, Value, json};

use crate::openphone::config::{FieldType, UnknownOption, Workspace};
use crate::openphone::contact::{Group, NAMES};
use crate::openphone::errors::Complaint;

type Body = Map<String, Value>;

/// Words that `source` may not be, and beginnings that it may not have.
const RESERVED: [&str; 6] = ["openphone", "device", "csv", "zapier", "google-people", "other"];
const RESERVED_BEGINNINGS: [&str; 2] = ["openphone", "csv"];

/// What is wrong with a v1 body apart from its custom fields.
pub(super) fn v1_complaints(body: &Body, creates: bool) -> Vec<Complaint> {
    let mut found = origin_complaints(body, creates);
    match body.get("defaultFields") {
        None if creates => found.push(Complaint::new("/defaultFields", "Expected required property", "object")),
        None => {}
        Some(Value::Object(fields)) => default_field_complaints(fields, creates, &mut found),
        Some(_) => found.push(Complaint::new("/defaultFields", "Expected object", "object")),
    }
    if creates && body.get("createdByUserId").is_some_and(|id| !id.as_str().is_some_and(|id| id.starts_with("US"))) {
        found.push(Complaint::new("/createdByUserId", "Expected string to match '^US(.*)$'", "string"));
    }
    found
}

fn default_field_complaints(fields: &Body, creates: bool, found: &mut Vec<Complaint>) {
    if creates && !fields.contains_key("firstName") {
        found.push(Complaint::new("/defaultFields/firstName", "Expected required property", "string"));
    }
    for name in NAMES {
        if fields.get(name).is_some_and(|value| !value.is_string() && !value.is_null()) {
            found.push(Complaint::new(format!("/defaultFields/{name}"), "Expected string", "string"));
        }
    }
    for group in Group::BOTH {
        let path = format!("/defaultFields/{}", group.name());
        match fields.get(group.name()) {
            None => {}
            Some(Value::Array(items)) => found.extend(items.iter().enumerate().filter_map(|(at, item)| {
                let named = item["name"].is_string();
                let valued = item.get("value").is_some_and(|value| value.is_string() || value.is_null());
                let message = "Expected an object with name and value";
                (!named || !valued).then(|| Complaint::new(format!("{path}/{at}"), message, "object"))
            })),
            Some(_) => found.push(Complaint::new(path, "Expected array", "array")),
        }
    }
}

/// What is wrong with `externalId`, `source` and `sourceUrl`, alike on both surfaces.
pub(super) fn origin_complaints(body: &Body, creates: bool) -> Vec<Complaint> {
    let mut found = Vec::new();
    let longest_source = if creates { 72 } else { 75 };
    for (name, longest) in [("externalId", 75), ("source", longest_source), ("sourceUrl", 200)] {
        match body.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if (1..=longest).contains(&text.chars().count()) => {}
            Some(Value::String(_)) => {
                found.push(Complaint::new(format!("/{name}"), "Expected string length within bounds", "string"));
            }
            Some(_) => found.push(Complaint::new(format!("/{name}"), "Expected string", "string")),
        }
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if creates && text("source").is_some_and(is_reserved) {
        found.push(Complaint::new("/source", "Source is reserved", "string"));
    }
    if text("sourceUrl").is_some_and(|link| url::Url::parse(link).is_err()) {
        found.push(Complaint::new("/sourceUrl", "Expected string to be a uri", "string"));
    }
    found
}

fn is_reserved(source: &str) -> bool {
    RESERVED.contains(&source) || RESERVED_BEGINNINGS.iter().any(|beginning| source.starts_with(beginning))
}

/// What is wrong with the body of a dated create or update.
pub(super) fn dated_complaints(body: &Body, creates: bool) -> Vec<Complaint> {
    let mut found = origin_complaints(body, creates);
    if creates && !body.get("firstName").is_some_and(Value::is_string) {
        found.push(Complaint::new("/firstName", "Expected required property", "string"));
    }
    for name in NAMES {
        if body.get(name).is_some_and(|value| !value.is_string() && !value.is_null()) {
            found.push(Complaint::new(format!("/{name}"), "Expected string", "string"));
        }
    }
    found
}

/// A custom field value that passed: the key, what to hold (null removes), and options to define.
pub(super) struct Accepted {
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) new_options: Vec<String>,
}

/// Reads one value for a defined field.
pub(super) fn accept(workspace: &Workspace, key: &str, value: &Value) -> Result<Accepted, &'static str> {
    let field = workspace.field(key).ok_or("Unknown custom field")?;
    let mut accepted = Accepted { key: key.to_owned(), value: value.clone(), new_options: Vec::new() };
    if value.is_null() {
        return Ok(accepted);
    }
    let text = value.as_str();
    let fits = match &field.kind {
        FieldType::Text | FieldType::Address => text.is_some(),
        FieldType::Url => text.is_some_and(|link| url::Url::parse(link).is_ok()),
        FieldType::Boolean => value.is_boolean(),
        FieldType::Date => text.is_some_and(|date| date.parse::<jiff::Timestamp>().is_ok()),
        FieldType::Number => value.is_number(),
        FieldType::MultiSelect { options, unknown } => {
            let picked = value.as_array().ok_or("Expected an array of options")?;
            let picked: Option<Vec<&str>> = picked.iter().map(Value::as_str).collect();
            let (kept, new) = options_of(&picked.ok_or("Expected options to be strings")?, options, *unknown)?;
            accepted.value = if kept.is_empty() { Value::Null } else { json!(kept) };
            accepted.new_options = new;
            true
        }
    };
    if fits { Ok(accepted) } else { Err("Value does not fit the type of the custom field") }
}

type Options = (Vec<String>, Vec<String>);

/// The options to hold and those to define, each once and in the order given.
fn options_of(picked: &[&str], options: &[String], unknown: UnknownOption) -> Result<Options, &'static str> {
    let (mut kept, mut new): Options = Default::default();
    for option in picked {
        let option = (*option).to_owned();
        if kept.contains(&option) {
            continue;
        }
        if !options.contains(&option) {
            match unknown {
                UnknownOption::Refuse => return Err("Unknown option"),
                UnknownOption::Drop => continue,
                UnknownOption::Add => new.push(option.clone()),
            }
        }
        kept.push(option);
    }
    Ok((kept, new))
}
