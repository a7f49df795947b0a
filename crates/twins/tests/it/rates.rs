//! Budgets: enforced, shown in headers, and judged even when they are not enforced.

use std::time::Duration;

use serde_json::json;
use tandem_twins::{GhlConfig, OpenPhoneConfig, Rate};

use crate::kit::{LIMIT, LOCATION, ghl, openphone};

#[tokio::test]
async fn openphone_takes_ten_a_second_over_both_surfaces() {
    let (twin, caller) = openphone(OpenPhoneConfig::default()).await;
    let first = caller.get("/organization").await;
    assert_eq!(first.headers["ratelimit"], "\"per-second\"; r=9; t=1");
    assert_eq!(first.headers["ratelimit-policy"], "\"per-second\"; q=10; w=1");
    let mut statuses = Vec::new();
    for n in 0..14 {
        let path = if n % 2 == 0 { "/v1/contacts?maxResults=1" } else { "/contacts" };
        statuses.push(caller.get(path).await);
    }
    let refused: Vec<_> = statuses.iter().filter(|seen| seen.status == 429).collect();
    assert!(!refused.is_empty());
    assert_eq!(refused[0].body["title"], "Too Many Requests");
    assert!(refused[0].headers.get("retry-after").is_none(), "none is documented");
    let report = twin.report();
    assert!(report.rate_violations() >= refused.len() as u64);
    assert!(report.rate.max_in_window > 10);
    let end = tokio::time::Instant::now() + LIMIT;
    while caller.get("/organization").await.status == 429 {
        assert!(tokio::time::Instant::now() < end, "the window must slide on, refusals do not count");
    }
}

#[tokio::test]
async fn ghl_has_a_window_and_a_day() {
    let rate = Rate { requests: 3, per: Duration::from_secs(10), per_day: Some(5), enforce: true };
    let (twin, caller) = ghl(GhlConfig { rate, ..GhlConfig::default() }).await;
    let path = format!("/locations/{LOCATION}");
    let first = caller.get(&path).await;
    for (name, value) in [
        ("x-ratelimit-max", "3"),
        ("x-ratelimit-remaining", "2"),
        ("x-ratelimit-interval-milliseconds", "10000"),
        ("x-ratelimit-limit-daily", "5"),
        ("x-ratelimit-daily-remaining", "4"),
    ] {
        assert_eq!(first.headers[name], value, "{name}");
    }
    caller.get(&path).await;
    caller.get(&path).await;
    let refused = caller.get(&path).await;
    assert_eq!((refused.status, &refused.body["statusCode"]), (429, &json!(429)));
    assert_eq!(refused.headers["x-ratelimit-remaining"], "0");
    assert_eq!((twin.report().rate_violations(), twin.report().rate.refused), (1, 1));
}

#[tokio::test]
async fn the_day_is_enforced_too() {
    let rate = Rate { requests: 100, per: Duration::from_secs(10), per_day: Some(2), enforce: true };
    let (_twin, caller) = ghl(GhlConfig { rate, ..GhlConfig::default() }).await;
    let path = format!("/locations/{LOCATION}");
    caller.get(&path).await;
    caller.get(&path).await;
    let refused = caller.get(&path).await;
    assert_eq!((refused.status, &refused.headers["x-ratelimit-daily-remaining"]), (429, &"0".parse().unwrap()));
}

#[tokio::test]
async fn a_lenient_twin_still_judges() {
    let rate = Rate { requests: 2, per: Duration::from_secs(10), per_day: None, enforce: false };
    let (twin, caller) = openphone(OpenPhoneConfig { rate, ..OpenPhoneConfig::default() }).await;
    for _ in 0..5 {
        assert_eq!(caller.get("/organization").await.status, 200);
    }
    let report = twin.report();
    assert_eq!((report.rate_violations(), report.rate.max_in_window, report.rate.refused), (3, 5, 0));
    assert_eq!(report.calls("GET /organization"), 5);
    assert_eq!(report.answers(200), 5);
}
