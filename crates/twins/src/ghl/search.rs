//! `POST /contacts/search`: filters, sorting, both ways of paging.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::ghl::contact::Contact;
use crate::ghl::contacts::{READ, object};
use crate::ghl::reads::mentions;
use crate::ghl::routes::{Reply, Rule, reply};
use crate::ghl::rules::refuse;
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::{errors, search_rules, views};
use crate::stamp::iso;

pub(super) const RULES: &[Rule] = &[Rule::new("POST /contacts/search", READ, search)];

/// What a body asks for.
struct Query {
    page: usize,
    page_limit: usize,
    after: Option<Vec<Value>>,
    sort: Vec<(String, bool)>,
    filters: Vec<Value>,
    words: String,
}

/// The most records that paging by number reaches.
const REACH: usize = 10_000;

fn search(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let location = &ghl.locations[asked.at];
    let body = Value::Object(object(asked)?);
    let query = read(&body)?;
    if body["locationId"] != json!(location.config.id) {
        return Err(errors::other_location());
    }
    let shown = location.shown(asked.stamp.instant);
    let mentioned = shown.filter(|row| query.words.is_empty() || mentions(row, &query.words));
    let met = mentioned.filter(|row| query.filters.iter().all(|filter| meets(row, filter)));
    let mut rows: Vec<(Vec<Key>, &Contact)> = met.map(|row| (keys(row, &query.sort), row)).collect();
    let total = rows.len();
    if let Some(after) = &query.after {
        let after: Vec<Key> = after.iter().map(Key::from_cursor).collect();
        rows.retain(|(keys, _)| in_order(keys, &after, &query.sort).is_gt());
    }
    let skip = if query.after.is_some() { 0 } else { (query.page - 1) * query.page_limit };
    let end = skip + query.page_limit;
    // Sorting a hundred thousand rows for every page would be slow: set the page apart first.
    if end < rows.len() {
        rows.select_nth_unstable_by(end, |(one, _), (other, _)| in_order(one, other, &query.sort));
        rows.truncate(end);
    }
    rows.sort_by(|(one, _), (other, _)| in_order(one, other, &query.sort));
    let page = rows.into_iter().skip(skip);
    let found: Vec<Value> = page
        .map(|(keys, row)| views::found(row, &location.config.id, keys.iter().map(Key::in_cursor).collect()))
        .collect();
    reply(200, json!({ "contacts": found, "total": total }))
}

fn read(body: &Value) -> Result<Query, Answer> {
    let mut problems = Vec::new();
    if !body["locationId"].is_string() {
        problems.push("locationId should not be empty".to_owned());
    }
    let page_limit = body["pageLimit"].as_u64().and_then(|limit| usize::try_from(limit).ok());
    let page_limit = page_limit.filter(|limit| (1..=500).contains(limit));
    if page_limit.is_none() {
        problems.push("pageLimit must be a number between 1 and 500".to_owned());
    }
    problems.extend(search_rules::problems(body));
    refuse(&problems)?;
    let after = body["searchAfter"].as_array().cloned();
    if after.is_some() && !body["page"].is_null() {
        return Err(errors::bad_request("page must not be used together with searchAfter"));
    }
    let page = body["page"].as_u64().and_then(|page| usize::try_from(page).ok()).unwrap_or(1).max(1);
    let page_limit = page_limit.unwrap_or(1);
    if page.saturating_mul(page_limit) > REACH {
        return Err(errors::bad_request("page reaches beyond 10000 records, use searchAfter"));
    }
    let sort = body["sort"].as_array().map(Vec::as_slice).unwrap_or_default();
    if sort.len() > 2 {
        return Err(errors::bad_request("sort takes at most two fields"));
    }
    let sort = sort.iter().map(|by| (by["field"].as_str().unwrap_or_default().to_owned(), by["direction"] == "desc"));
    Ok(Query {
        page,
        page_limit,
        after,
        sort: sort.collect(),
        filters: body["filters"].as_array().cloned().unwrap_or_default(),
        words: body["query"].as_str().unwrap_or_default().to_lowercase(),
    })
}

/// A value that rows are sorted by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
}

impl Key {
    fn in_cursor(&self) -> Value {
        match self {
            Self::Number(number) => json!(number),
            Self::Text(text) => json!(text),
        }
    }

    fn from_cursor(value: &Value) -> Self {
        value.as_i64().map_or_else(|| Self::Text(value.as_str().unwrap_or_default().to_owned()), Self::Number)
    }
}

