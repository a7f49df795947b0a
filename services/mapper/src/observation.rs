//! What an event says, decided from its bytes alone.

use jiff::Timestamp;
use serde::Deserialize;
use tandem_contact::{Observed, Side, part};
use tandem_mapping::activity::is_logged;
use tandem_proto::{RecordId, v1};
use tandem_providers::ghl::note::PartId;
use tandem_providers::ghl::write::SOURCE;
use tandem_providers::openphone::contact::observe_event;
use tandem_providers::openphone::{OpenPhoneView, Partial};
use tandem_providers::{ContactId, ghl, openphone};
use tandem_reconcile::{Kind, record_of_key};

use crate::Connection;

/// What an event means for a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Observation {
    /// The contact must be read again.
    Hint {
        /// Where.
        side: Side,
        /// Which.
        contact: ContactId,
        /// The provider says it was deleted.
        is_deleted: bool,
        /// What it held at the time of the event, where the event tells it.
        seen: Option<Observed>,
        /// Who made it.
        maker: Maker,
    },
    /// The task, or the note, must be read again.
    Thing {
        /// What it is.
        kind: Kind,
        /// Where.
        side: Side,
        /// Which.
        id: ContactId,
        /// The provider says it was deleted.
        is_deleted: bool,
        /// Whose it is, where that is told.
        contact: Option<ContactId>,
    },
    /// The GHL note must be read again, in all its parts.
    Parts {
        /// Which: its first part.
        note: PartId,
        /// How many parts it had at the time of the event; none where it was deleted.
        count: usize,
        /// Whose it is.
        contact: Option<ContactId>,
    },
    /// A list shows the contact like this, at some moment.
    Shown {
        /// Where.
        side: Side,
        /// Which.
        contact: ContactId,
        /// What the list shows of it.
        snapshot: Snapshot,
    },
    /// The record needs a look.
    Look(Look),
    /// Nothing to do, for a bounded reason.
    Skip(&'static str),
    /// These bytes are no event of this provider.
    Unreadable,
}

/// What a list shows of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The fields that it shows.
    pub(crate) observed: Observed,
    /// How new that is, where the list says so.
    pub(crate) at: Option<Timestamp>,
    /// Names are in lower case, whatever they really are.
    pub(crate) is_lower_cased: bool,
    /// Who made it.
    pub(crate) maker: Maker,
}

/// Which record needs a look, and why.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Look {
    /// Whose.
    pub(crate) record: RecordId,
    /// Sides on which a scan of everybody didn't meet its contact.
    pub(crate) unmet: Vec<Side>,
    /// When that scan began, Unix milliseconds.
    pub(crate) before_ms: i64,
}

/// Who made a contact, as far as an event tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Maker {
    /// Somebody else, or nobody knows.
    Others,
    /// Tandem, for a record that the event doesn't name.
    Tandem,
    /// Tandem, for this record.
    Record(RecordId),
}

/// Reads an event of `side`.
pub(crate) fn of_event(side: Side, event: &v1::Event, connection: &Connection) -> Observation {
    match event.origin() {
        v1::Origin::Webhook | v1::Origin::Unspecified => of_webhook(side, &event.body, connection),
        v1::Origin::Scan => of_scan(side, event, connection).unwrap_or(Observation::Unreadable),
    }
}

fn of_scan(side: Side, event: &v1::Event, connection: &Connection) -> Option<Observation> {
    match (event.provider_type.as_str(), side) {
        ("scan.record", _) => serde_json::from_slice(&event.body).ok().map(Observation::Look),
        ("scan.contact", Side::Ghl) => {
            let shown = ghl::scan::read(&event.body)?;
            let (observed, at) = ghl::contact::observe(&shown.contact, &connection.ghl);
            let maker = made_in_ghl(shown.source.as_deref());
            let snapshot = Snapshot { observed, at, is_lower_cased: shown.is_lower_cased, maker };
            Some(Observation::Shown { side, contact: shown.contact.id, snapshot })
        }
        ("scan.contact", Side::OpenPhone) => {
            let contact = openphone::scan::read(&event.body)?;
            let tags = openphone::scan::tags_of(&contact, &connection.mapping.tags_field);
            let view = OpenPhoneView { tags, ..connection.openphone.clone() };
            let (observed, at) = openphone::contact::observe(&contact, &view);
            let maker = made_in_openphone(contact.external_id.as_deref());
            let snapshot = Snapshot { observed, at, is_lower_cased: false, maker };
            Some(Observation::Shown { side, contact: contact.id, snapshot })
        }
        _ => None,
    }
}

