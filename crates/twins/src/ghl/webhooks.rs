//! Which webhooks a change fires, and what they say: flat, without the change itself, without its author.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::deliveries::Parcel;
use crate::ghl::contact::Contact;
use crate::ghl::server::Ghl;
use crate::ghl::version::Version;
use crate::ghl::views;
use crate::seal::Seal;
use crate::stamp::{Stamp, iso};

/// The event types for a set of changed items. One write can fire several.
pub(super) fn events_for(changed: &[String]) -> Vec<&'static str> {
    let any = |wanted: fn(&str) -> bool| changed.iter().any(|field| wanted(field));
    let mut events = Vec::new();
    if any(|field| !field.starts_with("tags[") && !field.starts_with("dnd")) {
        events.push("ContactUpdate");
    }
    if any(|field| field.starts_with("tags[")) {
        events.push("ContactTagUpdate");
    }
    if any(|field| field.starts_with("dnd")) {
        events.push("ContactDndUpdate");
    }
    events
}

impl Ghl {
    /// The webhook for one event of a contact, if webhooks go anywhere.
    pub(super) fn parcel(&mut self, event: &'static str, contact: &Contact, at: usize, stamp: Stamp) -> Option<Parcel> {
        self.webhook_url.as_ref()?;
        let mut body = views::delivered(contact, self.sparse_webhooks);
        if event == "ContactDndUpdate" {
            body.insert("dndSettings".to_owned(), views::dnd_settings(contact, Version::Dated));
        }
        self.announce(event, body, at, stamp)
    }

    pub(super) fn parcels(&mut self, changed: &[String], contact: &Contact, at: usize, stamp: Stamp) -> Vec<Parcel> {
        let events = events_for(changed);
        events.into_iter().filter_map(|event| self.parcel(event, contact, at, stamp)).collect()
    }

    /// The webhook for one event of a location that has the app.
    pub(super) fn announce(
        &mut self,
        event: &'static str,
        mut body: Map<String, Value>,
        at: usize,
        stamp: Stamp,
    ) -> Option<Parcel> {
        let location = &self.locations.get(at)?.config;
        if !location.installed {
            return None;
        }
        body.insert("locationId".to_owned(), json!(location.id));
        body.insert("versionId".to_owned(), json!(self.app_id));
        self.deliver(event, body, stamp)
    }

    /// Adds what every delivery carries.
    pub(super) fn deliver(
        &mut self,
        event: &'static str,
        mut body: Map<String, Value>,
        stamp: Stamp,
    ) -> Option<Parcel> {
        let url = self.webhook_url.clone()?;
        body.insert("type".to_owned(), json!(event));
        body.insert("appId".to_owned(), json!(self.app_id));
        body.insert("timestamp".to_owned(), json!(iso(stamp.time)));
        body.insert("webhookId".to_owned(), json!(self.ids.uuid()));
        let body = Bytes::from(Value::Object(body).to_string());
        Some(Parcel { url, event, body, seal: Seal::Ghl(Arc::clone(&self.key)) })
    }
}
