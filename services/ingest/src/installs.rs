//! What INSTALL and UNINSTALL do to tokens (contract sheet, sections 2.5 and 2.6).

use jiff::Timestamp;
use tandem_credentials::{CompanyId, VaultError};
use tandem_providers::ghl::webhook::Webhook;

use crate::oauth::Agencies;

/// The app came into an account, or left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Installed,
    Removed,
}

impl Change {
    pub(crate) fn of(webhook: &Webhook) -> Option<Self> {
        match webhook.event_type.as_str() {
            "INSTALL" => Some(Self::Installed),
            "UNINSTALL" => Some(Self::Removed),
            _ => None,
        }
    }

    /// Late and repeated deliveries change nothing: the tokens know when they were connected. An event that names a location
    /// is about that location, whatever else it names.
    pub(crate) async fn apply(self, agencies: &Agencies, webhook: &Webhook, now: Timestamp) -> Result<(), VaultError> {
        let at = webhook.timestamp.unwrap_or(now);
        let company = webhook.company_id.as_deref().and_then(|id| CompanyId::new(id).ok());
        match (self, webhook.location_id.as_deref(), company) {
            (Self::Removed, Some(location), _) => agencies.left(location, at).await,
            (Self::Removed, None, Some(company)) => agencies.removed(&company, at).await,
            (Self::Installed, Some(location), company) => agencies.installed(location, company, at).await,
            (Self::Installed, None, Some(_)) => {
                agencies.look_again();
                Ok(())
            }
            (Self::Installed | Self::Removed, None, None) => Ok(()),
        }
    }
}
