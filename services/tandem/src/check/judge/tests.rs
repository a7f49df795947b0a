use bytes::Bytes;
use serde_json::{Value as Json, json};
use tandem_credentials::{Holder, Later, Paused, Reason, TroubleKind};
use tandem_providers::openphone::operations as openphone;
use tandem_providers::{Response, ghl};
use tandem_service::{Config, Environment};

use super::super::report::Status;
use super::*;

/// The second connection of a file.
fn place(is_oauth: bool) -> Place {
    let token = if is_oauth { "" } else { ", private_token: '${SECRET}'" };
    let text = format!(
        "
http: {{ public_url: 'https://sync.example.com' }}
encryption_key: '${{KEY}}'
providers: {{ ghl: {{ client_id: app-1, client_secret: '${{SECRET}}' }} }}
connections:
  - {{ id: first, ghl: {{ location_id: L0, private_token: '${{SECRET}}' }}, openphone: {{ api_key: '${{SECRET}}' }} }}
  - {{ id: acme, ghl: {{ location_id: L1{token} }}, openphone: {{ api_key: '${{SECRET}}' }} }}
"
    );
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned();
    let environment: Environment = [("SECRET".to_owned(), "invented".to_owned()), ("KEY".to_owned(), key)].into();
    let config = Config::parse(&text, std::path::Path::new("tandem.yaml"), &environment).unwrap();
    Place::new(&config, 1, &config.connections[1])
}

fn answer(status: u16, body: &Json) -> Response {
    http::Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()
}

fn by_ghl(status: u16, message: &str) -> Obstacle {
    let body = json!({ "statusCode": status, "message": message, "traceId": "t-1" });
    Obstacle::Refused(ghl::response::done(&answer(status, &body)).unwrap_err())
}

fn by_openphone(status: u16, message: &str) -> Obstacle {
    let body = json!({ "title": "x", "message": message });
    Obstacle::Refused(tandem_providers::openphone::response::accepted(&answer(status, &body)).unwrap_err())
}

fn no_token(paused: Paused) -> Obstacle {
    Obstacle::NoToken(NoToken::Paused { holder: holder(), paused })
}

fn holder() -> Holder {
    Holder::Connection(tandem_proto::ConnectionId::new("acme").unwrap())
}

fn later(trouble: TroubleKind) -> Obstacle {
    let until = jiff::Timestamp::from_second(1).unwrap();
    Obstacle::NoToken(NoToken::Later(Later { holder: holder(), until, trouble: Some(trouble) }))
}

/// What GHL's obstacle comes to, for a read of contacts.
fn at_ghl(is_oauth: bool, obstacle: &Obstacle) -> Verdict {
    verdict(&place(is_oauth), (Side::Ghl, &ghl::operations::CONTACT_GET), obstacle, &["pit-1"])
}

fn at_openphone(obstacle: &Obstacle) -> Verdict {
    verdict(&place(false), (Side::OpenPhone, &openphone::ORGANIZATION_GET), obstacle, &[])
}

fn assert_says(verdict: &Verdict, message: &str, hint: &[&str]) {
    assert_eq!(verdict.status, Status::Fail, "{verdict:?}");
    assert_eq!(verdict.message, message);
    let told = verdict.hint.as_deref().unwrap_or_default();
    for part in hint {
        assert!(told.contains(part), "`{part}` is not in: {told}");
    }
}

#[test]
fn a_refused_token_is_told_with_page_and_key() {
    let refused = at_ghl(false, &by_ghl(401, "Invalid token pit-1"));
    assert_says(
        &refused,
        "GHL refuses the private integration token: it is wrong or was revoked",
        &["Settings > Private Integrations", "connections[1].ghl.private_token", "location L1"],
    );
    let said = refused.said.unwrap();
    assert_eq!((said.words.as_str(), said.status, said.trace.as_deref()), ("Invalid token …", 401, Some("t-1")));
    assert_says(
        &at_openphone(&by_openphone(401, "Missing or invalid API key")),
        "OpenPhone refuses the API key: it is wrong or was revoked",
        &["Workspace Settings > API", "connections[1].openphone.api_key", "without `Bearer`"],
    );
}

#[test]
fn a_missing_scope_is_named_as_ghls_pages_name_it() {
    let obstacle = by_ghl(401, "The token is not authorized for this scope.");
    let message = "the token lacks the scope contacts.readonly (View Contacts)";
    assert_says(
        &at_ghl(false, &obstacle),
        message,
        &["Private Integrations", "add the scope contacts.readonly (View Contacts)"],
    );
    let oauth = at_ghl(true, &obstacle);
    assert_says(&oauth, message, &["scopes of the marketplace app", "tandem connect acme"]);
    assert_eq!(oauth.said.unwrap().words, "The token is not authorized for this scope.");
    assert_eq!(obstacle.kind(Side::Ghl).stops(Side::Ghl), None, "other scopes may be there");
}

