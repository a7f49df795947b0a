//! Tokens and installations.

use secrecy::ExposeSecret;
use serde_json::json;
use tandem_providers::ghl::oauth::{self, App, Installations, InstalledPage, Proof, TokenSet, UserType};

use super::id;
use crate::exchange::{Api, revealed};

fn app() -> App {
    App { client_id: "app-1".to_owned(), client_secret: "x&y".into() }
}

/// All of it, secrets too.
fn told(tokens: &TokenSet) -> String {
    let TokenSet { access, refresh, expires_in, scopes, location_id, company_id, approved_locations, is_bulk } = tokens;
    let refresh = refresh.as_ref().map(ExposeSecret::expose_secret);
    let whose = (location_id.as_deref(), company_id.as_deref(), approved_locations, is_bulk);
    format!("{} {refresh:?} {expires_in:?} {scopes:?} {whose:?}", access.expose_secret())
}

#[test]
pub(crate) fn tokens_are_asked_for_with_a_code_or_a_refresh_token() {
    let redirect_uri = Some("https://sync.example.com/cb".to_owned());
    let code = Proof::Code { code: "c1".into(), redirect_uri };
    for api in Api::GHL {
        let version = api.version();
        let key = |dated: &'static str, v3: &'static str| api.pick(dated, v3);
        let app_keys =
            || json!({ (key("client_id", "clientId")): "app-1", (key("client_secret", "clientSecret")): "x&y" });
        let mut with_code = app_keys();
        with_code["code"] = "c1".into();
        with_code[key("grant_type", "grantType")] = "authorization_code".into();
        with_code[key("user_type", "userType")] = "Company".into();
        with_code[key("redirect_uri", "redirectUri")] = "https://sync.example.com/cb".into();
        let answer = json!({ (key("access_token", "accessToken")): "a1", (key("refresh_token", "refreshToken")): "r2",
            (key("expires_in", "expiresIn")): 86399, "scope": "contacts.readonly contacts.write", "locationId": "L1",
            "companyId": "co1", "userId": "u1", "approvedLocations": ["L1"], "isBulkInstallation": true });
        let wanted =
            r#"a1 Some("r2") 86399s ["contacts.readonly", "contacts.write"] (Some("L1"), Some("co1"), ["L1"], true)"#;
        api.asks(oauth::token(&app(), &code, UserType::Company, &version), "POST /oauth/token")
            .with_form(with_code)
            .answered(200, answer.clone())
            .shows(oauth::token_set, told, wanted);
        let mut with_refresh = app_keys();
        with_refresh[key("grant_type", "grantType")] = "refresh_token".into();
        with_refresh[key("refresh_token", "refreshToken")] = "r1".into();
        with_refresh[key("user_type", "userType")] = "Location".into();
        let refresh = Proof::Refresh("r1".into());
        api.asks(oauth::token(&app(), &refresh, UserType::Location, &version), "POST /oauth/token")
            .with_form(with_refresh)
            .answered(200, answer)
            .shows(oauth::token_set, told, wanted);
    }
}

#[test]
pub(crate) fn a_location_gets_its_token_from_the_agencys() {
    for api in Api::GHL {
        let line = api.pick("POST /oauth/locationToken", "POST /oauth/location-token");
        let answer = json!({ (api.pick("access_token", "accessToken")): "a1", "locationId": "L1",
            (api.pick("expires_in", "expiresIn")): 86399, "scope": "contacts.readonly" });
        api.asks(oauth::location_token("co1", "L1", &api.version()), line)
            .with_form(json!({ "companyId": "co1", "locationId": "L1" }))
            .answered(200, answer)
            .shows(oauth::token_set, told, r#"a1 None 86399s ["contacts.readonly"] (Some("L1"), None, [], false)"#);
    }
}

#[test]
pub(crate) fn a_lost_pair_is_replaced_without_anybody_at_a_screen() {
    for api in Api::GHL {
        for (user_type, key) in [(UserType::Location, "locationId"), (UserType::Company, "companyId")] {
            api.asks(oauth::reconnect(&app(), user_type, "x1", &api.version()), "POST /oauth/reconnect")
                .with(json!({ "clientKey": "app-1", "clientSecret": "x&y", key: "x1" }))
                .answered(200, json!({ "authorizationCode": "c2", "expiresAt": "2026-01-02T03:04:05Z" }))
                .shows(oauth::reconnected, revealed, "c2");
        }
    }
}

#[test]
pub(crate) fn installations_are_listed_page_by_page() {
    let app = id("6878cec452e7c8d29d4dd3d9");
    let asked = "companyId=co1&appId=6878cec452e7c8d29d4dd3d9&isInstalled=true";
    let first = Installations { company: "co1", app: &app, limit: 100, after: None };
    let later = Installations { after: Some("100"), ..first.clone() };
    let page = |next: Option<&str>| InstalledPage { locations: vec!["L1".to_owned()], next: next.map(str::to_owned) };
    let dated = Api::Dated;
    for (wanted, tail) in [(&first, "&limit=100"), (&later, "&limit=100&skip=100")] {
        let line = format!("GET /oauth/installedLocations?{asked}{tail}");
        dated
            .asks(oauth::installed_locations(wanted, &dated.version()), &line)
            .answered(200, json!({ "locations": [{ "_id": "L1" }], "count": 1 }))
            .reads(oauth::installed, page(None));
    }
    let v3 = Api::V3;
    for (wanted, tail) in [(&first, "&pageSize=100"), (&later, "&pageSize=100&pageToken=100")] {
        let line = format!("GET /oauth/installed-locations?{asked}{tail}");
        v3.asks(oauth::installed_locations(wanted, &v3.version()), &line)
            .answered(200, json!({ "items": [{ "_id": "L1" }], "pagination": { "nextPageToken": "n1" } }))
            .reads(oauth::installed, page(Some("n1")));
    }
}
