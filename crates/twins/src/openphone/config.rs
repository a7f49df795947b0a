//! How an OpenPhone twin is set up.

mod office;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::SignedDuration;

pub use self::office::{Access, AppWebhook, PhoneNumber, User, Young};
use crate::deliveries::{RetryOn, RetryRules};
use crate::faults::Faults;
use crate::meter::Rate;

/// An OpenPhone twin's settings. The default is one workspace with a "Tags" multi-select, the published limit, and
/// webhook retries quick enough for tests.
#[derive(Clone, Debug)]
pub struct OpenPhoneConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The workspaces; the API key tells them apart.
    pub workspaces: Vec<Workspace>,
    /// The request budget of each key, over both surfaces.
    pub rate: Rate,
    /// When webhooks are tried again.
    pub retries: RetryRules,
    /// How far lists are behind.
    pub index_lag: Duration,
    /// How far its clock is ahead of this machine's, as `Date` headers and the times of signatures show it.
    pub clock_ahead: SignedDuration,
    /// Whether scalars that a v1 `PATCH` leaves out are lost as well. The provider does not say.
    pub patch_wipes_scalars: bool,
    /// What is left of deleted contacts.
    pub deleted: Deleted,
    /// Whether contact ids in webhooks begin with `CT`.
    pub prefixed_webhook_ids: bool,
    /// How long the key of a webhook still signs after it was rotated. The provider does not say.
    pub rotation_overlap: Duration,
    /// What goes wrong.
    pub faults: Faults,
    /// Seeds the ids.
    pub seed: u64,
}

impl Default for OpenPhoneConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            workspaces: vec![Workspace::default()],
            rate: Rate { requests: 10, per: Duration::from_secs(1), per_day: None, enforce: true },
            retries: RetryRules::doubling(RetryOn::AnyFailure, Duration::from_millis(50), 7),
            index_lag: Duration::ZERO,
            clock_ahead: SignedDuration::ZERO,
            patch_wipes_scalars: false,
            deleted: Deleted::default(),
            prefixed_webhook_ids: false,
            rotation_overlap: Duration::from_hours(24),
            faults: Faults::none(),
            seed: 2,
        }
    }
}

/// What is left of a deleted contact. By default nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Still listed by its external id, though a `GET` or `PATCH` of it is a 404.
    pub still_listed: bool,
    /// Still holds its source and external id, so that a new create conflicts.
    pub holds_pair: bool,
}

/// One workspace.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The key that opens it, sent bare.
    pub api_key: String,
    /// Its id, beginning with `OR`.
    pub org_id: String,
    /// Its owner's user id, beginning with `US`.
    pub owner: String,
    /// Where its webhooks go; `set_webhook_url` changes it.
    pub webhook_url: Option<String>,
    /// The secrets that sign them, `whsec_` and base64; several during a rotation.
    pub webhook_secrets: Vec<String>,
    /// Its custom contact fields.
    pub custom_fields: Vec<CustomField>,
    /// Its telephone numbers.
    pub phone_numbers: Vec<PhoneNumber>,
    /// The people in it.
    pub users: Vec<User>,
    /// Webhooks made in the app.
    pub app_webhooks: Vec<AppWebhook>,
    /// The most open tasks it can have; the provider has a cap but does not name it.
    pub most_open_tasks: Option<usize>,
    /// What its key may do; `set_access` changes it.
    pub access: Access,
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new("sandbox-key")
    }
}

impl Workspace {
    /// A workspace with a "Tags" multi-select that takes new options.
    pub fn new(api_key: &str) -> Self {
        Self {
            api_key: api_key.to_owned(),
            org_id: "ORsandbox".to_owned(),
            owner: "USsandbox".to_owned(),
            webhook_url: None,
            webhook_secrets: vec!["whsec_dGFuZGVtLXNhbmRib3gtd2ViaG9vay1zZWNyZXQtMDE=".to_owned()],
            custom_fields: vec![CustomField::tags(&[], UnknownOption::Add)],
            phone_numbers: vec![PhoneNumber::new("PNsandbox", "+14155550199", "Sandbox")],
            users: vec![User::owner("USsandbox")],
            app_webhooks: Vec::new(),
            most_open_tasks: None,
            access: Access::default(),
        }
    }

    /// A number of the workspace by its id or by itself.
    pub(crate) fn number(&self, named: &str) -> Option<&PhoneNumber> {
        self.phone_numbers.iter().find(|number| number.id == named || number.number == named)
    }

    pub(crate) fn has_user(&self, id: &str) -> bool {
        self.owner == id || self.users.iter().any(|user| user.id == id)
    }

    pub(crate) fn field(&self, key: &str) -> Option<&CustomField> {
        self.custom_fields.iter().find(|field| field.key == key)
    }
}

/// What happens to an option of a multi-select that nobody has defined. The provider does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownOption {
    /// 400, and nothing is written.
    Refuse,
    /// Left out without a word.
    Drop,
    /// Taken, and defined from then on.
    Add,
}

/// The types of custom contact fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Text.
    Text,
    /// A postal address as text.
    Address,
    /// A link as text.
    Url,
    /// True or false.
    Boolean,
    /// A date and time.
    Date,
    /// A number.
    Number,
    /// Any of the defined options.
    MultiSelect {
        /// The options.
        options: Vec<String>,
        /// What happens to others.
        unknown: UnknownOption,
    },
}

impl FieldType {
    /// The name of the type in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Address => "address",
            Self::Url => "url",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Number => "number",
            Self::MultiSelect { .. } => "multi-select",
        }
    }
}

/// A custom contact field; only people can define one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomField {
    /// Its name.
    pub name: String,
    /// Its key.
    pub key: String,
    /// Its type.
    pub kind: FieldType,
}

impl CustomField {
    /// A field of any type.
    pub fn new(key: &str, name: &str, kind: FieldType) -> Self {
        Self { name: name.to_owned(), key: key.to_owned(), kind }
    }

    /// The multi-select "Tags" with key `tags`.
    pub fn tags(options: &[&str], unknown: UnknownOption) -> Self {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        Self::new("tags", "Tags", FieldType::MultiSelect { options, unknown })
    }

    /// The text field "Tags" with key `tags`.
    pub fn tags_as_text() -> Self {
        Self::new("tags", "Tags", FieldType::Text)
    }
}
