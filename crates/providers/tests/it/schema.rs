//! Just enough JSON schema to hold our bodies against the vendor's document.

use serde_json::Value as Json;

/// What is wrong with `value`, with its path; nothing when it fits. A key that the schema doesn't name is wrong.
pub(crate) fn misfits(schema: &Json, value: &Json, path: &str) -> Vec<String> {
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = choices.iter().any(|choice| misfits(choice, value, path).is_empty());
        return if fits { Vec::new() } else { vec![format!("{path}: fits no choice")] };
    }
    if !is_type(schema["type"].as_str(), value) {
        return vec![format!("{path}: not a {}", schema["type"])];
    }
    let mut found = Vec::new();
    let length = value.as_str().map(|text| text.chars().count() as u64);
    let bound = |name: &str| length.zip(schema[name].as_u64());
    let is_short = bound("minLength").is_some_and(|(length, bound)| length < bound);
    let is_long = bound("maxLength").is_some_and(|(length, bound)| length > bound);
    if is_short || is_long {
        found.push(format!("{path}: length"));
    }
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if value.get(required).is_none() {
            found.push(format!("{path}/{required}: missing"));
        }
    }
    for (key, child) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(key) {
            Some(schema) => found.extend(misfits(schema, child, &format!("{path}/{key}"))),
            None => found.push(format!("{path}/{key}: unknown")),
        }
    }
    for (index, child) in value.as_array().into_iter().flatten().enumerate() {
        // The custom fields' `allOf` splits one item over two schemas; its values are checked by hand in the tests.
        if schema["items"].get("allOf").is_none() {
            found.extend(misfits(&schema["items"], child, &format!("{path}/{index}")));
        }
    }
    found
}

fn is_type(name: Option<&str>, value: &Json) -> bool {
    match name {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("null") => value.is_null(),
        Some("number" | "integer") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    }
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let schema = serde_json::json!({"type": "object", "required": ["a"], "properties": {
        "a": {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 2}, {"type": "null"}]},
        "b": {"type": "array", "items": {"type": "string"}}}});
    let count = |value: Json| misfits(&schema, &value, "").len();
    assert_eq!(count(serde_json::json!({"a": "x", "b": ["y"]})), 0);
    assert_eq!(count(serde_json::json!({"a": null})), 0);
    assert_eq!(count(serde_json::json!({"a": "xxx"})), 1);
    assert_eq!(count(serde_json::json!({"a": ""})), 1);
    assert_eq!(count(serde_json::json!({"b": [1], "c": 1})), 3);
}
