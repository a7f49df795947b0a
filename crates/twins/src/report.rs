//! The judgement: what a twin saw of its callers, in one value.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::deliveries::DeliveryReport;
use crate::history::{Ledger, Loss};
use crate::meter::RateReport;

/// Contacts that look like one person made twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// What they share: `externalId`, `marker`, `phone` or `email`.
    pub by: &'static str,
    /// The shared value.
    pub value: String,
    /// Their ids.
    pub contacts: Vec<String>,
}

/// Writes, by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WriteReport {
    /// Contacts the API created.
    pub created_by_api: u64,
    /// Contacts people created.
    pub created_by_people: u64,
    /// Writes by API on existing contacts.
    pub updated_by_api: u64,
    /// Writes by people on existing contacts.
    pub updated_by_people: u64,
    /// Of the API's writes, those that changed nothing.
    pub unchanged_by_api: u64,
    /// Contacts the API deleted.
    pub deleted_by_api: u64,
    /// Contacts people deleted.
    pub deleted_by_people: u64,
    /// How many living contacts have so many API writes, creation included.
    pub contacts_by_api_writes: BTreeMap<u32, u64>,
}

/// What the provider part of a twin knows.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) contacts: usize,
    pub(crate) writes: WriteReport,
    pub(crate) duplicates: Vec<Duplicate>,
    pub(crate) lookalikes: Vec<Duplicate>,
    pub(crate) losses: Vec<Loss>,
    pub(crate) losses_not_kept: u64,
}

impl Findings {
    pub(crate) fn of(ledger: &Ledger) -> Self {
        let writes = WriteReport {
            created_by_api: ledger.created_by_api,
            created_by_people: ledger.created_by_people,
            updated_by_api: ledger.updated_by_api,
            updated_by_people: ledger.updated_by_people,
            unchanged_by_api: ledger.unchanged_by_api,
            deleted_by_api: ledger.deleted_by_api,
            deleted_by_people: ledger.deleted_by_people,
            contacts_by_api_writes: BTreeMap::new(),
        };
        let losses = ledger.losses.clone();
        Self { writes, losses, losses_not_kept: ledger.losses_not_kept, ..Self::default() }
    }
}

/// Groups values that more than one contact holds.
pub(crate) fn shared<'a>(by: &'static str, held: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Duplicate> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (value, contact) in held {
        groups.entry(value).or_default().push(contact);
    }
    let many = groups.into_iter().filter(|(_, contacts)| contacts.len() > 1);
    many.map(|(value, contacts)| Duplicate {
        by,
        value: value.to_owned(),
        contacts: contacts.into_iter().map(str::to_owned).collect(),
    })
    .collect()
}

/// What a twin saw of its callers.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Requests that arrived, answered or not.
    pub requests: u64,
    /// Requests that never got an answer (resets, time-outs, or still at work).
    pub unanswered: u64,
    /// Arrivals by method and route template.
    pub by_template: BTreeMap<String, u64>,
    /// Answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// The callers' pace against the published limit.
    pub rate: RateReport,
    /// Contacts that exist now.
    pub contacts: usize,
    /// Writes, by whom.
    pub writes: WriteReport,
    /// Contacts that share an external id or marker: must be empty.
    pub duplicates: Vec<Duplicate>,
    /// Contacts that share a phone or email, at least one of them made by the API. Can be legitimate.
    pub lookalikes: Vec<Duplicate>,
    /// What people had set and API writes removed unasked: must be empty.
    pub wiped: Vec<Loss>,
    /// Everything API writes removed, and people's values they replaced.
    pub losses: Vec<Loss>,
    /// Losses beyond those kept here.
    pub losses_not_kept: u64,
    /// Webhooks.
    pub webhooks: DeliveryReport,
    /// Faults that struck, by kind.
    pub faults: BTreeMap<String, u64>,
}

impl Report {
    /// Arrivals beyond the published limit in a sliding window.
    pub fn rate_violations(&self) -> u64 {
        self.rate.violations
    }

    /// How many requests met a route template such as `POST /v1/contacts`.
    pub fn calls(&self, template: &str) -> u64 {
        self.by_template.get(template).copied().unwrap_or_default()
    }

    /// How many answers had this status.
    pub fn answers(&self, status: u16) -> u64 {
        self.by_status.get(&status).copied().unwrap_or_default()
    }
}
