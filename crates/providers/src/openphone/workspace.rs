//! Who and what is in a workspace: users, numbers, the organization (contract sheet, sections 4 and 5). All read only.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::{ApiError, Request, Response, json};

use super::response::{Listing, listing, one};
use super::{Id, Surface, UserId, operations as ops, wire};

const PAGE_SIZE: &str = "50";

/// A person of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their address: what they are matched by.
    pub email: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// `owner`, `admin` or `member`.
    pub role: Option<String>,
    /// When they were last changed.
    pub updated_at: Option<Timestamp>,
}

/// One of our numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// Its id.
    pub id: Id,
    /// The number, E.164.
    pub number: Option<String>,
    /// The name that people gave it.
    pub name: Option<String>,
    /// Who uses it; v1 only.
    pub users: Vec<User>,
}

/// The workspace itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is paid for; unset where the answer says something unknown.
    pub is_active: Option<bool>,
}

/// The users.
pub fn users(surface: Surface, after: Option<&str>) -> Request {
    wire::query(surface.pick(&ops::V1_USERS_LIST, &ops::USERS_LIST), &[], &surface.page(PAGE_SIZE, after))
}

/// One user.
pub fn user(surface: Surface, user: &UserId) -> Request {
    wire::build(surface.pick(&ops::V1_USER_GET, &ops::USER_GET), &[user.as_str()])
}

/// `GET /users/{id}/phone-numbers`.
pub fn numbers_of(user: &UserId, after: Option<&str>) -> Request {
    wire::query(&ops::USER_NUMBERS, &[user.as_str()], &Surface::Dated.page(PAGE_SIZE, after))
}

/// `GET /v1/phone-numbers`: all of them at once, or those of one user.
pub fn numbers_v1(user: Option<&UserId>) -> Request {
    let asked = wire::Query::default().with("userId", user.map(UserId::as_str));
    wire::query(&ops::V1_NUMBERS_LIST, &[], &asked)
}

/// `GET /phone-numbers`: all of them, or the one with this number.
pub fn numbers(number: Option<&str>, after: Option<&str>) -> Request {
    let asked = Surface::Dated.page(PAGE_SIZE, after).with("phoneNumber", number);
    wire::query(&ops::NUMBERS_LIST, &[], &asked)
}

/// One number.
pub fn number(surface: Surface, number: &Id) -> Request {
    wire::build(surface.pick(&ops::V1_NUMBER_GET, &ops::NUMBER_GET), &[number.as_str()])
}

/// `GET /phone-numbers/{id}/users`.
pub fn users_of(number: &Id, after: Option<&str>) -> Request {
    wire::query(&ops::NUMBER_USERS, &[number.as_str()], &Surface::Dated.page(PAGE_SIZE, after))
}

/// `GET /organization`: the cheapest proof that a key works.
pub fn organization() -> Request {
    wire::build(&ops::ORGANIZATION_GET, &[])
}

/// The answer to [`user`].
pub fn read_user(response: &Response) -> Result<User, ApiError> {
    one(response, of_user)
}

/// The answer to [`users`] or [`users_of`].
pub fn users_page(response: &Response) -> Result<Listing<User>, ApiError> {
    listing(response, of_user)
}

/// The answer to [`number`].
pub fn read_number(response: &Response) -> Result<Number, ApiError> {
    one(response, of_number)
}

/// The answer to [`numbers`], [`numbers_v1`] or [`numbers_of`].
pub fn numbers_page(response: &Response) -> Result<Listing<Number>, ApiError> {
    listing(response, of_number)
}

/// The answer to [`organization`].
pub fn read_organization(response: &Response) -> Result<Organization, ApiError> {
    one(response, |organization| {
        Some(Organization {
            id: Id::read(organization, "id")?,
            name: json::text(organization, "name"),
            is_active: match json::text(organization, "subscriptionStatus").as_deref() {
                Some("active") => Some(true),
                Some("expired") => Some(false),
                Some(_) | None => None,
            },
        })
    })
}

fn of_user(user: &Map<String, Json>) -> Option<User> {
    Some(User {
        id: UserId::new(&json::text(user, "id")?).ok()?,
        email: json::text(user, "email"),
        first_name: json::text(user, "firstName"),
        last_name: json::text(user, "lastName"),
        role: json::text(user, "role"),
        updated_at: json::time(user, "updatedAt"),
    })
}

fn of_number(number: &Map<String, Json>) -> Option<Number> {
    let users = json::list(number, "users").iter().filter_map(|user| of_user(user.as_object()?));
    Some(Number {
        id: Id::read(number, "id")?,
        // The same value has a name of its own on each surface.
        number: json::text(number, "phoneNumber").or_else(|| json::text(number, "number")),
        name: json::text(number, "name"),
        users: users.collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::openphone::tests::{answer, id};

    #[test]
    fn numbers_of_both_surfaces_are_read() {
        let v1 = json!({"data": [{"id": "PN1", "number": "+14155550100", "name": "Sales", "users": [
            {"id": "US1", "email": "ben@example.com", "role": "owner"}, {"id": "SYU1"}]}]});
        let v1 = numbers_page(&answer(200, &v1)).unwrap().items.remove(0);
        assert_eq!(v1.users.len(), 1);
        let dated = json!({"data": {"id": "PN1", "phoneNumber": "+14155550100", "name": "Sales"}});
        let dated = read_number(&answer(200, &dated)).unwrap();
        assert_eq!(dated, Number { users: Vec::new(), ..v1 });
        let user = UserId::new("US1").unwrap();
        assert_eq!(numbers_v1(Some(&user)).http.uri(), "/v1/phone-numbers?userId=US1");
        assert_eq!(numbers_v1(None).http.uri(), "/v1/phone-numbers");
        assert_eq!(
            numbers(Some("+14155550100"), None).http.uri(),
            "/phone-numbers?limit=50&phoneNumber=%2B14155550100"
        );
        assert_eq!(users_of(&id("PN1"), None).http.uri(), "/phone-numbers/PN1/users?limit=50");
    }

    #[test]
    fn the_subscription_is_active_expired_or_unknown() {
        for (status, wanted) in [("active", Some(true)), ("expired", Some(false)), ("paused", None)] {
            let data = json!({"data": {"id": "OR1", "subscriptionStatus": status}});
            assert_eq!(read_organization(&answer(200, &data)).unwrap().is_active, wanted);
        }
    }

    #[test]
    fn an_agent_among_users_is_not_a_user() {
        let page = json!({"data": [{"id": "US1", "email": "ben@example.com"}, {"id": "SYU1"}], "nextPageToken": null});
        let page = users_page(&answer(200, &page)).unwrap();
        assert_eq!((page.items.len(), page.unreadable), (1, 1));
        assert_eq!(page.items[0].email.as_deref(), Some("ben@example.com"));
    }
}
