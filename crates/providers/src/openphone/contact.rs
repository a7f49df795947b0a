//! A contact as v1 gives it (one document) and as dated answers give it (some of its fields), and what either says in
//! canonical fields.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tandem_contact::{Codecs, Field, Observed, Value, email, phone};
use url::Url;

use crate::{ContactId, CustomPlaces, CustomValue, Unfit, json};

use super::TagTarget;
use super::tags::{Definition, kind};
use super::webhook::contact_id;

/// `OpenPhone`'s bound for a contact's link.
const MAX_SOURCE_URL: usize = 200;

/// What is needed to read and write contacts of one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPhoneView {
    /// Country of phone numbers without a country code, ISO 3166-1 alpha-2.
    pub default_country: String,
    /// Where tags live.
    pub tags: TagTarget,
    /// The custom fields that hold a mapping's own fields.
    pub custom_fields: CustomPlaces,
    /// How values stand in `OpenPhone`.
    pub codecs: Codecs,
}

impl OpenPhoneView {
    /// A workspace without custom fields but for the tags, where everything stands as it is.
    pub fn plain(default_country: &str, tags: TagTarget) -> Self {
        let (custom_fields, codecs) = (CustomPlaces::default(), Codecs::default());
        Self { default_country: default_country.to_owned(), tags, custom_fields, codecs }
    }

    /// True where `OpenPhone` can hold the value. What it can't hold is left out of writes, so nobody should wait
    /// for it to arrive.
    pub fn can_hold(&self, field: Field, value: &Value) -> bool {
        match field {
            Field::Tags => self.tags != TagTarget::NotRepresentable,
            Field::SourceLink => value.as_text().is_some_and(is_source_url),
            Field::FirstName | Field::LastName | Field::Company | Field::Role | Field::Phones | Field::Emails => true,
            Field::CustomText(_) | Field::CustomList(_) => self.unfit(field, value).is_none(),
            Field::TaskTitle
            | Field::TaskBody
            | Field::TaskDue
            | Field::TaskAssignee
            | Field::TaskStatus
            | Field::NoteText => false,
        }
    }

    fn own_fields(&self, held: &[CustomField]) -> Observed {
        let values: Vec<CustomValue> = held.iter().map(CustomField::custom).collect();
        self.custom_fields.read(&values)
    }

    /// Why a custom field can't hold the value, if so.
    pub fn unfit(&self, field: Field, value: &Value) -> Option<Unfit> {
        let wanted = self.codecs.write(Observed::from([(field, Some(value.clone()))]), &self.default_country);
        self.custom_fields.write(field, wanted.get(&field)?.as_ref()).err()
    }

    /// A number's normal form.
    pub(super) fn phone(&self, raw: &str) -> Option<String> {
        phone::normal(raw, &self.default_country)
    }
}

/// One phone number or email address with the label people gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// `OpenPhone`'s id of the item.
    pub id: Option<String>,
    /// The label.
    pub name: Option<String>,
    /// The number or address as `OpenPhone` holds it.
    pub value: Option<String>,
}

/// The value of one custom field, of whatever type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomField {
    /// The definition's key; what values are bound by.
    pub key: Option<String>,
    /// The item's id.
    pub id: Option<String>,
    /// The name people see.
    pub name: Option<String>,
    /// The type in `OpenPhone`'s words.
    pub kind: Option<String>,
    /// The value, untouched.
    pub value: Json,
}

impl CustomField {
    pub(super) fn custom(&self) -> CustomValue {
        CustomValue {
            id: self.key.clone(),
            names: self.name.iter().cloned().collect(),
            kind: self.kind.as_deref().map(kind),
            value: self.value.clone(),
        }
    }
}

