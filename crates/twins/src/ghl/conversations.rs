//! Conversations: found, begun, and read.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::ghl::contacts::{held_here, object, same_location};
use crate::ghl::errors;
use crate::ghl::reads::location_in_query;
use crate::ghl::routes::{Reply, Rule, reply};
use crate::ghl::rules::{Field, Kind, whitelisted};
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::talks::Conversation;
use crate::ghl::version::Family;
use crate::stamp::{Stamp, iso};

const READ_MESSAGES: &str = "conversations/message.readonly";

pub(super) const RULES: &[Rule] = &[
    Rule::new("GET /conversations/search", "conversations.readonly", search).of(Family::Conversations),
    Rule::new("POST /conversations/", "conversations.write", create).of(Family::Conversations).creating(),
    Rule::new("GET /conversations/{conversationId}", "conversations.readonly", get).of(Family::Conversations),
    Rule::new("GET /conversations/{conversationId}/messages", READ_MESSAGES, messages).of(Family::Conversations),
];

const NEW: [Field; 2] = [Field::needed("locationId", Kind::Text), Field::needed("contactId", Kind::Text)];

/// A number between 1 and `most` from the query.
pub(super) fn limit(
    asked: &Asked<'_>,
    usual: usize,
    allowed: std::ops::RangeInclusive<usize>,
) -> Result<usize, Answer> {
    let limit = asked.call.param("limit").map_or(Ok(usual), str::parse::<usize>);
    let words = || format!("limit must be between {} and {}", allowed.start(), allowed.end());
    limit.ok().filter(|limit| allowed.contains(limit)).ok_or_else(|| errors::bad_request(&words()))
}

fn search(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    location_in_query(ghl, asked)?;
    let limit = limit(asked, 20, 1..=100)?;
    let location = &ghl.locations[asked.at];
    let param = |name: &str| asked.call.param(name);
    let words = param("query").unwrap_or_default().to_lowercase();
    let mut found: Vec<(i64, Value)> = Vec::new();
    for conversation in location.talks.conversations() {
        let Some(contact) = location.shelf.get(&conversation.contact) else { continue };
        let meets = param("contactId").is_none_or(|id| id == conversation.contact)
            && param("id").is_none_or(|id| id == conversation.id)
            && (contact.name().to_lowercase().contains(&words)
                || contact.text("phone").is_some_and(|phone| phone.contains(&words)));
        let view = location.talks.found(conversation, contact, &location.config.id);
        let last = location.talks.last_direction(conversation);
        let same = param("lastMessageType").is_none_or(|wanted| view["lastMessageType"] == wanted)
            && param("lastMessageDirection").is_none_or(|wanted| last == Some(wanted));
        if meets && same {
            found.push((location.talks.touched(conversation).as_millisecond(), view));
        }
    }
    let total = found.len();
    let ascending = param("sort") == Some("asc");
    found.sort_by_key(|(at, _)| if ascending { *at } else { -at });
    if let Some(after) = param("startAfterDate").and_then(|date| date.parse::<i64>().ok()) {
        found.retain(|(at, _)| if ascending { *at > after } else { *at < after });
    }
    let page: Vec<Value> = found.into_iter().take(limit).map(|(_, view)| view).collect();
    reply(200, json!({ "conversations": page, "total": total }))
}

/// The conversation with a contact; begun if there is none.
pub(super) fn with_contact(ghl: &mut Ghl, at: usize, contact: &str, stamp: Stamp) -> Conversation {
    if let Some(held) = ghl.locations[at].talks.of_contact(contact) {
        return held.clone();
    }
    let begun = Conversation { id: ghl.ids.letters(20), contact: contact.to_owned(), added: stamp.time };
    ghl.locations[at].talks.open(begun.clone());
    begun
}

fn create(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let body = object(asked)?;
    whitelisted(&body, &NEW)?;
    same_location(ghl, asked, &body)?;
    let contact = body.get("contactId").and_then(Value::as_str).unwrap_or_default();
    held_here(ghl, asked, contact)?;
    if ghl.locations[asked.at].talks.of_contact(contact).is_some() {
        return Err(errors::bad_request("Conversation already exists"));
    }
    let begun = with_contact(ghl, asked.at, contact, asked.stamp);
    let date = iso(begun.added);
    let view = json!({
        "id": begun.id, "contactId": begun.contact, "locationId": ghl.locations[asked.at].config.id,
        "dateAdded": date, "dateUpdated": date, "lastMessageDate": date, "deleted": false,
    });
    reply(201, json!({ "success": true, "conversation": view }))
}

/// The conversation of the path.
fn held(ghl: &Ghl, asked: &Asked<'_>) -> Result<Conversation, Answer> {
    let id = asked.call.segment(1);
    let here = ghl.locations[asked.at].talks.conversation(id).cloned();
    let theirs = || ghl.locations.iter().any(|location| location.talks.conversation(id).is_some());
    match here {
        Some(here) => Ok(here),
        None if theirs() => Err(errors::other_location()),
        None => Err(errors::bad_request(&format!("Conversation with id {id} not found"))),
    }
}

fn get(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let held = held(ghl, asked)?;
    let location = &ghl.locations[asked.at].config.id;
    reply(
        200,
        json!({
            "id": held.id, "contactId": held.contact, "locationId": location, "deleted": false, "inbox": true,
            "type": 1, "unreadCount": 0, "starred": false,
        }),
    )
}

/// Youngest first, nested twice.
fn messages(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let held = held(ghl, asked)?;
    let limit = limit(asked, 20, 1..=100)?;
    let location = &ghl.locations[asked.at];
    let kinds: Option<Vec<&str>> = asked.call.param("type").map(|kinds| kinds.split(',').collect());
    let mut rows: Vec<Value> = Vec::new();
    let mut begun = asked.call.param("lastMessageId").is_none();
    for message in location.talks.messages_of(&held.id).rev() {
        if begun && kinds.as_ref().is_none_or(|kinds| kinds.contains(&message.kind.name())) {
            rows.push(message.view(&location.config.id));
        }
        begun = begun || asked.call.param("lastMessageId") == Some(message.id.as_str());
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().map_or_else(|| json!(""), |message| message["id"].clone());
    reply(200, json!({ "messages": { "lastMessageId": last, "nextPage": more, "messages": rows } }))
}
