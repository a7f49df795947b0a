//! The GHL twin.

mod access;
mod bulk;
mod changes;
mod config;
mod contact;
mod contacts;
mod conversations;
mod enrolments;
mod errors;
mod fields;
mod folder;
mod followers;
mod hands;
mod judging;
mod location;
mod locations;
mod lookup;
mod messages;
mod notes;
mod oauth;
mod people;
mod reads;
mod routes;
mod rules;
mod search;
mod search_rules;
mod server;
mod switches;
mod tags;
mod talks;
mod task_search;
mod tasks;
mod upsert;
mod users;
mod version;
mod views;
mod webhooks;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::Ed25519KeyPair;
use serde_json::{Value, json};

pub use self::config::{GhlApp, GhlConfig, GhlCustomField, GhlLocation, GhlMessageProvider, GhlUser};
pub use self::oauth::{GhlChoice, OauthReport};
use self::server::Ghl;
use crate::door::{Edited, Opening, Provider, Twin};
use crate::faults::{Faults, Scripted};
use crate::held::held;
use crate::history::Touch;
use crate::people::NotEditable;
use crate::report::Report;
use crate::requests::RequestSeen;
use crate::seal;
use crate::stamp::Stamp;

/// A local stand-in for GHL: an HTTP server that holds the contacts and obeys the contract.
pub struct GhlTwin {
    twin: Twin<Ghl>,
    public_key_pem: String,
}

impl GhlTwin {
    /// Starts the twin; it serves until it is dropped or shut down.
    pub async fn start(config: GhlConfig) -> io::Result<Self> {
        let opening = Opening {
            listen: config.listen,
            rate: config.rate,
            retries: config.retries.clone(),
            faults: config.faults.clone(),
            clock_ahead: config.clock_ahead,
        };
        let key = key_from(config.signing_seed)?;
        let public_key_pem = seal::public_key_pem(&key);
        let twin = Twin::open(Ghl::new(config, key), opening).await?;
        Ok(Self { twin, public_key_pem })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        self.twin.base_url()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.twin.address
    }

    /// The key that verifies `X-GHL-Signature`.
    pub fn public_key_pem(&self) -> String {
        self.public_key_pem.clone()
    }

    /// Sends webhooks to this address from now on, or nowhere.
    pub fn set_webhook_url(&self, url: Option<String>) {
        held(&self.twin.house.provider).set_webhook_url(None, url);
    }

    /// Replaces everything that is to go wrong.
    pub fn faults(&self, faults: Faults) {
        held(&self.twin.house.dice).replace(faults);
    }

    /// Adds a fault for the next calls of a kind.
    pub fn script(&self, next: Scripted) {
        held(&self.twin.house.dice).script(next);
    }

    /// A person creates a contact, in the location named in it or in the first one, and gets its id.
    pub fn create_contact(&self, contact: &Value) -> Result<String, NotEditable> {
        self.edited(|ghl, stamp| ghl.person_creates(contact, stamp))
    }

    /// A person changes the fields that the patch names; `addTags` and `removeTags` work too.
    pub fn edit_contact(&self, id: &str, patch: &Value) -> Result<(), NotEditable> {
        self.edited(|ghl, stamp| ghl.person_edits(id, patch, stamp))
    }

    /// A person deletes a contact.
    pub fn delete_contact(&self, id: &str) -> Result<(), NotEditable> {
        self.edited(|ghl, stamp| ghl.person_deletes(id, stamp))
    }

    /// A person adds tags.
    pub fn add_tags(&self, id: &str, tags: &[&str]) -> Result<(), NotEditable> {
        self.edit_contact(id, &json!({ "addTags": tags }))
    }

    /// A person removes tags.
    pub fn remove_tags(&self, id: &str, tags: &[&str]) -> Result<(), NotEditable> {
        self.edit_contact(id, &json!({ "removeTags": tags }))
    }

    /// A person switches do-not-disturb on or off, for everything.
    pub fn set_dnd(&self, id: &str, on: bool) -> Result<(), NotEditable> {
        self.edit_contact(id, &json!({ "dnd": on }))
    }

    fn edited<T>(&self, edit: impl FnOnce(&mut Ghl, Stamp) -> Edited<T>) -> Result<T, NotEditable> {
        let done = edit(&mut held(&self.twin.house.provider), Stamp::now(None));
        done.map(|done| self.twin.house.post(done)).map_err(NotEditable)
    }

    /// A contact as `GET /contacts/{id}` shows it.
    pub fn contact(&self, id: &str) -> Option<Value> {
        held(&self.twin.house.provider).contact(id)
    }

    /// All contacts, oldest first.
    pub fn contacts(&self) -> Vec<Value> {
        held(&self.twin.house.provider).contacts(0, usize::MAX)
    }

    /// The latest writes on a contact.
    pub fn history(&self, id: &str) -> Option<Vec<Touch>> {
        held(&self.twin.house.provider).history(id)
    }

    /// API writes per living contact, creation included.
    pub fn writes_by_contact(&self) -> BTreeMap<String, u32> {
        held(&self.twin.house.provider).api_writes().into_iter().collect()
    }

    /// The judgement so far.
    pub fn report(&self) -> Report {
        self.twin.house.report()
    }

    /// The most recent requests, oldest first.
    pub fn requests(&self) -> Vec<RequestSeen> {
        held(&self.twin.house.requests).recent()
    }

    /// Waits until every webhook is delivered or given up; false when the limit came first.
    pub async fn webhooks_idle(&self, limit: Duration) -> bool {
        self.twin.house.courier.idle(limit).await
    }

    /// Stops serving and sending.
    pub async fn shutdown(self) {
        self.twin.shutdown().await;
    }
}

fn key_from(seed: Option<[u8; 32]>) -> io::Result<Ed25519KeyPair> {
    let mut fresh = [0; 32];
    SystemRandom::new().fill(&mut fresh).map_err(io::Error::other)?;
    Ed25519KeyPair::from_seed_unchecked(&seed.unwrap_or(fresh)).map_err(io::Error::other)
}
