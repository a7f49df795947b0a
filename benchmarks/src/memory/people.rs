//! Many people in both twins and in the store, as if they had been in step for long.

use jiff::Timestamp;
use serde_json::json;
use tandem_contact::{Field, PerSide, Side, Value};
use tandem_proto::ConnectionId;
use tandem_reconcile::{Canon, Document, Link, Seen, claims, external_key};
use tandem_records::{Records, record_id};
use tandem_store::Expected;
use tokio::task::JoinSet;

use crate::system::System;

/// Records saved at once, so that they share commits.
const AT_ONCE: usize = 256;
const TANDEM: &str = "tandem";

/// Makes the people; nobody is told. Their ids in GHL.
pub(super) async fn settle(system: &System, count: usize) -> anyhow::Result<Vec<String>> {
    system.ghl().set_webhook_url(None);
    system.openphone().set_webhook_url(None);
    let inside = system.inside().await?;
    let mut saving = JoinSet::new();
    let mut ids = Vec::with_capacity(count);
    for number in 0..count {
        let document = person(system, number)?;
        ids.push(document.provider_id(Side::Ghl).unwrap_or_default().to_owned());
        if saving.len() >= AT_ONCE
            && let Some(saved) = saving.join_next().await
        {
            saved??;
        }
        saving.spawn(save(inside.records.clone(), document));
    }
    while let Some(saved) = saving.join_next().await {
        saved??;
    }
    inside.close().await?;
    system.take_webhooks()?;
    Ok(ids)
}

async fn save(records: Records, mut document: Document) -> anyhow::Result<()> {
    for key in claims(&document).add {
        records.claim(&document, &key).await?;
        document.claims.insert(key);
    }
    for side in Side::BOTH {
        if let Some(id) = document.provider_id(side) {
            records.link(&document, side, id).await?;
        }
    }
    records.save(&document, Expected::Absent).await?;
    Ok(())
}

/// One person in both twins, and the document about it.
fn person(system: &System, number: usize) -> anyhow::Result<Document> {
    let (first, phone) = (format!("Ana{number}"), format!("+1{}", 2_012_000_000 + number));
    let email = format!("ana{number}@example.com");
    let contact =
        json!({ "firstName": first, "lastName": "Example", "phone": phone, "email": email, "tags": ["lead"] });
    let ghl = system.ghl().create_contact(&contact)?;
    let connection = ConnectionId::new("acme")?;
    let now = Timestamp::now();
    let mut document = Document::new(connection.clone(), record_id(&connection, Side::Ghl, &ghl), now);
    let link = format!("https://app.gohighlevel.com/v2/location/SandboxLocation00001/contacts/detail/{ghl}");
    let openphone = system.openphone().create_contact(&json!({
        "firstName": first, "lastName": "Example", "phoneNumbers": [phone], "emails": [email],
        "customFields": { "tags": ["lead"] }, "source": TANDEM, "sourceUrl": link,
        "externalId": external_key(&document, Side::OpenPhone),
    }))?;
    let linked = |id: &str| Some(Link { id: id.to_owned(), since: now });
    document.link = PerSide { ghl: linked(&ghl), openphone: linked(&openphone) };
    let values = [
        (Field::FirstName, Value::text(&first)),
        (Field::LastName, Value::text("Example")),
        (Field::Phones, Value::list([phone])),
        (Field::Emails, Value::list([email])),
        (Field::Tags, Value::list(["lead".to_owned()])),
        (Field::SourceLink, Value::text(&link)),
    ];
    for (field, value) in values {
        document.canon.insert(field, Canon { value: value.clone(), side: Side::Ghl, at: Some(now) });
        for side in Side::BOTH {
            document.shadow[side].insert(field, Seen { value: value.clone(), at: Some(now) });
            document.agreed[side].extend(value.clone().map(|value| (field, value)));
        }
    }
    Ok(document)
}
