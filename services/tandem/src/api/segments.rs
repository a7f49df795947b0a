//! The segments of a mapping, and who is in them.

use std::sync::Arc;

use axum::extract::State;

use super::problem::Problems;
use super::said::{At, WhichSegment, Whose};
use super::shapes::{MembersAnswer, SegmentsAnswer};
use super::{Answer, Api};
use crate::review::Wish;

/// Shows the segments of a connection's mapping, and how many people are in each.
#[utoipa::path(get, path = "/api/v1/connections/{connection}/segments", tag = "segments", operation_id = "segments",
    params(Whose), responses((status = 200, description = "All segments", body = SegmentsAnswer), Problems))]
pub(super) async fn list(State(api): State<Arc<Api>>, At(Whose { connection }): At<Whose>) -> Answer {
    api.wish(&connection, Wish::Segments).await
}

/// Shows who is in a segment.
#[utoipa::path(get, path = "/api/v1/connections/{connection}/segments/{segment}/members", tag = "segments",
    operation_id = "members", params(WhichSegment),
    responses((status = 200, description = "Everybody in it", body = MembersAnswer), Problems))]
pub(super) async fn members(State(api): State<Arc<Api>>, At(which): At<WhichSegment>) -> Answer {
    api.wish(&which.connection, Wish::Members(which.segment)).await
}
