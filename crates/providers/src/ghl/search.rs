//! Finding contacts (contract sheet, sections 4.7, 4.8, 4.19, 4.20 and 4.25).
//!
//! What is found says who somebody is, not what they are called: names come in lower case here, so a contact that matters is
//! read by its id. The index lags behind writes by a few seconds.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::{ApiError, ContactId, CustomValue, Request, Response, json};

use super::request::{build, iso, query};
use super::response::read;
use super::{ApiVersion, Contact, Id, NotOffered, operations as ops};

/// The largest page of a search.
const SEARCH_PAGE: usize = 500;
const LIST_PAGE: &str = "100";
/// Not published; the default is 25.
const BUSINESS_PAGE: usize = 100;
const LOOKUP_PAGE: &str = "20";
const MAX_VALUE: usize = 75;

/// Somebody who was found: what may be compared, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// GHL's id.
    pub id: ContactId,
    /// The primary number, then the additional ones.
    pub phones: Vec<String>,
    /// The primary address, then the additional ones.
    pub emails: Vec<String>,
    /// Company.
    pub company: Option<String>,
    /// Custom field values by field id.
    pub custom_fields: Vec<CustomValue>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

/// Where the next page starts; opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(super) Json);

impl Cursor {
    /// As it is kept: a cursor names a contact, so that it holds for as long as anybody likes.
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// From its text.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }
}

/// One page of hits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HitPage {
    /// Who was found.
    pub hits: Vec<Hit>,
    /// Items without a usable id.
    pub unreadable: usize,
    /// How many there are on all pages, where GHL says so.
    pub total: Option<u64>,
    /// Where the next page starts; unset on the last.
    pub next: Option<Cursor>,
}

/// Not a value that can be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("GHL searches for values of 1 to {MAX_VALUE} characters")]
pub struct InvalidValue;

/// What a contact must be like to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Json);

impl Filter {
    /// A field that equals a value: `phone` with its country code, `email`, `tags`, `customFields.<id>` and others.
    pub fn equals(field: &str, value: &str) -> Result<Self, InvalidValue> {
        let fits = (1..=MAX_VALUE).contains(&value.chars().count());
        let filter = json!({ "field": field, "operator": "eq", "value": value });
        fits.then_some(Self(filter)).ok_or(InvalidValue)
    }

    /// Changed then or later. Nobody says in which form GHL wants the time; ISO 8601 is what it answers with.
    pub fn updated_since(time: Timestamp) -> Self {
        Self(json!({ "field": "dateUpdated", "operator": "range", "value": { "gte": iso(time) } }))
    }
}

/// `POST /contacts/search`: everybody whom all filters fit, the longest unchanged first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    location: Id,
    filters: Vec<Filter>,
}

impl Search {
    /// Everybody of a location, or those whom all of the filters fit.
    pub fn new(location: &Id, filters: Vec<Filter>) -> Self {
        Self { location: location.clone(), filters }
    }

    /// One page: the first, or the one that the page before named. `page` numbers end at 10,000 contacts; this doesn't.
    pub fn page(&self, after: Option<&Cursor>, version: &ApiVersion) -> Request {
        self.up_to(SEARCH_PAGE, after, version)
    }

    /// One of them, whoever it is: for asking whether the search works.
    pub fn any(&self, version: &ApiVersion) -> Request {
        self.up_to(1, None, version)
    }

    fn up_to(&self, limit: usize, after: Option<&Cursor>, version: &ApiVersion) -> Request {
        let mut body = json!({
            "locationId": self.location.as_str(), "pageLimit": limit,
            "sort": [{ "field": "dateUpdated", "direction": "asc" }],
        });
        if !self.filters.is_empty() {
            body["filters"] = self.filters.iter().map(|filter| filter.0.clone()).collect();
        }
        if let Some(Cursor(after)) = after {
            body["searchAfter"] = after.clone();
        }
        build(&ops::CONTACTS_SEARCH, version, &[]).with_json(&body)
    }
}

/// The answer to [`Search::page`].
pub fn searched(response: &Response) -> Result<HitPage, ApiError> {
    page(response, after_search)
}

/// Where a search goes on.
pub(super) fn after_search(items: &[Json], _: &Map<String, Json>) -> Option<Json> {
    let cursor = items.last()?.get("searchAfter").filter(|cursor| cursor.is_array())?;
    (items.len() >= SEARCH_PAGE).then(|| cursor.clone())
}

/// `GET /contacts/search/duplicate`: whom GHL takes for the same person, by its own rules. It needs a number (E.164) or an
/// address; without either there is nothing to ask.
pub fn duplicate(location: &Id, number: Option<&str>, email: Option<&str>, version: &ApiVersion) -> Option<Request> {
    number.or(email)?;
    let asked = [("locationId", Some(location.as_str())), ("number", number), ("email", email)];
    Some(query(&ops::CONTACTS_DUPLICATE, version, &[], &asked))
}

/// The answer to [`duplicate`].
pub fn duplicated(response: &Response) -> Result<Option<Hit>, ApiError> {
    read(response, |body| {
        let contact = body.get("contact")?;
        if contact.is_null() { Some(None) } else { Hit::read(contact).map(Some) }
    })
}

