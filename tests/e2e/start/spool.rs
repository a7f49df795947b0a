//! Webhooks that come while NATS is away.

use serde_json::json;
use tandem::Part;
use tandem_tests::http::{Connection, Reply};
use tandem_tests::{Cluster, Signer};

use super::{LIMIT, SEED, in_step, options, people};

/// A webhook of this contact, the same one each time.
async fn deliver(cluster: &Cluster, contact: &str) -> Reply {
    let ingest = cluster.services.iter().find(|service| service.part == Part::Ingest).unwrap();
    let body = json!({
        "type": "ContactCreate", "locationId": "SandboxLocation00001", "webhookId": format!("w-{contact}"), "id": contact,
    });
    let request = Signer::new(SEED).unwrap().delivery(body.to_string().as_bytes());
    Connection::open(ingest.address).await.unwrap().send(&request).await.unwrap()
}

async fn all_are(cluster: &Cluster, contacts: &[String], answer: &str) {
    for contact in contacts {
        let reply = deliver(cluster, contact).await;
        assert!(reply.status == 200 && reply.body.contains(answer), "not {answer}: {reply:?}");
    }
}

/// The gauge is some seconds behind.
async fn spooled(cluster: &Cluster, count: f64) {
    let ingest = cluster.services.iter().find(|service| service.part == Part::Ingest).unwrap();
    tandem_testkit::eventually("the number of spooled events", LIMIT, async || {
        (ingest.metric("tandem_spool_messages").await == Some(count)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_nats_was_away_outlives_a_kill_and_is_applied_once() {
    let mut cluster = Cluster::start(options()).await.unwrap();
    cluster.ghl.set_webhook_url(None);
    let mut contacts = people(&cluster, 0..1);
    all_are(&cluster, &contacts, "accepted").await;
    // Until NATS is set up, the spool is where events go; and nothing else is to come into it now.
    in_step(&cluster).await;

    contacts.extend(people(&cluster, 1..6));
    cluster.servers.nats.kill();
    all_are(&cluster, &contacts[1..], "accepted").await;
    all_are(&cluster, &contacts[1..], "duplicate").await;
    spooled(&cluster, 5.0).await;
    let ingest = cluster.first(Part::Ingest);
    ingest.answers("/ready", 200).await;
    let is_said = |line: &str| line.contains("ERROR") && line.contains("events go to the spool");
    ingest.program.child().wait_for_line("the spool", LIMIT, is_said);

    ingest.program.kill();
    ingest.spawn();
    let is_said = |line: &str| line.contains("5 events of before wait in the spool");
    ingest.program.child().wait_for_line("what was left", LIMIT, is_said);
    ingest.answers("/ready", 200).await;
    all_are(&cluster, &contacts[1..], "duplicate").await;
    spooled(&cluster, 5.0).await;

    cluster.servers.nats.start_again();
    in_step(&cluster).await;
    spooled(&cluster, 0.0).await;
    all_are(&cluster, &contacts[1..], "duplicate").await;
    // What was worked off when NATS was killed it doesn't remember: the event comes again, and there is nothing to do.
    assert_eq!(deliver(&cluster, &contacts[0]).await.status, 200);
    in_step(&cluster).await;
    let writes = cluster.openphone.report().writes;
    assert_eq!((writes.created_by_api, writes.updated_by_api), (6, 0), "{writes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_answers_429_and_takes_webhooks_again_when_nats_is_back() {
    let environment = vec![("TANDEM_SPOOL__MAX_MESSAGES", "3".to_owned())];
    let mut cluster = Cluster::prepare(tandem_tests::ClusterOptions { environment, ..options() }).await.unwrap();
    cluster.servers.nats.stop();
    cluster.ghl.set_webhook_url(None);
    for service in &mut cluster.services {
        service.spawn();
    }
    let ingest = cluster.first(Part::Ingest);
    ingest.answers("/ready", 200).await;
    let contacts = people(&cluster, 0..4);
    all_are(&cluster, &contacts[..3], "accepted").await;
    let reply = deliver(&cluster, &contacts[3]).await;
    assert_eq!(reply.status, 429, "{reply:?}");
    assert_eq!(reply.header("retry-after"), Some("10"), "{reply:?}");
    all_are(&cluster, &contacts[..3], "duplicate").await;
    let ingest = cluster.first(Part::Ingest);
    ingest.answers("/ready", 503).await;
    ingest.answers("/live", 200).await;
    let is_said = |line: &str| line.contains("ERROR") && line.contains("answered 429: no more events can be kept");
    ingest.program.child().wait_for_line("the full spool", LIMIT, is_said);
    let refused = r#"tandem_events_rejected_total{provider="ghl",reason="spool_full"}"#;
    assert_eq!(ingest.metric(refused).await, Some(1.0));

    cluster.servers.nats.start_again();
    cluster.ready().await;
    // As the provider does: again and again.
    let taken = async || (deliver(&cluster, &contacts[3]).await.status == 200).then_some(());
    tandem_testkit::eventually("room for the fourth", LIMIT, taken).await;
    in_step(&cluster).await;
}
