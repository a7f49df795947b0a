//! OpenPhone's table of operations against both API documents: what we ask for exists there, what exists there is asked for
//! or left out for a reason, and what those documents promise can be read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use tandem_providers::Request;
use tandem_providers::openphone::operations::ALL;
use url::form_urlencoded;

use crate::openphone_samples::{exchanges, samples};
use crate::{answer, json, vendor};

const DOCUMENTS: [&str; 2] =
    ["openphone/openapi/quo-public-api-v1.json", "openphone/openapi/quo-2026-03-30.reconstructed.json"];

/// Operations of the documents that we leave out, and why.
const EXCLUDED: &[(&str, &str)] = &[
    ("GET /phone-numbers/available", "lists numbers for sale; Tandem buys none"),
    ("POST /messages/{}/retry", "sends a text once more; Tandem never sends on its own"),
];

/// Parameters and operations that we use although the documents don't have them: operation, what, and the contract sheet's
/// section that says so. None at present.
const DEVIATIONS: &[(&str, &str, &str)] = &[];

fn deviates(operation: &str, what: &str) -> bool {
    DEVIATIONS.iter().any(|(name, deviation, _)| *name == operation && *deviation == what)
}

/// The documents' operations under their method and path, placeholders without names.
fn documented() -> Option<BTreeMap<String, (usize, Json)>> {
    let folder = vendor()?;
    let mut found = BTreeMap::new();
    for (index, document) in documents(&folder).iter().enumerate() {
        for (path, methods) in document["paths"].as_object().unwrap() {
            // Beside the methods stand parameters that they share.
            let is_method = |name: &str| ["get", "post", "put", "patch", "delete"].contains(&name);
            for (method, operation) in methods.as_object().unwrap().iter().filter(|(name, _)| is_method(name)) {
                found.insert(nameless(&format!("{} {path}", method.to_uppercase())), (index, operation.clone()));
            }
        }
    }
    Some(found)
}

fn documents(folder: &std::path::Path) -> [Json; 2] {
    DOCUMENTS.map(|path| json(&folder.join(path)))
}

