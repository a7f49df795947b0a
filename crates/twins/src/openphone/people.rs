//! A person working in the app: changes only what the edit names, and may pick options that nobody had defined.

use serde_json::{Map, Value, json};

use crate::door::{Done, Edited};
use crate::history::{Actor, How, Marks};
use crate::openphone::config::{FieldType, UnknownOption};
use crate::openphone::contact::{Contact, Group, NAMES, ORIGIN};
use crate::openphone::rules::{self, Accepted};
use crate::openphone::server::OpenPhone;
use crate::openphone::v1::{customs_from, items_from};
use crate::openphone::writes::Change;
use crate::stamp::Stamp;

type Body = Map<String, Value>;

pub(super) fn create(openphone: &mut OpenPhone, wanted: &Value, stamp: Stamp) -> Edited<String> {
    let body = wanted.as_object().ok_or("a contact is an object")?;
    let org = body.get("workspace").and_then(Value::as_str);
    let at = openphone.spaces.iter().position(|space| org.is_none_or(|org| space.config.org_id == org));
    let at = at.ok_or("no such workspace")?;
    let owner = openphone.spaces[at].config.owner.clone();
    let mut contact = Contact::new(&openphone.ids.hex(24), &owner, stamp.time, Marks::new(Actor::Person));
    apply(openphone, at, &mut contact, body)?;
    Ok(openphone.inserted(at, contact, stamp))
}

pub(super) fn edit(openphone: &mut OpenPhone, id: &str, patch: &Value, stamp: Stamp) -> Edited<()> {
    let body = patch.as_object().ok_or("a change is an object")?;
    let at = openphone.home(id).ok_or_else(|| format!("no contact {id}"))?;
    let found = openphone.spaces[at].shelf.get(id).cloned();
    let mut contact = found.ok_or_else(|| format!("no contact {id}"))?;
    apply(openphone, at, &mut contact, body)?;
    let change = Change { at, id, by: Actor::Person, stamp, how: &|_| How::Cleared };
    let done = openphone.changed(&change, contact);
    Ok(Done { result: (), parcels: done.parcels })
}

pub(super) fn delete(openphone: &mut OpenPhone, id: &str, stamp: Stamp) -> Edited<()> {
    let at = openphone.home(id).ok_or_else(|| format!("no contact {id}"))?;
    Ok(openphone.removed(at, id, Actor::Person, stamp))
}

/// Takes over what an edit names: scalars flat or inside `defaultFields`, phones and emails as whole lists,
/// custom values one by one.
fn apply(openphone: &mut OpenPhone, at: usize, contact: &mut Contact, body: &Body) -> Result<(), String> {
    let inner = body.get("defaultFields").and_then(Value::as_object);
    let named = |name: &str| body.get(name).or_else(|| inner.and_then(|fields| fields.get(name)));
    for name in NAMES.into_iter().chain(ORIGIN) {
        if let Some(value) = named(name) {
            contact.scalars.set(name, value.as_str());
        }
    }
    for group in Group::BOTH {
        if let Some(wanted) = named(group.name()) {
            let held = contact.group(group).clone();
            let wanted = with_ids(wanted, group, contact);
            *contact.group_mut(group) = items_from(&mut openphone.ids, group, Some(&wanted), &held);
        }
    }
    let accepted = picked(openphone, at, body.get("customFields"))?;
    let held = contact.custom.clone();
    for one in accepted {
        contact.custom.retain(|custom| *custom.key != *one.key);
        contact.custom.extend(customs_from(openphone, at, vec![one], &held));
    }
    Ok(())
}

/// Items as objects with a label and, where the value is known, the id: a person edits what is on the screen.
fn with_ids(wanted: &Value, group: Group, contact: &Contact) -> Value {
    let items = wanted.as_array().map(Vec::as_slice).unwrap_or_default();
    let full = items.iter().map(|item| {
        let value = item.as_str().or_else(|| item["value"].as_str()).unwrap_or_default();
        let known = contact.group(group).iter().find(|held| *held.value == *value);
        let name = item["name"].as_str().or_else(|| known.map(|held| &*held.name)).unwrap_or(group.kind());
        let id = item["id"].as_str().or_else(|| known.map(|held| &*held.id));
        json!({ "id": id, "name": name, "value": value })
    });
    full.collect()
}

/// Custom values, as a list of `{key, value}` or as an object.
fn picked(openphone: &OpenPhone, at: usize, wanted: Option<&Value>) -> Result<Vec<Accepted>, String> {
    let Some(wanted) = wanted else { return Ok(Vec::new()) };
    let items = wanted.as_array().map(Vec::as_slice).unwrap_or_default();
    let listed = items.iter().map(|item| (item["key"].as_str().unwrap_or_default(), &item["value"]));
    let keyed = wanted.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value));
    let pairs = listed.chain(keyed);
    let mut workspace = openphone.spaces[at].config.clone();
    for field in &mut workspace.custom_fields {
        if let FieldType::MultiSelect { unknown, .. } = &mut field.kind {
            *unknown = UnknownOption::Add;
        }
    }
    let read = pairs.map(|(key, value)| rules::accept(&workspace, key, value));
    read.collect::<Result<_, _>>().map_err(ToOwned::to_owned)
}
