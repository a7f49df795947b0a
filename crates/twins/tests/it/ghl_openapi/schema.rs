//! A reader of the published descriptions: as much of JSON Schema as they use.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;

/// The descriptions of one version.
pub(super) struct Documents {
    folder: PathBuf,
    v3: bool,
    read: RefCell<HashMap<PathBuf, Rc<Value>>>,
}

impl Documents {
    pub(super) fn new(folder: PathBuf, v3: bool) -> Self {
        Self { folder, v3, read: RefCell::default() }
    }

    fn file(&self, family: &str) -> PathBuf {
        let name = if self.v3 { format!("v3/apps/{family}-v3.json") } else { format!("apps/{family}.json") };
        self.folder.join(name)
    }

    fn document(&self, path: &Path) -> Rc<Value> {
        let read = || Rc::new(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap());
        Rc::clone(self.read.borrow_mut().entry(path.to_owned()).or_insert_with(read))
    }

    /// What is wrong with an answer.
    pub(super) fn problems(&self, method: &str, template: &str, (status, body): (u16, &Value)) -> Vec<String> {
        let family = template.split('/').nth(1).unwrap();
        let file = self.file(family);
        let document = self.document(&file);
        let operation = &document["paths"][template][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {template} is not described");
        let response = &operation["responses"][status.to_string()];
        if response.is_null() {
            return vec![format!("status {status} is not described")];
        }
        let mut found = Vec::new();
        let schema = &response["content"]["application/json"]["schema"];
        if schema.is_object() {
            check(&mut Place { documents: Some(self), file, found: &mut found }, schema, body, "$");
        }
        found
    }

    fn resolve(&self, file: &Path, reference: &str) -> (PathBuf, Value) {
        let (beside, pointer) = reference.split_once('#').unwrap();
        let file = if beside.is_empty() { file.to_owned() } else { file.parent().unwrap().join(beside) };
        let target = self.document(&file).pointer(pointer).cloned();
        (file, target.unwrap_or_else(|| panic!("{reference} leads nowhere")))
    }
}

/// Where a schema stands, and what was found so far.
struct Place<'a> {
    documents: Option<&'a Documents>,
    file: PathBuf,
    found: &'a mut Vec<String>,
}

/// What is wrong with a value by a schema without references.
pub(super) fn problems_in(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(&mut Place { documents: None, file: PathBuf::new(), found: &mut found }, schema, value, "$");
    found
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

fn check(place: &mut Place<'_>, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let (file, target) = place.documents.unwrap().resolve(&place.file, reference);
        return check(&mut Place { documents: place.documents, file, found: place.found }, &target, value, at);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(place, part, value, at);
    }
    for choice in ["oneOf", "anyOf"] {
        let Some(options) = schema[choice].as_array() else { continue };
        let fits = options.iter().any(|option| {
            let mut found = Vec::new();
            let mut inner = Place { documents: place.documents, file: place.file.clone(), found: &mut found };
            check(&mut inner, option, value, at);
            found.is_empty()
        });
        if !fits {
            place.found.push(format!("{at} fits none of {choice}"));
        }
    }
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    if schema["enum"].as_array().is_some_and(|listed| !listed.contains(value)) {
        place.found.push(format!("{at} is none of the listed values"));
    }
    let wanted = match schema["type"].as_str() {
        Some("integer") => "number",
        Some(wanted) => wanted,
        None => return,
    };
    if kind(value) != wanted {
        return place.found.push(format!("{at} is {}, not {wanted}", kind(value)));
    }
    parts(place, schema, value, at);
}

fn parts(place: &mut Place<'_>, schema: &Value, value: &Value, at: &str) {
    for item in value.as_array().into_iter().flatten() {
        check(place, &schema["items"], item, &format!("{at}[]"));
    }
    let (Some(fields), Some(described)) = (value.as_object(), schema["properties"].as_object()) else { return };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            place.found.push(format!("{at}.{name} is missing"));
        }
    }
    for (name, field) in fields {
        match described.get(name) {
            Some(schema) => check(place, schema, field, &format!("{at}.{name}")),
            None => place.found.push(format!("{at}.{name} is not described")),
        }
    }
}
