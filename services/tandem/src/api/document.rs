//! `openapi.json`, made of the handlers. It holds no secret and needs no token.

use axum::Json;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, OpenApi};
use utoipa::{Modify, OpenApi as _};

use super::problem::Problem;
use super::{admin, catalog, connections, dead, mapping, records, scans, segments};

/// The document.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tandem",
        description = "What the commands of `tandem` can do, over HTTP. A token's role says what it may: `viewer` looks; `operator` \
            also previews, scans, redrives, merges, decides and resumes; `admin` also changes mappings and messages that were set \
            aside, and reads the audit. Every change is noted in the audit."
    ),
    paths(
        connections::list,
        connections::resume,
        records::show,
        records::preview,
        records::duplicates,
        records::merge,
        records::apart,
        records::unmerge,
        records::conflicts,
        records::settle,
        mapping::show,
        mapping::set,
        mapping::history,
        mapping::version,
        mapping::hold,
        segments::list,
        segments::members,
        scans::show,
        scans::begin,
        scans::preview,
        dead::list,
        dead::show,
        dead::edit,
        dead::give_up,
        dead::redrive,
        dead::drop_some,
        catalog::show,
        admin::audit
    ),
    components(schemas(Problem)),
    modifiers(&Token),
    security(("token" = []))
)]
struct Document;

/// How a token is shown.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_with(|| ComponentsBuilder::new().build());
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The document, as it is served.
pub(super) fn document() -> OpenApi {
    Document::openapi()
}

pub(super) async fn show() -> Json<OpenApi> {
    Json(document())
}
