//! Reads: one contact, the old list, the duplicate search, the location; and what the judge reads.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::ghl::config::GhlCustomField;
use crate::ghl::contact::Contact;
use crate::ghl::contacts::id_for;
use crate::ghl::location::Location;
use crate::ghl::routes::Route;
use crate::ghl::server::{Asked, Ghl, Version};
use crate::ghl::{errors, views};
use crate::history::Actor;
use crate::phone;
use crate::report::{Findings, shared};

pub(super) fn get(ghl: &Ghl, asked: &Asked<'_>) -> Answer {
    let location = &ghl.locations[asked.at];
    match id_for(ghl, asked).map(|id| location.shelf.get(id)) {
        Ok(Some(contact)) => {
            Answer::json(200, json!({ "contact": views::whole(contact, &location.config.id, asked.version) }))
        }
        Ok(None) => errors::no_contact(asked.call.segment(1)),
        Err(answer) => answer,
    }
}

/// The location of a query: it must be there, and it must be the token's.
fn location_in_query(ghl: &Ghl, asked: &Asked<'_>) -> Result<(), Answer> {
    match asked.call.param("locationId") {
        None => Err(errors::unprocessable(&["locationId should not be empty".to_owned()])),
        Some(id) if id == ghl.locations[asked.at].config.id => Ok(()),
        Some(_) => Err(errors::other_location()),
    }
}

/// `GET /contacts/`: youngest first, by cursor. Gone in v3.
pub(super) fn list(ghl: &Ghl, asked: &Asked<'_>) -> Answer {
    if asked.version == Version::V3 {
        return errors::no_route(&asked.call.method, &asked.call.path);
    }
    if let Err(answer) = location_in_query(ghl, asked) {
        return answer;
    }
    let limit = asked.call.param("limit").map_or(Ok(20), str::parse::<usize>);
    let Some(limit) = limit.ok().filter(|limit| (1..=100).contains(limit)) else {
        return errors::unprocessable(&["limit must be between 1 and 100".to_owned()]);
    };
    let location = &ghl.locations[asked.at];
    let query = asked.call.param("query").unwrap_or_default().to_lowercase();
    let mut rows: Vec<&Contact> =
        location.lag.rows_after(&location.shelf, 0, asked.stamp.instant).map(|(_, row)| row).collect();
    rows.retain(|contact| query.is_empty() || mentions(contact, &query));
    rows.sort_by_key(|contact| std::cmp::Reverse(list_cursor(contact)));
    let total = rows.len();
    if let Some(cursor) = cursor_of(asked) {
        rows.retain(|contact| list_cursor(contact) < cursor);
    }
    rows.truncate(limit);
    let meta = rows.last().map(|last| list_meta(last, total, &location.config.id));
    let page: Vec<Value> = rows.iter().map(|contact| views::listed(contact, &location.config.id)).collect();
    Answer::json(
        200,
        json!({ "contacts": page, "count": total, "meta": meta.unwrap_or_else(|| json!({ "total": total })) }),
    )
}

fn list_cursor(contact: &Contact) -> (i64, &str) {
    (contact.added.as_millisecond(), &contact.id)
}

fn cursor_of<'a>(asked: &Asked<'a>) -> Option<(i64, &'a str)> {
    let millis = asked.call.param("startAfter")?.parse().ok()?;
    Some((millis, asked.call.param("startAfterId").unwrap_or_default()))
}

fn list_meta(last: &Contact, total: usize, location: &str) -> Value {
    let (after, id) = list_cursor(last);
    let next = format!("/contacts/?locationId={location}&startAfter={after}&startAfterId={id}");
    json!({ "total": total, "nextPageUrl": next, "startAfterId": id, "startAfter": after })
}

/// Whether the full text of a contact holds the words.
pub(super) fn mentions(contact: &Contact, words: &str) -> bool {
    let fields = [contact.text("email"), contact.text("phone"), contact.text("companyName")];
    let held = |text: &str| text.to_lowercase().contains(words);
    held(&contact.name()) || fields.into_iter().flatten().any(held)
}

pub(super) fn duplicate(ghl: &Ghl, asked: &Asked<'_>) -> Answer {
    if let Err(answer) = location_in_query(ghl, asked) {
        return answer;
    }
    let (email, number) = (asked.call.param("email"), asked.call.param("number"));
    if email.is_none() && number.is_none() {
        return errors::bad_request("Pass at least one of number, email query parameter");
    }
    let location = &ghl.locations[asked.at];
    let by_email = email.and_then(|email| location.holder("email", email, ""));
    let found = by_email.or_else(|| location.holder("phone", &phone::normal(number?), ""));
    let view = found.map(|contact| views::whole(contact, &location.config.id, asked.version));
    Answer::json(200, json!({ "contact": view }))
}

