//! A reader of published API descriptions: as much of `OpenAPI` and JSON Schema as the vendors' files use.
//!
//! A key that a description doesn't name is wrong, unless the description says that any key will do.

mod check;
pub mod deviations;
mod instance;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::{Map, Value};

/// A description, and those that it refers to.
#[derive(Debug, Clone)]
pub struct Document(Rc<Source>);

#[derive(Debug)]
struct Source {
    file: PathBuf,
    content: Value,
    others: RefCell<HashMap<String, Document>>,
}

impl Document {
    /// Reads a file. Panics when there is none, or when it isn't JSON.
    pub fn open(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let content = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self(Rc::new(Source { file: file.to_owned(), content, others: RefCell::default() }))
    }

    /// A description from memory, that refers to nothing beside it.
    pub fn of(content: Value) -> Self {
        Self(Rc::new(Source { file: PathBuf::new(), content, others: RefCell::default() }))
    }

    /// Method and path of everything described.
    pub fn templates(&self) -> Vec<String> {
        let paths = self.0.content["paths"].as_object().into_iter().flatten();
        let methods =
            paths.flat_map(|(path, methods)| methods.as_object().into_iter().flatten().map(move |one| (path, one)));
        // Beside the methods stand parameters that they share.
        let is_method = |name: &str| ["get", "post", "put", "patch", "delete"].contains(&name);
        methods
            .filter(|(_, (name, _))| is_method(name))
            .map(|(path, (name, _))| format!("{} {path}", name.to_uppercase()))
            .collect()
    }

    /// What is described under method and path; placeholders may have other names here.
    pub fn operation(&self, template: &str) -> Option<Operation> {
        let wanted = nameless(template);
        let found = self.templates().into_iter().find(|one| nameless(one) == wanted)?;
        let (method, path) = found.split_once(' ')?;
        let path = &self.0.content["paths"][path];
        Some(Operation {
            document: self.clone(),
            shared: path["parameters"].as_array().cloned().unwrap_or_default(),
            content: path[method.to_lowercase()].clone(),
        })
    }

    /// The schema under a pointer.
    pub fn schema(&self, pointer: &str) -> Schema {
        let content = self.0.content.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere")).clone();
        Schema { document: self.clone(), content }
    }

    fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// What a schema is after its references.
    fn follow(&self, schema: &Value) -> (Self, Value) {
        let Some(reference) = schema["$ref"].as_str() else { return (self.clone(), schema.clone()) };
        let (beside, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let document = if beside.is_empty() { self.clone() } else { self.other(beside) };
        let target = document.0.content.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere")).clone();
        document.follow(&target)
    }

    fn other(&self, beside: &str) -> Self {
        let open = || Self::open(&self.0.file.parent().unwrap_or(Path::new("")).join(beside));
        self.0.others.borrow_mut().entry(beside.to_owned()).or_insert_with(open).clone()
    }
}

/// Method and path with placeholders that have no names.
pub fn nameless(template: &str) -> String {
    let parts = template.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// One described operation.
#[derive(Debug)]
pub struct Operation {
    document: Document,
    /// Parameters of everything under the same path.
    shared: Vec<Value>,
    content: Value,
}

impl Operation {
    /// The scopes that it asks for, if it asks for a credential at all. Where several kinds of credential will do, they need
    /// the same scopes.
    pub fn scopes(&self) -> Option<BTreeSet<String>> {
        let security = self.content.get("security").or_else(|| self.document.0.content.get("security"))?;
        let ways = security.as_array()?.iter().filter_map(Value::as_object);
        let scopes = ways.flat_map(Map::values).flat_map(|scopes| scopes.as_array().into_iter().flatten());
        Some(scopes.filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// What is wrong with the parameters that stand in one `place` of a request: `query` or `header`. Headers that are not
    /// described are nobody's business.
    pub fn misfits(&self, place: &str, given: &[(&str, &str)]) -> Vec<String> {
        let described = self.parameters(place);
        let named = |wanted: &str| described.iter().find(|one| is_named(one, wanted));
        let mut found: Vec<String> = described
            .iter()
            .filter(|one| one["required"] == true && !given.iter().any(|(name, _)| is_named(one, name)))
            .map(|one| format!("{place} {} is missing", text(one)))
            .collect();
        for (name, value) in given {
            match named(name) {
                Some(one) => self.fits(&one["schema"], value, &format!("{place} {}", text(one)), &mut found),
                None if place == "query" => found.push(format!("{place} {name} is not described")),
                None => {}
            }
        }
        found
    }

    /// The most that a numeric query parameter may be, where there is a bound.
    pub fn largest(&self, name: &str) -> Option<u64> {
        self.parameters("query").iter().find(|one| is_named(one, name))?["schema"]["maximum"].as_u64()
    }

    fn parameters(&self, place: &str) -> Vec<Value> {
        let own = self.content["parameters"].as_array().into_iter().flatten();
        let all = self.shared.iter().chain(own).map(|one| self.document.follow(one).1);
        all.filter(|one| one["in"] == place).collect()
    }

    /// In an address everything is text; a list repeats its name.
    fn fits(&self, schema: &Value, value: &str, at: &str, found: &mut Vec<String>) {
        let (document, schema) = self.document.follow(schema);
        match schema["type"].as_str() {
            Some("array") => self.fits(&schema["items"], value, &format!("{at}[]"), found),
            Some("number" | "integer" | "boolean") => {
                let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
                check::check((&document, &schema), &value, at, found);
            }
            _ => check::check((&document, &schema), &value.into(), at, found),
        }
    }

    /// The schema of the body to be sent, JSON or form.
    pub fn body(&self) -> Option<Schema> {
        let content = &self.content["requestBody"]["content"];
        ["application/json", "application/x-www-form-urlencoded"].iter().find_map(|kind| self.schema(&content[kind]))
    }

    /// The statuses that it may answer with.
    pub fn statuses(&self) -> Vec<u16> {
        let answers = self.content["responses"].as_object().into_iter().flatten();
        answers.filter_map(|(status, _)| status.parse().ok()).collect()
    }

    /// The schema of an answer, where it has one.
    pub fn answer(&self, status: u16) -> Option<Schema> {
        self.schema(&self.content["responses"][status.to_string()]["content"]["application/json"])
    }

    fn schema(&self, content: &Value) -> Option<Schema> {
        let schema = content.get("schema").filter(|schema| schema.is_object())?;
        Some(Schema { document: self.document.clone(), content: schema.clone() })
    }
}

fn text(parameter: &Value) -> &str {
    parameter["name"].as_str().unwrap_or_default()
}

fn is_named(parameter: &Value, name: &str) -> bool {
    let is_header = parameter["in"] == "header";
    if is_header { text(parameter).eq_ignore_ascii_case(name) } else { text(parameter) == name }
}

/// What a value has to look like.
#[derive(Debug, Clone)]
pub struct Schema {
    document: Document,
    content: Value,
}

impl Schema {
    /// A schema from memory.
    pub fn of(content: Value) -> Self {
        Self { document: Document::of(Value::Null), content }
    }

    /// What is wrong with a value, each with its place, `$` being the value; nothing when it fits.
    pub fn problems(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        check::check((&self.document, &self.content), value, "$", &mut found);
        found
    }

    /// Something that fits, with everything that can be there; `choice` picks among alternatives.
    pub fn instance(&self, choice: usize) -> Value {
        instance::instance(&self.document, &self.content, choice)
    }
}
