//! The front door both twins share: arrival, budget, faults, the provider's rules, the answer.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Response;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin;
use crate::call::{Answer, Call};
use crate::deliveries::{Courier, Parcel, RetryRules};
use crate::faults::{Dice, Fault, Faults, Plan};
use crate::held::held;
use crate::history::Touch;
use crate::line::{Line, Lines};
use crate::meter::{Meter, Rate, RateReport, Standing};
use crate::report::{Findings, Report};
use crate::requests::RequestLog;
use crate::stamp::Stamp;

/// What a request or an edit led to.
pub(crate) struct Done<T> {
    pub(crate) result: T,
    pub(crate) parcels: Vec<Parcel>,
}

impl<T> Done<T> {
    pub(crate) fn quietly(result: T) -> Self {
        Self { result, parcels: Vec::new() }
    }
}

/// Answers a provider gives without looking at the request closely.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    TooMany { retry_after_secs: Option<u64> },
    ServerError,
    Unprocessable,
}

/// What a person in the app cannot do.
pub(crate) type Edited<T> = Result<Done<T>, String>;

/// One provider's rules and truth.
pub(crate) trait Provider: Send + 'static {
    type Route: Copy + Send + Sync + 'static;

    fn route(call: &Call) -> Self::Route;
    fn template(route: Self::Route) -> &'static str;
    fn creates(route: Self::Route) -> bool;
    /// Whose budget the call spends.
    fn account(&self, call: &Call) -> Option<usize>;
    fn accounts(&self) -> usize;
    fn answer(&mut self, route: Self::Route, call: &Call, stamp: Stamp) -> Done<Answer>;
    fn refuse(&mut self, route: Self::Route, refusal: Refusal) -> Answer;
    fn budget_headers(standing: &Standing) -> Vec<(&'static str, String)>;

    /// Points an account's webhooks somewhere; false when there is no such account.
    fn set_webhook_url(&mut self, account: Option<&str>, url: Option<String>) -> bool;
    fn person_creates(&mut self, contact: &Value, stamp: Stamp) -> Edited<String>;
    fn person_edits(&mut self, id: &str, patch: &Value, stamp: Stamp) -> Edited<()>;
    fn person_deletes(&mut self, id: &str, stamp: Stamp) -> Edited<()>;

    /// Switches something by name, where the provider has such switches.
    fn switch(&mut self, name: &str, _wanted: &Value, _stamp: Stamp) -> Edited<Value> {
        Err(format!("no switch {name}"))
    }

    fn contact(&self, id: &str) -> Option<Value>;
    fn contacts(&self, skip: usize, limit: usize) -> Vec<Value>;
    fn history(&self, id: &str) -> Option<Vec<Touch>>;
    fn api_writes(&self) -> Vec<(String, u32)>;
    fn findings(&self) -> Findings;
}

