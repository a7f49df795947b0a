//! Tasks and notes of one person and text are made one at a time, as no provider has a place in them for an id of ours: who is
//! at it, and for how long that is believed.

use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::Side;

use crate::{Document, IntentKind};

/// Whoever has had the turn for longer and made nothing will not.
const LONGEST_TURN: Duration = Duration::from_mins(5);

/// Before a turn is asked for: whoever finds it taken sees how long we have been at it. True where that is to be stored.
pub fn about_to_make(document: &mut Document, now: Timestamp) -> bool {
    let is_stale = document.making_since.is_none_or(|since| now > since + LONGEST_TURN / 2);
    if is_stale {
        document.making_since = Some(now);
    }
    is_stale
}

/// A create is under way, or about to be: between taking the turn and noting the create nothing else shows.
pub fn is_making(holder: &Document, now: Timestamp) -> bool {
    let creates = |side: Side| holder.intent[side].as_ref().is_some_and(|intent| intent.kind == IntentKind::Create);
    let is_whole = Side::BOTH.iter().all(|side| holder.link[*side].is_some());
    let is_over = is_whole || holder.merged_into.is_some() || holder.parked.is_some();
    let is_at_work = holder.making_since.is_some_and(|since| now < since + LONGEST_TURN);
    Side::BOTH.into_iter().any(creates) || (!is_over && is_at_work)
}

#[cfg(test)]
mod tests {
    use tandem_proto::{ConnectionId, RecordId};

    use super::*;
    use crate::at_rest;

    fn document() -> Document {
        let (connection, id) = (ConnectionId::new("acme").unwrap(), RecordId::new("r1").unwrap());
        Document::new(connection, id, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_turn_lasts_from_when_it_was_asked_for_and_not_from_the_event() {
        let (mut document, late) = (document(), Timestamp::UNIX_EPOCH + Duration::from_hours(1));
        document.dirty_since = Some(Timestamp::UNIX_EPOCH);
        assert!(!is_making(&document, late));
        assert!(about_to_make(&mut document, late));
        assert!(!about_to_make(&mut document, late + Duration::from_secs(1)), "stored again at once");
        assert!(is_making(&document, late + LONGEST_TURN - Duration::from_secs(1)));
        assert!(!is_making(&document, late + LONGEST_TURN));
        at_rest(&mut document);
        assert!(!is_making(&document, late));
    }
}
