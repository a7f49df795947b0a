//! Creating, changing and deleting contacts by API.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::ghl::changes::{self, Body};
use crate::ghl::contact::Reading;
use crate::ghl::routes::{Reply, Rule};
use crate::ghl::rules::{self, Verb};
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::{errors, upsert, views};
use crate::history::Actor;

pub(super) const RULES: &[Rule] = &[
    Rule::new("POST /contacts/", WRITE, create).creating(),
    Rule::new("POST /contacts/upsert", WRITE, upsert::upsert).creating(),
    Rule::new("PUT /contacts/{contactId}", WRITE, update),
    Rule::new("DELETE /contacts/{contactId}", WRITE, delete),
];

pub(super) const READ: &str = "contacts.readonly";
pub(super) const WRITE: &str = "contacts.write";

/// Reads and checks the body of a create, update or upsert.
pub(super) fn body_for(ghl: &Ghl, asked: &Asked<'_>, verb: Verb) -> Result<Body, Answer> {
    let body = object(asked)?;
    rules::refuse(&rules::problems(&body, verb, asked.version))?;
    if verb != Verb::Update {
        same_location(ghl, asked, &body)?;
    }
    Ok(body)
}

/// The body of a call that needs one.
pub(super) fn object(asked: &Asked<'_>) -> Result<Body, Answer> {
    asked.call.object().ok_or_else(|| errors::bad_request("Unexpected token in JSON"))
}

/// The location in a body has to be the token's.
pub(super) fn same_location(ghl: &Ghl, asked: &Asked<'_>, body: &Body) -> Result<(), Answer> {
    let named = body.get("locationId").and_then(Value::as_str);
    if named == Some(ghl.locations[asked.at].config.id.as_str()) { Ok(()) } else { Err(errors::other_location()) }
}

/// Makes sure that the contact of the path exists and is the token's.
pub(super) fn id_for<'a>(ghl: &Ghl, asked: &Asked<'a>) -> Result<&'a str, Answer> {
    let id = asked.call.segment(1);
    held_here(ghl, asked, id).map(|()| id)
}

/// Makes sure that a contact exists and is the token's.
pub(super) fn held_here(ghl: &Ghl, asked: &Asked<'_>, id: &str) -> Result<(), Answer> {
    match ghl.home(id) {
        Some(home) if home == asked.at => Ok(()),
        Some(_) => Err(errors::other_location()),
        None => Err(errors::no_contact(id)),
    }
}

fn create(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let body = body_for(ghl, asked, Verb::Create)?;
    let contact = changes::drafted(ghl, asked.at, &body, Actor::Api, asked.stamp);
    let location = &ghl.locations[asked.at];
    if !location.config.allow_duplicates
        && let Some((twin, field)) = location.twin_of(&contact)
    {
        return Err(errors::duplicate(&twin.id, &twin.name(), field));
    }
    let view = views::created(&contact, &location.config.id, asked.version);
    let done = changes::inserted(ghl, asked.at, contact, asked.stamp);
    Ok(Done { result: Answer::json(201, json!({ "contact": view })), parcels: done.parcels })
}

fn update(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let id = id_for(ghl, asked)?;
    let body = body_for(ghl, asked, Verb::Update)?;
    if let Some(answer) = doubles(ghl, asked.at, id, &body) {
        return Err(answer);
    }
    let done = changes::put(ghl, asked, id, &body);
    let view = views::whole(&done.result, &ghl.locations[asked.at].config.id, asked.version);
    let answer = json!({ asked.version.succeeded(): true, "contact": view });
    Ok(Done { result: Answer::json(200, answer), parcels: done.parcels })
}

/// The refusal when a changed email or phone belongs to somebody else.
fn doubles(ghl: &Ghl, at: usize, id: &str, body: &Body) -> Option<Answer> {
    let location = &ghl.locations[at];
    if location.config.allow_duplicates {
        return None;
    }
    let mut changed = location.shelf.get(id)?.clone();
    let before = (changed.text("email").map(str::to_owned), changed.text("phone").map(str::to_owned));
    changed.apply(body, Reading { location: &location.config, null_clears: ghl.null_clears });
    let after = (changed.text("email").map(str::to_owned), changed.text("phone").map(str::to_owned));
    let (twin, field) = location.twin_of(&changed).filter(|_| before != after)?;
    Some(errors::duplicate(&twin.id, &twin.name(), field))
}

fn delete(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let id = id_for(ghl, asked)?;
    let done = changes::removed(ghl, asked.at, id, Actor::Api, asked.stamp);
    Ok(Done { result: Answer::json(200, asked.version.done().into()), parcels: done.parcels })
}
