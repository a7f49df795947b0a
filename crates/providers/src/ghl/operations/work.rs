//! Tasks and notes (contract sheet, section 4).

use super::operation;
use crate::{Access, Operation, Purpose};

/// `GET /contacts/{id}/tasks`.
pub const CONTACT_TASKS_LIST: Operation = operation(
    "ghl.contact.tasks.list",
    "GET /contacts/{id}/tasks",
    Access::Read,
    &["contacts.readonly"],
    &[Purpose::Tasks, Purpose::Check],
);
/// `GET /contacts/{id}/tasks/{taskId}`.
pub const CONTACT_TASK_GET: Operation = operation(
    "ghl.contact.task.get",
    "GET /contacts/{id}/tasks/{taskId}",
    Access::Read,
    &["contacts.readonly"],
    &[Purpose::Tasks, Purpose::Check],
);
/// `POST /contacts/{id}/tasks`.
pub const CONTACT_TASK_CREATE: Operation = operation(
    "ghl.contact.task.create",
    "POST /contacts/{id}/tasks",
    Access::Write,
    &["contacts.write"],
    &[Purpose::Tasks, Purpose::Check],
);
/// `PUT /contacts/{id}/tasks/{taskId}`.
pub const CONTACT_TASK_UPDATE: Operation = operation(
    "ghl.contact.task.update",
    "PUT /contacts/{id}/tasks/{taskId}",
    Access::Write,
    &["contacts.write"],
    &[Purpose::Tasks, Purpose::Check],
);
/// `PUT /contacts/{id}/tasks/{taskId}/completed`.
pub const CONTACT_TASK_COMPLETE: Operation = operation(
    "ghl.contact.task.complete",
    "PUT /contacts/{id}/tasks/{taskId}/completed",
    Access::Write,
    &["contacts.write"],
    &[],
);
/// `DELETE /contacts/{id}/tasks/{taskId}`.
pub const CONTACT_TASK_DELETE: Operation = operation(
    "ghl.contact.task.delete",
    "DELETE /contacts/{id}/tasks/{taskId}",
    Access::Write,
    &["contacts.write"],
    &[Purpose::Tasks, Purpose::Check],
);
/// `POST /locations/{locationId}/tasks/search`.
pub const LOCATION_TASKS_SEARCH: Operation = operation(
    "ghl.location.tasks.search",
    "POST /locations/{locationId}/tasks/search",
    Access::Read,
    &["locations/tasks.readonly"],
    &[Purpose::Tasks, Purpose::Check],
);
/// `GET /contacts/{id}/notes`.
pub const CONTACT_NOTES_LIST: Operation = operation(
    "ghl.contact.notes.list",
    "GET /contacts/{id}/notes",
    Access::Read,
    &["contacts.readonly"],
    &[Purpose::Notes, Purpose::Check],
);
/// `GET /contacts/{id}/notes/{noteId}`.
pub const CONTACT_NOTE_GET: Operation = operation(
    "ghl.contact.note.get",
    "GET /contacts/{id}/notes/{noteId}",
    Access::Read,
    &["contacts.readonly"],
    &[Purpose::Notes, Purpose::Check],
);
/// `POST /contacts/{id}/notes`.
pub const CONTACT_NOTE_CREATE: Operation = operation(
    "ghl.contact.note.create",
    "POST /contacts/{id}/notes",
    Access::Write,
    &["contacts.write"],
    &[Purpose::Notes, Purpose::Check],
);
/// `PUT /contacts/{id}/notes/{noteId}`.
pub const CONTACT_NOTE_UPDATE: Operation = operation(
    "ghl.contact.note.update",
    "PUT /contacts/{id}/notes/{noteId}",
    Access::Write,
    &["contacts.write"],
    &[Purpose::Notes, Purpose::Check],
);
/// `DELETE /contacts/{id}/notes/{noteId}`.
pub const CONTACT_NOTE_DELETE: Operation = operation(
    "ghl.contact.note.delete",
    "DELETE /contacts/{id}/notes/{noteId}",
    Access::Write,
    &["contacts.write"],
    &[Purpose::Notes, Purpose::Check],
);
