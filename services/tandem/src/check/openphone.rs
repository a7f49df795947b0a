//! A connection's workspace at `OpenPhone`.

mod delivery;
mod things;
mod trial;

use tandem_contact::Side;
use tandem_providers::openphone::workspace::{self, Number, Organization};
use tandem_providers::openphone::{
    Contact, Definition, List, Listing, OpenPhoneView, TagTarget, operations as ops, request, response,
};
use tandem_providers::{ContactId, CustomDefinition, Response};
use tandem_service::config::Connection;

pub(super) use delivery::Hooks;

use super::exam::{Exam, or_gone};
use super::ghl::{fields_verdict, listed};
use super::obstacle::Kind;
use super::plan;
use super::verdict::Verdict;
use crate::assemble;

/// An id that no contact has, where there is none to read.
const NOBODY: &str = "000000000000000000000000";
/// Why nothing is written.
const READ_ONLY: &str = "writes are tried with --write only";

/// All checks of the workspace but those of webhooks, in order. `writes`: whether they are to be tried.
pub(super) async fn examine(exam: &mut Exam<'_>, connection: &Connection, writes: bool) {
    if !organization(exam).await {
        return;
    }
    let somebody = list(exam).await;
    read(exam, somebody.as_ref()).await;
    let tags = tags_field(exam).await;
    custom_fields(exam).await;
    number(exam, connection).await;
    let number = things::read(exam, somebody.as_ref()).await;
    if writes {
        let view = OpenPhoneView { tags, ..assemble::openphone_view(&connection.mapping) };
        trial::try_writes(exam, &view, number.as_ref()).await;
    } else {
        exam.sheet.skip_rest(READ_ONLY);
    }
}

/// The cheapest proof that a key works; it is answered even where the subscription has lapsed.
async fn organization(exam: &mut Exam<'_>) -> bool {
    let taken = |_: &Organization| Verdict::pass("the key is taken");
    let found = exam.read(plan::KEY, workspace::organization(), workspace::read_organization, taken).await;
    let Some(found) = found else {
        exam.sheet.put(plan::SUBSCRIPTION, Verdict::skipped("the workspace could not be read"));
        return exam.sheet.is_open(plan::LIST);
    };
    let subscription = subscription(exam, &found);
    let is_active = subscription.hint.is_none();
    exam.sheet.put(plan::SUBSCRIPTION, subscription);
    if !is_active {
        exam.sheet.skip_rest(Kind::Unpaid.stops(Side::OpenPhone).unwrap_or_default());
    }
    is_active
}

fn subscription(exam: &Exam<'_>, found: &Organization) -> Verdict {
    match found.is_active {
        Some(true) => Verdict::pass("active"),
        None => Verdict::pass("the key is taken; OpenPhone says nothing known about the subscription"),
        Some(false) => Verdict::fail(
            "the workspace's subscription is not active",
            super::judge::hint(exam.place, (Side::OpenPhone, &ops::ORGANIZATION_GET), Kind::Unpaid),
        ),
    }
}

async fn list(exam: &mut Exam<'_>) -> Option<ContactId> {
    let judge = |_: &response::Page| Verdict::pass("answered");
    let page = exam.read(plan::LIST, List::all().page(None), response::page, judge).await?;
    page.contacts.into_iter().next().map(|contact| contact.id)
}

async fn read(exam: &mut Exam<'_>, somebody: Option<&ContactId>) {
    let Some(id) = exam.or_nobodys(somebody, NOBODY, ContactId::new) else { return };
    let parse = |response: &Response| or_gone(response::contact(response));
    let judge = |_: &Option<Contact>| Verdict::answered(somebody.is_some(), "contact");
    exam.read(plan::READ, request::contact(&id), parse, judge).await;
}

/// Each custom field that the mapping names is there.
async fn custom_fields(exam: &mut Exam<'_>) {
    let (wanted, key) = (exam.mapping.places.openphone.clone(), exam.place.key("mapping"));
    let judge = |definitions: &Vec<Definition>| {
        let definitions: Vec<CustomDefinition> = definitions.iter().map(Definition::custom).collect();
        fields_verdict(&wanted, &definitions, &key)
    };
    exam.read(plan::OWN_FIELDS, request::custom_fields(), response::definitions, judge).await;
}

