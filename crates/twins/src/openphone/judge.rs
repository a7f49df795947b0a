//! What the judge and visitors read.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::history::Actor;
use crate::openphone::contact::Group;
use crate::openphone::server::OpenPhone;
use crate::openphone::views;
use crate::report::{Findings, shared};

pub(super) fn contact(openphone: &OpenPhone, id: &str) -> Option<Value> {
    let space = openphone.spaces.get(openphone.home(id)?)?;
    Some(views::v1(space.shelf.get(id)?, &space.config))
}

pub(super) fn contacts(openphone: &OpenPhone, skip: usize, limit: usize) -> Vec<Value> {
    let all = openphone.spaces.iter().flat_map(|space| space.shelf.rows().map(move |(_, row)| (row, &space.config)));
    all.skip(skip).take(limit).map(|(row, config)| views::v1(row, config)).collect()
}

pub(super) fn findings(openphone: &OpenPhone) -> Findings {
    let mut findings = Findings::of(&openphone.ledger);
    for space in &openphone.spaces {
        let rows = || space.shelf.rows().map(|(_, row)| row);
        findings.contacts += rows().count();
        for row in rows() {
            *findings.writes.contacts_by_api_writes.entry(row.marks.api_writes).or_default() += 1;
        }
        let named = rows().filter_map(|row| Some((row.text("externalId")?, &*row.id)));
        findings.duplicates.extend(shared("externalId", named));
        let by_api: BTreeSet<&str> = rows().filter(|row| row.marks.creator == Actor::Api).map(|row| &*row.id).collect();
        for (group, by) in [(Group::Emails, "email"), (Group::Phones, "phone")] {
            let held = rows().flat_map(|row| row.group(group).iter().map(|item| (&*item.value, &*row.id)));
            let ours = shared(by, held)
                .into_iter()
                .filter(|group| group.contacts.iter().any(|id| by_api.contains(id.as_str())));
            findings.lookalikes.extend(ours);
        }
    }
    findings
}
