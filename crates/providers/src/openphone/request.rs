//! Requests about v1 contacts other than changes (those are in [`super::patch`]).

use serde_json::{Map, Value as Json, json};
use tandem_contact::{Field, Fields, Observed, Value};

use crate::{ContactId, InvalidId, Operation, Request};

use super::contact::{SCALARS, is_source_url};
use super::{OpenPhoneView, Surface, operations, patch, wire};

/// What our creates are marked with. Together with the external id it is unique in a workspace.
pub const SOURCE: &str = "tandem";

/// The v1 list's largest page.
const PAGE_SIZE: &str = "50";

/// More repeated values than this are answered with 400: the server's query parser makes an object of them.
const MAX_EXTERNAL_IDS: usize = 20;

const MAX_EXTERNAL_ID: usize = 75;

/// Not a key that `OpenPhone` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an external id has 1 to {MAX_EXTERNAL_ID} visible ASCII characters")]
pub struct InvalidExternalId;

/// Our own key of a contact, given at creation: what a create of unknown outcome is looked up by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalId(String);

impl ExternalId {
    /// Checks `OpenPhone`'s bounds.
    pub fn new(text: &str) -> Result<Self, InvalidExternalId> {
        let fits = (1..=MAX_EXTERNAL_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidExternalId) }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `GET /v1/contacts`: all contacts, or those with certain external ids, page by page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    external_ids: Vec<ExternalId>,
}

impl List {
    /// Every contact of the workspace.
    pub fn all() -> Self {
        Self::default()
    }

    /// The contacts with these external ids, in as many lists as `OpenPhone`'s bound makes necessary.
    pub fn by_external_ids(ids: &[ExternalId]) -> Vec<Self> {
        let list = |chunk: &[ExternalId]| Self { external_ids: chunk.to_vec() };
        ids.chunks(MAX_EXTERNAL_IDS).map(list).collect()
    }

    /// One page: the first, or the one that the page before named.
    pub fn page(&self, token: Option<&str>) -> Request {
        let ids = self.external_ids.iter().map(ExternalId::as_str);
        let asked = Surface::V1.page(PAGE_SIZE, token).with("externalIds", ids);
        wire::query(&operations::V1_CONTACTS_LIST, &[], &asked)
    }
}

/// Any operation, as a rule words it: what stands in the route, the query and the body.
///
/// # Errors
/// Something can't stand in the route.
pub fn order(
    operation: &'static Operation,
    (route, query, body): (&[String], &[(String, String)], Option<&Json>),
) -> Result<Request, InvalidId> {
    for id in route {
        ContactId::new(id)?;
    }
    let route: Vec<&str> = route.iter().map(String::as_str).collect();
    let request = wire::asked(operation, &route, query);
    Ok(match body {
        Some(body) => request.with_json(body),
        None => request,
    })
}

/// `GET /v1/contacts/{id}`.
pub fn contact(id: &ContactId) -> Request {
    wire::build(&operations::V1_CONTACT_GET, &[id.as_str()])
}

/// `DELETE /v1/contacts/{id}`.
pub fn delete(id: &ContactId) -> Request {
    wire::build(&operations::V1_CONTACT_DELETE, &[id.as_str()])
}

/// `GET /v1/contact-custom-fields`: the definitions that [`super::TagTarget::resolve`] picks from.
pub fn custom_fields() -> Request {
    wire::build(&operations::V1_CUSTOM_FIELDS, &[])
}

/// `POST /v1/contacts` with everything in one request.
pub fn create(external_id: &ExternalId, fields: &Fields, view: &OpenPhoneView) -> Request {
    let wanted: Observed = fields.iter().map(|(field, value)| (*field, Some(value.clone()))).collect();
    let wanted = view.codecs.write(wanted, &view.default_country);
    let fields: Fields = wanted.into_iter().filter_map(|(field, value)| Some((field, value?))).collect();
    // `firstName` must be there, null where there is none.
    let mut defaults = Map::from_iter([("firstName".to_owned(), Json::Null)]);
    let mut body = Map::new();
    for (key, field) in SCALARS {
        let text = fields.get(&field).and_then(Value::as_text);
        match (field, text) {
            (_, None) => {}
            (Field::SourceLink, Some(link)) if !is_source_url(link) => {}
            (Field::SourceLink, Some(link)) => drop(body.insert(key.to_owned(), link.into())),
            (_, Some(text)) => drop(defaults.insert(key.to_owned(), text.into())),
        }
    }
    for kind in patch::LISTS {
        let items = fields.get(&kind.field).map(Value::items).unwrap_or_default();
        if !items.is_empty() {
            defaults.insert(kind.key.to_owned(), items.iter().map(|value| kind.new_item(value)).collect());
        }
    }
    let item = |(field, value): (&Field, &Value)| {
        let is_tags = *field == Field::Tags;
        if is_tags { view.tags.write(Some(value), &[]) } else { view.custom_fields.write(*field, Some(value)).ok() }
    };
    let custom: Vec<Json> =
        fields.iter().filter_map(item).map(|(key, value)| json!({ "key": key, "value": value })).collect();
    if !custom.is_empty() {
        body.insert("customFields".to_owned(), custom.into());
    }
    body.insert("defaultFields".to_owned(), defaults.into());
    body.insert("externalId".to_owned(), external_id.as_str().into());
    body.insert("source".to_owned(), SOURCE.into());
    wire::build(&operations::V1_CONTACT_CREATE, &[]).with_json(&body.into())
}

#[cfg(test)]
mod tests;
