//! Records: why one is where it is, and what people decide about them.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use tandem_contact::Side;
use utoipa::ToSchema;

use super::problem::{Problem, Problems};
use super::said::{At, Named, Said, Which, WhichField, Whose, field, record};
use super::shapes::{
    ApartAnswer, ConflictsAnswer, DuplicatesAnswer, FieldName, MergeAnswer, PreviewAnswer, RecordAnswer, SettleAnswer,
    SideName, UnmergeAnswer,
};
use super::{Answer, Api};
use crate::review::{Draft, Wish};

/// Explains a record: where it stands and why, field by field, and everything that happened to it.
#[utoipa::path(get, path = "/api/v1/connections/{connection}/records/{record}", tag = "records", operation_id = "record",
    params(Named), responses((status = 200, description = "The record", body = RecordAnswer), Problems))]
pub(super) async fn show(State(api): State<Arc<Api>>, At(named): At<Named>) -> Answer {
    api.wish(&named.connection, Wish::Record(named.name()?.to_owned())).await
}

/// How a preview is played.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewWish {
    /// Where the id is; without it wherever it is known, else where ids look like it.
    #[schema(value_type = Option<SideName>)]
    side: Option<Side>,
    /// A mapping that doesn't hold yet; without it by the mapping that holds.
    mapping: Option<Draft>,
}

/// Shows what would be written about a contact, and why; writes nothing. It reads at the providers.
#[utoipa::path(post, path = "/api/v1/connections/{connection}/records/{record}/preview", tag = "records",
    operation_id = "preview", params(Named), request_body = PreviewWish,
    responses((status = 200, description = "What would be done", body = PreviewAnswer), Problems))]
pub(super) async fn preview(
    State(api): State<Arc<Api>>,
    At(named): At<Named>,
    Said(PreviewWish { side, mapping }): Said<PreviewWish>,
) -> Answer {
    let contact = named.name()?.to_owned();
    api.wish(&named.connection, Wish::Preview { contact, side, by: mapping }).await
}

/// Shows records that wait because they may be somebody's second one, and merges that can be taken back.
#[utoipa::path(get, path = "/api/v1/connections/{connection}/duplicates", tag = "records", operation_id = "duplicates",
    params(Whose), responses((status = 200, description = "Both lists", body = DuplicatesAnswer), Problems))]
pub(super) async fn duplicates(State(api): State<Arc<Api>>, At(Whose { connection }): At<Whose>) -> Answer {
    api.wish(&connection, Wish::Duplicates).await
}

/// Shows fields that both sides changed: both values, which was kept, and why.
#[utoipa::path(get, path = "/api/v1/connections/{connection}/conflicts", tag = "records", operation_id = "conflicts",
    params(Whose), responses((status = 200, description = "All conflicts", body = ConflictsAnswer), Problems))]
pub(super) async fn conflicts(State(api): State<Arc<Api>>, At(Whose { connection }): At<Whose>) -> Answer {
    api.wish(&connection, Wish::Conflicts).await
}

/// Which record goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeWish {
    /// The record that goes on; without it the one that the record waits because of.
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    into: Option<String>,
    /// Fields whose value is taken from the record that ends.
    #[serde(default)]
    #[schema(value_type = Vec<FieldName>)]
    take: Vec<String>,
    /// Only shows what would change.
    #[serde(default)]
    dry_run: bool,
}

/// Makes one of two records. No contact is deleted.
#[utoipa::path(post, path = "/api/v1/connections/{connection}/records/{record}/merge", tag = "records",
    operation_id = "merge", params(Which), request_body = MergeWish,
    responses((status = 200, description = "What changes", body = MergeAnswer), Problems))]
pub(super) async fn merge(
    State(api): State<Arc<Api>>,
    At(which): At<Which>,
    Said(MergeWish { into, take, dry_run }): Said<MergeWish>,
) -> Answer {
    let into = into.map(|id| record("the body: into", &id)).transpose()?;
    let take: Result<BTreeSet<_>, Problem> = take.iter().map(|name| field("the body: take", name)).collect();
    let wish = Wish::Merge { record: which.record()?, into, take: take?, is_dry: dry_run };
    api.wish(&which.connection, wish).await
}

/// Whom a record is not.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApartWish {
    /// Whom it is not; without it the one that it waits because of.
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    from: Option<String>,
}

/// Says that a record is somebody else, so that it no longer waits.
#[utoipa::path(post, path = "/api/v1/connections/{connection}/records/{record}/apart", tag = "records",
    operation_id = "apart", params(Which), request_body = ApartWish,
    responses((status = 200, description = "Both records", body = ApartAnswer), Problems))]
pub(super) async fn apart(
    State(api): State<Arc<Api>>,
    At(which): At<Which>,
    Said(ApartWish { from }): Said<ApartWish>,
) -> Answer {
    let from = from.map(|id| record("the body: from", &id)).transpose()?;
    api.wish(&which.connection, Wish::Apart { record: which.record()?, from }).await
}

/// Takes a merge of the last 30 days back; the record is the one that ended.
#[utoipa::path(post, path = "/api/v1/connections/{connection}/records/{record}/unmerge", tag = "records",
    operation_id = "unmerge", params(Which),
    responses((status = 200, description = "Both records", body = UnmergeAnswer), Problems))]
pub(super) async fn unmerge(State(api): State<Arc<Api>>, At(which): At<Which>) -> Answer {
    api.wish(&which.connection, Wish::Unmerge { record: which.record()? }).await
}

/// Whose value a field gets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettleWish {
    /// The side that had it.
    #[schema(value_type = SideName)]
    side: Side,
}

/// Gives a field the value that one side had, on both sides.
#[utoipa::path(post, path = "/api/v1/connections/{connection}/records/{record}/fields/{field}/settle", tag = "records",
    operation_id = "settle", params(WhichField), request_body = SettleWish,
    responses((status = 200, description = "What the field holds from now on", body = SettleAnswer), Problems))]
pub(super) async fn settle(
    State(api): State<Arc<Api>>,
    At(which): At<WhichField>,
    Said(SettleWish { side }): Said<SettleWish>,
) -> Answer {
    let (record, field) = (which.record()?, which.field()?);
    api.wish(&which.connection, Wish::Settle { record, field, side }).await
}
