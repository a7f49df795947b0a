//! Messages and calls with what calls leave behind (contract sheet, sections 4 and 5).

use super::{read, write};
use crate::Operation;

/// `POST /v1/messages`: costs money and reaches people; Tandem never does it on its own.
pub const V1_MESSAGE_SEND: Operation = write("openphone.v1.message.send", "POST /v1/messages");
/// `GET /v1/messages`.
pub const V1_MESSAGES_LIST: Operation = read("openphone.v1.messages.list", "GET /v1/messages");
/// `GET /v1/messages/{id}`.
pub const V1_MESSAGE_GET: Operation = read("openphone.v1.message.get", "GET /v1/messages/{id}");
/// `GET /messages`.
pub const MESSAGES_LIST: Operation = read("openphone.messages.list", "GET /messages");
/// `GET /messages/{id}`.
pub const MESSAGE_GET: Operation = read("openphone.message.get", "GET /messages/{id}");
/// `GET /v1/calls`.
pub const V1_CALLS_LIST: Operation = read("openphone.v1.calls.list", "GET /v1/calls");
/// `GET /v1/calls/{id}`: refuses calls of more than two parties.
pub const V1_CALL_GET: Operation = read("openphone.v1.call.get", "GET /v1/calls/{id}");
/// `GET /v1/call-recordings/{id}`.
pub const V1_CALL_RECORDINGS: Operation = read("openphone.v1.call.recordings", "GET /v1/call-recordings/{id}");
/// `GET /v1/call-summaries/{id}`.
pub const V1_CALL_SUMMARY: Operation = read("openphone.v1.call.summary", "GET /v1/call-summaries/{id}");
/// `GET /v1/call-transcripts/{id}`.
pub const V1_CALL_TRANSCRIPT: Operation = read("openphone.v1.call.transcript", "GET /v1/call-transcripts/{id}");
/// `GET /v1/call-voicemails/{id}`.
pub const V1_CALL_VOICEMAIL: Operation = read("openphone.v1.call.voicemail", "GET /v1/call-voicemails/{id}");
/// `GET /calls`.
pub const CALLS_LIST: Operation = read("openphone.calls.list", "GET /calls");
/// `GET /calls/{id}`.
pub const CALL_GET: Operation = read("openphone.call.get", "GET /calls/{id}");
/// `GET /calls/{id}/recordings`.
pub const CALL_RECORDINGS: Operation = read("openphone.call.recordings", "GET /calls/{id}/recordings");
/// `GET /calls/{id}/transcripts`.
pub const CALL_TRANSCRIPTS: Operation = read("openphone.call.transcripts", "GET /calls/{id}/transcripts");
