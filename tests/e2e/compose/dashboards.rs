//! Dashboards and alert rules ask for what the services really expose, under the names that they have today.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tandem::Part;
use tandem_telemetry::names::{self, Description};
use tandem_tests::{Shape, Stack as Pipeline, http};

use super::promql::{Selector, groupings, selectors};
use super::stack::Stack;
use super::{assert_found, assert_none, root, text, texts, yaml};

/// Prometheus' own.
const BUILT_IN: [&str; 1] = ["up"];

/// prometheus-nats-exporter 0.17: `collector/jsz.go` spells the first ones; the others are `/varz` of the server, each
/// number and time under `gnatsd_varz_` and its JSON name.
const NATS: [&str; 18] = [
    "jetstream_server_total_streams",
    "jetstream_server_total_consumers",
    "jetstream_server_total_messages",
    "jetstream_server_total_message_bytes",
    "jetstream_server_max_storage",
    "jetstream_stream_total_messages",
    "jetstream_stream_total_bytes",
    "jetstream_stream_last_seq",
    "jetstream_consumer_num_pending",
    "jetstream_consumer_num_ack_pending",
    "jetstream_consumer_num_redelivered",
    "jetstream_consumer_num_waiting",
    "gnatsd_varz_connections",
    "gnatsd_varz_start",
    "gnatsd_varz_mem",
    "gnatsd_varz_in_msgs",
    "gnatsd_varz_out_msgs",
    "gnatsd_varz_slow_consumers",
];

/// `redis_exporter` 1.69: `exporter/exporter.go`.
const REDIS: [&str; 8] = [
    "redis_up",
    "redis_uptime_in_seconds",
    "redis_connected_clients",
    "redis_memory_used_bytes",
    "redis_memory_max_bytes",
    "redis_commands_processed_total",
    "redis_expired_keys_total",
    "redis_db_keys",
];

/// Labels that Prometheus or the histogram adds.
const ADDED_LABELS: [&str; 3] = ["job", "instance", "le"];

/// Labels that the exporters add.
const EXPORTED_LABELS: [&str; 4] = ["server_id", "server_name", "stream_name", "consumer_name"];

/// Where a query stands, and the query.
type Query = (String, String);

fn ours(metric: &str) -> Option<&'static Description> {
    names::ALL.iter().find(|description| description.series_names().iter().any(|name| name == metric))
}

/// What is wrong with a query's metrics and the labels that it asks for.
fn query_problems(query: &str, jobs: &BTreeSet<String>) -> Vec<String> {
    let found = selectors(query);
    if found.is_empty() {
        return vec![format!("`{query}` names no metric")];
    }
    let problems = found.iter().flat_map(|selector| selector_problems(selector, jobs));
    let unknown = groupings(query).into_iter().filter(|label| !has_label(&found, label));
    problems.chain(unknown.map(|label| format!("`{query}` groups by {label}, which none of its metrics has"))).collect()
}

fn has_label(selectors: &[Selector], label: &str) -> bool {
    let has = |selector: &Selector| match ours(&selector.metric) {
        Some(description) => description.labels.iter().any(|known| known.key == label),
        None => EXPORTED_LABELS.contains(&label),
    };
    ADDED_LABELS.contains(&label) || selectors.iter().any(has)
}

fn selector_problems(selector: &Selector, jobs: &BTreeSet<String>) -> Vec<String> {
    let metric = selector.metric.as_str();
    let description = ours(metric);
    if description.is_none() && ![BUILT_IN.as_slice(), &NATS, &REDIS].concat().contains(&metric) {
        return vec![format!("nobody exposes {metric}")];
    }
    let mut problems = Vec::new();
    for matcher in &selector.matchers {
        let label = matcher.label.as_str();
        let plain = matcher.values.iter().filter(|value| !value.contains(['.', '*', '+']));
        if label == "job" {
            problems.extend(plain.filter(|job| !jobs.contains(*job)).map(|job| format!("there is no job {job}")));
            continue;
        }
        let Some(description) = description.filter(|_| !ADDED_LABELS.contains(&label)) else { continue };
        let Some(known) = description.labels.iter().find(|known| known.key == label) else {
            problems.push(format!("{metric} has no label {label}"));
            continue;
        };
        let unknown = plain.filter(|value| !known.values.is_empty() && !known.values.contains(&value.as_str()));
        problems.extend(unknown.map(|value| format!("{metric} never has {label}=\"{value}\"")));
    }
    problems
}

