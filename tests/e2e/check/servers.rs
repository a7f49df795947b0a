//! What Tandem itself stands on, the exit codes, and a configuration that can't be used.

use std::os::unix::fs::PermissionsExt as _;

use tandem::Part;
use tandem_tests::{Cluster, ClusterOptions, Servers};

use super::*;

fn over(servers: &Servers, process: &mut Process) {
    process.environment.extend(servers.environment());
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_and_redis_are_named_with_their_versions_and_missed_when_they_are_gone() {
    let servers = Servers::start();
    servers.have_been_up();
    let mut process = prepared(quick_ghl(), quick_openphone()).await;
    over(&servers, &mut process);
    let (code, fine) = report(&process, &[]).await;
    assert_eq!(code, Some(0), "{fine:#}");
    assert_check(&fine, ("servers", "NATS"), "pass", "with JetStream", &[]);
    assert_check(&fine, ("servers", "Redis"), "pass", "version ", &[]);
    assert_check(&fine, ("ghl", "read a contact"), "pass", "answered", &[]);
    assert_within_limits(&process);

    servers.redis.kill();
    servers.nats.kill();
    let (code, gone) = report(&process, &[]).await;
    assert_eq!((code, failures(&gone)), (Some(1), vec![("servers", "NATS"), ("servers", "Redis")]), "{gone:#}");
    assert_check(&gone, ("servers", "NATS"), "fail", "can't be reached", &["queue.url"]);
    assert_check(&gone, ("servers", "Redis"), "fail", "no answer from Redis", &["limits.url"]);
    // Nobody calls while it isn't known how much others call.
    assert_check(&gone, ("ghl", "token"), "skipped", "the request budgets are at Redis, which can't be used", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn services_of_their_own_take_the_test_event_too() {
    let mut cluster = Cluster::prepare(ClusterOptions::default()).await.unwrap();
    rewrite(cluster.folder.path(), ", webhook_secrets: [\"${QUO_SECRET}\"]", "");
    cluster.openphone.set_webhook_url(None);
    let address = cluster.first(Part::Ingest).address;
    let more = [("TANDEM_ENCRYPTION_KEY", KEY.to_owned()), ("TANDEM_HTTP__PUBLIC_URL", format!("http://{address}"))];
    for service in &mut cluster.services {
        service.environment.extend(more.clone().map(|(name, value)| (name.to_owned(), value)));
    }
    cluster.up().await;
    let environment = &cluster.first(Part::Writer).environment.clone();
    let checked = run(cluster.folder.path(), environment, &["--json", "--write"]).await;
    let report = checked.report();
    assert_eq!(checked.code, Some(0), "{report:#}");
    assert_check(&report, ("servers", "running Tandem"), "skipped", "the services may run anywhere", &[]);
    assert_check(&report, ("webhooks", "delivery by OpenPhone"), "pass", "was delivered and taken", &[]);
    assert_eq!((cluster.ghl.report().rate_violations(), cluster.openphone.report().rate_violations()), (0, 0));
    assert!(cluster.ghl.webhooks_idle(LIMIT).await && cluster.openphone.webhooks_idle(LIMIT).await);
    assert!(cluster.ghl.contacts().is_empty() && cluster.openphone.contacts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_can_not_be_written_is_named() {
    let process = prepared(quick_ghl(), quick_openphone()).await;
    let (code, fresh) = report(&process, &[]).await;
    assert_eq!(code, Some(0), "{fresh:#}");
    assert_check(&fresh, ("servers", "data_dir"), "pass", "nothing is in it yet", &[]);
    assert!(!process.data_dir().exists(), "the check made the folder");
    // A file stands where the folder should be made; root may write into every folder.
    std::fs::write(process.data_dir(), "").unwrap();
    std::fs::set_permissions(process.data_dir(), std::fs::Permissions::from_mode(0o400)).unwrap();
    let (code, report) = report(&process, &[]).await;
    assert_eq!((code, failures(&report)), (Some(1), vec![("servers", "data_dir")]), "{report:#}");
    assert_check(&report, ("servers", "data_dir"), "fail", "nothing can be written to", &["data_dir", "the disk"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_another_configuration_uses_is_named() {
    let mut process = running().await;
    let elsewhere = format!("127.0.0.1:{}", tandem_testkit::free_port());
    let mut environment = process.environment.clone();
    environment.insert("TANDEM_HTTP__LISTEN".to_owned(), elsewhere);
    let report = run(process.folder.path(), &environment, &["--json"]).await.report();
    let hint = ["http.listen", "is this its configuration?"];
    assert_check(&report, ("servers", "data_dir"), "fail", "is in use by the process with id", &hint);
    assert_check(&report, ("servers", "running Tandem"), "skipped", "none answers at", &[]);
    // What doesn't need the store is checked all the same.
    assert_check(&report, ("openphone", "list contacts"), "pass", "answered", &[]);
    assert!(process.stop().success());
    let (code, _) = super::report(&process, &[]).await;
    assert_eq!(code, Some(0), "the folder is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_programs_what_is_wrong() {
    let process = prepared(quick_ghl(), quick_openphone()).await;
    let folder = process.folder.path();
    let unknown = run(folder, &process.environment, &["--connection", "nobody"]).await;
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(2), ""));
    assert!(unknown.stderr.contains("there is no connection nobody in the configuration; known: acme"), "{unknown:?}");
    rewrite(folder, "data_dir: ./data", "colour: blue");
    for arguments in [&[][..], &["--json"]] {
        let checked = run(folder, &process.environment, arguments).await;
        assert_eq!(checked.code, Some(64), "{checked:?}");
        assert!(checked.stderr.contains("tandem.yaml:1: colour: unknown key"), "{checked:?}");
        if arguments.is_empty() {
            assert!(checked.stdout.is_empty(), "{checked:?}");
        } else {
            assert_check(&checked.report(), ("configuration", "file"), "fail", "colour: unknown key", &[]);
        }
    }
}
