//! GHL: installing, tokens, and everything that can become of them.

use std::time::Duration;

use serde_json::json;
use tandem_twins::{Fault, Faults, GhlApp, GhlChoice, GhlConfig, On};

use crate::ghl_kit::{
    APP, BACK, CLIENT, COMPANY, OTHER, SECRET, code, exchange, form, refresh, text, tokens, try_form, two,
    two_locations, visit,
};
use crate::kit::{Caller, LIMIT, LOCATION, Receiver, ghl};

const SCOPE: &str = "contacts.readonly contacts.write locations.readonly";

async fn reads(caller: &Caller, token: &str) -> u16 {
    caller.holding(token).get(&format!("/locations/{LOCATION}")).await.status
}

#[tokio::test]
async fn the_install_link_leads_to_tokens_for_the_chosen_location() {
    let (twin, caller) = two_locations().await;
    twin.choose(GhlChoice::Location(OTHER.to_owned()));
    let body = tokens(&twin, SCOPE).await;
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(86_399)));
    assert_eq!((&body["userType"], &body["locationId"]), (&json!("Location"), &json!(OTHER)));
    assert_eq!((&body["companyId"], &body["scope"]), (&json!(COMPANY), &json!(SCOPE)));
    let caller = caller.holding(text(&body["access_token"]));
    assert_eq!(caller.get(&format!("/locations/{OTHER}")).await.status, 200);
    assert_eq!(caller.get(&format!("/locations/{LOCATION}")).await.status, 403);
}

#[tokio::test]
async fn a_wrong_link_shows_a_page_and_redirects_nowhere() {
    let app = GhlApp { redirect_uris: vec![BACK.to_owned()], ..GhlApp::default() };
    let (twin, _caller) = ghl(GhlConfig { app, ..two() }).await;
    let right = [("response_type", "code"), CLIENT, ("redirect_uri", BACK), ("scope", SCOPE)];
    assert_eq!(visit(&twin, &right).await.0, 302);
    let wrong = [
        ("response_type", "token"),
        ("client_id", "nobody"),
        ("redirect_uri", "https://elsewhere.example.com/"),
        ("scope", "contacts.readonly everything"),
        ("scope", ""),
    ];
    for (name, value) in wrong {
        let query = right.map(|(held, kept)| if held == name { (name, value) } else { (held, kept) });
        assert_eq!(visit(&twin, &query).await, (400, None), "{name}={value}");
    }
}

#[tokio::test]
async fn a_code_is_worth_one_exchange() {
    let (twin, _caller) = two_locations().await;
    let code = code(&twin, SCOPE).await;
    assert_eq!(exchange(&twin, &code).await.status, 200);
    let again = exchange(&twin, &code).await;
    assert_eq!((again.status, text(&again.body["message"]).starts_with("Invalid grant")), (400, true));
    let report = twin.oauth();
    assert_eq!((report.codes_issued, report.codes_exchanged, report.code_reuses, report.refused), (1, 1, 1, 1));
}

#[tokio::test]
async fn codes_expire_and_belong_to_their_address() {
    let (twin, _caller) = two_locations().await;
    let first = code(&twin, SCOPE).await;
    let elsewhere = [CLIENT, SECRET, ("grant_type", "authorization_code"), ("code", &first), ("redirect_uri", "x")];
    let seen = form(&twin, "/oauth/token", &elsewhere, &[]).await;
    assert_eq!((seen.status, text(&seen.body["message"])), (400, "Invalid parameter: redirect_uri"));
    twin.advance_clock(Duration::from_mins(11));
    assert_eq!(exchange(&twin, &first).await.status, 400);
    assert_eq!(twin.oauth().code_reuses, 0);
}