/// Everything behind the door.
pub(crate) struct House<P> {
    pub(crate) provider: Mutex<P>,
    pub(crate) dice: Arc<Mutex<Dice>>,
    pub(crate) requests: Mutex<RequestLog>,
    pub(crate) courier: Courier,
    meters: Mutex<Vec<Meter>>,
    clock_ahead: SignedDuration,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// A running twin.
pub(crate) struct Twin<P> {
    pub(crate) house: Arc<House<P>>,
    pub(crate) address: SocketAddr,
    server: JoinHandle<io::Result<()>>,
}

/// What every twin needs to start.
pub(crate) struct Opening {
    pub(crate) listen: SocketAddr,
    pub(crate) rate: Rate,
    pub(crate) retries: RetryRules,
    pub(crate) faults: Faults,
    pub(crate) clock_ahead: SignedDuration,
}

impl<P: Provider> Twin<P> {
    pub(crate) async fn open(provider: P, opening: Opening) -> io::Result<Self> {
        let listener = TcpListener::bind(opening.listen).await?;
        let address = listener.local_addr()?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let dice = Arc::new(Mutex::new(Dice::new(opening.faults)));
        let clock_ahead = opening.clock_ahead;
        let courier = Courier::start((opening.retries, clock_ahead), Arc::clone(&dice), stop.clone(), &tasks);
        let started = Instant::now();
        let meters = (0..provider.accounts()).map(|_| Meter::new(opening.rate, started)).collect();
        let house = Arc::new(House {
            provider: Mutex::new(provider),
            dice,
            requests: Mutex::new(RequestLog::new(started)),
            courier: courier.map_err(io::Error::other)?,
            meters: Mutex::new(meters),
            clock_ahead,
            tasks,
            stop: stop.clone(),
        });
        let router = Router::new()
            .nest("/_twin", admin::router())
            .fallback(enter::<P>)
            .with_state(Arc::clone(&house))
            .into_make_service_with_connect_info::<Line>();
        let serving = axum::serve(Lines(listener), router).with_graceful_shutdown(stop.cancelled_owned());
        let server = tokio::spawn(serving.into_future());
        Ok(Self { house, address, server })
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops serving and sending; what hangs is let go.
    pub(crate) async fn shutdown(mut self) {
        self.house.stop.cancel();
        self.house.tasks.close();
        let limit = Duration::from_secs(2);
        if tokio::time::timeout(limit, &mut self.server).await.is_err() {
            self.server.abort();
        }
        // Whatever has not ended by now is asleep and holds nothing.
        drop(tokio::time::timeout(limit, self.house.tasks.wait()).await);
    }
}

impl<P> Drop for Twin<P> {
    fn drop(&mut self) {
        self.house.stop.cancel();
    }
}

/// The largest body a twin reads.
const LARGEST_BODY: usize = 2 * 1024 * 1024;

async fn enter<P: Provider>(
    State(house): State<Arc<House<P>>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return Answer::html(413, "too large".to_owned()).into_response();
    };
    let query = parts.uri.query().unwrap_or_default();
    let call = Call {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: parts.headers,
        body,
    };
    let route = P::route(&call);
    let stamp = held(&house.requests).arrive(&call.method, &call.path, P::template(route));
    let standing = house.arrive(&call, stamp);
    let plan = held(&house.dice).plan(&call.method, &call.path, P::creates(route));
    let mut answer = house.work(plan, Visit { call, route, stamp, standing }).await;
    if let Some(answer) = &mut answer {
        answer.headers.extend(standing.iter().flat_map(P::budget_headers));
        answer.headers.extend(date(house.clock_ahead));
        held(&house.requests).answer(stamp.request.unwrap_or_default(), answer.status);
    } else {
        line.cut();
    }
    answer.unwrap_or_else(|| Answer::empty(500)).into_response()
}

/// The time of the answer, where the clock is not this machine's: otherwise the server adds it by itself.
fn date(clock_ahead: SignedDuration) -> Option<(&'static str, String)> {
    let now = (!clock_ahead.is_zero()).then(|| Timestamp::now().checked_add(clock_ahead).ok()).flatten()?;
    Some(("date", DateTimePrinter::new().timestamp_to_rfc9110_string(&now).ok()?))
}

/// One request inside the house.
struct Visit<R> {
    call: Call,
    route: R,
    stamp: Stamp,
    standing: Option<Standing>,
}

impl<P: Provider> House<P> {
    fn arrive(&self, call: &Call, stamp: Stamp) -> Option<Standing> {
        let account = held(&self.provider).account(call)?;
        held(&self.meters).get_mut(account).map(|meter| meter.arrive(stamp.instant))
    }

    /// Works on the request after its latency. A caller who leaves meanwhile does not stop the work.
    async fn work(self: &Arc<Self>, plan: Plan, visit: Visit<P::Route>) -> Option<Answer> {
        if plan.latency.is_zero() {
            return self.act(plan.fault, &visit).await;
        }
        let house = Arc::clone(self);
        let working = self.tasks.spawn(async move {
            tokio::time::sleep(plan.latency).await;
            house.act(plan.fault, &visit).await
        });
        working.await.ok().flatten()
    }

