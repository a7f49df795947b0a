//! What a company token is for: location tokens, and the list of locations that have the app.

use serde_json::{Value, json};

use super::Grant;
use super::token::{fields, mint};
use crate::call::Answer;
use crate::ghl::access::Holder;
use crate::ghl::errors;
use crate::ghl::reads::window;
use crate::ghl::routes::{Reply, reply};
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::version::Version;

fn other_company() -> Answer {
    errors::forbidden("The token does not have access to this company.")
}

/// The scopes of the caller's token.
fn scopes(ghl: &Ghl, asked: &Asked<'_>) -> Vec<String> {
    let token = asked.call.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let held = token.and_then(|token| ghl.oauth.vault.access(token));
    held.map(|(grant, _)| grant.scopes.clone()).unwrap_or_default()
}

pub(super) fn location_token(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let form = fields(asked.call, asked.version);
    let need = |name: &str| {
        let missing = || errors::unprocessable(&[format!("{name} should not be empty")]);
        form.get(name).filter(|value| !value.is_empty()).ok_or_else(missing)
    };
    let (company, location) = (need("companyId")?, need("locationId")?);
    if *company != ghl.company_id {
        return Err(other_company());
    }
    let at = ghl.place(location).ok_or_else(|| errors::bad_request("Location not found"))?;
    let config = &ghl.locations[at].config;
    if !config.installed {
        return Err(errors::bad_request("App is not installed in this location"));
    }
    if !config.active {
        return Err(errors::token_refused(errors::INACTIVE));
    }
    let grant = Grant { holder: Holder::Location(at), scopes: scopes(ghl, asked), approved: Vec::new() };
    let refreshable = asked.version == Version::V3 || ghl.app.exchange_gives_refresh;
    let pair = mint(ghl, &grant, asked.stamp, refreshable);
    ghl.oauth.report.location_exchanges += 1;
    let mut body = pair.common(ghl, asked.version);
    body.insert("locationId".to_owned(), json!(location));
    body.insert("planId".to_owned(), json!(super::installs::PLAN));
    body.insert("appId".to_owned(), json!(ghl.app_id));
    body.insert("versionId".to_owned(), json!(ghl.app_id));
    reply(200, body)
}

pub(super) fn installed(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let param = |name: &str| asked.call.param(name);
    for (name, right) in [("companyId", &ghl.company_id), ("appId", &ghl.app_id)] {
        if param(name) != Some(right.as_str()) {
            return Err(refused(asked.version, name));
        }
    }
    let words = param("query").unwrap_or_default().to_lowercase();
    let wanted = param("isInstalled").map(|wanted| wanted == "true");
    let configs = ghl.locations.iter().map(|location| &location.config);
    let met = configs.filter(|config| {
        wanted.is_none_or(|wanted| wanted == config.installed)
            && param("locationId").is_none_or(|id| id == config.id)
            && config.name.to_lowercase().contains(&words)
    });
    let rows: Vec<Value> = met
        .map(|config| {
            json!({
                "_id": config.id, "name": config.name, "address": "1 Main St", "isInstalled": config.installed,
                "versionId": ghl.app_id,
            })
        })
        .collect();
    match asked.version {
        Version::Dated => {
            let (limit, skip) = window(asked, 20)?;
            let count = rows.len();
            let page: Vec<Value> = rows.into_iter().skip(skip).take(limit).collect();
            reply(200, json!({ "locations": page, "count": count, "installToFutureLocations": false }))
        }
        Version::V3 => paged(rows, asked),
    }
}

fn paged(rows: Vec<Value>, asked: &Asked<'_>) -> Reply {
    let number = |name: &str, usual: usize| asked.call.param(name).map_or(Ok(usual), str::parse::<usize>);
    let size = number("pageSize", 20).map_err(|_| refused(Version::V3, "pageSize"))?.max(1);
    let skip = number("pageToken", 0).map_err(|_| refused(Version::V3, "pageToken"))?;
    let total = rows.len();
    let page: Vec<Value> = rows.into_iter().skip(skip).take(size).collect();
    let more = skip + size < total;
    let mut pagination = json!({
        "totalRecords": total, "hasNextPage": more, "hasPrevPage": skip > 0, "currentPageSize": page.len(),
    });
    if more {
        pagination["nextPageToken"] = json!((skip + size).to_string());
    }
    reply(
        200,
        json!({
            "items": page, "pagination": pagination, "metadata": {}, "installToFutureLocations": false,
        }),
    )
}

/// v3 has an error envelope of its own here.
fn refused(version: Version, name: &str) -> Answer {
    let message = format!("{name} is missing or wrong");
    match version {
        Version::Dated => errors::bad_request(&message),
        Version::V3 => Answer::json(
            400,
            json!({ "error": {
                "code": "INVALID_ARGUMENT", "message": message, "details": {}, "resolution": "Check the parameter.",
            } }),
        ),
    }
}
