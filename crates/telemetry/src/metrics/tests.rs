use std::collections::BTreeSet;

use super::*;

fn touched() -> Metrics {
    let metrics = Metrics::new();
    metrics.event_accepted("ghl");
    metrics.event_rejected("ghl", "signature");
    metrics.event_duplicate("ghl");
    metrics.command_made("openphone", "live");
    metrics.mapper_outcome("command");
    metrics.writer_outcome("openphone", "created");
    metrics.skipped("no_change");
    metrics.provider_request("openphone", "POST /v1/contacts", Some(201));
    metrics.provider_request("openphone", "POST /v1/contacts", Some(429));
    metrics.provider_request("openphone", "POST /v1/contacts", None);
    metrics.limiter_wait("openphone", Duration::from_millis(20));
    metrics.event_to_write("openphone", Duration::from_millis(12));
    metrics.dead_letter("mapper", "decode");
    metrics.queue_depth("EVENTS", 3);
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
            let sample = text.lines().find(|l| l.starts_with(description.name)).unwrap();
            assert!(sample.contains(&format!("{label}=\"")), "{sample} lacks {label}");
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
        r#"tandem_queue_depth{stream="EVENTS"} 3"#,
    ] {
        assert!(text.lines().any(|line| line == expected), "{expected} not in:\n{text}");
    }
}

#[test]
fn clones_share_and_sets_are_apart() {
    let (metrics, other) = (Metrics::new(), Metrics::new());
    metrics.clone().event_accepted("ghl");
    assert!(metrics.encode().contains("tandem_events_accepted_total"));
    assert!(!other.encode().contains("tandem_events_accepted_total"));
}

#[test]
fn readme_lists_exactly_these_metrics() {
    let documented: Vec<&str> =
        include_str!("../../README.md").lines().filter(|line| line.starts_with("| `tandem_")).collect();
    let described: Vec<String> = names::ALL
        .iter()
        .map(|d| {
            let labels: Vec<String> = d.labels.iter().map(|label| format!("`{label}`")).collect();
            format!("| `{}` | {} | {} | {} |", d.exposed_name(), d.kind.name(), labels.join(", "), d.help)
        })
        .collect();
    assert_eq!(documented, described, "write the table in README.md anew");
}
