//! A provider in memory that counts, and the processes that ask it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use tandem_credentials::{
    Account, Answer, Answering, Call, CompanyId, Grant, Listing, MasterKeys, Timing, TokenEndpoint, Tokens, Vault,
};
use tandem_limits::Limits;
use tandem_proto::ConnectionId;
use tandem_store::Store;
use tandem_testkit::eventually;

pub(crate) const LIMIT: Duration = Duration::from_secs(8);
pub(crate) const DAY: i64 = 86_400;

/// What a call comes to where it isn't simply carried out.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    Say(Answer),
    /// Never answered; carried out or not.
    Hang {
        carried_out: bool,
    },
    /// Answered when the provider is let go.
    Hold,
}

/// Calls so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Calls {
    pub(crate) refresh: u32,
    pub(crate) reconnect: u32,
    pub(crate) exchange: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Provider {
    state: Mutex<State>,
    go: tokio::sync::Notify,
}

#[derive(Debug, Default)]
struct State {
    fates: VecDeque<Fate>,
    calls: Calls,
    issued: u64,
    works: BTreeSet<String>,
    refresh: BTreeSet<String>,
    sent: BTreeSet<String>,
    /// That have the app.
    locations: BTreeSet<String>,
}

impl Provider {
    /// The next calls come to this.
    pub(crate) fn script(&self, fates: impl IntoIterator<Item = Fate>) {
        self.state.lock().unwrap().fates.extend(fates);
    }

    pub(crate) fn calls(&self) -> Calls {
        self.state.lock().unwrap().calls
    }

    pub(crate) fn let_go(&self) {
        self.go.notify_one();
    }

    /// Whether a call with that token is answered otherwise than 401.
    pub(crate) fn takes(&self, access: &SecretString) -> bool {
        self.state.lock().unwrap().works.contains(access.expose_secret())
    }

    /// These locations have the app.
    pub(crate) fn install(&self, locations: &[&str]) {
        self.state.lock().unwrap().locations = locations.iter().map(|id| (*id).to_owned()).collect();
    }

    /// All access tokens are refused from now on.
    pub(crate) fn revoke(&self) {
        self.state.lock().unwrap().works.clear();
    }

    pub(crate) fn grant(&self) -> Grant {
        self.state.lock().unwrap().grant(true)
    }

    pub(crate) async fn wait_for_calls(&self, wanted: Calls) {
        eventually("the calls", LIMIT, async || (self.calls() == wanted).then_some(())).await;
    }
}

impl State {
    fn grant(&mut self, has_refresh: bool) -> Grant {
        self.issued += 1;
        let (access, refresh) = (format!("canary-access-{}", self.issued), format!("canary-refresh-{}", self.issued));
        self.works.insert(access.clone());
        if has_refresh {
            self.refresh.insert(refresh.clone());
        }
        Grant {
            access: access.into(),
            refresh: has_refresh.then(|| refresh.into()),
            expires_in: Duration::from_secs(86_399),
            scopes: vec!["contacts.readonly".to_owned()],
            location: None,
            company: None,
            approved: Vec::new(),
            is_exchanged: !has_refresh,
        }
    }

    fn receive(&mut self, call: &Call) -> Option<Fate> {
        let fate = self.fates.pop_front();
        // What is certainly not carried out uses nothing up, and may be sent again.
        let uses_up = !matches!(
            &fate,
            Some(Fate::Say(
                Answer::NotApplied { .. } | Answer::Unauthorized | Answer::LocationInactive | Answer::Refused
            ))
        );
        match call {
            Call::Refresh { refresh, .. } => {
                self.calls.refresh += 1;
                let is_new = !self.sent.contains(refresh.expose_secret());
                assert!(is_new, "a refresh token is sent twice");
                if uses_up {
                    self.sent.insert(refresh.expose_secret().to_owned());
                }
            }
            Call::Reconnect { .. } => self.calls.reconnect += 1,
            Call::Exchange { .. } => self.calls.exchange += 1,
            Call::Code { .. } => {}
        }
        fate
    }

    fn carry_out(&mut self, call: &Call) -> Answer {
        match call {
            Call::Refresh { refresh, .. } if !self.refresh.remove(refresh.expose_secret()) => Answer::InvalidGrant,
            Call::Exchange { access, .. } if !self.works.contains(access.expose_secret()) => Answer::Unauthorized,
            Call::Refresh { .. } | Call::Reconnect { .. } | Call::Code { .. } => {
                Answer::Tokens(Box::new(self.grant(true)))
            }
            Call::Exchange { .. } => Answer::Tokens(Box::new(self.grant(false))),
        }
    }
}

impl TokenEndpoint for Provider {
    fn call(&self, call: Call, send_by: Instant) -> Answering<'_> {
        Box::pin(async move {
            assert!(Instant::now() <= send_by, "called after the deadline");
            let fate = self.state.lock().unwrap().receive(&call);
            match fate {
                None => tokio::time::sleep(Duration::from_millis(20)).await,
                Some(Fate::Say(answer)) => return answer,
                Some(Fate::Hold) => self.go.notified().await,
                Some(Fate::Hang { carried_out }) => {
                    carried_out.then(|| self.state.lock().unwrap().carry_out(&call));
                    std::future::pending::<()>().await;
                }
            }
            self.state.lock().unwrap().carry_out(&call)
        })
    }

    fn installed<'a>(&'a self, access: &'a SecretString, _company: &'a CompanyId) -> Listing<'a> {
        let is_good = self.takes(access);
        let locations = self.state.lock().unwrap().locations.clone();
        Box::pin(async move { if is_good { Ok(locations) } else { Err(Answer::Unauthorized) } })
    }
}

/// A provider, a store, a clock, and one connected connection.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) provider: Arc<Provider>,
    pub(crate) store: Store,
    ahead: Arc<AtomicI64>,
}

impl World {
    pub(crate) fn new(store: &Store) -> Self {
        Self { provider: Arc::default(), store: store.clone(), ahead: Arc::default() }
    }

    /// A process of its own.
    pub(crate) fn process(&self) -> Tokens {
        self.process_with(Timing { patience: Duration::from_secs(5), ..Timing::default() })
    }

    pub(crate) fn process_with(&self, timing: Timing) -> Tokens {
        let ahead = Arc::clone(&self.ahead);
        let clock = Arc::new(move || Timestamp::now() + SignedDuration::from_secs(ahead.load(Ordering::Relaxed)));
        let endpoint: Arc<dyn TokenEndpoint> = Arc::clone(&self.provider) as _;
        Tokens::with_clock(vault(&self.store, &[1]), endpoint, (Limits::in_process(), timing), clock)
    }

    /// A process whose connection `acme` has its first tokens.
    pub(crate) async fn connected(&self) -> Tokens {
        let tokens = self.process();
        tokens.connected(acme(), location(), &self.provider.grant()).await.unwrap();
        tokens
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed))
    }
}

/// A vault under keys of one byte each.
pub(crate) fn vault(store: &Store, keys: &[u8]) -> Vault {
    Vault::new(store.clone(), masters(keys))
}

pub(crate) fn masters(keys: &[u8]) -> MasterKeys {
    MasterKeys::new(&keys.iter().map(|key| SecretSlice::from(vec![*key; 32])).collect::<Vec<_>>()).unwrap()
}

pub(crate) fn acme() -> ConnectionId {
    ConnectionId::new("acme").unwrap()
}

pub(crate) fn agency() -> CompanyId {
    CompanyId::new("agency").unwrap()
}

pub(crate) fn location() -> Account {
    Account::Location { id: "loc1".to_owned(), company: None }
}
