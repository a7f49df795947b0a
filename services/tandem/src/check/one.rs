//! One connection: its two sides, and what `OpenPhone` delivers for it.

use tandem_contact::Side;
use tandem_credentials::Tokens;
use tandem_providers::ghl::{ApiVersion, Id};
use tandem_service::Config;
use tandem_service::config::Connection;
use url::Url;

use super::caller::{Caller, Key};
use super::exam::Exam;
use super::hooks::Maker;
use super::place::Place;
use super::report::Check;
use super::room::Room;
use super::verdict::{Sheet, Verdict};
use super::{ghl, openphone, plan, settings};
use crate::assemble;

/// One connection under examination.
pub(super) struct One<'a> {
    pub(super) config: &'a Config,
    pub(super) connection: &'a Connection,
    pub(super) place: Place,
    pub(super) room: &'a Room,
    pub(super) tokens: &'a Result<Tokens, String>,
    pub(super) version: &'a ApiVersion,
}

impl One<'_> {
    /// Both sides at once, then what is delivered.
    pub(super) async fn examine(&self, write: bool) -> anyhow::Result<Vec<Check>> {
        let Ok(_place) = self.room.at_once.acquire().await else { return Ok(Vec::new()) };
        let location = Id::new(&self.connection.ghl.location_id)?;
        let sides = tokio::join!(Box::pin(self.ghl(&location, write)), Box::pin(self.openphone(write)));
        let (ghl, (openphone, webhooks)) = sides;
        Ok([ghl, openphone, webhooks].into_iter().flat_map(Sheet::into_checks).collect())
    }

    async fn ghl(&self, id: &Id, write: bool) -> Sheet {
        let mapping = &self.connection.mapping;
        let view = assemble::ghl_view(self.config, self.connection);
        let location = ghl::Location { id, version: self.version, view: &view, writes: write };
        let mut exam = self.exam(Side::Ghl, Sheet::new(self.place.id.clone(), plan::ghl(mapping, self.version)));
        location.examine(&mut exam).await;
        exam.sheet
    }

    /// The workspace, then its webhook.
    async fn openphone(&self, write: bool) -> (Sheet, Sheet) {
        let mut exam = self.exam(Side::OpenPhone, Sheet::new(self.place.id.clone(), plan::openphone(self.connection)));
        openphone::examine(&mut exam, self.connection, write).await;
        let blocked = exam.sheet.skipped(plan::LIST);
        let mut sheet = Sheet::new(self.place.id.clone(), plan::webhooks());
        sheet.put(plan::GHL_HOOKS, self.ghl_hooks());
        let hooks =
            openphone::Hooks { maker: self.maker(), url: self.hook_url(), exam: self.exam(Side::OpenPhone, sheet) };
        (exam.sheet, hooks.examine(blocked).await)
    }

    fn exam(&self, side: Side, sheet: Sheet) -> Exam<'_> {
        let (budget, key) = match side {
            Side::Ghl => (assemble::ghl_budget(self.config, &self.room.deps.limits, self.connection), self.ghl_key()),
            Side::OpenPhone => (
                assemble::openphone_budget(self.config, &self.room.deps.limits, self.connection),
                Key::Fixed(self.connection.openphone.api_key.clone()),
            ),
        };
        let caller = Caller { side, connection: &self.connection.id, room: self.room, budget, key };
        Exam::new(caller, (&self.place, &self.connection.mapping), sheet)
    }

    fn ghl_key(&self) -> Key {
        let fixed = self.connection.ghl.private_token.clone().map(Key::Fixed);
        fixed.unwrap_or_else(|| match self.tokens {
            Ok(tokens) => Key::Tokens(tokens.clone()),
            Err(why) => Key::OutOfReach(why.clone()),
        })
    }

    fn maker(&self) -> Maker {
        if assemble::makes_webhook(self.config, self.connection) {
            Maker::Tandem
        } else if self.connection.openphone.webhook_secrets.is_empty() {
            Maker::Nobody
        } else {
            Maker::Person
        }
    }

    fn hook_url(&self) -> Option<Url> {
        let url = self.config.http.public_url.as_ref()?;
        Some(tandem_ingest::hook_url(url, &self.connection.id))
    }

    /// No operation of GHL's tells of an app's webhooks or tries them (contract sheet, section 9.1).
    fn ghl_hooks(&self) -> Verdict {
        let address = self
            .config
            .http
            .public_url
            .as_ref()
            .map_or_else(|| "https://<your address>/webhooks/ghl".to_owned(), settings::ghl_hook);
        Verdict::skipped(format!(
            "GHL offers no way to test them; the marketplace app has to send its events to {address}"
        ))
    }
}
