//! `--healthcheck`, as a container's health check runs it.

use std::process::Command;

use tandem::Part;
use tandem_tests::{Cluster, Service};

use super::{LIMIT, options};

/// The exit code.
fn healthcheck(cluster: &Cluster, service: &Service) -> Option<i32> {
    let mut command = Command::new(tandem_testkit::binary(service.program.name()));
    command.arg("--healthcheck").current_dir(cluster.folder.path()).env_clear().envs(&service.environment);
    tokio::task::block_in_place(|| command.output().unwrap().status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn health_check_asks_the_process_beside_it() {
    let mut cluster = Cluster::prepare(options()).await.unwrap();
    let codes = |cluster: &Cluster| -> Vec<Option<i32>> {
        cluster.services.iter().map(|service| healthcheck(cluster, service)).collect()
    };
    assert_eq!(codes(&cluster), [Some(1); 3], "nobody runs");
    cluster.up().await;
    assert_eq!(codes(&cluster), [Some(0); 3]);

    cluster.servers.nats.kill();
    for service in cluster.services.iter().filter(|service| service.part != Part::Ingest) {
        service.answers("/ready", 503).await;
    }
    // Ingest still takes webhooks.
    assert_eq!(codes(&cluster), [Some(0), Some(1), Some(1)]);
    cluster.servers.nats.start_again();
    tandem_testkit::eventually("good health", LIMIT, async || (codes(&cluster) == [Some(0); 3]).then_some(())).await;

    cluster.first(Part::Mapper).environment.insert("TANDEM_HTTP__LISTEN".to_owned(), "nowhere".to_owned());
    assert_eq!(codes(&cluster), [Some(0), Some(64), Some(0)], "a bad configuration");
}
