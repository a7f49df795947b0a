//! The management API, `/api/v1` beside the webhooks: what the commands can do, over HTTP, for whoever shows a token.
//!
//! A request passes the [`gate`], which knows who asks and what they may do and notes every change; then a handler makes a wish of it,
//! which is carried out by the same code as the commands' wishes. `openapi.json` is made of the handlers.

mod admin;
mod caller;
mod catalog;
mod connections;
mod dead;
mod document;
mod gate;
mod mapping;
mod problem;
mod records;
mod said;
mod scans;
mod segments;
pub(crate) mod shapes;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, any, delete, get, post, put};
use secrecy::ExposeSecret as _;
use tandem_ingest::Rehearsal;
use tandem_limits::Limits;
use tandem_proto::ConnectionId;
use tandem_service::Config;
use tandem_service::config::{ApiToken, Role};
use tokio::sync::{Semaphore, mpsc};

use crate::backends::{Backends, Reached};
use crate::live::Current;
use crate::review::{self, DeadWish, Wish};
use gate::{Effect, Needs, guarded};
use problem::Problem;

/// Requests worked on at once: a look through every record takes seconds and a processor.
const MOST_AT_ONCE: usize = 8;

/// What a handler answers: JSON, as the commands print it with `--json`.
type Answer = Result<axum::Json<serde_json::Value>, Problem>;

/// What requests are carried out with.
pub(crate) struct Api {
    tokens: Vec<ApiToken>,
    current: Current,
    reached: Reached,
    limits: Limits,
    places: Arc<Semaphore>,
    /// Takes dry runs of scans.
    rehearsals: mpsc::Sender<Rehearsal>,
}

impl Api {
    /// For the tokens of the configuration.
    pub(crate) fn new(
        config: &Config,
        current: Current,
        (reached, limits): (Reached, Limits),
        rehearsals: mpsc::Sender<Rehearsal>,
    ) -> Self {
        let (tokens, places) = (config.api.tokens.clone(), Arc::new(Semaphore::new(MOST_AT_ONCE)));
        Self { tokens, current, reached, limits, places, rehearsals }
    }

    /// Whether somebody may use it.
    pub(crate) fn is_on(config: &Config) -> bool {
        !config.api.tokens.is_empty()
    }

    /// The routes, to be merged with a server's others.
    pub(crate) fn router(self) -> Router {
        let api = Arc::new(self);
        let routes = Router::new()
            .route("/api/v1/openapi.json", get(document::show))
            .merge(of_connections(&api))
            .merge(of_records(&api))
            .merge(of_all(&api))
            .route("/api/v1", any(problem::no_such_route))
            .route("/api/v1/{*rest}", any(problem::no_such_route))
            .method_not_allowed_fallback(problem::no_such_method);
        routes.with_state(api)
    }

    /// The store and so on, once they are reached.
    fn backends(&self) -> Result<&Backends, Problem> {
        self.reached.get().ok_or_else(|| Problem::away("the store is not reached yet: try again"))
    }

    /// The configuration with the mappings that hold now.
    fn config(&self) -> Result<Arc<Config>, Problem> {
        let config = self.current.borrow().clone();
        config.ok_or_else(|| Problem::away("the store was not read yet: try again"))
    }

    /// The connection of that name.
    fn connection(&self, name: &str) -> Result<ConnectionId, Problem> {
        let known = ConnectionId::new(name).ok();
        let config = self.config()?;
        let known = known.filter(|id| config.connections.iter().any(|one| one.id == *id));
        // What was asked for is not said again: somebody may have put a person's name there.
        known.ok_or_else(|| Problem::not_found("there is no such connection: GET /api/v1/connections lists them"))
    }

    /// Carries out a wish about a connection.
    async fn wish(&self, connection: &str, wish: Wish) -> Answer {
        let connection = self.connection(connection)?;
        self.carry_out(review::Asked::Connection { connection, wish }).await
    }

    /// Carries out a wish about dead letters.
    async fn dead(&self, wish: DeadWish) -> Answer {
        self.carry_out(review::Asked::Dead(wish)).await
    }

    async fn carry_out(&self, asked: review::Asked) -> Answer {
        let config = self.config()?;
        let reply = review::carry_out(&config, (self.backends()?, &self.limits), &asked).await;
        Ok(axum::Json(reply?))
    }

