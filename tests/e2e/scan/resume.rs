//! A scan that is killed goes on where it was.

use std::time::Duration;

use serde_json::json;
use tandem::Part;
use tandem_tests::{Cluster, ClusterOptions, Process, ProcessOptions, Program, eventually};
use tandem_twins::{Chance, Fault, Faults, GhlTwin, On, OpenPhoneTwin};

use super::{LIMIT, fast, person};
use crate::kill::judge::differences;

/// Twelve pages of GHL's list.
const MANY: usize = 1_150;

/// People whom no webhook tells of, and pages that take their time.
fn seed(ghl: &GhlTwin) {
    for number in 0..MANY {
        ghl.create_contact(&person(number)).unwrap();
    }
    let slow = Fault::Latency { min_ms: 150, max_ms: 200 };
    let on = On { method: None, path: "/contacts".to_owned() };
    ghl.faults(Faults { chances: vec![Chance { fault: slow, chance: 1.0, on }], ..Faults::none() });
}

fn pages(ghl: &GhlTwin) -> (u64, u64) {
    let report = ghl.report();
    (report.calls("POST /contacts/search"), report.calls("GET /contacts/"))
}

async fn has_read(ghl: &GhlTwin, lists: u64) {
    eventually("some pages to be read", LIMIT, || (pages(ghl).1 >= lists).then_some(())).await;
}

/// Everybody is there once, and of each part one page at most was read twice for each kill.
fn judge(ghl: &GhlTwin, openphone: &OpenPhoneTwin, kills: u64) {
    assert_eq!(differences(ghl, openphone), Vec::<String>::new());
    let (searches, lists) = pages(ghl);
    assert!((3..=3 + kills).contains(&searches), "{searches} searches for 3 pages and {kills} kills");
    assert!((13..=13 + kills).contains(&lists), "{lists} lists for 13 pages and {kills} kills");
    assert!(searches + lists <= 16 + kills, "{searches} searches and {lists} lists for 16 pages and {kills} kills");
    assert_eq!(openphone.report().writes.created_by_api, MANY as u64);
    assert!(openphone.report().duplicates.is_empty());
    assert_eq!(ghl.report().calls("GET /contacts/{contactId}"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_goes_on_and_repeats_one_page_at_most() {
    let (ghl, openphone) = fast();
    let options = ProcessOptions {
        ghl: Some(ghl),
        openphone: Some(openphone),
        is_unthrottled: true,
        ..ProcessOptions::default()
    };
    let mut process = Process::prepare(options).await.unwrap();
    process.ghl.set_webhook_url(None);
    seed(&process.ghl);
    process.up();
    let mut command = Program::new("tandem", &["backfill", "acme", "--json"], process.folder.path().to_owned());
    command.spawn(&process.environment);
    for lists in [2, 6, 9] {
        has_read(&process.ghl, lists).await;
        process.kill();
        process.up();
    }
    // The command lost its neighbour; another one shows the same scan.
    command.kill();
    command.spawn(&process.environment);
    let status = command.wait_for(LIMIT);
    assert_eq!(status.code(), Some(0), "{:?}", command.output());
    eventually("everybody", LIMIT, || (process.openphone.contacts().len() == MANY).then_some(())).await;
    judge(&process.ghl, &process.openphone, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_ingest_goes_on_with_the_import_of_one_that_was_killed() {
    let (ghl, openphone) = fast();
    let services = [(Part::Ingest, 2), (Part::Mapper, 1), (Part::Writer, 1)];
    let options = ClusterOptions { ghl: Some(ghl), openphone: Some(openphone), services, ..ClusterOptions::default() };
    let mut cluster = Cluster::start(options).await.unwrap();
    cluster.ghl.set_webhook_url(None);
    seed(&cluster.ghl);
    let environment = cluster.first(Part::Mapper).environment.clone();
    let mut command = Program::new("tandem", &["backfill", "acme", "--json"], cluster.folder.path().to_owned());
    command.spawn(&environment);
    has_read(&cluster.ghl, 4).await;
    let reading = |service: &&mut tandem_tests::Service| {
        service.program.output().iter().any(|line| line.contains("the backfill of connection acme begins"))
    };
    let reader = cluster.services.iter_mut().find(reading).unwrap();
    reader.program.kill();
    // Whoever is silent is believed to be alive for half a minute.
    let status = command.wait_for(LIMIT * 2);
    let printed = command.output();
    assert_eq!(status.code(), Some(0), "{printed:?}");
    let summary = printed.iter().find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).unwrap();
    assert_eq!((&summary["ok"], &summary["ghl"]["contacts"]), (&json!(true), &json!(MANY)));
    let inside = cluster.inside().await.unwrap();
    inside.worked_off(Duration::from_mins(1)).await;
    judge(&cluster.ghl, &cluster.openphone, 1);
}
