//! What a write does to a contact, whoever makes it: judged, indexed, and told to the world.

use serde_json::{Map, Value};

use crate::door::Done;
use crate::ghl::contact::{Contact, Reading};
use crate::ghl::server::{Asked, Ghl};
use crate::history::{Actor, How, Marks, Write};
use crate::stamp::{Stamp, later};

pub(super) type Body = Map<String, Value>;

pub(super) fn drafted(ghl: &mut Ghl, at: usize, body: &Body, by: Actor, stamp: Stamp) -> Contact {
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

pub(super) fn inserted(ghl: &mut Ghl, at: usize, contact: Contact, stamp: Stamp) -> Done<String> {
    ghl.ledger.created(contact.marks.creator);
    let parcels = ghl.parcel("ContactCreate", &contact, at, stamp).into_iter().collect();
    let id = contact.id.to_string();
    ghl.locations[at].insert(contact, stamp.instant);
    Done { result: id, parcels }
}

/// What one write does to one contact.
pub(super) struct Change<'a> {
    pub(super) at: usize,
    pub(super) id: &'a str,
    pub(super) by: Actor,
    pub(super) stamp: Stamp,
    pub(super) how: &'a dyn Fn(&str) -> How,
}

/// Carries out a change, judges it, and fires its webhooks.
pub(super) fn changed(ghl: &mut Ghl, change: &Change<'_>, edit: impl FnOnce(&mut Contact)) -> Option<Done<Contact>> {
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

pub(super) fn put(ghl: &mut Ghl, asked: &Asked<'_>, id: &str, body: &Body) -> Done<Contact> {
    let config = ghl.locations[asked.at].config.clone();
    let null_clears = ghl.null_clears;
    let change = Change { at: asked.at, id, by: Actor::Api, stamp: asked.stamp, how: &put_removes };
    let done = changed(ghl, &change, |contact| contact.apply(body, Reading { location: &config, null_clears }));
    done.unwrap_or_else(|| Done::quietly(Contact::new(id, asked.stamp.time, Marks::new(Actor::Api))))
}

pub(super) fn removed(ghl: &mut Ghl, at: usize, id: &str, by: Actor, stamp: Stamp) -> Done<()> {
    let Some(contact) = ghl.locations[at].remove(id, stamp.instant) else { return Done::quietly(()) };
    ghl.ledger.deleted(by);
    let parcels = ghl.parcel("ContactDelete", &contact, at, stamp).into_iter().collect();
    Done { result: (), parcels }
}
