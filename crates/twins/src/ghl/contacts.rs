//! Writes on contacts: by API with GHL's rules, and by people, who may do everything.

use serde_json::{Map, Value, json};

use crate::call::Answer;
use crate::door::{Done, Edited};
use crate::ghl::contact::{Contact, Reading, texts};
use crate::ghl::routes::Route;
use crate::ghl::rules::{self, Verb};
use crate::ghl::server::{Asked, Ghl, Version};
use crate::ghl::{errors, views};
use crate::history::{Actor, How, Marks, Write};
use crate::stamp::{Stamp, later};

type Body = Map<String, Value>;

/// Reads and checks the body of a create or upsert.
fn body_for(ghl: &Ghl, asked: &Asked<'_>, verb: Verb) -> Result<Body, Answer> {
    let body = asked.call.object().ok_or_else(|| errors::bad_request("Unexpected token in JSON"))?;
    let problems = rules::problems(&body, verb);
    if !problems.is_empty() {
        return Err(errors::unprocessable(&problems));
    }
    let location = body.get("locationId").and_then(Value::as_str);
    if verb != Verb::Update && location != Some(ghl.locations[asked.at].config.id.as_str()) {
        return Err(errors::other_location());
    }
    Ok(body)
}

/// Makes sure that the contact of the path exists and is the token's.
pub(super) fn id_for<'a>(ghl: &Ghl, asked: &Asked<'a>) -> Result<&'a str, Answer> {
    let id = asked.call.segment(1);
    match ghl.home(id) {
        Some(home) if home == asked.at => Ok(id),
        Some(_) => Err(errors::other_location()),
        None => Err(errors::no_contact(id)),
    }
}

pub(super) fn create(ghl: &mut Ghl, asked: &Asked<'_>) -> Done<Answer> {
    let body = match body_for(ghl, asked, Verb::Create) {
        Ok(body) => body,
        Err(answer) => return Done::quietly(answer),
    };
    let contact = drafted(ghl, asked.at, &body, Actor::Api, asked.stamp);
    let location = &ghl.locations[asked.at];
    if !location.config.allow_duplicates
        && let Some((twin, field)) = location.twin_of(&contact)
    {
        return Done::quietly(errors::duplicate(&twin.id, &twin.name(), field));
    }
    let view = views::created(&contact, &location.config.id, asked.version);
    let done = inserted(ghl, asked.at, contact, asked.stamp);
    Done { result: Answer::json(201, json!({ "contact": view })), parcels: done.parcels }
}

fn drafted(ghl: &mut Ghl, at: usize, body: &Body, by: Actor, stamp: Stamp) -> Contact {
    let mut contact = Contact::new(&ghl.ids.letters(20), stamp.time, Marks::new(by));
    let location = &ghl.locations[at].config;
    contact.apply(body, Reading { location, null_clears: true });
    if contact.text("country").is_none() {
        contact.scalars.set("country", Some(&location.country));
    }
    if by == Actor::Api && contact.text("source").is_none() {
        contact.scalars.set("source", Some("public api"));
    }
    contact
}

fn inserted(ghl: &mut Ghl, at: usize, contact: Contact, stamp: Stamp) -> Done<String> {
    ghl.ledger.created(contact.marks.creator);
    let parcels = ghl.parcel("ContactCreate", &contact, at, stamp).into_iter().collect();
    let id = contact.id.to_string();
    ghl.locations[at].insert(contact, stamp.instant);
    Done { result: id, parcels }
}

/// What one write does to one contact.
struct Change<'a> {
    at: usize,
    id: &'a str,
    by: Actor,
    stamp: Stamp,
    how: &'a dyn Fn(&str) -> How,
}

/// Carries out a change, judges it, and fires its webhooks.
fn changed(ghl: &mut Ghl, change: &Change<'_>, edit: impl FnOnce(&mut Contact)) -> Option<Done<Contact>> {
    let mut contact = ghl.locations[change.at].shelf.get(change.id)?.clone();
    let before = contact.items();
    edit(&mut contact);
    let after = contact.items();
    let write = Write { contact: change.id, by: change.by, stamp: change.stamp, how: change.how };
    let fields = ghl.ledger.updated(&write, &mut contact.marks, &before, &after);
    if !fields.is_empty() {
        contact.updated = later(contact.updated, change.stamp.time);
    }
    let parcels = ghl.parcels(&fields, &contact, change.at, change.stamp);
    ghl.locations[change.at].replace(contact.clone(), change.stamp.instant);
    Some(Done { result: contact, parcels })
}

/// `PUT` and upsert replace the whole set of tags; what else disappears was asked for by name.
fn put_removes(field: &str) -> How {
    if field.starts_with("tags[") || field.starts_with("additional") { How::LeftOut } else { How::Cleared }
}

