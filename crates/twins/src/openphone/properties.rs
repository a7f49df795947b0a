//! Properties of the dated surface: phones, emails and custom values one by one, without read-modify-write.

use serde_json::{Map, Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::history::{Actor, How};
use crate::openphone::asked::Asked;
use crate::openphone::contact::{Contact, Extra, Group, Item};
use crate::openphone::dated::{after, cursor, limit};
use crate::openphone::errors::{Complaint, Surface};
use crate::openphone::routes::Rule;
use crate::openphone::server::{OpenPhone, ok};
use crate::openphone::views;
use crate::openphone::workspace::page;
use crate::openphone::writes::Change;
use crate::phone;

pub(super) const RULES: &[Rule] = &[
    Rule::reads("GET /contacts/{contactId}/properties", "08", |openphone, asked| Ok(list(openphone, asked))),
    Rule::writes("POST /contacts/{contactId}/properties", "08", |openphone, asked| Ok(add(openphone, asked))),
    Rule::reads(PROPERTY[0], "08", |openphone, asked| Ok(get(openphone, asked))),
    Rule::writes(PROPERTY[1], "08", |openphone, asked| Ok(patch(openphone, asked))),
    Rule::writes(PROPERTY[2], "08", |openphone, asked| Ok(delete(openphone, asked))),
];

const PROPERTY: [&str; 3] = [
    "GET /contacts/{contactId}/properties/{propertyId}",
    "PATCH /contacts/{contactId}/properties/{propertyId}",
    "DELETE /contacts/{contactId}/properties/{propertyId}",
];

fn contact_of<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>) -> Option<&'a Contact> {
    openphone.spaces[asked.at].shelf.get(asked.call.segment(1))
}

fn found(openphone: &OpenPhone, asked: &Asked<'_>, contact: &Contact, id: &str) -> Option<Value> {
    let all = views::properties(contact, &openphone.spaces[asked.at].config);
    all.into_iter().find(|property| property["id"] == json!(id))
}

pub(super) fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Answer {
    let Some(contact) = contact_of(openphone, asked) else { return Surface::Dated.not_found() };
    let (limit, after) = match limit(asked).and_then(|limit| Ok((limit, after(asked)?))) {
        Ok(bounds) => bounds,
        Err(answer) => return answer,
    };
    let mut all = views::properties(contact, &openphone.spaces[asked.at].config);
    let kind = asked.call.param("type");
    all.retain(|property| kind.is_none_or(|kind| property["type"] == json!(kind)));
    let (data, next) = page((1..).zip(all).filter(|(place, _)| *place > after), limit);
    Answer::json(200, json!({ "data": data, "nextCursor": next.map(cursor) }))
}

pub(super) fn get(openphone: &OpenPhone, asked: &Asked<'_>) -> Answer {
    let contact = contact_of(openphone, asked);
    let property = contact.and_then(|contact| found(openphone, asked, contact, asked.call.segment(3)));
    property.map_or_else(|| Surface::Dated.not_found(), ok)
}

/// The group that a property type belongs to, if any.
fn group_of(kind: &str) -> Option<Group> {
    Group::BOTH.into_iter().find(|group| group.kind() == kind)
}

fn value_of(group: Group, value: &Value) -> Option<Box<str>> {
    let text = value.as_str().map(str::trim).filter(|text| !text.is_empty())?;
    Some(if group == Group::Phones { phone::normal(text).into() } else { text.into() })
}

