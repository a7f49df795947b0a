//! A refusal that doesn't mean what it says: of a key that is too new (contract sheet, section 2). A pure decision: whoever
//! asks acts on it.

use std::time::Duration;

use crate::{ApiError, Class};

/// A key is refused for about 30 seconds after it was made; others wait 35.
pub const KEY_SETTLES: Duration = Duration::from_secs(35);

/// What a refused key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is too young to judge: ask again after this long.
    TooYoung(Duration),
    /// It is wrong, revoked, or may not do this.
    Final,
    /// This is no refusal of a key.
    Other,
}

/// Judges an answer by how long the key has been known, or refused: `None` where it was used with success before. A young
/// key gets 401 or 403.
pub fn refusal(error: &ApiError, known_for: Option<Duration>) -> Refusal {
    match error.class() {
        Class::Unauthorized | Class::Forbidden => {
            let left = known_for.and_then(|age| KEY_SETTLES.checked_sub(age)).filter(|left| !left.is_zero());
            left.map_or(Refusal::Final, Refusal::TooYoung)
        }
        Class::Throttled { .. }
        | Class::QuotaExhausted { .. }
        | Class::Transient
        | Class::Unreadable
        | Class::PaymentRequired
        | Class::NotFound
        | Class::Conflict
        | Class::Refused
        | Class::Misrouted => Refusal::Other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::openphone::response;
    use crate::openphone::tests::answer;

    fn error(status: u16) -> ApiError {
        response::contact(&answer(status, &json!({"message": "no"}))).unwrap_err()
    }

    #[test]
    fn a_young_key_gets_time_to_settle() {
        let young = Some(Duration::from_secs(5));
        for status in [401, 403] {
            assert_eq!(refusal(&error(status), young), Refusal::TooYoung(Duration::from_secs(30)));
            for settled in [None, Some(KEY_SETTLES), Some(Duration::MAX)] {
                assert_eq!(refusal(&error(status), settled), Refusal::Final);
            }
        }
        for status in [400, 402, 404, 409, 429, 500] {
            assert_eq!(refusal(&error(status), young), Refusal::Other, "{status}");
        }
    }
}
