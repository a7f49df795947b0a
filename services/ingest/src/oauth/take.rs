//! What the callback stores: that a state was used, and tokens, if they are for the right location.

use jiff::Timestamp;
use tandem_credentials::{Account, Answer, CompanyId, Grant, VaultError};
use tandem_proto::ConnectionId;
use tandem_store::{Expected, Store};
use tandem_telemetry::chain;

use super::OAuthDeps;
use super::state::LIFETIME;
use super::trouble::Trouble;

/// Where states that were used are kept until they are too old anyway.
const USED: &str = "oauth/used/";
const SWEEP: usize = 100;

/// Notes that a state was used, unless it was.
pub(super) async fn use_up(store: &Store, nonce: &str, now: Timestamp) -> Result<(), Trouble> {
    let used = store.put(&format!("{USED}{nonce}"), now.as_millisecond().to_string(), Expected::Absent).await;
    match used {
        Ok(_) => sweep(store, now).await,
        Err(tandem_store::Error::Conflict { .. }) => return Err(Trouble::Used),
        Err(error) => {
            tracing::error!(error = %chain(&error), "the store can't be written");
            return Err(Trouble::Store);
        }
    }
    Ok(())
}

/// Forgets states that nobody could use any more. What fails is tried again with the next one.
async fn sweep(store: &Store, now: Timestamp) {
    let Ok(used) = store.list(USED, None, SWEEP).await else { return };
    for (key, entry) in used {
        let at = std::str::from_utf8(&entry.value).ok().and_then(|text| text.parse().ok());
        let at = at.and_then(|millis| Timestamp::from_millisecond(millis).ok());
        if at.is_none_or(|at| now.duration_since(at) > LIFETIME + LIFETIME)
            && let Err(error) = store.delete(&key, entry.revision).await
        {
            tracing::debug!(error = %chain(&error), "an old state stays for now");
        }
    }
}

/// Stores the tokens if they are for the connection's location, or for an agency that has it.
pub(super) async fn take(
    deps: &OAuthDeps,
    (connection, location): (&ConnectionId, &str),
    grant: &Grant,
    now: Timestamp,
) -> Result<(), Trouble> {
    let account =
        |company: Option<&CompanyId>| Account::Location { id: location.to_owned(), company: company.cloned() };
    let other = || Trouble::Account { connection: connection.clone(), location: location.to_owned() };
    match (&grant.location, &grant.company) {
        (Some(given), company) if given == location => {
            let taken = deps.tokens.connected(connection, account(company.as_ref()), grant).await;
            taken.map_err(|error| not_stored(connection, &error))
        }
        (None, Some(company)) => {
            let exchanged = through_agency(deps, (connection, location), (company, grant), now).await?;
            if exchanged.location.as_ref().is_some_and(|given| given != location) {
                return Err(other());
            }
            let taken = deps.tokens.connected(connection, account(Some(company)), &exchanged).await;
            taken.map_err(|error| not_stored(connection, &error))
        }
        (Some(_) | None, _) => Err(other()),
    }
}

/// Stores the agency's tokens, and gets the location's with them. Other connections below the agency go on as well.
async fn through_agency(
    deps: &OAuthDeps,
    (connection, location): (&ConnectionId, &str),
    (company, grant): (&CompanyId, &Grant),
    now: Timestamp,
) -> Result<Grant, Trouble> {
    let OAuthDeps { tokens, agencies, .. } = deps;
    let failed = |error| not_stored(connection, &error);
    tokens.connected(company.clone(), Account::Company { id: company.clone() }, grant).await.map_err(failed)?;
    agencies.adopt(company, &grant.approved.iter().cloned().collect(), now).await.map_err(failed)?;
    // The answer may leave out what was approved.
    agencies.look_again();
    let answer = tokens.exchange(company, location).await.unwrap_or(Answer::Unknown);
    match answer {
        Answer::Tokens(exchanged) => Ok(*exchanged),
        Answer::InvalidGrant | Answer::Unauthorized | Answer::Refused => Err(Trouble::NotInstalled(connection.clone())),
        Answer::LocationInactive | Answer::NotApplied { .. } | Answer::Unknown => {
            let below = (location.to_owned(), company.clone());
            tokens.installed(connection, below, now).await.map_err(failed)?;
            Err(Trouble::NotNow(connection.clone()))
        }
    }
}

fn not_stored(connection: &ConnectionId, error: &VaultError) -> Trouble {
    tracing::error!(connection.id = %connection, error = %chain(error), "the tokens can't be stored");
    Trouble::Store
}
