//! A reader of the two API documents: as much of JSON Schema as they use.

use serde_json::{Map, Value, json};

use crate::kit::Seen;

/// Where the twin leaves the documents on purpose: operation and status, place, and the contract sheet's section.
const DEVIATIONS: [(&str, &str, &str); 4] = [
    ("GET /v1/contacts 400", ".code", "3.6: newer pages also have 0800400"),
    ("GET /v1/contacts 400", ".title", "3.6: newer pages also have 0800400"),
    ("GET /v1/contacts 400", ".description", "3.6: only on some"),
    ("GET /v1/users 401", "", "3.6: the gateway's own shape"),
];

/// One API document.
pub(crate) struct Document(pub(crate) Value);

impl Document {
    /// The schema of an answer; null when it has no body.
    fn answer(&self, method: &str, template: &str, status: u16) -> Value {
        let operation = &self.0["paths"][template][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {template} is not in the document");
        let answer = &operation["responses"][status.to_string()];
        assert!(answer.is_object(), "{method} {template} does not answer {status}");
        answer["content"]["application/json"]["schema"].clone()
    }

    /// What is wrong with a value, with the place.
    fn faults(&self, value: &Value, schema: &Value, at: &str) -> Vec<String> {
        if let Some(path) = schema["$ref"].as_str() {
            let target = self.0.pointer(path.trim_start_matches('#')).unwrap();
            return self.faults(value, target, at);
        }
        for name in ["anyOf", "oneOf"] {
            let Some(choices) = schema[name].as_array() else { continue };
            let tried: Vec<Vec<String>> = choices.iter().map(|choice| self.faults(value, choice, at)).collect();
            return if tried.iter().any(Vec::is_empty) { Vec::new() } else { tried.concat() };
        }
        let mut faults = Vec::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            faults.extend(self.faults(value, part, at));
        }
        if !is_kind(value, &schema["type"]) || !is_listed(value, schema) || !is_shaped(value, schema) {
            faults.push(format!("{at}: {value} is not {schema}"));
        }
        if let Some(fields) = value.as_object() {
            faults.extend(self.object_faults(fields, schema, at));
        }
        for (place, item) in value.as_array().into_iter().flatten().enumerate() {
            faults.extend(self.faults(item, &schema["items"], &format!("{at}[{place}]")));
        }
        faults
    }

    fn object_faults(&self, fields: &Map<String, Value>, schema: &Value, at: &str) -> Vec<String> {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let missing = required.filter(|name| !fields.contains_key(*name)).map(|name| format!("{at}.{name}: missing"));
        let mut faults: Vec<String> = missing.collect();
        for (name, value) in fields {
            match schema["properties"].get(name) {
                Some(inner) => faults.extend(self.faults(value, inner, &format!("{at}.{name}"))),
                None if schema["additionalProperties"] == json!(false) => faults.push(format!("{at}.{name}: unknown")),
                None => {}
            }
        }
        faults
    }
}

fn is_kind(value: &Value, kind: &Value) -> bool {
    let fits = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type {other}"),
    };
    match kind {
        Value::String(kind) => fits(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(fits),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
    }
}

fn is_listed(value: &Value, schema: &Value) -> bool {
    let among = schema["enum"].as_array().is_none_or(|all| all.contains(value));
    among && schema.get("const").is_none_or(|wanted| wanted == value)
}

/// The documents' patterns are prefixes, digits, E.164, or anything with a visible character.
fn is_shaped(value: &Value, schema: &Value) -> bool {
    let (Some(text), Some(pattern)) = (value.as_str(), schema["pattern"].as_str()) else { return true };
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    match pattern {
        r"^\+[1-9]\d{1,14}$" => text.strip_prefix('+').is_some_and(digits),
        "^[0-9]+$" => digits(text),
        other => text.starts_with(other.trim_start_matches('^').trim_end_matches("(.*)$")),
    }
}

/// Fails when an answer does not fit and nothing justifies it.
pub(crate) fn judge(document: &Document, (method, template): (&str, &str), seen: &Seen) {
    let name = format!("{method} {template} {}", seen.status);
    let faults = document.faults(&seen.body, &document.answer(method, template, seen.status), "");
    let known = |fault: &&String| {
        DEVIATIONS.iter().any(|(operation, place, _section)| name == *operation && fault.starts_with(place))
    };
    let left: Vec<&String> = faults.iter().filter(|fault| !known(fault)).collect();
    assert!(left.is_empty(), "{name}: {left:#?}");
}

#[test]
fn the_judge_finds_what_does_not_fit() {
    let schema = json!({
        "type": "object", "required": ["id", "list"], "additionalProperties": false,
        "properties": {
            "id": { "type": "string", "pattern": "^CN(.*)$" },
            "list": { "type": "array", "items": { "anyOf": [{ "type": "null" }, { "enum": ["a"] }] } },
        },
    });
    let document = Document(json!({ "part": schema }));
    let by_name = json!({ "$ref": "#/part" });
    assert!(document.faults(&json!({ "id": "CN1", "list": [null, "a"] }), &by_name, "").is_empty());
    for wrong in [
        json!([]),
        json!({ "id": "CN1" }),
        json!({ "id": "PN1", "list": [] }),
        json!({ "id": "CN1", "list": ["b"] }),
        json!({ "id": "CN1", "list": [], "more": 1 }),
    ] {
        assert!(!document.faults(&wrong, &by_name, "").is_empty(), "{wrong}");
    }
}
