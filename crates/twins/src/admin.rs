//! What visitors of a sandbox can do with `curl`: look, edit as a person would, and cause faults. No sign-in,
//! which is why twins listen on loopback unless told otherwise.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::Response;
use axum::routing::{get, patch, post};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::door::{Edited, House, Provider};
use crate::faults::{Faults, Scripted};
use crate::held::held;
use crate::stamp::Stamp;

type At<P> = State<Arc<House<P>>>;

pub(crate) fn router<P: Provider>() -> Router<Arc<House<P>>> {
    Router::new()
        .route("/report", get(report::<P>))
        .route("/requests", get(requests::<P>))
        .route("/contacts", get(contacts::<P>))
        .route("/contacts/{id}", get(contact::<P>))
        .route("/contacts/{id}/history", get(history::<P>))
        .route("/faults", get(faults::<P>).post(set_faults::<P>).delete(end_faults::<P>))
        .route("/faults/script", post(script::<P>))
        .route("/webhooks", post(set_webhooks::<P>))
        .route("/switches/{name}", post(switch::<P>))
        .route("/people/contacts", post(create::<P>))
        .route("/people/contacts/{id}", patch(edit::<P>).delete(delete::<P>))
}

async fn report<P: Provider>(State(house): At<P>) -> Response<Body> {
    shown(200, &house.report())
}

async fn requests<P: Provider>(State(house): At<P>) -> Response<Body> {
    shown(200, &held(&house.requests).recent())
}

async fn contacts<P: Provider>(State(house): At<P>, RawQuery(query): RawQuery) -> Response<Body> {
    let query = query.unwrap_or_default();
    let number = |name: &str| -> Option<usize> {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name)?.1.parse().ok()
    };
    let page = held(&house.provider).contacts(number("skip").unwrap_or(0), number("limit").unwrap_or(100));
    shown(200, &json!({ "contacts": page }))
}

async fn contact<P: Provider>(State(house): At<P>, Path(id): Path<String>) -> Response<Body> {
    let found = held(&house.provider).contact(&id);
    found.map_or_else(|| missing(&id), |contact| shown(200, &contact))
}

async fn history<P: Provider>(State(house): At<P>, Path(id): Path<String>) -> Response<Body> {
    let found = held(&house.provider).history(&id);
    found.map_or_else(|| missing(&id), |touches| shown(200, &touches))
}

async fn faults<P: Provider>(State(house): At<P>) -> Response<Body> {
    let dice = held(&house.dice);
    shown(200, &json!({ "faults": dice.faults(), "struck": dice.struck() }))
}

async fn set_faults<P: Provider>(State(house): At<P>, body: Bytes) -> Response<Body> {
    with::<Faults>(&body, |faults| {
        held(&house.dice).replace(faults);
        shown(200, &json!({ "ok": true }))
    })
}

async fn end_faults<P: Provider>(State(house): At<P>) -> Response<Body> {
    held(&house.dice).replace(Faults::none());
    shown(200, &json!({ "ok": true }))
}

async fn script<P: Provider>(State(house): At<P>, body: Bytes) -> Response<Body> {
    with::<Scripted>(&body, |next| {
        held(&house.dice).script(next);
        shown(200, &json!({ "ok": true }))
    })
}

async fn set_webhooks<P: Provider>(State(house): At<P>, body: Bytes) -> Response<Body> {
    with::<Value>(&body, |wanted| {
        let url = wanted["url"].as_str().map(str::to_owned);
        let account = wanted["account"].as_str();
        if held(&house.provider).set_webhook_url(account, url) {
            return shown(200, &json!({ "ok": true }));
        }
        refused("no such account")
    })
}

async fn switch<P: Provider>(State(house): At<P>, Path(name): Path<String>, body: Bytes) -> Response<Body> {
    with::<Value>(if body.is_empty() { b"{}" } else { &body }, |wanted| {
        let thrown = held(&house.provider).switch(&name, &wanted, Stamp::now(None));
        let shows = thrown.map(|done| house.post(done));
        shows.map_or_else(|problem| refused(&problem), |state| shown(200, &state))
    })
}

async fn create<P: Provider>(State(house): At<P>, body: Bytes) -> Response<Body> {
    with::<Value>(&body, |contact| {
        let made = held(&house.provider).person_creates(&contact, Stamp::now(None));
        let id = made.map(|done| house.post(done));
        id.map_or_else(|problem| refused(&problem), |id| shown(201, &json!({ "id": id })))
    })
}

async fn edit<P: Provider>(State(house): At<P>, Path(id): Path<String>, body: Bytes) -> Response<Body> {
    with::<Value>(&body, |change| {
        let edited = held(&house.provider).person_edits(&id, &change, Stamp::now(None));
        settle(&house, edited, &id)
    })
}

async fn delete<P: Provider>(State(house): At<P>, Path(id): Path<String>) -> Response<Body> {
    let deleted = held(&house.provider).person_deletes(&id, Stamp::now(None));
    settle(&house, deleted, &id)
}

fn settle<P: Provider>(house: &House<P>, edited: Edited<()>, id: &str) -> Response<Body> {
    match edited {
        Ok(done) => {
            house.post(done);
            shown(200, &json!({ "id": id }))
        }
        Err(problem) => refused(&problem),
    }
}

fn with<T: DeserializeOwned>(body: &[u8], act: impl FnOnce(T) -> Response<Body>) -> Response<Body> {
    serde_json::from_slice(body).map_or_else(|error| refused(&error.to_string()), act)
}

fn shown(status: u16, body: &impl Serialize) -> Response<Body> {
    Answer::json(status, serde_json::to_value(body).unwrap_or_default()).into_response()
}

fn refused(problem: &str) -> Response<Body> {
    shown(400, &json!({ "problem": problem }))
}

fn missing(id: &str) -> Response<Body> {
    shown(404, &json!({ "problem": format!("no contact {id}") }))
}
