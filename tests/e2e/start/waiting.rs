//! Servers that are not there: waited for, with a word about it.

use std::time::Instant;

use tandem::Part;
use tandem_testkit::free_port;
use tandem_tests::{Cluster, Service};

use super::refused::alone;
use super::{ENDS_WITHIN, LIMIT, in_step, options, people};

/// Says that it waits and for whom, lives, and is ready only where it can store webhooks all the same.
async fn waits(service: &Service, address: &str) {
    let is_it = |line: &str| line.contains("waiting for NATS") && line.contains(address);
    let line = service.program.child().wait_for_line("that it waits", LIMIT, is_it);
    assert!(line.contains("WARN") && line.contains("can't be reached"), "{line}");
    service.answers("/live", 200).await;
    service.answers("/ready", if service.part == Part::Ingest { 200 } else { 503 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_start_before_their_servers_wait_and_then_work() {
    let mut cluster = Cluster::prepare(options()).await.unwrap();
    let nats = format!("127.0.0.1:{}", cluster.servers.nats.port());
    cluster.servers.nats.stop();
    cluster.servers.redis.stop();
    for service in &mut cluster.services {
        service.spawn();
    }
    for service in &cluster.services {
        waits(service, &nats).await;
    }
    // Taken before the queue was ever seen.
    people(&cluster, 0..3);
    assert!(cluster.ghl.webhooks_idle(LIMIT).await);
    assert_eq!(cluster.ghl.report().webhooks.accepted, 3);

    cluster.servers.nats.start_again();
    cluster.servers.redis.start_again();
    cluster.ready().await;
    people(&cluster, 3..6);
    in_step(&cluster).await;
    for service in &mut cluster.services {
        assert!(service.program.stop().success(), "{} doesn't end well", service.name);
        let told = service.program.output();
        assert!(told.iter().any(|line| line.contains("NATS answers now")), "{told:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_is_waited_for_by_name_and_a_stop_is_obeyed_meanwhile() {
    let closed = format!("127.0.0.1:{}", free_port());
    for address in [closed.as_str(), "nowhere.invalid:4222"] {
        let url = format!("nats://tandem:hush@{address}");
        let (_folder, mut services) = alone(&[Part::Ingest, Part::Mapper, Part::Writer], &[("TANDEM_QUEUE__URL", url)]);
        for service in &services {
            waits(service, address).await;
        }
        for service in &mut services {
            let asked = Instant::now();
            let status = service.program.stop();
            let told = service.program.output().join("\n");
            assert_eq!(status.code(), Some(0), "{told}");
            assert!(asked.elapsed() < ENDS_WITHIN, "{} took {:?}: {told}", service.name, asked.elapsed());
            assert!(!told.contains("hush") && !told.contains("panicked"), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_they_warn_and_work_with_a_share_until_it_comes() {
    const FALLBACK: &str = "tandem_limiter_fallback";
    let mut cluster = Cluster::prepare(options()).await.unwrap();
    cluster.servers.redis.stop();
    cluster.up().await;
    people(&cluster, 0..2);
    in_step(&cluster).await;
    let callers = [Part::Ingest, Part::Writer];
    for service in cluster.services.iter().filter(|service| callers.contains(&service.part)) {
        let is_warning = |line: &str| line.contains("WARN") && line.contains("Redis can't be reached");
        service.program.child().wait_for_line("a warning", LIMIT, is_warning);
        assert_eq!(service.metric(FALLBACK).await, Some(1.0), "{}", service.name);
    }

    cluster.servers.redis.start_again();
    let writer = cluster.first(Part::Writer);
    writer.program.child().wait_for_line("Redis", LIMIT, |line| line.contains("Redis is there"));
    tandem_testkit::eventually("the end of the fallback", LIMIT, async || {
        (writer.metric(FALLBACK).await == Some(0.0)).then_some(())
    })
    .await;
    people(&cluster, 2..4);
    in_step(&cluster).await;
}
