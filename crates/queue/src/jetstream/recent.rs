//! Ids that this process has stored lately.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use tandem_proto::MessageId;
use tokio::time::Instant;

const MOST: usize = 4_096;

/// One known id makes the server refuse a whole batch; what is known here is sent by itself instead. Only the server's
/// answer counts: what is forgotten here costs time and nothing else.
#[derive(Debug)]
pub(super) struct Recent {
    window: Duration,
    known: HashSet<MessageId>,
    in_order: VecDeque<(Instant, MessageId)>,
}

impl Recent {
    pub(super) fn new(window: Duration) -> Self {
        Self { window, known: HashSet::new(), in_order: VecDeque::new() }
    }

    pub(super) fn knows(&self, id: &MessageId) -> bool {
        self.known.contains(id)
    }

    pub(super) fn add(&mut self, id: &MessageId, now: Instant) {
        while let Some((at, oldest)) = self.in_order.front() {
            if self.in_order.len() < MOST && now.duration_since(*at) < self.window {
                break;
            }
            self.known.remove(oldest);
            self.in_order.pop_front();
        }
        if self.known.insert(id.clone()) {
            self.in_order.push_back((now, id.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_for_the_window_and_as_long_as_there_is_room() {
        let start = Instant::now();
        let window = Duration::from_mins(10);
        let id = |number: usize| MessageId(number.to_string());
        let mut recent = Recent::new(window);
        recent.add(&id(0), start);
        recent.add(&id(1), start + window / 2);
        assert!(recent.knows(&id(0)) && recent.knows(&id(1)));
        recent.add(&id(2), start + window);
        assert!(!recent.knows(&id(0)) && recent.knows(&id(1)));
        (3..3 + 2 * MOST).for_each(|number| recent.add(&id(number), start + window));
        assert!(!recent.knows(&id(2)) && recent.knows(&id(2 + 2 * MOST)));
        assert_eq!((recent.known.len(), recent.in_order.len()), (MOST, MOST));
    }
}