/// Where the tags go.
async fn tags_field(exam: &mut Exam<'_>) -> TagTarget {
    let (wanted, key) = (exam.mapping.tags_field.clone(), exam.place.key("mapping"));
    let judge = |definitions: &Vec<Definition>| tags_verdict(definitions, &wanted, &key);
    let definitions = exam.read(plan::TAGS_FIELD, request::custom_fields(), response::definitions, judge).await;
    definitions.map_or(TagTarget::NotRepresentable, |definitions| TagTarget::resolve(&definitions, &wanted))
}

fn tags_verdict(definitions: &[Definition], wanted: &str, mapping: &str) -> Verdict {
    match TagTarget::resolve(definitions, wanted) {
        TagTarget::MultiSelect { name, .. } => Verdict::pass(format!("`{name}` (multi-select) holds the tags")),
        TagTarget::JoinedText { name, .. } => {
            Verdict::pass(format!("`{name}` (text) holds the tags, joined by commas"))
        }
        TagTarget::NotRepresentable => {
            let of_that_name = definitions.iter().find(|field| field.name.trim().eq_ignore_ascii_case(wanted.trim()));
            let message = match of_that_name {
                Some(field) => format!("`{}` is of type {}, which can't hold tags", field.name, field.kind),
                None => format!("there is no custom field `{wanted}`, so tags stay behind"),
            };
            Verdict::fail(
                message,
                format!(
                    "in OpenPhone, make a multi-select custom field `{wanted}` for contacts (the API can't); or name another \
                     as tags.openphone_field, or leave `tags` out of the fields, in the file of {mapping}. Fields that there \
                     are: {}",
                    listed(definitions.iter().map(|field| format!("`{}` ({})", field.name, field.kind)))
                ),
            )
        }
    }
}

async fn number(exam: &mut Exam<'_>, connection: &Connection) {
    let Some(wanted) = &connection.openphone.phone_number_id else { return };
    let key = exam.place.key("openphone.phone_number_id");
    let judge = |numbers: &Listing<Number>| match numbers.items.iter().find(|number| number.id.as_str() == wanted) {
        Some(_) => Verdict::pass(format!("{wanted} is a number of the workspace")),
        None => Verdict::fail(
            format!("{wanted} is no number of the workspace"),
            format!(
                "{key}: those that there are: {}",
                listed(numbers.items.iter().map(|number| number.id.to_string()))
            ),
        ),
    };
    exam.read(plan::NUMBER, workspace::numbers_v1(None), workspace::numbers_page, judge).await;
}

#[cfg(test)]
mod tests {
    use super::super::report::Status;
    use super::*;

    fn definition(name: &str, kind: &str) -> Definition {
        Definition { name: name.to_owned(), key: "k".to_owned(), kind: kind.to_owned() }
    }

    fn judged(definitions: &[Definition]) -> (Status, String, String) {
        let Verdict { status, message, hint, .. } = tags_verdict(definitions, "Tags", "connections[0].mapping");
        (status, message, hint.unwrap_or_default())
    }

    #[test]
    fn the_field_of_the_tags_is_there_and_of_a_type_that_holds_them() {
        let (status, message, _) = judged(&[definition("tags", "multi-select")]);
        assert_eq!((status, message.as_str()), (Status::Pass, "`tags` (multi-select) holds the tags"));
        assert_eq!(judged(&[definition("Tags", "string")]).0, Status::Pass);
        let (status, message, hint) = judged(&[definition("Gate code", "string")]);
        assert_eq!((status, message.as_str()), (Status::Fail, "there is no custom field `Tags`, so tags stay behind"));
        assert!(hint.contains("multi-select custom field `Tags`") && hint.contains("`Gate code` (string)"), "{hint}");
        let (status, message, _) = judged(&[definition("Tags", "number")]);
        assert_eq!((status, message.as_str()), (Status::Fail, "`Tags` is of type number, which can't hold tags"));
    }
}
