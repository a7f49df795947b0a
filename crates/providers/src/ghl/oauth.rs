//! Tokens and installations (contract sheet, sections 2.2 to 2.5). Requests and answers hold secrets: neither prints them.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value as Json, json};

use crate::{ApiError, Request, Response, json};

use super::request::{Id, build, query, with_form};
use super::response::read;
use super::{ApiVersion, operations as ops, version};

/// GHL's lifetime of an access token, where an answer doesn't name it.
const DAY: Duration = Duration::from_hours(24);

/// The app that asks.
#[derive(Debug, Clone)]
pub struct App {
    /// Its public id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
}

impl App {
    /// The app's id, as webhooks and lists name it: the client id up to its first dash (contract sheet, section 2.2).
    pub fn id(client_id: &str) -> &str {
        client_id.split_once('-').map_or(client_id, |(id, _)| id)
    }
}

/// Whom a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserType {
    /// An agency.
    Company,
    /// A sub-account.
    Location,
}

impl UserType {
    fn name(self) -> &'static str {
        match self {
            Self::Company => "Company",
            Self::Location => "Location",
        }
    }
}

/// What a new pair is asked for with. Either can be used once.
#[derive(Debug, Clone)]
pub enum Proof {
    /// The code that an installation, or a reconnect, ends with.
    Code {
        /// The code.
        code: SecretString,
        /// The address that the installation was started with.
        redirect_uri: Option<String>,
    },
    /// The refresh token of the last pair.
    Refresh(SecretString),
}

/// `POST /oauth/token`.
pub fn token(app: &App, proof: &Proof, user_type: UserType, version: &ApiVersion) -> Request {
    let (grant, code, refresh, redirect) = match proof {
        Proof::Code { code, redirect_uri } => ("authorization_code", Some(code), None, redirect_uri.as_deref()),
        Proof::Refresh(refresh) => ("refresh_token", None, Some(refresh), None),
    };
    let pairs = [
        (version.key("client_id"), Some(app.client_id.as_str())),
        (version.key("client_secret"), Some(app.client_secret.expose_secret())),
        (version.key("grant_type"), Some(grant)),
        ("code", code.map(ExposeSecret::expose_secret)),
        (version.key("refresh_token"), refresh.map(ExposeSecret::expose_secret)),
        (version.key("user_type"), Some(user_type.name())),
        (version.key("redirect_uri"), redirect),
    ];
    with_form(build(&ops::OAUTH_TOKEN, version, &[]), &pairs)
}

/// A location's token for the agency's, which the call is made with.
pub fn location_token(company: &str, location: &str, version: &ApiVersion) -> Request {
    let pairs = [("companyId", Some(company)), ("locationId", Some(location))];
    with_form(build(&ops::OAUTH_LOCATION_TOKEN, version, &[]), &pairs)
}

/// `POST /oauth/reconnect`: a code for [`token`] without anybody at a screen.
pub fn reconnect(app: &App, user_type: UserType, account: &str, version: &ApiVersion) -> Request {
    let key = match user_type {
        UserType::Company => "companyId",
        UserType::Location => "locationId",
    };
    let body = json!({"clientKey": app.client_id, "clientSecret": app.client_secret.expose_secret(), key: account});
    build(&ops::OAUTH_RECONNECT, version, &[]).with_json(&body)
}

/// Which installations to list.
#[derive(Debug, Clone)]
pub struct Installations<'a> {
    /// The agency.
    pub company: &'a str,
    /// The app.
    pub app: &'a Id,
    /// Page size.
    pub limit: u32,
    /// Where the last page ended: [`InstalledPage::next`].
    pub after: Option<&'a str>,
}

/// Where the app is installed. The dated API counts, v3 hands out page tokens.
pub fn installed_locations(wanted: &Installations<'_>, version: &ApiVersion) -> Request {
    let (size, after) = if version.is_v3() { ("pageSize", "pageToken") } else { ("limit", "skip") };
    let limit = wanted.limit.to_string();
    let parameters = [
        ("companyId", Some(wanted.company)),
        ("appId", Some(wanted.app.as_str())),
        ("isInstalled", Some("true")),
        (size, Some(limit.as_str())),
        (after, wanted.after),
    ];
    query(&ops::OAUTH_INSTALLED_LOCATIONS, version, &[], &parameters)
}

/// Tokens as GHL gave them.
#[derive(Clone)]
pub struct TokenSet {
    /// What calls are made with.
    pub access: SecretString,
    /// What the next pair is asked for with; the dated location exchange gives none.
    pub refresh: Option<SecretString>,
    /// How long the access token works.
    pub expires_in: Duration,
    /// What it allows.
    pub scopes: Vec<String>,
    /// The location it is for.
    pub location_id: Option<String>,
    /// The agency.
    pub company_id: Option<String>,
    /// The locations that a bulk installation was approved for.
    pub approved_locations: Vec<String>,
    /// Whether one agency's installation covers many locations.
    pub is_bulk: bool,
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSet")
            .field("expires_in", &self.expires_in)
            .field("scopes", &self.scopes)
            .field("location_id", &self.location_id)
            .field("company_id", &self.company_id)
            .finish_non_exhaustive()
    }
}

/// The answer to [`token`] and [`location_token`], with the names of either version.
pub fn token_set(response: &Response) -> Result<TokenSet, ApiError> {
    read(response, |body| {
        let scopes = either(body, "scope").unwrap_or_default();
        let seconds = body.get("expires_in").or_else(|| body.get("expiresIn")).and_then(Json::as_u64);
        Some(TokenSet {
            access: either(body, "access_token")?.into(),
            refresh: either(body, "refresh_token").map(SecretString::from),
            expires_in: seconds.map_or(DAY, |seconds| Duration::from_secs(seconds).min(DAY)),
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            location_id: json::text(body, "locationId"),
            company_id: json::text(body, "companyId"),
            approved_locations: json::list(body, "approvedLocations").iter().filter_map(json::plain).collect(),
            is_bulk: body.get("isBulkInstallation") == Some(&Json::Bool(true)),
        })
    })
}

/// The code in the answer to [`reconnect`].
pub fn reconnected(response: &Response) -> Result<SecretString, ApiError> {
    read(response, |body| json::text(body, "authorizationCode").map(SecretString::from))
}

/// One page of installations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledPage {
    /// The locations' ids.
    pub locations: Vec<String>,
    /// v3: the token of the next page. The dated API has none: count what was read.
    pub next: Option<String>,
}

/// The answer to [`installed_locations`].
pub fn installed(response: &Response) -> Result<InstalledPage, ApiError> {
    read(response, |body| {
        let items = body.get("locations").or_else(|| body.get("items"))?.as_array()?;
        let id = |item: &Json| item.as_object().and_then(either_id);
        let next = json::child(body, "pagination").and_then(|page| json::text(page, "nextPageToken"));
        Some(InstalledPage { locations: items.iter().filter_map(id).collect(), next })
    })
}

fn either_id(item: &Map<String, Json>) -> Option<String> {
    ["_id", "id", "locationId"].iter().find_map(|key| json::text(item, key))
}

fn either(body: &Map<String, Json>, dated: &str) -> Option<String> {
    json::text(body, dated).or_else(|| json::text(body, version::v3_key(dated)))
}

#[cfg(test)]
mod tests;
