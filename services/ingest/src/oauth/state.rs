//! The `state` of an installation: which connection it is for, when it began and in which browser, sealed so that nobody
//! else can make one. Nothing is stored until it comes back.

use std::fmt;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretSlice};
use tandem_proto::ConnectionId;

/// How long a person may take at GHL.
pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// How far the clocks of two of our machines may be apart.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What tells our own texts from others', made from the encryption keys: the first seals, all are believed.
#[derive(Clone)]
pub struct StateKeys(Vec<hmac::Key>);

impl fmt::Debug for StateKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateKeys({})", self.0.len())
    }
}

/// What the browser is sent away with.
pub(crate) struct Started {
    /// For GHL, which gives it back.
    pub(crate) state: String,
    /// For the browser, which shows it again.
    pub(crate) cookie: String,
}

/// A state that is ours, fresh, and came back through the browser it was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) connection: ConnectionId,
    /// Different for every start; to be used once.
    pub(crate) nonce: String,
}

/// Why a state is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateError {
    /// Not made by us, or not for this browser.
    Invalid,
    /// Too old.
    Expired,
}

impl StateKeys {
    /// Keys made from the configuration's encryption keys, which themselves are used for nothing but sealing.
    pub fn new(encryption_keys: &[SecretSlice<u8>]) -> Self {
        let derived = |key: &SecretSlice<u8>| {
            let key = hmac::Key::new(HMAC_SHA256, key.expose_secret());
            hmac::Key::new(HMAC_SHA256, hmac::sign(&key, b"tandem oauth state").as_ref())
        };
        Self(encryption_keys.iter().map(derived).collect())
    }

    /// What programs that know the encryption key show to ask how an installation went.
    pub fn password(&self) -> Option<String> {
        self.0.first().map(|key| BASE64.encode(hmac::sign(key, b"status")))
    }

    /// Whether it was made with one of the keys.
    pub(crate) fn is_password(&self, shown: &str) -> bool {
        let Ok(shown) = BASE64.decode(shown) else { return false };
        self.0.iter().any(|key| hmac::verify(key, b"status", &shown).is_ok())
    }

    /// None without a key.
    pub(crate) fn start(&self, connection: &ConnectionId, now: Timestamp, random: [[u8; 16]; 2]) -> Option<Started> {
        let [nonce, cookie] = random.map(|bytes| BASE64.encode(bytes));
        let what = format!("{connection}.{}.{nonce}", now.as_millisecond());
        let seal = BASE64.encode(hmac::sign(self.0.first()?, sealed(&what, &cookie).as_bytes()));
        Some(Started { state: format!("{what}.{seal}"), cookie })
    }

    pub(crate) fn check(&self, state: &str, cookie: Option<&str>, now: Timestamp) -> Result<Checked, StateError> {
        let (what, seal) = state.rsplit_once('.').ok_or(StateError::Invalid)?;
        let seal = BASE64.decode(seal).map_err(|_| StateError::Invalid)?;
        let text = sealed(what, cookie.ok_or(StateError::Invalid)?);
        if !self.0.iter().any(|key| hmac::verify(key, text.as_bytes(), &seal).is_ok()) {
            return Err(StateError::Invalid);
        }
        // Whatever is sealed was made by `start`.
        let mut parts = what.split('.');
        let (Some(connection), Some(began), Some(nonce)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(StateError::Invalid);
        };
        let connection = ConnectionId::new(connection).map_err(|_| StateError::Invalid)?;
        let began = began.parse().ok().and_then(|began| Timestamp::from_millisecond(began).ok());
        let age = now.duration_since(began.ok_or(StateError::Invalid)?);
        if age > LIFETIME || age < -SKEW {
            return Err(StateError::Expired);
        }
        Ok(Checked { connection, nonce: nonce.to_owned() })
    }
}

fn sealed(what: &str, cookie: &str) -> String {
    format!("{what}\n{cookie}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RANDOM: [[u8; 16]; 2] = [[1; 16], [2; 16]];

    fn keys(seeds: &[u8]) -> StateKeys {
        let keys: Vec<SecretSlice<u8>> = seeds.iter().map(|seed| SecretSlice::from(vec![*seed; 32])).collect();
        StateKeys::new(&keys)
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn acme() -> ConnectionId {
        ConnectionId::new("acme-1_x").unwrap()
    }

    #[test]
    fn a_state_comes_back_within_its_time_through_the_same_browser() {
        let Started { state, cookie } = keys(&[1]).start(&acme(), now(), RANDOM).unwrap();
        for age in [SignedDuration::ZERO, LIFETIME, -SKEW] {
            let checked = keys(&[1]).check(&state, Some(&cookie), now() + age).unwrap();
            assert_eq!(checked, Checked { connection: acme(), nonce: BASE64.encode([1; 16]) });
        }
        let check = |cookie, age| keys(&[1]).check(&state, cookie, now() + age);
        assert_eq!(check(Some(&cookie), LIFETIME + SignedDuration::from_millis(1)), Err(StateError::Expired));
        assert_eq!(check(Some(&cookie), -SKEW - SignedDuration::from_millis(1)), Err(StateError::Expired));
        assert_eq!(check(None, SignedDuration::ZERO), Err(StateError::Invalid));
        assert_eq!(check(Some("other"), SignedDuration::ZERO), Err(StateError::Invalid), "another browser");
    }

    #[test]
    fn a_state_of_one_connection_is_none_of_another() {
        let Started { state, cookie } = keys(&[1]).start(&acme(), now(), RANDOM).unwrap();
        let other = state.replacen("acme-1_x", "other", 1);
        assert_eq!(keys(&[1]).check(&other, Some(&cookie), now()), Err(StateError::Invalid));
        let later = state.replacen("1800000000000", "1800000000001", 1);
        assert_eq!(keys(&[1]).check(&later, Some(&cookie), now()), Err(StateError::Invalid));
    }

    #[test]
    fn keys_can_be_replaced_between_start_and_return() {
        let Started { state, cookie } = keys(&[1]).start(&acme(), now(), RANDOM).unwrap();
        assert!(keys(&[2, 1]).check(&state, Some(&cookie), now()).is_ok());
        assert_eq!(keys(&[2]).check(&state, Some(&cookie), now()), Err(StateError::Invalid));
        assert!(keys(&[]).start(&acme(), now(), RANDOM).is_none());
    }

    #[test]
    fn the_password_is_known_to_who_knows_a_key() {
        let password = keys(&[1]).password().unwrap();
        assert!(keys(&[2, 1]).is_password(&password));
        assert!(!keys(&[2]).is_password(&password));
        assert!(!keys(&[1]).is_password(""));
        assert!(!format!("{:?}", keys(&[1])).contains(&password));
    }

    proptest! {
        #[test]
        fn no_text_of_others_is_taken(state in ".{0,120}", cookie in proptest::option::of(".{0,40}")) {
            prop_assert!(keys(&[1]).check(&state, cookie.as_deref(), now()).is_err());
        }
    }
}