fn nameless(template: &str) -> String {
    let parts = template.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn resolve<'a>(document: &'a Json, schema: &'a Json) -> &'a Json {
    let reference = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#'));
    reference.map_or(schema, |pointer| document.pointer(pointer).unwrap())
}

#[test]
fn every_operation_has_a_sample() {
    let built: BTreeSet<&str> = samples().iter().map(|request| request.operation.name).collect();
    let named: BTreeSet<&str> = ALL.iter().map(|operation| operation.name).collect();
    assert_eq!(built, named);
    for request in samples() {
        let uri = request.http.uri().to_string();
        assert!(!uri.contains('{') && !uri.contains("%7B") && uri.starts_with('/'), "{uri}");
        assert_eq!(request.http.method().as_str(), request.operation.method());
        assert_eq!(uri.starts_with("/v1/"), !request.http.headers().contains_key("quo-api-version"), "{uri}");
    }
}

#[test]
fn the_table_and_the_documents_name_the_same_operations() {
    let Some(documented) = documented() else { return };
    assert_eq!(documented.len(), 100, "both documents, every operation");
    let ours: BTreeSet<String> = ALL.iter().map(|operation| nameless(operation.template)).collect();
    for (operation, template) in ALL.iter().map(|operation| (operation.name, nameless(operation.template))) {
        assert!(documented.contains_key(&template) || deviates(operation, "operation"), "{template} is not documented");
    }
    for (template, reason) in EXCLUDED {
        assert!(documented.contains_key(*template), "{template} is not documented");
        assert!(!ours.contains(*template), "{template} is there, although it {reason}");
    }
    let is_left_out = |template: &str| EXCLUDED.iter().any(|(excluded, _)| *excluded == template);
    let missing: Vec<&String> =
        documented.keys().filter(|template| !ours.contains(*template) && !is_left_out(template)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn every_query_is_documented_and_complete() {
    let (Some(documented), Some(folder)) = (documented(), vendor()) else { return };
    let documents = documents(&folder);
    for request in samples() {
        let (document, operation) = &documented[&nameless(request.operation.template)];
        let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let parameters: Vec<&Json> = parameters.iter().map(|one| resolve(&documents[*document], one)).collect();
        let given = query(&request);
        for name in given.keys() {
            let is_there = parameters.iter().any(|one| one["in"] == "query" && one["name"] == **name);
            assert!(is_there || deviates(request.operation.name, name), "{}: {name}", request.operation.name);
        }
        for one in parameters.iter().filter(|one| one["in"] == "query" && one["required"] == true) {
            assert!(given.contains_key(one["name"].as_str().unwrap()), "{}: {one}", request.operation.name);
        }
        for size in ["limit", "maxResults"] {
            let schema = parameters.iter().find(|one| one["name"] == size).map(|one| &one["schema"]);
            let (Some(asked), Some(schema)) = (given.get(size), schema) else { continue };
            let largest = schema["maximum"].as_u64().unwrap_or(100);
            assert_eq!(asked.parse(), Ok(largest), "{}: the largest page", request.operation.name);
        }
        assert_eq!(operation["requestBody"].is_object(), !request.http.body().is_empty(), "{}", request.operation.name);
    }
}

fn query(request: &Request) -> BTreeMap<String, String> {
    let query = request.http.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[test]
fn every_documented_answer_is_read() {
    let (Some(documented), Some(folder)) = (documented(), vendor()) else { return };
    let documents = documents(&folder);
    for (request, read) in exchanges() {
        let name = request.operation.name;
        let (index, operation) = &documented[&nameless(request.operation.template)];
        let responses = operation["responses"].as_object().unwrap();
        let (status, response) = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
        let schema = &response["content"]["application/json"]["schema"];
        for choice in 0..2 {
            let mut body = instance(&documents[*index], schema, choice);
            if name == "openphone.number.users" {
                // The one place where the document doesn't say what user ids look like (contract sheet, section 3.1).
                body["data"][0]["id"] = "US123".into();
            }
            let answer = answer(status.parse().unwrap(), &body);
            assert_eq!(read(&answer).map_err(|error| error.to_string()), Ok(0), "{name}: {body}");
        }
    }
}

/// Something that fits the schema; `choice` picks among alternatives.
fn instance(document: &Json, schema: &Json, choice: usize) -> Json {
    let schema = resolve(document, schema);
    if let Some(choices) = schema["anyOf"].as_array() {
        return instance(document, &choices[choice.min(choices.len() - 1)], choice);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let whole = parts.iter().filter_map(|part| instance(document, part, choice).as_object().cloned());
        return whole.flatten().collect::<Map<_, _>>().into();
    }
    if let Some(value) = schema.get("const").or_else(|| schema["enum"].get(choice)).or_else(|| schema["enum"].get(0)) {
        return value.clone();
    }
    let kinds = schema["type"].as_array().map(Vec::as_slice).unwrap_or_default();
    let kind = schema["type"].as_str().or_else(|| kinds.get(choice)?.as_str());
    match kind {
        Some("object") => {
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            properties.iter().map(|(key, schema)| (key.clone(), instance(document, schema, choice))).collect()
        }
        Some("array") => json!([instance(document, &schema["items"], choice)]),
        Some("integer" | "number") => json!(7),
        Some("boolean") => json!(choice == 0),
        Some("string") => text(schema),
        _ => Json::Null,
    }
}

fn text(schema: &Json) -> Json {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    match (schema["format"].as_str(), pattern) {
        (Some("date-time"), _) => json!("2026-01-02T03:04:05.000Z"),
        (Some("uri"), _) => json!("https://example.com/1"),
        (_, "^[0-9]+$") => json!("17"),
        (_, pattern) if pattern.ends_with("(.*)$") => json!(format!("{}123abc", &pattern[1..pattern.len() - 5])),
        (_, "^whsec_") => json!("whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="),
        _ => json!("abc"),
    }
}
