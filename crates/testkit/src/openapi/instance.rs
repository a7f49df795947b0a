//! Something that fits.

use serde_json::{Value, json};

use super::Document;
use super::check::{alternatives, kinds, merged};

pub(super) fn instance(document: &Document, schema: &Value, choice: usize) -> Value {
    let (document, schema) = document.follow(schema);
    let schema = merged(&document, schema);
    if let Some((_, choices)) = alternatives(&document, &schema) {
        let (document, schema) = &choices[choice.min(choices.len() - 1)];
        return instance(document, schema, choice);
    }
    let listed = schema["enum"].get(choice).or_else(|| schema["enum"].get(0));
    if let Some(value) = schema.get("const").or(listed) {
        return value.clone();
    }
    let kinds = kinds(&schema["type"]);
    let kind = kinds.get(choice).or_else(|| kinds.last()).copied();
    match kind.or_else(|| schema.get("properties").map(|_| "object")) {
        Some("object") => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            fields.map(|(key, schema)| (key.clone(), instance(&document, schema, choice))).collect()
        }
        Some("array") => json!([instance(&document, &schema["items"], choice)]),
        Some("integer" | "number") => json!(7),
        Some("boolean") => json!(choice == 0),
        Some("string") => text(&schema).into(),
        _ => Value::Null,
    }
}

fn text(schema: &Value) -> String {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    match (schema["format"].as_str(), pattern) {
        (Some("date-time"), _) => "2026-01-02T03:04:05.000Z".to_owned(),
        (Some("uri"), _) => "https://example.com/1".to_owned(),
        (_, "^[0-9]+$") => "17".to_owned(),
        (_, r"^\+[1-9]\d{1,14}$") => "+15550100".to_owned(),
        (_, pattern) if pattern.ends_with("(.*)$") => format!("{}1", &pattern[1..pattern.len() - 5]),
        (_, "^whsec_") => "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=".to_owned(),
        _ => "abc".to_owned(),
    }
}