/// Dashboards by file name.
fn dashboards() -> BTreeMap<String, Value> {
    let folder = std::fs::read_dir(root().join("deploy/grafana/dashboards")).unwrap();
    let files = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files
        .map(|name| {
            let content = text(&format!("deploy/grafana/dashboards/{name}"));
            let content = serde_json::from_str(&content).unwrap_or_else(|problem| panic!("{name}: {problem}"));
            (name, content)
        })
        .collect()
}

fn panel_queries(name: &str, dashboard: &Value) -> Vec<Query> {
    let panels = dashboard["panels"].as_array().into_iter().flatten();
    panels
        .flat_map(|panel| {
            let title = panel["title"].as_str().unwrap_or_default();
            let targets = panel["targets"].as_array().into_iter().flatten();
            targets
                .map(move |target| (format!("{name}: {title}"), target["expr"].as_str().unwrap_or_default().to_owned()))
        })
        .collect()
}

/// Rules of all groups.
fn rules(file: &Value) -> Vec<&Value> {
    let groups = file["groups"].as_array().into_iter().flatten();
    groups.flat_map(|group| group["rules"].as_array().into_iter().flatten()).collect()
}

fn shipped_rules() -> Value {
    yaml(&text("deploy/prometheus/rules/tandem.yml"))
}

fn jobs() -> BTreeSet<String> {
    let file = yaml(&text("deploy/prometheus/prometheus.yml"));
    let jobs = file["scrape_configs"].as_array().into_iter().flatten();
    jobs.filter_map(|job| job["job_name"].as_str()).map(str::to_owned).collect()
}

/// Every query that is shipped.
fn queries() -> Vec<Query> {
    let panels = dashboards().into_iter().flat_map(|(name, dashboard)| panel_queries(&name, &dashboard)).collect();
    let file = shipped_rules();
    let rules = rules(&file).into_iter();
    let alerts = rules.map(|rule| (rule["alert"].to_string(), rule["expr"].as_str().unwrap_or_default().to_owned()));
    [panels, alerts.collect::<Vec<_>>()].concat()
}

fn dashboard_problems(dashboard: &Value, sources: &BTreeSet<String>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut ids = BTreeSet::new();
    let panels: Vec<&Value> = dashboard["panels"].as_array().into_iter().flatten().collect();
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let title = panel["title"].as_str().unwrap_or_default();
        let targets: Vec<&Value> = panel["targets"].as_array().into_iter().flatten().collect();
        if title.is_empty() || targets.is_empty() {
            problems.push(format!("the panel `{title}` has no title or no query"));
        }
        problems.extend(targets.iter().flat_map(|target| legend_problems(target)));
        for source in targets.into_iter().chain([*panel]).map(|part| part["datasource"]["uid"].as_str()) {
            if source.is_none_or(|uid| !sources.contains(uid)) {
                problems.push(format!("the panel `{title}` asks {source:?}, which is not provisioned"));
            }
        }
    }
    problems.extend(panels.iter().filter(|panel| !ids.insert(panel["id"].to_string())).map(|panel| {
        let id = &panel["id"];
        format!("two panels have the id {id}")
    }));
    if dashboard["editable"] != false || dashboard["uid"].as_str().is_none_or(str::is_empty) {
        problems.push("is editable, or has no uid".to_owned());
    }
    problems
}

/// A legend can show what the query leaves of the labels only.
fn legend_problems(target: &Value) -> Vec<String> {
    let (query, legend) =
        (target["expr"].as_str().unwrap_or_default(), target["legendFormat"].as_str().unwrap_or_default());
    let (groupings, selectors) = (groupings(query), selectors(query));
    let shown = legend.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(label, _)| label);
    let is_left = |label: &str| {
        if groupings.is_empty() { has_label(&selectors, label) } else { groupings.contains(&label) }
    };
    shown.filter(|label| !is_left(label)).map(|label| format!("`{query}` has no {label} to show")).collect()
}

