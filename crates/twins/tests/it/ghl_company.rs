//! GHL: company tokens, bulk installs, and location tokens made from them.

use serde_json::json;
use tandem_twins::{GhlApp, GhlChoice, GhlConfig};

use crate::ghl_kit::{APP, CLIENT, COMPANY, OTHER, SECRET, form, refresh, text, tokens, two, two_locations};
use crate::kit::{LIMIT, LOCATION, Receiver, ghl};

const SCOPE: &str = "contacts.readonly locations.readonly users.readonly oauth.readonly oauth.write";

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn a_bulk_install_tells_of_the_company_and_each_location() {
    let receiver = Receiver::start().await;
    let mut config = GhlConfig { webhook_url: Some(receiver.url.clone()), ..two() };
    config.locations.iter_mut().for_each(|location| location.installed = false);
    let (twin, _caller) = ghl(config).await;
    twin.choose(GhlChoice::Company(vec![LOCATION.to_owned(), OTHER.to_owned()]));
    let body = tokens(&twin, SCOPE).await;
    assert_eq!((&body["userType"], &body["companyId"]), (&json!("Company"), &json!(COMPANY)));
    assert_eq!((&body["isBulkInstallation"], &body["approvedLocations"]), (&json!(true), &json!([LOCATION, OTHER])));
    assert!(body.get("locationId").is_none());
    assert!(twin.webhooks_idle(LIMIT).await);
    assert_eq!(receiver.types(), ["INSTALL"; 3]);
    let mut places: Vec<String> =
        receiver.arrived().iter().filter_map(|one| Some(one.body["locationId"].as_str()?.to_owned())).collect();
    places.sort();
    assert_eq!(places, [OTHER, LOCATION]);
}