#[tokio::test]
async fn a_refresh_token_is_worth_one_refresh_and_rotates() {
    let (twin, caller) = two_locations().await;
    let first = tokens(&twin, SCOPE).await;
    let second = refresh(&twin, text(&first["refresh_token"])).await;
    assert_eq!(second.status, 200);
    assert_ne!(first["refresh_token"], second.body["refresh_token"]);
    assert_eq!(reads(&caller, text(&second.body["access_token"])).await, 200);
    let again = refresh(&twin, text(&first["refresh_token"])).await;
    assert_eq!((again.status, text(&again.body["message"])), (400, "Invalid grant: refresh token is invalid"));
    assert!(again.body["traceId"].is_string());
    let third = refresh(&twin, text(&second.body["refresh_token"])).await;
    assert_eq!(third.status, 200, "a reuse does not take the family with it");
    let report = twin.oauth();
    assert_eq!((report.refreshes, report.refresh_reuses), (2, 1));
}

#[tokio::test]
async fn the_token_endpoint_names_what_is_missing_or_wrong() {
    let (twin, _caller) = two_locations().await;
    let body = tokens(&twin, SCOPE).await;
    let right = [CLIENT, SECRET, ("grant_type", "refresh_token"), ("refresh_token", text(&body["refresh_token"]))];
    for missing in 0..right.len() {
        let fields: Vec<_> =
            right.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, field)| *field).collect();
        let seen = form(&twin, "/oauth/token", &fields, &[]).await;
        assert_eq!(seen.status, 400);
        assert_eq!(text(&seen.body["message"]), format!("Missing parameter: {}", right[missing].0));
    }
    for wrong in 0..3 {
        let mut fields = right;
        fields[wrong].1 = "wrong";
        let seen = form(&twin, "/oauth/token", &fields, &[]).await;
        assert_eq!(text(&seen.body["message"]), format!("Invalid parameter: {}", right[wrong].0));
    }
    let json = json!({ "client_id": CLIENT.1, "client_secret": SECRET.1, "grant_type": "refresh_token" });
    let caller = Caller::new(twin.base_url(), &[]);
    assert_eq!(caller.send("POST", "/oauth/token", json).await.status, 400, "dated calls are forms");
    assert_eq!(twin.oauth().refreshes, 0);
}

#[tokio::test]
async fn v3_spells_the_fields_differently_and_takes_json_too() {
    let (twin, _caller) = two_locations().await;
    let body = tokens(&twin, SCOPE).await;
    let fields = [
        ("clientId", CLIENT.1),
        ("clientSecret", SECRET.1),
        ("grantType", "refresh_token"),
        ("refreshToken", text(&body["refresh_token"])),
        ("userType", "Location"),
    ];
    let seen = form(&twin, "/oauth/token", &fields, &[("version", "v3")]).await;
    assert_eq!((seen.status, &seen.body["tokenType"]), (200, &json!("Bearer")));
    assert!(seen.body.get("access_token").is_none() && seen.body["expiresIn"].is_number());
    let json = json!({
        "clientId": CLIENT.1, "clientSecret": SECRET.1, "grantType": "refresh_token",
        "refreshToken": seen.body["refreshToken"],
    });
    let caller = Caller::new(twin.base_url(), &[("version", "v3")]);
    assert_eq!(caller.send("POST", "/oauth/token", json.clone()).await.status, 200);
    let again = caller.send("POST", "/oauth/token", json).await;
    assert_eq!(text(&again.body["message"]), "Invalid grant: refresh token is invalid");
    let dated = form(&twin, "/oauth/token", &[CLIENT, SECRET], &[("version", "v3")]).await;
    assert_eq!(text(&dated.body["message"]), "Missing parameter: clientId");
}