    /// Who shows this word. Every token is compared, whichever it is.
    fn caller(&self, word: &str) -> Option<&ApiToken> {
        let is_same = |token: &&ApiToken| caller::is_same(word, token.token.expose_secret());
        self.tokens.iter().fold(None, |found, token| if is_same(&token) { Some(token) } else { found })
    }
}

const LOOK: Needs = Needs { role: Role::Viewer, effect: Effect::None };
const TRY: Needs = Needs { role: Role::Operator, effect: Effect::None };
const DECIDE: Needs = Needs { role: Role::Operator, effect: Effect::Change };
const DECIDE_OR_TRY: Needs = Needs { role: Role::Operator, effect: Effect::ChangeUnlessDry };
const RULE: Needs = Needs { role: Role::Admin, effect: Effect::Change };
const RULE_OR_TRY: Needs = Needs { role: Role::Admin, effect: Effect::ChangeUnlessDry };
const LOOK_BEHIND: Needs = Needs { role: Role::Admin, effect: Effect::None };

type Routes = Router<Arc<Api>>;

fn of_connections(api: &Arc<Api>) -> Routes {
    let at = |route: &str| format!("/api/v1/connections/{{connection}}{route}");
    let with = |needs, route: MethodRouter<Arc<Api>>| guarded(api, needs, route);
    Router::new()
        .route("/api/v1/connections", with(LOOK, get(connections::list)))
        .route(&at("/resume"), with(DECIDE, post(connections::resume)))
        .route(&at("/mapping"), with(LOOK, get(mapping::show)).merge(with(RULE, put(mapping::set))))
        .route(&at("/mapping/versions"), with(LOOK, get(mapping::history)))
        .route(&at("/mapping/versions/{number}"), with(LOOK, get(mapping::version)))
        .route(&at("/mapping/versions/{number}/use"), with(RULE, post(mapping::hold)))
        .route(&at("/segments"), with(LOOK, get(segments::list)))
        .route(&at("/segments/{segment}/members"), with(LOOK, get(segments::members)))
        .route(&at("/scans"), with(LOOK, get(scans::show)).merge(with(DECIDE, post(scans::begin))))
        .route(&at("/scans/preview"), with(TRY, post(scans::preview)))
}

fn of_records(api: &Arc<Api>) -> Routes {
    let at = |route: &str| format!("/api/v1/connections/{{connection}}{route}");
    let with = |needs, route: MethodRouter<Arc<Api>>| guarded(api, needs, route);
    Router::new()
        .route(&at("/duplicates"), with(LOOK, get(records::duplicates)))
        .route(&at("/conflicts"), with(LOOK, get(records::conflicts)))
        .route(&at("/records/{record}"), with(LOOK, get(records::show)))
        .route(&at("/records/{record}/preview"), with(TRY, post(records::preview)))
        .route(&at("/records/{record}/merge"), with(DECIDE_OR_TRY, post(records::merge)))
        .route(&at("/records/{record}/apart"), with(DECIDE, post(records::apart)))
        .route(&at("/records/{record}/unmerge"), with(DECIDE, post(records::unmerge)))
        .route(&at("/records/{record}/fields/{field}/settle"), with(DECIDE, post(records::settle)))
}

fn of_all(api: &Arc<Api>) -> Routes {
    let with = |needs, route: MethodRouter<Arc<Api>>| guarded(api, needs, route);
    let letter =
        with(LOOK, get(dead::show)).merge(with(RULE, put(dead::edit))).merge(with(RULE, delete(dead::give_up)));
    Router::new()
        .route("/api/v1/dead", with(LOOK, get(dead::list)))
        .route("/api/v1/dead/{number}", letter)
        .route("/api/v1/dead/redrive", with(DECIDE_OR_TRY, post(dead::redrive)))
        .route("/api/v1/dead/drop", with(RULE_OR_TRY, post(dead::drop_some)))
        .route("/api/v1/catalog", with(LOOK, get(catalog::show)))
        .route("/api/v1/audit", with(LOOK_BEHIND, get(admin::audit)))
}

#[cfg(test)]
mod tests;
