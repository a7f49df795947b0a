//! `docs/providers.md`: its tables are made from the tables that the code uses, so that they can't tell anything else.

use std::fmt::Write as _;
use std::path::PathBuf;

use tandem_providers::{Operation, Purpose, ghl, openphone};
use tandem_testkit::openapi::deviations::{DEVIATIONS, Deviation};
use tandem_testkit::workspace_root;

use crate::exchange::Api;
use crate::registry::coverage;
use crate::text;

/// Where operations are asked for outside of checks: the operation, the file, and the words that do it there.
const USED: &[(&str, &str, &str)] = &[
    ("ghl.contact.get", "services/writer/src/ghl.rs", "ghl::request::contact("),
    ("ghl.contacts.list", "services/ingest/src/scan/pages.rs", "search::list("),
    ("ghl.contacts.search", "services/writer/src/ghl.rs", "Search::new("),
    ("ghl.contacts.duplicate", "services/writer/src/ghl.rs", "search::duplicate("),
    ("ghl.contact.create", "services/writer/src/ghl.rs", "write::create("),
    ("ghl.contact.update", "services/writer/src/ghl.rs", "write::update("),
    ("ghl.contact.delete", "services/writer/src/ghl.rs", "write::delete("),
    ("ghl.contact.tags.add", "services/writer/src/ghl.rs", "tag::add("),
    ("ghl.contact.tags.remove", "services/writer/src/ghl.rs", "tag::remove("),
    ("ghl.location.get", "services/writer/src/ghl.rs", "location::get("),
    ("ghl.contact.tasks.list", "services/writer/src/task/find.rs", "ghl_task::list("),
    ("ghl.contact.task.get", "services/writer/src/task/ghl.rs", "task::get("),
    ("ghl.contact.task.create", "services/writer/src/task/ghl.rs", "task::create("),
    ("ghl.contact.task.update", "services/writer/src/task/ghl.rs", "task::update("),
    ("ghl.contact.task.delete", "services/writer/src/task/ghl.rs", "task::delete("),
    ("ghl.location.tasks.search", "services/writer/src/task/find.rs", "ghl_task::Search {"),
    ("ghl.contact.notes.list", "services/writer/src/note/ghl.rs", "note::list("),
    ("ghl.contact.note.get", "services/writer/src/note/ghl.rs", "note::get("),
    ("ghl.contact.note.create", "services/writer/src/note/ghl.rs", "note::create("),
    ("ghl.contact.note.update", "services/writer/src/note/ghl.rs", "note::update("),
    ("ghl.contact.note.delete", "services/writer/src/note/ghl.rs", "note::delete("),
    ("ghl.users.list", "services/writer/src/people.rs", "user::list("),
    ("ghl.users.search", "services/writer/src/people.rs", "user::search("),
    ("ghl.oauth.token", "crates/credentials/src/ghl.rs", "oauth::token("),
    ("ghl.oauth.location-token", "crates/credentials/src/ghl.rs", "oauth::location_token("),
    ("ghl.oauth.reconnect", "crates/credentials/src/ghl.rs", "oauth::reconnect("),
    ("openphone.v1.contacts.list", "services/writer/src/openphone.rs", "List::by_external_ids("),
    ("openphone.v1.contact.get", "services/writer/src/openphone.rs", "request::contact("),
    ("openphone.v1.contact.create", "services/writer/src/openphone.rs", "request::create("),
    ("openphone.v1.contact.patch", "services/writer/src/openphone.rs", "patch::document("),
    ("openphone.v1.contact.delete", "services/writer/src/openphone.rs", "request::delete("),
    ("openphone.v1.custom-fields.list", "services/writer/src/openphone.rs", "request::custom_fields("),
    ("openphone.contact.patch", "services/writer/src/openphone.rs", "patch::scalars("),
    ("openphone.v1.task.create", "services/writer/src/task/openphone.rs", "task::create_v1("),
    ("openphone.tasks.list", "services/writer/src/task/find.rs", "openphone_task::list("),
    ("openphone.task.create", "services/writer/src/task/openphone.rs", "task::create("),
    ("openphone.task.get", "services/writer/src/task/openphone.rs", "task::get("),
    ("openphone.task.update", "services/writer/src/task/openphone.rs", "Action::Rewrite"),
    ("openphone.task.delete", "services/writer/src/task/openphone.rs", "task::delete("),
    ("openphone.task.status", "services/writer/src/task/openphone.rs", "Action::Complete"),
    ("openphone.task.assign", "services/writer/src/task/openphone.rs", "Action::Assign("),
    ("openphone.task.unassign", "services/writer/src/task/openphone.rs", "Action::Unassign("),
    ("openphone.task.due.set", "services/writer/src/task/openphone.rs", "Action::SetDue("),
    ("openphone.task.due.remove", "services/writer/src/task/openphone.rs", "Action::RemoveDue"),
    ("openphone.contact.notes.list", "services/writer/src/note/openphone.rs", "note::list("),
    ("openphone.contact.note.get", "services/writer/src/note/openphone.rs", "note::get("),
    ("openphone.contact.note.create", "services/writer/src/note/openphone.rs", "note::create("),
    ("openphone.contact.note.patch", "services/writer/src/note/openphone.rs", "note::update("),
    ("openphone.contact.note.delete", "services/writer/src/note/openphone.rs", "note::delete("),
    ("openphone.v1.conversations.list", "services/writer/src/talks.rs", "conversation::list_v1("),
    ("openphone.v1.conversations.list", "services/writer/src/poll/notes.rs", "conversation::list_v1("),
    ("openphone.users.list", "services/writer/src/people.rs", "workspace::users("),
    ("openphone.numbers.list", "services/writer/src/talks.rs", "workspace::numbers("),
    ("openphone.webhooks.list", "services/ingest/src/hooks/look.rs", "hook::list("),
    ("openphone.webhook.create", "services/ingest/src/hooks/look.rs", "hook::create("),
    ("openphone.webhook.patch", "services/ingest/src/hooks/look.rs", "hook::update("),
    ("openphone.webhook.delete", "services/ingest/src/hooks/look.rs", "hook::delete("),
    ("openphone.webhook.rotate", "services/ingest/src/hooks/look.rs", "hook::rotate("),
    ("openphone.webhook.deliveries.list", "services/ingest/src/hooks/calls.rs", "delivery::list("),
    ("openphone.webhook.delivery.get", "services/ingest/src/hooks/calls.rs", "delivery::get("),
    ("openphone.webhook.delivery.retry", "services/ingest/src/hooks/calls.rs", "delivery::retry("),
];

