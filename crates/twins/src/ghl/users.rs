//! The people of the agency.

use serde_json::{Value, json};

use crate::ghl::access::Holder;
use crate::ghl::config::GhlUser;
use crate::ghl::errors;
use crate::ghl::reads::{location_in_query, window};
use crate::ghl::routes::{Reply, Rule, Who, reply};
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::version::Version;

const READ: &str = "users.readonly";

pub(super) const RULES: &[Rule] = &[
    Rule::new("GET /users/", READ, list).only(Version::Dated),
    Rule::new("GET /users/search", READ, search).by(Who::Either),
    Rule::new("GET /users/{userId}", READ, get).by(Who::Either),
];

impl GhlUser {
    fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    fn works_in(&self, location: &str) -> bool {
        self.locations.is_empty() || self.locations.iter().any(|held| held == location)
    }
}

fn view(user: &GhlUser, everywhere: &[String]) -> Value {
    let locations = if user.locations.is_empty() { everywhere } else { &user.locations };
    json!({
        "id": user.id, "name": user.name(), "firstName": user.first_name, "lastName": user.last_name,
        "email": user.email, "phone": user.phone, "extension": "", "deleted": false,
        "permissions": { "contactsEnabled": true, "conversationsEnabled": true },
        "roles": { "type": "account", "role": user.role, "locationIds": locations, "restrictSubAccount": false },
    })
}

fn everywhere(ghl: &Ghl) -> Vec<String> {
    ghl.locations.iter().map(|location| location.config.id.clone()).collect()
}

/// The location whose people a token may see; a company sees all.
fn limits(ghl: &Ghl, asked: &Asked<'_>) -> Option<String> {
    match asked.holder {
        Holder::Location(at) => Some(ghl.locations[at].config.id.clone()),
        Holder::Company => None,
    }
}

fn list(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    location_in_query(ghl, asked)?;
    let (all, here) = (everywhere(ghl), &ghl.locations[asked.at].config.id);
    let users = ghl.users.iter().filter(|user| user.works_in(here));
    reply(200, json!({ "users": users.map(|user| view(user, &all)).collect::<Vec<_>>() }))
}

fn search(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let param = |name: &str| asked.call.param(name);
    match param("companyId") {
        None => return Err(errors::unprocessable(&["companyId should not be empty".to_owned()])),
        Some(company) if company != ghl.company_id => {
            return Err(errors::forbidden("The token does not have access to this company."));
        }
        Some(_) => {}
    }
    let (limit, skip) = window(asked, 25)?;
    let limits = limits(ghl, asked);
    if limits.as_deref().is_some_and(|own| param("locationId").is_some_and(|named| named != own)) {
        return Err(errors::other_location());
    }
    let location = limits.as_deref().or(param("locationId"));
    let words = param("query").unwrap_or_default().to_lowercase();
    let meets = |user: &&GhlUser| {
        location.is_none_or(|location| user.works_in(location))
            && (user.name().to_lowercase().contains(&words) || user.email.to_lowercase().contains(&words))
            && param("role").is_none_or(|role| user.role == role)
            && param("ids").is_none_or(|ids| ids.split(',').any(|id| id == user.id))
    };
    let all = everywhere(ghl);
    let found: Vec<&GhlUser> = ghl.users.iter().filter(meets).collect();
    let count = found.len();
    let page: Vec<Value> = found.into_iter().skip(skip).take(limit).map(|user| view(user, &all)).collect();
    reply(200, json!({ "users": page, "count": count }))
}

fn get(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let limits = limits(ghl, asked);
    let user = ghl.users.iter().find(|user| user.id == asked.call.segment(1));
    let seen = user.filter(|user| limits.as_deref().is_none_or(|location| user.works_in(location)));
    let user = seen.ok_or_else(|| errors::bad_request("User not found"))?;
    reply(200, view(user, &everywhere(ghl)))
}