#[tokio::test]
async fn access_tokens_expire_by_the_clock_or_on_demand_and_private_ones_never() {
    let (twin, caller) = two_locations().await;
    let body = tokens(&twin, SCOPE).await;
    let token = text(&body["access_token"]);
    twin.advance_clock(Duration::from_secs(86_000));
    assert_eq!(reads(&caller, token).await, 200);
    twin.advance_clock(Duration::from_secs(500));
    assert_eq!(reads(&caller, token).await, 401);
    let body = refresh(&twin, text(&body["refresh_token"])).await.body;
    let token = text(&body["access_token"]);
    assert_eq!(reads(&caller, token).await, 200);
    twin.expire_access_tokens();
    assert_eq!(reads(&caller, token).await, 401);
    assert_eq!(reads(&caller, "pit-sandbox").await, 200);
    twin.advance_clock(Duration::from_hours(366 * 24));
    let late = refresh(&twin, text(&body["refresh_token"])).await;
    assert_eq!(late.status, 400, "a year unused");
    assert_eq!(twin.oauth().refresh_reuses, 0);
}

#[tokio::test]
async fn a_refresh_can_end_the_access_token_from_before() {
    let app = GhlApp { refresh_ends_access: true, ..GhlApp::default() };
    let (twin, caller) = ghl(GhlConfig { app, ..two() }).await;
    let body = tokens(&twin, SCOPE).await;
    refresh(&twin, text(&body["refresh_token"])).await;
    assert_eq!(reads(&caller, text(&body["access_token"])).await, 401);
}

#[tokio::test]
async fn an_inactive_location_gets_no_token_and_burns_none() {
    let (twin, caller) = two_locations().await;
    let body = tokens(&twin, SCOPE).await;
    twin.set_active(LOCATION, false).unwrap();
    let seen = refresh(&twin, text(&body["refresh_token"])).await;
    assert_eq!((seen.status, text(&seen.body["message"])), (400, "Location is not active"));
    assert_eq!(reads(&caller, text(&body["access_token"])).await, 403);
    assert_eq!(reads(&caller, "pit-sandbox").await, 403);
    twin.set_active(LOCATION, true).unwrap();
    assert_eq!(refresh(&twin, text(&body["refresh_token"])).await.status, 200);
    assert!(twin.set_active("nowhere", true).is_err());
}

#[tokio::test]
async fn a_private_token_that_was_revoked_opens_nothing_and_others_go_on() {
    let (twin, caller) = two_locations().await;
    let body = tokens(&twin, SCOPE).await;
    assert_eq!(reads(&caller, "pit-sandbox").await, 200);
    twin.revoke_token(LOCATION).unwrap();
    assert_eq!(reads(&caller, "pit-sandbox").await, 401);
    assert_eq!(reads(&caller, "").await, 401, "no token is not the one that was revoked");
    assert_eq!(reads(&caller, text(&body["access_token"])).await, 200);
    assert!(twin.revoke_token("nowhere").is_err());
}

#[tokio::test]
async fn uninstalling_ends_all_tokens_and_says_so() {
    let receiver = Receiver::start().await;
    let webhook_url = Some(receiver.url.clone());
    let (twin, caller) = ghl(GhlConfig { webhook_url, ..two() }).await;
    let body = tokens(&twin, SCOPE).await;
    twin.uninstall(Some(LOCATION)).unwrap();
    assert_eq!(reads(&caller, text(&body["access_token"])).await, 401);
    assert_eq!(refresh(&twin, text(&body["refresh_token"])).await.status, 400);
    let again = json!({ "clientKey": CLIENT.1, "clientSecret": SECRET.1, "locationId": LOCATION });
    assert_eq!(caller.send("POST", "/oauth/reconnect", again).await.status, 400);
    twin.create_contact(&json!({ "firstName": "Ana" })).unwrap();
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(receiver.types(), ["INSTALL", "UNINSTALL"], "and no event of the location after that");
    let sent = receiver.arrived();
    assert_eq!((&sent[0].body["locationId"], &sent[0].body["companyId"]), (&json!(LOCATION), &json!(COMPANY)));
    assert_eq!((&sent[1].body["locationId"], &sent[1].body["appId"]), (&json!(LOCATION), &json!(APP)));
    assert_eq!(tokens(&twin, SCOPE).await["locationId"], LOCATION, "it can be installed again");
}

