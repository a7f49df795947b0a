//! What everything that is made for a test has in common: it goes, whatever else happens, and if it can't, that is said.

use std::time::Duration;

use tandem_contact::trial::NAME;
use tandem_providers::{ApiError, Operation, Request, Response};

use super::caller::Caller;
use super::exam::Exam;
use super::obstacle::Obstacle;
use super::report::Status;
use super::room::Phase;
use super::verdict::Verdict;

/// Why nothing is changed or removed.
pub(super) const NOT_MADE: &str = "the test contact was not created";
pub(super) const NO_TASK: &str = "the test task was not created";
pub(super) const NO_NOTE: &str = "the test note was not created";

/// Before the second, third and fourth try to remove it.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(4)];

/// Tries to remove something, a few times.
pub(super) async fn removing(
    caller: &Caller<'_>,
    request: &Request,
    parse: impl Fn(&Response) -> Result<(), ApiError>,
) -> Result<(), Obstacle> {
    let mut removed = caller.write(request.clone(), &parse, Phase::Cleaning).await;
    for pause in PAUSES {
        if removed.is_ok() || !caller.room.pause(pause, Phase::Cleaning).await {
            break;
        }
        removed = caller.write(request.clone(), &parse, Phase::Cleaning).await;
    }
    removed
}

/// The end of a test contact, or of a task that hangs on none. One that stays is a failure, whatever depends on it.
pub(super) fn removed(
    exam: &Exam<'_>,
    (what, operation): (&str, &'static Operation),
    (id, removed): (&str, Result<(), Obstacle>),
) -> Verdict {
    let Err(obstacle) = removed else { return Verdict::pass("removed") };
    let verdict = exam.verdict(operation, &obstacle);
    Verdict {
        status: Status::Fail,
        message: format!("the test {what} {id} could not be removed: {}", verdict.message),
        hint: Some(by_hand(what, &format!("id {id}"))),
        said: verdict.said,
    }
}

/// The end of one that may or may not have been made.
pub(super) fn unclear(what: &str, found: &Result<bool, Obstacle>, mark: &str) -> Verdict {
    match found {
        Ok(true) => Verdict::pass("removed: it had been created, though the answer was lost"),
        Ok(false) | Err(_) => {
            Verdict::warn(format!("whether a test {what} was created is not known ({mark})"), by_hand(what, mark))
        }
    }
}

fn by_hand(what: &str, mark: &str) -> String {
    format!("look for the {what} `{NAME}` ({mark}) in a minute or two, and delete it by hand")
}
