//! What types of other crates look like in the management API's document, and what is answered under which name.
#![expect(dead_code, reason = "they describe what is answered, and are never made")]

use utoipa::ToSchema;

use crate::review::{
    Apart, ConflictItem, DeadItem, DeadShown, Disposed, Duplicates, Edited, MappingShown, Members, Merged, Previewed,
    RecordShown, Segments, Settled, Unmerged,
};

/// A provider.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum SideName {
    Ghl,
    OpenPhone,
}

/// What a record describes.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum RecordKind {
    Contact,
    Task,
    Note,
}

/// A field of a contact, of those that every mapping may have.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum FieldName {
    FirstName,
    LastName,
    Company,
    Role,
    Phones,
    Emails,
    Tags,
    SourceLink,
}

/// What a field holds: one text, or a set of texts.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum FieldValue {
    Text(String),
    List(Vec<String>),
}

/// A field's value before and after.
#[derive(ToSchema)]
pub(crate) struct FieldChange {
    before: Option<FieldValue>,
    after: Option<FieldValue>,
}

/// What each side holds.
#[derive(ToSchema)]
pub(crate) struct BothValues {
    ghl: Option<FieldValue>,
    openphone: Option<FieldValue>,
}

/// The id at each side.
#[derive(ToSchema)]
pub(crate) struct BothIds {
    ghl: Option<String>,
    openphone: Option<String>,
}

/// Whether something is so at each side.
#[derive(ToSchema)]
pub(crate) struct BothKnown {
    ghl: bool,
    openphone: bool,
}

/// A version of a mapping, without its text.
#[derive(ToSchema)]
pub(crate) struct Version {
    /// Its number; they count from 1.
    number: u32,
    /// When it was made.
    #[schema(format = DateTime)]
    at: String,
    /// Where it came from.
    origin: String,
}

/// The versions that are kept.
#[derive(ToSchema)]
pub(crate) struct History {
    /// The number of the one that holds; none where the built-in mapping does.
    holds: Option<u32>,
    /// Older first.
    versions: Vec<Version>,
}

/// `{"history": ...}`
#[derive(ToSchema)]
pub(crate) struct HistoryReply {
    history: History,
}

/// `{"shown": ...}`
#[derive(ToSchema)]
pub(crate) struct ShownReply {
    shown: MappingShown,
}

/// `{"holds": 3}`
#[derive(ToSchema)]
pub(crate) struct HoldsReply {
    /// The number of the version that holds now.
    holds: u32,
}

/// The versions of a mapping.
#[derive(ToSchema)]
pub(crate) struct HistoryAnswer {
    mapping: HistoryReply,
}

/// A version of a mapping.
#[derive(ToSchema)]
pub(crate) struct MappingAnswer {
    mapping: ShownReply,
}

/// Which version of a mapping holds from now on.
#[derive(ToSchema)]
pub(crate) struct HoldsAnswer {
    mapping: HoldsReply,
}

/// A record, explained.
#[derive(ToSchema)]
pub(crate) struct RecordAnswer {
    record: RecordShown,
}

/// What would be done about a contact.
#[derive(ToSchema)]
pub(crate) struct PreviewAnswer {
    previewed: Previewed,
}

/// The segments of a mapping.
#[derive(ToSchema)]
pub(crate) struct SegmentsAnswer {
    segments: Segments,
}

/// Who is in a segment.
#[derive(ToSchema)]
pub(crate) struct MembersAnswer {
    members: Members,
}

/// Records that may be one person's.
#[derive(ToSchema)]
pub(crate) struct DuplicatesAnswer {
    duplicates: Duplicates,
}

/// A merge, done or shown.
#[derive(ToSchema)]
pub(crate) struct MergeAnswer {
    merged: Merged,
}

/// Two that are somebody each.
#[derive(ToSchema)]
pub(crate) struct ApartAnswer {
    apart: Apart,
}

/// A merge that was taken back.
#[derive(ToSchema)]
pub(crate) struct UnmergeAnswer {
    unmerged: Unmerged,
}

/// Fields that both sides changed.
#[derive(ToSchema)]
pub(crate) struct ConflictsAnswer {
    conflicts: Vec<ConflictItem>,
}

/// A field that was decided.
#[derive(ToSchema)]
pub(crate) struct SettleAnswer {
    settled: Settled,
}

/// Messages that were set aside, older first.
#[derive(ToSchema)]
pub(crate) struct DeadListAnswer {
    list: Vec<DeadItem>,
}

/// A message that was set aside, whole.
#[derive(ToSchema)]
pub(crate) struct DeadShownAnswer {
    shown: DeadShown,
}

/// What became of messages that were set aside, or would.
#[derive(ToSchema)]
pub(crate) struct DisposedAnswer {
    disposed: Disposed,
}

/// An edited message has another number.
#[derive(ToSchema)]
pub(crate) struct EditedAnswer {
    edited: Edited,
}
