//! Webhooks that callers have made, with their keys and, on the dated surface, their deliveries.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::deliveries::Parcel;
use crate::openphone::events::Event;
use crate::progress::{Progress, Track};
use crate::seal::Seal;
use crate::stamp::{Stamp, iso};

/// How many deliveries a log keeps.
const KEPT: usize = 1000;

/// Whether a filter of numbers lets an event through; it has no say on contacts and tasks.
fn lets_through(resources: &[String], event: &Event<'_>) -> bool {
    let Some(number) = event.number else { return true };
    resources.iter().any(|wanted| wanted == "*" || wanted == number)
}

pub(super) struct Hook {
    /// Digits.
    pub(super) id: String,
    pub(super) url: String,
    pub(super) label: Option<String>,
    pub(super) enabled: bool,
    /// The version header of the call that made it, for ever.
    pub(super) version: &'static str,
    pub(super) events: Vec<&'static str>,
    /// Numbers, or `*`.
    pub(super) resources: Vec<String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) key: String,
    /// Keys before the last rotations, and how long they still sign.
    pub(super) old_keys: Vec<(String, Instant)>,
    pub(super) log: VecDeque<Delivery>,
}

/// One event on its way to one webhook.
pub(super) struct Delivery {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) resource: Option<String>,
    pub(super) kind: &'static str,
    pub(super) created: Timestamp,
    pub(super) body: Bytes,
    pub(super) track: Track,
}

/// What is to be sent, and under which ids.
pub(super) struct Sent {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) body: Bytes,
}

impl Hook {
    /// Never with the key.
    pub(super) fn view(&self, org: &str) -> Value {
        json!({
            "id": self.id, "orgId": org, "label": self.label, "status": status(self.enabled), "url": self.url,
            "apiVersion": self.version, "events": self.events, "resourceIds": self.resources,
            "createdAt": iso(self.created), "updatedAt": iso(self.updated),
        })
    }

    pub(super) fn wants(&self, event: &Event<'_>) -> bool {
        self.enabled && self.events.contains(&event.kind) && lets_through(&self.resources, event)
    }

    /// Signs with a new key; the one before goes on signing for a while.
    pub(super) fn rotate(&mut self, key: String, overlap: Duration, stamp: Stamp) {
        let old = std::mem::replace(&mut self.key, key);
        self.old_keys.retain(|(_, until)| *until > stamp.instant);
        self.old_keys.push((old, stamp.instant + overlap));
        self.updated = stamp.time;
    }

    fn secrets(&self, now: Instant) -> Arc<[String]> {
        let old = self.old_keys.iter().filter(|(_, until)| *until > now).map(|(key, _)| key.clone());
        std::iter::once(self.key.clone()).chain(old).collect()
    }

    /// Enters the delivery in the log and hands out the parcel.
    pub(super) fn send(&mut self, sent: Sent, event: &Event<'_>, stamp: Stamp) -> Parcel {
        let track: Track = Arc::new(Mutex::new(Progress::default()));
        let delivery = Delivery {
            id: sent.id,
            event: sent.event,
            resource: event.resource_id(),
            kind: event.kind,
            created: stamp.time,
            body: sent.body,
            track,
        };
        let parcel = self.parcel(&delivery, stamp.instant);
        if self.log.len() == KEPT {
            self.log.pop_front();
        }
        self.log.push_back(delivery);
        parcel
    }

    /// The delivery once more: same id, same body, today's keys.
    pub(super) fn parcel(&self, delivery: &Delivery, now: Instant) -> Parcel {
        let track = Some(Arc::clone(&delivery.track));
        let seal = Seal::Standard { id: delivery.id.clone(), secrets: self.secrets(now), track };
        Parcel { url: self.url.clone(), event: delivery.kind, body: delivery.body.clone(), seal }
    }
}

pub(super) fn status(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}

/// A webhook of the v1 surface.
pub(super) struct LegacyHook {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) url: String,
    pub(super) label: Option<String>,
    pub(super) enabled: bool,
    pub(super) events: Vec<&'static str>,
    pub(super) resources: Vec<String>,
    /// Bare base64.
    pub(super) key: String,
    pub(super) created: Timestamp,
}

impl LegacyHook {
    pub(super) fn view(&self, org: &str) -> Value {
        let at = iso(self.created);
        json!({
            "id": self.id, "userId": self.user, "orgId": org, "label": self.label, "status": status(self.enabled),
            "url": self.url, "key": self.key, "createdAt": at, "updatedAt": at, "deletedAt": null,
            "events": self.events, "resourceIds": self.resources,
        })
    }

    pub(super) fn wants(&self, event: &Event<'_>) -> bool {
        self.enabled && self.events.contains(&event.kind) && lets_through(&self.resources, event)
    }
}
