//! Whether a value fits.

use serde_json::{Map, Value, json};

use super::Document;

type Place<'a> = (&'a Document, &'a Value);

pub(super) fn check(schema: Place<'_>, value: &Value, at: &str, found: &mut Vec<String>) {
    let (document, schema) = schema.0.follow(schema.1);
    let schema = merged(&document, schema);
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    if let Some((name, choices)) = alternatives(&document, &schema) {
        return choose((name, &choices), value, at, found);
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
    bounds(&schema, value, at, found);
    if let Some(fields) = value.as_object() {
        object((&document, &schema), fields, at, found);
    }
    for item in value.as_array().into_iter().flatten() {
        check((&document, &schema["items"]), item, &format!("{at}[]"), found);
    }
}

fn choose((name, choices): (&str, &[(Document, Value)]), value: &Value, at: &str, found: &mut Vec<String>) {
    let tried = choices.iter().map(|(document, choice)| {
        let mut wrong = Vec::new();
        check((document, choice), value, at, &mut wrong);
        wrong
    });
    let tried: Vec<Vec<String>> = tried.collect();
    if !tried.iter().any(Vec::is_empty) {
        let reasons: Vec<String> = tried.into_iter().map(|wrong| wrong.join(", ")).collect();
        found.push(format!("{at} fits none of {name}: {}", reasons.join("; or ")));
    }
}

/// The choices that a schema leaves, each with all that stands beside them.
pub(super) fn alternatives(document: &Document, schema: &Value) -> Option<(&'static str, Vec<(Document, Value)>)> {
    let name =
        ["oneOf", "anyOf"].into_iter().find(|name| schema[name].as_array().is_some_and(|all| !all.is_empty()))?;
    let mut beside = schema.as_object()?.clone();
    let choices = beside.remove(name)?;
    let whole = |choice: &Value| {
        let (target, choice) = document.follow(choice);
        if !beside.contains_key("properties") {
            return (target, choice);
        }
        (document.clone(), merged(document, json!({ "allOf": [beside, choice] })))
    };
    Some((name, choices.as_array()?.iter().map(whole).collect()))
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

fn bounds(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let mut tell = |name: &str, is_beyond: bool| {
        if is_beyond {
            found.push(format!("{at} is beyond the {name} {}", schema[name]));
        }
    };
    if let Some(number) = value.as_f64() {
        tell("minimum", schema["minimum"].as_f64().is_some_and(|bound| number < bound));
        tell("maximum", schema["maximum"].as_f64().is_some_and(|bound| number > bound));
    }
    if let Some(size) = value.as_array().map(|items| items.len() as u64) {
        tell("minItems", schema["minItems"].as_u64().is_some_and(|bound| size < bound));
        tell("maxItems", schema["maxItems"].as_u64().is_some_and(|bound| size > bound));
    }
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
        r"\S" | r".*\S.*" => !text.trim().is_empty(),
        other => text.starts_with(other.trim_start_matches('^').trim_end_matches("(.*)$")),
    };
    if !fits {
        found.push(format!("{at} does not look like {pattern}"));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use crate::openapi::{Document, Schema};

    #[test]
    fn what_is_wrong_is_found() {
        let schema = Schema::of(json!({ "type": "object", "required": ["id"], "properties": {
            "id": { "type": "string", "pattern": "^CN(.*)$", "maxLength": 4 },
            "kind": { "type": "string", "enum": ["a"] },
            "list": { "type": "array", "items": { "type": "integer", "maximum": 9 }, "maxItems": 2 },
            "gone": { "type": "string", "nullable": true },
            "either": { "anyOf": [{ "type": "null" }, { "type": ["string", "boolean"], "minLength": 2 }] },
            "parts": { "allOf": [{ "properties": { "a": {} }, "required": ["a"] }, { "properties": { "b": {} } }] },
            "any": { "type": "object", "properties": {}, "additionalProperties": true },
            "held": { "allOf": [{ "properties": { "key": {} } }, { "anyOf": [
                { "type": "object", "required": ["value"], "properties": { "value": { "type": "number" } } },
                { "type": "object", "required": ["value"], "properties": { "value": { "type": "null" } } },
            ] }] },
        } }));
        let fits = json!({ "id": "CN1", "kind": "a", "list": [1], "gone": null, "either": null,
            "parts": { "a": 1, "b": 2 }, "any": { "x": 1 }, "held": { "key": "k", "value": null } });
        assert_eq!(schema.problems(&fits), Vec::<String>::new());
        let wrong = [
            (json!([]), "$ is array, not object"),
            (json!({}), "$.id is missing"),
            (json!({ "id": 1 }), "$.id is number, not string"),
            (json!({ "id": "PN1" }), "$.id does not look like ^CN(.*)$"),
            (json!({ "id": "CN123" }), "$.id is too long"),
            (json!({ "id": "CN", "kind": "b" }), "$.kind is none of the listed values"),
            (json!({ "id": "CN", "list": [1.5] }), "$.list[] is number, not integer"),
            (json!({ "id": "CN", "list": [10] }), "$.list[] is beyond the maximum 9"),
            (json!({ "id": "CN", "list": [1, 2, 3] }), "$.list is beyond the maxItems 2"),
            (json!({ "id": "CN", "parts": { "b": 1 } }), "$.parts.a is missing"),
            (json!({ "id": "CN", "parts": { "a": 1, "c": 1 } }), "$.parts.c is not described"),
            (json!({ "id": "CN", "more": 1 }), "$.more is not described"),
        ];
        for (value, problem) in wrong {
            assert_eq!(schema.problems(&value), [problem], "{value}");
        }
        let neither = schema.problems(&json!({ "id": "CN", "either": "x" }));
        assert!(neither[0].starts_with("$.either fits none of anyOf"), "{neither:?}");
        let held = schema.problems(&json!({ "id": "CN", "held": { "key": "k", "value": 1, "more": 1 } }));
        assert!(held[0].contains("$.held.more is not described"), "{held:?}");
        assert_eq!(schema.instance(0)["held"], json!({ "key": null, "value": 7 }));
        for choice in 0..2 {
            assert_eq!(schema.problems(&schema.instance(choice)), Vec::<String>::new());
        }
    }

    #[test]
    fn operations_are_found_by_what_they_do() {
        let name = json!({ "application/json": { "schema": { "$ref": "#/components/name" } } });
        let query = |name: &str, required: bool, schema: Value| json!({ "in": "query", "name": name, "required": required, "schema": schema });
        let document = Document::of(json!({
            "components": { "name": { "type": "string", "minLength": 1 } },
            "security": [{ "key": [] }],
            "paths": { "/a/{id}": { "parameters": [query("size", true, json!({ "type": "integer", "maximum": 9 }))], "put": {
                "parameters": [
                    query("ids", false, json!({ "type": "array", "items": { "type": "string", "minLength": 2 } })),
                    { "in": "header", "name": "Version", "required": true, "schema": { "enum": ["1"] } },
                ],
                "security": [{ "bearer": ["a.write"] }, { "agency": ["a.write"] }],
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
        assert_eq!(put.scopes(), Some(BTreeSet::from(["a.write".to_owned()])));
        let query = |given: &[(&str, &str)]| put.misfits("query", given);
        assert_eq!(query(&[("size", "9"), ("ids", "ab"), ("ids", "cd")]), Vec::<String>::new());
        assert_eq!(query(&[("ids", "ab")]), ["query size is missing"]);
        assert_eq!(
            query(&[("size", "x"), ("ids", "a")]),
            ["query size is string, not integer", "query ids[] is too short"]
        );
        assert_eq!(query(&[("size", "1"), ("other", "1")]), ["query other is not described"]);
        assert_eq!(put.misfits("header", &[("version", "2")]), ["header Version is none of the listed values"]);
    }
}
