//! Writes to `OpenPhone`, on what is made for it and removed again. No tags: an option that a multi-select learns stays.

use std::fmt::Write as _;

use tandem_contact::{Field, Observed, Value, trial};
use tandem_providers::ContactId;
use tandem_providers::openphone::{
    Contact, ExternalId, Id, List, OpenPhoneView, operations as ops, patch, request, response,
};

use super::things;
use crate::check::caller::may_have_happened;
use crate::check::exam::Exam;
use crate::check::obstacle::Obstacle;
use crate::check::plan;
use crate::check::room::Phase;
use crate::check::trial as shared;
use crate::check::verdict::Verdict;

/// Creates, changes, removes.
pub(super) async fn try_writes(exam: &mut Exam<'_>, view: &OpenPhoneView, number: Option<&Id>) {
    things::try_tasks(exam, number).await;
    let Some(key) = external_id(rand::random()) else { return };
    let Some(id) = create(exam, view, &key).await else {
        exam.sheet.skip_rest(shared::NOT_MADE);
        return;
    };
    change_name(exam, view, &id).await;
    change_list(exam, view, &id).await;
    things::try_notes(exam, &id).await;
    let removed = remove(exam, &id).await;
    let verdict = shared::removed(exam, ("contact", &ops::V1_CONTACT_DELETE), (id.as_str(), removed));
    exam.sheet.put(plan::REMOVE, verdict);
}

/// What a contact whose creation was not answered is found by.
fn external_id(random: [u8; 8]) -> Option<ExternalId> {
    let mut text = "tandem-check_".to_owned();
    for byte in random {
        write!(text, "{byte:02x}").ok()?;
    }
    ExternalId::new(&text).ok()
}

async fn create(exam: &mut Exam<'_>, view: &OpenPhoneView, key: &ExternalId) -> Option<ContactId> {
    let asked = request::create(key, &trial::fields(&trial::number(rand::random())), view);
    match exam.write(plan::CREATE, asked, response::contact).await? {
        Ok(contact) => {
            exam.sheet.put(plan::CREATE, Verdict::pass("created"));
            Some(contact.id)
        }
        Err(obstacle) => {
            if may_have_happened(&obstacle) {
                let left = remove_by_key(exam, key).await;
                exam.sheet
                    .put(plan::REMOVE, shared::unclear("contact", &left, &format!("external id {}", key.as_str())));
            }
            exam.refuse(plan::CREATE, &ops::V1_CONTACT_CREATE, &obstacle);
            None
        }
    }
}

/// One scalar, on the dated surface.
async fn change_name(exam: &mut Exam<'_>, view: &OpenPhoneView, id: &ContactId) {
    let changes = Observed::from([(Field::LastName, Value::text(trial::CHANGED_LAST_NAME))]);
    let Some(asked) = patch::scalars(id, &changes, view) else { return };
    exam.try_write(plan::CHANGE_NAME, asked, response::partial, "changed").await;
}

/// One number more, by the whole document on v1.
async fn change_list(exam: &mut Exam<'_>, view: &OpenPhoneView, id: &ContactId) {
    if !exam.sheet.is_open(plan::CHANGE_LIST) {
        return;
    }
    let read = exam.caller.read(request::contact(id), response::contact, Phase::Steps).await;
    let held: Contact = match read {
        Ok(held) => held,
        Err(obstacle) => {
            let verdict = exam.verdict(&ops::V1_CONTACT_GET, &obstacle);
            exam.sheet.put(plan::CHANGE_LIST, verdict);
            return;
        }
    };
    let numbers = [trial::number(rand::random()), trial::number(rand::random())];
    let changes = Observed::from([(Field::Phones, Value::list(numbers))]);
    let Ok(asked) = patch::document(&held, &changes, view) else {
        let hint = "report it: Tandem doesn't change such contacts, so that nothing in them is lost";
        exam.sheet
            .put(plan::CHANGE_LIST, Verdict::fail("OpenPhone's contact holds something in an unknown form", hint));
        return;
    };
    exam.try_write(plan::CHANGE_LIST, asked, response::contact, "changed").await;
}

async fn remove(exam: &Exam<'_>, id: &ContactId) -> Result<(), Obstacle> {
    shared::removing(&exam.caller, &request::delete(id), response::deleted).await
}

/// Whether something was found under the key, and removed. The list may be a moment behind.
async fn remove_by_key(exam: &Exam<'_>, key: &ExternalId) -> Result<bool, Obstacle> {
    let mut is_found = false;
    for list in List::by_external_ids(std::slice::from_ref(key)) {
        let page = exam.caller.read(list.page(None), response::page, Phase::Cleaning).await?;
        for contact in page.contacts.iter().filter(|contact| contact.external_id.as_deref() == Some(key.as_str())) {
            remove(exam, &contact.id).await?;
            is_found = true;
        }
    }
    Ok(is_found)
}
