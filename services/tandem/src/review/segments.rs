//! Who is in which segment of the mapping, by what is known now.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tandem_contact::{Side, Value};
use tandem_mapping::{Formula, Segment, segments_field};
use tandem_reconcile::{Document, Kind};
use utoipa::ToSchema;

use super::{Person, Refusal, Room};

/// Every segment of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Segments {
    /// As the mapping lists them.
    pub segments: Vec<SegmentItem>,
    /// People whom an expression of the mapping can't be evaluated for: they are in none.
    pub undecided: u64,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SegmentItem {
    /// What it is called.
    pub name: String,
    /// Who is in it.
    pub when: String,
    /// How many are.
    pub members: u64,
    /// Those of them for whom OpenPhone doesn't say so yet.
    pub unseen: u64,
}

/// Who is in a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Members {
    /// Which one.
    pub segment: String,
    /// By name.
    pub members: Vec<Member>,
}

/// Somebody in a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// Who.
    pub person: Person,
    /// Whether OpenPhone says so already.
    pub is_seen: bool,
}

impl Room<'_> {
    pub(super) async fn segments(&self) -> Result<Segments, Refusal> {
        let item = |segment: &Segment| SegmentItem {
            name: segment.name.clone(),
            when: segment.when.source().to_owned(),
            members: 0,
            unseen: 0,
        };
        let mut segments: Vec<SegmentItem> = self.listed().iter().map(item).collect();
        let count = |_: &Document, names: &BTreeSet<String>, seen: &BTreeSet<String>| {
            for segment in segments.iter_mut().filter(|segment| names.contains(&segment.name)) {
                segment.members += 1;
                segment.unseen += u64::from(!seen.contains(&segment.name));
            }
        };
        let undecided = self.each_sorted(count).await?;
        Ok(Segments { segments, undecided })
    }

    pub(super) async fn members(&self, segment: &str) -> Result<Members, Refusal> {
        let names: Vec<&str> = self.listed().iter().map(|listed| listed.name.as_str()).collect();
        if !names.contains(&segment) {
            return Err(Refusal::NoSegment(segment.to_owned(), names.join("`, `")));
        }
        let mut members = Vec::new();
        let gather = |document: &Document, names: &BTreeSet<String>, seen: &BTreeSet<String>| {
            if names.contains(segment) {
                members.push(Member { person: Person::of(document), is_seen: seen.contains(segment) });
            }
        };
        self.each_sorted(gather).await?;
        members.sort_by(|a, b| (&a.person.name, &a.person.record).cmp(&(&b.person.name, &b.person.record)));
        Ok(Members { segment: segment.to_owned(), members })
    }

    fn listed(&self) -> &[Segment] {
        match segments_field().and_then(|field| self.mapping.formulas.get(&field)) {
            Some(Formula::Segments(segments)) => segments,
            Some(Formula::Expression(_)) | None => &[],
        }
    }

    /// Shows everybody whom the mapping is about, with the segments that they are in and those that OpenPhone shows; says how many it
    /// can't tell of.
    async fn each_sorted(
        &self,
        mut visit: impl FnMut(&Document, &BTreeSet<String>, &BTreeSet<String>) + Send,
    ) -> Result<u64, Refusal> {
        let Some(field) = segments_field() else { return Ok(0) };
        let items = |value: Option<&Value>| value.map(Value::items).unwrap_or_default();
        let mut undecided = 0;
        let sort = |mut document: Document| {
            if !is_somebody(&document) {
                return;
            }
            match self.mapping.apply(self.rules, &mut document) {
                Ok(rules) if rules.is_left_out => {}
                Ok(_) => {
                    let seen = items(document.shadow_value(Side::OpenPhone, field));
                    visit(&document, &items(document.canon_value(field)), &seen);
                }
                Err(_) => undecided += 1,
            }
        };
        self.records.each(self.connection, sort).await?;
        Ok(undecided)
    }
}

/// A contact that is there on a side.
fn is_somebody(document: &Document) -> bool {
    let is_there = |side: Side| document.link[side].is_some() && document.gone[side].is_none();
    document.kind == Kind::Contact && document.merged_into.is_none() && Side::BOTH.into_iter().any(is_there)
}
