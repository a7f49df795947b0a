//! One connection as the writer sees it: rules, clients, credentials, budgets.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::SecretString;
use tandem_contact::Side;
use tandem_credentials::{GhlCredential, NoToken};
use tandem_limits::BudgetKey;
use tandem_mapping::Mapping;
use tandem_outbound::Client;
use tandem_proto::ConnectionId;
use tandem_providers::ghl::{ApiVersion, GhlView};
use tandem_providers::openphone::OpenPhoneView;
use tandem_providers::openphone::workspace::Number;
use tandem_reconcile::{Kind, Rules};
use tokio::sync::Mutex;
use url::Url;

use crate::ghl::{LocationFields, Settings};
use crate::pause::Pause;
use crate::people::People;
use crate::task::OpenTasks;

/// One GHL location and one OpenPhone workspace.
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// What is kept in step.
    pub mapping: Mapping,
    /// How records are decided.
    pub rules: Rules,
    /// How tasks are; none where they don't travel.
    pub task_rules: Option<Rules>,
    /// How notes are; none where they don't travel.
    pub note_rules: Option<Rules>,
    /// The GHL side.
    pub ghl: GhlSide,
    /// The OpenPhone side.
    pub openphone: OpenPhoneSide,
    pub(crate) pause: Pause,
    /// Whether the mass-change brake is on, as last read.
    pub(crate) brake: Mutex<Option<(bool, Instant)>>,
    pub(crate) key: Key,
    /// The workspace's custom fields, as last read.
    pub(crate) workspace: Mutex<Option<(OpenPhoneView, Instant)>>,
    /// The location's custom fields, as last read.
    pub(crate) custom_fields: Mutex<Option<(Arc<LocationFields>, Instant)>>,
    /// The location's settings, as last read.
    pub(crate) location: Mutex<Option<(Settings, Instant)>>,
    /// Who works at either side, as last read.
    pub(crate) people: Mutex<Option<(Arc<People>, Instant)>>,
    /// The workspace's own numbers, as last read.
    pub(crate) numbers: Mutex<Option<(Vec<Number>, Instant)>>,
    /// When the list of conversations was last begun to be read.
    pub(crate) talks_read: Mutex<Option<Timestamp>>,
    /// The location's open tasks, and when they were last begun to be read.
    pub(crate) open_tasks: Mutex<Option<(Timestamp, Arc<OpenTasks>)>>,
}

/// What is needed to call GHL for a location.
pub struct GhlSide {
    /// The way out.
    pub client: Client,
    /// What calls sign in with.
    pub credential: GhlCredential,
    /// Where a person connects the location again; none with a private token.
    pub connect_url: Option<Url>,
    /// The `Version` header.
    pub version: ApiVersion,
    /// How its contacts are read, as far as that is known without asking.
    pub view: GhlView,
    /// The budget every call draws on.
    pub budget: BudgetKey,
}

/// What is needed to call OpenPhone for a workspace.
pub struct OpenPhoneSide {
    /// The way out.
    pub client: Client,
    /// The workspace's API key.
    pub api_key: SecretString,
    /// How its contacts are read, as far as that is known without asking.
    pub view: OpenPhoneView,
    /// The budget every call draws on.
    pub budget: BudgetKey,
}

impl Connection {
    /// A connection that nothing is known about yet.
    pub fn new(
        id: ConnectionId,
        mapping: Mapping,
        (rules, task_rules, note_rules): (Rules, Option<Rules>, Option<Rules>),
        ghl: GhlSide,
        openphone: OpenPhoneSide,
    ) -> Self {
        Self {
            id,
            mapping,
            rules,
            task_rules,
            note_rules,
            ghl,
            openphone,
            pause: Pause::default(),
            brake: Mutex::new(None),
            key: Key::default(),
            workspace: Mutex::new(None),
            custom_fields: Mutex::new(None),
            location: Mutex::new(None),
            people: Mutex::new(None),
            numbers: Mutex::new(None),
            talks_read: Mutex::new(None),
            open_tasks: Mutex::new(None),
        }
    }

    /// How long the settings of either side are trusted: people change them and add fields.
    pub(crate) const SETTINGS_AGE: Duration = Duration::from_mins(10);

    /// How things of a kind are decided; none where they don't travel.
    pub(crate) fn rules_of(&self, kind: Kind) -> Option<&Rules> {
        match kind {
            Kind::Contact => Some(&self.rules),
            Kind::Task => self.task_rules.as_ref(),
            Kind::Note => self.note_rules.as_ref(),
        }
    }

    pub(crate) fn way_out(&self, side: Side) -> (&Client, &BudgetKey) {
        match side {
            Side::Ghl => (&self.ghl.client, &self.ghl.budget),
            Side::OpenPhone => (&self.openphone.client, &self.openphone.budget),
        }
    }

    /// What the next call to this side signs in with.
    pub(crate) async fn credential(&self, side: Side) -> Result<SecretString, NoToken> {
        match side {
            Side::OpenPhone => Ok(self.openphone.api_key.clone()),
            Side::Ghl => self.ghl.credential.access(&self.id).await,
        }
    }

    /// Whether there is another credential than the one that was refused. None where nothing can be renewed.
    pub(crate) async fn renewed(&self, side: Side, refused: &SecretString) -> Option<Result<(), NoToken>> {
        match side {
            Side::OpenPhone => None,
            Side::Ghl => self.ghl.credential.renewed(refused, &self.id).await,
        }
    }
}

/// What is known of the workspace's key.
#[derive(Debug, Default)]
pub(crate) struct Key {
    has_worked: AtomicBool,
    first_refused: OnceLock<Instant>,
}

impl Key {
    /// It was taken.
    pub(crate) fn works(&self) {
        self.has_worked.store(true, Ordering::Relaxed);
    }

    /// How long it has been refused, this refusal being one of them; none where it was taken before.
    pub(crate) fn refused_for(&self, now: Instant) -> Option<Duration> {
        let first = self.first_refused.get_or_init(|| now);
        (!self.has_worked.load(Ordering::Relaxed)).then(|| now.saturating_duration_since(*first))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("id", &self.id).finish_non_exhaustive()
    }
}
