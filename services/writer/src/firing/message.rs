//! A message to a channel, alone or in a digest with others.

use std::time::Instant;

use jiff::Timestamp;
use tandem_mapping::Firing;
use tandem_mapping::firing::{Attempt, DIGEST, Planned};
use tandem_records::{Error, LoadedFiring, firing_id};
use tandem_telemetry::chain;

use super::{Flow, Rules};
use crate::run::{Settlement, spread};
use crate::{command, notify};

impl Rules<'_> {
    /// A message to a channel.
    pub(super) async fn notify(
        &self,
        loaded: LoadedFiring,
        (number, planned): (usize, &Planned),
    ) -> Result<Flow, Error> {
        let text = |key: &str| planned.what[key].as_str().unwrap_or_default().to_owned();
        let (channel, text) = (text("channel"), text("text"));
        let Some(notifier) = &self.caller.deps.notifier else {
            let why = notify::no_channel(&channel, &[]);
            return self.attempted(loaded, (number, planned), Attempt::Refused(why)).await;
        };
        if let Some(wait) = notifier.rests(&channel, Instant::now()) {
            return Ok(Flow::Stop(Settlement::Nak(spread(wait))));
        }
        if loaded.firing.rule == DIGEST {
            let (digest, _) = self.caller.deps.records.firings().digest(&loaded.firing.connection, &channel).await?;
            if planned.what["number"] == digest.number {
                return self.close_digest(loaded, (number, planned), &channel).await;
            }
        } else if notifier.has_many(&channel, Instant::now()) {
            return self.gather(loaded, (number, planned), (&channel, &text)).await;
        }
        let loaded = self.begin(loaded, number, notify::LASTS).await?;
        let wait = self.wait(&loaded.firing);
        let attempt = notifier.send(&channel, &text, (wait, Instant::now())).await;
        self.attempted(loaded, (number, planned), attempt).await
    }

    /// Many messages go as one: this one too. One that is begun and was not put there is put before a person, and not sent twice.
    async fn gather(
        &self,
        loaded: LoadedFiring,
        (number, planned): (usize, &Planned),
        (channel, text): (&str, &str),
    ) -> Result<Flow, Error> {
        let (connection, firings) = (&loaded.firing.connection.clone(), self.caller.deps.records.firings());
        let (digest, _) = firings.digest(connection, channel).await?;
        // Whoever sends it knows of it before anything is in it.
        self.start_digest(channel, digest.number).await?;
        let loaded = self.begin(loaded, number, notify::LASTS).await?;
        let gathered = firings.gather(connection, channel, text).await?;
        if gathered != digest.number {
            self.start_digest(channel, gathered).await?;
        }
        self.attempted(loaded, (number, planned), Attempt::Done(0)).await
    }

    async fn start_digest(&self, channel: &str, number: u32) -> Result<(), Error> {
        let connection = &self.caller.connection.id;
        let id = firing_id(connection, DIGEST, &format!("{channel}#{number}"));
        let firing = Firing::digest((id, channel), number, connection, Timestamp::now());
        let Some(revision) = self.caller.deps.records.firings().begin(&firing).await? else { return Ok(()) };
        if let Err(error) = command::publish_firing(&self.caller, &firing, revision).await {
            tracing::warn!(firing.id = %firing.id, error = %chain(&error), "a digest can't be sent on now");
        }
        Ok(())
    }

    /// What a digest says is stored with it before the next one is open. None where that is so, and it is to be sent.
    async fn close_digest(
        &self,
        loaded: LoadedFiring,
        (number, planned): (usize, &Planned),
        channel: &str,
    ) -> Result<Flow, Error> {
        let (connection, firings) = (&loaded.firing.connection, self.caller.deps.records.firings());
        let (digest, expected) = firings.digest(connection, channel).await?;
        let mut said = loaded.clone();
        said.firing.say(&digest.texts);
        if !digest.texts.is_empty() {
            self.save(&said).await?;
        }
        let is_closed = firings.close(connection, channel, (&digest, expected)).await?;
        if is_closed && digest.texts.is_empty() {
            return self.attempted(loaded, (number, planned), Attempt::Done(0)).await;
        }
        Ok(Flow::Again)
    }
}