/// The v1 document, with everything that a full write has to carry along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// `OpenPhone`'s id.
    pub id: ContactId,
    /// The key that whoever created it gave it.
    pub external_id: Option<String>,
    /// Who created it.
    pub source: Option<String>,
    /// Link to the record it came from.
    pub source_url: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Role.
    pub role: Option<String>,
    /// Phone numbers.
    pub phones: Vec<Item>,
    /// Email addresses.
    pub emails: Vec<Item>,
    /// Custom fields.
    pub custom_fields: Vec<CustomField>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// False when the document held something of a shape we can't carry along; a full write would lose it.
    pub is_whole: bool,
}

impl Contact {
    /// Reads a document. Nothing without a usable id.
    pub(crate) fn read(contact: &Map<String, Json>) -> Option<Self> {
        let fields = json::child(contact, "defaultFields")?;
        let mut reader = Reader { is_whole: true };
        let id = contact_id(contact)?;
        let contact = Self {
            id,
            external_id: reader.text(contact, "externalId"),
            source: reader.text(contact, "source"),
            source_url: reader.text(contact, "sourceUrl"),
            first_name: reader.text(fields, "firstName"),
            last_name: reader.text(fields, "lastName"),
            company: reader.text(fields, "company"),
            role: reader.text(fields, "role"),
            phones: reader.list(fields, "phoneNumbers", item),
            emails: reader.list(fields, "emails", item),
            custom_fields: reader.list(contact, "customFields", custom_field),
            created_at: json::time(contact, "createdAt"),
            updated_at: json::time(contact, "updatedAt"),
            is_whole: false,
        };
        Some(Self { is_whole: reader.is_whole, ..contact })
    }
}

/// Some fields of a contact: what a dated answer or a dated webhook carries. No item ids, no labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// `OpenPhone`'s id.
    pub id: ContactId,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    fields: Map<String, Json>,
}

impl Partial {
    /// Keeps the fields as they came. Nothing without a usable id.
    pub(crate) fn read(contact: &Map<String, Json>) -> Option<Self> {
        Some(Self { id: contact_id(contact)?, updated_at: json::time(contact, "updatedAt"), fields: contact.clone() })
    }

    /// The key that whoever created it gave it.
    pub fn external_id(&self) -> Option<String> {
        json::text(&self.fields, "externalId")
    }
}

/// What the document says in canonical fields, and how new that is. Tags are observed only where a field holds them.
pub fn observe(contact: &Contact, view: &OpenPhoneView) -> (Observed, Option<Timestamp>) {
    let mut observed = Observed::from([
        (Field::FirstName, text(contact.first_name.as_ref())),
        (Field::LastName, text(contact.last_name.as_ref())),
        (Field::Company, text(contact.company.as_ref())),
        (Field::Role, text(contact.role.as_ref())),
        (Field::SourceLink, text(contact.source_url.as_ref())),
        (Field::Phones, Value::list(values(&contact.phones).filter_map(|raw| view.phone(raw)))),
        (Field::Emails, Value::list(values(&contact.emails).filter_map(email::normal))),
    ]);
    if view.tags != TagTarget::NotRepresentable {
        observed.insert(Field::Tags, view.tags.read(&contact.custom_fields));
    }
    observed.extend(view.own_fields(&contact.custom_fields));
    (view.codecs.read(observed, &view.default_country), contact.updated_at)
}

/// What a dated answer or webhook says: only the fields that it carries, each of them complete.
pub fn observe_partial(contact: &Partial, view: &OpenPhoneView) -> (Observed, Option<Timestamp>) {
    let fields = &contact.fields;
    let mut observed = Observed::new();
    for (key, field) in SCALARS {
        if let Some(value) = fields.get(key) {
            observed.insert(field, json::plain(value).as_deref().and_then(Value::text));
        }
    }
    let list = |key: &str| fields.get(key).and_then(Json::as_array);
    if let Some(phones) = list("phoneNumbers") {
        let raw: Vec<Item> = phones.iter().filter_map(item).collect();
        observed.insert(Field::Phones, Value::list(values(&raw).filter_map(|raw| view.phone(raw))));
    }
    if let Some(emails) = list("emails") {
        let raw: Vec<Item> = emails.iter().filter_map(item).collect();
        observed.insert(Field::Emails, Value::list(values(&raw).filter_map(email::normal)));
    }
    if let Some(items) = list("customFields") {
        let held: Vec<CustomField> = items.iter().filter_map(custom_field).collect();
        if view.tags != TagTarget::NotRepresentable {
            observed.insert(Field::Tags, view.tags.read(&held));
        }
        observed.extend(view.own_fields(&held));
    }
    (view.codecs.read(observed, &view.default_country), contact.updated_at)
}

