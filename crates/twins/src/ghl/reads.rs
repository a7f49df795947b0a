//! Reads of contacts: one, the old list, those of a business, the duplicate search, appointments.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::ghl::contact::Contact;
use crate::ghl::contacts::{READ, id_for};
use crate::ghl::routes::{Reply, Rule, reply};
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::version::Version;
use crate::ghl::{errors, views};
use crate::phone;

pub(super) const RULES: &[Rule] = &[
    Rule::new("GET /contacts/", READ, list).only(Version::Dated),
    Rule::new("GET /contacts/search/duplicate", READ, duplicate),
    Rule::new("GET /contacts/business/{businessId}", READ, of_business),
    Rule::new("GET /contacts/{contactId}", READ, get),
    Rule::new("GET /contacts/{contactId}/appointments", READ, appointments),
];

fn get(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let id = id_for(ghl, asked)?;
    let location = &ghl.locations[asked.at];
    let contact = location.shelf.get(id).ok_or_else(|| errors::no_contact(id))?;
    reply(200, json!({ "contact": views::whole(contact, &location.config.id, asked.version) }))
}

/// The location of a query: it must be there, and it must be the token's.
pub(super) fn location_in_query(ghl: &Ghl, asked: &Asked<'_>) -> Result<(), Answer> {
    match asked.call.param("locationId") {
        None => Err(errors::unprocessable(&["locationId should not be empty".to_owned()])),
        Some(id) if id == ghl.locations[asked.at].config.id => Ok(()),
        Some(_) => Err(errors::other_location()),
    }
}

/// `limit` and `skip` of a list whose largest page is not published.
pub(super) fn window(asked: &Asked<'_>, usual: usize) -> Result<(usize, usize), Answer> {
    let number = |name: &str, usual: usize| asked.call.param(name).map_or(Ok(usual), str::parse::<usize>);
    match (number("limit", usual), number("skip", 0)) {
        (Ok(limit), Ok(skip)) => Ok((limit, skip)),
        (Err(_), _) => Err(errors::unprocessable(&["limit must be a number".to_owned()])),
        (_, Err(_)) => Err(errors::unprocessable(&["skip must be a number".to_owned()])),
    }
}

/// `GET /contacts/`: youngest first, by cursor. Gone in v3.
fn list(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    location_in_query(ghl, asked)?;
    let limit = asked.call.param("limit").map_or(Ok(20), str::parse::<usize>);
    let limit = limit.ok().filter(|limit| (1..=100).contains(limit));
    let limit = limit.ok_or_else(|| errors::unprocessable(&["limit must be between 1 and 100".to_owned()]))?;
    let location = &ghl.locations[asked.at];
    let query = asked.call.param("query").unwrap_or_default().to_lowercase();
    let mut rows: Vec<&Contact> = location.shown(asked.stamp.instant).collect();
    rows.retain(|contact| query.is_empty() || mentions(contact, &query));
    rows.sort_by_key(|contact| std::cmp::Reverse(list_cursor(contact)));
    let total = rows.len();
    if let Some(cursor) = cursor_of(asked) {
        rows.retain(|contact| list_cursor(contact) < cursor);
    }
    rows.truncate(limit);
    let meta = rows.last().map(|last| list_meta(last, total, &location.config.id));
    let page: Vec<Value> = rows.iter().map(|contact| views::listed(contact, &location.config.id)).collect();
    reply(200, json!({ "contacts": page, "count": total, "meta": meta.unwrap_or_else(|| json!({ "total": total })) }))
}

fn list_cursor(contact: &Contact) -> (i64, &str) {
    (contact.added.as_millisecond(), &contact.id)
}

fn cursor_of<'a>(asked: &Asked<'a>) -> Option<(i64, &'a str)> {
    let millis = asked.call.param("startAfter")?.parse().ok()?;
    Some((millis, asked.call.param("startAfterId").unwrap_or_default()))
}

fn list_meta(last: &Contact, total: usize, location: &str) -> Value {
    let (after, id) = list_cursor(last);
    let next = format!("/contacts/?locationId={location}&startAfter={after}&startAfterId={id}");
    json!({ "total": total, "nextPageUrl": next, "startAfterId": id, "startAfter": after })
}

/// Whether the full text of a contact holds the words.
pub(super) fn mentions(contact: &Contact, words: &str) -> bool {
    let fields = [contact.text("email"), contact.text("phone"), contact.text("companyName")];
    let held = |text: &str| text.to_lowercase().contains(words);
    held(&contact.name()) || fields.into_iter().flatten().any(held)
}

fn of_business(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    location_in_query(ghl, asked)?;
    let (limit, skip) = window(asked, 25)?;
    let location = &ghl.locations[asked.at];
    let business = asked.call.segment(2);
    let query = asked.call.param("query").unwrap_or_default().to_lowercase();
    let shown = location.shown(asked.stamp.instant);
    let mut rows: Vec<&Contact> = shown.filter(|contact| contact.business.as_deref() == Some(business)).collect();
    rows.retain(|contact| query.is_empty() || mentions(contact, &query));
    let count = rows.len();
    let page = rows.into_iter().skip(skip).take(limit);
    let page: Vec<Value> = page.map(|contact| views::listed(contact, &location.config.id)).collect();
    reply(200, json!({ "contacts": page, "count": count }))
}

fn duplicate(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    location_in_query(ghl, asked)?;
    let (email, number) = (asked.call.param("email"), asked.call.param("number"));
    if email.is_none() && number.is_none() {
        return Err(errors::bad_request("Pass at least one of number, email query parameter"));
    }
    let location = &ghl.locations[asked.at];
    let by_email = email.and_then(|email| location.holder("email", email, ""));
    let found = by_email.or_else(|| location.holder("phone", &phone::normal(number?), ""));
    let view = found.map(|contact| views::whole(contact, &location.config.id, asked.version));
    reply(200, json!({ "contact": view }))
}

fn appointments(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let id = id_for(ghl, asked)?;
    reply(200, json!({ "events": ghl.locations[asked.at].appointments.of(id) }))
}
