//! Webhooks of the v1 surface: messages and calls only, no change, no rotation, no log.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::openphone::asked::Asked;
use crate::openphone::hook_rules;
use crate::openphone::hooks::LegacyHook;
use crate::openphone::hooks_dated::may_create;
use crate::openphone::routes::Rule;
use crate::openphone::server::{OpenPhone, ok};
use crate::openphone::tasks;

pub(super) const RULES: &[Rule] = &[
    Rule::reads("GET /v1/webhooks", "03", |openphone, asked| Ok(list(openphone, asked))),
    Rule::reads("GET /v1/webhooks/{id}", "03", get),
    Rule::writes("DELETE /v1/webhooks/{id}", "03", delete),
    Rule::writes("POST /v1/webhooks/messages", "03", |openphone, asked| {
        create(openphone, asked, &["message.received", "message.delivered"])
    }),
    Rule::writes("POST /v1/webhooks/calls", "03", |openphone, asked| {
        create(openphone, asked, &["call.completed", "call.ringing", "call.recording.completed"])
    }),
    Rule::writes("POST /v1/webhooks/call-summaries", "03", |openphone, asked| {
        create(openphone, asked, &["call.summary.completed"])
    }),
    Rule::writes("POST /v1/webhooks/call-transcripts", "03", |openphone, asked| {
        create(openphone, asked, &["call.transcript.completed"])
    }),
];

/// One user's, by default the owner's: those of others stay hidden.
fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Answer {
    let space = &openphone.spaces[asked.at];
    let user = asked.call.param("userId").unwrap_or(&space.config.owner);
    let hooks = space.desk.v1_hooks.iter().filter(|hook| hook.user == user);
    ok(hooks.map(|hook| hook.view(&space.config.org_id)).collect())
}

fn found<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>) -> Result<&'a LegacyHook, Answer> {
    let hooks = &openphone.spaces[asked.at].desk.v1_hooks;
    hooks.iter().find(|hook| hook.id == asked.id(0)).ok_or_else(|| asked.missing("Webhook not found"))
}

fn get(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    Ok(ok(found(openphone, asked)?.view(&openphone.spaces[asked.at].config.org_id)))
}

fn delete(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Result<Done<Answer>, Answer> {
    let id = found(openphone, asked)?.id.clone();
    openphone.spaces[asked.at].desk.v1_hooks.retain(|hook| hook.id != id);
    Ok(Done::quietly(Answer::empty(204)))
}

fn create(openphone: &mut OpenPhone, asked: &Asked<'_>, known: &[&'static str]) -> Result<Done<Answer>, Answer> {
    may_create(openphone, asked)?;
    let (url, label) = (hook_rules::url(asked)?, hook_rules::label(asked)?);
    let (events, enabled) = (hook_rules::events(asked, known)?, hook_rules::enabled(asked)?);
    // A webhook made without numbers was seen to deliver nothing.
    let resources = hook_rules::resources(openphone, asked)?.unwrap_or_default();
    let named = asked.body().get("userId").is_some_and(|user| *user != Value::Null);
    let user = named.then(|| tasks::user(openphone, asked, "userId")).transpose()?;
    let id = format!("WH{}", openphone.ids.hex(32));
    let key = STANDARD.encode(openphone.ids.letters(32));
    let space = &mut openphone.spaces[asked.at];
    let user = user.unwrap_or_else(|| space.config.owner.clone());
    let hook = LegacyHook { id, user, url, label, enabled, events, resources, key, created: asked.stamp.time };
    let view = hook.view(&space.config.org_id);
    space.desk.v1_hooks.push(hook);
    Ok(Done::quietly(Answer::json(201, json!({ "data": view }))))
}
