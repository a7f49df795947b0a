//! What an agency's token is good for beside renewing: which locations have the app, and their first tokens.

use std::collections::BTreeSet;
use std::pin::Pin;

use secrecy::SecretString;

use super::{NoToken, Stage, Tokens};
use crate::vault::Purpose;
use crate::{Answer, Call, CompanyId, Holder, Paused, VaultError};

impl Tokens {
    /// The agencies that are connected.
    pub async fn agencies(&self) -> Result<Vec<CompanyId>, VaultError> {
        let mut connected = Vec::new();
        for holder in self.inner.vault.holders(Purpose::GhlTokens).await? {
            let Holder::Company(company) = holder else { continue };
            let is_over = |stage| matches!(stage, Stage::Uninstalled | Stage::NeedsReconnect(_));
            match self.status(company.clone()).await {
                Ok(Some(status)) if !is_over(status.stage) => connected.push(company),
                Ok(_) => {}
                Err(error @ VaultError::Store(_)) => return Err(error),
                // One that can't be opened keeps none of the others back.
                Err(error) => tracing::warn!("agency {company} is passed over: {error}"),
            }
        }
        Ok(connected)
    }

    /// The locations that have the app through the agency; none where the provider doesn't say.
    pub async fn locations_of(&self, company: &CompanyId) -> Result<Option<BTreeSet<String>>, NoToken> {
        let mut refused: Option<SecretString> = None;
        loop {
            let access = self.company_token(company, refused.as_ref()).await?;
            match self.inner.endpoint.installed(&access, company).await {
                Ok(locations) => return Ok(Some(locations)),
                Err(Answer::Unauthorized) if refused.is_none() => refused = Some(access),
                Err(_) => return Ok(None),
            }
        }
    }

    /// A location's token for the agency's; asked once more when that one was refused.
    pub async fn exchange(&self, company: &CompanyId, location: &str) -> Result<Answer, NoToken> {
        let mut refused: Option<SecretString> = None;
        loop {
            let access = match self.company_token(company, refused.as_ref()).await {
                Err(NoToken::Paused { paused: Paused::StillRefused, .. }) => return Ok(Answer::Unauthorized),
                other => other?,
            };
            let call =
                Call::Exchange { access: access.clone(), company: company.clone(), location: location.to_owned() };
            let send_by = std::time::Instant::now() + self.inner.timing.send_window;
            match self.inner.endpoint.call(call, send_by).await {
                Answer::Unauthorized if refused.is_none() => refused = Some(access),
                answer @ (Answer::Tokens(_)
                | Answer::InvalidGrant
                | Answer::LocationInactive
                | Answer::NotApplied { .. }
                | Answer::Unauthorized
                | Answer::Refused
                | Answer::Unknown) => return Ok(answer),
            }
        }
    }

    /// Boxed, because an agency's token is obtained as any other.
    fn company_token<'a>(
        &'a self,
        company: &CompanyId,
        refused: Option<&'a SecretString>,
    ) -> Pin<Box<dyn Future<Output = Result<SecretString, NoToken>> + Send + 'a>> {
        let holder = Holder::Company(company.clone());
        Box::pin(async move { self.token(&holder, refused).await })
    }
}
