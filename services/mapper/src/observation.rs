//! What an event says, decided from its bytes alone.

use tandem_contact::{Observed, Side};
use tandem_proto::RecordId;
use tandem_providers::ghl::write::SOURCE;
use tandem_providers::openphone::Partial;
use tandem_providers::openphone::contact::observe_event;
use tandem_providers::{ContactId, ghl, openphone};
use tandem_reconcile::record_of_key;

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
    /// Nothing to do, for a bounded reason.
    Skip(&'static str),
    /// These bytes are no event of this provider.
    Unreadable,
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
pub(crate) fn of_event(side: Side, body: &[u8], connection: &Connection) -> Observation {
    match side {
        Side::Ghl => ghl::webhook::parse(body).map_or(Observation::Unreadable, of_ghl),
        Side::OpenPhone => {
            openphone::webhook::parse(body).map_or(Observation::Unreadable, |event| of_openphone(event, connection))
        }
    }
}

fn of_ghl(event: ghl::webhook::Webhook) -> Observation {
    use ghl::webhook::Kind;
    let is_deleted = match event.kind {
        Kind::ContactDeleted => true,
        Kind::ContactCreated | Kind::ContactUpdated | Kind::ContactTagsUpdated | Kind::ContactDndUpdated => false,
        Kind::Other => return Observation::Skip("not_a_contact_event"),
    };
    match event.contact_id {
        // Bodies are sparse and have no version: absence is not emptiness, and a retry may be old. So: a hint.
        Some(contact) => {
            let maker = if event.source.as_deref() == Some(SOURCE) { Maker::Tandem } else { Maker::Others };
            Observation::Hint { side: Side::Ghl, contact, is_deleted, seen: None, maker }
        }
        None => Observation::Skip("no_contact_id"),
    }
}

fn of_openphone(event: openphone::webhook::Webhook, connection: &Connection) -> Observation {
    use openphone::webhook::Kind;
    let is_deleted = match event.kind {
        Kind::ContactDeleted => true,
        Kind::ContactUpdated => false,
        Kind::Other => return Observation::Skip("not_a_contact_event"),
    };
    let mapping = &connection.mapping;
    let observed = |contact: Partial| observe_event(&contact, &mapping.default_country, &mapping.tags_field).0;
    let key = event.contact.as_ref().and_then(Partial::external_id);
    let maker = key.and_then(|key| record_of_key(&key)).map_or(Maker::Others, Maker::Record);
    let seen = event.contact.filter(|_| !is_deleted).map(observed);
    match event.contact_id {
        Some(contact) => Observation::Hint { side: Side::OpenPhone, contact, is_deleted, seen, maker },
        None => Observation::Skip("no_contact_id"),
    }
}

#[cfg(test)]
mod tests {
    use tandem_contact::{Field, PerSide, Value};
    use tandem_mapping::Mapping;

    use super::*;

    fn connection() -> Connection {
        let mapping = Mapping::default();
        Connection { rules: mapping.rules(PerSide::default()), mapping }
    }

    fn of(side: Side, body: &str) -> Observation {
        of_event(side, body.as_bytes(), &connection())
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
            Observation::Skip(_) | Observation::Unreadable => panic!("no hint"),
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
        assert_eq!(of(Side::Ghl, r#"{"type":"NoteCreate","id":"n1"}"#), Observation::Skip("not_a_contact_event"));
        assert_eq!(of(Side::Ghl, r#"{"type":"Invented","id":"n1"}"#), Observation::Skip("not_a_contact_event"));
        assert_eq!(of(Side::Ghl, r#"{"type":"ContactUpdate"}"#), Observation::Skip("no_contact_id"));
        assert_eq!(of(Side::Ghl, "no json"), Observation::Unreadable);
        let call = r#"{"id":"EV1","type":"call.completed","data":{"resource":{"id":"AC1"},"context":{}}}"#;
        assert_eq!(of(Side::OpenPhone, call), Observation::Skip("not_a_contact_event"));
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
}
