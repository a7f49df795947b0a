//! The location itself and its tags.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::ghl::access::Holder;
use crate::ghl::config::GhlLocation;
use crate::ghl::contacts::object;
use crate::ghl::errors;
use crate::ghl::location::Location;
use crate::ghl::routes::{Reply, Rule, Who, reply};
use crate::ghl::rules::{Field, Kind, whitelisted};
use crate::ghl::server::{Asked, Ghl};

const READ_TAGS: &str = "locations/tags.readonly";
const WRITE_TAGS: &str = "locations/tags.write";

pub(super) const RULES: &[Rule] = &[
    Rule::new("GET /locations/{locationId}", "locations.readonly", get).by(Who::Either),
    Rule::new("GET /locations/{locationId}/tags", READ_TAGS, tags),
    Rule::new("POST /locations/{locationId}/tags", WRITE_TAGS, create_tag),
    Rule::new("GET /locations/{locationId}/tags/{tagId}", READ_TAGS, tag),
    Rule::new("PUT /locations/{locationId}/tags/{tagId}", WRITE_TAGS, rename_tag),
    Rule::new("DELETE /locations/{locationId}/tags/{tagId}", WRITE_TAGS, delete_tag),
];

const TAG: [Field; 1] = [Field::needed("name", Kind::Text)];

/// The location of the path has to be the token's.
pub(super) fn own<'a>(ghl: &'a mut Ghl, asked: &Asked<'_>) -> Result<&'a mut Location, Answer> {
    let location = &mut ghl.locations[asked.at];
    if location.config.id == asked.call.segment(1) { Ok(location) } else { Err(errors::other_location()) }
}

fn get(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let company = ghl.company_id.clone();
    let at = match asked.holder {
        Holder::Location(at) => Some(at),
        Holder::Company => ghl.place(asked.call.segment(1)),
    };
    let location = at.map(|at| &ghl.locations[at].config).filter(|config| config.id == asked.call.segment(1));
    let location = location.ok_or_else(errors::other_location)?;
    reply(200, json!({ "location": view(location, &company) }))
}

fn view(config: &GhlLocation, company: &str) -> Value {
    let settings = json!({
        "allowDuplicateContact": config.allow_duplicates, "allowDuplicateOpportunity": false,
        "allowFacebookNameMerge": false, "disableContactTimezone": false,
    });
    json!({
        "id": config.id, "companyId": company, "name": config.name, "country": config.country,
        "timezone": config.timezone, "settings": settings, "business": { "name": config.name }, "social": {},
    })
}

/// A tag's id follows from its name.
fn tag_id(name: &str) -> String {
    format!("tag-{name}")
}

fn tag_view(name: &str, location: &str) -> Value {
    json!({ "id": tag_id(name), "name": name, "locationId": location })
}

fn tags(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let location = own(ghl, asked)?;
    let tags: Vec<Value> = location.dictionary.iter().map(|name| tag_view(name, &location.config.id)).collect();
    reply(200, json!({ "tags": tags }))
}

fn named(asked: &Asked<'_>) -> Result<String, Answer> {
    let body = object(asked)?;
    whitelisted(&body, &TAG)?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default().trim().to_lowercase();
    if name.is_empty() { Err(errors::unprocessable(&["name should not be empty".to_owned()])) } else { Ok(name) }
}

/// The name of the tag in the path.
fn held(location: &Location, asked: &Asked<'_>) -> Result<String, Answer> {
    let id = asked.call.segment(3);
    let name = location.dictionary.iter().find(|name| tag_id(name) == id);
    name.map(ToString::to_string).ok_or_else(|| errors::bad_request("Tag not found"))
}

/// 200, and not 201.
fn create_tag(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let name = named(asked)?;
    let location = own(ghl, asked)?;
    location.dictionary.insert(name.as_str().into());
    reply(200, json!({ "tag": tag_view(&name, &location.config.id) }))
}

fn tag(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let location = own(ghl, asked)?;
    let name = held(location, asked)?;
    reply(200, json!({ "tag": tag_view(&name, &location.config.id) }))
}

fn rename_tag(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let wanted = named(asked)?;
    let location = own(ghl, asked)?;
    let name = held(location, asked)?;
    location.dictionary.remove(name.as_str());
    location.dictionary.insert(wanted.as_str().into());
    reply(200, json!({ "tag": tag_view(&wanted, &location.config.id) }))
}

/// Leaves the tag on the contacts that have it.
fn delete_tag(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let location = own(ghl, asked)?;
    let name = held(location, asked)?;
    location.dictionary.remove(name.as_str());
    reply(200, json!({ "succeded": true }))
}
