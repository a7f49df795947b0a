//! Tasks and notes at GHL, where the mapping has them travel. Those that are made hang on the test contact, and go with it
//! at the latest.

use jiff::{SignedDuration, Timestamp};
use tandem_contact::trial;
use tandem_providers::ghl::note::NewNote;
use tandem_providers::ghl::task::{Change, NewTask, Search};
use tandem_providers::ghl::{Id, note, operations as ops, response, task, user};
use tandem_providers::{ContactId, Response};

use super::{Location, NOBODY, or_done};
use crate::check::exam::{Exam, or_gone};
use crate::check::plan;
use crate::check::trial::{NO_NOTE, NO_TASK, removing};
use crate::check::verdict::Verdict;

impl Location<'_> {
    /// Lists and single ones, of a contact that may not be there.
    pub(super) async fn read_things(&self, exam: &mut Exam<'_>, contact: Option<&ContactId>, company: Option<&Id>) {
        let Some(contact) = contact.cloned().or_else(|| ContactId::new(NOBODY).ok()) else { return };
        self.read_tasks(exam, &contact).await;
        self.users(exam, company).await;
        let asked = note::list(&contact, self.version);
        let parse = |response: &Response| or_gone(note::notes(response));
        let notes = exam.read(plan::LIST_NOTES, asked, parse, |_| Verdict::pass("answered")).await.flatten();
        let first = notes.and_then(|notes| notes.items.into_iter().next()).map(|note| note.id);
        let parse = |response: &Response| or_gone(note::note(response));
        let Some(id) = exam.or_nobodys(first.as_ref(), NOBODY, Id::new) else { return };
        let judge = |found: &Option<_>| Verdict::answered(found.is_some(), "note");
        exam.read(plan::READ_NOTE, note::get(&contact, &id, self.version), parse, judge).await;
    }

    async fn read_tasks(&self, exam: &mut Exam<'_>, contact: &ContactId) {
        let parse = |response: &Response| or_gone(task::tasks(response));
        let asked = task::list(contact, self.version);
        let tasks = exam.read(plan::LIST_TASKS, asked, parse, |_| Verdict::pass("answered")).await.flatten();
        let first = tasks.and_then(|tasks| tasks.items.into_iter().next()).map(|task| task.id);
        if let Some(id) = exam.or_nobodys(first.as_ref(), NOBODY, Id::new) {
            let parse = |response: &Response| or_gone(task::task(response));
            let judge = |found: &Option<_>| Verdict::answered(found.is_some(), "task");
            exam.read(plan::READ_TASK, task::get(contact, &id, self.version), parse, judge).await;
        }
        let open = Search { is_completed: Some(false), ..Search::default() };
        let judge = |_: &_| Verdict::pass("answered");
        exam.read(plan::SEARCH_TASKS, open.page(self.id, 0, self.version), task::tasks, judge).await;
    }

    /// Who a task is for is told by the address that somebody has on both sides.
    async fn users(&self, exam: &mut Exam<'_>, company: Option<&Id>) {
        let asked = match (user::list(self.id, self.version), company) {
            (Ok(asked), _) => asked,
            (Err(_), Some(company)) => user::search(company, Some(self.id), 0, self.version),
            (Err(_), None) => {
                let message = "the agency of the location could not be read, so tasks travel without who is to do them";
                let hint = "give the token the scope locations.readonly";
                return exam.sheet.put(plan::USERS, Verdict::warn(message, hint));
            }
        };
        let judge = |users: &response::Listing<user::User>| {
            let nobody = "answered: nobody with an address, so tasks travel without who is to do them";
            let is_anybody = users.items.iter().any(|user| user.email.is_some());
            Verdict::pass(if is_anybody { "answered" } else { nobody })
        };
        exam.read(plan::USERS, asked, user::users, judge).await;
    }

    /// Makes, changes and removes a task and a note on the test contact.
    pub(super) async fn try_things(&self, exam: &mut Exam<'_>, contact: &ContactId) {
        let due_at = Timestamp::now().saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
        let new = NewTask { title: trial::NAME.to_owned(), body: None, assignee: None, due_at, is_completed: false };
        let asked = task::create(contact, &new, self.version);
        match exam.try_write(plan::CREATE_TASK, asked, task::task, "created").await {
            Some(made) => self.end_task(exam, contact, &made.id).await,
            None => exam.sheet.skip(&[plan::CHANGE_TASK, plan::REMOVE_TASK], NO_TASK),
        }
        let new = NewNote { body: trial::NAME.to_owned(), title: None, author: None };
        let asked = note::create(contact, &new, self.version);
        match exam.try_write(plan::CREATE_NOTE, asked, note::note, "created").await {
            Some(made) => self.end_note(exam, contact, &made.id).await,
            None => exam.sheet.skip(&[plan::CHANGE_NOTE, plan::REMOVE_NOTE], NO_NOTE),
        }
    }

    async fn end_task(&self, exam: &mut Exam<'_>, contact: &ContactId, id: &Id) {
        let done = Change { is_completed: Some(true), ..Change::default() };
        let asked = task::update(contact, id, &done, self.version);
        exam.try_write(plan::CHANGE_TASK, asked, task::task, "changed").await;
        let removed = removing(&exam.caller, &task::delete(contact, id, self.version), or_done).await;
        exam.conclude(plan::REMOVE_TASK, &ops::CONTACT_TASK_DELETE, removed, "removed");
    }

    async fn end_note(&self, exam: &mut Exam<'_>, contact: &ContactId, id: &Id) {
        let asked = note::update(contact, id, trial::CHANGED_NAME, self.version);
        exam.try_write(plan::CHANGE_NOTE, asked, note::note, "changed").await;
        let removed = removing(&exam.caller, &note::delete(contact, id, self.version), or_done).await;
        exam.conclude(plan::REMOVE_NOTE, &ops::CONTACT_NOTE_DELETE, removed, "removed");
    }
}
