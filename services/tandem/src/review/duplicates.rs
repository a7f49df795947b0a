//! Records that may be one person's.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tandem_contact::{Field, PerSide, Side};
use tandem_proto::RecordId;
use tandem_reconcile::{
    Document, MergePlan, UNDOABLE, end_in, keep_apart, left_alone, plan_merge, take_over, undo_merge,
};
use tandem_records::Loaded;
use tandem_store::Expected;
use utoipa::ToSchema;

use super::{Person, Refusal, Room};
use crate::api::shapes::{BothIds, FieldChange};

/// Why a record waits that may be somebody's second one.
const CODES: [&str; 3] = ["duplicate", "ambiguous", "key_taken"];
/// Others may change a record meanwhile.
const MOST_TRIES: usize = 10;

/// What there is to decide, and what was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Duplicates {
    /// Records that wait.
    pub waiting: Vec<DuplicateItem>,
    /// Merges that can be taken back.
    pub merged: Vec<MergedItem>,
}

/// A record that may be somebody's second one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DuplicateItem {
    /// Who waits.
    pub person: Person,
    /// Bounded: `duplicate`, `ambiguous`, `key_taken`.
    pub code: String,
    /// For people.
    pub reason: String,
    /// Because of whom, where that is a record.
    pub with: Option<Person>,
}

/// A merge that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MergedItem {
    /// Who ended.
    pub person: Person,
    /// Who went on.
    #[schema(value_type = String)]
    pub kept: RecordId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Until when it can be taken back.
    #[schema(value_type = String, format = DateTime)]
    pub undoable_until: Timestamp,
    /// Contacts that are still there and are kept in step no more.
    #[schema(value_type = BothIds)]
    pub left_alone: PerSide<Option<String>>,
}

/// A merge, done or shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Merged {
    /// Only shown.
    pub is_dry: bool,
    /// Who ends.
    pub ended: Person,
    /// Who goes on, before the changes.
    pub kept: Person,
    /// The fields that change.
    #[schema(value_type = BTreeMap<String, FieldChange>)]
    pub changes: MergePlan,
    /// Contacts that stay where they are and are kept in step no more.
    #[schema(value_type = BothIds)]
    pub left_alone: PerSide<Option<String>>,
}

/// Two that are somebody each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Apart {
    /// One.
    #[schema(value_type = String)]
    pub record: RecordId,
    /// The other.
    #[schema(value_type = String)]
    pub from: RecordId,
}

/// A merge that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unmerged {
    /// The record that had ended.
    #[schema(value_type = String)]
    pub record: RecordId,
    /// The record that had gone on.
    #[schema(value_type = String)]
    pub kept: RecordId,
    /// Fields that people have changed since: they stay.
    #[schema(value_type = Vec<String>)]
    pub stay: BTreeSet<Field>,
}

