//! Messages that were set aside.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::problem::{Problem, Problems};
use super::said::{Asking, At, Said, WhichLetter, letter};
use super::shapes::{DeadListAnswer, DeadShownAnswer, DisposedAnswer, EditedAnswer};
use super::{Answer, Api};
use crate::review::{DeadFilter, DeadWish};

/// As large as a webhook may be.
const LARGEST_BODY: usize = 1024 * 1024;

/// Which messages are shown: those that fit everything that is said.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListFilter {
    /// Of this connection.
    connection: Option<String>,
    /// Set aside by this stage: `mapper` or `writer`.
    stage: Option<String>,
    /// Set aside for this reason, as the list shows it.
    code: Option<String>,
}

/// Shows messages that were set aside, and why.
#[utoipa::path(get, path = "/api/v1/dead", tag = "dead letters", operation_id = "dead_letters", params(ListFilter),
    responses((status = 200, description = "The messages, without their bodies", body = DeadListAnswer), Problems))]
pub(super) async fn list(State(api): State<Arc<Api>>, Asking(filter): Asking<ListFilter>) -> Answer {
    let ListFilter { connection, stage, code } = filter;
    api.dead(DeadWish::List(DeadFilter { numbers: Vec::new(), connection, stage, code })).await
}

/// Shows one whole.
#[utoipa::path(get, path = "/api/v1/dead/{number}", tag = "dead letters", operation_id = "dead_letter",
    params(WhichLetter), responses((status = 200, description = "The message", body = DeadShownAnswer), Problems))]
pub(super) async fn show(State(api): State<Arc<Api>>, At(which): At<WhichLetter>) -> Answer {
    api.dead(DeadWish::Show(which.number()?)).await
}

/// The new body of an event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditWish {
    /// Any JSON, of 1 MiB at most.
    body: serde_json::Value,
}

/// Replaces the body of an event that was set aside; the message has another number then.
#[utoipa::path(put, path = "/api/v1/dead/{number}", tag = "dead letters", operation_id = "edit_dead_letter",
    params(WhichLetter), request_body = EditWish,
    responses((status = 200, description = "Both numbers", body = EditedAnswer), Problems))]
pub(super) async fn edit(
    State(api): State<Arc<Api>>,
    At(which): At<WhichLetter>,
    Said(EditWish { body }): Said<EditWish>,
) -> Answer {
    if body.to_string().len() > LARGEST_BODY {
        return Err(Problem::unfit("body: an event's body has at most 1 MiB"));
    }
    api.dead(DeadWish::Edit { number: which.number()?, body }).await
}

/// Gives one up for good.
#[utoipa::path(delete, path = "/api/v1/dead/{number}", tag = "dead letters", operation_id = "drop_dead_letter",
    params(WhichLetter), responses((status = 200, description = "The message", body = DisposedAnswer), Problems))]
pub(super) async fn give_up(State(api): State<Arc<Api>>, At(which): At<WhichLetter>) -> Answer {
    let which = DeadFilter { numbers: vec![which.number()?], ..DeadFilter::default() };
    api.dead(DeadWish::Drop { which, is_dry: false }).await
}

/// Which messages are meant: those that fit everything that is said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Meant {
    /// These numbers.
    #[serde(default)]
    numbers: Vec<u64>,
    /// Of this connection.
    connection: Option<String>,
    /// Set aside by this stage: `mapper` or `writer`.
    stage: Option<String>,
    /// Set aside for this reason, as the list shows it.
    code: Option<String>,
    /// All of them.
    #[serde(default)]
    all: bool,
    /// Only shows what would be done.
    #[serde(default)]
    dry_run: bool,
}

impl Meant {
    /// Nobody sends everything round by leaving something out.
    fn which(self) -> Result<(DeadFilter, bool), Problem> {
        let Self { numbers, connection, stage, code, all, dry_run } = self;
        let numbers: Result<Vec<u64>, Problem> = numbers.into_iter().map(letter).collect();
        let filter = DeadFilter { numbers: numbers?, connection, stage, code };
        if filter.is_any() && !all {
            let detail = "the body: which ones? Name their numbers, or say connection, stage, code or \"all\": true";
            return Err(Problem::malformed(detail));
        }
        Ok((filter, dry_run))
    }
}

/// Sends messages round again, behind everything live.
#[utoipa::path(post, path = "/api/v1/dead/redrive", tag = "dead letters", operation_id = "redrive_dead_letters",
    request_body = Meant, responses((status = 200, description = "What became of them", body = DisposedAnswer), Problems))]
pub(super) async fn redrive(State(api): State<Arc<Api>>, Said(meant): Said<Meant>) -> Answer {
    let (which, is_dry) = meant.which()?;
    api.dead(DeadWish::Redrive { which, is_dry }).await
}

/// Gives messages up for good.
#[utoipa::path(post, path = "/api/v1/dead/drop", tag = "dead letters", operation_id = "drop_dead_letters",
    request_body = Meant, responses((status = 200, description = "What became of them", body = DisposedAnswer), Problems))]
pub(super) async fn drop_some(State(api): State<Arc<Api>>, Said(meant): Said<Meant>) -> Answer {
    let (which, is_dry) = meant.which()?;
    api.dead(DeadWish::Drop { which, is_dry }).await
}
