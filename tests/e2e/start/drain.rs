//! A backlog and two writers that share the budget.

use std::time::Duration;

use tandem::Part;
use tandem_proto::Stream;
use tandem_tests::{Cluster, ClusterOptions, eventually};
use tandem_twins::{OpenPhoneConfig, Rate, RequestSeen};

use super::{LIMIT, RATE, in_step, options, people};

const PEOPLE: usize = 200;
/// Twice the published rate, so that it doesn't take long.
const RAISED: Rate = Rate { requests: 40, per: Duration::from_secs(2), ..RATE };
const LEAST_SHARE: f64 = 0.8;
/// What is measured is the best stretch of so many requests: where other tests run too, the whole drain measures the
/// machine. Benchmarks measure the whole.
const STRETCH: u32 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_drain_a_backlog_at_the_published_rate_and_not_faster() {
    let mut options = options();
    options.openphone = options.openphone.map(|twin| OpenPhoneConfig { rate: RAISED, ..twin });
    let services = [(Part::Ingest, 1), (Part::Mapper, 1), (Part::Writer, 2)];
    let mut cluster = Cluster::prepare(ClusterOptions { services, ..options }).await.unwrap();
    cluster.servers.have_been_up();
    backlog(&mut cluster).await;

    let mut writers = cluster.services.split_off(2);
    for writer in &mut writers {
        writer.spawn();
    }
    eventually("everybody", LIMIT, || (cluster.openphone.contacts().len() == PEOPLE).then_some(())).await;
    let share = share(&cluster.openphone.requests());
    in_step(&cluster).await;
    let (ghl, openphone) = (cluster.ghl.report(), cluster.openphone.report());
    assert_eq!((ghl.answers(429), openphone.answers(429)), (0, 0));
    assert_eq!((ghl.rate_violations(), openphone.rate_violations()), (0, 0), "{:?}", openphone.rate);
    let mut created = Vec::new();
    for writer in &writers {
        let of = |series| async move { writer.metric(series).await.unwrap_or_default() };
        created.push(of(r#"tandem_writer_outcomes_total{destination="openphone",outcome="created"}"#).await);
        assert_eq!(of(r#"tandem_provider_throttled_total{provider="openphone"}"#).await.to_string(), "0");
    }
    assert!(created.iter().all(|count| *count >= 1.0), "created by each: {created:?}");
    assert_eq!(created.iter().sum::<f64>().to_string(), PEOPLE.to_string(), "{created:?}");
    assert!(share >= LEAST_SHARE, "{share:.2} of the published rate; created by each: {created:?}");
}

/// A command for everybody, and no writer yet.
async fn backlog(cluster: &mut Cluster) {
    for service in &mut cluster.services[..2] {
        service.spawn();
        service.answers("/ready", 200).await;
    }
    people(cluster, 0..PEOPLE);
    let inside = cluster.inside().await.unwrap();
    let wanted = PEOPLE as u64;
    tandem_testkit::eventually("the backlog", LIMIT, async || {
        (inside.depth(Stream::Commands).await == Some(wanted)).then_some(())
    })
    .await;
}

/// How much of the rate was used in the best stretch.
fn share(requests: &[RequestSeen]) -> f64 {
    let mut times: Vec<u64> = requests.iter().map(|request| request.since_start_us).collect();
    times.sort_unstable();
    let length = STRETCH as usize;
    let stretches = times.windows(length + 1).map(|times| Duration::from_micros(times[length] - times[0]));
    let at_full_rate = RAISED.per.mul_f64(f64::from(STRETCH) / f64::from(RAISED.requests));
    at_full_rate.div_duration_f64(stretches.min().unwrap())
}
