//! `POST /oauth/token`: codes and refresh tokens become new pairs, each once.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Grant;
use super::vault::{Worthless, until};
use crate::call::{Answer, Call};
use crate::ghl::access::Holder;
use crate::ghl::errors::{INACTIVE, token_refused};
use crate::ghl::routes::{Reply, reply};
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::version::Version;
use crate::stamp::Stamp;

/// A form, or in v3 a JSON body. Anything else counts as empty.
pub(super) fn fields(call: &Call, version: Version) -> BTreeMap<String, String> {
    let kind = call.header("content-type").unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        return url::form_urlencoded::parse(&call.body).into_owned().collect();
    }
    if version == Version::V3 && kind.starts_with("application/json") {
        let body = call.object().unwrap_or_default();
        return body.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect();
    }
    BTreeMap::new()
}

/// The parameters of a call, under this version's names.
struct Form {
    version: Version,
    fields: BTreeMap<String, String>,
}

impl Form {
    fn get(&self, dated: &str) -> Option<&str> {
        self.fields.get(&self.version.token_field(dated)).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn need(&self, dated: &str) -> Result<&str, Answer> {
        let missing = || token_refused(&format!("Missing parameter: {}", self.version.token_field(dated)));
        self.get(dated).ok_or_else(missing)
    }

    fn invalid(&self, dated: &str) -> Answer {
        token_refused(&format!("Invalid parameter: {}", self.version.token_field(dated)))
    }
}

pub(super) fn token(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let form = Form { version: asked.version, fields: fields(asked.call, asked.version) };
    let granted = granted(ghl, &form, asked.stamp);
    if granted.is_err() {
        ghl.oauth.report.refused += 1;
    }
    let pair = mint(ghl, &granted?, asked.stamp, true);
    reply(200, pair.shown(ghl, asked.version))
}

/// What the caller has a right to; the code or refresh token is used up then.
fn granted(ghl: &mut Ghl, form: &Form, stamp: Stamp) -> Result<Grant, Answer> {
    for (name, right) in [("client_id", &ghl.app.client_id), ("client_secret", &ghl.app.client_secret)] {
        if form.need(name)? != right {
            return Err(form.invalid(name));
        }
    }
    if form.get("user_type").is_some_and(|kind| !["Company", "Location"].contains(&kind)) {
        return Err(form.invalid("user_type"));
    }
    match form.need("grant_type")? {
        "authorization_code" => by_code(ghl, form, stamp),
        "refresh_token" => by_refresh(ghl, form, stamp),
        _ => Err(form.invalid("grant_type")),
    }
}

fn by_code(ghl: &mut Ghl, form: &Form, stamp: Stamp) -> Result<Grant, Answer> {
    let code = form.need("code")?;
    let now = ghl.oauth.now(stamp);
    let (grant, sent_to) = match ghl.oauth.vault.code(code, now) {
        Ok(found) => found,
        Err(why) => {
            ghl.oauth.report.code_reuses += u64::from(why == Worthless::Spent);
            return Err(token_refused("Invalid grant: authorization code is invalid"));
        }
    };
    if sent_to.is_some() && form.get("redirect_uri").is_some_and(|named| Some(named) != sent_to) {
        return Err(form.invalid("redirect_uri"));
    }
    active(ghl, &grant)?;
    ghl.oauth.vault.spend_code(code);
    ghl.oauth.report.codes_exchanged += 1;
    Ok(grant)
}

fn by_refresh(ghl: &mut Ghl, form: &Form, stamp: Stamp) -> Result<Grant, Answer> {
    let token = form.need("refresh_token")?;
    let now = ghl.oauth.now(stamp);
    let grant = match ghl.oauth.vault.refresh(token, now) {
        Ok(grant) => grant,
        Err(why) => {
            ghl.oauth.report.refresh_reuses += u64::from(why == Worthless::Spent);
            return Err(token_refused("Invalid grant: refresh token is invalid"));
        }
    };
    active(ghl, &grant)?;
    ghl.oauth.vault.spend_refresh(token, ghl.app.refresh_ends_access);
    ghl.oauth.report.refreshes += 1;
    Ok(grant)
}

/// An inactive location gets no token, and its code or refresh token stays good.
fn active(ghl: &Ghl, grant: &Grant) -> Result<(), Answer> {
    match grant.holder {
        Holder::Location(at) if !ghl.locations[at].config.active => Err(token_refused(INACTIVE)),
        Holder::Location(_) | Holder::Company => Ok(()),
    }
}

/// A new access token, with its refresh token if it gets one.
pub(super) struct Pair {
    access: String,
    refresh: Option<String>,
    grant: Grant,
}

pub(super) fn mint(ghl: &mut Ghl, grant: &Grant, stamp: Stamp, refreshable: bool) -> Pair {
    let now = ghl.oauth.now(stamp);
    let access = format!("ghl-access-{}", ghl.ids.letters(40));
    ghl.oauth.vault.keep_access(&access, grant.clone(), until(now, ghl.app.access_life));
    let refresh = refreshable.then(|| format!("ghl-refresh-{}", ghl.ids.letters(40)));
    if let Some(refresh) = &refresh {
        ghl.oauth.vault.keep_refresh(refresh, &access, grant.clone(), until(now, ghl.app.refresh_life));
    }
    Pair { access, refresh, grant: grant.clone() }
}

impl Pair {
    /// What all token answers hold.
    pub(super) fn common(&self, ghl: &Ghl, version: Version) -> Map<String, Value> {
        let kept = self.grant.scopes.iter().filter(|scope| !ghl.oauth.without.contains(*scope));
        let scope = kept.cloned().collect::<Vec<_>>().join(" ");
        let mut body = Map::new();
        body.insert(version.token_field("access_token"), json!(self.access));
        body.insert(version.token_field("token_type"), json!("Bearer"));
        body.insert(version.token_field("expires_in"), json!(ghl.app.access_life.as_secs()));
        if let Some(refresh) = &self.refresh {
            body.insert(version.token_field("refresh_token"), json!(refresh));
        }
        body.insert("scope".to_owned(), json!(scope));
        body.insert("userId".to_owned(), json!(ghl.users.first().map_or("SandboxUser000000001", |user| &user.id)));
        body
    }

    /// The answer of the token endpoint.
    fn shown(&self, ghl: &Ghl, version: Version) -> Map<String, Value> {
        let mut body = self.common(ghl, version);
        body.insert("companyId".to_owned(), json!(ghl.company_id));
        match self.grant.holder {
            Holder::Location(at) => {
                body.insert("userType".to_owned(), json!("Location"));
                body.insert("locationId".to_owned(), json!(ghl.locations[at].config.id));
            }
            Holder::Company => {
                body.insert("userType".to_owned(), json!("Company"));
                body.insert("approvedLocations".to_owned(), json!(self.grant.approved));
                body.insert("isBulkInstallation".to_owned(), json!(true));
                body.insert("installToFutureLocations".to_owned(), json!(false));
                body.insert("approveAllLocations".to_owned(), json!(self.grant.approved.len() == ghl.locations.len()));
            }
        }
        body
    }
}
