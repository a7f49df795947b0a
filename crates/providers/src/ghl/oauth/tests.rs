use proptest::prelude::*;

use super::*;
use crate::Class;

fn version(text: &str) -> ApiVersion {
    ApiVersion::new(text).unwrap()
}

fn app() -> App {
    App { client_id: "app-1".to_owned(), client_secret: "s3cret&=".into() }
}

fn answer(status: u16, body: &str) -> Response {
    http::Response::builder().status(status).body(body.to_owned().into()).unwrap()
}

#[test]
fn each_version_has_its_own_names_and_nothing_prints_a_secret() {
    let request = token(&app(), &Proof::Refresh("r1".into()), UserType::Location, &version("2021-07-28"));
    let body =
        "client_id=app-1&client_secret=s3cret%26%3D&grant_type=refresh_token&refresh_token=r1&user_type=Location";
    assert_eq!(request.http.body(), body);
    assert_eq!(request.http.headers()["content-type"], "application/x-www-form-urlencoded");
    let code = Proof::Code { code: "c1".into(), redirect_uri: Some("https://sync.example.com/cb".to_owned()) };
    let request = token(&app(), &code, UserType::Company, &version("v3"));
    let body = std::str::from_utf8(request.http.body()).unwrap();
    assert!(
        body.contains("grantType=authorization_code&code=c1&userType=Company&redirectUri=https%3A%2F%2F"),
        "{body}"
    );
    assert_eq!(request.http.headers()["version"], "v3");
    let reconnect = reconnect(&app(), UserType::Location, "L1", &version("v3"));
    let printed = format!("{request:?} {reconnect:?} {code:?} {:?}", app());
    assert!(!printed.contains("s3cret") && !printed.contains("c1"), "{printed}");
}

#[test]
fn tokens_are_read_with_the_names_of_either_version() {
    let dated = r#"{"access_token":"a1","refresh_token":"r1","expires_in":86399,"scope":"x y","locationId":"L1"}"#;
    let v3 = r#"{"accessToken":"a1","refreshToken":"r1","expiresIn":86399,"scope":"x y","locationId":"L1"}"#;
    for body in [dated, v3] {
        let set = token_set(&answer(200, body)).unwrap();
        assert_eq!(set.access.expose_secret(), "a1");
        assert_eq!(set.refresh.as_ref().map(ExposeSecret::expose_secret), Some("r1"));
        assert_eq!((set.expires_in.as_secs(), set.scopes.len()), (86399, 2));
        assert!(!format!("{set:?}").contains("a1"));
    }
    assert_eq!(token_set(&answer(200, "{}")).unwrap_err().class(), Class::Unreadable);
}

#[test]
fn refusals_of_the_token_route_are_told_apart() {
    let error = |body| token_set(&answer(400, body)).unwrap_err();
    let grant = error(r#"{"message":"Invalid grant: refresh token is invalid"}"#);
    assert!(grant.is_invalid_grant() && !grant.is_location_inactive());
    let paused = error(r#"{"message":"Location is not active"}"#);
    assert!(paused.is_location_inactive() && !paused.is_invalid_grant());
    let elsewhere = token_set(&answer(403, r#"{"statusCode":403,"message":"Location is not active"}"#)).unwrap_err();
    assert!(elsewhere.is_location_inactive());
    assert!(!error(r#"{"message":"Invalid parameter: code"}"#).is_location_inactive());
}

#[test]
fn installations_are_paged_by_count_or_by_token() {
    let app = Id::new("app1").unwrap();
    let wanted = Installations { company: "c1", app: &app, limit: 50, after: Some("50") };
    let dated = installed_locations(&wanted, &version("2021-07-28"));
    let query = "companyId=c1&appId=app1&isInstalled=true&limit=50&skip=50";
    assert_eq!(dated.http.uri(), format!("/oauth/installedLocations?{query}").as_str());
    let v3 = installed_locations(&wanted, &version("v3"));
    assert!(v3.http.uri().to_string().ends_with("&pageSize=50&pageToken=50"));
    let page = installed(&answer(200, r#"{"items":[{"id":"L1"}],"pagination":{"nextPageToken":"t"}}"#)).unwrap();
    assert_eq!(page, InstalledPage { locations: vec!["L1".to_owned()], next: Some("t".to_owned()) });
    assert_eq!(installed(&answer(200, r#"{"locations":[{"_id":"L2"}],"count":1}"#)).unwrap().locations, ["L2"]);
}

proptest! {
    #[test]
    fn no_body_panics_the_readers(body in ".{0,200}") {
        let _set = token_set(&answer(200, &body));
        let _page = installed(&answer(200, &body));
    }
}
