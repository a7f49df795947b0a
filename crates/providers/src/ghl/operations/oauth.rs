//! Tokens and installations (contract sheet, sections 2.2 to 2.5).

use super::operation;
use crate::{Access, AuthScheme, Operation, Purpose};

/// `POST /oauth/token`.
pub const OAUTH_TOKEN: Operation = Operation {
    auth: AuthScheme::None,
    ..operation("ghl.oauth.token", "POST /oauth/token", Access::Write, &[], &[Purpose::Setup])
};
/// `POST /oauth/locationToken`.
pub const OAUTH_LOCATION_TOKEN: Operation = operation(
    "ghl.oauth.location-token",
    "POST /oauth/locationToken",
    Access::Write,
    &["oauth.write"],
    &[Purpose::Setup],
);
/// `GET /oauth/installedLocations`.
pub const OAUTH_INSTALLED_LOCATIONS: Operation =
    operation("ghl.oauth.installed-locations", "GET /oauth/installedLocations", Access::Read, &["oauth.readonly"], &[]);
/// `POST /oauth/reconnect`.
pub const OAUTH_RECONNECT: Operation = Operation {
    auth: AuthScheme::None,
    ..operation("ghl.oauth.reconnect", "POST /oauth/reconnect", Access::Write, &[], &[Purpose::Setup])
};
