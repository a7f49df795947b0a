//! What a mapping's rules can be started by, and what they can do.

use axum::Json;

use super::problem::Problems;
use crate::catalog::{Catalog, listed};

/// Lists what rules can be started by, and what they can do.
#[utoipa::path(get, path = "/api/v1/catalog", tag = "mapping", operation_id = "catalog",
    responses((status = 200, description = "All of it", body = Catalog), Problems))]
pub(super) async fn show() -> Json<Catalog> {
    Json(listed(""))
}
