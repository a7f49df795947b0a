//! `POST /oauth/reconnect`: a new code without a person, as long as the app is still installed.

use serde_json::{Value, json};

use super::Grant;
use super::authorize::issue;
use super::vault::until;
use crate::ghl::access::Holder;
use crate::ghl::contacts::object;
use crate::ghl::errors::token_refused;
use crate::ghl::routes::{Reply, reply};
use crate::ghl::server::{Asked, Ghl};
use crate::stamp::iso;

pub(super) fn reconnect(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let body = object(asked)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
    for (name, right) in [("clientKey", &ghl.app.client_id), ("clientSecret", &ghl.app.client_secret)] {
        let given = text(name).ok_or_else(|| token_refused(&format!("Missing parameter: {name}")))?;
        if given != right {
            return Err(token_refused(&format!("Invalid parameter: {name}")));
        }
    }
    let holder = match (text("locationId"), text("companyId")) {
        (Some(id), None) => ghl.place(id).filter(|at| ghl.locations[*at].config.installed).map(Holder::Location),
        (None, Some(id)) => (id == ghl.company_id && ghl.oauth.company_installed).then_some(Holder::Company),
        (Some(_), Some(_)) | (None, None) => {
            return Err(token_refused("Pass exactly one of locationId, companyId"));
        }
    };
    let holder = holder.ok_or_else(|| token_refused("App is not installed"))?;
    let grant = Grant { holder, scopes: ghl.app.scopes.clone(), approved: ghl.approved(holder) };
    let end = until(ghl.oauth.now(asked.stamp), ghl.app.code_life);
    let code = issue(ghl, grant, None, asked.stamp);
    ghl.oauth.report.reconnects += 1;
    reply(200, json!({ "authorizationCode": code, "expiresAt": iso(end) }))
}
