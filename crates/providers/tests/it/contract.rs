//! Requests and readers against the providers' published descriptions. Without those there is nothing to find.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;
use std::path::PathBuf;

use serde_json::Value as Json;
use tandem_providers::{ApiError, Class, Request, Response};
use tandem_testkit::openapi::{Document, Operation};

use crate::exchange::Api;
use crate::{answer, vendor};

/// Parameters that say how large a page may be.
const PAGE_SIZES: [&str; 2] = ["limit", "maxResults"];

impl Api {
    /// Where the description of a route is.
    pub(crate) fn document(self, path: &str) -> PathBuf {
        let family = path.split('/').nth(1).unwrap_or_default();
        match self {
            Self::Dated => format!("ghl/openapi/apps/{family}.json").into(),
            Self::V3 => format!("ghl/openapi/v3/apps/{family}-v3.json").into(),
            Self::OpenPhone if family == "v1" => "openphone/openapi/quo-public-api-v1.json".into(),
            Self::OpenPhone => "openphone/openapi/quo-2026-03-30.reconstructed.json".into(),
        }
    }

    /// Method and route with placeholders, as this version has them.
    pub(crate) fn template(self, operation: &tandem_providers::Operation) -> String {
        match self {
            Self::Dated | Self::V3 => format!("{} {}", operation.method(), self.version().route(operation)),
            Self::OpenPhone => operation.template.to_owned(),
        }
    }
}

/// What there is about a request.
enum Described {
    /// The descriptions are not at hand.
    Absent,
    /// They don't have it.
    Not,
    Here(Operation),
}

fn described(api: Api, request: &Request) -> Described {
    thread_local! {
        static OPEN: RefCell<HashMap<PathBuf, Document>> = RefCell::default();
        // Looked for once, so that its absence is told once.
        static FOLDER: Option<PathBuf> = vendor();
    }
    let template = api.template(request.operation);
    let Some(folder) = FOLDER.with(Clone::clone) else { return Described::Absent };
    let file = folder.join(api.document(request.http.uri().path()));
    let document =
        OPEN.with_borrow_mut(|open| open.entry(file).or_insert_with_key(|file| Document::open(file)).clone());
    document.operation(&template).map_or(Described::Not, Described::Here)
}

fn named(api: Api, request: &Request, what: &str) -> String {
    format!("{} {} {what}", api.name(), api.template(request.operation))
}

/// What is wrong with a request.
pub(crate) fn request(api: Api, request: &Request, body: Option<&Json>) -> Vec<String> {
    let operation = match described(api, request) {
        Described::Absent => return Vec::new(),
        Described::Not => return vec![named(api, request, "is not described")],
        Described::Here(operation) => operation,
    };
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(request.http.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let headers = request.http.headers().iter();
    let headers: Vec<(&str, &str)> =
        headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default())).collect();
    let mut found = operation.misfits("query", &query);
    found.extend(operation.misfits("header", &headers));
    for size in PAGE_SIZES {
        let asked = query.iter().find(|(name, _)| *name == size).map(|(_, asked)| *asked);
        let (Some(asked), Some(largest)) = (asked, operation.largest(size)) else { continue };
        if asked != largest.to_string() {
            found.push(format!("query {size} is {asked}, the largest page is {largest}"));
        }
    }
    match (operation.body(), body) {
        (Some(schema), Some(body)) => found.extend(schema.problems(body).iter().map(|one| format!("body {one}"))),
        (None, Some(_)) => found.push("body is not described".to_owned()),
        (Some(_), None) => found.push("body is missing".to_owned()),
        (None, None) => {}
    }
    let scopes: BTreeSet<String> = request.operation.scopes.iter().map(|&scope| scope.to_owned()).collect();
    if operation.scopes().unwrap_or_default() != scopes {
        found.push(format!("scopes are {:?}, not {scopes:?}", operation.scopes()));
    }
    found.iter().map(|one| named(api, request, one)).collect()
}

/// What is wrong with an answer of ours, that shows what the reader is about and no more.
pub(crate) fn sample(api: Api, request: &Request, status: u16, body: &Json) -> Vec<String> {
    let Described::Here(operation) = described(api, request) else { return Vec::new() };
    if !operation.statuses().contains(&status) {
        return vec![named(api, request, &format!("{status} is not described"))];
    }
    let Some(schema) = operation.answer(status) else { return Vec::new() };
    let problems = schema.problems(body).into_iter().filter(|one| !one.contains("is missing"));
    problems.map(|one| named(api, request, &format!("{status}: {one}"))).collect()
}

/// Which documented answers the reader can't make anything of.
pub(crate) fn answers<T: Debug>(
    api: Api,
    request: &Request,
    reader: impl Fn(&Response) -> Result<T, ApiError>,
) -> Vec<String> {
    let Described::Here(operation) = described(api, request) else { return Vec::new() };
    let mut found = Vec::new();
    for status in operation.statuses() {
        let schema = operation.answer(status);
        // Where nothing is said about a body there is nothing to read, unless there is none.
        let bodies = match (&schema, status) {
            (Some(schema), _) => vec![schema.instance(0), schema.instance(1)],
            (None, 204) => vec![Json::Null],
            (None, _) => continue,
        };
        for body in bodies {
            let read = reader(&answer(status, &body));
            let wrong = if denies(&body) { taken_for_done(read) } else { misread(request, status, read) };
            found.extend(wrong.map(|wrong| named(api, request, &format!("{status}: {wrong}: {body}"))));
        }
    }
    found
}

fn misread<T: Debug>(request: &Request, status: u16, read: Result<T, ApiError>) -> Option<String> {
    match (read, status) {
        (Ok(value), 200..300) => {
            // Lists count what they can't read; the instances have one item each.
            format!("{value:?}").contains("unreadable: 1").then(|| "an item cannot be read".to_owned())
        }
        (Err(error), 200..300) => Some(format!("cannot be read ({:?})", error.class())),
        // What is gone already counts as deleted.
        (Ok(_), 404) if request.operation.method() == "DELETE" => None,
        (Ok(value), _) => Some(format!("is read as {value:?}")),
        (Err(error), _) if error.class() == class(status) => None,
        (Err(error), _) => Some(format!("is sorted as {:?}", error.class())),
    }
}

/// A success status whose body says that nothing was done.
fn denies(body: &Json) -> bool {
    ["succeded", "succeeded", "success"].iter().any(|flag| body[flag] == false)
}

fn taken_for_done<T: Debug>(read: Result<T, ApiError>) -> Option<String> {
    read.ok().map(|value| format!("a denial is read as {value:?}"))
}

/// What a refusal means.
fn class(status: u16) -> Class {
    match status {
        401 => Class::Unauthorized,
        402 => Class::PaymentRequired,
        403 => Class::Forbidden,
        404 => Class::NotFound,
        409 => Class::Conflict,
        429 => Class::Throttled { retry_after: None },
        500.. => Class::Transient,
        _ => Class::Refused,
    }
}
