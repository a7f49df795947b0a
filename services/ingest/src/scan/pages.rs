//! One page: read, and everything of it stored, in this order: events, what the page leaves for later. The place moves after.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Map;
use tandem_contact::Side;
use tandem_proto::Consumer;
use tandem_providers::ghl::custom_field;
use tandem_providers::ghl::scan::{self as ghl_scan, Further, Rows};
use tandem_providers::ghl::search::{self, Cursor, Search};
use tandem_providers::openphone::{self, List};
use tandem_providers::{CustomDefinition, Row, ghl};

use super::ScanDeps;
use super::calls::{Caller, ScanConnection, Trouble};
use super::events::Scan;
use super::job::{Job, PageDone, Part, ScanKind};
use super::ledger::Pages;
use super::records;

/// So many events may wait for the mapper before the next page is read.
const MOST_WAITING: u64 = 5_000;
/// Events stored at once.
const BATCH: usize = 500;

/// What is read of a connection, in this order. `OpenPhone` first: it can't be searched, so that who is there has to be known
/// before somebody is taken for new.
pub(super) fn plan(connection: &ScanConnection) -> Vec<Part> {
    if has_list(connection) {
        vec![Part::OpenPhone, Part::GhlFurther, Part::Ghl, Part::Records]
    } else {
        vec![Part::OpenPhone, Part::Ghl, Part::Records]
    }
}

/// The dated API has a list with names in their own case, v3 a search only.
fn has_list(connection: &ScanConnection) -> bool {
    connection.ghl.version.offers(&ghl::operations::CONTACTS_LIST).is_ok()
}

/// How many events may wait for the mapper when this page is read. Before a part that builds on what was read before, none:
/// whoever is in `OpenPhone` must be known before GHL's contacts are looked at.
fn may_wait(part: Part, page: u32) -> u64 {
    match part {
        Part::Ghl if page == 0 => 0,
        Part::Records => 0,
        Part::OpenPhone | Part::GhlFurther | Part::Ghl => MOST_WAITING,
    }
}

