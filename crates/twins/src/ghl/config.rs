//! How a GHL twin is set up.

mod app;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::SignedDuration;

pub use self::app::{GhlApp, GhlMessageProvider, GhlUser};
use crate::deliveries::{RetryOn, RetryRules};
use crate::faults::Faults;
use crate::meter::Rate;

/// A GHL twin's settings. The default is one location, the published limits, and webhook retries quick enough for tests.
#[derive(Clone, Debug)]
pub struct GhlConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The sub-accounts.
    pub locations: Vec<GhlLocation>,
    /// The request budget of each location.
    pub rate: Rate,
    /// Where webhooks go; `set_webhook_url` changes it.
    pub webhook_url: Option<String>,
    /// When webhooks are tried again.
    pub retries: RetryRules,
    /// The `appId` that webhooks carry.
    pub app_id: String,
    /// Leaves unset fields out of webhook bodies; else they are null.
    pub sparse_webhooks: bool,
    /// How far searches and lists are behind.
    pub index_lag: Duration,
    /// How far its clock is ahead of this machine's, as `Date` headers show it.
    pub clock_ahead: SignedDuration,
    /// What null does in a `PUT`: clears the field, or nothing. The provider does not say.
    pub null_clears: bool,
    /// What goes wrong.
    pub faults: Faults,
    /// Seeds the ids.
    pub seed: u64,
    /// 32 bytes for the signing key, so that it outlives a restart; none makes a new key.
    pub signing_seed: Option<[u8; 32]>,
    /// The agency that all locations belong to.
    pub company_id: String,
    /// A private integration token of the agency, if it has one.
    pub company_token: Option<String>,
    /// The marketplace app: its key, its scopes, what it may do.
    pub app: GhlApp,
    /// Everybody who works in the locations.
    pub users: Vec<GhlUser>,
    /// The app's providers for messages and calls.
    pub message_providers: Vec<GhlMessageProvider>,
}

impl Default for GhlConfig {
    fn default() -> Self {
        let day = 200_000;
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            locations: vec![GhlLocation::default()],
            rate: Rate { requests: 100, per: Duration::from_secs(10), per_day: Some(day), enforce: true },
            webhook_url: None,
            retries: RetryRules::doubling(RetryOn::AnyFailure, Duration::from_millis(50), 12),
            app_id: "6878cec452e7c8d29d4dd3d9".to_owned(),
            sparse_webhooks: false,
            index_lag: Duration::ZERO,
            clock_ahead: SignedDuration::ZERO,
            null_clears: true,
            faults: Faults::none(),
            seed: 1,
            signing_seed: None,
            company_id: "SandboxCompany000001".to_owned(),
            company_token: None,
            app: GhlApp::default(),
            users: vec![GhlUser::new("SandboxUser000000001", "Sam", "Sandbox", "sam@example.com")],
            message_providers: vec![GhlMessageProvider::call(), GhlMessageProvider::sms()],
        }
    }
}

/// One sub-account.
#[derive(Clone, Debug)]
pub struct GhlLocation {
    /// Its id, 20 letters and digits.
    pub id: String,
    /// The token that opens it.
    pub token: String,
    /// Its name.
    pub name: String,
    /// Its time zone.
    pub timezone: String,
    /// Given to contacts without a country.
    pub country: String,
    /// Whether two contacts may share an email or phone.
    pub allow_duplicates: bool,
    /// Its custom fields for contacts.
    pub custom_fields: Vec<GhlCustomField>,
    /// Id of the custom field that holds a caller's own key: two contacts with the same value are duplicates.
    pub marker_field: Option<String>,
    /// What the token may do; none is everything.
    pub token_scopes: Option<Vec<String>>,
    /// Whether the app is there from the start. Only then do webhooks come.
    pub installed: bool,
    /// False as when the agency has paused the location.
    pub active: bool,
}

impl Default for GhlLocation {
    fn default() -> Self {
        Self::new("SandboxLocation00001", "pit-sandbox")
    }
}

impl GhlLocation {
    /// A location without custom fields that refuses duplicates.
    pub fn new(id: &str, token: &str) -> Self {
        Self {
            id: id.to_owned(),
            token: token.to_owned(),
            name: "Sandbox".to_owned(),
            timezone: "America/Chicago".to_owned(),
            country: "US".to_owned(),
            allow_duplicates: false,
            custom_fields: Vec::new(),
            marker_field: None,
            token_scopes: None,
            installed: true,
            active: true,
        }
    }

    /// Finds a custom field by id or by key, with or without `contact.` in front.
    pub(crate) fn field(&self, name: &str) -> Option<&GhlCustomField> {
        let bare = name.strip_prefix("contact.").unwrap_or(name);
        self.custom_fields.iter().find(|field| field.id == name || field.key == bare)
    }
}

/// A custom field of contacts.
#[derive(Clone, Debug)]
pub struct GhlCustomField {
    /// Its id.
    pub id: String,
    /// Its key, without `contact.` in front.
    pub key: String,
    /// Its name.
    pub name: String,
    /// `TEXT`, `MULTIPLE_OPTIONS` and so on.
    pub data_type: String,
    /// What can be picked.
    pub options: Vec<String>,
    /// `contact` or `opportunity`.
    pub model: String,
}

impl GhlCustomField {
    /// A text field.
    pub fn text(id: &str, key: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            key: key.to_owned(),
            name: name.to_owned(),
            data_type: "TEXT".to_owned(),
            options: Vec::new(),
            model: "contact".to_owned(),
        }
    }
}
