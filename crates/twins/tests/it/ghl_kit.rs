//! What the GHL tests share: an app being installed, forms, versions.

use reqwest::header::LOCATION as TARGET;
use serde_json::{Value, json};
use tandem_twins::{GhlConfig, GhlLocation, GhlTwin};

use crate::kit::{Caller, LOCATION, Seen, ghl, roomy};

pub(crate) const OTHER: &str = "OtherLocation0000002";
pub(crate) const COMPANY: &str = "SandboxCompany000001";
pub(crate) const APP: &str = "6878cec452e7c8d29d4dd3d9";
pub(crate) const CLIENT: (&str, &str) = ("client_id", "6878cec452e7c8d29d4dd3d9-sandbox1");
pub(crate) const SECRET: (&str, &str) = ("client_secret", "sandbox-client-secret");
pub(crate) const BACK: &str = "https://tandem.example.com/oauth/callback";

/// Two locations of one company.
pub(crate) fn two() -> GhlConfig {
    let locations = vec![GhlLocation::default(), GhlLocation::new(OTHER, "pit-other")];
    GhlConfig { locations, rate: roomy(), ..GhlConfig::default() }
}

pub(crate) async fn two_locations() -> (GhlTwin, Caller) {
    ghl(two()).await
}

impl Caller {
    /// The same caller with another token, dated.
    pub(crate) fn holding(&self, token: &str) -> Self {
        self.with(&[("authorization", &format!("Bearer {token}")), ("version", "2021-07-28")])
    }

    pub(crate) fn holding_v3(&self, token: &str) -> Self {
        self.with(&[("authorization", &format!("Bearer {token}")), ("version", "v3")])
    }

    /// For conversations, which are dated differently.
    pub(crate) fn talking(&self, token: &str) -> Self {
        self.with(&[("authorization", &format!("Bearer {token}")), ("version", "2021-04-15")])
    }
}

/// Follows the install link as a browser would, up to the way back.
pub(crate) async fn visit(twin: &GhlTwin, query: &[(&str, &str)]) -> (u16, Option<url::Url>) {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let link = format!("{}/v2/oauth/chooselocation", twin.base_url());
    let answer = http.get(link).query(query).send().await.unwrap();
    let target = answer.headers().get(TARGET).map(|target| target.to_str().unwrap().parse().unwrap());
    (answer.status().as_u16(), target)
}

/// Installs the app with all of these scopes and gives the code.
pub(crate) async fn code(twin: &GhlTwin, scope: &str) -> String {
    let query =
        [("response_type", "code"), CLIENT, ("redirect_uri", BACK), ("scope", scope), ("state", "opaque-state")];
    let (status, target) = visit(twin, &query).await;
    assert_eq!(status, 302);
    let target = target.unwrap();
    assert!(target.as_str().starts_with(BACK));
    assert!(target.query_pairs().any(|(name, value)| name == "state" && value == "opaque-state"));
    target.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

type Pairs<'a> = &'a [(&'a str, &'a str)];

/// Sends a form, with further headers.
pub(crate) async fn try_form(
    twin: &GhlTwin,
    path: &str,
    fields: Pairs<'_>,
    headers: Pairs<'_>,
) -> reqwest::Result<Seen> {
    let http = reqwest::Client::builder().no_proxy().retry(reqwest::retry::never()).build().unwrap();
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = http.post(format!("{}{path}", twin.base_url())).body(form);
    request = request.header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await?;
    Ok(Seen { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text })
}

pub(crate) async fn form(twin: &GhlTwin, path: &str, fields: Pairs<'_>, headers: Pairs<'_>) -> Seen {
    try_form(twin, path, fields, headers).await.unwrap()
}

pub(crate) async fn exchange(twin: &GhlTwin, code: &str) -> Seen {
    let fields = [CLIENT, SECRET, ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK)];
    form(twin, "/oauth/token", &fields, &[]).await
}

pub(crate) async fn refresh(twin: &GhlTwin, token: &str) -> Seen {
    let fields = [CLIENT, SECRET, ("grant_type", "refresh_token"), ("refresh_token", token), ("user_type", "Location")];
    form(twin, "/oauth/token", &fields, &[]).await
}

/// A pair of tokens for whatever is picked on the page.
pub(crate) async fn tokens(twin: &GhlTwin, scope: &str) -> Value {
    let seen = exchange(twin, &code(twin, scope).await).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    seen.body
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A contact of the first location, by API.
pub(crate) async fn made(caller: &Caller, first_name: &str) -> String {
    let body = json!({ "locationId": LOCATION, "firstName": first_name });
    text(&caller.send("POST", "/contacts/", body).await.body["contact"]["id"]).to_owned()
}
