//! Webhooks of both surfaces (contract sheet, sections 4 and 9.2).

use super::{read, used, write};
use crate::{Operation, Purpose};

/// `GET /v1/webhooks`.
pub const V1_HOOKS_LIST: Operation = read("openphone.v1.webhooks.list", "GET /v1/webhooks");
/// `GET /v1/webhooks/{id}`.
pub const V1_HOOK_GET: Operation = read("openphone.v1.webhook.get", "GET /v1/webhooks/{id}");
/// `DELETE /v1/webhooks/{id}`.
pub const V1_HOOK_DELETE: Operation = write("openphone.v1.webhook.delete", "DELETE /v1/webhooks/{id}");
/// `POST /v1/webhooks/messages`.
pub const V1_HOOK_CREATE_MESSAGES: Operation =
    write("openphone.v1.webhook.create.messages", "POST /v1/webhooks/messages");
/// `POST /v1/webhooks/calls`.
pub const V1_HOOK_CREATE_CALLS: Operation = write("openphone.v1.webhook.create.calls", "POST /v1/webhooks/calls");
/// `POST /v1/webhooks/call-summaries`.
pub const V1_HOOK_CREATE_SUMMARIES: Operation =
    write("openphone.v1.webhook.create.summaries", "POST /v1/webhooks/call-summaries");
/// `POST /v1/webhooks/call-transcripts`.
pub const V1_HOOK_CREATE_TRANSCRIPTS: Operation =
    write("openphone.v1.webhook.create.transcripts", "POST /v1/webhooks/call-transcripts");
/// `GET /webhooks`.
pub const HOOKS_LIST: Operation =
    used(read("openphone.webhooks.list", "GET /webhooks"), &[Purpose::Setup, Purpose::Check]);
/// `POST /webhooks`: the answer has the key.
pub const HOOK_CREATE: Operation = used(write("openphone.webhook.create", "POST /webhooks"), &[Purpose::Setup]);
/// `GET /webhooks/{id}`.
pub const HOOK_GET: Operation = read("openphone.webhook.get", "GET /webhooks/{id}");
/// `PATCH /webhooks/{id}`.
pub const HOOK_PATCH: Operation = used(write("openphone.webhook.patch", "PATCH /webhooks/{id}"), &[Purpose::Setup]);
/// `DELETE /webhooks/{id}`.
pub const HOOK_DELETE: Operation = used(write("openphone.webhook.delete", "DELETE /webhooks/{id}"), &[Purpose::Setup]);
/// `POST /webhooks/{id}/rotate`: the answer has the new key.
pub const HOOK_ROTATE: Operation =
    used(write("openphone.webhook.rotate", "POST /webhooks/{id}/rotate"), &[Purpose::Setup]);
/// `POST /webhooks/{id}/events/test`: sends a signed sample.
pub const HOOK_TEST: Operation =
    used(write("openphone.webhook.test", "POST /webhooks/{id}/events/test"), &[Purpose::Check]);
/// `GET /webhooks/{id}/events`.
pub const DELIVERIES_LIST: Operation =
    used(read("openphone.webhook.deliveries.list", "GET /webhooks/{id}/events"), &[Purpose::Setup, Purpose::Check]);
/// `GET /webhooks/{id}/events/{deliveryId}`.
pub const DELIVERY_GET: Operation = used(
    read("openphone.webhook.delivery.get", "GET /webhooks/{id}/events/{deliveryId}"),
    &[Purpose::Setup, Purpose::Check],
);
/// `POST /webhooks/{id}/events/{deliveryId}/retry`.
pub const DELIVERY_RETRY: Operation =
    used(write("openphone.webhook.delivery.retry", "POST /webhooks/{id}/events/{deliveryId}/retry"), &[Purpose::Setup]);
