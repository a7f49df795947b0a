//! `POST /contacts/upsert`, with its traps.

use serde_json::json;

use crate::call::Answer;
use crate::door::Done;
use crate::ghl::contact::Contact;
use crate::ghl::routes::Reply;
use crate::ghl::rules::Verb;
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::{changes, contacts, errors, views};
use crate::history::Actor;

/// Finds by email, then by phone, then by an additional email; else creates. A phone that belongs to somebody else
/// is dropped without a word, and an additional email becomes the first one while the old first one is lost.
pub(super) fn upsert(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let mut body = contacts::body_for(ghl, asked, Verb::Upsert)?;
    let draft = changes::drafted(ghl, asked.at, &body, Actor::Api, asked.stamp);
    if draft.text("email").is_none() && draft.text("phone").is_none() {
        return Err(errors::bad_request("Pass at least one of email, phone"));
    }
    let location = &ghl.locations[asked.at];
    let always_new = body.get("createNewIfDuplicateAllowed") == Some(&json!(true)) && location.config.allow_duplicates;
    let additional = |contact: &&Contact| {
        draft.text("email").is_some_and(|email| contact.more_emails.iter().any(|more| more.eq_ignore_ascii_case(email)))
    };
    let matched = location.twin_of(&draft).map(|(twin, _)| twin);
    let matched = matched.or_else(|| location.shelf.rows().map(|(_, contact)| contact).find(additional));
    let matched = matched.filter(|_| !always_new).map(|contact| contact.id.to_string());
    let Some(id) = matched else {
        let view = views::whole(&draft, &location.config.id, asked.version);
        let done = changes::inserted(ghl, asked.at, draft, asked.stamp);
        return Ok(Done { result: Answer::json(200, json!({ "new": true, "contact": view })), parcels: done.parcels });
    };
    if draft.text("phone").is_some_and(|phone| location.holder("phone", phone, &id).is_some()) {
        body.remove("phone");
    }
    body.remove("gender");
    let done = changes::put(ghl, asked, &id, &body);
    let view = views::whole(&done.result, &ghl.locations[asked.at].config.id, asked.version);
    Ok(Done { result: Answer::json(200, json!({ "new": false, "contact": view })), parcels: done.parcels })
}