/// The values a row is sorted by, its id last. Without a wish: youngest first.
fn keys(row: &Contact, sort: &[(String, bool)]) -> Vec<Key> {
    let wished = sort.iter().map(|(field, _)| key(row, field));
    let usual = sort.is_empty().then(|| key(row, "dateAdded"));
    wished.chain(usual).chain([Key::Text(row.id.to_string())]).collect()
}

fn key(row: &Contact, field: &str) -> Key {
    match field {
        "dateAdded" => Key::Number(row.added.as_millisecond()),
        "dateUpdated" => Key::Number(row.updated.as_millisecond()),
        "dnd" => Key::Number(i64::from(row.dnd)),
        _ => {
            let name = field.strip_suffix("LowerCase").unwrap_or(field);
            Key::Text(row.text(name).unwrap_or_default().to_lowercase())
        }
    }
}

fn in_order(one: &[Key], other: &[Key], sort: &[(String, bool)]) -> Ordering {
    let down = |at: usize| if sort.is_empty() { at == 0 } else { sort.get(at).is_some_and(|(_, down)| *down) };
    let pairs = one.iter().zip(other).enumerate();
    let mut orders = pairs.map(|(at, (mine, theirs))| {
        let order = mine.cmp(theirs);
        if down(at) { order.reverse() } else { order }
    });
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn meets(row: &Contact, filter: &Value) -> bool {
    if let Some(parts) = filter["filters"].as_array() {
        return match filter["group"].as_str() {
            Some("OR") => parts.iter().any(|part| meets(row, part)),
            _ => parts.iter().all(|part| meets(row, part)),
        };
    }
    let field = filter["field"].as_str().unwrap_or_default();
    let wanted = &filter["value"];
    let held = values(row, field);
    let text = wanted.as_str().map_or_else(|| wanted.to_string(), str::to_lowercase);
    let equal = || held.contains(&text);
    let inside = || held.iter().any(|value| value.contains(&text));
    match filter["operator"].as_str().unwrap_or_default() {
        "eq" => equal(),
        "not_eq" => !equal(),
        "contains" => inside(),
        "not_contains" => !inside(),
        "exists" => !held.is_empty(),
        "not_exists" => held.is_empty(),
        "range" => in_range(row, field, wanted),
        _ => false,
    }
}

/// What a field holds, in lower case; several values for lists.
fn values(row: &Contact, field: &str) -> Vec<String> {
    let text = |name: &str| row.text(name).map(str::to_lowercase).into_iter().collect();
    match field {
        "id" => vec![row.id.to_lowercase()],
        "tags" => row.tags.iter().map(ToString::to_string).collect(),
        "dnd" => vec![row.dnd.to_string()],
        "dateAdded" => vec![iso(row.added).to_lowercase()],
        "dateUpdated" => vec![iso(row.updated).to_lowercase()],
        "contactName" => vec![row.name().to_lowercase()],
        "firstNameLowerCase" => text("firstName"),
        "lastNameLowerCase" => text("lastName"),
        "address" => text("address1"),
        "businessName" => text("companyName"),
        "followers" => lowered(&row.followers),
        "activeWorkflows" => lowered(&row.workflows),
        _ => match field.strip_prefix("customFields.") {
            Some(id) => {
                let held = row.custom.iter().filter(|(field, _)| **field == *id);
                held.map(|(_, value)| value.as_str().map_or_else(|| value.to_string(), str::to_lowercase)).collect()
            }
            None => text(field),
        },
    }
}

fn lowered(ids: &[Box<str>]) -> Vec<String> {
    ids.iter().map(|id| id.to_lowercase()).collect()
}

fn in_range(row: &Contact, field: &str, wanted: &Value) -> bool {
    let held = match field {
        "dateAdded" => row.added,
        "dateUpdated" => row.updated,
        "dateOfBirth" => match row.text("dateOfBirth").and_then(|day| format!("{day}T00:00:00Z").parse().ok()) {
            Some(midnight) => midnight,
            None => return false,
        },
        _ => return false,
    };
    let fits = |name: &str, test: fn(Ordering) -> bool| {
        wanted.get(name).is_none_or(|bound| moment(bound).is_some_and(|bound| test(held.cmp(&bound))))
    };
    fits("gt", Ordering::is_gt)
        && fits("gte", Ordering::is_ge)
        && fits("lt", Ordering::is_lt)
        && fits("lte", Ordering::is_le)
}

/// A time in a filter: ISO 8601 or milliseconds since 1970, as a number or as text.
pub(super) fn moment(value: &Value) -> Option<Timestamp> {
    let millis = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    match millis {
        Some(millis) => Timestamp::from_millisecond(millis).ok(),
        None => value.as_str()?.parse().ok(),
    }
}
