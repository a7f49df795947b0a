//! What a dry run found, record by record.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tandem_contact::Side;
use tandem_ingest::{Job, ScanDeps};
use tandem_proto::{ConnectionId, Envelope, Payload, RecordId, Stream, v1};

use super::Line;
use crate::review::Person;

/// Read, and nothing was to be done.
const IN_STEP: &str = "in_step";

/// What would be done to a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// The record.
    pub(crate) record: String,
    /// What people call them.
    pub(crate) name: String,
    /// Their contact's id in GHL; none where there is none yet.
    pub(crate) ghl: Option<String>,
    /// And in `OpenPhone`.
    pub(crate) openphone: Option<String>,
    /// The journal's word: `created`, `updated`, `deleted`, `linked`, `parked`, `skipped`, `refused`, `deleted_there` ...
    pub(crate) outcome: String,
    /// Where; empty for the record as a whole.
    pub(crate) side: String,
    /// The fields that would be written, or refused.
    pub(crate) fields: Vec<String>,
    /// Why, where that is not plain.
    pub(crate) reason: String,
}

/// How often what would be done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// Contacts read in GHL.
    pub(crate) ghl: u64,
    /// And in `OpenPhone`.
    pub(crate) openphone: u64,
    /// By outcome and side, as in `created openphone`.
    pub(crate) outcomes: BTreeMap<String, u64>,
    /// Contacts left alone, by reason.
    pub(crate) skipped: BTreeMap<String, u64>,
    /// Messages that would be set aside.
    pub(crate) dead: u64,
    /// Commands that were still put off at the end.
    pub(crate) put_off: u64,
}

/// Items in the order in which they came, and the totals.
pub(super) async fn of(deps: &ScanDeps, connection: &ConnectionId, job: &Job) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut totals = Totals { ghl: job.read.ghl.contacts, openphone: job.read.openphone.contacts, ..Totals::default() };
    for stored in deps.queue.browse(Stream::Journal, 0, usize::MAX).await? {
        let envelope = Envelope::decode(&stored.body).context("reading what was noted")?;
        let Payload::JournalEntry(entry) = envelope.payload else { continue };
        if entry.outcome == IN_STEP {
            continue;
        }
        let item = item(deps, connection, entry).await?;
        let kind = format!("{} {}", item.outcome, item.side).trim_end().to_owned();
        *totals.outcomes.entry(kind).or_default() += 1;
        lines.push(Line::Item(item));
    }
    totals.skipped = skipped(&deps.metrics.encode());
    totals.dead = deps.queue.depth(Stream::Dead).await?.waiting;
    totals.put_off = deps.queue.depth(Stream::Commands).await?.delayed;
    lines.push(Line::Totals(totals));
    Ok(lines)
}

async fn item(deps: &ScanDeps, connection: &ConnectionId, entry: v1::JournalEntry) -> anyhow::Result<Item> {
    let side = match entry.side() {
        v1::Side::Ghl => Side::Ghl.name(),
        v1::Side::Openphone => Side::OpenPhone.name(),
        v1::Side::Unspecified => "",
    };
    let record = RecordId::new(&entry.record_id).context("the name of a record")?;
    let document = deps.records.load(connection, &record).await?.map(|loaded| loaded.document);
    let person = document.as_ref().map(Person::of);
    let id = |side| person.as_ref().and_then(|person| person.contacts[side].clone());
    Ok(Item {
        ghl: id(Side::Ghl),
        openphone: id(Side::OpenPhone),
        name: person.as_ref().map(|person| person.name.clone()).unwrap_or_default(),
        record: entry.record_id,
        outcome: entry.outcome,
        side: side.to_owned(),
        fields: entry.fields,
        reason: entry.reason,
    })
}

/// The counters of what was left alone, by reason.
fn skipped(metrics: &str) -> BTreeMap<String, u64> {
    let of = |line: &str| {
        let (reason, count) = line.strip_prefix("tandem_skips_total{reason=\"")?.split_once("\"} ")?;
        Some((reason.to_owned(), count.trim().parse().ok()?))
    };
    metrics.lines().filter_map(of).filter(|(_, count)| *count > 0).collect()
}
