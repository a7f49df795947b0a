//! Messages: read on both surfaces, sent on v1 only. Sending works, and is counted so that tests can see that nobody
//! does it.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::openphone::asked::Asked;
use crate::openphone::lists::{self, Span};
use crate::openphone::routes::Rule;
use crate::openphone::seeds::Talked;
use crate::openphone::server::{OpenPhone, ok};
use crate::openphone::talk::{Message, direction};

pub(super) const RULES: &[Rule] = &[
    Rule::writes("POST /v1/messages", "02", send),
    Rule::reads("GET /v1/messages", "02", v1_list),
    Rule::reads("GET /v1/messages/{id}", "02", get),
    Rule::reads("GET /messages", "02", list),
    Rule::reads("GET /messages/{messageId}", "02", get),
    Rule::writes("POST /messages/{messageId}/retry", "02", retry).without_body(),
];

fn all<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>) -> impl Iterator<Item = &'a Message> {
    // Newest first.
    openphone.spaces[asked.at].desk.messages.rows().rev().map(|(_, row)| row)
}

fn get(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let found = openphone.spaces[asked.at].desk.messages.get(asked.id(0));
    Ok(ok(found.ok_or_else(|| asked.missing("Message not found"))?.view(asked.surface())))
}

/// The number that a v1 list of messages or calls must name.
pub(super) fn own_number(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<String, Answer> {
    let id = asked.call.param("phoneNumberId").filter(|id| id.starts_with("PN"));
    let id = id.ok_or_else(|| asked.bad("/phoneNumberId", "Expected string to match '^PN(.*)$'"))?;
    let known = openphone.spaces[asked.at].config.number(id);
    Ok(known.ok_or_else(|| asked.missing("Phone number not found"))?.id.clone())
}

fn v1_list(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::v1_bounds(asked, 100)?;
    let number = own_number(openphone, asked)?;
    let others = asked.call.params("participants");
    if !(1..=10).contains(&others.len()) {
        return Err(asked.bad("/participants", "Expected array of 1 to 10 numbers"));
    }
    let span = Span::asked(asked, "createdAfter", "createdBefore")?;
    let conversations = &openphone.spaces[asked.at].desk.conversations;
    let among = |id: &str| {
        let held = conversations.get(id).map(|held| held.participants.as_slice()).unwrap_or_default();
        held.len() == others.len() && others.iter().all(|other| held.iter().any(|one| one == other))
    };
    let user = asked.call.param("userId");
    let rows = all(openphone, asked).filter(|row| {
        row.number == number
            && span.holds(row.created)
            && user.is_none_or(|user| row.user == user)
            && among(&row.conversation)
    });
    Ok(lists::shown(asked, &bounds, rows.map(|row| row.view(asked.surface())).collect()))
}

fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::dated_bounds(asked, 50, 10)?;
    let span = Span::asked(asked, "createdAt[gt]", "createdAt[lt]")?;
    let param = |name: &str| asked.call.param(name);
    let is = |name: &str, value: &str| param(name).is_none_or(|wanted| wanted == value);
    let together: Vec<&str> = param("to[all]").into_iter().flat_map(|all| all.split(',')).collect();
    let rows = all(openphone, asked).filter(|row| {
        is("from", &row.from)
            && is("status", &row.status)
            && is("direction", direction(row.incoming))
            && is("phoneNumberId", &row.number)
            && is("userId", &row.user)
            && param("to").is_none_or(|wanted| row.to.iter().any(|to| to == wanted))
            && together.iter().all(|wanted| row.to.iter().any(|to| to == wanted))
            && span.holds(row.created)
    });
    Ok(lists::shown(asked, &bounds, rows.map(|row| row.view(asked.surface())).collect()))
}

/// Only what was not delivered can be sent again.
fn retry(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Result<Done<Answer>, Answer> {
    let found = openphone.spaces[asked.at].desk.messages.get_mut(asked.id(0));
    let message = found.ok_or_else(|| asked.missing("Message not found"))?;
    if message.incoming || !["undelivered", "failed"].contains(&message.status.as_str()) {
        return Err(asked.refused(422, "00", ("Unprocessable Entity", "The message can't be sent again")));
    }
    "queued".clone_into(&mut message.status);
    openphone.spaces[asked.at].desk.sent += 1;
    Ok(Done::quietly(Answer::json(202, json!({}))))
}

fn send(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Result<Done<Answer>, Answer> {
    let (text, from) = (asked.text("content")?, asked.text("from")?);
    if text.trim().is_empty() || text.chars().count() > 1600 {
        return Err(asked.bad("/content", "Expected string of 1 to 1600 characters"));
    }
    let body = asked.body();
    let to = body.get("to").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let to: Option<Vec<String>> = to.iter().map(|one| one.as_str().map(str::to_owned)).collect();
    let to = to.filter(|to| (1..=10).contains(&to.len()) && to.iter().all(|one| one.starts_with('+')));
    let to = to.ok_or_else(|| asked.bad("/to", "Expected array of 1 to 10 numbers"))?;
    let known = openphone.spaces[asked.at].config.number(&from).map(|number| number.id.clone());
    let number = known.ok_or_else(|| asked.missing("Phone number not found"))?;
    let talked = Talked { number, participants: to, incoming: false, stamp: asked.stamp };
    openphone.spaces[asked.at].desk.sent += 1;
    let done = openphone.messaged(asked.at, talked, text, "delivered");
    let mut view = done.result.view(asked.surface());
    view["status"] = json!("queued");
    Ok(Done { result: Answer::json(202, json!({ "data": view })), parcels: done.parcels })
}
