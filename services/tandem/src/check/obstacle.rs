//! Why a request brought nothing usable, sorted by what a person has to do.

use std::time::Duration;

use tandem_contact::Side;
use tandem_credentials::{NoToken, Paused, TroubleKind};
use tandem_outbound::SendError;
use tandem_providers::{ApiError, Class, Outcome};

/// A request that brought nothing usable.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// The store with the tokens can't be reached from here.
    NoStore(String),
    /// Nothing to sign in with.
    NoToken(NoToken),
    /// No slot in the request budget.
    NoSlot(Duration),
    /// The check has to end.
    NoTime,
    /// No answer.
    Lost(SendError),
    /// Another answer than hoped for.
    Refused(ApiError),
}

/// What it comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    NoStore,
    NotConnected,
    Uninstalled,
    /// GHL gives no new token.
    NoNewToken,
    /// GHL refuses a token that it gave less than a minute ago.
    NewToken,
    /// The marketplace app's own id and secret are refused.
    App,
    /// The credential is refused.
    Key,
    /// The credential is good, and lacks a scope.
    Scope,
    OtherLocation,
    Inactive,
    Unpaid,
    /// The credential is good, and this is not allowed with it.
    NoRights,
    Silent,
    Misrouted,
    Throttled,
    Quota,
    /// The provider's own trouble.
    Theirs,
    Unreadable,
    NotThere,
    Refused,
    NoSlot,
    NoTime,
}

impl Obstacle {
    pub(super) fn kind(&self, side: Side) -> Kind {
        match self {
            Self::NoStore(_) => Kind::NoStore,
            Self::NoToken(no_token) => of_token(no_token),
            Self::NoSlot(_) => Kind::NoSlot,
            Self::NoTime => Kind::NoTime,
            Self::Lost(_) => Kind::Silent,
            Self::Refused(error) => of_answer(side, error),
        }
    }

    /// Whether a write that ended like this can have happened.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::NoStore(_) | Self::NoToken(_) | Self::NoSlot(_) | Self::NoTime => Outcome::NotApplied,
            Self::Lost(error) => error.outcome(),
            Self::Refused(error) => error.outcome(),
        }
    }
}

fn of_token(no_token: &NoToken) -> Kind {
    match no_token {
        NoToken::NotConnected { .. } => Kind::NotConnected,
        NoToken::Paused { paused: Paused::Uninstalled, .. } => Kind::Uninstalled,
        NoToken::Paused { paused: Paused::NeedsReconnect(_), .. } => Kind::NoNewToken,
        NoToken::Paused { paused: Paused::StillRefused, .. } => Kind::NewToken,
        NoToken::Later(later) => match later.trouble {
            Some(TroubleKind::LocationInactive) => Kind::Inactive,
            Some(TroubleKind::Unauthorized) => Kind::App,
            Some(TroubleKind::Refused | TroubleKind::NoCompanyToken) => Kind::NoNewToken,
            Some(TroubleKind::Unreachable | TroubleKind::OutcomeUnknown) => Kind::Silent,
            None => Kind::NoTime,
        },
        NoToken::Vault(_) => Kind::NoStore,
        NoToken::Interrupted => Kind::NoTime,
    }
}

fn of_answer(side: Side, error: &ApiError) -> Kind {
    // Which status an inactive location is answered with is not documented; the words are (GHL contract sheet, section 2.3).
    if side == Side::Ghl && error.words.reveal().to_ascii_lowercase().contains("location is not active") {
        return Kind::Inactive;
    }
    match (error.class(), side) {
        (Class::Unauthorized, Side::Ghl) if error.is_missing_scope() => Kind::Scope,
        (Class::Unauthorized, _) => Kind::Key,
        (Class::Forbidden, Side::Ghl) => Kind::OtherLocation,
        (Class::Forbidden, Side::OpenPhone) => Kind::NoRights,
        (Class::PaymentRequired, _) => Kind::Unpaid,
        (Class::Throttled { .. }, _) => Kind::Throttled,
        (Class::QuotaExhausted { .. }, _) => Kind::Quota,
        (Class::Transient, _) => Kind::Theirs,
        (Class::Unreadable, _) => Kind::Unreadable,
        (Class::Misrouted, _) => Kind::Misrouted,
        (Class::NotFound, _) => Kind::NotThere,
        (Class::Conflict | Class::Refused, _) => Kind::Refused,
    }
}

impl Kind {
    /// Why nothing else needs to be asked of this side, if so.
    pub(super) fn stops(self, side: Side) -> Option<&'static str> {
        let by_side = |ghl, openphone| match side {
            Side::Ghl => ghl,
            Side::OpenPhone => openphone,
        };
        match self {
            Self::NoStore => Some("the tokens can't be reached"),
            Self::NotConnected => Some("the location is not connected"),
            Self::Uninstalled => Some("the app is not installed in the location"),
            Self::NoNewToken | Self::NewToken => Some("there is no token that works"),
            Self::App => Some("the app's client id or secret was refused"),
            Self::Key => Some(by_side("the token was refused", "the key was refused")),
            Self::OtherLocation => Some("the token is not for this location"),
            Self::Inactive => Some("the location is not active"),
            Self::Unpaid => Some("the subscription is not active"),
            Self::Silent => Some(by_side("GHL gives no answer", "OpenPhone gives no answer")),
            Self::Misrouted => {
                Some(by_side("GHL's API is not at that address", "OpenPhone's API is not at that address"))
            }
            Self::Throttled => Some(by_side("GHL wants fewer requests", "OpenPhone wants fewer requests")),
            Self::Quota => Some("the day's requests are used up"),
            Self::NoSlot => Some("the request budget is used up"),
            Self::NoTime => Some(super::verdict::NO_TIME),
            Self::Scope | Self::NoRights | Self::Theirs | Self::Unreadable | Self::NotThere | Self::Refused => None,
        }
    }
}
