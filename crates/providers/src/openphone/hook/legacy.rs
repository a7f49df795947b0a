//! Webhooks of the older kind, made on v1: no contact events, no rotation, no log (contract sheet, section 4). Here to find
//! and remove what somebody left.

use crate::Request;

use super::super::{Id, UserId, operations as ops, wire};
use super::NewHook;

/// What a v1 webhook tells of; each has an operation of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `message.received`, `message.delivered`.
    Messages,
    /// `call.ringing`, `call.completed`, `call.recording.completed`.
    Calls,
    /// `call.summary.completed`.
    Summaries,
    /// `call.transcript.completed`.
    Transcripts,
}

/// `GET /v1/webhooks`: those of one user, without one those of the workspace's owner.
pub fn list(user: Option<&UserId>) -> Request {
    let asked = wire::Query::default().with("userId", user.map(UserId::as_str));
    wire::query(&ops::V1_HOOKS_LIST, &[], &asked)
}

/// `GET /v1/webhooks/{id}`.
pub fn get(hook: &Id) -> Request {
    wire::build(&ops::V1_HOOK_GET, &[hook.as_str()])
}

/// `DELETE /v1/webhooks/{id}`.
pub fn delete(hook: &Id) -> Request {
    wire::build(&ops::V1_HOOK_DELETE, &[hook.as_str()])
}

/// `POST /v1/webhooks/...`, answered to [`super::created`].
pub fn create(subject: Subject, hook: &NewHook<'_>) -> Request {
    let operation = match subject {
        Subject::Messages => &ops::V1_HOOK_CREATE_MESSAGES,
        Subject::Calls => &ops::V1_HOOK_CREATE_CALLS,
        Subject::Summaries => &ops::V1_HOOK_CREATE_SUMMARIES,
        Subject::Transcripts => &ops::V1_HOOK_CREATE_TRANSCRIPTS,
    };
    wire::build(operation, &[]).with_json(&hook.json())
}
