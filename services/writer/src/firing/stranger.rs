//! Somebody in neither book whom an event is about.

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::Side;
use tandem_mapping::Firing;
use tandem_mapping::activity::{PREFIX, Unknown};
use tandem_mapping::firing::NEWCOMER;
use tandem_reconcile::phone_key;
use tandem_records::{Error, LoadedFiring, firing_id};
use tandem_telemetry::chain;

use super::{Flow, LOOK, Rules};
use crate::command;
use crate::run::Settlement;

/// Stands for the id of a contact that is still to be made.
pub(super) const STRANGER: &str = "@stranger";
/// So long after an event a stranger's contact may still appear.
const MEETING: Duration = Duration::from_mins(15);

impl Rules<'_> {
    /// Whoever was a stranger when the event came may be known by now.
    pub(super) async fn look_for_caller(&self, firing: &mut Firing) -> Result<(), Error> {
        if let (None, Some(number)) = (&firing.record, &firing.caller) {
            firing.record = self.caller.deps.records.holder(&firing.connection, &phone_key(number)).await?;
        }
        Ok(())
    }

    /// What becomes of a stranger; none where it is about somebody known, or the mapping's own rules decide.
    pub(super) fn stranger(&self, firing: &Firing) -> Option<Unknown> {
        let is_activity = firing.rule.starts_with(PREFIX) && firing.record.is_none() && firing.contact.ghl.is_none();
        let activity = self.caller.connection.mapping.activity.as_ref().filter(|_| is_activity)?;
        Some(if firing.caller.is_some() { activity.unknown } else { Unknown::Ignore })
    }

    /// A stranger gets a contact first, by whoever is the first to ask, and the rest waits until it is known.
    pub(super) async fn meet(&self, mut loaded: LoadedFiring) -> Result<Flow, Error> {
        let now = Timestamp::now();
        self.look_for_caller(&mut loaded.firing).await?;
        let document = self.document(&loaded.firing).await?.map(|found| found.document);
        if let Some(id) = document.as_ref().and_then(|document| document.provider_id(Side::Ghl)) {
            loaded.firing.introduce(STRANGER, id);
            return self.save(&loaded).await;
        }
        let Some(number) = loaded.firing.caller.clone() else { return Ok(Flow::Stop(Settlement::Ack)) };
        if now > loaded.firing.at + MEETING {
            loaded.firing.fail("a contact was to be made for the number, and none has appeared");
            return self.save(&loaded).await;
        }
        let firings = self.caller.deps.records.firings();
        let id = firing_id(&loaded.firing.connection, NEWCOMER, &number);
        let location = &self.caller.connection.ghl.view.location_id;
        let newcomer = Firing::newcomer((id, &number), (&loaded.firing, location), now);
        if let Some(revision) = firings.begin(&newcomer).await?
            && let Err(error) = command::publish_firing(&self.caller, &newcomer, revision).await
        {
            tracing::warn!(firing.id = %self.id, error = %chain(&error), "a contact for a stranger can't be made now");
        }
        Ok(Flow::Stop(Settlement::Nak(LOOK)))
    }
}