impl Room<'_> {
    pub(super) async fn duplicates(&self) -> Result<Duplicates, Refusal> {
        let (mut waiting, mut merged) = (Vec::new(), Vec::new());
        self.records
            .each(self.connection, |document| {
                if document.parked.as_ref().is_some_and(|parked| CODES.contains(&parked.code.as_str())) {
                    waiting.push(document);
                } else if document.merge.as_ref().is_some_and(|merge| self.now <= merge.at + UNDOABLE) {
                    merged.push(document);
                }
            })
            .await?;
        let mut found = Duplicates::default();
        for document in waiting {
            found.waiting.extend(self.waiting(&document).await?);
        }
        for document in merged {
            found.merged.extend(self.merged(&document).await?);
        }
        found.waiting.sort_by(|a, b| (&a.person.name, &a.person.record).cmp(&(&b.person.name, &b.person.record)));
        found.merged.sort_by_key(|item| item.at);
        Ok(found)
    }

    async fn waiting(&self, document: &Document) -> Result<Option<DuplicateItem>, Refusal> {
        let Some(parked) = &document.parked else { return Ok(None) };
        let with = match &parked.with {
            Some(record) => self.records.load(self.connection, record).await?,
            None => None,
        };
        Ok(Some(DuplicateItem {
            person: Person::of(document),
            code: parked.code.clone(),
            reason: parked.reason.clone(),
            with: with.map(|with| Person::of(&with.document)),
        }))
    }

    async fn merged(&self, document: &Document) -> Result<Option<MergedItem>, Refusal> {
        let (Some(merge), Some(kept)) = (&document.merge, &document.merged_into) else { return Ok(None) };
        let Some(goes_on) = self.records.load(self.connection, kept).await? else { return Ok(None) };
        Ok(Some(MergedItem {
            person: Person::of(document),
            kept: kept.clone(),
            at: merge.at,
            undoable_until: merge.at + UNDOABLE,
            left_alone: left_alone(document, &goes_on.document),
        }))
    }

    /// The record that ends is stored first; asked again, a merge that broke off goes on from there.
    pub(super) async fn merge(
        &self,
        record: &RecordId,
        into: Option<&RecordId>,
        (take, is_dry): (&BTreeSet<Field>, bool),
    ) -> Result<Merged, Refusal> {
        for _ in 0..MOST_TRIES {
            let ended = self.load(record).await?;
            let begun = ended.document.merge.as_ref().and(ended.document.merged_into.clone());
            let into = into.cloned().or(begun.clone()).or_else(|| with(&ended.document));
            let into = into.ok_or_else(|| Refusal::WithWhom(record.clone()))?;
            let kept = self.load(&into).await?;
            let changes = match &ended.document.merge {
                Some(merge) if begun.as_ref() == Some(&into) => merge.changes.clone(),
                Some(_) | None => plan_merge(&kept.document, &ended.document, self.rules, take)?,
            };
            let merged = Merged {
                is_dry,
                ended: Person::of(&ended.document),
                kept: Person::of(&kept.document),
                left_alone: left_alone(&ended.document, &kept.document),
                changes,
            };
            if is_dry {
                return Ok(merged);
            }
            match self.do_merge(ended, kept, &merged).await {
                Err(Refusal::Records(error)) if error.is_conflict() => {}
                done => return done.map(|()| merged),
            }
        }
        Err(Refusal::Contended)
    }

    async fn do_merge(&self, ended: Loaded, kept: Loaded, merged: &Merged) -> Result<(), Refusal> {
        let (Loaded { document: mut ended, revision: ended_at }, Loaded { document: mut kept, revision: kept_at }) =
            (ended, kept);
        let mut ended_at = ended_at;
        if ended.merge.is_none() {
            end_in(&mut ended, &kept.id, merged.changes.clone(), self.now);
            ended_at = self.records.save(&ended, Expected::Revision(ended_at)).await?;
        }
        take_over(&mut kept, &ended, self.rules, self.now);
        let kept_at = self.records.save(&kept, Expected::Revision(kept_at)).await?;
        self.link(&kept).await?;
        self.send_on(&kept, kept_at).await?;
        self.send_on(&ended, ended_at).await?;
        let fields = merged.changes.keys().map(|field| field.name().to_owned()).collect();
        let reason = format!("a person said that record {} is the same person", ended.id);
        self.note(&kept, kept_at, ("merged", reason, fields)).await?;
        let reason = format!("a person said that record {} is the same person, which goes on", kept.id);
        self.note(&ended, ended_at, ("merged", reason, Vec::new())).await?;
        self.unpark(&ended).await?;
        self.unpark(&kept).await
    }

    /// Which record a contact belongs to.
    async fn link(&self, document: &Document) -> Result<(), Refusal> {
        for side in Side::BOTH {
            if let Some(id) = document.provider_id(side) {
                self.records.link(document, side, id).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn apart(&self, record: &RecordId, from: Option<&RecordId>) -> Result<Apart, Refusal> {
        for _ in 0..MOST_TRIES {
            let Loaded { mut document, revision } = self.load(record).await?;
            let from = from.cloned().or_else(|| with(&document));
            let from = from.ok_or_else(|| Refusal::WithWhom(record.clone()))?;
            let Loaded { document: mut other, revision: other_at } = self.load(&from).await?;
            if document.id == other.id {
                return Err(tandem_reconcile::Unmergeable::Itself.into());
            }
            keep_apart(&mut document, &mut other, self.now);
            match self.part([(&document, revision), (&other, other_at)]).await {
                Err(Refusal::Records(error)) if error.is_conflict() => {}
                done => return done.map(|()| Apart { record: record.clone(), from }),
            }
        }
        Err(Refusal::Contended)
    }

    async fn part(&self, both: [(&Document, u64); 2]) -> Result<(), Refusal> {
        for ((document, revision), (other, _)) in [(both[0], both[1]), (both[1], both[0])] {
            let revision = self.records.save(document, Expected::Revision(revision)).await?;
            self.send_on(document, revision).await?;
            let reason = format!("a person said that record {} is somebody else", other.id);
            self.note(document, revision, ("kept_apart", reason, Vec::new())).await?;
            self.unpark(document).await?;
        }
        Ok(())
    }

    pub(super) async fn unmerge(&self, record: &RecordId) -> Result<Unmerged, Refusal> {
        for _ in 0..MOST_TRIES {
            let Loaded { document: mut ended, revision } = self.load(record).await?;
            let kept = ended.merged_into.clone().ok_or(tandem_reconcile::Unmergeable::NotMerged)?;
            let Loaded { document: mut goes_on, revision: goes_on_at } = self.load(&kept).await?;
            let stay = undo_merge(&mut goes_on, &mut ended, self.now)?;
            match self.do_unmerge([(&goes_on, goes_on_at), (&ended, revision)]).await {
                Err(Refusal::Records(error)) if error.is_conflict() => {}
                done => return done.map(|()| Unmerged { record: record.clone(), kept, stay }),
            }
        }
        Err(Refusal::Contended)
    }

    async fn do_unmerge(&self, both: [(&Document, u64); 2]) -> Result<(), Refusal> {
        for (document, revision) in both {
            let revision = self.records.save(document, Expected::Revision(revision)).await?;
            self.link(document).await?;
            self.send_on(document, revision).await?;
            let reason = "a person took the merge back".to_owned();
            self.note(document, revision, ("unmerged", reason, Vec::new())).await?;
        }
        Ok(())
    }

    pub(super) async fn load(&self, record: &RecordId) -> Result<Loaded, Refusal> {
        let loaded = self.records.load(self.connection, record).await?;
        loaded.ok_or_else(|| Refusal::Unknown(record.clone()))
    }
}

/// Because of whom it waits.
fn with(document: &Document) -> Option<RecordId> {
    document.parked.as_ref().and_then(|parked| parked.with.clone())
}
