//! Managing webhooks on the dated surface.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::openphone::asked::Asked;
use crate::openphone::events;
use crate::openphone::hook_rules;
use crate::openphone::hooks::Hook;
use crate::openphone::routes::Rule;
use crate::openphone::server::{OpenPhone, VERSION, ok};
use crate::stamp::later;

pub(super) const RULES: &[Rule] = &[
    Rule::reads("GET /webhooks", "03", |openphone, asked| Ok(list(openphone, asked))),
    Rule::writes("POST /webhooks", "03", create),
    Rule::reads("GET /webhooks/{webhookId}", "03", get),
    Rule::writes("PATCH /webhooks/{webhookId}", "03", patch),
    Rule::writes("DELETE /webhooks/{webhookId}", "03", delete),
    Rule::writes("POST /webhooks/{webhookId}/rotate", "03", rotate).without_body(),
];

/// The most webhooks of one workspace.
const MOST: usize = 50;

type Reply = Result<Done<Answer>, Answer>;

pub(super) fn found<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>) -> Result<&'a Hook, Answer> {
    let hooks = &openphone.spaces[asked.at].desk.hooks;
    hooks.iter().find(|hook| hook.id == asked.id(0)).ok_or_else(|| asked.missing("Webhook not found"))
}

pub(super) fn found_mut<'a>(openphone: &'a mut OpenPhone, asked: &Asked<'_>) -> Result<&'a mut Hook, Answer> {
    let hooks = &mut openphone.spaces[asked.at].desk.hooks;
    hooks.iter_mut().find(|hook| hook.id == asked.id(0)).ok_or_else(|| asked.missing("Webhook not found"))
}

/// Not paginated.
fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Answer {
    let space = &openphone.spaces[asked.at];
    ok(space.desk.hooks.iter().map(|hook| hook.view(&space.config.org_id)).collect())
}

fn get(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    Ok(ok(found(openphone, asked)?.view(&openphone.spaces[asked.at].config.org_id)))
}

/// `whsec_` and 32 bytes.
fn new_key(openphone: &mut OpenPhone) -> String {
    format!("whsec_{}", STANDARD.encode(openphone.ids.letters(32)))
}

fn create(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    may_create(openphone, asked)?;
    let (url, label) = (hook_rules::url(asked)?, hook_rules::label(asked)?);
    let events = hook_rules::events(asked, &events::TYPES)?;
    let resources = hook_rules::resources(openphone, asked)?;
    if resources.as_ref().is_some_and(Vec::is_empty) {
        return Err(asked.bad("/resourceIds", "Expected at least one"));
    }
    let enabled = hook_rules::enabled(asked)?;
    if openphone.spaces[asked.at].desk.hooks.len() >= MOST {
        return Err(asked.bad("/", "At most 50 webhooks per workspace"));
    }
    openphone.next_hook += 1;
    let hook = Hook {
        id: openphone.next_hook.to_string(),
        url,
        label,
        enabled,
        version: VERSION,
        events,
        resources: resources.unwrap_or_else(|| vec!["*".to_owned()]),
        created: asked.stamp.time,
        updated: asked.stamp.time,
        key: new_key(openphone),
        old_keys: Vec::new(),
        log: std::collections::VecDeque::new(),
    };
    let space = &mut openphone.spaces[asked.at];
    let mut view = hook.view(&space.config.org_id);
    view["key"] = json!(hook.key);
    space.desk.hooks.push(hook);
    Ok(Done::quietly(Answer::json(201, json!({ "data": view }))))
}

/// Some keys may do everything but this.
pub(super) fn may_create(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<(), Answer> {
    if openphone.spaces[asked.at].config.access.no_webhooks {
        return Err(asked.refused(403, "00", ("Forbidden", "This key may not manage webhooks")));
    }
    Ok(())
}

/// Replaces what the body names; no numbers at all clears the filter.
fn patch(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    found(openphone, asked)?;
    let body = asked.body();
    if body.is_empty() {
        return Err(asked.bad("/", "Expected at least one property"));
    }
    let url = body.contains_key("url").then(|| hook_rules::url(asked)).transpose()?;
    let events = body.contains_key("events").then(|| hook_rules::events(asked, &events::TYPES)).transpose()?;
    let enabled = body.contains_key("status").then(|| hook_rules::enabled(asked)).transpose()?;
    let label = body.contains_key("label").then(|| hook_rules::label(asked)).transpose()?;
    let cleared = body.get("resourceIds").is_some_and(Value::is_null);
    let resources = if cleared { Some(Vec::new()) } else { hook_rules::resources(openphone, asked)? };
    let resources = resources.map(|all| if all.is_empty() { vec!["*".to_owned()] } else { all });
    let hook = found_mut(openphone, asked)?;
    hook.url = url.unwrap_or_else(|| hook.url.clone());
    hook.events = events.unwrap_or_else(|| hook.events.clone());
    hook.enabled = enabled.unwrap_or(hook.enabled);
    hook.label = label.unwrap_or_else(|| hook.label.clone());
    hook.resources = resources.unwrap_or_else(|| hook.resources.clone());
    hook.updated = later(hook.updated, asked.stamp.time);
    Ok(Done::quietly(get(openphone, asked)?))
}

fn delete(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    let id = found(openphone, asked)?.id.clone();
    openphone.spaces[asked.at].desk.hooks.retain(|hook| hook.id != id);
    Ok(Done::quietly(Answer::empty(204)))
}

fn rotate(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    found(openphone, asked)?;
    let (key, overlap) = (new_key(openphone), openphone.choices.rotation_overlap);
    found_mut(openphone, asked)?.rotate(key.clone(), overlap, asked.stamp);
    Ok(Done::quietly(ok(json!({ "key": key }))))
}
