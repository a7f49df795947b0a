//! The page behind the install link. A person would pick a location there; the twin has picked already.

use super::vault::until;
use super::{GhlChoice, Grant};
use crate::call::Answer;
use crate::door::Done;
use crate::ghl::access::Holder;
use crate::ghl::routes::Reply;
use crate::ghl::server::{Asked, Ghl};
use crate::stamp::Stamp;

/// Says on a page what is wrong with the link: nothing is sent to an address that was not checked.
fn page(problem: &str) -> Answer {
    Answer::html(400, format!("<!doctype html><title>Install</title><p>{problem}</p>"))
}

pub(super) fn choose(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let param = |name: &str| asked.call.param(name).filter(|value| !value.is_empty());
    if param("response_type") != Some("code") {
        return Err(page("response_type must be code"));
    }
    if param("client_id") != Some(ghl.app.client_id.as_str()) {
        return Err(page("client_id is not known"));
    }
    let target = param("redirect_uri").ok_or_else(|| page("redirect_uri is missing"))?;
    let allowed = &ghl.app.redirect_uris;
    if !allowed.is_empty() && !allowed.iter().any(|uri| uri == target) {
        return Err(page("redirect_uri is not one of the app's"));
    }
    let mut back = url::Url::parse(target).map_err(|_| page("redirect_uri is not an address"))?;
    let scopes: Vec<String> = param("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() || !scopes.iter().all(|scope| ghl.app.scopes.contains(scope)) {
        return Err(page("scope is missing, or not one of the app's"));
    }
    let grant = chosen(ghl, scopes).ok_or_else(|| page("there is no such location"))?;
    let code = issue(ghl, grant.clone(), Some(target.to_owned()), asked.stamp);
    back.query_pairs_mut().append_pair("code", &code);
    if let Some(state) = param("state") {
        back.query_pairs_mut().append_pair("state", state);
    }
    let parcels = ghl.install(&grant, asked.stamp);
    let mut answer = Answer::empty(302);
    answer.headers.push(("location", back.into()));
    Ok(Done { result: answer, parcels })
}

/// What was picked: the first location unless something else was said.
fn chosen(ghl: &Ghl, scopes: Vec<String>) -> Option<Grant> {
    let choice = ghl.oauth.choice.clone();
    let first = || ghl.locations.first().map(|location| GhlChoice::Location(location.config.id.clone()));
    match choice.or_else(first)? {
        GhlChoice::Location(id) => {
            Some(Grant { holder: Holder::Location(ghl.place(&id)?), scopes, approved: Vec::new() })
        }
        GhlChoice::Company(approved) => {
            approved.iter().all(|id| ghl.place(id).is_some()).then_some(())?;
            Some(Grant { holder: Holder::Company, scopes, approved })
        }
    }
}

/// A code for a grant.
pub(super) fn issue(ghl: &mut Ghl, grant: Grant, redirect_uri: Option<String>, stamp: Stamp) -> String {
    let code = ghl.ids.hex(40);
    let end = until(ghl.oauth.now(stamp), ghl.app.code_life);
    ghl.oauth.vault.keep_code(&code, grant, redirect_uri, end);
    ghl.oauth.report.codes_issued += 1;
    code
}
