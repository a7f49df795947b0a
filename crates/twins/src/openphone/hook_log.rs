//! What became of deliveries, delivering once more, and signed test events.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::door::Done;
use crate::held::held;
use crate::openphone::asked::Asked;
use crate::openphone::dated;
use crate::openphone::events;
use crate::openphone::hooks::{Delivery, Sent};
use crate::openphone::hooks_dated::{found, found_mut};
use crate::openphone::lists::{self, Span};
use crate::openphone::routes::Rule;
use crate::openphone::samples;
use crate::openphone::server::{OpenPhone, ok};
use crate::progress::{Attempt, Progress, Stage};
use crate::stamp::iso;

pub(super) const RULES: &[Rule] = &[
    Rule::reads("GET /webhooks/{webhookId}/events", "03", list),
    Rule::writes("POST /webhooks/{webhookId}/events/test", "03", test),
    Rule::reads("GET /webhooks/{webhookId}/events/{deliveryId}", "03", get),
    Rule::writes("POST /webhooks/{webhookId}/events/{deliveryId}/retry", "03", retry).without_body(),
];

fn stage(progress: &Progress) -> &'static str {
    match progress.stage {
        Stage::Waiting => "pending",
        Stage::Sending => "sending",
        Stage::Accepted => "success",
        Stage::Failed => "failed",
    }
}

fn row(delivery: &Delivery) -> Value {
    let progress = held(&delivery.track);
    json!({
        "id": delivery.id, "eventId": delivery.event, "resourceId": delivery.resource, "eventType": delivery.kind,
        "status": stage(&progress), "nextAttemptAt": progress.next.map(iso), "createdAt": iso(delivery.created),
    })
}

/// Newest first.
fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::dated_bounds(asked, 50, 10)?;
    let span = Span::asked(asked, "createdAt[gt]", "createdAt[lt]")?;
    let status = asked.call.param("status");
    if status.is_some_and(|status| !["success", "pending", "sending", "failed"].contains(&status)) {
        return Err(asked.bad("/status", "Expected one of success, pending, sending, failed"));
    }
    let kinds = dated::filter(asked, "eventType");
    let resource = asked.call.param("resourceId");
    let rows = found(openphone, asked)?.log.iter().rev().filter(|one| {
        span.holds(one.created)
            && (kinds.is_empty() || kinds.contains(&one.kind))
            && resource.is_none_or(|wanted| one.resource.as_deref() == Some(wanted))
            && status.is_none_or(|wanted| stage(&held(&one.track)) == wanted)
    });
    Ok(lists::shown(asked, &bounds, rows.map(row).collect()))
}

fn attempt((number, attempt): (usize, &Attempt)) -> Value {
    let accepted = attempt.status.is_some_and(|status| (200..300).contains(&status));
    json!({
        "id": format!("atmpt_{number}"), "timestamp": iso(attempt.at),
        "status": if accepted { "success" } else { "failed" },
        // 0 when nothing answered.
        "responseStatusCode": attempt.status.unwrap_or_default(), "responseBody": attempt.body,
        "responseDurationMs": u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
        "triggerType": if attempt.manual { "manual" } else { "scheduled" }, "url": attempt.url,
    })
}

fn delivery<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>) -> Result<&'a Delivery, Answer> {
    let log = &found(openphone, asked)?.log;
    log.iter().find(|one| one.id == asked.id(1)).ok_or_else(|| asked.missing("Delivery not found"))
}

fn get(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let one = delivery(openphone, asked)?;
    let sent: Value = serde_json::from_slice(&one.body).unwrap_or_default();
    let attempts: Vec<Value> = held(&one.track).attempts.iter().enumerate().map(attempt).collect();
    Ok(ok(json!({
        "id": one.id, "eventId": one.event, "resourceId": one.resource, "eventType": one.kind,
        "createdAt": iso(one.created), "requestBody": sent, "attempts": attempts,
    })))
}

/// The same delivery again, at once.
fn retry(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Result<Done<Answer>, Answer> {
    let one = delivery(openphone, asked)?;
    let track = Arc::clone(&one.track);
    let parcel = found(openphone, asked)?.parcel(one, asked.stamp.instant);
    held(&track).again();
    Ok(Done { result: Answer::json(202, json!({})), parcels: vec![parcel] })
}

/// A sample that is signed and sent like any other event, and shown in the answer without a wrapper.
fn test(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Result<Done<Answer>, Answer> {
    found(openphone, asked)?;
    let kind = events::named(&asked.text("eventType")?);
    let event = kind.and_then(|kind| samples::event(kind, &openphone.spaces[asked.at].config, asked.stamp));
    let event = event.ok_or_else(|| asked.bad("/eventType", "There is no sample of this event"))?;
    let id = format!("EV{}", openphone.ids.hex(32));
    let body = event.body(&id, asked.stamp);
    let delivery = format!("msg_{}", openphone.ids.letters(27));
    let sent = Sent { id: delivery, event: id, body: Bytes::from(body.to_string()) };
    let parcel = found_mut(openphone, asked)?.send(sent, &event, asked.stamp);
    Ok(Done { result: Answer::json(200, body), parcels: vec![parcel] })
}
