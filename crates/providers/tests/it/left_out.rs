//! What is described and not asked for, each for a reason; and nothing else that is described.

use std::collections::BTreeSet;

use tandem_providers::{Operation, ghl, openphone};
use tandem_testkit::openapi::{Document, nameless};

use crate::exchange::Api;
use crate::vendor;

const AGENCY: &str = "agencies manage their locations and people themselves";
const NOT_OURS: &str = "belongs to no contact";
const SENDS: &str = "sends something to somebody; Tandem never does on its own";
const FILES: &str = "files and email are not kept in step";
const ONE_LISTED: &str = "what the lists show is enough";

/// Method (`*`: any), the beginning of the path with placeholders that have no names, and the reason.
const GHL: &[(&str, &str, &str)] = &[
    ("*", "/custom-fields/", "fields of custom objects and companies, not of contacts"),
    ("GET", "/locations/search", AGENCY),
    ("POST", "/locations/", AGENCY),
    ("PUT", "/locations/{}", AGENCY),
    ("DELETE", "/locations/{}", AGENCY),
    ("GET", "/locations/{}/permissions", AGENCY),
    ("GET", "/locations/{}/recurring-tasks", NOT_OURS),
    ("GET", "/locations/{}/customValues", NOT_OURS),
    ("GET", "/locations/{}/timezones", NOT_OURS),
    ("GET", "/locations/{}/templates", NOT_OURS),
    ("GET", "/locations/{}/conversationChannels", NOT_OURS),
    ("POST", "/users/", AGENCY),
    ("PUT", "/users/", AGENCY),
    ("DELETE", "/users/", AGENCY),
    ("POST", "/conversations/messages", SENDS),
    ("POST", "/conversations/providers/live-chat", SENDS),
    ("*", "/conversations/preferences", NOT_OURS),
    ("*", "/conversations/messages/email", FILES),
    ("DELETE", "/conversations/messages/{}/schedule", SENDS),
    ("GET", "/conversations/messages/{}", ONE_LISTED),
    ("GET", "/conversations/locations", FILES),
    ("GET", "/conversations/{}", ONE_LISTED),
    ("PUT", "/conversations/{}", NOT_OURS),
    ("DELETE", "/conversations/{}", NOT_OURS),
];

const OPENPHONE: &[(&str, &str, &str)] = &[
    ("GET", "/phone-numbers/available", "lists numbers for sale; Tandem buys none"),
    ("POST", "/messages/{}/retry", SENDS),
];

/// Which row explains why something is not asked for.
fn row(table: &[(&str, &str, &str)], template: &str) -> Option<usize> {
    let (method, path) = template.split_once(' ')?;
    table.iter().position(|(wanted, start, _)| (*wanted == "*" || *wanted == method) && path.starts_with(start))
}

/// Everything that these descriptions have is in the table of operations, or left out for a reason that still holds.
fn compare(apis: &[(Api, &[&str])], ours: &[&'static Operation], left_out: &[(&str, &str, &str)]) {
    let mut used = BTreeSet::new();
    for (api, routes) in apis {
        let ours: BTreeSet<String> = ours.iter().map(|operation| nameless(&api.template(operation))).collect();
        let Some(described) = described(*api, routes) else { return };
        for template in described.iter().filter(|template| !ours.contains(*template)) {
            let row = row(left_out, template);
            used.insert(row.unwrap_or_else(|| panic!("{}: nobody asks for {template}", api.name())));
        }
    }
    let unused = left_out.iter().enumerate().filter(|(index, _)| !used.contains(index)).map(|(_, row)| row);
    assert_eq!(unused.collect::<Vec<_>>(), Vec::<&(&str, &str, &str)>::new(), "nothing is left out for these reasons");
}

/// What the descriptions of these routes have, without the names of placeholders.
fn described(api: Api, routes: &[&str]) -> Option<Vec<String>> {
    let folder = vendor()?;
    let documents = routes.iter().map(|route| Document::open(&folder.join(api.document(route))).templates());
    let documents: Vec<Vec<String>> = documents.collect();
    assert!(documents.iter().all(|document| document.len() > 2), "{documents:?}");
    Some(documents.concat().iter().map(|template| nameless(template)).collect())
}

#[test]
fn everything_that_ghl_describes_is_asked_for_or_left_out_for_a_reason() {
    let routes: &[&str] =
        &["/contacts/", "/locations/", "/users/", "/custom-fields/", "/conversations/", "/oauth/token"];
    compare(&[(Api::Dated, routes), (Api::V3, routes)], ghl::operations::ALL, GHL);
}

#[test]
fn everything_that_openphone_describes_is_asked_for_or_left_out_for_a_reason() {
    compare(&[(Api::OpenPhone, &["/v1/contacts", "/contacts"])], openphone::operations::ALL, OPENPHONE);
}
