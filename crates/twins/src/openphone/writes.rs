//! What every write on a contact has in common: the judgement, the update time, the webhook.

use crate::door::Done;
use crate::history::{Actor, How, Write};
use crate::openphone::contact::Contact;
use crate::openphone::server::OpenPhone;
use crate::stamp::{Stamp, later};

/// What one write does to one contact.
pub(super) struct Change<'a> {
    pub(super) at: usize,
    pub(super) id: &'a str,
    pub(super) by: Actor,
    pub(super) stamp: Stamp,
    pub(super) how: &'a dyn Fn(&str) -> How,
}

impl OpenPhone {
    /// Puts a new contact in; creation fires `contact.updated`, there is no other event for it.
    pub(super) fn inserted(&mut self, at: usize, contact: Contact, stamp: Stamp) -> Done<String> {
        self.ledger.created(contact.marks.creator);
        let parcels = self.fire_contact("contact.updated", &contact, at, stamp);
        let id = contact.id.to_string();
        self.spaces[at].insert(contact, stamp.instant);
        Done { result: id, parcels }
    }

    /// Puts the changed form of a contact in its place.
    pub(super) fn changed(&mut self, change: &Change<'_>, mut after: Contact) -> Done<Contact> {
        let Some(before) = self.spaces[change.at].shelf.get(change.id) else { return Done::quietly(after) };
        let (held, wanted) = (before.items(), after.items());
        let updated = before.updated;
        let write = Write { contact: change.id, by: change.by, stamp: change.stamp, how: change.how };
        let fields = self.ledger.updated(&write, &mut after.marks, &held, &wanted);
        let mut parcels = Vec::new();
        if !fields.is_empty() {
            after.updated = later(updated, change.stamp.time);
            parcels = self.fire_contact("contact.updated", &after, change.at, change.stamp);
        }
        self.spaces[change.at].replace(after.clone(), change.stamp.instant);
        Done { result: after, parcels }
    }

    /// Takes a contact out.
    pub(super) fn removed(&mut self, at: usize, id: &str, by: Actor, stamp: Stamp) -> Done<()> {
        let keep = self.choices.deleted.still_listed || self.choices.deleted.holds_pair;
        let Some(contact) = self.spaces[at].remove(id, keep, stamp.instant) else { return Done::quietly(()) };
        self.ledger.deleted(by);
        let parcels = self.fire_contact("contact.deleted", &contact, at, stamp);
        Done { result: (), parcels }
    }
}