#[tokio::test]
async fn a_lost_refresh_token_is_made_good_by_reconnecting() {
    let (twin, caller) = two_locations().await;
    let lost = tokens(&twin, SCOPE).await;
    twin.forget_refresh_tokens(Some(LOCATION)).unwrap();
    assert_eq!(refresh(&twin, text(&lost["refresh_token"])).await.status, 400);
    let caller = caller.with(&[]);
    let body = json!({ "clientKey": CLIENT.1, "clientSecret": SECRET.1, "locationId": LOCATION });
    let seen = caller.send("POST", "/oauth/reconnect", body.clone()).await;
    assert_eq!(seen.status, 200);
    assert!(seen.body["expiresAt"].is_string() && seen.body["traceId"].is_string());
    let code = text(&seen.body["authorizationCode"]);
    let fields = [CLIENT, SECRET, ("grant_type", "authorization_code"), ("code", code)];
    let fresh = form(&twin, "/oauth/token", &fields, &[]).await;
    assert_eq!((fresh.status, &fresh.body["locationId"]), (200, &json!(LOCATION)));
    for name in ["clientKey", "clientSecret"] {
        let mut wrong = body.clone();
        wrong[name] = json!("wrong");
        let seen = caller.send("POST", "/oauth/reconnect", wrong).await;
        assert_eq!(text(&seen.body["message"]), format!("Invalid parameter: {name}"));
    }
    assert_eq!(twin.oauth().reconnects, 1);
    assert_eq!(twin.oauth().refresh_reuses, 0);
}

#[tokio::test]
async fn answers_of_the_token_endpoint_get_lost_on_demand() {
    let (twin, _caller) = two_locations().await;
    let body = tokens(&twin, SCOPE).await;
    let token = text(&body["refresh_token"]);
    twin.faults(Faults::none().then(On::call("POST", "/oauth/token"), Fault::ErrorBefore));
    assert_eq!(refresh(&twin, token).await.status, 500);
    assert_eq!(twin.oauth().refreshes, 0, "nothing was done");
    twin.faults(Faults::none().then(On::call("POST", "/oauth/token"), Fault::ResetAfter));
    let fields = [CLIENT, SECRET, ("grant_type", "refresh_token"), ("refresh_token", token)];
    assert!(try_form(&twin, "/oauth/token", &fields, &[]).await.is_err());
    assert_eq!(twin.oauth().refreshes, 1, "done, and nobody knows");
    assert_eq!(refresh(&twin, token).await.status, 400);
    assert_eq!(twin.oauth().refresh_reuses, 1);
}

#[tokio::test]
async fn everything_can_be_switched_by_hand() {
    let (twin, caller) = two_locations().await;
    let body = tokens(&twin, SCOPE).await;
    let token = text(&body["access_token"]).to_owned();
    let throw = async |name: &str, body| caller.send("POST", &format!("/_twin/switches/{name}"), body).await;
    assert_eq!(throw("oauth", json!({})).await.body["codes_exchanged"], 1);
    throw("remove_scope", json!({ "scope": "locations.readonly" })).await;
    assert_eq!(reads(&caller, &token).await, 401);
    throw("restore_scope", json!({ "scope": "locations.readonly" })).await;
    throw("active", json!({ "location": LOCATION, "active": false })).await;
    assert_eq!(reads(&caller, &token).await, 403);
    throw("active", json!({ "location": LOCATION, "active": true })).await;
    throw("advance_clock", json!({ "seconds": 90_000 })).await;
    assert_eq!(reads(&caller, &token).await, 401);
    throw("choose", json!({ "location": OTHER })).await;
    assert_eq!(tokens(&twin, SCOPE).await["locationId"], OTHER);
    throw("expire_access_tokens", json!({})).await;
    throw("uninstall", json!({ "location": LOCATION })).await;
    assert_eq!(refresh(&twin, text(&body["refresh_token"])).await.status, 400);
    for (name, body) in [("nothing", json!({})), ("choose", json!({})), ("active", json!({ "active": true }))] {
        assert_eq!(throw(name, body).await.status, 400, "{name}");
    }
}