    /// The answer, or none when the connection is to be cut.
    async fn act(self: &Arc<Self>, fault: Option<Fault>, visit: &Visit<P::Route>) -> Option<Answer> {
        if visit.standing.is_some_and(|standing| !standing.admitted) {
            return Some(self.refuse(visit.route, Refusal::TooMany { retry_after_secs: None }));
        }
        match fault {
            None | Some(Fault::Latency { .. }) => Some(self.apply(visit)),
            Some(Fault::TooMany { retry_after_secs }) => {
                Some(self.refuse(visit.route, Refusal::TooMany { retry_after_secs }))
            }
            Some(Fault::ErrorBefore) => Some(self.refuse(visit.route, Refusal::ServerError)),
            Some(Fault::ErrorAfter) => Some(self.apply_and_refuse(visit, Refusal::ServerError)),
            Some(Fault::RefuseButCreate) => Some(self.apply_and_refuse(visit, Refusal::Unprocessable)),
            Some(Fault::ResetBefore) => None,
            Some(Fault::ResetAfter) => {
                self.apply(visit);
                None
            }
            Some(Fault::TimeoutBefore) => self.silence().await,
            Some(Fault::TimeoutAfter) => {
                self.apply(visit);
                self.silence().await
            }
            Some(Fault::LateApply { after_ms }) => {
                self.apply_later(visit, Duration::from_millis(after_ms));
                self.silence().await
            }
        }
    }

    fn apply(&self, visit: &Visit<P::Route>) -> Answer {
        // After a latency the moment of the work is not that of the arrival.
        let stamp = Stamp::now(visit.stamp.request);
        let done = held(&self.provider).answer(visit.route, &visit.call, stamp);
        self.post(done)
    }

    fn apply_and_refuse(&self, visit: &Visit<P::Route>, refusal: Refusal) -> Answer {
        self.apply(visit);
        self.refuse(visit.route, refusal)
    }

    fn apply_later(self: &Arc<Self>, visit: &Visit<P::Route>, after: Duration) {
        let house = Arc::clone(self);
        let (call, route, number) = (visit.call.clone(), visit.route, visit.stamp.request);
        self.tasks.spawn(async move {
            tokio::select! {
                () = house.stop.cancelled() => {}
                () = tokio::time::sleep(after) => {
                    let done = held(&house.provider).answer(route, &call, Stamp::now(number));
                    house.post(done);
                }
            }
        });
    }

    fn refuse(&self, route: P::Route, refusal: Refusal) -> Answer {
        held(&self.provider).refuse(route, refusal)
    }

    async fn silence(&self) -> Option<Answer> {
        self.stop.cancelled().await;
        None
    }

    /// Sends the webhooks and hands back the result.
    pub(crate) fn post<T>(&self, done: Done<T>) -> T {
        for parcel in done.parcels {
            self.courier.send(parcel);
        }
        done.result
    }

    pub(crate) fn report(&self) -> Report {
        let findings = held(&self.provider).findings();
        let mut rate = RateReport::default();
        held(&self.meters).iter().for_each(|meter| meter.add_to(&mut rate));
        let requests = held(&self.requests);
        Report {
            requests: requests.total,
            unanswered: requests.total - requests.answered,
            by_template: requests.by_template.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
            by_status: requests.by_status.clone(),
            rate,
            contacts: findings.contacts,
            writes: findings.writes,
            duplicates: findings.duplicates,
            lookalikes: findings.lookalikes,
            wiped: findings.losses.iter().filter(|loss| loss.is_wipe()).cloned().collect(),
            losses: findings.losses,
            losses_not_kept: findings.losses_not_kept,
            webhooks: self.courier.report(),
            faults: held(&self.dice).struck(),
        }
    }
}
