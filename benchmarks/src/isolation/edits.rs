//! Live changes of the second connection, at a pace that its own budget carries with ease.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tandem_tests::{Signer, http};

use super::SEED;
use crate::clocks::{Clocks, since};
use crate::quiet::quiet;
use crate::system::{System, location};

const OURS: usize = 1;
const PEOPLE: usize = 25;
/// Five a second; the provider takes ten.
const PACE: Duration = Duration::from_millis(200);
/// The last changes have to arrive as well.
const LIMIT: Duration = Duration::from_mins(1);

pub(super) struct Edits {
    /// Ids in GHL, and the same people's at OpenPhone.
    people: Vec<(String, String)>,
    clocks: Clocks,
    signer: Signer,
    made: AtomicUsize,
}

impl Edits {
    pub(super) async fn prepare(system: &System) -> anyhow::Result<Self> {
        let person = |number| json!({ "locationId": location(OURS), "firstName": format!("Bea{number}"), "lastName": "Example" });
        let ids = (0..PEOPLE).map(|number| system.ghl().create_contact(&person(number)));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        quiet(system, Duration::from_secs(2)).await?;
        // From here on the webhooks of GHL are ours, so that the moment of sending is known.
        system.ghl().set_webhook_url(None);
        let across = system.openphone().contacts();
        let other = |id: &String| {
            let is_it = |link: &str| link.ends_with(id.as_str());
            let found = across.iter().find(|contact| contact["sourceUrl"].as_str().is_some_and(is_it))?;
            Some((id.clone(), found["id"].as_str()?.to_owned()))
        };
        let people = ids.iter().map(other).collect::<Option<Vec<_>>>().context("somebody didn't arrive")?;
        let (clocks, signer) = (Clocks::read(system).await?, Signer::new(SEED)?);
        Ok(Self { people, clocks, signer, made: AtomicUsize::new(0) })
    }

    /// From each webhook's first byte to the write's arrival at OpenPhone.
    pub(super) async fn measure(&self, system: &System, count: usize) -> anyhow::Result<Vec<Duration>> {
        let mut connection = http::Connection::open(system.address()).await?;
        let mut sent = Vec::new();
        let mut pace = tokio::time::interval(PACE);
        for _ in 0..count {
            pace.tick().await;
            let number = self.made.fetch_add(1, Ordering::Relaxed);
            let (ghl, openphone) = &self.people[number % self.people.len()];
            system.ghl().edit_contact(ghl, &json!({ "firstName": format!("Cleo{number}") }))?;
            let body = json!({
                "type": "ContactUpdate", "locationId": location(OURS), "id": ghl, "webhookId": format!("live-{number}"),
            });
            let delivery = self.signer.delivery(body.to_string().as_bytes());
            let at = Instant::now();
            let reply = connection.send(&delivery).await?;
            ensure!(reply.status == 200, "refused: {reply:?}");
            sent.push((openphone, at));
        }
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(times) = self.times(system, &sent) {
                return Ok(times);
            }
            ensure!(Instant::now() < until, "a live change doesn't arrive");
            tokio::time::sleep(PACE).await;
        }
    }

    /// The time from each sending to the first write to the same person after it; none while one is missing.
    fn times(&self, system: &System, sent: &[(&String, Instant)]) -> Option<Vec<Duration>> {
        let seen = system.openphone().requests();
        let arrivals = seen.iter().filter(|seen| seen.method != "GET");
        let writes: Vec<(&str, Instant)> =
            arrivals.map(|seen| (seen.path.as_str(), self.clocks.openphone + since(seen))).collect();
        let first = |(id, at): &(&String, Instant)| {
            let write = writes.iter().find(|(path, arrived)| arrived >= at && path.ends_with(id.as_str()))?;
            Some(write.1.duration_since(*at))
        };
        sent.iter().map(first).collect()
    }
}
