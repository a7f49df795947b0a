//! What the judge reads: the truth, unaffected by lags and tokens.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::ghl::server::Ghl;
use crate::ghl::version::Version;
use crate::ghl::views;
use crate::history::Actor;
use crate::report::{Findings, shared};

pub(super) fn contact(ghl: &Ghl, id: &str) -> Option<Value> {
    let location = ghl.locations.get(ghl.home(id)?)?;
    Some(views::whole(location.shelf.get(id)?, &location.config.id, Version::Dated))
}

pub(super) fn contacts(ghl: &Ghl, skip: usize, limit: usize) -> Vec<Value> {
    let all =
        ghl.locations.iter().flat_map(|location| location.shelf.rows().map(|(_, row)| (row, &location.config.id)));
    all.skip(skip).take(limit).map(|(row, location)| views::whole(row, location, Version::Dated)).collect()
}

pub(super) fn findings(ghl: &Ghl) -> Findings {
    let mut findings = Findings::of(&ghl.ledger);
    for location in &ghl.locations {
        let rows = || location.shelf.rows().map(|(_, row)| row);
        findings.contacts += rows().count();
        for row in rows() {
            *findings.writes.contacts_by_api_writes.entry(row.marks.api_writes).or_default() += 1;
        }
        if let Some(marker) = &location.config.marker_field {
            let marked = rows().filter_map(|row| {
                let (_, value) = row.custom.iter().find(|(id, _)| **id == **marker)?;
                Some((value.as_str()?, &*row.id))
            });
            findings.duplicates.extend(shared("marker", marked));
        }
        let by_api: BTreeSet<&str> = rows().filter(|row| row.marks.creator == Actor::Api).map(|row| &*row.id).collect();
        for field in ["email", "phone"] {
            let held = shared(field, rows().filter_map(|row| Some((row.text(field)?, &*row.id))));
            let ours = held.into_iter().filter(|group| group.contacts.iter().any(|id| by_api.contains(id.as_str())));
            findings.lookalikes.extend(ours);
        }
    }
    findings
}