pub(super) fn add(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Done<Answer> {
    let Some(mut contact) = contact_of(openphone, asked).cloned() else {
        return Done::quietly(Surface::Dated.not_found());
    };
    let body = asked.call.object().unwrap_or_default();
    let (Some(kind), Some(value)) = (body.get("type").and_then(Value::as_str), body.get("value")) else {
        let complaint = Complaint::new("/type", "Expected type and value", "string");
        return Done::quietly(Surface::Dated.bad_request(&[complaint]));
    };
    let name = body.get("name").and_then(Value::as_str);
    let id: Box<str> = openphone.ids.hex(24).into();
    match group_of(kind) {
        Some(group) => {
            let Some(value) = value_of(group, value) else { return Done::quietly(not_a_text()) };
            let name = name.unwrap_or_default().into();
            contact.group_mut(group).push(Item { id: id.clone(), name, value });
        }
        // Whether a name binds to a defined field is not documented: here it does not.
        None => contact.extra.push(Extra {
            id: id.clone(),
            kind: kind.into(),
            name: name.map(Into::into),
            value: value.clone(),
        }),
    }
    written(openphone, asked, contact, &id)
}

fn not_a_text() -> Answer {
    Surface::Dated.bad_request(&[Complaint::new("/value", "Expected string", "string")])
}

/// Puts the contact back and answers with one of its properties.
fn written(openphone: &mut OpenPhone, asked: &Asked<'_>, contact: Contact, id: &str) -> Done<Answer> {
    let done = changed(openphone, asked, contact);
    let property = found(openphone, asked, &done.result, id);
    Done { result: property.map_or_else(|| Surface::Dated.not_found(), ok), parcels: done.parcels }
}

fn changed(openphone: &mut OpenPhone, asked: &Asked<'_>, contact: Contact) -> Done<Contact> {
    let id = asked.call.segment(1);
    // The call names one item: whatever it takes away was asked for.
    let change = Change { at: asked.at, id, by: Actor::Api, stamp: asked.stamp, how: &|_| How::Cleared };
    openphone.changed(&change, contact)
}

pub(super) fn patch(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Done<Answer> {
    let id = asked.call.segment(3);
    let body = asked.call.object().unwrap_or_default();
    let contact = contact_of(openphone, asked).cloned();
    let Some((mut contact, _)) = contact.and_then(|contact| {
        let property = found(openphone, asked, &contact, id)?;
        Some((contact, property))
    }) else {
        return Done::quietly(Surface::Dated.not_found());
    };
    if body.contains_key("type") {
        let complaint = Complaint::new("/type", "Type cannot be changed", "string");
        return Done::quietly(Surface::Dated.bad_request(&[complaint]));
    }
    if !edit(&mut contact, id, &body) {
        return Done::quietly(not_a_text());
    }
    written(openphone, asked, contact, id)
}

/// False when the new value is not one.
fn edit(contact: &mut Contact, id: &str, body: &Map<String, Value>) -> bool {
    let (name, value) = (body.get("name"), body.get("value"));
    for group in Group::BOTH {
        let Some(item) = contact.group_mut(group).iter_mut().find(|item| *item.id == *id) else { continue };
        if let Some(name) = name {
            item.name = name.as_str().unwrap_or_default().into();
        }
        let Some(value) = value else { return true };
        return value_of(group, value).map(|value| item.value = value).is_some();
    }
    if let Some(held) = contact.custom.iter_mut().find(|held| *held.id == *id) {
        held.value = value.cloned().unwrap_or_else(|| held.value.clone());
    }
    if let Some(held) = contact.extra.iter_mut().find(|held| *held.id == *id) {
        held.value = value.cloned().unwrap_or_else(|| held.value.clone());
        held.name = name.map_or_else(|| held.name.clone(), |name| name.as_str().map(Into::into));
    }
    contact.custom.retain(|held| !held.value.is_null());
    true
}

pub(super) fn delete(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Done<Answer> {
    let id = asked.call.segment(3);
    let contact = contact_of(openphone, asked).cloned();
    let Some(mut contact) = contact.filter(|contact| found(openphone, asked, contact, id).is_some()) else {
        return Done::quietly(Surface::Dated.not_found());
    };
    for group in Group::BOTH {
        contact.group_mut(group).retain(|item| *item.id != *id);
    }
    contact.custom.retain(|held| *held.id != *id);
    contact.extra.retain(|held| *held.id != *id);
    let done = changed(openphone, asked, contact);
    Done { result: Answer::empty(204), parcels: done.parcels }
}
