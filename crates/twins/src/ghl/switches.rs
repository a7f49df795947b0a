//! What can be switched on a running twin by name, from a test or by hand.

use std::time::Duration;

use serde_json::{Value, json};

use crate::door::{Done, Edited};
use crate::ghl::access::Holder;
use crate::ghl::oauth::GhlChoice;
use crate::ghl::server::Ghl;
use crate::stamp::Stamp;

/// Throws a switch; the answer is the report on tokens.
pub(super) fn throw(ghl: &mut Ghl, name: &str, wanted: &Value, stamp: Stamp) -> Edited<Value> {
    let mut parcels = Vec::new();
    match name {
        "oauth" => {}
        "expire_access_tokens" => ghl.oauth.expire_access_tokens(stamp),
        "forget_refresh_tokens" => {
            let holder = wanted["location"].as_str().map(|id| holder(ghl, id)).transpose()?;
            ghl.oauth.forget_refresh_tokens(holder);
        }
        "advance_clock" => ghl.oauth.advance(Duration::from_secs(wanted["seconds"].as_u64().ok_or("seconds?")?)),
        "choose" => ghl.oauth.choose(choice(wanted)?),
        "active" => {
            let active = wanted["active"].as_bool().ok_or("active?")?;
            set_active(ghl, wanted["location"].as_str().unwrap_or_default(), active)?;
        }
        "revoke_token" => revoke_token(ghl, wanted["location"].as_str().unwrap_or_default())?,
        "uninstall" => {
            let holder = wanted["location"].as_str().map(|id| holder(ghl, id)).transpose()?;
            parcels = ghl.uninstall(holder.unwrap_or(Holder::Company), stamp);
        }
        "remove_scope" => drop(ghl.oauth.without.insert(scope(wanted)?)),
        "restore_scope" => drop(ghl.oauth.without.remove(&scope(wanted)?)),
        _ => return Err(format!("no switch {name}")),
    }
    Ok(Done { result: json!(ghl.oauth.report()), parcels })
}

pub(super) fn holder(ghl: &Ghl, location: &str) -> Result<Holder, String> {
    ghl.place(location).map(Holder::Location).ok_or_else(|| format!("no location {location}"))
}

pub(super) fn set_active(ghl: &mut Ghl, location: &str, active: bool) -> Result<(), String> {
    let at = ghl.place(location).ok_or_else(|| format!("no location {location}"))?;
    ghl.locations[at].config.active = active;
    Ok(())
}

/// An empty token is nobody's: whoever shows none is not let in anyway.
pub(super) fn revoke_token(ghl: &mut Ghl, location: &str) -> Result<(), String> {
    let at = ghl.place(location).ok_or_else(|| format!("no location {location}"))?;
    ghl.locations[at].config.token.clear();
    Ok(())
}

fn choice(wanted: &Value) -> Result<GhlChoice, String> {
    if let Some(location) = wanted["location"].as_str() {
        return Ok(GhlChoice::Location(location.to_owned()));
    }
    let listed = wanted["company"].as_array().ok_or("location or company?")?;
    Ok(GhlChoice::Company(listed.iter().filter_map(Value::as_str).map(str::to_owned).collect()))
}

fn scope(wanted: &Value) -> Result<String, String> {
    wanted["scope"].as_str().map(str::to_owned).ok_or_else(|| "scope?".to_owned())
}
