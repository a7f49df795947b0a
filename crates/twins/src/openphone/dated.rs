//! The dated surface: thin contacts, and a `PATCH` that changes only what it names.

use serde_json::{Map, Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::history::{Actor, How, Marks};
use crate::openphone::asked::Asked;
use crate::openphone::contact::{Contact, NAMES, ORIGIN};
use crate::openphone::errors::{Complaint, Surface};
use crate::openphone::lists;
use crate::openphone::routes::Rule;
use crate::openphone::rules;
use crate::openphone::server::{OpenPhone, ok};
use crate::openphone::views;
use crate::openphone::workspace::Wanted;
use crate::openphone::writes::Change;
use crate::stamp::iso;

pub(super) const RULES: &[Rule] = &[
    Rule::reads("GET /contacts", "08", |openphone, asked| Ok(list(openphone, asked))),
    Rule::writes("POST /contacts", "08", |openphone, asked| Ok(create(openphone, asked))).creating(),
    Rule::reads("GET /contacts/{contactId}", "08", |openphone, asked| Ok(get(openphone, asked))),
    Rule::writes("PATCH /contacts/{contactId}", "08", |openphone, asked| Ok(patch(openphone, asked))),
    Rule::writes("DELETE /contacts/{contactId}", "08", |openphone, asked| Ok(delete(openphone, asked))),
    Rule::reads("GET /contacts/{contactId}/shares", "08", shares),
];

/// At most so many values in one `field[in]`.
const MOST_VALUES: usize = 50;

/// The values of `field=a` or `field[in]=a,b`.
pub(super) fn filter<'a>(asked: &Asked<'a>, name: &str) -> Vec<&'a str> {
    let many = asked.call.param(&format!("{name}[in]"));
    let one = asked.call.param(name).into_iter();
    one.chain(many.into_iter().flat_map(|list| list.split(','))).collect()
}

/// The `limit` of a list: 1 to 50, by default 10.
pub(super) fn limit(asked: &Asked<'_>) -> Result<usize, Answer> {
    let limit = asked.call.param("limit").map_or(Ok(10), str::parse::<usize>);
    limit.ok().filter(|limit| (1..=50).contains(limit)).ok_or_else(|| {
        Surface::Dated.bad_request(&[Complaint::new("/limit", "Expected integer between 1 and 50", "integer")])
    })
}

/// The `after` of a list.
pub(super) fn after(asked: &Asked<'_>) -> Result<u64, Answer> {
    let after = asked.call.param("after").map_or(Ok(0), |cursor| cursor.trim_start_matches("c_").parse());
    after.map_err(|_| Surface::Dated.bad_request(&[Complaint::new("/after", "Invalid cursor", "string")]))
}

pub(super) fn cursor(place: u64) -> String {
    format!("c_{place}")
}

pub(super) fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Answer {
    let (limit, after) = match limit(asked).and_then(|limit| Ok((limit, after(asked)?))) {
        Ok(bounds) => bounds,
        Err(answer) => return answer,
    };
    let (externals, sources) = (filter(asked, "externalId"), filter(asked, "source"));
    if externals.len() > MOST_VALUES || sources.len() > MOST_VALUES {
        return Surface::Dated.bad_request(&[Complaint::new("/externalId[in]", "Too many values", "string")]);
    }
    let space = &openphone.spaces[asked.at];
    let (now, ghosts) = (asked.stamp.instant, openphone.choices.deleted.still_listed);
    let (rows, next) = space.listed(&Wanted { externals, sources, after, limit, ghosts, now });
    let data: Vec<Value> = rows.into_iter().map(views::dated).collect();
    Answer::json(200, json!({ "data": data, "nextCursor": next.map(cursor) }))
}

pub(super) fn get(openphone: &OpenPhone, asked: &Asked<'_>) -> Answer {
    let found = openphone.spaces[asked.at].shelf.get(asked.call.segment(1));
    found.map_or_else(|| Surface::Dated.not_found(), |contact| ok(views::dated(contact)))
}

/// Who sees a contact. What sharing a contact of the API gets is not documented: here the workspace does.
fn shares(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::dated_bounds(asked, 50, 10)?;
    let space = &openphone.spaces[asked.at];
    let contact = space.shelf.get(asked.id(0)).ok_or_else(|| asked.missing("Contact not found"))?;
    let (with, at) = (&space.config.org_id, iso(contact.created));
    Ok(lists::shown(asked, &bounds, vec![json!({ "contactId": contact.id, "sharedWith": with, "createdAt": at })]))
}

fn merge(contact: &mut Contact, body: &Map<String, Value>) {
    for name in NAMES.into_iter().chain(ORIGIN) {
        if let Some(value) = body.get(name) {
            contact.scalars.set(name, value.as_str());
        }
    }
}

pub(super) fn create(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Done<Answer> {
    let body = asked.call.object().unwrap_or_default();
    let complaints = rules::dated_complaints(&body, true);
    if !complaints.is_empty() {
        return Done::quietly(Surface::Dated.bad_request(&complaints));
    }
    let by = body.get("actorId").and_then(Value::as_str);
    let by = by.unwrap_or(&openphone.spaces[asked.at].config.owner).to_owned();
    let mut contact = Contact::new(&openphone.ids.hex(24), &by, asked.stamp.time, Marks::new(Actor::Api));
    contact.scalars.set("source", Some("public-api"));
    merge(&mut contact, &body);
    if openphone.spaces[asked.at].is_taken(&contact, openphone.choices.deleted.holds_pair) {
        return Done::quietly(Surface::Dated.conflict());
    }
    let view = views::dated(&contact);
    let done = openphone.inserted(asked.at, contact, asked.stamp);
    Done { result: Answer::json(201, json!({ "data": view })), parcels: done.parcels }
}

pub(super) fn patch(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Done<Answer> {
    let id = asked.call.segment(1);
    let Some(mut after) = openphone.spaces[asked.at].shelf.get(id).cloned() else {
        return Done::quietly(Surface::Dated.not_found());
    };
    let body = asked.call.object().unwrap_or_default();
    let complaints = rules::dated_complaints(&body, false);
    if !complaints.is_empty() {
        return Done::quietly(Surface::Dated.bad_request(&complaints));
    }
    merge(&mut after, &body);
    if openphone.spaces[asked.at].is_taken(&after, openphone.choices.deleted.holds_pair) {
        return Done::quietly(Surface::Dated.conflict());
    }
    let change = Change { at: asked.at, id, by: Actor::Api, stamp: asked.stamp, how: &|_| How::Cleared };
    let done = openphone.changed(&change, after);
    Done { result: ok(views::dated(&done.result)), parcels: done.parcels }
}

/// Alike on both surfaces, apart from the shape of the 404.
pub(super) fn delete(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Done<Answer> {
    let surface = asked.surface();
    let id = asked.id(0);
    if openphone.spaces[asked.at].shelf.place(id).is_none() {
        return Done::quietly(surface.not_found());
    }
    let done = openphone.removed(asked.at, id, Actor::Api, asked.stamp);
    Done { result: Answer::empty(204), parcels: done.parcels }
}
