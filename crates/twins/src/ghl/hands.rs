//! What a test can do with a GHL twin beside editing contacts: everything around tokens, notes, tasks and appointments.

use std::time::Duration;

use serde_json::Value;

use super::access::Holder;
use super::oauth::{GhlChoice, OauthReport};
use super::{GhlTwin, people, switches};
use crate::door::Done;
use crate::held::held;
use crate::people::NotEditable;
use crate::stamp::Stamp;

impl GhlTwin {
    /// What the admin picks at the next visits of the install link.
    pub fn choose(&self, choice: GhlChoice) {
        held(&self.twin.house.provider).oauth.choose(choice);
    }

    /// What happened around tokens so far.
    pub fn oauth(&self) -> OauthReport {
        held(&self.twin.house.provider).oauth.report()
    }

    /// Ends all access tokens now. Private integration tokens go on.
    pub fn expire_access_tokens(&self) {
        held(&self.twin.house.provider).oauth.expire_access_tokens(Stamp::now(None));
    }

    /// How long access tokens last that are handed out from now on.
    pub fn set_access_life(&self, life: Duration) {
        held(&self.twin.house.provider).app.access_life = life;
    }

    /// Sets the clock ahead by which tokens and codes expire.
    pub fn advance_clock(&self, by: Duration) {
        held(&self.twin.house.provider).oauth.advance(by);
    }

    /// Makes the refresh tokens of a location invalid, or all.
    pub fn forget_refresh_tokens(&self, location: Option<&str>) -> Result<(), NotEditable> {
        let mut ghl = held(&self.twin.house.provider);
        let holder = location.map(|id| switches::holder(&ghl, id)).transpose().map_err(NotEditable)?;
        ghl.oauth.forget_refresh_tokens(holder);
        Ok(())
    }

    /// Pauses a location as its agency would, or ends the pause.
    pub fn set_active(&self, location: &str, active: bool) -> Result<(), NotEditable> {
        switches::set_active(&mut held(&self.twin.house.provider), location, active).map_err(NotEditable)
    }

    /// Removes the app from a location, or from the whole company; its tokens end at once.
    pub fn uninstall(&self, location: Option<&str>) -> Result<(), NotEditable> {
        self.edited(|ghl, stamp| {
            let holder = location.map(|id| switches::holder(ghl, id)).transpose()?;
            let parcels = ghl.uninstall(holder.unwrap_or(Holder::Company), stamp);
            Ok(Done { result: (), parcels })
        })
    }

    /// Ends the private integration token of a location, as an admin who deletes the integration does.
    pub fn revoke_token(&self, location: &str) -> Result<(), NotEditable> {
        switches::revoke_token(&mut held(&self.twin.house.provider), location).map_err(NotEditable)
    }

    /// Takes a scope from every token, private ones included.
    pub fn remove_scope(&self, scope: &str) {
        held(&self.twin.house.provider).oauth.without.insert(scope.to_owned());
    }

    /// Gives back a scope that was taken.
    pub fn restore_scope(&self, scope: &str) {
        held(&self.twin.house.provider).oauth.without.remove(scope);
    }

    /// Every message and call that was logged, in the order of logging, with the external ids that answers don't show.
    pub fn messages(&self) -> Vec<Value> {
        let ghl = held(&self.twin.house.provider);
        let all = ghl
            .locations
            .iter()
            .flat_map(|location| location.talks.messages().iter().map(|message| message.truth(&location.config.id)));
        all.collect()
    }

    /// A person writes a note, and gets its id.
    pub fn create_note(&self, contact: &str, note: &Value) -> Result<String, NotEditable> {
        self.edited(|ghl, stamp| people::notes(ghl, contact, note, stamp))
    }

    /// A person changes a note.
    pub fn edit_note(&self, contact: &str, note: &str, change: &Value) -> Result<(), NotEditable> {
        self.edited(|ghl, stamp| people::renotes(ghl, (contact, note), change, stamp))
    }

    /// A person deletes a note.
    pub fn delete_note(&self, contact: &str, note: &str) -> Result<(), NotEditable> {
        self.edited(|ghl, stamp| people::unnotes(ghl, (contact, note), stamp))
    }

    /// All notes as the API shows them, in no order.
    pub fn notes(&self) -> Vec<Value> {
        let ghl = held(&self.twin.house.provider);
        ghl.locations.iter().flat_map(|location| location.notes.all()).map(super::notes::Note::view).collect()
    }

    /// A person makes a task, and gets its id.
    pub fn create_task(&self, contact: &str, task: &Value) -> Result<String, NotEditable> {
        self.edited(|ghl, stamp| people::plans(ghl, contact, task, stamp))
    }

    /// A person changes a task, or completes it.
    pub fn edit_task(&self, contact: &str, task: &str, change: &Value) -> Result<(), NotEditable> {
        self.edited(|ghl, stamp| people::replans(ghl, (contact, task), change, stamp))
    }

    /// A person deletes a task.
    pub fn delete_task(&self, contact: &str, task: &str) -> Result<(), NotEditable> {
        self.edited(|ghl, stamp| people::unplans(ghl, (contact, task), stamp))
    }

    /// All tasks as the API shows them, in no order.
    pub fn tasks(&self) -> Vec<Value> {
        let ghl = held(&self.twin.house.provider);
        ghl.locations.iter().flat_map(|location| location.tasks.all()).map(super::tasks::Task::view).collect()
    }

    /// A person makes an appointment, and gets its id.
    pub fn create_appointment(&self, contact: &str, appointment: &Value) -> Result<String, NotEditable> {
        self.edited(|ghl, _| people::meets(ghl, contact, appointment))
    }
}
