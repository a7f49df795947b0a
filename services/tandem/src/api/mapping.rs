//! The versions of a connection's mapping.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::{Problem, Problems};
use super::said::{At, Said, WhichVersion, Whose};
use super::shapes::{HistoryAnswer, HoldsAnswer, MappingAnswer};
use super::{Answer, Api};
use crate::review::{MappingWish, Wish};

/// What a store takes as one value, at any server: mappings are a hundredth of that.
const LONGEST_TEXT: usize = 512 * 1024;
const LONGEST_ORIGIN: usize = 200;

/// Shows the version that holds.
#[utoipa::path(get, path = "/api/v1/connections/{connection}/mapping", tag = "mapping", operation_id = "mapping",
    params(Whose), responses((status = 200, description = "The version with its text", body = MappingAnswer), Problems))]
pub(super) async fn show(State(api): State<Arc<Api>>, At(Whose { connection }): At<Whose>) -> Answer {
    api.wish(&connection, Wish::Mapping(MappingWish::Show(None))).await
}

/// A mapping.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetMapping {
    /// The whole mapping file, of 512 KiB at most.
    text: String,
    /// Where it comes from, for people and for messages; without it the name of the token.
    #[schema(max_length = 200)]
    origin: Option<String>,
}

/// Lets a mapping hold from now on, without a restart; one that can't be used, or whose examples fail, is refused whole.
#[utoipa::path(put, path = "/api/v1/connections/{connection}/mapping", tag = "mapping", operation_id = "set_mapping",
    params(Whose), request_body = SetMapping,
    responses((status = 200, description = "The number of the new version", body = HoldsAnswer), Problems))]
pub(super) async fn set(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    At(Whose { connection }): At<Whose>,
    Said(SetMapping { text, origin }): Said<SetMapping>,
) -> Answer {
    let origin = origin.unwrap_or_else(|| format!("the API, by {}", caller.name));
    if text.len() > LONGEST_TEXT {
        return Err(Problem::unfit(format!("text: a mapping has at most {LONGEST_TEXT} bytes")));
    }
    if origin.chars().count() > LONGEST_ORIGIN || origin.chars().any(char::is_control) {
        return Err(Problem::unfit(format!("origin: expected at most {LONGEST_ORIGIN} characters, in one line")));
    }
    api.wish(&connection, Wish::Mapping(MappingWish::Set { text, origin })).await
}

/// Shows the versions that are kept.
#[utoipa::path(get, path = "/api/v1/connections/{connection}/mapping/versions", tag = "mapping",
    operation_id = "mapping_versions", params(Whose),
    responses((status = 200, description = "The versions, without their texts", body = HistoryAnswer), Problems))]
pub(super) async fn history(State(api): State<Arc<Api>>, At(Whose { connection }): At<Whose>) -> Answer {
    api.wish(&connection, Wish::Mapping(MappingWish::History)).await
}

/// Shows a version.
#[utoipa::path(get, path = "/api/v1/connections/{connection}/mapping/versions/{number}", tag = "mapping",
    operation_id = "mapping_version", params(WhichVersion),
    responses((status = 200, description = "The version with its text", body = MappingAnswer), Problems))]
pub(super) async fn version(State(api): State<Arc<Api>>, At(which): At<WhichVersion>) -> Answer {
    api.wish(&which.connection, Wish::Mapping(MappingWish::Show(Some(which.number)))).await
}

/// Lets a version that was made before hold again.
#[utoipa::path(post, path = "/api/v1/connections/{connection}/mapping/versions/{number}/use", tag = "mapping",
    operation_id = "use_mapping_version", params(WhichVersion),
    responses((status = 200, description = "The number of the version that holds now", body = HoldsAnswer), Problems))]
pub(super) async fn hold(State(api): State<Arc<Api>>, At(which): At<WhichVersion>) -> Answer {
    api.wish(&which.connection, Wish::Mapping(MappingWish::Use(which.number))).await
}
