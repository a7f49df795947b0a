//! Followers of a contact: users who are told of it.

use serde_json::{Value, json};

use crate::ghl::contact::texts;
use crate::ghl::contacts::{WRITE, id_for, object};
use crate::ghl::errors;
use crate::ghl::routes::{Reply, Rule, reply};
use crate::ghl::rules::{Field, Kind, whitelisted};
use crate::ghl::server::{Asked, Ghl};

pub(super) const RULES: &[Rule] = &[
    Rule::new("POST /contacts/{contactId}/followers", WRITE, add),
    Rule::new("DELETE /contacts/{contactId}/followers", WRITE, remove),
];

const BODY: [Field; 1] = [Field::needed("followers", Kind::Texts)];

fn named(asked: &Asked<'_>) -> Result<Vec<Box<str>>, crate::call::Answer> {
    let body = object(asked)?;
    whitelisted(&body, &BODY)?;
    let named = body.get("followers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Ok(texts(named).map(Into::into).collect())
}

fn add(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let id = id_for(ghl, asked)?;
    let mut added = named(asked)?;
    let contact = ghl.locations[asked.at].shelf.get_mut(id).ok_or_else(|| errors::no_contact(id))?;
    added.retain(|user| !contact.followers.contains(user));
    contact.followers.extend(added.iter().cloned());
    reply(201, json!({ "followers": contact.followers, "followersAdded": added }))
}

fn remove(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let id = id_for(ghl, asked)?;
    let mut removed = named(asked)?;
    let contact = ghl.locations[asked.at].shelf.get_mut(id).ok_or_else(|| errors::no_contact(id))?;
    removed.retain(|user| contact.followers.contains(user));
    contact.followers.retain(|user| !removed.contains(user));
    reply(200, json!({ "followers": contact.followers, "followersRemoved": removed }))
}