#[test]
fn another_location_and_an_inactive_one_are_told_apart() {
    let other = by_ghl(403, "The token does not have access to this location.");
    assert_says(
        &at_ghl(false, &other),
        "the token has no access to the location L1",
        &["connections[1].ghl.location_id", "Settings > Business Profile"],
    );
    for status in [400, 401, 403] {
        let inactive = by_ghl(status, "Location is not active");
        assert_says(
            &at_ghl(false, &inactive),
            "the location L1 is not active at GHL: paused, or not paid for",
            &["the agency ends the pause", "goes on by itself"],
        );
    }
    assert_eq!(later(TroubleKind::LocationInactive).kind(Side::Ghl), Kind::Inactive);
}

#[test]
fn an_app_that_is_gone_leads_to_connecting_again() {
    let hint =
        ["tandem connect acme", "https://sync.example.com/oauth/ghl/start?connection=acme", "pick the location L1"];
    let removed = at_ghl(true, &no_token(Paused::Uninstalled));
    assert_says(&removed, "the app was removed from the location at GHL; its tokens are gone", &hint);
    for (paused, why) in [
        (Paused::NeedsReconnect(Reason::Refused), "gives no new one: "),
        (Paused::NeedsReconnect(Reason::OtherAccount), "gives no new one: "),
        (Paused::StillRefused, "gave less than a minute ago: "),
    ] {
        let verdict = at_ghl(true, &no_token(paused));
        assert!(verdict.message.contains(&format!("{why}the app was removed from the location")), "{verdict:?}");
        assert!(hint.iter().all(|part| verdict.hint.as_ref().unwrap().contains(part)), "{verdict:?}");
    }
    let never = Obstacle::NoToken(NoToken::NotConnected { holder: holder() });
    assert_says(&at_ghl(true, &never), "nobody has connected this location yet", &hint);
    let app = at_ghl(true, &later(TroubleKind::Unauthorized));
    assert_says(&app, "GHL refuses the marketplace app's client id or secret", &["providers.ghl.client_secret"]);
}

#[test]
fn what_is_not_the_connections_fault_is_no_failure_of_it() {
    let skipped = |obstacle: &Obstacle| at_ghl(false, obstacle).status == Status::Skipped;
    assert!(skipped(&Obstacle::NoTime) && skipped(&Obstacle::NoStore("locked".to_owned())));
    let no_slot = at_ghl(false, &Obstacle::NoSlot(std::time::Duration::from_secs(7)));
    assert!(no_slot.status == Status::Skipped && no_slot.message.contains("7 s away"), "{no_slot:?}");
    let throttled = at_openphone(&by_openphone(429, "Rate limit exceeded"));
    assert_eq!(throttled.status, Status::Warn);
    assert!(throttled.hint.unwrap().contains("a key of its own"));
}

#[test]
fn a_lapsed_subscription_and_missing_rights_are_named() {
    let lapsed = at_openphone(&by_openphone(402, "The subscription is not active"));
    assert_says(&lapsed, "the workspace's subscription is not active", &["renews its plan"]);
    let rights = at_openphone(&by_openphone(403, "Not allowed"));
    assert_says(
        &rights,
        "the key is valid, and may not do this: GET /organization",
        &["owner or admin", "half a minute"],
    );
}

#[test]
fn an_address_that_is_wrong_or_silent_is_named() {
    let misrouted = at_ghl(false, &by_ghl(404, "Cannot GET /x"));
    assert_says(
        &misrouted,
        "something else than GHL's API answers at https://services.leadconnectorhq.com/",
        &["providers.ghl.base_url"],
    );
    let lost = Obstacle::Lost(SendError::NotSent { reason: NotSent::Connect, source: None });
    let silent = at_openphone(&lost);
    assert_says(&silent, "no connection from OpenPhone at https://api.quo.com/", &["curl -sS https://api.quo.com/"]);
    let unsendable = Obstacle::Lost(SendError::NotSent { reason: NotSent::Invalid, source: None });
    assert!(at_openphone(&unsendable).message.contains("connections[1].openphone.api_key can't be sent"));
}

#[test]
fn every_obstacle_that_fails_has_a_hint() {
    for status in [400, 401, 402, 403, 404, 405, 409, 422, 429, 500, 503, 302] {
        for verdict in [at_ghl(false, &by_ghl(status, "words")), at_ghl(true, &by_ghl(status, "words"))] {
            assert!(verdict.hint.is_some_and(|hint| !hint.is_empty()), "{status}");
        }
        assert!(at_openphone(&by_openphone(status, "words")).hint.is_some(), "{status}");
    }
}
