//! Writes to GHL, on a contact that is made for it and removed again.

use tandem_contact::{Field, Observed, Side, Value, trial};
use tandem_providers::ContactId;
use tandem_providers::ghl::{Contact, contact, operations as ops, request, response, search, tag, write};

use super::{Location, contact_or_gone, or_done};
use crate::check::caller::may_have_happened;
use crate::check::exam::Exam;
use crate::check::obstacle::{Kind, Obstacle};
use crate::check::plan;
use crate::check::room::Phase;
use crate::check::trial as shared;
use crate::check::verdict::Verdict;

/// The tag that is added and removed.
const TAG: &str = "tandem check";
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
        self.tag(exam, &id).await;
        self.try_things(exam, &id).await;
        let removed = self.remove(exam, &id).await;
        let verdict = shared::removed(exam, ("contact", &ops::CONTACT_DELETE), (id.as_str(), removed));
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
                exam.sheet.put(plan::REMOVE, shared::unclear("contact", &left, &format!("number {number}")));
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
        exam.try_write(plan::CHANGE, asked, write::updated, "changed").await;
    }

    /// A tag of our own: one that people use may start a workflow of theirs.
    async fn tag(&self, exam: &mut Exam<'_>, id: &ContactId) {
        let (added, told) =
            (tag::add(id, &[TAG], self.version), format!("added; GHL keeps `{TAG}` in its list of tags"));
        if exam.try_write(plan::ADD_TAG, added, tag::tags, &told).await.is_none() {
            exam.sheet.skip(&[plan::REMOVE_TAG], "the tag was not added");
        }
        let removed = tag::remove(id, &[TAG], self.version);
        exam.try_write(plan::REMOVE_TAG, removed, tag::tags, "removed from the contact").await;
    }

    async fn remove(&self, exam: &Exam<'_>, id: &ContactId) -> Result<(), Obstacle> {
        shared::removing(&exam.caller, &write::delete(id, self.version), or_done).await
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
