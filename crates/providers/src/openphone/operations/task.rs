//! Tasks on both surfaces (contract sheet, sections 4, 5 and 7.2).

use super::{read, used, write};
use crate::{Operation, Purpose};

/// `GET /v1/tasks`.
pub const V1_TASKS_LIST: Operation = read("openphone.v1.tasks.list", "GET /v1/tasks");
/// `POST /v1/tasks`: on a number, a conversation or an activity.
pub const V1_TASK_CREATE: Operation =
    used(write("openphone.v1.task.create", "POST /v1/tasks"), &[Purpose::Tasks, Purpose::Check]);
/// `GET /v1/tasks/{id}`.
pub const V1_TASK_GET: Operation = read("openphone.v1.task.get", "GET /v1/tasks/{id}");
/// `PUT /v1/tasks/{id}`: title and description.
pub const V1_TASK_UPDATE: Operation = write("openphone.v1.task.update", "PUT /v1/tasks/{id}");
/// `DELETE /v1/tasks/{id}`.
pub const V1_TASK_DELETE: Operation = write("openphone.v1.task.delete", "DELETE /v1/tasks/{id}");
/// `POST /v1/tasks/{id}/complete`.
pub const V1_TASK_COMPLETE: Operation = write("openphone.v1.task.complete", "POST /v1/tasks/{id}/complete");
/// `POST /v1/tasks/{id}/reopen`.
pub const V1_TASK_REOPEN: Operation = write("openphone.v1.task.reopen", "POST /v1/tasks/{id}/reopen");
/// `POST /v1/tasks/{id}/assign`.
pub const V1_TASK_ASSIGN: Operation = write("openphone.v1.task.assign", "POST /v1/tasks/{id}/assign");
/// `POST /v1/tasks/{id}/unassign`.
pub const V1_TASK_UNASSIGN: Operation = write("openphone.v1.task.unassign", "POST /v1/tasks/{id}/unassign");
/// `POST /v1/tasks/{id}/change-due-date`.
pub const V1_TASK_DUE_SET: Operation = write("openphone.v1.task.due.set", "POST /v1/tasks/{id}/change-due-date");
/// `POST /v1/tasks/{id}/remove-due-date`.
pub const V1_TASK_DUE_REMOVE: Operation = write("openphone.v1.task.due.remove", "POST /v1/tasks/{id}/remove-due-date");
/// `POST /v1/tasks/{id}/link-conversation`.
pub const V1_TASK_LINK: Operation = write("openphone.v1.task.link", "POST /v1/tasks/{id}/link-conversation");
/// `POST /v1/tasks/{id}/unlink-conversation`.
pub const V1_TASK_UNLINK: Operation = write("openphone.v1.task.unlink", "POST /v1/tasks/{id}/unlink-conversation");
/// `GET /tasks`.
pub const TASKS_LIST: Operation = used(read("openphone.tasks.list", "GET /tasks"), &[Purpose::Tasks, Purpose::Check]);
/// `POST /tasks`: on a conversation.
pub const TASK_CREATE: Operation =
    used(write("openphone.task.create", "POST /tasks"), &[Purpose::Tasks, Purpose::Check]);
/// `GET /tasks/{id}`.
pub const TASK_GET: Operation = used(read("openphone.task.get", "GET /tasks/{id}"), &[Purpose::Tasks, Purpose::Check]);
/// `PATCH /tasks/{id}`: title and description.
pub const TASK_UPDATE: Operation =
    used(write("openphone.task.update", "PATCH /tasks/{id}"), &[Purpose::Tasks, Purpose::Check]);
/// `DELETE /tasks/{id}`.
pub const TASK_DELETE: Operation =
    used(write("openphone.task.delete", "DELETE /tasks/{id}"), &[Purpose::Tasks, Purpose::Check]);
/// `PATCH /tasks/{id}/status`.
pub const TASK_STATUS: Operation =
    used(write("openphone.task.status", "PATCH /tasks/{id}/status"), &[Purpose::Tasks, Purpose::Check]);
/// `POST /tasks/{id}/users`.
pub const TASK_ASSIGN: Operation =
    used(write("openphone.task.assign", "POST /tasks/{id}/users"), &[Purpose::Tasks, Purpose::Check]);
/// `DELETE /tasks/{id}/users`: with a body.
pub const TASK_UNASSIGN: Operation =
    used(write("openphone.task.unassign", "DELETE /tasks/{id}/users"), &[Purpose::Tasks, Purpose::Check]);
/// `PATCH /tasks/{id}/due-date`.
pub const TASK_DUE_SET: Operation =
    used(write("openphone.task.due.set", "PATCH /tasks/{id}/due-date"), &[Purpose::Tasks, Purpose::Check]);
/// `DELETE /tasks/{id}/due-date`.
pub const TASK_DUE_REMOVE: Operation =
    used(write("openphone.task.due.remove", "DELETE /tasks/{id}/due-date"), &[Purpose::Tasks, Purpose::Check]);
/// `POST /tasks/{id}/conversations`.
pub const TASK_LINK: Operation = write("openphone.task.link", "POST /tasks/{id}/conversations");
/// `DELETE /tasks/{id}/conversations`: with a body.
pub const TASK_UNLINK: Operation = write("openphone.task.unlink", "DELETE /tasks/{id}/conversations");
