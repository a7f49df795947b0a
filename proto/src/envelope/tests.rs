//! Round trips, and bytes of an old message that must stay readable.

use proptest::prelude::*;

use super::*;

fn envelope(id: String, body: Vec<u8>) -> Envelope {
    Envelope {
        header: Header {
            id,
            source: "ghl".to_owned(),
            r#type: "contact.updated".to_owned(),
            time_ms: 1_776_081_600_000,
            subject: "c1".to_owned(),
            connection: ConnectionId::new("acme").unwrap(),
            causation_id: String::new(),
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        },
        payload: Payload::Event(v1::Event {
            side: v1::Side::Ghl.into(),
            provider_type: "ContactUpdate".to_owned(),
            contact_id: "c1".to_owned(),
            body,
            lane: v1::Lane::Live.into(),
            ..v1::Event::default()
        }),
    }
}

proptest! {
    #[test]
    fn decoding_gives_back_what_was_encoded(id in ".{0,40}", body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let before = envelope(id, body);
        prop_assert_eq!(Envelope::decode(&before.encode()).unwrap(), before);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _outcome = Envelope::decode(&bytes);
    }
}

#[test]
fn the_wire_form_of_v1_never_changes() {
    let golden = include_bytes!("golden/event.v1.bin");
    assert_eq!(Envelope::decode(golden).unwrap(), envelope("42".to_owned(), b"{}".to_vec()));
    assert_eq!(envelope("42".to_owned(), b"{}".to_vec()).encode(), golden);
}

#[test]
fn an_envelope_without_payload_is_refused_by_name() {
    let wire = v1::Envelope { header: Some(v1::Header::default()), payload: None };
    let error = Envelope::decode(&wire.encode_to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "the envelope has no payload");
}
