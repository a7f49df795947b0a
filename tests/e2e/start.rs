//! The three services as people run them: what they say, what `/live` and `/ready` answer and how they end when servers are
//! not there yet, refuse them or go away, and how they are stopped. Real processes, judged at the twins.

mod drain;
mod health;
mod refused;
mod spool;
mod stopping;
mod waiting;

use std::time::Duration;

use serde_json::{Value, json};
use tandem_tests::{Cluster, ClusterOptions, eventually, quick_ghl, quick_openphone};
use tandem_twins::{GhlConfig, OpenPhoneConfig, Rate};

use crate::kill::judge;

const LIMIT: Duration = Duration::from_mins(1);
/// How long a process may take to end that has little or nothing in hand.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// Windows of a second: with a Redis that has just come, a window passes before the first request.
const RATE: Rate = Rate { requests: 50, per: Duration::from_secs(1), per_day: None, enforce: true };
const SEED: [u8; 32] = [5; 32];
/// Area codes; with 555-01xx, a hundred invented numbers each.
const AREAS: [u32; 2] = [415, 212];

fn options() -> ClusterOptions {
    ClusterOptions {
        ghl: Some(GhlConfig { rate: RATE, signing_seed: Some(SEED), ..quick_ghl() }),
        openphone: Some(OpenPhoneConfig { rate: RATE, ..quick_openphone() }),
        ..ClusterOptions::default()
    }
}

/// One of two hundred.
fn person(number: usize) -> Value {
    let phone = format!("+1{}55501{:02}", AREAS[number / 100], number % 100);
    json!({ "firstName": format!("Ana{number}"), "lastName": "Example", "phone": phone })
}

/// These people, made in GHL.
fn people(cluster: &Cluster, numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| cluster.ghl.create_contact(&person(number)).unwrap()).collect()
}

/// Everybody is across, once; nothing is left to do.
async fn in_step(cluster: &Cluster) {
    let is_equal = || judge::differences(&cluster.ghl, &cluster.openphone).is_empty().then_some(());
    eventually("both sides to be in step", LIMIT, is_equal).await;
    assert!(cluster.ghl.webhooks_idle(LIMIT).await && cluster.openphone.webhooks_idle(LIMIT).await);
    cluster.inside().await.unwrap().worked_off(LIMIT).await;
    assert_eq!(judge::violations(&cluster.ghl, &cluster.openphone), Vec::<String>::new());
}
