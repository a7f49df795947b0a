//! The location, its tags, custom fields and users (contract sheet, section 5).

use super::operation;
use crate::{Access, Operation, Purpose};

/// `GET /locations/{locationId}`.
pub const LOCATION_GET: Operation = operation(
    "ghl.location.get",
    "GET /locations/{locationId}",
    Access::Read,
    &["locations.readonly"],
    &[Purpose::Sync, Purpose::Check],
);
/// `GET /locations/{locationId}/tags`.
pub const LOCATION_TAGS_LIST: Operation = operation(
    "ghl.location.tags.list",
    "GET /locations/{locationId}/tags",
    Access::Read,
    &["locations/tags.readonly"],
    &[],
);
/// `POST /locations/{locationId}/tags`.
pub const LOCATION_TAG_CREATE: Operation = operation(
    "ghl.location.tag.create",
    "POST /locations/{locationId}/tags",
    Access::Write,
    &["locations/tags.write"],
    &[],
);
/// `GET /locations/{locationId}/tags/{tagId}`.
pub const LOCATION_TAG_GET: Operation = operation(
    "ghl.location.tag.get",
    "GET /locations/{locationId}/tags/{tagId}",
    Access::Read,
    &["locations/tags.readonly"],
    &[],
);
/// `PUT /locations/{locationId}/tags/{tagId}`.
pub const LOCATION_TAG_UPDATE: Operation = operation(
    "ghl.location.tag.update",
    "PUT /locations/{locationId}/tags/{tagId}",
    Access::Write,
    &["locations/tags.write"],
    &[],
);
/// `DELETE /locations/{locationId}/tags/{tagId}`.
pub const LOCATION_TAG_DELETE: Operation = operation(
    "ghl.location.tag.delete",
    "DELETE /locations/{locationId}/tags/{tagId}",
    Access::Write,
    &["locations/tags.write"],
    &[],
);
/// `GET /locations/{locationId}/customFields`.
pub const CUSTOM_FIELDS_LIST: Operation = operation(
    "ghl.custom-fields.list",
    "GET /locations/{locationId}/customFields",
    Access::Read,
    &["locations/customFields.readonly"],
    &[Purpose::Check],
);
/// `GET /locations/{locationId}/customFields/{fieldId}`.
pub const CUSTOM_FIELD_GET: Operation = operation(
    "ghl.custom-field.get",
    "GET /locations/{locationId}/customFields/{fieldId}",
    Access::Read,
    &["locations/customFields.readonly"],
    &[],
);
/// `POST /locations/{locationId}/customFields`.
pub const CUSTOM_FIELD_CREATE: Operation = operation(
    "ghl.custom-field.create",
    "POST /locations/{locationId}/customFields",
    Access::Write,
    &["locations/customFields.write"],
    &[],
);
/// `PUT /locations/{locationId}/customFields/{fieldId}`.
pub const CUSTOM_FIELD_UPDATE: Operation = operation(
    "ghl.custom-field.update",
    "PUT /locations/{locationId}/customFields/{fieldId}",
    Access::Write,
    &["locations/customFields.write"],
    &[],
);
/// `DELETE /locations/{locationId}/customFields/{fieldId}`.
pub const CUSTOM_FIELD_DELETE: Operation = operation(
    "ghl.custom-field.delete",
    "DELETE /locations/{locationId}/customFields/{fieldId}",
    Access::Write,
    &["locations/customFields.write"],
    &[],
);
/// `GET /users/`.
pub const USERS_LIST: Operation =
    operation("ghl.users.list", "GET /users/", Access::Read, &["users.readonly"], &[Purpose::Tasks, Purpose::Check]);
/// `GET /users/search`.
pub const USERS_SEARCH: Operation = operation(
    "ghl.users.search",
    "GET /users/search",
    Access::Read,
    &["users.readonly"],
    &[Purpose::Tasks, Purpose::Check],
);
/// `GET /users/{userId}`.
pub const USER_GET: Operation =
    operation("ghl.user.get", "GET /users/{userId}", Access::Read, &["users.readonly"], &[]);