/// Set by `cargo xtask docs`: write the tables instead of comparing them.
const WRITE: &str = "TANDEM_WRITE_DOCS";

fn page() -> PathBuf {
    workspace_root().join("docs/providers.md")
}

#[test]
fn the_tables_of_the_documentation_are_those_of_the_code() {
    let page = page();
    let there = text(&page);
    let wanted = [("ghl", ghl_table()), ("openphone", openphone_table()), ("deviations", deviations_table())]
        .into_iter()
        .fold(there.clone(), |page, (name, table)| with_table(&page, name, &table));
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&page, wanted).unwrap();
        return;
    }
    assert!(there == wanted, "{} is out of date: run `cargo xtask docs`", page.display());
}

#[test]
fn whatever_has_a_purpose_is_asked_for_somewhere() {
    for (name, file, words) in USED {
        assert!(text(&workspace_root().join(file)).contains(words), "{name}: {file} does not say `{words}`");
    }
    for operation in ghl::operations::ALL.iter().chain(openphone::operations::ALL) {
        let is_used = USED.iter().any(|(name, ..)| *name == operation.name);
        let has_purpose = operation.purposes.iter().any(|purpose| *purpose != Purpose::Check);
        assert_eq!(is_used, has_purpose, "{}: its purposes and the rows of USED disagree", operation.name);
    }
}

/// The page with another table between its marks.
fn with_table(page: &str, name: &str, table: &str) -> String {
    let (start, end) = (format!("<!-- {name}: made by `cargo xtask docs` -->\n"), format!("<!-- end of {name} -->\n"));
    let parts = page.split_once(&start).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) = parts.unwrap_or_else(|| panic!("docs/providers.md has no place for the table {name}"));
    format!("{before}{start}\n{table}\n{end}{after}")
}

fn ghl_table() -> String {
    let mut table =
        "| operation | method and path | least scope | where Tandem uses it | test |\n|---|---|---|---|---|\n"
            .to_owned();
    for operation in ghl::operations::ALL {
        let scopes = list(operation.scopes.iter().map(|scope| format!("`{scope}`")));
        let (name, routes) = (operation.name, routes(operation));
        writeln!(table, "| `{name}` | {routes} | {scopes} | {} | {} |", uses(operation), test(operation)).unwrap();
    }
    table
}

fn openphone_table() -> String {
    let mut table = "| operation | method and path | where Tandem uses it | test |\n|---|---|---|---|\n".to_owned();
    for operation in openphone::operations::ALL {
        let Operation { name, template, .. } = operation;
        writeln!(table, "| `{name}` | `{template}` | {} | {} |", uses(operation), test(operation)).unwrap();
    }
    table
}

fn deviations_table() -> String {
    let mut table = "| in | what differs | section | why |\n|---|---|---|---|\n".to_owned();
    for Deviation { subject, finding, section, reason } in DEVIATIONS {
        writeln!(table, "| {} | `{finding}` | {section} | {reason} |", subject.name()).unwrap();
    }
    table
}

/// GHL's route in both versions, where they differ.
fn routes(operation: &'static Operation) -> String {
    let [dated, v3] = Api::GHL.map(|api| api.version().offers(operation).is_ok().then(|| api.template(operation)));
    match (dated, v3) {
        (Some(dated), Some(v3)) if dated == v3 => format!("`{dated}`"),
        (Some(dated), Some(v3)) => format!("`{dated}`, v3: `{v3}`"),
        (Some(dated), None) => format!("`{dated}`, not in v3"),
        (None, Some(v3)) => format!("`{v3}`, v3 only"),
        (None, None) => panic!("{} is in no version", operation.name),
    }
}

fn uses(operation: &Operation) -> String {
    let places = USED.iter().filter(|(name, ..)| *name == operation.name);
    let places = list(places.map(|(_, file, _)| format!("[`{file}`](../{file})")));
    let purposes = operation.purposes.iter().map(|purpose| match purpose {
        Purpose::Check => purpose.name().to_owned(),
        Purpose::Sync | Purpose::Tasks | Purpose::Notes | Purpose::Setup => format!("{}: {places}", purpose.name()),
    });
    list(purposes)
}

fn test(operation: &Operation) -> String {
    let exercised = |api| coverage().tests.get(&(api, operation.name));
    let path = [Api::Dated, Api::V3, Api::OpenPhone].into_iter().find_map(exercised);
    format!("`{}`", path.unwrap_or_else(|| panic!("{} has no test", operation.name)))
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
