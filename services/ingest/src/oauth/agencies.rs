//! Locations that have the app through an agency. Its events don't tell all: they come before the agency's token does, may
//! leave the agency out (contract sheet, section 2.5), and may get lost. So GHL is asked as well: at the start, every hour,
//! and when an event leaves something open.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tandem_credentials::{CompanyId, NoToken, Tokens, VaultError};
use tandem_policy::backoff;
use tandem_proto::ConnectionId;
use tandem_telemetry::chain;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Between two looks when nothing is open.
const INTERVAL: Duration = Duration::from_hours(1);
/// After an event that left something open, and after a failure; longer after more of them.
const SOON: Duration = Duration::from_mins(1);

/// The agencies' side of connecting. Clones share it.
#[derive(Clone)]
pub struct Agencies {
    inner: Arc<Inner>,
}

struct Inner {
    tokens: Tokens,
    locations: HashMap<ConnectionId, String>,
    open: Notify,
}

impl Agencies {
    /// For these connections and their locations.
    pub fn new(tokens: Tokens, locations: HashMap<ConnectionId, String>) -> Self {
        Self { inner: Arc::new(Inner { tokens, locations, open: Notify::new() }) }
    }

    /// Looks until the shutdown.
    pub async fn keep(&self, shutdown: CancellationToken) {
        let mut failures = 0;
        let mut is_open = false;
        while !shutdown.is_cancelled() {
            let is_told = self.look().await;
            failures = if is_told { 0 } else { failures + 1 };
            let pause = match (is_told, is_open) {
                (true, false) => INTERVAL.mul_f64(0.2_f64.mul_add(rand::random::<f64>(), 0.9)),
                (true, true) => SOON,
                (false, _) => SOON.max(backoff::delay(failures, SOON, INTERVAL, rand::random())),
            };
            is_open = tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(pause) => false,
                () = self.inner.open.notified() => true,
            };
        }
    }

    /// Asks every agency which locations have the app; false where one doesn't say.
    async fn look(&self) -> bool {
        let agencies = match self.inner.tokens.agencies().await {
            Ok(agencies) => agencies,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the agencies that are connected can't be read");
                return false;
            }
        };
        let mut is_told = true;
        for company in agencies {
            match self.look_at(&company).await {
                Ok(answered) => is_told &= answered,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "agency {company} can't be asked for its locations");
                    is_told = false;
                }
            }
        }
        is_told
    }

    async fn look_at(&self, company: &CompanyId) -> Result<bool, NoToken> {
        // What is removed after this moment stays removed, whatever the list says.
        let at = Timestamp::now();
        let Some(there) = self.inner.tokens.locations_of(company).await? else { return Ok(false) };
        self.adopt(company, &there, at).await?;
        Ok(true)
    }

    /// Another look soon.
    pub(crate) fn look_again(&self) {
        self.inner.open.notify_one();
    }

    /// Those of our locations that are among these go on with the agency's token, unless they have one.
    pub(crate) async fn adopt(
        &self,
        company: &CompanyId,
        there: &BTreeSet<String>,
        at: Timestamp,
    ) -> Result<(), VaultError> {
        for (connection, location) in self.inner.locations.iter().filter(|(_, location)| there.contains(*location)) {
            self.inner.tokens.installed(connection, (location.clone(), company.clone()), at).await?;
        }
        Ok(())
    }

    /// The app came into a location. Without a word of the agency it is the only one that is connected; else GHL is asked.
    pub(crate) async fn installed(
        &self,
        location: &str,
        company: Option<CompanyId>,
        at: Timestamp,
    ) -> Result<(), VaultError> {
        let Some(connection) = self.connection(location) else { return Ok(()) };
        let known = self.inner.tokens.agencies().await?;
        let company = match (company, known.as_slice()) {
            (Some(named), _) => Some(named).filter(|named| known.contains(named)),
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
        };
        let Some(company) = company else {
            self.look_again();
            return Ok(());
        };
        self.inner.tokens.installed(connection, (location.to_owned(), company), at).await
    }

    /// The app left a location.
    pub(crate) async fn left(&self, location: &str, at: Timestamp) -> Result<(), VaultError> {
        let Some(connection) = self.connection(location) else { return Ok(()) };
        self.inner.tokens.uninstalled(connection, at).await
    }

    /// The app left an agency, and with it the locations that had it through the agency.
    pub(crate) async fn removed(&self, company: &CompanyId, at: Timestamp) -> Result<(), VaultError> {
        let Inner { tokens, locations, .. } = &*self.inner;
        tokens.uninstalled(company.clone(), at).await?;
        for connection in locations.keys() {
            tokens.uninstalled_with(company, connection, at).await?;
        }
        Ok(())
    }

    fn connection(&self, location: &str) -> Option<&ConnectionId> {
        self.inner.locations.iter().find_map(|(connection, own)| (own == location).then_some(connection))
    }
}

impl fmt::Debug for Agencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agencies").field("locations", &self.inner.locations.len()).finish_non_exhaustive()
    }
}