fn of_webhook(side: Side, body: &[u8], connection: &Connection) -> Observation {
    match side {
        Side::Ghl => ghl::webhook::parse(body).map_or(Observation::Unreadable, of_ghl),
        Side::OpenPhone => {
            openphone::webhook::parse(body).map_or(Observation::Unreadable, |event| of_openphone(event, connection))
        }
    }
}

fn of_ghl(event: ghl::webhook::Webhook) -> Observation {
    use ghl::webhook::Kind as Hook;
    let is_deleted = match event.kind {
        Hook::ContactDeleted => true,
        Hook::ContactCreated | Hook::ContactUpdated | Hook::ContactTagsUpdated | Hook::ContactDndUpdated => false,
        Hook::TaskChanged | Hook::TaskDeleted => {
            let is_deleted = event.kind == Hook::TaskDeleted;
            return of_thing((Kind::Task, Side::Ghl, event.task_id), is_deleted, event.contact_id);
        }
        Hook::NoteChanged | Hook::NoteDeleted => {
            let is_deleted = event.kind == Hook::NoteDeleted;
            if event.note_body.as_deref().is_some_and(is_logged) {
                return Observation::Skip("activity");
            }
            let count = if is_deleted { 0 } else { part::count(event.note_body.as_deref().unwrap_or_default()) };
            let note = event.note_id.as_ref().and_then(PartId::whole);
            let parts = |note| Observation::Parts { note, count, contact: event.contact_id };
            return note.map_or(Observation::Skip("no_note_id"), parts);
        }
        Hook::Other => return Observation::Skip("not_a_contact_event"),
    };
    match event.contact_id {
        // Bodies are sparse and have no version: absence is not emptiness, and a retry may be old. So: a hint.
        Some(contact) => {
            let maker = made_in_ghl(event.source.as_deref());
            Observation::Hint { side: Side::Ghl, contact, is_deleted, seen: None, maker }
        }
        None => Observation::Skip("no_contact_id"),
    }
}

fn made_in_ghl(source: Option<&str>) -> Maker {
    if source == Some(SOURCE) { Maker::Tandem } else { Maker::Others }
}

fn made_in_openphone(key: Option<&str>) -> Maker {
    key.and_then(record_of_key).map_or(Maker::Others, Maker::Record)
}

fn of_openphone(event: openphone::webhook::Webhook, connection: &Connection) -> Observation {
    use openphone::webhook::Kind as Hook;
    let is_deleted = match event.kind {
        Hook::ContactDeleted => true,
        Hook::ContactUpdated => false,
        Hook::TaskChanged | Hook::TaskDeleted => {
            let is_deleted = event.kind == Hook::TaskDeleted;
            return of_thing((Kind::Task, Side::OpenPhone, event.task_id), is_deleted, None);
        }
        Hook::NoteChanged | Hook::NoteDeleted => {
            let is_deleted = event.kind == Hook::NoteDeleted;
            return of_thing((Kind::Note, Side::OpenPhone, event.note_id), is_deleted, event.contact_id);
        }
        Hook::Other => return Observation::Skip("not_a_contact_event"),
    };
    let tags_field = &connection.mapping.tags_field;
    let observed = |contact: Partial| observe_event(&contact, &connection.openphone, tags_field).0;
    let maker = made_in_openphone(event.contact.as_ref().and_then(Partial::external_id).as_deref());
    let seen = event.contact.filter(|_| !is_deleted).map(observed);
    match event.contact_id {
        Some(contact) => Observation::Hint { side: Side::OpenPhone, contact, is_deleted, seen, maker },
        None => Observation::Skip("no_contact_id"),
    }
}

fn of_thing(
    (kind, side, id): (Kind, Side, Option<ContactId>),
    is_deleted: bool,
    contact: Option<ContactId>,
) -> Observation {
    match (id, kind) {
        (Some(id), _) => Observation::Thing { kind, side, id, is_deleted, contact },
        (None, Kind::Task) => Observation::Skip("no_task_id"),
        (None, Kind::Note) => Observation::Skip("no_note_id"),
        (None, Kind::Contact) => Observation::Skip("no_contact_id"),
    }
}

#[cfg(test)]
mod tests {
    use tandem_contact::{Field, PerSide, Value};
    use tandem_mapping::Mapping;
    use tandem_providers::ghl::GhlView;
    use tandem_providers::openphone::TagTarget;

    use super::*;

    fn connection() -> Connection {
        let mapping = Mapping::default();
        let ghl = GhlView::plain("l1", "US", "https://app.example.com");
        let openphone = OpenPhoneView::plain("US", TagTarget::NotRepresentable);
        Connection {
            rules: mapping.rules(PerSide::default()),
            task_rules: None,
            note_rules: None,
            mapping,
            ghl,
            openphone,
        }
    }

