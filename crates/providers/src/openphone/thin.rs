//! The dated contact: names and keys only, no phones, emails or custom values (contract sheet, section 5). Also with whom a
//! contact is shared, which the API can only read.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tandem_contact::{Field, Fields, Value};

use crate::{ApiError, ContactId, Request, Response, json};

use super::contact::{SCALARS, is_source_url};
use super::request::SOURCE;
use super::response::{Listing, listing};
use super::webhook::contact_id;
use super::{ExternalId, Id, Partial, Surface, operations as ops, wire};

const PAGE_SIZE: &str = "50";

/// The contacts list takes this many values in one `[in]`.
const MAX_IN: usize = 50;

/// `GET /contacts`: all contacts, or those with certain external ids, page by page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    filter: Option<(&'static str, String)>,
}

impl List {
    /// Every contact of the workspace.
    pub fn all() -> Self {
        Self::default()
    }

    /// The contacts with these external ids, in as many lists as `OpenPhone`'s bound makes necessary. A comma separates
    /// values, so an id that has one is asked for alone.
    pub fn by_external_ids(ids: &[ExternalId]) -> Vec<Self> {
        let (alone, together): (Vec<&str>, Vec<&str>) =
            ids.iter().map(ExternalId::as_str).partition(|id| id.contains(','));
        let list = |name, value| Self { filter: Some((name, value)) };
        let chunks = together.chunks(MAX_IN).map(|chunk| list("externalId[in]", chunk.join(",")));
        chunks.chain(alone.into_iter().map(|id| list("externalId", id.to_owned()))).collect()
    }

    /// One page: the first, or the one that the page before named.
    pub fn page(&self, after: Option<&str>) -> Request {
        let mut asked = Surface::Dated.page(PAGE_SIZE, after);
        if let Some((name, value)) = &self.filter {
            asked = asked.with(name, Some(value));
        }
        wire::query(&ops::CONTACTS_LIST, &[], &asked)
    }
}

/// `GET /contacts/{id}`.
pub fn get(id: &ContactId) -> Request {
    wire::build(&ops::CONTACT_GET, &[id.as_str()])
}

/// `POST /contacts` with the single-valued fields; lists have no place here. The first name must be text.
pub fn create(external_id: &ExternalId, fields: &Fields) -> Request {
    let mut body = Map::from_iter([("firstName".to_owned(), Json::from(""))]);
    for (key, field) in SCALARS {
        let text = fields.get(&field).and_then(Value::as_text);
        if let Some(text) = text.filter(|text| field != Field::SourceLink || is_source_url(text)) {
            body.insert(key.to_owned(), text.into());
        }
    }
    body.insert("externalId".to_owned(), external_id.as_str().into());
    body.insert("source".to_owned(), SOURCE.into());
    wire::build(&ops::CONTACT_CREATE, &[]).with_json(&body.into())
}

/// `DELETE /contacts/{id}`, answered to [`super::response::deleted`].
pub fn delete(id: &ContactId) -> Request {
    wire::build(&ops::CONTACT_DELETE, &[id.as_str()])
}

/// The answer to a page of [`List`]. One contact is read with [`super::response::partial`].
pub fn page(response: &Response) -> Result<Listing<Partial>, ApiError> {
    listing(response, Partial::read)
}

/// Somebody who sees a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The contact.
    pub contact: ContactId,
    /// A user (`US`), a group (`GR`) or the organization (`OR`).
    pub with: Id,
    /// Since when.
    pub created_at: Option<Timestamp>,
}

/// `GET /contacts/{id}/shares`.
pub fn shares(contact: &ContactId, after: Option<&str>) -> Request {
    wire::query(&ops::SHARES_LIST, &[contact.as_str()], &Surface::Dated.page(PAGE_SIZE, after))
}

/// The answer to [`shares`].
pub fn shares_page(response: &Response) -> Result<Listing<Share>, ApiError> {
    listing(response, |share| {
        let contact = Map::from_iter([("id".to_owned(), share.get("contactId")?.clone())]);
        Some(Share {
            contact: contact_id(&contact)?,
            with: Id::read(share, "sharedWith")?,
            created_at: json::time(share, "createdAt"),
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::openphone::tests::{answer, body};

    #[test]
    fn external_ids_are_asked_for_in_chunks_and_never_split_at_a_comma() {
        let mut ids: Vec<ExternalId> = (0..51).map(|n| ExternalId::new(&format!("t{n}")).unwrap()).collect();
        ids.push(ExternalId::new("a,b").unwrap());
        let lists = List::by_external_ids(&ids);
        let uris: Vec<String> = lists.iter().map(|list| list.page(None).http.uri().to_string()).collect();
        assert_eq!(uris.len(), 3);
        assert!(uris[0].starts_with("/contacts?limit=50&externalId%5Bin%5D=t0%2Ct1%2C"), "{}", uris[0]);
        assert_eq!(uris[1], "/contacts?limit=50&externalId%5Bin%5D=t50");
        assert_eq!(uris[2], "/contacts?limit=50&externalId=a%2Cb");
        assert_eq!(List::all().page(Some("c")).http.uri(), "/contacts?limit=50&after=c");
    }

    #[test]
    fn a_create_has_a_first_name_even_without_one() {
        let fields = Fields::from([
            (Field::Company, Value::Text("Example Inc".to_owned())),
            (Field::Phones, Value::List(["+14155550123".to_owned()].into())),
            (Field::SourceLink, Value::Text("no link".to_owned())),
        ]);
        let request = create(&ExternalId::new("t1").unwrap(), &fields);
        let wanted = json!({"firstName": "", "company": "Example Inc", "externalId": "t1", "source": "tandem"});
        assert_eq!(body(&request), wanted);
    }

    #[test]
    fn pages_and_shares_are_read() {
        let page = page(&answer(200, &json!({"data": [{"id": "c1", "firstName": "Ana"}, {}], "nextCursor": "n"})));
        let page = page.unwrap();
        assert_eq!((page.items[0].id.as_str(), page.unreadable, page.next.as_deref()), ("c1", 1, Some("n")));
        let share = json!({"contactId": "CT64260c5c0000000000000001", "sharedWith": "OR1", "createdAt": null});
        let shares = shares_page(&answer(200, &json!({"data": [share], "nextCursor": null}))).unwrap();
        assert_eq!(shares.items[0].contact.as_str(), "64260c5c0000000000000001");
        assert_eq!((shares.items[0].with.as_str(), shares.next), ("OR1", None));
    }
}
