//! Tasks and notes at `OpenPhone`, where the mapping has them travel. A test task hangs on one of our numbers and is nobody's, so
//! that nobody is told of it; what needs a conversation or a colleague is asked with one that doesn't exist.

use jiff::{SignedDuration, Timestamp};
use tandem_contact::trial;
use tandem_providers::openphone::conversation::{self, Filter};
use tandem_providers::openphone::note::{self, Text};
use tandem_providers::openphone::task::{self, Action, Anchor, NewTask};
use tandem_providers::openphone::workspace::{self, Number};
use tandem_providers::openphone::{Id, Listing, Surface, UserId, operations as ops, response};
use tandem_providers::{ApiError, ContactId, Response};

use super::NOBODY;
use crate::check::caller::may_have_happened;
use crate::check::exam::{Exam, or_gone, or_refused};
use crate::check::ghl::listed;
use crate::check::obstacle::Obstacle;
use crate::check::plan;
use crate::check::room::Phase;
use crate::check::trial::{NO_NOTE, NO_TASK, removed, removing, unclear};
use crate::check::verdict::Verdict;

/// Ids that nothing has.
const NO_TASK_ID: &str = "TK00000000000000000000000000000000";
const NO_TALK: &str = "CN00000000000000000000000000000000";
const NO_USER: &str = "US0000000000";
/// Pages of tasks that a lost one is looked for in.
const MOST_PAGES: usize = 20;
/// What is tried on a test task.
const STEPS: [&str; 7] = [
    plan::CHANGE_TASK,
    plan::SET_DUE,
    plan::REMOVE_DUE,
    plan::ASSIGN_TASK,
    plan::UNASSIGN_TASK,
    plan::COMPLETE_TASK,
    plan::REMOVE_TASK,
];

/// Lists and single ones. The number that tasks go to, where there is one.
pub(super) async fn read(exam: &mut Exam<'_>, contact: Option<&ContactId>) -> Option<Id> {
    let answered = "answered";
    let asked = conversation::list_v1(&Filter::default(), None);
    exam.read(plan::CONVERSATIONS, asked, conversation::page, |_| Verdict::pass(answered)).await;
    let number = number(exam).await;
    let asked = workspace::users(Surface::Dated, None);
    exam.read(plan::USERS, asked, workspace::users_page, |_| Verdict::pass(answered)).await;
    let asked = task::list(Surface::Dated, None);
    let tasks = exam.read(plan::LIST_TASKS, asked, task::page, |_| Verdict::pass(answered)).await;
    let first = tasks.and_then(|page| page.items.into_iter().next()).map(|task| task.id);
    if let Some(id) = exam.or_nobodys(first.as_ref(), NO_TASK_ID, Id::new) {
        let parse = |response: &Response| or_gone(task::task(response));
        let judge = |found: &Option<_>| Verdict::answered(found.is_some(), "task");
        exam.read(plan::READ_TASK, task::get(Surface::Dated, &id), parse, judge).await;
    }
    read_notes(exam, contact).await;
    number
}

async fn number(exam: &mut Exam<'_>) -> Option<Id> {
    let (wanted, mapping) = (exam.mapping.task_number.clone(), exam.place.key("mapping"));
    let chosen = |numbers: &Listing<Number>| {
        let of_that_name = numbers.items.iter().find(|number| number.number == wanted);
        let number = if wanted.is_some() { of_that_name } else { numbers.items.first() };
        number.map(|number| number.id.clone())
    };
    let judge = |numbers: &Listing<Number>| match (chosen(numbers), &wanted) {
        (Some(_), Some(wanted)) => Verdict::pass(format!("{wanted} takes the tasks of people without a conversation")),
        (Some(_), None) => Verdict::pass("the first one takes the tasks of people without a conversation"),
        (None, None) => Verdict::warn(
            "the workspace has no number, so tasks of people without a conversation stay behind",
            "get a number in OpenPhone",
        ),
        (None, Some(wanted)) => Verdict::fail(
            format!("{wanted} is no number of the workspace"),
            format!(
                "tasks.openphone_number in the file of {mapping}: those that there are: {}",
                listed(numbers.items.iter().filter_map(|number| number.number.clone()))
            ),
        ),
    };
    let numbers = exam.read(plan::NUMBERS, workspace::numbers(None, None), workspace::numbers_page, judge).await?;
    chosen(&numbers)
}

async fn read_notes(exam: &mut Exam<'_>, contact: Option<&ContactId>) {
    let Some(contact) = contact.cloned().or_else(|| ContactId::new(NOBODY).ok()) else { return };
    let parse = |response: &Response| or_gone(note::page(response));
    let judge = |_: &Option<_>| Verdict::pass("answered");
    let notes = exam.read(plan::LIST_NOTES, note::list(&contact, None), parse, judge).await.flatten();
    let first = notes.and_then(|page| page.items.into_iter().next()).map(|note| note.id);
    let Some(id) = exam.or_nobodys(first.as_ref(), NOBODY, Id::new) else { return };
    let parse = |response: &Response| or_gone(note::note(response));
    let judge = |found: &Option<_>| Verdict::answered(found.is_some(), "note");
    exam.read(plan::READ_NOTE, note::get(&contact, &id), parse, judge).await;
}

