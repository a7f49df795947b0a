//! The v1 surface: one document per contact, and a `PATCH` that replaces what it does not mention.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::history::{Actor, How, Marks};
use crate::ids::Ids;
use crate::openphone::asked::Asked;
use crate::openphone::contact::{Contact, Custom, Group, Item, NAMES, ORIGIN};
use crate::openphone::dated;
use crate::openphone::errors::{self, Complaint, Surface};
use crate::openphone::routes::Rule;
use crate::openphone::rules::{self, Accepted};
use crate::openphone::server::{OpenPhone, ok};
use crate::openphone::views;
use crate::openphone::workspace::Wanted;
use crate::openphone::writes::Change;
use crate::phone;

type Body = Map<String, Value>;

pub(super) const RULES: &[Rule] = &[
    Rule::reads("GET /v1/contacts", "08", |openphone, asked| Ok(list(openphone, asked))),
    Rule::writes("POST /v1/contacts", "08", |openphone, asked| Ok(create(openphone, asked))).creating(),
    Rule::reads("GET /v1/contacts/{id}", "08", |openphone, asked| Ok(get(openphone, asked))),
    Rule::writes("PATCH /v1/contacts/{id}", "08", |openphone, asked| Ok(patch(openphone, asked))),
    Rule::writes("DELETE /v1/contacts/{id}", "08", |openphone, asked| Ok(dated::delete(openphone, asked))),
    Rule::reads("GET /v1/contact-custom-fields", "07", |openphone, asked| Ok(custom_fields(openphone, asked))),
];

/// The server's query parser turns longer lists into something else.
const MOST_REPEATS: usize = 20;

pub(super) fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Answer {
    let limit = asked.call.param("maxResults").and_then(|limit| limit.parse::<usize>().ok());
    let Some(limit) = limit.filter(|limit| (1..=50).contains(limit)) else {
        let complaint = Complaint::new("/maxResults", "Expected integer between 1 and 50", "integer");
        return Surface::V1.bad_request(&[complaint]);
    };
    let (externals, sources) = (asked.call.params("externalIds"), asked.call.params("sources"));
    for (name, values) in [("/externalIds", &externals), ("/sources", &sources)] {
        let bounds = values.iter().all(|value| (1..=75).contains(&value.chars().count()));
        if values.len() > MOST_REPEATS || !bounds {
            return Surface::V1.bad_request(&[Complaint::new(name, "Expected array", "array")]);
        }
    }
    let Ok(after) = asked.call.param("pageToken").map_or(Ok(0), place_in) else {
        return Surface::V1.bad_request(&[Complaint::new("/pageToken", "Invalid page token", "string")]);
    };
    let space = &openphone.spaces[asked.at];
    let (now, ghosts) = (asked.stamp.instant, openphone.choices.deleted.still_listed);
    let (rows, next) = space.listed(&Wanted { externals, sources, after, limit, ghosts, now });
    let data: Vec<Value> = rows.into_iter().map(|contact| views::v1(contact, &space.config)).collect();
    // The provider's total is known to be wrong; so is this one.
    let total = data.len() * 3 + 7;
    Answer::json(200, json!({ "data": data, "totalItems": total, "nextPageToken": next.map(token_for) }))
}

pub(super) fn token_for(place: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("after:{place}"))
}

pub(super) fn place_in(token: &str) -> Result<u64, ()> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(drop)?;
    let text = String::from_utf8(bytes).map_err(drop)?;
    text.strip_prefix("after:").ok_or(())?.parse().map_err(drop)
}

pub(super) fn get(openphone: &OpenPhone, asked: &Asked<'_>) -> Answer {
    let space = &openphone.spaces[asked.at];
    let found = space.shelf.get(asked.call.segment(2));
    found.map_or_else(|| Surface::V1.not_found(), |contact| ok(views::v1(contact, &space.config)))
}

/// Definitions, without the options of multi-selects.
pub(super) fn custom_fields(openphone: &OpenPhone, asked: &Asked<'_>) -> Answer {
    let fields = openphone.spaces[asked.at].config.custom_fields.iter();
    ok(fields.map(|field| json!({ "name": field.name, "key": field.key, "type": field.kind.name() })).collect())
}

