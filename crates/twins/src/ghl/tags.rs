//! Adding and removing tags without touching the others.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::ghl::changes::{self, Change};
use crate::ghl::contact::texts;
use crate::ghl::contacts::{WRITE, id_for, object};
use crate::ghl::errors;
use crate::ghl::routes::{Reply, Rule};
use crate::ghl::rules::{Field, Kind, whitelisted};
use crate::ghl::server::{Asked, Ghl};
use crate::history::{Actor, How};

pub(super) const RULES: &[Rule] = &[
    Rule::new("POST /contacts/{contactId}/tags", WRITE, add),
    Rule::new("DELETE /contacts/{contactId}/tags", WRITE, remove),
];

const BODY: [Field; 1] = [Field::needed("tags", Kind::Texts)];

fn add(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    change(ghl, asked, true)
}

fn remove(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    change(ghl, asked, false)
}

fn change(ghl: &mut Ghl, asked: &Asked<'_>, adds: bool) -> Reply {
    let id = id_for(ghl, asked)?;
    let body = object(asked)?;
    whitelisted(&body, &BODY)?;
    let tags = body.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let change = Change { at: asked.at, id, by: Actor::Api, stamp: asked.stamp, how: &|_| How::Cleared };
    let done = changes::changed(ghl, &change, |contact| {
        if adds { contact.add_tags(texts(tags)) } else { contact.remove_tags(texts(tags)) }
    });
    let done = done.ok_or_else(|| errors::no_contact(id))?;
    let answer = Answer::json(if adds { 201 } else { 200 }, json!({ "tags": done.result.tags }));
    Ok(Done { result: answer, parcels: done.parcels })
}