/// Makes a task, changes every aspect of it and removes it.
pub(super) async fn try_tasks(exam: &mut Exam<'_>, number: Option<&Id>) {
    let title = format!("{} {:08x}", trial::NAME, rand::random::<u32>());
    let new = NewTask { title: title.clone(), description: String::new(), due_at: None, assignee: None };
    if let Ok(talk) = Id::new(NO_TALK) {
        let asked = task::create(&new, &talk);
        exam.try_write(plan::CREATE_IN_TALK, asked, made_up, "answered: it knows no made-up conversation").await;
    }
    let Some(number) = number else {
        let without = [&[plan::CREATE_TASK], &STEPS[..]].concat();
        exam.sheet.skip(&without, "there is no number that a test task could hang on");
        return;
    };
    let asked = task::create_v1(&new, &Anchor::Number(number.clone()));
    match exam.write(plan::CREATE_TASK, asked, task::made).await {
        Some(Ok(made)) => {
            exam.sheet.put(plan::CREATE_TASK, Verdict::pass("created"));
            steps(exam, &made.id).await;
            let left = remove(exam, &made.id).await;
            let verdict = removed(exam, ("task", &ops::TASK_DELETE), (made.id.as_str(), left));
            exam.sheet.put(plan::REMOVE_TASK, verdict);
        }
        Some(Err(obstacle)) => {
            if may_have_happened(&obstacle) {
                let left = remove_by_title(exam, &title).await;
                exam.sheet.put(plan::REMOVE_TASK, unclear("task", &left, &title));
            }
            exam.conclude::<()>(plan::CREATE_TASK, &ops::V1_TASK_CREATE, Err(obstacle), "");
        }
        None => {}
    }
    exam.sheet.skip(&STEPS, NO_TASK);
}

async fn steps(exam: &mut Exam<'_>, id: &Id) {
    let tomorrow = Timestamp::now().saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    let rewrite = Action::Rewrite { title: trial::CHANGED_NAME.to_owned(), description: String::new() };
    let own = [
        (plan::CHANGE_TASK, rewrite, "changed"),
        (plan::SET_DUE, Action::SetDue(tomorrow), "set"),
        (plan::REMOVE_DUE, Action::RemoveDue, "removed"),
        (plan::COMPLETE_TASK, Action::Complete, "completed"),
    ];
    for (row, action, done) in own {
        exam.try_write(row, task::act(Surface::Dated, id, &action), task::changed, done).await;
    }
    let Ok(user) = UserId::new(NO_USER) else { return };
    for (row, action) in
        [(plan::ASSIGN_TASK, Action::Assign(user.clone())), (plan::UNASSIGN_TASK, Action::Unassign(user))]
    {
        let asked = task::act(Surface::Dated, id, &action);
        exam.try_write(row, asked, made_up, "answered: it knows no made-up colleague").await;
    }
}

/// The answer to something about what doesn't exist.
fn made_up(response: &Response) -> Result<(), ApiError> {
    or_refused(task::changed(response)).map(drop)
}

async fn remove(exam: &Exam<'_>, id: &Id) -> Result<(), Obstacle> {
    removing(&exam.caller, &task::delete(Surface::Dated, id), response::deleted).await
}

/// Whether a task with this title was found, and removed.
async fn remove_by_title(exam: &Exam<'_>, title: &str) -> Result<bool, Obstacle> {
    let mut after = None;
    for _ in 0..MOST_PAGES {
        let asked = task::list(Surface::Dated, after.as_deref());
        let page = exam.caller.read(asked, task::page, Phase::Cleaning).await?;
        if let Some(found) = page.items.iter().find(|task| task.title.as_deref() == Some(title)) {
            return remove(exam, &found.id).await.map(|()| true);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(false)
}

/// Makes, changes and removes a note on the test contact, with which it goes at the latest.
pub(super) async fn try_notes(exam: &mut Exam<'_>, contact: &ContactId) {
    let (Ok(text), Ok(other)) = (Text::new(trial::NAME), Text::new(trial::CHANGED_NAME)) else { return };
    let asked = note::create(contact, &text);
    let Some(made) = exam.try_write(plan::CREATE_NOTE, asked, note::note, "created").await else {
        exam.sheet.skip(&[plan::CHANGE_NOTE, plan::REMOVE_NOTE], NO_NOTE);
        return;
    };
    exam.try_write(plan::CHANGE_NOTE, note::update(contact, &made.id, &other), note::note, "changed").await;
    let left = removing(&exam.caller, &note::delete(contact, &made.id), response::deleted).await;
    exam.conclude(plan::REMOVE_NOTE, &ops::NOTE_DELETE, left, "removed");
}
