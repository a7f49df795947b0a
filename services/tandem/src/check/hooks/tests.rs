use serde_json::{Value as Json, json};
use tandem_providers::openphone::hook::delivery::Attempt;
use tandem_service::{Config, Environment};

use super::super::report;
use super::*;

const OURS: &str = "https://sync.example.com/webhooks/openphone/acme";

fn place() -> Place {
    let text = "
connections:
  - { id: acme, ghl: { location_id: L1, private_token: '${SECRET}' }, openphone: { api_key: '${SECRET}' } }
";
    let environment: Environment = [("SECRET".to_owned(), "invented".to_owned())].into();
    let config = Config::parse(text, std::path::Path::new("tandem.yaml"), &environment).unwrap();
    Place::new(&config, 0, &config.connections[0])
}

fn hook(id: &str, url: &str, more: &Json) -> Json {
    let mut hook =
        json!({ "id": id, "url": url, "status": "enabled", "events": CONTACT_EVENTS, "apiVersion": "2026-03-30" });
    for (key, value) in more.as_object().unwrap() {
        hook[key] = value.clone();
    }
    hook
}

fn listing(hooks: &[Json]) -> Listing<Hook> {
    let body = json!({ "data": hooks }).to_string();
    let response = http::Response::builder().status(200).body(bytes::Bytes::from(body)).unwrap();
    tandem_providers::openphone::hook::page(&response).unwrap()
}

/// Id, status, message, hint.
fn judged(maker: Maker, is_running: bool, hooks: &[Json]) -> (Option<String>, report::Status, String, String) {
    let (place, url) = (place(), Url::parse(OURS).unwrap());
    let wanted = Wanted { place: &place, maker, url: Some(&url), is_running };
    let (id, verdict) = wanted.judge(&listing(hooks));
    (id.map(|id| id.to_string()), verdict.status, verdict.message, verdict.hint.unwrap_or_default())
}

#[test]
fn a_webhook_in_place_passes_whoever_made_it() {
    for maker in [Maker::Tandem, Maker::Person] {
        let other = hook("1", "https://example.com/other", &json!({}));
        let (id, status, message, _) = judged(maker, true, &[other, hook("2", OURS, &json!({}))]);
        assert_eq!((id.as_deref(), status), (Some("2"), report::Status::Pass));
        assert_eq!(message, format!("webhook 2 delivers to {OURS}"));
    }
}

#[test]
fn a_webhook_that_delivers_nothing_is_a_failure_with_a_way_to_mend_it() {
    let cases = [
        (json!({ "status": "disabled" }), "webhook 2 is disabled: nothing is delivered"),
        (json!({ "events": ["contact.updated"] }), "webhook 2 doesn't tell of contact.deleted"),
        (json!({ "apiVersion": "2027-01-01" }), "webhook 2 delivers in the form of version 2027-01-01"),
    ];
    for (more, wanted) in cases {
        let (id, status, message, hint) = judged(Maker::Person, true, &[hook("2", OURS, &more)]);
        assert_eq!((id, status, message.as_str()), (None, report::Status::Fail, wanted));
        assert!(hint.contains("PATCH /webhooks/2"), "{hint}");
        assert!(judged(Maker::Tandem, true, &[hook("2", OURS, &more)]).3.contains("Tandem mends it"));
    }
}

#[test]
fn one_that_works_is_picked_before_one_that_does_not() {
    let hooks = [hook("1", OURS, &json!({ "status": "disabled" })), hook("2", OURS, &json!({}))];
    let (id, status, message, _) = judged(Maker::Person, true, &hooks);
    assert_eq!((id.as_deref(), status), (Some("2"), report::Status::Warn));
    assert_eq!(message, "2 webhooks deliver here: every change is told as often");
}