/// Who reads the pages of one scan.
pub(super) struct Reader<'a> {
    pub(super) connection: &'a ScanConnection,
    pub(super) deps: &'a ScanDeps,
    /// Read when the part begins, or is gone on with.
    further: Option<HashMap<String, Further>>,
    /// The location's custom fields, once they were asked for.
    definitions: Option<Vec<CustomDefinition>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(connection: &'a ScanConnection, deps: &'a ScanDeps) -> Self {
        Self { connection, deps, further: None, definitions: None }
    }

    /// Reads a page and stores everything of it.
    pub(super) async fn page(
        &mut self,
        job: &Job,
        (part, page, cursor): (Part, u32, Option<&str>),
    ) -> Result<PageDone, Trouble> {
        if self.backlog().await? > may_wait(part, page) {
            return Err(Trouble::Backlog);
        }
        match part {
            Part::OpenPhone => self.openphone(job, page, cursor).await,
            Part::GhlFurther => self.ghl_further(job, page, cursor).await,
            Part::Ghl => self.ghl(job, page, cursor).await,
            Part::Records => self.records(job).await,
        }
    }

    async fn openphone(&self, job: &Job, page: u32, token: Option<&str>) -> Result<PageDone, Trouble> {
        let request = List::all().page(token);
        let listing = self.caller().send(Side::OpenPhone, request, openphone::scan::page).await?;
        self.tell_unreadable(Side::OpenPhone, listing.unreadable);
        let contacts = self.store(job, (Side::OpenPhone, page), listing.items).await?;
        // The provider's own total is wrong (contract sheet, section 1).
        Ok(PageDone { contacts, next: listing.next, ..PageDone::default() })
    }

    /// Nobody is published here: the list shows them with their names.
    async fn ghl_further(&self, job: &Job, page: u32, cursor: Option<&str>) -> Result<PageDone, Trouble> {
        let rows = self.search(cursor).await?;
        let further = rows.rows.iter().filter_map(|row| Some((row.id.to_string(), Further::of(row)?.to_json())));
        let further: Map<_, _> = further.collect();
        if !further.is_empty() {
            self.pages(job).put_further(page, further).await?;
        }
        Ok(PageDone { expected: rows.total, next: rows.next.map(|next| next.text()), ..PageDone::default() })
    }

    async fn ghl(&mut self, job: &Job, page: u32, cursor: Option<&str>) -> Result<PageDone, Trouble> {
        let Rows { mut rows, unreadable, total, next } = match self.list(cursor) {
            Some(request) => self.caller().send(Side::Ghl, request, ghl_scan::listed).await?,
            None => self.search(cursor).await?,
        };
        self.tell_unreadable(Side::Ghl, unreadable);
        if has_list(self.connection) {
            if self.further.is_none() {
                self.further = Some(self.pages(job).further().await?);
            }
            if let Some(further) = &self.further {
                add(further, &mut rows);
            }
        }
        self.name_fields(&mut rows).await?;
        let contacts = self.store(job, (Side::Ghl, page), rows).await?;
        Ok(PageDone { contacts, expected: total, next: next.map(|next| next.text()), ..PageDone::default() })
    }

    /// Says what custom fields are called, where a mapping calls them so.
    async fn name_fields(&mut self, rows: &mut [Row]) -> Result<(), Trouble> {
        let ghl = &self.connection.ghl;
        if !ghl.names_fields {
            return Ok(());
        }
        if self.definitions.is_none() {
            let request = custom_field::list(&ghl.location, &ghl.version);
            let listed = self.caller().send(Side::Ghl, request, custom_field::definitions).await?;
            self.definitions = Some(listed.items.iter().map(custom_field::Definition::custom).collect());
        }
        let definitions = self.definitions.as_deref().unwrap_or_default();
        for row in rows {
            ghl_scan::name_fields(row, definitions);
        }
        Ok(())
    }

    /// None where there is no list.
    fn list(&self, cursor: Option<&str>) -> Option<tandem_providers::Request> {
        let ghl = &self.connection.ghl;
        search::list(&ghl.location, cursor.and_then(Cursor::parse).as_ref(), &ghl.version).ok()
    }

    async fn search(&self, cursor: Option<&str>) -> Result<Rows, Trouble> {
        let ghl = &self.connection.ghl;
        let request =
            Search::new(&ghl.location, Vec::new()).page(cursor.and_then(Cursor::parse).as_ref(), &ghl.version);
        self.caller().send(Side::Ghl, request, ghl_scan::searched).await
    }

    async fn records(&self, job: &Job) -> Result<PageDone, Trouble> {
        let now = Timestamp::now();
        let begun_at = job.begun_at.unwrap_or(now);
        let pages = self.pages(job);
        let is_sweep = job.kind == ScanKind::Sweep;
        let wanted = records::Wanted { pages: is_sweep.then_some(&pages), begun_at, now };
        let found = records::find(&self.deps.records, &self.connection.id, wanted).await?;
        let scan = Scan { connection: &self.connection.id, job: &job.id, now };
        for batch in found.chunks(BATCH) {
            self.deps.queue.publish_all(batch.iter().map(|look| scan.record(look)).collect()).await?;
        }
        Ok(PageDone { found: found.len() as u64, ..PageDone::default() })
    }

    /// Stores the events of a page, and for a sweep whom it showed.
    async fn store(&self, job: &Job, (side, page): (Side, u32), rows: Vec<Row>) -> Result<u64, Trouble> {
        let count = rows.len() as u64;
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        let scan = Scan { connection: &self.connection.id, job: &job.id, now: Timestamp::now() };
        let mut messages: Vec<_> = rows.into_iter().map(|row| scan.contact(side, row)).collect();
        while !messages.is_empty() {
            let rest = messages.split_off(messages.len().min(BATCH));
            let publish = self.deps.queue.publish_all(std::mem::replace(&mut messages, rest));
            self.deps.metrics.timed("queue_publish", publish, |_| true).await?;
        }
        if job.kind == ScanKind::Sweep {
            self.pages(job).put_met(side.name(), page, ids.iter().map(String::as_str)).await?;
        }
        self.deps.metrics.scan_page(side.name(), count);
        Ok(count)
    }

    async fn backlog(&self) -> Result<u64, Trouble> {
        Ok(self.deps.queue.backlog(Consumer::MapperBulk, &self.connection.id).await?)
    }

    fn tell_unreadable(&self, side: Side, count: usize) {
        if count > 0 {
            tracing::warn!(connection.id = %self.connection.id, provider = side.name(), count,
                "{count} contacts on a page of {side} have no usable id and are left out");
        }
    }

    fn caller(&self) -> Caller<'_> {
        Caller { connection: self.connection, limits: &self.deps.limits, metrics: &self.deps.metrics }
    }

    fn pages<'b>(&'b self, job: &'b Job) -> Pages<'b> {
        Pages { store: &self.deps.store, connection: &self.connection.id, job: &job.id }
    }
}

/// Adds to the list's contacts what only the search showed. Kept for the whole part: a page may be read again.
fn add(further: &HashMap<String, Further>, rows: &mut [Row]) {
    for row in rows {
        if let Some(further) = further.get(row.id.as_str()) {
            further.clone().add_to(row);
        }
    }
}
