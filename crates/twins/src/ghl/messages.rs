//! Logging what was said elsewhere: nothing here sends anything.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::ghl::changes::Body;
use crate::ghl::contact::texts;
use crate::ghl::contacts::{held_here, object};
use crate::ghl::conversations::{limit, with_contact};
use crate::ghl::errors;
use crate::ghl::reads::location_in_query;
use crate::ghl::routes::{Reply, Rule, reply};
use crate::ghl::rules::{Field, Kind as Holds, whitelisted};
use crate::ghl::search::moment;
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::talks::{Kind, Message};
use crate::ghl::version::Family;
use crate::phone;

const READ: &str = "conversations/message.readonly";
const WRITE: &str = "conversations/message.write";

pub(super) const RULES: &[Rule] = &[
    Rule::new("POST /conversations/messages/inbound", WRITE, inbound).of(Family::Conversations).creating(),
    Rule::new("POST /conversations/messages/outbound", WRITE, outbound).of(Family::Conversations).creating(),
    Rule::new("GET /conversations/messages/export", READ, export).of(Family::Conversations),
    Rule::new("GET /conversations/messages/{id}", READ, get).of(Family::Conversations),
    Rule::new("PUT /conversations/messages/{messageId}/status", WRITE, status).of(Family::Conversations),
    Rule::new("PUT /conversations/messages/{messageId}/attachments", WRITE, attach).of(Family::Conversations),
];

const INBOUND: [Field; 17] = [
    Field::needed("type", Holds::Text),
    Field::optional("conversationId", Holds::Text),
    Field::optional("contactId", Holds::Text),
    Field::optional("conversationProviderId", Holds::Text),
    Field::optional("message", Holds::Text),
    Field::optional("attachments", Holds::Texts),
    Field::optional("altId", Holds::Text),
    Field::optional("direction", Holds::Text),
    Field::optional("date", Holds::Time),
    Field::optional("call", Holds::Object),
    Field::optional("html", Holds::Text),
    Field::optional("subject", Holds::Text),
    Field::optional("emailFrom", Holds::Text),
    Field::optional("emailTo", Holds::Text),
    Field::optional("emailCc", Holds::Texts),
    Field::optional("emailBcc", Holds::Texts),
    Field::optional("emailMessageId", Holds::Text),
];

const OUTBOUND: [Field; 8] = [
    Field::needed("type", Holds::Text),
    Field::optional("conversationId", Holds::Text),
    Field::optional("contactId", Holds::Text),
    Field::needed("conversationProviderId", Holds::Text),
    Field::optional("attachments", Holds::Texts),
    Field::optional("altId", Holds::Text),
    Field::optional("date", Holds::Time),
    Field::optional("call", Holds::Object),
];

const CALL_STATES: [&str; 8] =
    ["pending", "completed", "answered", "busy", "no-answer", "failed", "canceled", "voicemail"];

fn text<'a>(body: &'a Body, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

fn list(body: &Body, name: &str) -> Vec<String> {
    let listed = body.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    texts(listed).map(str::to_owned).collect()
}

fn inbound(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let body = object(asked)?;
    whitelisted(&body, &INBOUND)?;
    let provider = text(&body, "conversationProviderId");
    let name = text(&body, "type").unwrap_or_default();
    let kind = Kind::of(name, provider.is_some());
    let kind = kind.ok_or_else(|| errors::bad_request("type is not supported"))?;
    // The native SMS channel needs no provider. For the others GHL says 201 without one, and does nothing.
    if provider.is_none() && kind != Kind::Sms {
        return Ok(Done::quietly(Answer::empty(201)));
    }
    // What is logged counts as outbound unless it says otherwise, even here.
    let came = match text(&body, "direction") {
        None | Some("outbound") => false,
        Some("inbound") => true,
        Some(_) => return Err(errors::bad_request("direction must be one of inbound, outbound")),
    };
    logged(ghl, asked, &body, (kind, came))
}

fn outbound(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let body = object(asked)?;
    whitelisted(&body, &OUTBOUND)?;
    if text(&body, "type") != Some("Call") {
        return Err(errors::unprocessable(&["type must be one of the following values: Call".to_owned()]));
    }
    logged(ghl, asked, &body, (Kind::Call, false))
}

/// The contact that a body means, directly or by its conversation.
fn contact_of(ghl: &Ghl, asked: &Asked<'_>, body: &Body) -> Result<String, Answer> {
    let talks = &ghl.locations[asked.at].talks;
    match (text(body, "conversationId"), text(body, "contactId")) {
        (Some(id), _) => {
            let found = talks.conversation(id).map(|conversation| conversation.contact.clone());
            found.ok_or_else(|| errors::bad_request(&format!("Conversation with id {id} not found")))
        }
        (None, Some(contact)) => held_here(ghl, asked, contact).map(|()| contact.to_owned()),
        (None, None) => Err(errors::bad_request("Pass at least one of conversationId, contactId")),
    }
}

fn provided(ghl: &Ghl, body: &Body, kind: Kind) -> Result<Option<String>, Answer> {
    let Some(id) = text(body, "conversationProviderId") else { return Ok(None) };
    let provider = ghl.message_providers.iter().find(|provider| provider.id == id);
    let calls = kind == Kind::Call;
    let suits = provider.is_some_and(|provider| (provider.kind == "Call") == calls);
    if suits { Ok(Some(id.to_owned())) } else { Err(errors::bad_request("conversationProviderId is not valid")) }
}