fn rule_problems(rule: &Value) -> Vec<String> {
    let told = |key: &str| rule["annotations"][key].as_str().is_some_and(|text| !text.is_empty());
    let severity = rule["labels"]["severity"].as_str();
    let checks = [
        (!told("summary") || !told("description"), "does not say what it means"),
        (!matches!(severity, Some("page" | "ticket")), "has no severity"),
        (rule["alert"].as_str().is_none(), "has no name"),
    ];
    checks.into_iter().filter(|(is_bad, _)| *is_bad).map(|(_, what)| format!("{} {what}", rule["alert"])).collect()
}

#[test]
fn every_query_asks_for_metrics_that_exist() {
    let (queries, jobs) = (queries(), jobs());
    assert!(queries.len() >= 100, "only {} queries were found", queries.len());
    let problems = queries.iter().flat_map(|(place, query)| {
        let problems = query_problems(query, &jobs);
        problems.into_iter().map(move |problem| format!("{place}: {problem}"))
    });
    assert_none(&problems.collect::<Vec<_>>());
}

/// The list of names is one thing, what a running pipeline answers another.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_queries_ask_for_is_in_the_text_that_is_scraped() -> anyhow::Result<()> {
    let pipeline = Pipeline::start(Shape::Embedded).await?;
    let id = pipeline.ghl.create_contact(&json!({ "firstName": "Ana", "phone": "+12015550100" })).unwrap();
    pipeline.arrives(&id, "the contact is in OpenPhone", |_| true).await;
    let queries = queries();
    let asked = queries.iter().flat_map(|(_, query)| selectors(query)).map(|selector| selector.metric);
    let asked: BTreeSet<String> = asked.filter(|metric| ours(metric).is_some()).collect();
    assert!(asked.len() >= 20, "{asked:?}");
    // Depths and budgets are told from time to time.
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = http::send(pipeline.config(&Part::ALL)?.http.listen, "GET /metrics", &[], b"").await?;
        let exposed: BTreeSet<&str> = answer.body.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
        let missing: Vec<&String> = asked.iter().filter(|metric| !exposed.contains(metric.as_str())).collect();
        if missing.is_empty() {
            return Ok(());
        }
        assert!(Instant::now() < until, "not exposed: {missing:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[test]
fn every_metric_of_ours_is_looked_at() {
    let queries = queries();
    let asked: BTreeSet<String> =
        queries.iter().flat_map(|(_, query)| selectors(query)).map(|selector| selector.metric).collect();
    let unseen = names::ALL.iter().filter(|known| !known.series_names().iter().any(|name| asked.contains(name)));
    let unseen: Vec<&str> = unseen.map(|known| known.name).collect();
    // Traces that arrived are seen in Jaeger; only lost ones need an eye.
    assert_eq!(unseen, ["tandem_spans_exported"], "on no dashboard and in no alert");
}

#[test]
fn dashboards_are_whole_and_ask_sources_that_are_provisioned() {
    let sources = yaml(&text("deploy/grafana/provisioning/datasources/datasources.yaml"));
    let sources = sources["datasources"].as_array().into_iter().flatten();
    let sources: BTreeSet<String> = sources.map(|source| source["uid"].as_str().unwrap().to_owned()).collect();
    let dashboards = dashboards();
    let names: Vec<&str> = dashboards.keys().map(String::as_str).collect();
    let promised = ["budgets.json", "ingest.json", "mapper.json", "overview.json", "servers.json", "writer.json"];
    assert_eq!(names, promised);
    let mut uids = BTreeSet::new();
    for (name, dashboard) in &dashboards {
        let problems = dashboard_problems(dashboard, &sources).into_iter();
        assert_none(&problems.map(|problem| format!("{name}: {problem}")).collect::<Vec<_>>());
        assert!(uids.insert(dashboard["uid"].to_string()), "{name}: its uid is taken");
    }
}

#[test]
fn alerts_say_what_they_mean_and_have_names_of_their_own() {
    let file = shipped_rules();
    let rules = rules(&file);
    let mut names = BTreeSet::new();
    for rule in &rules {
        assert_none(&rule_problems(rule));
        assert!(names.insert(rule["alert"].to_string()), "{} is there twice", rule["alert"]);
    }
    assert!(rules.len() >= 15);
}

#[test]
fn prometheus_and_grafana_find_what_they_are_pointed_at() {
    let file = yaml(&text("deploy/prometheus/prometheus.yml"));
    for (name, stack) in Stack::shipped() {
        let hosts = stack.hosts();
        for job in file["scrape_configs"].as_array().unwrap() {
            let by_name =
                job["dns_sd_configs"].as_array().into_iter().flatten().flat_map(|found| texts(&found["names"]));
            let fixed =
                job["static_configs"].as_array().into_iter().flatten().flat_map(|found| texts(&found["targets"]));
            let asked: Vec<&str> = by_name.chain(fixed.filter_map(|target| target.split(':').next())).collect();
            assert!(!asked.is_empty(), "{}", job["job_name"]);
            for host in asked.into_iter().filter(|host| *host != "127.0.0.1") {
                assert!(hosts.contains(&host.to_owned()), "{name}: {} is looked for at {host}", job["job_name"]);
            }
        }
        let (_, grafana) = stack.services().find(|(name, _)| *name == "grafana").unwrap();
        let home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].as_str().unwrap();
        let provider = yaml(&text("deploy/grafana/provisioning/dashboards/dashboards.yaml"));
        let folder = provider["providers"][0]["options"]["path"].as_str().unwrap();
        let home = home.strip_prefix(folder).unwrap().trim_start_matches('/');
        assert!(dashboards().contains_key(home), "{home}");
    }
}

