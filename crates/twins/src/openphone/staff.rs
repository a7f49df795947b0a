//! Users, numbers and the organization.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::openphone::asked::Asked;
use crate::openphone::config::{PhoneNumber, User};
use crate::openphone::errors::Surface;
use crate::openphone::lists;
use crate::openphone::routes::Rule;
use crate::openphone::server::{OpenPhone, ok};

pub(super) const RULES: &[Rule] = &[
    Rule::reads("GET /v1/users", "11", v1_users),
    Rule::reads("GET /v1/users/{userId}", "11", user),
    Rule::reads("GET /v1/phone-numbers", "04", |openphone, asked| Ok(ok(every_number(openphone, asked).into()))),
    Rule::reads("GET /v1/phone-numbers/{phoneNumberId}", "04", number),
    Rule::reads("GET /users", "11", users),
    Rule::reads("GET /users/{userId}", "11", user),
    Rule::reads("GET /users/{userId}/phone-numbers", "11", numbers_of_user),
    Rule::reads("GET /organization", "00", |openphone, asked| Ok(organization(openphone, asked))),
    Rule::reads("GET /phone-numbers", "04", numbers),
    // None are for sale.
    Rule::reads("GET /phone-numbers/available", "04", |_, _| Ok(ok(json!({ "phoneNumbers": [] })))),
    Rule::reads("GET /phone-numbers/{phoneNumberId}", "04", number),
    Rule::reads("GET /phone-numbers/{phoneNumberId}/users", "04", users_of_number),
];

/// Since when everything is there.
const SINCE: &str = "2026-01-01T00:00:00.000Z";

fn user_view(user: &User) -> Value {
    json!({
        "id": user.id, "email": user.email, "firstName": user.first_name, "lastName": user.last_name,
        "pictureUrl": null, "role": user.role, "createdAt": SINCE, "updatedAt": SINCE,
    })
}

/// A user as numbers show them.
fn member_view(user: &User) -> Value {
    json!({
        "id": user.id, "email": user.email, "firstName": user.first_name, "lastName": user.last_name,
        "role": user.role, "groupId": "GRsandbox",
    })
}

fn restrictions() -> Value {
    let free = json!({ "CA": "unrestricted", "Intl": "unrestricted", "US": "unrestricted" });
    json!({ "calling": free, "messaging": free })
}

fn number_view(asked: &Asked<'_>, number: &PhoneNumber, users: &[User]) -> Value {
    let mut view = json!({
        "id": number.id, "groupId": "GRsandbox", "name": number.name, "formattedNumber": number.formatted(),
        "symbol": null, "forward": null, "portRequestId": null, "portingStatus": null, "createdAt": SINCE,
        "updatedAt": SINCE,
    });
    match asked.surface() {
        Surface::V1 => {
            view["number"] = json!(number.number);
            view["users"] = users.iter().map(member_view).collect();
            view["restrictions"] = restrictions();
        }
        Surface::Dated => {
            view["phoneNumber"] = json!(number.number);
            if asked.call.param("include").is_some_and(|all| all.split(',').any(|one| one == "restrictions")) {
                view["restrictions"] = restrictions();
            }
        }
    }
    view
}

fn v1_users(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::v1_bounds(asked, 50)?;
    let users = &openphone.spaces[asked.at].config.users;
    Ok(lists::shown(asked, &bounds, users.iter().map(user_view).collect()))
}

fn users(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::dated_bounds(asked, 50, 10)?;
    let users = &openphone.spaces[asked.at].config.users;
    Ok(lists::shown(asked, &bounds, users.iter().map(user_view).collect()))
}

fn known_user<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>) -> Result<&'a User, Answer> {
    let id = asked.id(0);
    if !id.starts_with("US") {
        return Err(asked.bad("/userId", "Expected string to match '^US(.*)$'"));
    }
    let users = &openphone.spaces[asked.at].config.users;
    users.iter().find(|user| user.id == id).ok_or_else(|| asked.missing("User not found"))
}

/// The ids of AI actors are refused, not unknown.
fn user(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    Ok(ok(user_view(known_user(openphone, asked)?)))
}

/// Everybody has every number.
fn every_number(openphone: &OpenPhone, asked: &Asked<'_>) -> Vec<Value> {
    let config = &openphone.spaces[asked.at].config;
    let wanted = asked.call.param("phoneNumber");
    let numbers = config.phone_numbers.iter().filter(|number| wanted.is_none_or(|wanted| number.number == wanted));
    numbers.map(|number| number_view(asked, number, &config.users)).collect()
}

fn numbers(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::dated_bounds(asked, 50, 10)?;
    Ok(lists::shown(asked, &bounds, every_number(openphone, asked)))
}

fn numbers_of_user(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    known_user(openphone, asked)?;
    numbers(openphone, asked)
}

fn known_number<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>) -> Result<&'a PhoneNumber, Answer> {
    let numbers = &openphone.spaces[asked.at].config.phone_numbers;
    numbers.iter().find(|number| number.id == asked.id(0)).ok_or_else(|| asked.missing("Phone number not found"))
}

fn number(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let found = known_number(openphone, asked)?;
    Ok(ok(number_view(asked, found, &openphone.spaces[asked.at].config.users)))
}

fn users_of_number(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::dated_bounds(asked, 50, 10)?;
    known_number(openphone, asked)?;
    let users = &openphone.spaces[asked.at].config.users;
    Ok(lists::shown(asked, &bounds, users.iter().map(member_view).collect()))
}

/// The one call that a lapsed subscription does not refuse: it says so.
fn organization(openphone: &OpenPhone, asked: &Asked<'_>) -> Answer {
    let config = &openphone.spaces[asked.at].config;
    let status = if config.access.lapsed { "expired" } else { "active" };
    ok(json!({
        "id": config.org_id, "name": "Sandbox", "subscriptionStatus": status, "createdAt": SINCE, "updatedAt": SINCE,
    }))
}
