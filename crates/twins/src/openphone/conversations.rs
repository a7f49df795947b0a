//! Conversations: listed on both surfaces, never got one by one.

use serde_json::Value;

use crate::call::Answer;
use crate::door::Done;
use crate::openphone::asked::Asked;
use crate::openphone::dated;
use crate::openphone::errors::Surface;
use crate::openphone::lists::{self, Span};
use crate::openphone::routes::Rule;
use crate::openphone::server::{OpenPhone, ok};
use crate::openphone::talk::Conversation;

pub(super) const RULES: &[Rule] = &[
    Rule::reads("GET /v1/conversations", "10", v1_list),
    Rule::writes("POST /v1/conversations/{conversationId}/mark-as-read", "10", mark).without_body(),
    Rule::writes("POST /v1/conversations/{conversationId}/mark-as-done", "10", mark).without_body(),
    Rule::writes("POST /v1/conversations/{conversationId}/mark-as-open", "10", mark).without_body(),
    Rule::reads("GET /conversations", "10", list),
    Rule::writes("POST /conversations/{conversationId}/mark-as-read", "10", mark).without_body(),
    Rule::writes("POST /conversations/{conversationId}/mark-as-done", "10", mark).without_body(),
    Rule::writes("POST /conversations/{conversationId}/mark-as-open", "10", mark).without_body(),
];

/// The most numbers one list can be asked for.
const MOST_NUMBERS: usize = 100;

/// Conversations of these numbers, or of all, that were made and changed in these spans.
fn chosen<'a>(
    openphone: &'a OpenPhone,
    asked: &Asked<'_>,
    numbers: &[String],
    (made, changed): (&Span, &Span),
) -> Vec<&'a Conversation> {
    let rows = openphone.spaces[asked.at].desk.conversations.rows().map(|(_, row)| row);
    let fits = |row: &&Conversation| {
        (numbers.is_empty() || numbers.contains(&row.number)) && made.holds(row.created) && changed.holds(row.updated)
    };
    rows.filter(fits).collect()
}

/// The workspace's own numbers, named by id or number. A customer's number is an error.
fn own_numbers(openphone: &OpenPhone, asked: &Asked<'_>, named: &[&str]) -> Result<Vec<String>, Answer> {
    if named.len() > MOST_NUMBERS {
        return Err(asked.bad("/phoneNumbers", "Expected array of at most 100 numbers"));
    }
    let config = &openphone.spaces[asked.at].config;
    let id = |name: &&str| config.number(name).map(|number| number.id.clone());
    let all: Option<Vec<String>> = named.iter().map(id).collect();
    all.ok_or_else(|| asked.bad("/phoneNumbers", "Not a phone number of this workspace"))
}

fn v1_list(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::v1_bounds(asked, 100)?;
    let mut named = asked.call.params("phoneNumbers");
    named.extend(asked.call.param("phoneNumber"));
    let numbers = own_numbers(openphone, asked, &named)?;
    let made = Span::asked(asked, "createdAfter", "createdBefore")?;
    let changed = Span::asked(asked, "updatedAfter", "updatedBefore")?;
    let mut rows = chosen(openphone, asked, &numbers, (&made, &changed));
    if asked.call.param("excludeInactive") == Some("true") {
        rows.retain(|row| row.latest.is_some());
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.latest.as_ref().map_or(row.created, |(at, _)| *at)));
    Ok(lists::shown(asked, &bounds, views(asked, &rows)))
}

fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::dated_bounds(asked, 50, 10)?;
    let numbers = own_numbers(openphone, asked, &dated::filter(asked, "phoneNumberId"))?;
    let made = Span::asked(asked, "createdAt[gte]", "createdAt[lte]")?;
    let changed = Span::asked(asked, "updatedAt[gte]", "updatedAt[lte]")?;
    let mut rows = chosen(openphone, asked, &numbers, (&made, &changed));
    // Which order comes without being asked for is not documented.
    match asked.call.param("sort").unwrap_or("updatedAt:desc") {
        "createdAt:asc" => rows.sort_by_key(|row| row.created),
        "createdAt:desc" => rows.sort_by_key(|row| std::cmp::Reverse(row.created)),
        "updatedAt:asc" => rows.sort_by_key(|row| row.updated),
        "updatedAt:desc" => rows.sort_by_key(|row| std::cmp::Reverse(row.updated)),
        _ => return Err(asked.bad("/sort", "Expected createdAt or updatedAt with asc or desc")),
    }
    Ok(lists::shown(asked, &bounds, views(asked, &rows)))
}

fn views(asked: &Asked<'_>, rows: &[&Conversation]) -> Vec<Value> {
    rows.iter().map(|row| row.view(asked.surface())).collect()
}

/// The three marks change nothing that a conversation shows. Only the dated answer is wrapped in `data`.
fn mark(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Result<Done<Answer>, Answer> {
    let found = openphone.spaces[asked.at].desk.conversations.get(asked.id(0));
    let view = found.ok_or_else(|| asked.missing("Conversation not found"))?.view(asked.surface());
    Ok(Done::quietly(match asked.surface() {
        Surface::V1 => Answer::json(200, view),
        Surface::Dated => ok(view),
    }))
}
