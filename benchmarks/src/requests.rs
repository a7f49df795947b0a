//! How many provider requests a change costs.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_tests::{Shape, Signer, http};

use crate::quiet::{quiet, requests};
use crate::report::Report;
use crate::system::{System, Wish, location, shape_name};

const CONTACTS: u32 = 50;
const SEED: [u8; 32] = [6; 32];
const REST: Duration = Duration::from_millis(700);

/// Requests per contact, GHL first.
type Cost = [f64; 2];

/// What people do, and the patch for the contact of that number.
type Edit = (&'static str, fn(u32) -> Value);

pub(crate) async fn measure(shape: Shape) -> anyhow::Result<Report> {
    let (silent, with_echo) = (round(shape, false).await?, round(shape, true).await?);
    let columns = ["per contact", "GHL requests", "OpenPhone requests", "with the echoes: GHL", "OpenPhone", "target"];
    let mut report = Report::new(format!("Provider requests per change, {}", shape_name(shape)), &columns);
    for ((name, alone), (_, echoed)) in silent.iter().zip(&with_echo) {
        let target = if *name == "first create" {
            // One of them is the read of the "page": GHL's webhooks tell no reliable state.
            report.target("<= 1.1 OpenPhone requests per contact written", (1.0..=1.1).contains(&alone[1]))
        } else if *name == "same delivery again" {
            report.target("none", alone[0] + alone[1] == 0.0)
        } else {
            "none".to_owned()
        };
        let cells = [alone[0], alone[1], echoed[0], echoed[1]].map(|cost| format!("{cost:.2}"));
        report.row([(*name).to_owned()].into_iter().chain(cells).chain([target]));
    }
    Ok(report)
}

/// Everything once, with or without OpenPhone's webhooks about our own writes.
async fn round(shape: Shape, has_echo: bool) -> anyhow::Result<Vec<(&'static str, Cost)>> {
    let system = System::start(Wish { signing_seed: Some(SEED), ..Wish::of(shape) }).await?;
    if !has_echo {
        system.openphone().set_webhook_url(None);
    }
    let mut ids = Vec::new();
    let mut costs = Vec::new();
    let before = requests(&system);
    for number in 0..CONTACTS {
        ids.push(system.ghl().create_contact(&person(number))?);
    }
    costs.push(("first create", cost(&system, before).await?));
    let edits: [Edit; 4] = [
        ("edit of a name", |number| json!({ "firstName": format!("Bea{number}") })),
        ("edit of the phone", |number| json!({ "phone": format!("+1212555{:04}", 100 + number) })),
        ("edit of the tags", |_| json!({ "addTags": ["vip"] })),
        ("edit that maps to nothing", |_| json!({ "city": "Springfield" })),
    ];
    for (name, patch) in edits {
        let before = requests(&system);
        for (number, id) in (0..).zip(&ids) {
            system.ghl().edit_contact(id, &patch(number))?;
        }
        costs.push((name, cost(&system, before).await?));
    }
    costs.push(("same delivery again", deliveries(&system, &ids, 2, "same").await?));
    costs.push(("same state under a new webhook id", deliveries(&system, &ids, 1, "new").await?));
    Ok(costs)
}

fn person(number: u32) -> Value {
    json!({
        "firstName": format!("Ana{number}"), "lastName": "Example", "phone": format!("+1415555{:04}", 100 + number),
        "email": format!("ana{number}@example.com"), "tags": ["lead"],
    })
}

/// Webhooks of ours about each contact; with several times, only what comes after the first one counts.
async fn deliveries(system: &System, ids: &[String], times: u32, name: &str) -> anyhow::Result<Cost> {
    let signer = Signer::new(SEED)?;
    let mut before = requests(system);
    for time in 0..times {
        if time > 0 {
            quiet(system, REST).await?;
            before = requests(system);
        }
        for id in ids {
            let body = json!({
                "type": "ContactUpdate", "locationId": location(0), "id": id, "webhookId": format!("{name}-{id}"),
            });
            let delivery = signer.delivery(body.to_string().as_bytes());
            http::Connection::open(system.address()).await?.send(&delivery).await?;
        }
    }
    cost(system, before).await
}

async fn cost(system: &System, before: [u64; 2]) -> anyhow::Result<Cost> {
    quiet(system, REST).await?;
    let after = requests(system);
    let per_contact = |place: usize| {
        let count = u32::try_from(after[place] - before[place]).unwrap_or(u32::MAX);
        f64::from(count) / f64::from(CONTACTS)
    };
    Ok([per_contact(0), per_contact(1)])
}
