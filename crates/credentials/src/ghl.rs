//! The token routes of GHL over HTTP (contract sheet, sections 2.2 to 2.5).

use std::collections::BTreeSet;
use std::fmt;
use std::time::Instant;

use http::HeaderMap;
use secrecy::SecretString;
use tandem_outbound::{Client, SendError};
use tandem_providers::ghl::oauth::{self, App, Installations, Proof, TokenSet, UserType};
use tandem_providers::ghl::{ApiVersion, Id};
use tandem_providers::{ApiError, Class, Request, Response};

use crate::{Account, Answer, Answering, Call, CompanyId, Grant, Listing, TokenEndpoint};

/// Locations in one page of a list, and more pages than any agency fills.
const PAGE: u32 = 100;
const MOST_PAGES: usize = 1_000;

/// GHL's token routes, asked as one app.
pub struct GhlTokenRoutes {
    client: Client,
    app: App,
    version: ApiVersion,
}

impl GhlTokenRoutes {
    /// The routes behind that client.
    pub fn new(client: Client, app: App, version: ApiVersion) -> Self {
        Self { client, app, version }
    }

    async fn ask(&self, call: Call, send_by: Instant) -> Result<Grant, Answer> {
        match call {
            Call::Refresh { refresh, account } => {
                self.token(&Proof::Refresh(refresh), user_type(&account), send_by).await
            }
            Call::Code { code, redirect_uri } => {
                let proof = Proof::Code { code, redirect_uri: Some(redirect_uri) };
                self.token(&proof, UserType::Location, send_by).await
            }
            Call::Reconnect { account } => {
                let (user_type, id) = (user_type(&account), id(&account));
                let request = oauth::reconnect(&self.app, user_type, id, &self.version);
                let code = self.send((request, None), Some(send_by), oauth::reconnected).await?;
                self.token(&Proof::Code { code, redirect_uri: None }, user_type, send_by).await
            }
            Call::Exchange { access, company, location } => {
                let request = oauth::location_token(company.as_str(), &location, &self.version);
                let sent = self.send((request, Some(&access)), Some(send_by), oauth::token_set).await;
                sent.and_then(grant).map(|grant| Grant { is_exchanged: true, ..grant })
            }
        }
    }

    /// Page by page: the dated API counts, and says by an empty page that there are no more; v3 says it.
    async fn all_installed(&self, access: &SecretString, company: &CompanyId) -> Result<BTreeSet<String>, Answer> {
        let app = Id::new(App::id(&self.app.client_id)).map_err(|_| Answer::Refused)?;
        let (mut all, mut read, mut after): (BTreeSet<String>, usize, Option<String>) = Default::default();
        for _ in 0..MOST_PAGES {
            let wanted = Installations { company: company.as_str(), app: &app, limit: PAGE, after: after.as_deref() };
            let request = oauth::installed_locations(&wanted, &self.version);
            let page = self.send((request, Some(access)), None, oauth::installed).await?;
            read += page.locations.len();
            let is_last = page.next.is_none() && (self.version.is_v3() || page.locations.is_empty());
            all.extend(page.locations);
            if is_last {
                break;
            }
            after = page.next.or_else(|| Some(read.to_string()));
        }
        Ok(all)
    }

    async fn token(&self, proof: &Proof, user_type: UserType, send_by: Instant) -> Result<Grant, Answer> {
        let request = oauth::token(&self.app, proof, user_type, &self.version);
        self.send((request, None), Some(send_by), oauth::token_set).await.and_then(grant)
    }

    async fn send<T>(
        &self,
        (request, credential): (Request, Option<&SecretString>),
        send_by: Option<Instant>,
        read: impl FnOnce(&Response) -> Result<T, ApiError>,
    ) -> Result<T, Answer> {
        // The token routes carry theirs in the body.
        let none = SecretString::default();
        let sent = self.client.send(request, credential.unwrap_or(&none), HeaderMap::new(), send_by).await;
        let response = sent.map_err(|error| match error {
            SendError::NotSent { .. } => Answer::NotApplied { retry_after: None },
            SendError::Unknown { .. } => Answer::Unknown,
        })?;
        read(&response).map_err(|error| {
            tracing::warn!(
                status = error.status.as_u16(),
                trace = error.trace.as_deref(),
                "GHL refuses a call about tokens"
            );
            answer(&error)
        })
    }
}

impl TokenEndpoint for GhlTokenRoutes {
    fn call(&self, call: Call, send_by: Instant) -> Answering<'_> {
        Box::pin(async move {
            match self.ask(call, send_by).await {
                Ok(grant) => Answer::Tokens(Box::new(grant)),
                Err(answer) => answer,
            }
        })
    }

    fn installed<'a>(&'a self, access: &'a SecretString, company: &'a CompanyId) -> Listing<'a> {
        Box::pin(self.all_installed(access, company))
    }
}

impl fmt::Debug for GhlTokenRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GhlTokenRoutes").field("client", &self.client).finish_non_exhaustive()
    }
}

fn user_type(account: &Account) -> UserType {
    match account {
        Account::Location { .. } => UserType::Location,
        Account::Company { .. } => UserType::Company,
    }
}

fn id(account: &Account) -> &str {
    match account {
        Account::Location { id, .. } => id,
        Account::Company { id } => id.as_str(),
    }
}

fn grant(tokens: TokenSet) -> Result<Grant, Answer> {
    // An agency's id that can't be a key is none that GHL makes.
    let company = tokens.company_id.map(CompanyId::new).transpose().map_err(|_| Answer::Unknown)?;
    let TokenSet { access, refresh, expires_in, scopes, location_id, approved_locations, .. } = tokens;
    let (location, approved) = (location_id, approved_locations);
    Ok(Grant { access, refresh, expires_in, scopes, location, company, approved, is_exchanged: false })
}

/// What a refusal means for the tokens. The texts are in the published description of the route.
fn answer(error: &ApiError) -> Answer {
    let words = error.words.reveal().to_lowercase();
    match error.class() {
        Class::Unauthorized => Answer::Unauthorized,
        Class::Throttled { retry_after } => Answer::NotApplied { retry_after },
        Class::QuotaExhausted { resets_after } => Answer::NotApplied { retry_after: resets_after },
        Class::Transient | Class::Unreadable | Class::Misrouted => Answer::Unknown,
        // The app's own id or secret; a refresh token must not be given up for that.
        _ if words.contains("parameter") && words.contains("client") => Answer::Unauthorized,
        _ if error.is_location_inactive() => Answer::LocationInactive,
        _ if error.is_invalid_grant() => Answer::InvalidGrant,
        Class::Refused | Class::Forbidden | Class::PaymentRequired | Class::NotFound | Class::Conflict => {
            Answer::Refused
        }
    }
}
