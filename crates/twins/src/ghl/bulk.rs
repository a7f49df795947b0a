//! The two operations on many contacts. Failures of single ones arrive inside the success.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::deliveries::Parcel;
use crate::door::Done;
use crate::ghl::changes::{self, Body, Change};
use crate::ghl::contact::texts;
use crate::ghl::contacts::{WRITE, object, same_location};
use crate::ghl::errors;
use crate::ghl::routes::{Reply, Rule};
use crate::ghl::rules::{Field, Kind, whitelisted};
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::version::Version;
use crate::history::{Actor, How};

// The published document names no scope for either.
pub(super) const RULES: &[Rule] = &[
    Rule::new("POST /contacts/bulk/tags/update/{type}", WRITE, tags),
    Rule::new("POST /contacts/bulk/business", WRITE, business),
];

const TAGS: [Field; 4] = [
    Field::needed("contacts", Kind::Texts),
    Field::needed("tags", Kind::Texts),
    Field::needed("locationId", Kind::Text),
    Field::optional("removeAllTags", Kind::Flag),
];

const BUSINESS: [Field; 3] = [
    Field::needed("locationId", Kind::Text),
    Field::needed("ids", Kind::Texts),
    Field::needed("businessId", Kind::TextOrNull),
];

/// The most contacts of one change of business in v3.
const MOST: usize = 50;

fn list<'a>(body: &'a Body, name: &str) -> &'a [Value] {
    body.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// What is to happen to the tags.
struct Wanted<'a> {
    tags: &'a [Value],
    adds: bool,
    all: bool,
}

fn tags(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let adds = match asked.call.segment(4) {
        "add" => true,
        "remove" => false,
        _ => return Err(errors::bad_request("type must be one of add, remove")),
    };
    let body = object(asked)?;
    whitelisted(&body, &TAGS)?;
    same_location(ghl, asked, &body)?;
    let all = !adds && body.get("removeAllTags") == Some(&json!(true));
    let wanted = Wanted { tags: list(&body, "tags"), adds, all };
    let mut parcels = Vec::new();
    let mut responses = Vec::new();
    for id in texts(list(&body, "contacts")) {
        let done = one(ghl, asked, id, &wanted);
        parcels.extend(done.parcels);
        responses.push(done.result);
    }
    let failed = responses.iter().filter(|response| response["type"] == "error").count();
    let mut answer = asked.version.done();
    answer.insert("errorCount".to_owned(), json!(failed));
    answer.insert("responses".to_owned(), json!(responses));
    Ok(Done { result: Answer::json(201, answer.into()), parcels })
}

fn one(ghl: &mut Ghl, asked: &Asked<'_>, id: &str, wanted: &Wanted<'_>) -> Done<Value> {
    let failed = |message: &str| {
        Done::quietly(json!({
            "contactId": id, "message": message, "type": "error",
            "oldTags": [], "tagsAdded": [], "tagsRemoved": [],
        }))
    };
    if id.len() != 20 || !id.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return failed("Contact id is not a valid firebase id");
    }
    match ghl.home(id) {
        None => return failed("Contact is deleted"),
        Some(home) if home != asked.at => return failed("Contact does not belong to the location"),
        Some(_) => {}
    }
    let old = ghl.locations[asked.at].shelf.get(id).map(|contact| contact.tags.clone()).unwrap_or_default();
    let change = Change { at: asked.at, id, by: Actor::Api, stamp: asked.stamp, how: &|_| How::Cleared };
    let done = changes::changed(ghl, &change, |contact| {
        if wanted.adds {
            contact.add_tags(texts(wanted.tags));
        } else if wanted.all {
            contact.tags.clear();
        } else {
            contact.remove_tags(texts(wanted.tags));
        }
    });
    let (new, parcels): (Vec<Box<str>>, Vec<Parcel>) =
        done.map(|done| (done.result.tags, done.parcels)).unwrap_or_default();
    let without = |held: &[Box<str>], other: &[Box<str>]| -> Vec<Box<str>> {
        held.iter().filter(|tag| !other.contains(tag)).cloned().collect()
    };
    let response = json!({
        "contactId": id, "message": "Tags updated", "type": "success",
        "oldTags": old, "tagsAdded": without(&new, &old), "tagsRemoved": without(&old, &new),
    });
    Done { result: response, parcels }
}

fn business(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let body = object(asked)?;
    whitelisted(&body, &BUSINESS)?;
    same_location(ghl, asked, &body)?;
    let ids: Vec<&str> = texts(list(&body, "ids")).collect();
    if asked.version == Version::V3 && ids.len() > MOST {
        return Err(errors::unprocessable(&["ids must contain no more than 50 elements".to_owned()]));
    }
    let wanted = body.get("businessId").and_then(Value::as_str);
    let location = &mut ghl.locations[asked.at];
    let mut done = Vec::new();
    for id in ids {
        if let Some(contact) = location.shelf.get_mut(id) {
            contact.business = wanted.map(Into::into);
            done.push(id);
        }
    }
    Ok(Done::quietly(Answer::json(200, json!({ "success": true, "ids": done }))))
}
