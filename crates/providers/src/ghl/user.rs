//! The people who work in a location (contract sheet, section 5).

use serde_json::{Map, Value as Json};

use crate::{ApiError, Request, Response, json};

use super::request::{build, query};
use super::response::{Listing, listing, read as read_answer};
use super::{ApiVersion, Id, NotOffered, operations as ops};

/// How many people a full page of [`search`] has. The largest is not published; the default is 25.
pub const FULL_PAGE: usize = 100;

/// Somebody who works in a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: Id,
    /// What they are called.
    pub name: Option<String>,
    /// How they are told from others on the other side.
    pub email: Option<String>,
    /// Whether they no longer work there.
    pub is_deleted: bool,
}

/// `GET /users/`: a location's people, in the dated API only; all of them, there are no pages.
pub fn list(location: &Id, version: &ApiVersion) -> Result<Request, NotOffered> {
    version.offers(&ops::USERS_LIST)?;
    Ok(query(&ops::USERS_LIST, version, &[], &[("locationId", Some(location.as_str()))]))
}

/// `GET /users/search`: the people of an agency, or of one of its locations; so many are left out first. It was the last
/// page when it has fewer than [`FULL_PAGE`] people.
pub fn search(company: &Id, location: Option<&Id>, skip: usize, version: &ApiVersion) -> Request {
    let (limit, skip) = (FULL_PAGE.to_string(), skip.to_string());
    let asked = [
        ("companyId", Some(company.as_str())),
        ("locationId", location.map(Id::as_str)),
        ("limit", Some(limit.as_str())),
        ("skip", Some(skip.as_str())),
    ];
    query(&ops::USERS_SEARCH, version, &[], &asked)
}

/// `GET /users/{userId}`.
pub fn get(user: &Id, version: &ApiVersion) -> Request {
    build(&ops::USER_GET, version, &[user.as_str()])
}

/// The answer to [`list`] or [`search`].
pub fn users(response: &Response) -> Result<Listing<User>, ApiError> {
    listing(response, "users", read)
}

/// The answer to [`get`], which is the user and nothing around it.
pub fn user(response: &Response) -> Result<User, ApiError> {
    read_answer(response, read)
}

fn read(user: &Map<String, Json>) -> Option<User> {
    Some(User {
        id: Id::read(user, "id")?,
        name: json::text(user, "name"),
        email: json::text(user, "email"),
        is_deleted: user.get("deleted") == Some(&Json::Bool(true)),
    })
}
