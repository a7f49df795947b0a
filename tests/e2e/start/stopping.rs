//! SIGTERM while there is work.

use std::time::{Duration, Instant};

use tandem::Part;
use tandem_tests::{Cluster, ClusterOptions, Service, eventually};
use tandem_twins::{Fault, Faults};

use super::{ENDS_WITHIN, LIMIT, in_step, options, people};

/// What a stopped writer had in hand is with the others within about 2 s; a minute where it was forgotten.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(10);
const CREATED: &str = r#"tandem_writer_outcomes_total{destination="openphone",outcome="created"}"#;

/// Ends well and soon.
fn stops(service: &mut Service) {
    let asked = Instant::now();
    let status = tokio::task::block_in_place(|| service.program.stop());
    let printed = || service.program.output().join("\n");
    assert_eq!(status.code(), Some(0), "{}: {}", service.name, printed());
    assert!(asked.elapsed() < ENDS_WITHIN, "{} took {:?}: {}", service.name, asked.elapsed(), printed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_stopped_leaves_its_work_to_the_others_at_once() {
    const PEOPLE: usize = 100;
    let mut options = options();
    // Slow enough that the stop comes while calls are under way and most of the work is still waiting.
    let slow = Faults::none().chance(1.0, Fault::Latency { min_ms: 200, max_ms: 400 });
    options.openphone = options.openphone.map(|twin| tandem_twins::OpenPhoneConfig { faults: slow, ..twin });
    options.services[2] = (Part::Writer, 2);
    let mut cluster = Cluster::prepare(options).await.unwrap();
    cluster.servers.have_been_up();
    cluster.up().await;
    people(&cluster, 0..PEOPLE);

    let leaver = cluster.first(Part::Writer);
    tandem_testkit::eventually("work of its own", LIMIT, async || {
        leaver.metric(CREATED).await.filter(|count| *count >= 3.0)
    })
    .await;
    stops(leaver);
    let done = cluster.openphone.contacts().len();
    assert!(done < PEOPLE, "the stop came too late to prove anything");
    eventually("the rest of them", LIMIT, || (cluster.openphone.contacts().len() == PEOPLE).then_some(())).await;
    // How long all of it takes is the machine's affair; nobody waits for what was in hand.
    let times: Vec<u64> = cluster.openphone.requests().iter().map(|request| request.since_start_us).collect();
    let pause = times.windows(2).map(|pair| Duration::from_micros(pair[1].saturating_sub(pair[0]))).max().unwrap();
    assert!(pause < TAKEN_OVER_WITHIN, "nothing arrived for {pause:?}, {done} of {PEOPLE} before the stop");
    in_step(&cluster).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_process_restarted_in_turn_while_people_work_loses_and_doubles_nothing() {
    let services = [(Part::Ingest, 2), (Part::Mapper, 2), (Part::Writer, 2)];
    let mut cluster = Cluster::prepare(ClusterOptions { services, ..options() }).await.unwrap();
    cluster.servers.have_been_up();
    cluster.up().await;
    for number in 0..cluster.services.len() {
        let people = people(&cluster, 10 * number..10 * number + 10);
        stops(&mut cluster.services[number]);
        cluster.ghl.add_tags(&people[0], &["vip"]).unwrap();
        cluster.services[number].spawn();
        cluster.services[number].answers("/ready", 200).await;
    }
    in_step(&cluster).await;
    cluster.services.iter_mut().for_each(stops);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_obeyed_while_the_servers_are_gone() {
    let mut cluster = Cluster::start(options()).await.unwrap();
    cluster.servers.nats.kill();
    cluster.servers.redis.kill();
    cluster.first(Part::Writer).answers("/ready", 503).await;
    cluster.services.iter_mut().for_each(stops);
}