pub(super) fn update(ghl: &mut Ghl, asked: &Asked<'_>) -> Done<Answer> {
    let ready = id_for(ghl, asked).and_then(|id| Ok((id, body_for(ghl, asked, Verb::Update)?)));
    let (id, body) = match ready {
        Ok(ready) => ready,
        Err(answer) => return Done::quietly(answer),
    };
    if let Some(answer) = doubles(ghl, asked.at, id, &body) {
        return Done::quietly(answer);
    }
    let done = put(ghl, asked, id, &body);
    let view = views::whole(&done.result, &ghl.locations[asked.at].config.id, asked.version);
    let answer = json!({ asked.version.succeeded(): true, "contact": view });
    Done { result: Answer::json(200, answer), parcels: done.parcels }
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

fn put(ghl: &mut Ghl, asked: &Asked<'_>, id: &str, body: &Body) -> Done<Contact> {
    let config = ghl.locations[asked.at].config.clone();
    let null_clears = ghl.null_clears;
    let change = Change { at: asked.at, id, by: Actor::Api, stamp: asked.stamp, how: &put_removes };
    let done = changed(ghl, &change, |contact| contact.apply(body, Reading { location: &config, null_clears }));
    done.unwrap_or_else(|| Done::quietly(Contact::new(id, asked.stamp.time, Marks::new(Actor::Api))))
}

pub(super) fn delete(ghl: &mut Ghl, asked: &Asked<'_>) -> Done<Answer> {
    let id = match id_for(ghl, asked) {
        Ok(id) => id,
        Err(answer) => return Done::quietly(answer),
    };
    let done = removed(ghl, asked.at, id, Actor::Api, asked.stamp);
    let answer = match asked.version {
        Version::Dated => json!({ "succeded": true }),
        Version::V3 => json!({ "succeded": true, "succeeded": true }),
    };
    Done { result: Answer::json(200, answer), parcels: done.parcels }
}

fn removed(ghl: &mut Ghl, at: usize, id: &str, by: Actor, stamp: Stamp) -> Done<()> {
    let Some(contact) = ghl.locations[at].remove(id, stamp.instant) else { return Done::quietly(()) };
    ghl.ledger.deleted(by);
    let parcels = ghl.parcel("ContactDelete", &contact, at, stamp).into_iter().collect();
    Done { result: (), parcels }
}

pub(super) fn tags(ghl: &mut Ghl, route: Route, asked: &Asked<'_>) -> Done<Answer> {
    let id = match id_for(ghl, asked) {
        Ok(id) => id,
        Err(answer) => return Done::quietly(answer),
    };
    let body = asked.call.object().unwrap_or_default();
    let tags = body.get("tags").and_then(Value::as_array).filter(|tags| tags.iter().all(Value::is_string));
    let Some(tags) = tags else {
        return Done::quietly(errors::unprocessable(&["tags must be an array of strings".to_owned()]));
    };
    let adds = route == Route::AddTags;
    let change = Change { at: asked.at, id, by: Actor::Api, stamp: asked.stamp, how: &|_| How::Cleared };
    let done =
        changed(
            ghl,
            &change,
            |contact| {
                if adds { contact.add_tags(texts(tags)) } else { contact.remove_tags(texts(tags)) }
            },
        );
    let Some(done) = done else { return Done::quietly(errors::no_contact(id)) };
    let answer = Answer::json(if adds { 201 } else { 200 }, json!({ "tags": done.result.tags }));
    Done { result: answer, parcels: done.parcels }
}

/// Finds by email, then by phone, then by an additional email; else creates. A phone that belongs to somebody else
/// is dropped without a word, and an additional email becomes the first one while the old first one is lost.
pub(super) fn upsert(ghl: &mut Ghl, asked: &Asked<'_>) -> Done<Answer> {
    let mut body = match body_for(ghl, asked, Verb::Upsert) {
        Ok(body) => body,
        Err(answer) => return Done::quietly(answer),
    };
    let draft = drafted(ghl, asked.at, &body, Actor::Api, asked.stamp);
    if draft.text("email").is_none() && draft.text("phone").is_none() {
        return Done::quietly(errors::bad_request("Pass at least one of email, phone"));
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
        let done = inserted(ghl, asked.at, draft, asked.stamp);
        return Done { result: Answer::json(200, json!({ "new": true, "contact": view })), parcels: done.parcels };
    };
    if draft.text("phone").is_some_and(|phone| location.holder("phone", phone, &id).is_some()) {
        body.remove("phone");
    }
    body.remove("gender");
    let done = put(ghl, asked, &id, &body);
    let view = views::whole(&done.result, &ghl.locations[asked.at].config.id, asked.version);
    Done { result: Answer::json(200, json!({ "new": false, "contact": view })), parcels: done.parcels }
}

pub(super) fn person_creates(ghl: &mut Ghl, contact: &Value, stamp: Stamp) -> Edited<String> {
    let body = contact.as_object().ok_or("a contact is an object")?;
    let wanted = body.get("locationId").and_then(Value::as_str);
    let at = match wanted {
        None => 0,
        Some(id) => {
            let found = ghl.locations.iter().position(|location| location.config.id == id);
            found.ok_or_else(|| format!("no location {id}"))?
        }
    };
    if ghl.locations.is_empty() {
        return Err("no location at all".to_owned());
    }
    let contact = drafted(ghl, at, body, Actor::Person, stamp);
    Ok(inserted(ghl, at, contact, stamp))
}

pub(super) fn person_edits(ghl: &mut Ghl, id: &str, patch: &Value, stamp: Stamp) -> Edited<()> {
    let body = patch.as_object().ok_or("a change is an object")?;
    let at = ghl.home(id).ok_or_else(|| format!("no contact {id}"))?;
    let location = ghl.locations[at].config.clone();
    let change = Change { at, id, by: Actor::Person, stamp, how: &|_| How::Cleared };
    let done = changed(ghl, &change, |contact| {
        contact.apply(body, Reading { location: &location, null_clears: true });
        let list = |name: &str| body.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        contact.add_tags(texts(list("addTags")));
        contact.remove_tags(texts(list("removeTags")));
    });
    Ok(Done { result: (), parcels: done.map(|done| done.parcels).unwrap_or_default() })
}

pub(super) fn person_deletes(ghl: &mut Ghl, id: &str, stamp: Stamp) -> Edited<()> {
    let at = ghl.home(id).ok_or_else(|| format!("no contact {id}"))?;
    Ok(removed(ghl, at, id, Actor::Person, stamp))
}
