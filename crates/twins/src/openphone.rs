//! The OpenPhone twin.

mod asked;
mod calls;
mod config;
mod contact;
mod conversations;
mod dated;
mod desk;
mod errors;
mod events;
mod hook_log;
mod hook_rules;
mod hooks;
mod hooks_dated;
mod hooks_v1;
mod judge;
mod legacy;
mod lists;
mod messages;
mod notes;
mod people;
mod properties;
mod routes;
mod rules;
mod samples;
mod seeds;
mod server;
mod staff;
mod talk;
mod talk_events;
mod task;
mod task_seeds;
mod task_steps;
mod tasks;
mod tasks_dated;
mod tasks_v1;
mod v1;
mod views;
mod workspace;
mod writes;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

pub use self::config::{
    Access, AppWebhook, CustomField, Deleted, FieldType, OpenPhoneConfig, PhoneNumber, UnknownOption, User, Workspace,
    Young,
};
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
            clock_ahead: config.clock_ahead,
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

    /// The webhooks that people have made in the app of the first workspace, from now on.
    pub fn set_app_webhooks(&self, webhooks: Vec<AppWebhook>) {
        held(&self.twin.house.provider).set_app_webhooks(webhooks);
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

    /// A conversation begins: `participants`, and if wanted `phoneNumberId`, `name`, `createdAt`, `workspace`.
    /// Gives its id.
    pub fn create_conversation(&self, seed: &Value) -> Result<String, NotEditable> {
        self.edited(|openphone, stamp| seeds::conversation(openphone, seed, stamp))
    }

    /// A text is received, or with `direction` `outgoing` sent by a person: `participants` and `text`.
    pub fn create_message(&self, seed: &Value) -> Result<String, NotEditable> {
        self.edited(|openphone, stamp| seeds::message(openphone, seed, stamp))
    }

    /// A call ends: `participants`, and if wanted `direction`, `status`, `duration`, `recordings` (links), `summary` and
    /// `nextSteps` (lines), `transcript` (`{content, identifier, userId}`), `voicemail`
    /// (`{duration, transcript, recordingUrl}`).
    pub fn create_call(&self, seed: &Value) -> Result<String, NotEditable> {
        self.edited(|openphone, stamp| seeds::call(openphone, seed, stamp))
    }

    /// A person makes a task: `title`, and if wanted `description`, `conversationId`, `dueDate`, `assignedTo`.
    pub fn create_task(&self, seed: &Value) -> Result<String, NotEditable> {
        self.edited(|openphone, stamp| task_seeds::create(openphone, seed, stamp))
    }

    /// A person changes what the patch names of a task: `title`, `description`, `status`, `dueDate`, `assignedTo`.
    pub fn edit_task(&self, id: &str, patch: &Value) -> Result<(), NotEditable> {
        self.edited(|openphone, stamp| task_seeds::edit(openphone, id, patch, stamp))
    }

    /// A task becomes overdue: the event is sent now.
    pub fn overdue_task(&self, id: &str) -> Result<(), NotEditable> {
        self.edited(|openphone, stamp| task_seeds::overdue(openphone, id, stamp))
    }

    /// All tasks as the dated surface shows them, oldest first.
    pub fn tasks(&self) -> Vec<Value> {
        task_seeds::all(&held(&self.twin.house.provider))
    }

    /// A person writes a note on a contact, and gets its id.
    pub fn create_note(&self, contact: &str, text: &str) -> Result<String, NotEditable> {
        self.edited(|openphone, stamp| task_seeds::note(openphone, contact, text, stamp))
    }

    /// A person changes the text of a note; without a text the note is deleted.
    pub fn edit_note(&self, contact: &str, note: &str, text: Option<&str>) -> Result<(), NotEditable> {
        self.edited(|openphone, stamp| task_seeds::edit_note(openphone, (contact, note), text, stamp))
    }

    /// The notes of a contact, oldest first.
    pub fn notes(&self, contact: &str) -> Vec<Value> {
        task_seeds::notes(&held(&self.twin.house.provider), contact)
    }

    /// How many messages callers sent to customers: a contact sync sends none.
    pub fn messages_sent(&self) -> u64 {
        held(&self.twin.house.provider).spaces.iter().map(|space| space.desk.sent).sum()
    }

    /// Changes what the key of the workspace with this id, or of the first one, may do from now on; false when there is
    /// no such workspace.
    pub fn set_access(&self, org_id: Option<&str>, access: Access) -> bool {
        held(&self.twin.house.provider).set_access(org_id, access, Stamp::now(None).instant)
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
