//! What to do about two refusals that don't mean what they say (contract sheet, sections 2 and 11). Pure decisions: whoever
//! asks acts on them.

use std::time::Duration;

use crate::{ApiError, Class, ContactId};

use super::{Contact, ExternalId};

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

/// Judges an answer by how long the key has been known: `None` where it was used with success before. A young key gets 401
/// or 403.
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

/// How a contact was come by before it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    /// The list by external ids, which goes on listing deleted and archived contacts.
    ExternalId,
    /// Its id: from our own records, from an event, or just read.
    Id,
}

/// What to do after a change was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterPatch {
    /// The list was stale: the contact has to be made again. A 409 to that is decided by [`after_conflict`].
    CreateAgain,
    /// It is gone, and that is news: somebody deleted it.
    Gone,
    /// The class of the error says it all.
    Other,
}

/// Judges the refusal of a change by how the contact was found.
pub fn after_patch(error: &ApiError, found_by: FoundBy) -> AfterPatch {
    match (error.class() == Class::NotFound, found_by) {
        (true, FoundBy::ExternalId) => AfterPatch::CreateAgain,
        (true, FoundBy::Id) => AfterPatch::Gone,
        (false, _) => AfterPatch::Other,
    }
}

/// What to do after a create was refused with 409.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterConflict<'a> {
    /// The key is held by this contact: change it.
    Update(&'a Contact),
    /// Nobody that can be reached holds the key: a deleted or hidden contact does. Trying on would never end.
    Park,
}

/// Judges a 409 by what the list has under the key. `stale` is the contact that answered 404 to a change just now: updating
/// it again would go round in circles. Of several the oldest counts.
pub fn after_conflict<'a>(key: &ExternalId, listed: &'a [Contact], stale: Option<&ContactId>) -> AfterConflict<'a> {
    let holds = |contact: &&Contact| contact.external_id.as_deref() == Some(key.as_str()) && Some(&contact.id) != stale;
    let oldest = listed.iter().filter(holds).min_by_key(|contact| (contact.created_at, &contact.id));
    oldest.map_or(AfterConflict::Park, AfterConflict::Update)
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

    #[test]
    fn only_a_contact_out_of_the_list_is_made_again() {
        assert_eq!(after_patch(&error(404), FoundBy::ExternalId), AfterPatch::CreateAgain);
        assert_eq!(after_patch(&error(404), FoundBy::Id), AfterPatch::Gone);
        for status in [400, 409, 500] {
            assert_eq!(after_patch(&error(status), FoundBy::ExternalId), AfterPatch::Other, "{status}");
        }
        let html = http::Response::builder().status(404).body("<html>".into()).unwrap();
        let misrouted = response::contact(&html).unwrap_err();
        assert_eq!(after_patch(&misrouted, FoundBy::ExternalId), AfterPatch::Other, "a wrong address deletes nobody");
    }

    #[test]
    fn a_conflict_never_goes_round_in_circles() {
        let contact = |id: &str, key: &str, created: &str| {
            let data = json!({"id": id, "externalId": key, "createdAt": created, "defaultFields": {}});
            response::contact(&answer(200, &json!({ "data": data }))).unwrap()
        };
        let key = ExternalId::new("t1").unwrap();
        let listed = [
            contact("c3", "t1", "2026-01-03T00:00:00Z"),
            contact("c2", "t1", "2026-01-02T00:00:00Z"),
            contact("c1", "t2", "2026-01-01T00:00:00Z"),
        ];
        assert_eq!(after_conflict(&key, &listed, None), AfterConflict::Update(&listed[1]));
        assert_eq!(after_conflict(&key, &listed, Some(&listed[1].id)), AfterConflict::Update(&listed[0]));
        assert_eq!(after_conflict(&key, &listed[1..], Some(&listed[1].id)), AfterConflict::Park);
        assert_eq!(after_conflict(&key, &[], None), AfterConflict::Park);
    }
}