/// What a webhook says, with a view that needs to know no definitions: a webhook names its custom fields and their types itself. The one
/// that holds the tags is found by its name; a contact without it has no tags.
pub fn observe_event(contact: &Partial, view: &OpenPhoneView, tags_field: &str) -> (Observed, Option<Timestamp>) {
    let items = contact.fields.get("customFields").and_then(Json::as_array);
    let definition = |item: &Json| {
        let item = item.as_object()?;
        Some(Definition {
            name: json::text(item, "name")?,
            key: json::text(item, "key")?,
            kind: json::text(item, "type")?,
        })
    };
    let named: Vec<Definition> = items.into_iter().flatten().filter_map(definition).collect();
    let tags = TagTarget::resolve(&named, tags_field);
    let view = OpenPhoneView { tags, ..view.clone() };
    let (mut observed, at) = observe_partial(contact, &view);
    if items.is_some() {
        observed.entry(Field::Tags).or_insert(None);
    }
    (observed, at)
}

/// The single-valued fields under their names in `OpenPhone`.
pub(super) const SCALARS: [(&str, Field); 5] = [
    ("firstName", Field::FirstName),
    ("lastName", Field::LastName),
    ("company", Field::Company),
    ("role", Field::Role),
    ("sourceUrl", Field::SourceLink),
];

/// A link within `OpenPhone`'s bounds.
pub(super) fn is_source_url(text: &str) -> bool {
    let is_web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    is_web && text.chars().count() <= MAX_SOURCE_URL
}

fn text(text: Option<&String>) -> Option<Value> {
    text.and_then(|text| Value::text(text))
}

fn values(items: &[Item]) -> impl Iterator<Item = &str> {
    items.iter().filter_map(|item| item.value.as_deref())
}

/// Reads fields and notices what it can't carry along.
struct Reader {
    is_whole: bool,
}

impl Reader {
    fn text(&mut self, object: &Map<String, Json>, key: &str) -> Option<String> {
        match object.get(key) {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some(text.clone()),
            Some(Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => {
                self.is_whole = false;
                None
            }
        }
    }

    fn list<T>(&mut self, object: &Map<String, Json>, key: &str, read: fn(&Json) -> Option<T>) -> Vec<T> {
        let items = match object.get(key) {
            None | Some(Json::Null) => return Vec::new(),
            Some(value) => value.as_array().map_or(&[][..], Vec::as_slice),
        };
        let read: Vec<T> = items.iter().filter_map(read).collect();
        let is_list = object.get(key).is_some_and(Json::is_array);
        self.is_whole &= is_list && read.len() == items.len();
        read
    }
}

/// An item whose value is neither text nor null can't be carried along.
fn item(item: &Json) -> Option<Item> {
    let item = item.as_object()?;
    let value = match item.get("value") {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(text.clone()),
        Some(Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => return None,
    };
    Some(Item { id: json::text(item, "id"), name: item.get("name").and_then(Json::as_str).map(str::to_owned), value })
}

/// A custom field that has neither key nor id can't be written back.
fn custom_field(item: &Json) -> Option<CustomField> {
    let item = item.as_object()?;
    let field = CustomField {
        key: json::text(item, "key"),
        id: json::text(item, "id"),
        name: item.get("name").and_then(Json::as_str).map(str::to_owned),
        kind: json::text(item, "type"),
        value: item.get("value").cloned().unwrap_or(Json::Null),
    };
    (field.key.is_some() || field.id.is_some()).then_some(field)
}

#[cfg(test)]
mod tests;
