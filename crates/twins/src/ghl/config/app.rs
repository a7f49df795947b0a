//! The marketplace app, the people of the agency, and the app's message providers.

use std::time::Duration;

/// Every scope that the twin knows.
pub(crate) const SCOPES: [&str; 17] = [
    "contacts.readonly",
    "contacts.write",
    "locations.readonly",
    "locations/tags.readonly",
    "locations/tags.write",
    "locations/customFields.readonly",
    "locations/customFields.write",
    "locations/tasks.readonly",
    "users.readonly",
    "conversations.readonly",
    "conversations.write",
    "conversations/message.readonly",
    "conversations/message.write",
    "calendars/events.readonly",
    "opportunities.readonly",
    "oauth.readonly",
    "oauth.write",
];

/// The marketplace app that a company or location can install.
#[derive(Clone, Debug)]
pub struct GhlApp {
    /// The client id; its part before the first `-` should be the `app_id`.
    pub client_id: String,
    /// The client secret.
    pub client_secret: String,
    /// Where a code may be sent. Empty allows every address.
    pub redirect_uris: Vec<String>,
    /// The scopes the app may ask for.
    pub scopes: Vec<String>,
    /// How long an access token lasts.
    pub access_life: Duration,
    /// How long an unused refresh token lasts.
    pub refresh_life: Duration,
    /// How long a code lasts. The provider does not say.
    pub code_life: Duration,
    /// Whether a refresh ends the access token from before. The provider does not say.
    pub refresh_ends_access: bool,
    /// Whether the dated location exchange hands out a refresh token too; the v3 one always does.
    pub exchange_gives_refresh: bool,
    /// The status with which everything but the token endpoint refuses an inactive location. The provider does not say.
    pub inactive_status: u16,
}

impl Default for GhlApp {
    fn default() -> Self {
        Self {
            client_id: "6878cec452e7c8d29d4dd3d9-sandbox1".to_owned(),
            client_secret: "sandbox-client-secret".to_owned(),
            redirect_uris: Vec::new(),
            scopes: SCOPES.map(str::to_owned).to_vec(),
            access_life: Duration::from_secs(86_399),
            refresh_life: Duration::from_hours(365 * 24),
            code_life: Duration::from_mins(10),
            refresh_ends_access: false,
            exchange_gives_refresh: false,
            inactive_status: 403,
        }
    }
}

/// Somebody who works in the app.
#[derive(Clone, Debug)]
pub struct GhlUser {
    /// Id.
    pub id: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Email.
    pub email: String,
    /// Phone.
    pub phone: String,
    /// `admin` or `user`.
    pub role: String,
    /// The locations this person works in; empty is all of them.
    pub locations: Vec<String>,
}

impl GhlUser {
    /// An administrator of every location.
    pub fn new(id: &str, first_name: &str, last_name: &str, email: &str) -> Self {
        Self {
            id: id.to_owned(),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            email: email.to_owned(),
            phone: String::new(),
            role: "admin".to_owned(),
            locations: Vec::new(),
        }
    }
}

/// A conversation provider of the app: a channel in which others' messages or calls are logged.
#[derive(Clone, Debug)]
pub struct GhlMessageProvider {
    /// Its id, 24 hexadecimal digits.
    pub id: String,
    /// `Call` or `SMS`.
    pub kind: String,
}

impl GhlMessageProvider {
    /// A provider for calls.
    pub fn call() -> Self {
        Self { id: "61d6d1f9cdac7612faf80753".to_owned(), kind: "Call".to_owned() }
    }

    /// A provider for an SMS channel beside the native one.
    pub fn sms() -> Self {
        Self { id: "61d6d1f9cdac7612faf80754".to_owned(), kind: "SMS".to_owned() }
    }
}
