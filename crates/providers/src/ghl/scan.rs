//! Reading everybody of a location (contract sheet, sections 4.7, 4.19 and 10.10): contacts as pages show them, and what such
//! a contact says.
//!
//! The dated list gives names in their own case, but no further numbers and addresses; a search gives those, but names in lower
//! case only. A contact of the list with the search's numbers added is whole. v3 has no list: there a search is all there is.

use serde_json::{Map, Value as Json};

use crate::{ApiError, ContactId, CustomDefinition, Response, Row, json};

use super::Contact;
use super::search::{Cursor, after_list, after_search, items};

/// What only a search shows.
const FURTHER: [&str; 2] = ["additionalEmails", "additionalPhones"];
/// What says nothing about the person, and would make events large.
const LEFT_OUT: [&str; 4] = ["attributions", "attributionSource", "lastAttributionSource", "searchAfter"];

/// What a custom field is called, in an item that [`name_fields`] has looked at.
pub(super) const NAMES: &str = "tandemNames";

/// One page of contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// Who is on it.
    pub rows: Vec<Row>,
    /// Items without a usable id.
    pub unreadable: usize,
    /// How many there are on all pages, where GHL says so.
    pub total: Option<u64>,
    /// Where the next page starts; unset on the last.
    pub next: Option<Cursor>,
}

/// The answer to [`super::search::Search::page`].
pub fn searched(response: &Response) -> Result<Rows, ApiError> {
    items(response, row, after_search).map(Rows::new)
}

/// The answer to [`super::search::list`].
pub fn listed(response: &Response) -> Result<Rows, ApiError> {
    items(response, row, after_list).map(Rows::new)
}

impl Rows {
    fn new((rows, unreadable, total, next): (Vec<Row>, usize, Option<u64>, Option<Cursor>)) -> Self {
        Self { rows, unreadable, total, next }
    }
}

fn row(item: &Json) -> Option<Row> {
    let item = item.as_object()?;
    Some(Row::new(ContactId::new(&json::text(item, "id")?).ok()?, item, &LEFT_OUT))
}

/// Says of a contact's custom fields what they are called: only whoever asked GHL for the definitions knows.
pub fn name_fields(row: &mut Row, definitions: &[CustomDefinition]) {
    let Some(items) = row.body.get_mut("customFields").and_then(Json::as_array_mut) else { return };
    for item in items.iter_mut().filter_map(Json::as_object_mut) {
        let id = json::text(item, "id");
        let known = definitions.iter().find(|definition| Some(&definition.id) == id.as_ref());
        if let Some(definition) = known {
            item.insert(NAMES.to_owned(), definition.names.clone().into());
        }
    }
}

/// Numbers and addresses of a contact besides the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Further(Map<String, Json>);

impl Further {
    /// Those of a contact that a search found; none where it has no others.
    pub fn of(row: &Row) -> Option<Self> {
        let lists = FURTHER.iter().filter_map(|key| {
            let list = row.body.get(*key)?.as_array().filter(|list| !list.is_empty())?;
            Some(((*key).to_owned(), list.clone().into()))
        });
        let lists: Map<String, Json> = lists.collect();
        (!lists.is_empty()).then_some(Self(lists))
    }

    /// Adds them to the same contact as the list shows it.
    pub fn add_to(self, row: &mut Row) {
        row.body.extend(self.0);
    }

    /// As they are kept.
    pub fn to_json(&self) -> Json {
        Json::Object(self.0.clone())
    }

    /// From what was kept.
    pub fn from_json(kept: &Json) -> Option<Self> {
        kept.as_object().cloned().map(Self)
    }
}

/// What a page said about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The contact, for [`super::contact::observe`].
    pub contact: Contact,
    /// Whether its names are in lower case, whatever they really are: then they may be compared, but not taken over.
    pub is_lower_cased: bool,
    /// Where it came from, in the words of whoever made it.
    pub source: Option<String>,
}

/// Reads the bytes of a [`Row`].
pub fn read(body: &[u8]) -> Option<Shown> {
    let body = json::object(body)?;
    let mut contact = Contact::read(&body)?;
    if contact.name.is_none() {
        contact.name = json::text(&body, "contactName");
    }
    let has = |keys: &[&str]| keys.iter().any(|key| body.contains_key(*key));
    let is_lower_cased =
        !has(&["firstName", "lastName", "name", "contactName"]) && has(&["firstNameLowerCase", "lastNameLowerCase"]);
    if is_lower_cased {
        contact.first_name = json::text(&body, "firstNameLowerCase");
        contact.last_name = json::text(&body, "lastNameLowerCase");
    }
    Some(Shown { contact, is_lower_cased, source: json::text(&body, "source") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(body: &Json) -> Response {
        http::Response::builder().status(200).body(body.to_string().into()).unwrap()
    }

    fn found() -> Json {
        json!({ "id": "c1", "firstNameLowerCase": "ana", "lastNameLowerCase": "moss", "phone": "+15550100",
            "additionalPhones": [{ "phone": "+15550101" }], "additionalEmails": [], "dateUpdated": "2026-01-02T03:04:05.000Z",
            "searchAfter": [1, "c1"], "attributions": [{ "url": "https://example.com" }] })
    }

    #[test]
    fn a_contact_of_the_list_with_the_searchs_numbers_is_whole() {
        let search = searched(&answer(&json!({ "contacts": [found(), { "id": null }], "total": 2 }))).unwrap();
        assert_eq!((search.rows.len(), search.unreadable, search.total), (1, 1, Some(2)));
        let further = Further::of(&search.rows[0]).unwrap();
        assert_eq!(Further::from_json(&further.to_json()).as_ref(), Some(&further));

        let listed_as = json!({ "id": "c1", "firstName": "Ana", "lastName": "Moss", "phone": "+15550100" });
        let meta = json!({ "startAfter": 5, "startAfterId": "c1" });
        let mut list = listed(&answer(&json!({ "contacts": [listed_as], "count": 1, "meta": meta }))).unwrap();
        assert_eq!(Cursor::parse(&list.next.as_ref().unwrap().text()), list.next);
        let mut row = list.rows.pop().unwrap();
        assert_eq!(Further::of(&row), None);
        further.add_to(&mut row);
        let Shown { contact, is_lower_cased, source: None } = read(&row.into_bytes()).unwrap() else {
            panic!("not read")
        };
        assert!(!is_lower_cased);
        assert_eq!((contact.first_name.as_deref(), contact.last_name.as_deref()), (Some("Ana"), Some("Moss")));
        assert_eq!(contact.phones, ["+15550100", "+15550101"]);
    }

    #[test]
    fn names_of_a_search_are_known_to_be_in_lower_case() {
        let row = searched(&answer(&json!({ "contacts": [found()], "total": 1 }))).unwrap().rows.pop().unwrap();
        assert!(row.updated_at.is_some());
        let bytes = row.into_bytes();
        assert!(!String::from_utf8_lossy(&bytes).contains("attributions"));
        let shown = read(&bytes).unwrap();
        assert!(shown.is_lower_cased);
        assert_eq!(shown.contact.first_name.as_deref(), Some("ana"));
        let nameless = read(br#"{"id":"c2","firstName":null,"contactName":"Bo Lee"}"#).unwrap();
        assert_eq!((nameless.is_lower_cased, nameless.contact.name.as_deref()), (false, Some("Bo Lee")));
        assert_eq!(read(b"[]"), None);
    }
}