#[test]
fn a_missing_webhook_means_what_its_maker_means() {
    let (_, status, message, _) = judged(Maker::Tandem, true, &[]);
    assert_eq!((status, message), (report::Status::Fail, format!("none delivers to {OURS}")));
    assert_eq!(judged(Maker::Tandem, false, &[]).1, report::Status::Skipped, "it is made at the start");
    let (_, status, message, hint) = judged(Maker::Person, true, &[]);
    assert_eq!(status, report::Status::Warn, "one of the app is not shown");
    assert!(
        message.contains("made in OpenPhone's app is not shown")
            && hint.contains("connections[0].openphone.webhook_secrets")
    );
    let moved = hook("3", "https://user:word@old.example.com/webhooks/openphone/acme?token=hush", &json!({}));
    let (_, status, message, hint) = judged(Maker::Person, true, &[moved]);
    assert_eq!(status, report::Status::Fail);
    assert!(message.ends_with("webhook 3 delivers to https://old.example.com/webhooks/openphone/acme"), "{message}");
    assert!(hint.contains("PATCH /webhooks/3") && hint.contains("http.public_url"), "{hint}");
}

#[test]
fn without_a_public_address_the_path_tells_whose_it_is() {
    let place = place();
    let wanted = Wanted { place: &place, maker: Maker::Person, url: None, is_running: true };
    let (id, verdict) =
        wanted.judge(&listing(&[hook("4", "https://any.example.com/x/webhooks/openphone/acme", &json!({}))]));
    assert_eq!((id.unwrap().as_str(), verdict.status), ("4", report::Status::Pass));
}

fn attempt(answered: Option<u16>) -> Attempt {
    Attempt { at: None, answered, is_manual: false }
}

fn delivered(maker: Maker, is_clock_wrong: bool, answers: &[Option<u16>], is_final: bool) -> Option<Verdict> {
    let attempts: Vec<Attempt> = answers.iter().copied().map(attempt).collect();
    Delivered { place: &place(), maker, url: OURS, is_clock_wrong }.judge(&attempts, is_final)
}

#[test]
fn a_delivery_that_was_taken_passes_at_once() {
    let verdict = delivered(Maker::Tandem, false, &[Some(200)], false).unwrap();
    assert_eq!(verdict.status, report::Status::Pass);
    for open in [&[][..], &[Some(401)], &[None]] {
        assert_eq!(delivered(Maker::Tandem, false, open, false), None, "it may still come");
    }
}

#[test]
fn a_replaced_secret_is_told_with_what_its_maker_has_to_do() {
    let refused = [Some(401), Some(401)];
    let ours = delivered(Maker::Tandem, false, &refused, true).unwrap();
    let theirs = delivered(Maker::Person, false, &refused, true).unwrap();
    for verdict in [&ours, &theirs] {
        assert_eq!(verdict.status, report::Status::Fail);
        assert!(
            verdict.message.contains("a secret that isn't known here, so it was replaced elsewhere"),
            "{verdict:?}"
        );
    }
    assert!(ours.hint.unwrap().contains("Tandem has it replaced by itself"));
    let hint = theirs.hint.unwrap();
    assert!(hint.contains("/rotate") && hint.contains("connections[0].openphone.webhook_secrets"), "{hint}");
    let clock = delivered(Maker::Person, true, &refused, true).unwrap();
    assert!(clock.message.contains("this machine's clock is wrong"), "{clock:?}");
    let mended = delivered(Maker::Tandem, false, &[Some(401), Some(200)], false).unwrap();
    assert!(
        mended.status == report::Status::Pass && mended.message.contains("had been replaced elsewhere"),
        "{mended:?}"
    );
}

#[test]
fn what_answers_instead_of_tandem_is_told() {
    let cases = [
        (None, "OpenPhone gets no answer at"),
        (Some(301), "is answered with a redirect (301)"),
        (Some(404), "doesn't know connection acme"),
        (Some(429), "can't store the test event now"),
        (Some(502), "is answered 502"),
    ];
    for (answered, wanted) in cases {
        let verdict = delivered(Maker::Person, false, &[answered], true).unwrap();
        assert_eq!(verdict.status, report::Status::Fail);
        assert!(verdict.message.contains(wanted) && verdict.hint.is_some(), "{verdict:?}");
    }
    let never = delivered(Maker::Person, false, &[], true).unwrap();
    assert_eq!(
        (never.status, never.message.as_str()),
        (report::Status::Warn, "OpenPhone has not delivered its test event yet")
    );
}