/// Reads the custom values of a body: all of them pass, or none.
fn accepted(openphone: &OpenPhone, asked: &Asked<'_>, body: &Body, held: &[Custom]) -> Result<Vec<Accepted>, Answer> {
    let Some(items) = body.get("customFields") else { return Ok(Vec::new()) };
    let Some(items) = items.as_array() else {
        return Err(Surface::V1.bad_request(&[Complaint::new("/customFields", "Expected array", "array")]));
    };
    let workspace = &openphone.spaces[asked.at].config;
    let read = items.iter().enumerate().map(|(at, item)| {
        let by_id = || held.iter().find(|custom| item["id"] == json!(custom.id)).map(|custom| &*custom.key);
        let key = item["key"].as_str().or_else(by_id).unwrap_or_default();
        let value = item.get("value").ok_or("Expected required property value");
        let taken = value.and_then(|value| rules::accept(workspace, key, value));
        taken.map_err(|message| {
            errors::invalid_custom_field(&[Complaint::new(format!("/customFields/{at}"), message, "object")])
        })
    });
    read.collect()
}

pub(super) fn create(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Done<Answer> {
    let body = asked.call.object().unwrap_or_default();
    let complaints = rules::v1_complaints(&body, true);
    if !complaints.is_empty() {
        return Done::quietly(Surface::V1.bad_request(&complaints));
    }
    let accepted = match accepted(openphone, asked, &body, &[]) {
        Ok(accepted) => accepted,
        Err(answer) => return Done::quietly(answer),
    };
    let by = body.get("createdByUserId").and_then(Value::as_str);
    let by = by.unwrap_or(&openphone.spaces[asked.at].config.owner).to_owned();
    let id = openphone.ids.hex(24);
    let mut contact = Contact::new(&id, &by, asked.stamp.time, Marks::new(Actor::Api));
    contact.scalars.set("source", Some("public-api"));
    merge_scalars(&mut contact, &body);
    let fields = body.get("defaultFields").and_then(Value::as_object).cloned().unwrap_or_default();
    for group in Group::BOTH {
        *contact.group_mut(group) = items_from(&mut openphone.ids, group, fields.get(group.name()), &[]);
    }
    if openphone.spaces[asked.at].is_taken(&contact, openphone.choices.deleted.holds_pair) {
        return Done::quietly(Surface::V1.conflict());
    }
    contact.custom = customs_from(openphone, asked.at, accepted, &[]);
    let view = views::v1(&contact, &openphone.spaces[asked.at].config);
    let done = openphone.inserted(asked.at, contact, asked.stamp);
    Done { result: Answer::json(201, json!({ "data": view })), parcels: done.parcels }
}

/// Sets the scalars that the body names; null clears.
fn merge_scalars(contact: &mut Contact, body: &Body) {
    let fields = body.get("defaultFields").and_then(Value::as_object);
    for name in NAMES {
        if let Some(value) = fields.and_then(|fields| fields.get(name)) {
            contact.scalars.set(name, value.as_str());
        }
    }
    for name in ORIGIN {
        if let Some(value) = body.get(name) {
            contact.scalars.set(name, value.as_str());
        }
    }
}

/// The items of a body: known ids are kept, items without a value are gone.
pub(super) fn items_from(ids: &mut Ids, group: Group, wanted: Option<&Value>, held: &[Item]) -> Vec<Item> {
    let wanted = wanted.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let read = wanted.iter().filter_map(|item| {
        let value = item["value"].as_str().map(str::trim).filter(|value| !value.is_empty())?;
        let value = if group == Group::Phones { phone::normal(value) } else { value.to_owned() };
        let known = held.iter().find(|held| item["id"] == json!(held.id)).map(|held| held.id.clone());
        let name = item["name"].as_str().unwrap_or_default();
        Some(Item { id: known.unwrap_or_else(|| ids.hex(24).into()), name: name.into(), value: value.into() })
    });
    read.collect()
}

/// The custom values to hold; options that are new get defined.
pub(super) fn customs_from(
    openphone: &mut OpenPhone,
    at: usize,
    accepted: Vec<Accepted>,
    held: &[Custom],
) -> Vec<Custom> {
    let mut customs: Vec<Custom> = Vec::new();
    for one in accepted {
        openphone.spaces[at].define(&one.key, one.new_options);
        customs.retain(|custom| *custom.key != *one.key);
        if one.value.is_null() {
            continue;
        }
        let known = held.iter().find(|held| *held.key == *one.key).map(|held| held.id.clone());
        let id = known.unwrap_or_else(|| openphone.ids.hex(24).into());
        customs.push(Custom { id, key: one.key.into(), value: one.value });
    }
    customs
}

pub(super) fn patch(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Done<Answer> {
    let id = asked.call.segment(2);
    let Some(before) = openphone.spaces[asked.at].shelf.get(id).cloned() else {
        return Done::quietly(Surface::V1.not_found());
    };
    let body = asked.call.object().unwrap_or_default();
    let complaints = rules::v1_complaints(&body, false);
    if !complaints.is_empty() {
        return Done::quietly(Surface::V1.bad_request(&complaints));
    }
    let accepted = match accepted(openphone, asked, &body, &before.custom) {
        Ok(accepted) => accepted,
        Err(answer) => return Done::quietly(answer),
    };
    let mut after = before.clone();
    if openphone.choices.patch_wipes_scalars {
        for name in NAMES {
            after.scalars.set(name, None);
        }
    }
    merge_scalars(&mut after, &body);
    let fields = body.get("defaultFields").and_then(Value::as_object).cloned().unwrap_or_default();
    // The trap: a list that the body does not mention is emptied.
    for group in Group::BOTH {
        let held = before.group(group);
        *after.group_mut(group) = items_from(&mut openphone.ids, group, fields.get(group.name()), held);
    }
    if openphone.spaces[asked.at].is_taken(&after, openphone.choices.deleted.holds_pair) {
        return Done::quietly(Surface::V1.conflict());
    }
    after.custom = customs_from(openphone, asked.at, accepted, &before.custom);
    let survivors = after.clone();
    let how = |field: &str| how_patched(field, &body, &before, &survivors);
    let change = Change { at: asked.at, id, by: Actor::Api, stamp: asked.stamp, how: &how };
    let done = openphone.changed(&change, after);
    let view = views::v1(&done.result, &openphone.spaces[asked.at].config);
    Done { result: ok(view), parcels: done.parcels }
}

/// How a v1 `PATCH` came to remove an item.
fn how_patched(field: &str, body: &Body, before: &Contact, after: &Contact) -> How {
    let fields = body.get("defaultFields").and_then(Value::as_object);
    for group in Group::BOTH {
        if !field.starts_with(group.name()) {
            continue;
        }
        let Some(wanted) = fields.and_then(|fields| fields.get(group.name())).and_then(Value::as_array) else {
            return How::Omitted;
        };
        let held = before.group(group).iter().find(|item| field == format!("{}[{}]", group.name(), item.value));
        let Some(held) = held else { return How::LeftOut };
        if after.group(group).iter().any(|item| item.id == held.id) {
            return How::Replaced;
        }
        let named = wanted.iter().any(|item| item["id"] == json!(held.id) && item["value"].is_null());
        return if named { How::Cleared } else { How::LeftOut };
    }
    if let Some(rest) = field.strip_prefix("customFields[") {
        let key = rest.split(']').next().unwrap_or_default();
        let Some(wanted) = body.get("customFields").and_then(Value::as_array) else { return How::Omitted };
        let id = before.custom.iter().find(|custom| *custom.key == *key).map(|custom| json!(custom.id));
        let named = |item: &&Value| item["key"] == json!(key) || (id.is_some() && item.get("id") == id.as_ref());
        return match wanted.iter().find(named) {
            Some(item) if item["value"].is_null() => How::Cleared,
            Some(_) | None => How::LeftOut,
        };
    }
    let named = fields.is_some_and(|fields| fields.contains_key(field)) || body.contains_key(field);
    if named { How::Cleared } else { How::Omitted }
}
