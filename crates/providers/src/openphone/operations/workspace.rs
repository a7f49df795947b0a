//! Users, numbers and the organization (contract sheet, sections 4 and 5).

use super::{read, used};
use crate::{Operation, Purpose};

/// `GET /v1/users`.
pub const V1_USERS_LIST: Operation = read("openphone.v1.users.list", "GET /v1/users");
/// `GET /v1/users/{id}`.
pub const V1_USER_GET: Operation = read("openphone.v1.user.get", "GET /v1/users/{id}");
/// `GET /v1/phone-numbers`.
pub const V1_NUMBERS_LIST: Operation =
    used(read("openphone.v1.numbers.list", "GET /v1/phone-numbers"), &[Purpose::Check]);
/// `GET /v1/phone-numbers/{id}`.
pub const V1_NUMBER_GET: Operation = read("openphone.v1.number.get", "GET /v1/phone-numbers/{id}");
/// `GET /users`.
pub const USERS_LIST: Operation = used(read("openphone.users.list", "GET /users"), &[Purpose::Tasks, Purpose::Check]);
/// `GET /users/{id}`.
pub const USER_GET: Operation = read("openphone.user.get", "GET /users/{id}");
/// `GET /users/{id}/phone-numbers`.
pub const USER_NUMBERS: Operation = read("openphone.user.numbers", "GET /users/{id}/phone-numbers");
/// `GET /phone-numbers`.
pub const NUMBERS_LIST: Operation =
    used(read("openphone.numbers.list", "GET /phone-numbers"), &[Purpose::Tasks, Purpose::Check]);
/// `GET /phone-numbers/{id}`.
pub const NUMBER_GET: Operation = read("openphone.number.get", "GET /phone-numbers/{id}");
/// `GET /phone-numbers/{id}/users`.
pub const NUMBER_USERS: Operation = read("openphone.number.users", "GET /phone-numbers/{id}/users");
/// `GET /organization`: whether the subscription is active.
pub const ORGANIZATION_GET: Operation =
    used(read("openphone.organization.get", "GET /organization"), &[Purpose::Check]);
