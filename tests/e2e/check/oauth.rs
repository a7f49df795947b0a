//! A location that is connected by OAuth: its tokens are in the store, which a running Tandem has for itself.

use tandem_tests::Browser;
use tandem_twins::GhlChoice;

use super::*;
use crate::connect::{LIFE, link, unconnected};

const TOKEN: (&str, &str) = ("ghl", "token");

/// Connected, as a person does it in a browser.
async fn connect(process: &Process) {
    process.ghl.choose(GhlChoice::Location(LOCATION.to_owned()));
    let mut browser = Browser::default();
    let back = browser.consent(&link(process)).await.unwrap();
    assert_eq!(browser.open(&back).await.unwrap().status, 303);
}

fn connect_hint() -> [&'static str; 3] {
    ["tandem connect acme", "/oauth/ghl/start?connection=acme", "pick the location SandboxLocation00001"]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_by_oauth_is_checked_while_tandem_runs_and_while_it_does_not() {
    let mut process = unconnected().await;
    let (code, before) = report(&process, &[]).await;
    assert_eq!((code, failures(&before)), (Some(1), vec![TOKEN]), "{before:#}");
    assert_check(&before, TOKEN, "fail", "nobody has connected this location yet", &connect_hint());
    assert_check(&before, ("ghl", "read a contact"), "skipped", "the location is not connected", &[]);
    connect(&process).await;
    for is_running in [true, false] {
        if !is_running {
            assert!(process.stop().success());
        }
        let (code, report) = report(&process, &["--write"]).await;
        assert_eq!(code, Some(0), "{report:#}");
        assert_check(&report, TOKEN, "pass", "connected by OAuth; the access token is good until", &[]);
        assert_check(&report, ("ghl", "remove a contact"), "pass", "removed", &[]);
        assert!(process.ghl.contacts().is_empty());
    }
    // An access token that has ended is renewed by whoever asks.
    tokio::time::sleep(LIFE).await;
    let (code, report) = report(&process, &[]).await;
    assert_eq!(code, Some(0), "{report:#}");
    process.up();
    assert_eq!(super::report(&process, &[]).await.0, Some(0), "the new pair is stored");
    let tokens = process.ghl.oauth();
    assert!(tokens.refreshes > 0 && tokens.refresh_reuses == 0, "{tokens:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_was_removed_is_named_whether_or_not_ghl_told_of_it() {
    let process = unconnected().await;
    connect(&process).await;
    process.ghl.uninstall(Some(LOCATION)).unwrap();
    assert!(process.ghl.webhooks_idle(LIMIT).await);
    let (code, told) = report(&process, &[]).await;
    assert_eq!((code, failures(&told)), (Some(1), vec![TOKEN]), "{told:#}");
    assert_check(
        &told,
        TOKEN,
        "fail",
        "the app was removed from the location at GHL; its tokens are gone",
        &connect_hint(),
    );

    connect(&process).await;
    assert_eq!(report(&process, &[]).await.0, Some(0));
    process.ghl.set_webhook_url(None);
    process.ghl.uninstall(Some(LOCATION)).unwrap();
    let (code, at_once) = report(&process, &[]).await;
    assert_eq!((code, failures(&at_once)), (Some(1), vec![TOKEN]), "{at_once:#}");
    assert_check(
        &at_once,
        TOKEN,
        "fail",
        "less than a minute ago: the app was removed from the location",
        &connect_hint(),
    );
    tokio::time::sleep(LIFE).await;
    let (code, untold) = report(&process, &[]).await;
    assert_eq!((code, failures(&untold)), (Some(1), vec![TOKEN]), "{untold:#}");
    assert_check(&untold, TOKEN, "fail", "gives no new one: the app was removed from the location", &connect_hint());
    assert_check(&untold, ("ghl", "location"), "skipped", "there is no token that works", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_the_app_lacks_is_added_to_the_app() {
    let process = unconnected().await;
    connect(&process).await;
    process.ghl.remove_scope("contacts.readonly");
    let (_, report) = report(&process, &[]).await;
    let hint = ["contacts.readonly (View Contacts) to the scopes of the marketplace app", "tandem connect acme"];
    assert_check(&report, ("ghl", "search contacts"), "fail", "the token lacks the scope contacts.readonly", &hint);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inactive_location_is_named_when_its_token_is_to_be_renewed() {
    let process = unconnected().await;
    connect(&process).await;
    process.ghl.set_active(LOCATION, false).unwrap();
    tokio::time::sleep(LIFE).await;
    let (code, report) = report(&process, &[]).await;
    assert_eq!(code, Some(1), "{report:#}");
    let message = "the location SandboxLocation00001 is not active at GHL";
    assert_check(&report, ("ghl", "location"), "fail", message, &["the agency ends the pause"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_locked_away_are_not_called_missing() {
    let process = unconnected().await;
    connect(&process).await;
    // Another key at OpenPhone than the running process has.
    let mut environment = process.environment.clone();
    environment.insert("QUO_KEY".to_owned(), "another-key".to_owned());
    let checked = run(process.folder.path(), &environment, &["--json"]).await;
    let report = checked.report();
    let running = ("servers", "running Tandem");
    assert_check(
        &report,
        running,
        "warn",
        "with another configuration or other secrets than this one",
        &["restart it"],
    );
    assert_check(&report, TOKEN, "skipped", "the store is in use by another process", &[]);
    assert_check(&report, ("openphone", "API key"), "fail", "OpenPhone refuses the API key", &[]);
}
