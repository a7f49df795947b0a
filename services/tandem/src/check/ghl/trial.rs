//! Writes to GHL, on a contact that is made for it and removed again.
//!
//! No tags: GHL keeps a tag that no contact has any more, and a tag that is known may start somebody's workflow.

use tandem_contact::{Field, Observed, Side, Value, trial};
use tandem_providers::ghl::{Contact, contact, operations as ops, request, response, search, write};
use tandem_providers::{ApiError, ContactId, Response};

use super::{Location, contact_or_gone};
use crate::check::caller::may_have_happened;
use crate::check::exam::Exam;
use crate::check::obstacle::{Kind, Obstacle};
use crate::check::plan;
use crate::check::room::Phase;
use crate::check::trial as shared;
use crate::check::verdict::Verdict;

/// Numbers that are tried, should one belong to a contact.
const NUMBERS: u8 = 5;

impl Location<'_> {
    /// Creates, changes, removes.
    pub(super) async fn try_writes(&self, exam: &mut Exam<'_>) {
        let Some(id) = self.create(exam).await else {
            exam.sheet.skip_rest(shared::NOT_MADE);
            return;
        };
        self.change(exam, &id).await;
        let removed = self.remove(exam, &id).await;
        let verdict = shared::removed(exam, &ops::CONTACT_DELETE, (id.as_str(), removed));
        exam.sheet.put(plan::REMOVE, verdict);
    }

    /// The new contact. What may have been made without an answer is looked for, and removed.
    async fn create(&self, exam: &mut Exam<'_>) -> Option<ContactId> {
        let first: u8 = rand::random();
        for step in 0..NUMBERS {
            let number = trial::number(first.wrapping_add(step));
            let asked = write::create(&trial::fields(&number), self.view, self.version);
            let obstacle = match exam.write(plan::CREATE, asked, write::created).await? {
                Ok(contact) => {
                    exam.sheet.put(plan::CREATE, Verdict::pass("created"));
                    return Some(contact.id);
                }
                Err(obstacle) => obstacle,
            };
            let Some(id) = existing(&obstacle) else {
                self.settle(exam, &obstacle, &number).await;
                return None;
            };
            // Left behind by an earlier run, or somebody's: then another number.
            self.remove_if_ours(exam, id).await;
        }
        let message = format!("{NUMBERS} numbers that are kept for fiction belong to contacts already");
        exam.sheet.put(plan::CREATE, Verdict::warn(message, "run the check again: it picks others"));
        None
    }

    /// The create went wrong; what came of it all the same is removed.
    async fn settle(&self, exam: &mut Exam<'_>, obstacle: &Obstacle, number: &str) {
        let is_open = may_have_happened(obstacle);
        // A refused contact has been seen to exist all the same (contract sheet, section 10.2).
        if is_open || obstacle.kind(Side::Ghl) == Kind::Refused {
            let left = self.remove_by_number(exam, number).await;
            if is_open || !matches!(left, Ok(false)) {
                exam.sheet.put(plan::REMOVE, shared::unclear(&left, &format!("number {number}")));
            }
        }
        exam.refuse(plan::CREATE, &ops::CONTACT_CREATE, obstacle);
    }

    async fn change(&self, exam: &mut Exam<'_>, id: &ContactId) {
        let read = exam.caller.read(request::contact(id, self.version), response::contact, Phase::Steps).await;
        let current = match read {
            Ok(current) => current,
            Err(obstacle) => {
                let verdict = exam.verdict(&ops::CONTACT_GET, &obstacle);
                exam.sheet.put(plan::CHANGE, verdict);
                return;
            }
        };
        let changes = Observed::from([(Field::LastName, Value::text(trial::CHANGED_LAST_NAME))]);
        let Some(asked) = write::update(&current, &changes, self.view, self.version) else { return };
        let Some(answer) = exam.write(plan::CHANGE, asked, write::updated).await else { return };
        match answer {
            Ok(_) => exam.sheet.put(plan::CHANGE, Verdict::pass("changed")),
            // The contact has to go in any case, so this doesn't end the sheet.
            Err(obstacle) => {
                let verdict = exam.verdict(&ops::CONTACT_UPDATE, &obstacle);
                exam.sheet.put(plan::CHANGE, verdict);
            }
        }
    }

    async fn remove(&self, exam: &Exam<'_>, id: &ContactId) -> Result<(), Obstacle> {
        shared::removing(exam.caller.room, || {
            let parse = |response: &Response| or_done(response);
            exam.caller.write(write::delete(id, self.version), parse, Phase::Cleaning)
        })
        .await
    }

    async fn remove_if_ours(&self, exam: &Exam<'_>, id: &ContactId) {
        let found = exam.caller.read(request::contact(id, self.version), contact_or_gone, Phase::Steps).await;
        if found.is_ok_and(|found| found.is_some_and(|found| self.is_ours(&found))) {
            // Where that fails the next number is as good.
            let _removed = self.remove(exam, id).await.is_ok();
        }
    }

    /// Whether something that is ours was found under the number, and removed. The index may be a moment behind.
    async fn remove_by_number(&self, exam: &Exam<'_>, number: &str) -> Result<bool, Obstacle> {
        let Some(asked) = search::duplicate(self.id, Some(number), None, self.version) else { return Ok(false) };
        let Some(hit) = exam.caller.read(asked, search::duplicated, Phase::Cleaning).await? else { return Ok(false) };
        let found = exam.caller.read(request::contact(&hit.id, self.version), contact_or_gone, Phase::Cleaning).await?;
        if !found.is_some_and(|found| self.is_ours(&found)) {
            return Ok(false);
        }
        self.remove(exam, &hit.id).await.map(|()| true)
    }

    fn is_ours(&self, found: &Contact) -> bool {
        trial::is_trial(&contact::observe(found, self.view).0)
    }
}

/// The contact that a create was refused for.
fn existing(obstacle: &Obstacle) -> Option<&ContactId> {
    match obstacle {
        Obstacle::Refused(error) => error.existing.as_deref(),
        Obstacle::NoStore(_) | Obstacle::NoToken(_) | Obstacle::NoSlot(_) | Obstacle::NoTime | Obstacle::Lost(_) => {
            None
        }
    }
}

/// A contact that is gone is removed.
fn or_done(response: &Response) -> Result<(), ApiError> {
    crate::check::exam::or_gone(response::done(response)).map(drop)
}