pub(super) fn location(ghl: &Ghl, route: Route, asked: &Asked<'_>) -> Answer {
    let location = &ghl.locations[asked.at];
    let config = &location.config;
    if asked.call.segment(1) != config.id {
        return errors::other_location();
    }
    if route == Route::CustomFields {
        let fields: Vec<Value> = config.custom_fields.iter().map(|field| definition(field, &config.id)).collect();
        return Answer::json(200, json!({ "customFields": fields }));
    }
    if route == Route::CustomField {
        let field = config.field(asked.call.segment(3)).map(|field| definition(field, &config.id));
        return field.map_or_else(
            || errors::bad_request("Custom field not found"),
            |field| Answer::json(200, json!({ "customField": field })),
        );
    }
    if route == Route::LocationTags {
        return Answer::json(200, json!({ "tags": tags(location) }));
    }
    let settings = json!({
        "allowDuplicateContact": config.allow_duplicates, "allowDuplicateOpportunity": false,
        "allowFacebookNameMerge": false, "disableContactTimezone": false,
    });
    let view = json!({
        "id": config.id, "companyId": "SandboxCompany000001", "name": config.name, "country": config.country,
        "timezone": config.timezone, "settings": settings,
    });
    Answer::json(200, json!({ "location": view }))
}

fn definition(field: &GhlCustomField, location: &str) -> Value {
    json!({
        "id": field.id, "name": field.name, "fieldKey": format!("contact.{}", field.key), "placeholder": "",
        "dataType": field.data_type, "position": 0, "picklistOptions": field.options, "picklistImageOptions": [],
        "isAllowedCustomOption": false, "isMultiFileAllowed": false, "maxFileLimit": 1, "locationId": location,
        "model": "contact",
    })
}

fn tags(location: &Location) -> Vec<Value> {
    let all: BTreeSet<&str> = location.shelf.rows().flat_map(|(_, row)| row.tags.iter().map(|tag| &**tag)).collect();
    let entry = |tag: &str| json!({ "id": format!("tag-{tag}"), "name": tag, "locationId": location.config.id });
    all.into_iter().map(entry).collect()
}

pub(super) fn contact(ghl: &Ghl, id: &str) -> Option<Value> {
    let location = ghl.locations.get(ghl.home(id)?)?;
    Some(views::whole(location.shelf.get(id)?, &location.config.id, Version::Dated))
}

pub(super) fn contacts(ghl: &Ghl, skip: usize, limit: usize) -> Vec<Value> {
    let all =
        ghl.locations.iter().flat_map(|location| location.shelf.rows().map(|(_, row)| (row, &location.config.id)));
    all.skip(skip).take(limit).map(|(row, location)| views::whole(row, location, Version::Dated)).collect()
}

pub(super) fn findings(ghl: &Ghl) -> Findings {
    let mut findings = Findings::of(&ghl.ledger);
    for location in &ghl.locations {
        let rows = || location.shelf.rows().map(|(_, row)| row);
        findings.contacts += rows().count();
        for row in rows() {
            *findings.writes.contacts_by_api_writes.entry(row.marks.api_writes).or_default() += 1;
        }
        if let Some(marker) = &location.config.marker_field {
            let marked = rows().filter_map(|row| {
                let (_, value) = row.custom.iter().find(|(id, _)| **id == **marker)?;
                Some((value.as_str()?, &*row.id))
            });
            findings.duplicates.extend(shared("marker", marked));
        }
        let by_api: BTreeSet<&str> = rows().filter(|row| row.marks.creator == Actor::Api).map(|row| &*row.id).collect();
        for field in ["email", "phone"] {
            let held = shared(field, rows().filter_map(|row| Some((row.text(field)?, &*row.id))));
            let ours = held.into_iter().filter(|group| group.contacts.iter().any(|id| by_api.contains(id.as_str())));
            findings.lookalikes.extend(ours);
        }
    }
    findings
}

/// A time in a filter: ISO 8601 or milliseconds since 1970, as a number or as text.
pub(super) fn moment(value: &Value) -> Option<Timestamp> {
    let millis = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    match millis {
        Some(millis) => Timestamp::from_millisecond(millis).ok(),
        None => value.as_str()?.parse().ok(),
    }
}
