//! Whether a value fits.

use serde_json::{Map, Value};

use super::Document;

type Place<'a> = (&'a Document, &'a Value);

pub(super) fn check(schema: Place<'_>, value: &Value, at: &str, found: &mut Vec<String>) {
    let (document, schema) = schema.0.follow(schema.1);
    let schema = merged(&document, schema);
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    for name in ["oneOf", "anyOf"] {
        let Some(choices) = schema[name].as_array() else { continue };
        choose((&document, choices), (value, name), at, found);
    }
    if schema["enum"].as_array().is_some_and(|listed| !listed.contains(value)) {
        found.push(format!("{at} is none of the listed values"));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        found.push(format!("{at} is not the one value"));
    }
    let kinds = kinds(&schema["type"]);
    if !kinds.is_empty() && !kinds.iter().any(|kind| is_kind(value, kind)) {
        return found.push(format!("{at} is {}, not {}", kind(value), kinds.join(" or ")));
    }
    if let Some(text) = value.as_str() {
        shape(&schema, text, at, found);
    }
    if let Some(fields) = value.as_object() {
        object((&document, &schema), fields, at, found);
    }
    for item in value.as_array().into_iter().flatten() {
        check((&document, &schema["items"]), item, &format!("{at}[]"), found);
    }
}

fn choose(choices: (&Document, &[Value]), (value, name): (&Value, &str), at: &str, found: &mut Vec<String>) {
    let tried = choices.1.iter().map(|choice| {
        let mut wrong = Vec::new();
        check((choices.0, choice), value, at, &mut wrong);
        wrong
    });
    let tried: Vec<Vec<String>> = tried.collect();
    if !tried.iter().any(Vec::is_empty) {
        let reasons: Vec<String> = tried.into_iter().map(|wrong| wrong.join(", ")).collect();
        found.push(format!("{at} fits none of {name}: {}", reasons.join("; or ")));
    }
}

fn object((document, schema): Place<'_>, fields: &Map<String, Value>, at: &str, found: &mut Vec<String>) {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            found.push(format!("{at}.{name} is missing"));
        }
    }
    let Some(described) = schema["properties"].as_object() else { return };
    let rest = schema.get("additionalProperties").filter(|rest| rest.is_object() || **rest == true);
    for (name, field) in fields {
        let at = format!("{at}.{name}");
        match described.get(name).or(rest) {
            Some(schema) => check((document, schema), field, &at, found),
            None => found.push(format!("{at} is not described")),
        }
    }
}

/// The parts of an `allOf` as one schema.
pub(super) fn merged(document: &Document, schema: Value) -> Value {
    let Some(parts) = schema["allOf"].as_array() else { return schema };
    let mut whole = schema.as_object().cloned().unwrap_or_default();
    whole.remove("allOf");
    for part in parts {
        let (target, part) = document.follow(part);
        let part = merged(&target, part);
        assert!(target.is(document) || !refers(&part), "a part from another file that refers to its own");
        for (key, value) in part.as_object().into_iter().flatten() {
            add(&mut whole, key, value);
        }
    }
    whole.into()
}

fn refers(schema: &Value) -> bool {
    schema.to_string().contains("\"$ref\":\"#")
}

fn add(whole: &mut Map<String, Value>, key: &str, value: &Value) {
    match (whole.get_mut(key), value) {
        (Some(Value::Object(there)), Value::Object(more)) => there.extend(more.clone()),
        (Some(Value::Array(there)), Value::Array(more)) if key == "required" => there.extend(more.iter().cloned()),
        _ => drop(whole.insert(key.to_owned(), value.clone())),
    }
}