#[tokio::test]
async fn a_company_token_becomes_location_tokens() {
    let (twin, caller) = two_locations().await;
    twin.choose(GhlChoice::Company(vec![LOCATION.to_owned(), OTHER.to_owned()]));
    let company = tokens(&twin, SCOPE).await;
    let token = text(&company["access_token"]).to_owned();
    let headers = [("authorization", bearer(&token)), ("version", "2021-07-28".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let fields = [("companyId", COMPANY), ("locationId", OTHER)];
    let seen = form(&twin, "/oauth/locationToken", &fields, &headers).await;
    assert_eq!((seen.status, &seen.body["locationId"]), (200, &json!(OTHER)));
    assert!(seen.body.get("refresh_token").is_none(), "the dated exchange gives no refresh token");
    let location = caller.holding(text(&seen.body["access_token"]));
    assert_eq!(location.get(&format!("/locations/{OTHER}")).await.status, 200);

    let v3 = [("authorization", headers[0].1), ("version", "v3")];
    let seen = form(&twin, "/oauth/location-token", &fields, &v3).await;
    assert!(seen.body["accessToken"].is_string() && seen.body["refreshToken"].is_string());
    assert_eq!(form(&twin, "/oauth/locationToken", &fields, &v3).await.status, 404, "renamed in v3");
    assert_eq!(twin.oauth().location_exchanges, 2);

    let fields = [("companyId", "elsewhere"), ("locationId", OTHER)];
    assert_eq!(form(&twin, "/oauth/locationToken", &fields, &headers).await.status, 403);
    assert_eq!(form(&twin, "/oauth/locationToken", &fields[..1], &headers).await.status, 422);
    twin.uninstall(Some(OTHER)).unwrap();
    let fields = [("companyId", COMPANY), ("locationId", OTHER)];
    assert_eq!(form(&twin, "/oauth/locationToken", &fields, &headers).await.status, 400);
    let refreshed = refresh(&twin, text(&company["refresh_token"])).await;
    assert_eq!(refreshed.body["userType"], "Company");
}

#[tokio::test]
async fn only_company_tokens_reach_what_is_the_companys() {
    let app = GhlApp { exchange_gives_refresh: true, ..GhlApp::default() };
    let (twin, caller) = ghl(GhlConfig { app, company_token: Some("pit-company".to_owned()), ..two() }).await;
    let location = tokens(&twin, SCOPE).await;
    twin.choose(GhlChoice::Company(vec![LOCATION.to_owned()]));
    let company = tokens(&twin, SCOPE).await;
    let path = format!("/oauth/installedLocations?companyId={COMPANY}&appId={APP}");
    for token in ["pit-sandbox", "pit-company", text(&location["access_token"])] {
        let seen = caller.holding(token).get(&path).await;
        assert_eq!((seen.status, text(&seen.body["message"])), (401, "The token is not authorized for this scope."));
    }
    let company = caller.holding(text(&company["access_token"]));
    assert_eq!(company.get(&path).await.status, 200);
    assert_eq!(company.get(&format!("/contacts/?locationId={LOCATION}")).await.status, 401, "not a location's token");
    for location in [LOCATION, OTHER] {
        assert_eq!(company.get(&format!("/locations/{location}")).await.status, 200);
    }
    assert_eq!(company.get(&format!("/users/search?companyId={COMPANY}")).await.body["count"], 1);
}

#[tokio::test]
async fn installed_locations_are_listed_in_both_ways() {
    let (twin, caller) = two_locations().await;
    twin.choose(GhlChoice::Company(vec![LOCATION.to_owned(), OTHER.to_owned()]));
    let body = tokens(&twin, SCOPE).await;
    let token = text(&body["access_token"]);
    twin.uninstall(Some(OTHER)).unwrap();
    let query = format!("companyId={COMPANY}&appId={APP}");
    let dated = caller.holding(token);
    let seen = dated.get(&format!("/oauth/installedLocations?{query}&limit=1&skip=1")).await;
    assert_eq!((&seen.body["count"], seen.body["locations"].as_array().unwrap().len()), (&json!(2), 1));
    assert_eq!(seen.body["locations"][0]["isInstalled"], false);
    let only = dated.get(&format!("/oauth/installedLocations?{query}&isInstalled=true")).await;
    assert_eq!((&only.body["count"], &only.body["locations"][0]["_id"]), (&json!(1), &json!(LOCATION)));

    let v3 = caller.holding_v3(token);
    let seen = v3.get(&format!("/oauth/installed-locations?{query}&pageSize=1")).await;
    assert_eq!(seen.body["pagination"]["hasNextPage"], true);
    let next = text(&seen.body["pagination"]["nextPageToken"]);
    let seen = v3.get(&format!("/oauth/installed-locations?{query}&pageSize=1&pageToken={next}")).await;
    assert_eq!(
        (&seen.body["items"][0]["_id"], seen.body["pagination"]["hasNextPage"].as_bool()),
        (&json!(OTHER), Some(false))
    );
    let refused = v3.get("/oauth/installed-locations").await;
    assert_eq!((refused.status, &refused.body["error"]["code"]), (400, &json!("INVALID_ARGUMENT")));
}

#[tokio::test]
async fn a_company_that_uninstalls_takes_its_locations_along() {
    let receiver = Receiver::start().await;
    let (twin, caller) = ghl(GhlConfig { webhook_url: Some(receiver.url.clone()), ..two() }).await;
    let location = tokens(&twin, SCOPE).await;
    twin.choose(GhlChoice::Company(vec![LOCATION.to_owned()]));
    let company = tokens(&twin, SCOPE).await;
    let again = json!({ "clientKey": CLIENT.1, "clientSecret": SECRET.1, "companyId": COMPANY });
    assert_eq!(caller.send("POST", "/oauth/reconnect", again.clone()).await.status, 200);
    twin.uninstall(None).unwrap();
    for body in [location, company] {
        assert_eq!(refresh(&twin, text(&body["refresh_token"])).await.status, 400);
    }
    assert_eq!(caller.send("POST", "/oauth/reconnect", again).await.status, 400);
    assert!(twin.webhooks_idle(LIMIT).await);
    let last = receiver.arrived().into_iter().find(|one| one.body["type"] == "UNINSTALL").unwrap();
    assert_eq!(last.body["companyId"], COMPANY);
}
