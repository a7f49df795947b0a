//! Many contacts of the first connection, told of as a backfill tells: straight into the queue.

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::json;
use tandem_proto::{Envelope, Header, Lane, Payload, Stream, topology, v1};
use tandem_queue::NewMessage;

use crate::system::{System, connection, location};

const AT_ONCE: usize = 256;

/// Makes the people in GHL; no webhook tells of them. Their ids.
pub(super) fn contacts(system: &System, count: usize) -> anyhow::Result<Vec<String>> {
    system.ghl().set_webhook_url(None);
    let person = |number| json!({ "locationId": location(0), "firstName": format!("Ana{number}"), "lastName": "Example", "tags": ["lead"] });
    (0..count).map(|number| Ok(system.ghl().create_contact(&person(number))?)).collect()
}

pub(super) async fn publish(system: &System, contacts: &[String]) -> anyhow::Result<()> {
    let inside = system.inside().await?;
    for some in contacts.chunks(AT_ONCE) {
        let events = some.iter().map(|id| event(id)).collect::<anyhow::Result<Vec<_>>>()?;
        inside.queue.publish_all(events).await.context("publishing the backlog")?;
    }
    inside.close().await
}

fn event(contact: &str) -> anyhow::Result<NewMessage> {
    let connection = connection(0)?;
    let header = Header {
        id: format!("backlog-{contact}"),
        source: "ghl".to_owned(),
        r#type: "contact.created".to_owned(),
        time_ms: Timestamp::now().as_millisecond(),
        subject: contact.to_owned(),
        connection: connection.clone(),
        causation_id: String::new(),
        traceparent: String::new(),
    };
    let body = json!({ "type": "ContactCreate", "locationId": location(0), "id": contact });
    let event = v1::Event {
        side: v1::Side::Ghl.into(),
        provider_type: "ContactCreate".to_owned(),
        contact_id: contact.to_owned(),
        body: body.to_string().into_bytes(),
        lane: v1::Lane::Bulk.into(),
        ..v1::Event::default()
    };
    Ok(NewMessage {
        stream: Stream::Events,
        lane: Lane::Bulk,
        subject: topology::event_subject(Lane::Bulk, &connection, "ghl"),
        id: header.message_id(),
        body: Envelope { header, payload: Payload::Event(event) }.encode().into(),
    })
}