/// Whom an exact search is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// An address, whatever its case.
    Email(String),
    /// A number, E.164.
    Phone(String),
}

/// `GET /contacts/lookup`, v3 only and not for private integration tokens: additional numbers and addresses count too.
pub fn lookup(location: &Id, whom: &Whom, after: Option<&str>, version: &ApiVersion) -> Result<Request, NotOffered> {
    version.offers(&ops::CONTACTS_LOOKUP)?;
    let (key, value) = match whom {
        Whom::Email(email) => ("email", email),
        Whom::Phone(phone) => ("phone", phone),
    };
    let asked = [
        ("locationId", Some(location.as_str())),
        (key, Some(value.as_str())),
        ("limit", Some(LOOKUP_PAGE)),
        ("nextCursor", after),
    ];
    Ok(query(&ops::CONTACTS_LOOKUP, version, &[], &asked))
}

/// One page of contacts as they are read by their id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactPage {
    /// Who was found.
    pub contacts: Vec<Contact>,
    /// Items without a usable id.
    pub unreadable: usize,
    /// Names the next page. A full page always does, though the next may be empty.
    pub next: Option<String>,
}

/// The answer to [`lookup`].
pub fn looked_up(response: &Response) -> Result<ContactPage, ApiError> {
    read(response, |body| {
        let items = body.get("contacts")?.as_array()?;
        let contacts: Vec<_> = items.iter().filter_map(|item| Contact::read(item.as_object()?)).collect();
        let unreadable = items.len() - contacts.len();
        Some(ContactPage { contacts, unreadable, next: json::text(body, "nextCursor") })
    })
}

/// `GET /contacts/`: everybody, in the dated API only. [`Search`] is what GHL recommends instead.
pub fn list(location: &Id, after: Option<&Cursor>, version: &ApiVersion) -> Result<Request, NotOffered> {
    version.offers(&ops::CONTACTS_LIST)?;
    let after = |index: usize| after.and_then(|Cursor(pair)| json::plain(pair.get(index)?));
    let (time, id) = (after(0), after(1));
    let asked = [
        ("locationId", Some(location.as_str())),
        ("limit", Some(LIST_PAGE)),
        ("startAfter", time.as_deref()),
        ("startAfterId", id.as_deref()),
    ];
    Ok(query(&ops::CONTACTS_LIST, version, &[], &asked))
}

/// The answer to [`list`].
pub fn listed(response: &Response) -> Result<HitPage, ApiError> {
    page(response, after_list)
}

/// Where the list goes on; its last page is an empty one.
pub(super) fn after_list(items: &[Json], body: &Map<String, Json>) -> Option<Json> {
    let meta = json::child(body, "meta").filter(|_| !items.is_empty())?;
    Some(json!([json::text(meta, "startAfter")?, json::text(meta, "startAfterId")?]))
}

/// `GET /contacts/business/{businessId}`: who belongs to a company of GHL's own; so many are left out first.
pub fn of_business(location: &Id, business: &Id, skip: usize, version: &ApiVersion) -> Request {
    let (limit, skip) = (BUSINESS_PAGE.to_string(), skip.to_string());
    let asked =
        [("locationId", Some(location.as_str())), ("limit", Some(limit.as_str())), ("skip", Some(skip.as_str()))];
    query(&ops::CONTACTS_BY_BUSINESS, version, &[business.as_str()], &asked)
}

/// The answer to [`of_business`]; `total` tells when the end is reached.
pub fn found_of_business(response: &Response) -> Result<HitPage, ApiError> {
    page(response, |_, _| None)
}

fn page(
    response: &Response,
    next: impl FnOnce(&[Json], &Map<String, Json>) -> Option<Json>,
) -> Result<HitPage, ApiError> {
    let (hits, unreadable, total, next) = items(response, Hit::read, next)?;
    Ok(HitPage { hits, unreadable, total, next })
}

/// The items that can be read, how many can't, how many there are on all pages, and where the next one starts.
type Items<T> = (Vec<T>, usize, Option<u64>, Option<Cursor>);

/// Reads a page of whatever the reader makes of its items.
pub(super) fn items<T>(
    response: &Response,
    reader: impl Fn(&Json) -> Option<T>,
    next: impl FnOnce(&[Json], &Map<String, Json>) -> Option<Json>,
) -> Result<Items<T>, ApiError> {
    read(response, |body| {
        let all = body.get("contacts")?.as_array()?;
        let items: Vec<T> = all.iter().filter_map(reader).collect();
        let total = ["total", "count"].iter().find_map(|key| body.get(*key)?.as_u64());
        Some((all.len() - items.len(), items, total, next(all, body).map(Cursor)))
    })
    .map(|(unreadable, items, total, next)| (items, unreadable, total, next))
}

impl Hit {
    fn read(item: &Json) -> Option<Self> {
        let Contact { id, phones, emails, company, custom_fields, updated_at, .. } = Contact::read(item.as_object()?)?;
        Some(Self { id, phones, emails, company, custom_fields, updated_at })
    }
}

#[cfg(test)]
mod tests;
