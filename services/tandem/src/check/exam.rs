//! The checks of one side of one connection, step by step: each step asks once and writes down what came of it, and what
//! can't be true any more is not asked.

use std::collections::BTreeSet;
use std::fmt::Display;

use tandem_mapping::Mapping;
use tandem_providers::{ApiError, Class, Operation, Request, Response};

use super::caller::Caller;
use super::obstacle::{Kind, Obstacle};
use super::place::Place;
use super::room::Phase;
use super::verdict::{Sheet, Verdict};
use super::{judge, plan};

/// Why a failure of what nothing depends on is a warning.
const NOT_NEEDED: &str = "nothing that this mapping keeps in step depends on it";

/// Checks of one side under way.
pub(super) struct Exam<'a> {
    pub(super) caller: Caller<'a>,
    pub(super) place: &'a Place,
    pub(super) mapping: &'a Mapping,
    pub(super) sheet: Sheet,
    /// Scopes that the token turned out not to have.
    lacking: BTreeSet<&'static str>,
    /// Ids that must not be shown.
    pub(super) private: Vec<String>,
}

impl<'a> Exam<'a> {
    pub(super) fn new(caller: Caller<'a>, (place, mapping): (&'a Place, &'a Mapping), sheet: Sheet) -> Self {
        Self { caller, place, mapping, sheet, lacking: BTreeSet::new(), private: Vec::new() }
    }

    /// Reads, where the row is open and a scope for it isn't known to be missing. None where nothing usable came.
    pub(super) async fn read<T>(
        &mut self,
        name: &str,
        request: Request,
        parse: impl Fn(&Response) -> Result<T, ApiError>,
        judge: impl FnOnce(&T) -> Verdict,
    ) -> Option<T> {
        if !self.may(name, request.operation) {
            return None;
        }
        let operation = request.operation;
        let answer = self.caller.read(request, parse, Phase::Steps).await;
        self.note(name, operation, answer, judge)
    }

    /// Writes, under the same conditions. The obstacle is given back: what it was about may have happened.
    pub(super) async fn write<T>(
        &mut self,
        name: &str,
        request: Request,
        parse: impl Fn(&Response) -> Result<T, ApiError>,
    ) -> Option<Result<T, Obstacle>> {
        if !self.may(name, request.operation) {
            return None;
        }
        Some(self.caller.write(request, parse, Phase::Steps).await)
    }

    /// Writes to something that was made for a test, and writes down what came of it. An obstacle doesn't end the sheet: what
    /// was made has to go in any case.
    pub(super) async fn try_write<T>(
        &mut self,
        name: &str,
        request: Request,
        parse: impl Fn(&Response) -> Result<T, ApiError>,
        done: &str,
    ) -> Option<T> {
        let operation = request.operation;
        let answer = self.write(name, request, parse).await?;
        self.conclude(name, operation, answer, done)
    }

    /// Writes down how it went, which changes nothing for those after it.
    pub(super) fn conclude<T>(
        &mut self,
        name: &str,
        operation: &'static Operation,
        answer: Result<T, Obstacle>,
        done: &str,
    ) -> Option<T> {
        let (verdict, value) = match answer {
            Ok(value) => (Verdict::pass(done), Some(value)),
            Err(obstacle) => (self.verdict(operation, &obstacle), None),
        };
        self.sheet.put(name, verdict);
        value
    }

    /// The id of what was found, which is nobody's business, else one that nothing has.
    pub(super) fn or_nobodys<T: Clone + Display, E>(
        &mut self,
        found: Option<&T>,
        nobodys: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.private.extend(found.map(ToString::to_string));
        found.cloned().or_else(|| read(nobodys).ok())
    }

    /// Writes down what came of an operation, and what that means for those after it.
    pub(super) fn note<T>(
        &mut self,
        name: &str,
        operation: &'static Operation,
        answer: Result<T, Obstacle>,
        judge: impl FnOnce(&T) -> Verdict,
    ) -> Option<T> {
        match answer {
            Ok(value) => {
                self.sheet.put(name, judge(&value));
                Some(value)
            }
            Err(obstacle) => {
                self.refuse(name, operation, &obstacle);
                None
            }
        }
    }

    /// Writes down an obstacle; one that stands before everything ends the sheet.
    pub(super) fn refuse(&mut self, name: &str, operation: &'static Operation, obstacle: &Obstacle) {
        let side = self.caller.side;
        let verdict = self.verdict(operation, obstacle);
        self.sheet.put(name, verdict);
        if obstacle.kind(side) == Kind::Scope {
            self.lacking.extend(operation.scopes);
        }
        if let Some(why) = obstacle.kind(side).stops(side) {
            self.sheet.skip_rest(why);
        }
    }

    /// What the obstacle means for the operation.
    pub(super) fn verdict(&self, operation: &'static Operation, obstacle: &Obstacle) -> Verdict {
        let side = self.caller.side;
        let mut private: Vec<&str> = self.private.iter().map(String::as_str).collect();
        private.push(self.caller.secret());
        let verdict = judge::verdict(self.place, (side, operation), obstacle, &private);
        let is_about_all = obstacle.kind(side).stops(side).is_some();
        if is_about_all || plan::is_needed(self.mapping, side, operation) {
            verdict
        } else {
            verdict.softened(NOT_NEEDED)
        }
    }

    /// Whether the operation is to be tried; a reason is written down where not.
    fn may(&mut self, name: &str, operation: &Operation) -> bool {
        if let Some(scope) = operation.scopes.iter().find(|scope| self.lacking.contains(*scope)) {
            self.sheet.put(name, Verdict::skipped(format!("the token lacks the scope {scope}")));
        }
        self.sheet.is_open(name)
    }
}

/// A refusal of what was made up is an answer too: the operation is there, and the credential may do it.
pub(super) fn or_refused<T>(answer: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.class(), Class::NotFound | Class::Conflict | Class::Refused) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is not there is an answer too: the operation works.
pub(super) fn or_gone<T>(answer: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.class() == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
