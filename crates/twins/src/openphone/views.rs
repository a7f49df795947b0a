//! The shapes in which OpenPhone shows a contact: v1, dated, property, webhook.

use serde_json::{Map, Value, json};

use crate::openphone::config::{CustomField, Workspace};
use crate::openphone::contact::{Contact, Custom, Extra, Group, Item, NAMES, ORIGIN};
use crate::stamp::iso;

/// The v1 document: everything inline.
pub(super) fn v1(contact: &Contact, workspace: &Workspace) -> Value {
    let mut fields = scalars(contact, &NAMES);
    for group in Group::BOTH {
        let items = contact.group(group).iter();
        let items = items.map(|item| json!({ "name": item.name, "value": item.value, "id": item.id }));
        fields.insert(group.name().to_owned(), items.collect());
    }
    let mut view = scalars(contact, &ORIGIN);
    view.insert("id".to_owned(), json!(contact.id));
    view.insert("defaultFields".to_owned(), Value::Object(fields));
    view.insert("customFields".to_owned(), custom_fields(contact, workspace));
    view.insert("createdAt".to_owned(), json!(iso(contact.created)));
    view.insert("updatedAt".to_owned(), json!(iso(contact.updated)));
    view.insert("createdByUserId".to_owned(), json!(contact.created_by));
    Value::Object(view)
}

/// The dated contact: thin and flat.
pub(super) fn dated(contact: &Contact) -> Value {
    let mut view = scalars(contact, &NAMES);
    view.extend(scalars(contact, &ORIGIN));
    view.insert("id".to_owned(), json!(contact.id));
    view.insert("createdAt".to_owned(), json!(iso(contact.created)));
    view.insert("updatedAt".to_owned(), json!(iso(contact.updated)));
    view.insert("actorId".to_owned(), json!(contact.created_by));
    Value::Object(view)
}

/// The `resource` of a contact webhook: no labels, no item ids.
pub(super) fn resource(contact: &Contact, workspace: &Workspace, id: &str) -> Value {
    let mut view = scalars(contact, &NAMES);
    view.extend(scalars(contact, &["source", "externalId"]));
    view.insert("id".to_owned(), json!(id));
    view.insert("location".to_owned(), Value::Null);
    for group in Group::BOTH {
        let items = contact.group(group).iter().map(|item| json!({ "value": item.value, "type": group.kind() }));
        view.insert(group.name().to_owned(), items.collect());
    }
    view.insert("customFields".to_owned(), custom_fields(contact, workspace));
    view.insert("createdAt".to_owned(), json!(iso(contact.created)));
    view.insert("updatedAt".to_owned(), json!(iso(contact.updated)));
    Value::Object(view)
}

/// Everything that the dated surface shows as a property.
pub(super) fn properties(contact: &Contact, workspace: &Workspace) -> Vec<Value> {
    let items = Group::BOTH.into_iter().flat_map(|group| contact.group(group).iter().map(move |item| (group, item)));
    let mut all: Vec<Value> = items.map(|(group, item)| item_property(contact, group, item)).collect();
    all.extend(contact.custom.iter().map(|held| custom_property(contact, workspace, held)));
    all.extend(contact.extra.iter().map(|held| extra_property(contact, held)));
    all
}

fn item_property(contact: &Contact, group: Group, item: &Item) -> Value {
    property(contact, &item.id, group.kind(), (Some(&item.name), &json!(item.value)))
}

fn custom_property(contact: &Contact, workspace: &Workspace, held: &Custom) -> Value {
    let field = workspace.field(&held.key);
    let name = field.map(|field| field.name.as_str());
    property(contact, &held.id, field.map_or("string", |field| field.kind.name()), (name, &held.value))
}

fn extra_property(contact: &Contact, held: &Extra) -> Value {
    property(contact, &held.id, &held.kind, (held.name.as_deref(), &held.value))
}

fn property(contact: &Contact, id: &str, kind: &str, content: (Option<&str>, &Value)) -> Value {
    let (created, updated) = (iso(contact.created), iso(contact.updated));
    json!({
        "id": id, "type": kind, "name": content.0, "value": content.1, "createdAt": created, "updatedAt": updated,
    })
}

fn scalars(contact: &Contact, names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), json!(contact.text(name)))).collect()
}

/// The values that are set, in the order of the definitions.
fn custom_fields(contact: &Contact, workspace: &Workspace) -> Value {
    let entry = |field: &CustomField| {
        let held = contact.custom.iter().find(|held| *held.key == *field.key)?;
        let kind = field.kind.name();
        Some(json!({ "name": field.name, "key": field.key, "id": held.id, "type": kind, "value": held.value }))
    };
    workspace.custom_fields.iter().filter_map(entry).collect()
}
