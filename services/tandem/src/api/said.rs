//! What a request says, in its path, query and body. What can't be read is told like any other problem.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tandem_contact::Field;
use tandem_proto::RecordId;
use utoipa::IntoParams;

use super::problem::Problem;

/// The longest name that is looked for: keys of the store have a limit.
const LONGEST_NAME: usize = 200;

/// The path's names.
pub(super) struct At<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(names)| Self(names)).map_err(|refused| Problem::malformed(format!("the path: {refused}")))
    }
}

/// The query's.
pub(super) struct Asking<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asking<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Self(asked)).map_err(|refused| Problem::malformed(format!("the query: {refused}")))
    }
}

/// The body, as JSON; none is as good as `{}`.
pub(super) struct Said<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Said<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|_| Problem::malformed("the body ended early"))?;
        let json: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(json).map(Self).map_err(|error| Problem::malformed(format!("the body: {error}")))
    }
}

/// A connection of the configuration.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Whose {
    /// The connection's id in the configuration.
    #[param(example = "acme", max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) connection: String,
}

/// Something that is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Named {
    /// The connection's id in the configuration.
    #[param(example = "acme", max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) connection: String,
    /// A record's id, the id of a contact, task or note in GoHighLevel or OpenPhone, a phone number, or an email address.
    #[param(min_length = 1, max_length = 200)]
    record: String,
}

impl Named {
    /// What is looked for.
    pub(super) fn name(&self) -> Result<&str, Problem> {
        if (1..=LONGEST_NAME).contains(&self.record.len()) {
            return Ok(&self.record);
        }
        Err(Problem::malformed(format!("the path: a name has 1 to {LONGEST_NAME} bytes")))
    }
}

/// A record of ours.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Which {
    /// The connection's id in the configuration.
    #[param(example = "acme", max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) connection: String,
    /// The record's id.
    #[param(example = "0123456789abcdef0123456789abcdef", max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    record: String,
}

impl Which {
    /// The record.
    pub(super) fn record(&self) -> Result<RecordId, Problem> {
        record("the path", &self.record)
    }
}

/// A field of a record of ours.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct WhichField {
    /// The connection's id in the configuration.
    #[param(example = "acme", max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) connection: String,
    /// The record's id.
    #[param(example = "0123456789abcdef0123456789abcdef", max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    record: String,
    /// The field's name.
    #[param(example = "first_name", pattern = "^(first_name|last_name|company|role|phones|emails|tags|source_link)$")]
    field: String,
}

impl WhichField {
    /// The record.
    pub(super) fn record(&self) -> Result<RecordId, Problem> {
        record("the path", &self.record)
    }

    /// The field.
    pub(super) fn field(&self) -> Result<Field, Problem> {
        field("the path", &self.field)
    }
}

/// A version of a mapping.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct WhichVersion {
    /// The connection's id in the configuration.
    #[param(example = "acme", max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) connection: String,
    /// The version's number.
    #[param(minimum = 1)]
    pub(super) number: u32,
}

/// A segment of a mapping.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct WhichSegment {
    /// The connection's id in the configuration.
    #[param(example = "acme", max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) connection: String,
    /// The segment's name in the mapping.
    #[param(min_length = 1, max_length = 200)]
    pub(super) segment: String,
}

/// A message that was set aside.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct WhichLetter {
    /// Its number.
    #[param(minimum = 1)]
    number: u64,
}

impl WhichLetter {
    /// Its number.
    pub(super) fn number(&self) -> Result<u64, Problem> {
        letter(self.number)
    }
}

/// Numbers that no message can have are not looked for.
pub(super) fn letter(number: u64) -> Result<u64, Problem> {
    let can_be = i64::try_from(number).is_ok_and(|number| number > 0);
    can_be
        .then_some(number)
        .ok_or_else(|| Problem::not_found(format!("there is no message {number} among those that were set aside")))
}

pub(super) fn record(place: &str, id: &str) -> Result<RecordId, Problem> {
    RecordId::new(id).map_err(|error| Problem::malformed(format!("{place}: {error}")))
}

pub(super) fn field(place: &str, name: &str) -> Result<Field, Problem> {
    let names: Vec<&str> = Field::ALL.into_iter().map(Field::name).collect();
    let found = Field::from_name(name);
    found.ok_or_else(|| Problem::malformed(format!("{place}: expected one of {}", names.join(", "))))
}
