//! The OpenPhone twin.

mod config;
mod contact;
mod dated;
mod errors;
mod judge;
mod people;
mod properties;
mod routes;
mod rules;
mod server;
mod v1;
mod views;
mod workspace;
mod writes;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

pub use self::config::{CustomField, Deleted, FieldType, OpenPhoneConfig, UnknownOption, Workspace};
use self::server::OpenPhone;
use crate::door::{Edited, Opening, Provider, Twin};
use crate::faults::{Faults, Scripted};
use crate::held::held;
use crate::history::Touch;
use crate::people::NotEditable;
use crate::report::Report;
use crate::requests::RequestSeen;
use crate::stamp::Stamp;

/// A local stand-in for OpenPhone (Quo): an HTTP server that holds the contacts and obeys the contract, on both
/// surfaces.
pub struct OpenPhoneTwin {
    twin: Twin<OpenPhone>,
}

impl OpenPhoneTwin {
    /// Starts the twin; it serves until it is dropped or shut down.
    pub async fn start(config: OpenPhoneConfig) -> io::Result<Self> {
        let opening = Opening {
            listen: config.listen,
            rate: config.rate,
            retries: config.retries.clone(),
            faults: config.faults.clone(),
        };
        Ok(Self { twin: Twin::open(OpenPhone::new(config), opening).await? })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        self.twin.base_url()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.twin.address
    }

    /// Sends the first workspace's webhooks to this address from now on, or nowhere.
    pub fn set_webhook_url(&self, url: Option<String>) {
        held(&self.twin.house.provider).set_webhook_url(None, url);
    }

    /// Does so for the workspace with this id; false when there is none.
    pub fn set_webhook_url_of(&self, org_id: &str, url: Option<String>) -> bool {
        held(&self.twin.house.provider).set_webhook_url(Some(org_id), url)
    }

    /// Replaces everything that is to go wrong.
    pub fn faults(&self, faults: Faults) {
        held(&self.twin.house.dice).replace(faults);
    }

    /// Adds a fault for the next calls of a kind.
    pub fn script(&self, next: Scripted) {
        held(&self.twin.house.dice).script(next);
    }

    /// A person creates a contact, in the workspace that `workspace` names or in the first one, and gets its id.
    pub fn create_contact(&self, contact: &Value) -> Result<String, NotEditable> {
        self.edited(|openphone, stamp| openphone.person_creates(contact, stamp))
    }

    /// A person changes what the patch names: scalars, whole lists of phones and emails, single custom values.
    pub fn edit_contact(&self, id: &str, patch: &Value) -> Result<(), NotEditable> {
        self.edited(|openphone, stamp| openphone.person_edits(id, patch, stamp))
    }

    /// A person deletes a contact.
    pub fn delete_contact(&self, id: &str) -> Result<(), NotEditable> {
        self.edited(|openphone, stamp| openphone.person_deletes(id, stamp))
    }

    fn edited<T>(&self, edit: impl FnOnce(&mut OpenPhone, Stamp) -> Edited<T>) -> Result<T, NotEditable> {
        let done = edit(&mut held(&self.twin.house.provider), Stamp::now(None));
        done.map(|done| self.twin.house.post(done)).map_err(NotEditable)
    }

    /// A contact as `GET /v1/contacts/{id}` shows it.
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