#[test]
fn queries_that_can_never_answer_are_found() {
    let jobs = BTreeSet::from(["tandem-writer".to_owned()]);
    for (query, expected) in [
        ("rate(tandem_events_accpeted_total[5m])", "nobody exposes tandem_events_accpeted_total"),
        // A counter without its suffix, a histogram without its part.
        ("tandem_events_accepted", "nobody exposes tandem_events_accepted"),
        ("tandem_limiter_wait_seconds", "nobody exposes tandem_limiter_wait_seconds"),
        ("jetstream_consumer_pending", "nobody exposes jetstream_consumer_pending"),
        ("redis_memory", "nobody exposes redis_memory"),
        ("tandem_queue_depth{queue=\"EVENTS\"}", "tandem_queue_depth has no label queue"),
        ("tandem_queue_depth{stream=~\"EVENTS|COMANDS\"}", "never has stream=\"COMANDS\""),
        ("up{job=\"tandem-wirter\"}", "there is no job tandem-wirter"),
        ("sum by (streem) (tandem_queue_depth)", "groups by streem"),
        ("vector(1)", "names no metric"),
    ] {
        assert_found(&query_problems(query, &jobs), expected);
    }
    assert_none(&query_problems(
        "up{job=~\"tandem-.+\"} and tandem_queue_depth{stream=\"EVENTS\", job=\"tandem-writer\"}",
        &jobs,
    ));
}

#[test]
fn dashboards_and_alerts_with_gaps_are_found() {
    let sources = BTreeSet::from(["prometheus".to_owned()]);
    let prometheus = json!({ "uid": "prometheus" });
    let target = json!({ "expr": "up", "datasource": { "uid": "prometeus" } });
    let panel = json!({ "id": 1, "type": "stat", "title": "A", "datasource": prometheus, "targets": [target] });
    let blind = json!({ "expr": "sum by (job) (up)", "legendFormat": "{{job}} {{instance}}" });
    assert_eq!(legend_problems(&blind), ["`sum by (job) (up)` has no instance to show"]);
    let empty = json!({ "id": 1, "type": "stat", "title": "B", "datasource": prometheus, "targets": [] });
    let found = dashboard_problems(&json!({ "editable": true, "panels": [panel, empty] }), &sources);
    assert_found(&found, "asks Some(\"prometeus\")");
    assert_found(&found, "`B` has no title or no query");
    assert_found(&found, "two panels have the id 1");
    assert_found(&found, "is editable, or has no uid");
    assert_eq!(found.len(), 4, "{found:?}");
    let rule = json!({ "alert": "A", "labels": { "severity": "loud" }, "annotations": { "summary": "x" } });
    assert_found(&rule_problems(&rule), "\"A\" does not say what it means");
    assert_found(&rule_problems(&rule), "\"A\" has no severity");
}
