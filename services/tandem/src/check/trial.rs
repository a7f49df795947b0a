//! What both sides' test contacts have in common: they go, whatever else happens, and if one can't, that is said.

use std::time::Duration;

use tandem_contact::trial::{FIRST_NAME, LAST_NAME};
use tandem_providers::Operation;

use super::exam::Exam;
use super::obstacle::Obstacle;
use super::report::Status;
use super::room::{Phase, Room};
use super::verdict::Verdict;

/// Why nothing is changed or removed.
pub(super) const NOT_MADE: &str = "the test contact was not created";

/// Before the second, third and fourth try to remove it.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(4)];

/// Tries to remove it, a few times.
pub(super) async fn removing<F: Future<Output = Result<(), Obstacle>>>(
    room: &Room,
    remove: impl Fn() -> F,
) -> Result<(), Obstacle> {
    let mut removed = remove().await;
    for pause in PAUSES {
        if removed.is_ok() || !room.pause(pause, Phase::Cleaning).await {
            break;
        }
        removed = remove().await;
    }
    removed
}

/// The end of a test contact. One that stays is a failure, whatever depends on it.
pub(super) fn removed(
    exam: &Exam<'_>,
    operation: &'static Operation,
    (id, removed): (&str, Result<(), Obstacle>),
) -> Verdict {
    let Err(obstacle) = removed else { return Verdict::pass("removed") };
    let verdict = exam.verdict(operation, &obstacle);
    Verdict {
        status: Status::Fail,
        message: format!("the test contact {id} could not be removed: {}", verdict.message),
        hint: Some(by_hand(&format!("id {id}"))),
        said: verdict.said,
    }
}

/// The end of one that may or may not have been made.
pub(super) fn unclear(found: &Result<bool, Obstacle>, mark: &str) -> Verdict {
    match found {
        Ok(true) => Verdict::pass("removed: it had been created, though the answer was lost"),
        Ok(false) | Err(_) => {
            Verdict::warn(format!("whether a test contact was created is not known ({mark})"), by_hand(mark))
        }
    }
}

fn by_hand(mark: &str) -> String {
    format!("look for the contact `{FIRST_NAME} {LAST_NAME}` ({mark}) in a minute or two, and delete it by hand")
}
