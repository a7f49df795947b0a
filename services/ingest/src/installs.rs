//! What INSTALL and UNINSTALL do to tokens (contract sheet, sections 2.5 and 2.6).

use jiff::Timestamp;
use tandem_credentials::{CompanyId, Tokens, VaultError};
use tandem_proto::ConnectionId;
use tandem_providers::ghl::webhook::Webhook;

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

    /// Late and repeated deliveries change nothing: the tokens know when they were connected.
    pub(crate) async fn apply(
        self,
        tokens: &Tokens,
        webhook: &Webhook,
        connection: Option<&ConnectionId>,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        let at = webhook.timestamp.unwrap_or(now);
        let company = webhook.company_id.as_deref().and_then(|id| CompanyId::new(id).ok());
        match (self, connection, company) {
            (Self::Removed, Some(connection), _) => tokens.uninstalled(connection, at).await,
            (Self::Removed, None, Some(company)) => tokens.uninstalled(company, at).await,
            (Self::Installed, Some(connection), Some(company)) => {
                let location = webhook.location_id.clone().unwrap_or_default();
                // Only an agency's token can give the location's; without one a person has to open the link.
                match tokens.status(company.clone()).await? {
                    Some(_) => tokens.installed(connection, (location, company), at).await,
                    None => Ok(()),
                }
            }
            (Self::Installed, _, _) | (Self::Removed, None, None) => Ok(()),
        }
    }
}