pub(super) fn kinds(kind: &Value) -> Vec<&str> {
    kind.as_str().into_iter().chain(kind.as_array().into_iter().flatten().filter_map(Value::as_str)).collect()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_kind(value: &Value, wanted: &str) -> bool {
    if wanted == "integer" { value.is_u64() || value.is_i64() } else { kind(value) == wanted }
}

/// The files' patterns are prefixes, digits, E.164, or anything with a visible character.
fn shape(schema: &Value, text: &str, at: &str, found: &mut Vec<String>) {
    let length = text.chars().count() as u64;
    if schema["minLength"].as_u64().is_some_and(|least| length < least) {
        found.push(format!("{at} is too short"));
    }
    if schema["maxLength"].as_u64().is_some_and(|most| length > most) {
        found.push(format!("{at} is too long"));
    }
    let Some(pattern) = schema["pattern"].as_str() else { return };
    let is_digits = |text: &str| !text.is_empty() && text.chars().all(|one| one.is_ascii_digit());
    let fits = match pattern {
        r"^\+[1-9]\d{1,14}$" => text.strip_prefix('+').is_some_and(is_digits),
        "^[0-9]+$" => is_digits(text),
        r"\S" => !text.trim().is_empty(),
        other => text.starts_with(other.trim_start_matches('^').trim_end_matches("(.*)$")),
    };
    if !fits {
        found.push(format!("{at} does not look like {pattern}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::openapi::{Document, Schema};

    #[test]
    fn what_is_wrong_is_found() {
        let schema = Schema::of(json!({ "type": "object", "required": ["id"], "properties": {
            "id": { "type": "string", "pattern": "^CN(.*)$", "maxLength": 4 },
            "kind": { "type": "string", "enum": ["a"] },
            "list": { "type": "array", "items": { "type": "integer" } },
            "gone": { "type": "string", "nullable": true },
            "either": { "anyOf": [{ "type": "null" }, { "type": ["string", "boolean"], "minLength": 2 }] },
            "parts": { "allOf": [{ "properties": { "a": {} }, "required": ["a"] }, { "properties": { "b": {} } }] },
            "any": { "type": "object", "properties": {}, "additionalProperties": true },
        } }));
        let fits = json!({ "id": "CN1", "kind": "a", "list": [1], "gone": null, "either": null,
            "parts": { "a": 1, "b": 2 }, "any": { "x": 1 } });
        assert_eq!(schema.problems(&fits), Vec::<String>::new());
        let wrong = [
            (json!([]), "$ is array, not object"),
            (json!({}), "$.id is missing"),
            (json!({ "id": 1 }), "$.id is number, not string"),
            (json!({ "id": "PN1" }), "$.id does not look like ^CN(.*)$"),
            (json!({ "id": "CN123" }), "$.id is too long"),
            (json!({ "id": "CN", "kind": "b" }), "$.kind is none of the listed values"),
            (json!({ "id": "CN", "list": [1.5] }), "$.list[] is number, not integer"),
            (json!({ "id": "CN", "parts": { "b": 1 } }), "$.parts.a is missing"),
            (json!({ "id": "CN", "parts": { "a": 1, "c": 1 } }), "$.parts.c is not described"),
            (json!({ "id": "CN", "more": 1 }), "$.more is not described"),
        ];
        for (value, problem) in wrong {
            assert_eq!(schema.problems(&value), [problem], "{value}");
        }
        let neither = schema.problems(&json!({ "id": "CN", "either": "x" }));
        assert!(neither[0].starts_with("$.either fits none of anyOf"), "{neither:?}");
        for choice in 0..2 {
            assert_eq!(schema.problems(&schema.instance(choice)), Vec::<String>::new());
        }
    }

    #[test]
    fn operations_are_found_by_what_they_do() {
        let name = json!({ "application/json": { "schema": { "$ref": "#/components/name" } } });
        let document = Document::of(json!({
            "components": { "name": { "type": "string", "minLength": 1 } },
            "paths": { "/a/{id}": { "parameters": [], "put": {
                "requestBody": { "content": name },
                "responses": { "201": { "content": name }, "204": {}, "default": {} },
            } } },
        }));
        assert_eq!(document.templates(), ["PUT /a/{id}"]);
        assert!(document.operation("GET /a/{other}").is_none());
        let put = document.operation("PUT /a/{other}").unwrap();
        assert_eq!(put.body().unwrap().problems(&json!("")), ["$ is too short"]);
        assert_eq!(put.statuses(), [201, 204]);
        assert!(put.answer(204).is_none());
        assert_eq!(put.answer(201).unwrap().problems(&json!("x")), Vec::<String>::new());
    }
}