/// The other side of a call has to be the number of a contact of the location.
fn call_state(ghl: &Ghl, asked: &Asked<'_>, body: &Body, came: bool) -> Result<Option<String>, Answer> {
    let call = body.get("call").unwrap_or(&Value::Null);
    let other = if came { "from" } else { "to" };
    if let Some(number) = call[other].as_str()
        && ghl.locations[asked.at].holder("phone", &phone::normal(number), "").is_none()
    {
        return Err(errors::bad_request(&format!("No contact found for call.{other}")));
    }
    match call["status"].as_str() {
        Some(state) if !CALL_STATES.contains(&state) => Err(errors::bad_request("call.status is not valid")),
        state => Ok(state.map(str::to_owned)),
    }
}

fn logged(ghl: &mut Ghl, asked: &Asked<'_>, body: &Body, (kind, came): (Kind, bool)) -> Reply {
    let contact = contact_of(ghl, asked, body)?;
    let provider = provided(ghl, body, kind)?;
    let call_status = call_state(ghl, asked, body, came)?;
    let conversation = with_contact(ghl, asked.at, &contact, asked.stamp);
    let date = text(body, "date").and_then(|date| date.parse::<Timestamp>().ok());
    let message = Message {
        id: ghl.ids.letters(20),
        conversation: conversation.id,
        contact,
        added: date.unwrap_or(asked.stamp.time),
        updated: asked.stamp.time,
        kind,
        inbound: came,
        body: text(body, "message").unwrap_or_default().to_owned(),
        status: "delivered".to_owned(),
        call_status,
        attachments: list(body, "attachments"),
        provider,
        alt_id: text(body, "altId").map(str::to_owned),
    };
    let view = message.view(&ghl.locations[asked.at].config.id);
    let answer = json!({
        "success": true, "conversationId": message.conversation, "messageId": message.id,
        "message": "Message added successfully", "contactId": message.contact, "dateAdded": view["dateAdded"],
    });
    ghl.locations[asked.at].talks.log(message);
    reply(200, answer)
}

fn missing() -> Answer {
    errors::not_found("Message not found")
}

fn get(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let location = &ghl.locations[asked.at];
    let message = location.talks.messages().iter().find(|message| message.id == asked.call.segment(2));
    reply(200, message.ok_or_else(missing)?.view(&location.config.id))
}

/// Only the app whose provider a message came by may change its status.
fn status(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    const BODY: [Field; 4] = [
        Field::needed("status", Holds::Text),
        Field::optional("error", Holds::Object),
        Field::optional("emailMessageId", Holds::Text),
        Field::optional("recipients", Holds::Texts),
    ];
    let body = object(asked)?;
    whitelisted(&body, &BODY)?;
    let wanted = text(&body, "status").unwrap_or_default();
    if !["delivered", "failed", "pending", "read"].contains(&wanted) {
        return Err(errors::unprocessable(&["status must be a valid enum value".to_owned()]));
    }
    let message = ghl.locations[asked.at].talks.message_mut(asked.call.segment(2)).ok_or_else(missing)?;
    if asked.private || message.provider.is_none() {
        return Err(errors::forbidden("No conversation provider of this app sent the message"));
    }
    wanted.clone_into(&mut message.status);
    message.updated = asked.stamp.time;
    let answer = json!({ "conversationId": message.conversation, "messageId": message.id, "status": wanted });
    reply(200, answer)
}

fn attach(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    const BODY: [Field; 1] = [Field::needed("attachments", Holds::Texts)];
    let body = object(asked)?;
    whitelisted(&body, &BODY)?;
    let attachments = list(&body, "attachments");
    if attachments.len() > 5 {
        return Err(errors::bad_request("attachments must contain no more than 5 elements"));
    }
    let location = &mut ghl.locations[asked.at];
    let message = location.talks.message_mut(asked.call.segment(2)).ok_or_else(missing)?;
    if message.kind != Kind::Call {
        return Err(errors::forbidden("Message type does not support attachment updates"));
    }
    message.attachments = attachments;
    message.updated = asked.stamp.time;
    reply(200, json!({ "success": true, "messageId": message.id }))
}

fn export(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    location_in_query(ghl, asked)?;
    let limit = limit(asked, 100, 10..=500)?;
    let location = &ghl.locations[asked.at];
    let param = |name: &str| asked.call.param(name);
    let bound = |name: &str| param(name).and_then(|date| moment(&json!(date)));
    let (start, end) = (bound("startDate"), bound("endDate"));
    let by_update = param("sortBy") == Some("updatedAt");
    let at = |message: &Message| if by_update { message.updated } else { message.added };
    let meets = |message: &&Message| {
        param("contactId").is_none_or(|id| id == message.contact)
            && param("conversationId").is_none_or(|id| id == message.conversation)
            && param("channel").is_none_or(|channel| channel == message.kind.channel())
            && start.is_none_or(|start| at(message) >= start)
            && end.is_none_or(|end| at(message) <= end)
    };
    let mut rows: Vec<&Message> = location.talks.messages().iter().filter(meets).collect();
    rows.sort_by(|one, other| (at(one), &one.id).cmp(&(at(other), &other.id)));
    if param("sortOrder") != Some("asc") {
        rows.reverse();
    }
    let total = rows.len();
    let skip: usize = param("cursor").and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let page: Vec<Value> =
        rows.into_iter().skip(skip).take(limit).map(|message| message.view(&location.config.id)).collect();
    let mut answer = json!({ "messages": page, "total": total });
    if skip + limit < total {
        answer["nextCursor"] = json!((skip + limit).to_string());
    }
    reply(200, answer)
}
