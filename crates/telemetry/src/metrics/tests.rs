use std::collections::BTreeSet;

use super::*;

fn touched() -> Metrics {
    let metrics = Metrics::new();
    metrics.event_accepted("ghl");
    metrics.event_rejected("ghl", "signature");
    metrics.event_duplicate("ghl");
    metrics.command_made("live");
    metrics.mapper_outcome("hinted");
    metrics.writer_outcome("openphone", "created");
    metrics.skipped("echo");
    for status in [Some(201), Some(429), None] {
        metrics.provider_request("openphone", "POST /v1/contacts", (status, Duration::from_millis(30)));
    }
    metrics.limiter_wait("openphone", Duration::from_millis(20));
    metrics.event_to_write("openphone", Duration::from_millis(12));
    metrics.dead_letter("mapper", "undecodable");
    metrics.queue_depth("EVENTS", 3);
    metrics.limiter_remaining("ghl", 199_000);
    metrics.spool_messages(7);
    metrics.limiter_fallback(true);
    metrics.conflict("ghl");
    metrics.parked("duplicate");
    metrics.parked("a code of another version");
    metrics.stage_lag("mapper", "bulk", Duration::from_millis(2));
    metrics
}

#[test]
fn every_described_metric_is_exposed_with_its_labels_and_no_other() {
    let text = touched().encode();
    let exposed: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let described: BTreeSet<String> =
        names::ALL.iter().map(|d| d.exposed_name().trim_end_matches("_total").to_owned()).collect();
    assert_eq!(exposed, described.iter().map(String::as_str).collect());

    for description in names::ALL {
        for label in description.labels {
            let start = format!("{}{{", description.series_names()[0]);
            let sample = text.lines().find(|line| line.starts_with(&start)).unwrap();
            assert!(sample.contains(&format!("{}=\"", label.key)), "{sample} lacks {}", label.key);
        }
    }
}

#[test]
fn samples_read_as_documented() {
    let text = touched().encode();
    for expected in [
        r#"tandem_events_accepted_total{provider="ghl"} 1"#,
        r#"tandem_events_rejected_total{provider="ghl",reason="signature"} 1"#,
        r#"tandem_provider_requests_total{provider="openphone",operation="POST /v1/contacts",status="429"} 1"#,
        r#"tandem_provider_requests_total{provider="openphone",operation="POST /v1/contacts",status="none"} 1"#,
        r#"tandem_provider_throttled_total{provider="openphone"} 1"#,
        r#"tandem_event_to_write_seconds_bucket{le="0.025",destination="openphone"} 1"#,
        r#"tandem_provider_request_seconds_count{provider="openphone",operation="POST /v1/contacts"} 3"#,
        r#"tandem_queue_depth{stream="EVENTS"} 3"#,
        r#"tandem_limiter_remaining_today{provider="ghl"} 199000"#,
        "tandem_limiter_fallback 1",
        "tandem_spool_messages 7",
        r#"tandem_parked_total{code="duplicate"} 1"#,
        r#"tandem_stage_lag_seconds_bucket{le="0.005",stage="mapper",lane="bulk"} 1"#,
    ] {
        assert!(text.lines().any(|line| line == expected), "{expected} not in:\n{text}");
    }
}

#[test]
fn clones_share_and_sets_are_apart() {
    let (metrics, other) = (Metrics::new(), Metrics::new());
    metrics.clone().event_accepted("ghl");
    assert!(metrics.encode().contains(r#"tandem_events_accepted_total{provider="ghl"} 1"#));
    assert!(other.encode().contains(r#"tandem_events_accepted_total{provider="ghl"} 0"#));
}

#[test]
fn what_can_be_known_is_there_before_anything_happened() {
    let text = Metrics::new().encode();
    for description in names::ALL {
        for name in description.series_names() {
            let is_there = text.lines().any(|line| line.starts_with(&name));
            let is_expected = description.is_exposed_at_once() || *description == names::BUILD_INFO;
            assert_eq!(is_there, is_expected, "{name} in:\n{text}");
        }
    }
    assert!(text.contains(r#"tandem_dead_letters_total{stage="writer",code="attempts_exhausted"} 0"#), "{text}");
    let started = text.lines().find_map(|line| line.strip_prefix("process_start_time_seconds ")).unwrap();
    assert!(started.parse::<f64>().unwrap() > 1.7e9, "{started}");
}

#[tokio::test]
async fn operations_are_timed_and_only_failures_are_counted() {
    let metrics = Metrics::new();
    let is_failure = |error: &&str| *error != "a lost race";
    for result in [Ok(()), Err("a lost race"), Err("no disk")] {
        assert_eq!(metrics.timed("store_save", async { result }, is_failure).await, result);
    }
    let text = metrics.encode();
    assert!(text.contains(r#"tandem_backend_operation_seconds_count{operation="store_save"} 3"#), "{text}");
    assert!(text.contains(r#"tandem_backend_errors_total{operation="store_save"} 1"#), "{text}");
}

#[test]
fn readme_lists_exactly_these_metrics() {
    let readme = include_str!("../../README.md");
    let (_, metrics) = readme.split_once("## Metrics").unwrap();
    let documented: Vec<&str> = metrics.lines().filter(|line| line.starts_with("| `")).collect();
    let described: Vec<String> = names::ALL
        .iter()
        .map(|d| {
            let labels: Vec<String> = d.labels.iter().map(|label| format!("`{}`", label.key)).collect();
            format!("| `{}` | {} | {} | {} |", d.exposed_name(), d.kind.name(), labels.join(", "), d.help)
        })
        .collect();
    assert_eq!(documented, described, "write the table in README.md anew");
}