    fn of(side: Side, body: &str) -> Observation {
        of_event(side, &v1::Event { body: body.as_bytes().to_vec(), ..v1::Event::default() }, &connection())
    }

    fn scanned(side: Side, kind: &str, body: &str) -> Observation {
        let event = v1::Event {
            provider_type: kind.to_owned(),
            body: body.as_bytes().to_vec(),
            origin: v1::Origin::Scan.into(),
            ..v1::Event::default()
        };
        of_event(side, &event, &connection())
    }

    #[test]
    fn a_ghl_contact_event_is_a_hint_and_nothing_more() {
        for event in ["ContactCreate", "ContactUpdate", "ContactTagUpdate", "ContactDndUpdate", "ContactDelete"] {
            let body = format!(r#"{{"type":"{event}","locationId":"l1","id":"c1","firstName":"Ana"}}"#);
            let Observation::Hint { side: Side::Ghl, contact, is_deleted, seen: None, maker: Maker::Others } =
                of(Side::Ghl, &body)
            else {
                panic!("{event} is no hint");
            };
            assert_eq!((contact.as_str(), is_deleted), ("c1", event == "ContactDelete"));
        }
    }

    #[test]
    fn what_we_made_ourselves_is_recognised() {
        let maker = |observation| match observation {
            Observation::Hint { maker, .. } => maker,
            Observation::Thing { .. }
            | Observation::Parts { .. }
            | Observation::Shown { .. }
            | Observation::Look(_)
            | Observation::Skip(_)
            | Observation::Unreadable => {
                panic!("no hint")
            }
        };
        let ghl = r#"{"type":"ContactCreate","locationId":"l1","id":"c1","source":"Tandem"}"#;
        assert_eq!(maker(of(Side::Ghl, ghl)), Maker::Tandem);
        for (key, expected) in [
            ("tandem_r1", Maker::Record(RecordId::new("r1").unwrap())),
            ("tandem_r1.2", Maker::Record(RecordId::new("r1").unwrap())),
            ("crm-7", Maker::Others),
            ("tandem_", Maker::Others),
        ] {
            let body = format!(
                r#"{{"id":"EV1","type":"contact.updated","data":{{"resource":{{"id":"6a145ff26212a192852c856e","externalId":"{key}"}},"context":{{}}}}}}"#
            );
            assert_eq!(maker(of(Side::OpenPhone, &body)), expected, "{key}");
        }
    }

    #[test]
    fn what_is_not_about_a_contact_is_skipped_with_a_reason() {
        assert_eq!(of(Side::Ghl, r#"{"type":"InvoicePaid","id":"n1"}"#), Observation::Skip("not_a_contact_event"));
        assert_eq!(of(Side::Ghl, r#"{"type":"NoteCreate","contactId":"c1"}"#), Observation::Skip("no_note_id"));
        assert_eq!(of(Side::Ghl, r#"{"type":"Invented","id":"n1"}"#), Observation::Skip("not_a_contact_event"));
        assert_eq!(of(Side::Ghl, r#"{"type":"ContactUpdate"}"#), Observation::Skip("no_contact_id"));
        assert_eq!(of(Side::Ghl, "no json"), Observation::Unreadable);
        let call = r#"{"id":"EV1","type":"call.completed","data":{"resource":{"id":"AC1"},"context":{}}}"#;
        assert_eq!(of(Side::OpenPhone, call), Observation::Skip("not_a_contact_event"));
    }

    #[test]
    fn a_task_event_names_the_task_and_where_ghl_says_so_its_contact() {
        let task = |side, id: &str, is_deleted, contact: Option<&str>| {
            let contact = contact.map(|id| ContactId::new(id).unwrap());
            Observation::Thing { kind: Kind::Task, side, id: ContactId::new(id).unwrap(), is_deleted, contact }
        };
        let new = r#"{"type":"TaskCreate","locationId":"l1","id":"t1","title":"Call"}"#;
        assert_eq!(of(Side::Ghl, new), task(Side::Ghl, "t1", false, None));
        let done = r#"{"type":"TaskComplete","locationId":"l1","id":"t1","contactId":"c1"}"#;
        assert_eq!(of(Side::Ghl, done), task(Side::Ghl, "t1", false, Some("c1")));
        let gone = r#"{"type":"TaskDelete","locationId":"l1","id":"t1","contactId":"c1"}"#;
        assert_eq!(of(Side::Ghl, gone), task(Side::Ghl, "t1", true, Some("c1")));
        for (event, is_deleted) in [("task.created", false), ("task.duedate.removed", false), ("task.deleted", true)] {
            let body =
                format!(r#"{{"id":"EV1","type":"{event}","data":{{"resource":{{"id":"TK1"}},"context":{{}}}}}}"#);
            assert_eq!(of(Side::OpenPhone, &body), task(Side::OpenPhone, "TK1", is_deleted, None));
        }
        let late = r#"{"id":"EV1","type":"task.overdue","data":{"resource":{"id":"TK1"},"context":{}}}"#;
        assert_eq!(of(Side::OpenPhone, late), Observation::Skip("not_a_contact_event"));
    }

    #[test]
    fn a_note_in_ghl_is_looked_at_in_all_its_parts() {
        let id = |text: &str| ContactId::new(text).unwrap();
        let parts = |count| {
            let note = PartId::parse("n1").unwrap();
            Observation::Parts { note, count, contact: Some(id("c1")) }
        };
        for (event, body, count) in [
            ("NoteCreate", "Called", 1),
            ("NoteUpdate", &"Called again. ".repeat(300), 3),
            ("NoteUpdate", "", 1),
            ("NoteDelete", "Called", 0),
        ] {
            let event = format!(r#"{{"type":"{event}","id":"n1","contactId":"c1","body":"{body}"}}"#);
            assert_eq!(of(Side::Ghl, &event), parts(count), "{event}");
        }
        for (event, is_deleted) in [("tandem.note.seen", false), ("tandem.note.gone", true)] {
            let body = format!(r#"{{"type":"{event}","data":{{"resource":{{"id":"N1","contactId":"c2"}}}}}}"#);
            let contact = Some(id("c2"));
            let expected =
                Observation::Thing { kind: Kind::Note, side: Side::OpenPhone, id: id("N1"), is_deleted, contact };
            assert_eq!(of(Side::OpenPhone, &body), expected);
        }
    }

    #[test]
    fn an_openphone_event_tells_what_the_contact_held() {
        let body = r#"{"id":"EV1","type":"contact.updated","data":{"resource":{"id":"6a145ff26212a192852c856e","firstName":"Ana",
            "phoneNumbers":[{"value":"(415) 555-0123","type":"mobile"}],"emails":[],"customFields":[
                {"name":"Gate","key":"g1","type":"string","value":"4711"},
                {"name":"tags","key":"t1","type":"multi-select","value":["VIP"]}]},"context":{}}}"#;
        let Observation::Hint { side: Side::OpenPhone, is_deleted: false, seen: Some(seen), .. } =
            of(Side::OpenPhone, body)
        else {
            panic!("no hint");
        };
        assert_eq!(seen[&Field::FirstName], Value::text("Ana"));
        assert_eq!(seen[&Field::Phones], Value::list(["+14155550123".to_owned()]));
        assert_eq!(seen[&Field::Tags], Value::list(["vip".to_owned()]));
        let without = body.replace("tags", "Labels");
        let Observation::Hint { seen: Some(seen), .. } = of(Side::OpenPhone, &without) else { panic!("no hint") };
        assert_eq!(seen[&Field::Tags], None, "a field that is missing is empty");
    }

    #[test]
    fn a_contact_of_a_list_is_what_it_shows() {
        let body = r#"{"id":"c1","firstName":"Ana","phone":"(415) 555-0123","additionalPhones":["+14155550124"]}"#;
        let Observation::Shown { side: Side::Ghl, contact, snapshot } = scanned(Side::Ghl, "scan.contact", body) else {
            panic!("not shown");
        };
        assert_eq!((contact.as_str(), snapshot.is_lower_cased), ("c1", false));
        assert_eq!(snapshot.observed[&Field::FirstName], Value::text("Ana"));
        let both = ["+14155550123".to_owned(), "+14155550124".to_owned()];
        assert_eq!(snapshot.observed[&Field::Phones], Value::list(both));
        let body = r#"{"id":"6a145ff26212a192852c856e","defaultFields":{"firstName":"Bo"},
            "customFields":[{"name":"Tags","key":"t","value":["VIP"]}]}"#;
        let Observation::Shown { snapshot, .. } = scanned(Side::OpenPhone, "scan.contact", body) else {
            panic!("not shown");
        };
        assert_eq!(snapshot.observed[&Field::Tags], Value::list(["vip".to_owned()]));
        assert_eq!(scanned(Side::Ghl, "scan.other", "{}"), Observation::Unreadable);
        assert_eq!(scanned(Side::Ghl, "scan.contact", "{}"), Observation::Unreadable);
        let look = r#"{"record":"r1","unmet":["openphone"],"before_ms":5}"#;
        let record = RecordId::new("r1").unwrap();
        let expected = Look { record, unmet: vec![Side::OpenPhone], before_ms: 5 };
        assert_eq!(scanned(Side::Ghl, "scan.record", look), Observation::Look(expected));
    }
}
