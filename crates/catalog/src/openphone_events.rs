//! What `OpenPhone` sends (contract sheet, sections 9.3 and 9.4), in the shape of the dated webhooks.

use tandem_contact::Side;

use super::ghl_events::{list, text};
use super::{Event, Fact, Whom};

const fn event(name: &'static str, what: &'static str, whom: Whom, facts: &'static [Fact]) -> Event {
    Event { name, side: Side::OpenPhone, what, whom, facts }
}

/// Nobody else of a group: the others have got the message too.
const SENDER: Whom = Whom::Phone(&["/data/context/senderIdentifier"]);
const RECIPIENT: Whom = Whom::Phone(&[
    "/data/context/recipientIdentifiers/0",
    "/data/context/recipientIdentifiers/1",
    "/data/context/recipientIdentifiers/2",
]);

const OUTSIDE: [&str; 3] = [
    "/data/context/participants/external/0",
    "/data/context/participants/external/1",
    "/data/context/participants/external/2",
];
const PARTICIPANT: Whom = Whom::Phone(&OUTSIDE);
/// The participants of a call may be unavailable.
const SUMMED_UP: Whom = Whom::Phone(&[OUTSIDE[0], OUTSIDE[1], OUTSIDE[2], "/data/resource/fromPhoneNumber"]);
/// The participants of a call may be unavailable.
const SPEAKER: Whom = Whom::Phone(&[OUTSIDE[0], OUTSIDE[1], OUTSIDE[2], "/data/resource/from"]);

/// The body is the contact.
const ITSELF: Whom = Whom::Id("/data/resource/id");

const HAPPENED_AT: Fact = text("happened_at", "/createdAt");
const LINK: Fact = text("link", "/data/links/quo");
const CONVERSATION_ID: Fact = text("conversation_id", "/data/context/conversationId");
const PHONE_NUMBER_ID: Fact = text("phone_number_id", "/data/context/phoneNumberId");
const USER_ID: Fact = text("user_id", "/data/context/userId");
const CREATED_AT: Fact = text("created_at", "/data/resource/createdAt");
const DIRECTION: Fact = text("direction", "/data/resource/direction");
const STATUS: Fact = text("status", "/data/resource/status");
const DURATION: Fact = text("duration", "/data/resource/duration");

/// The facts, and those of everything that belongs to a conversation.
macro_rules! in_conversation {
    [$($fact:expr),* $(,)?] => { &[$($fact,)* CONVERSATION_ID, PHONE_NUMBER_ID, LINK, HAPPENED_AT] };
}

const MESSAGE_ID: Fact = text("message_id", "/data/resource/id");
const MESSAGE: Fact = text("message", "/data/resource/text");
/// Of several pictures, only the first is a fact.
const MEDIA_URL: Fact = text("media_url", "/data/resource/media/0/url");
const ERROR_CODE: Fact = text("error_code", "/data/resource/errorCode");
const FROM: Fact = text("from", "/data/context/senderIdentifier");
const TO: Fact = text("to", "/data/context/recipientIdentifiers/0");
const RECIPIENTS: Fact = list("recipients", "/data/context/recipientIdentifiers");

const SENT: &[Fact] =
    in_conversation![MESSAGE_ID, MESSAGE, MEDIA_URL, DIRECTION, STATUS, FROM, TO, RECIPIENTS, USER_ID];

const FAILED: &[Fact] =
    in_conversation![MESSAGE_ID, MESSAGE, DIRECTION, STATUS, ERROR_CODE, FROM, TO, RECIPIENTS, USER_ID];

const UNDELIVERED: &[Fact] =
    in_conversation![MESSAGE_ID, MESSAGE, MEDIA_URL, DIRECTION, STATUS, ERROR_CODE, FROM, TO, RECIPIENTS, USER_ID];

const CALL_ID: Fact = text("call_id", "/data/resource/id");
/// Where the body is what was made from a call.
const OF_CALL: Fact = text("call_id", "/data/resource/callId");
const PROCESSED: Fact = text("status", "/data/resource/processingStatus");
const EXTERNAL_NUMBERS: Fact = list("external_numbers", "/data/context/participants/external");
const WORKSPACE_NUMBERS: Fact = list("workspace_numbers", "/data/context/participants/workspace");
const ANSWERED_AT: Fact = text("answered_at", "/data/resource/answeredAt");
const ANSWERED_BY: Fact = text("answered_by", "/data/resource/answeredByUserId");
const COMPLETED_AT: Fact = text("completed_at", "/data/resource/completedAt");

const RINGING: &[Fact] = in_conversation![CALL_ID, DIRECTION, EXTERNAL_NUMBERS, WORKSPACE_NUMBERS, USER_ID, CREATED_AT];

const ANSWERED: &[Fact] = in_conversation![
    CALL_ID,
    DIRECTION,
    ANSWERED_AT,
    ANSWERED_BY,
    EXTERNAL_NUMBERS,
    WORKSPACE_NUMBERS,
    USER_ID,
    CREATED_AT,
];

const COMPLETED: &[Fact] = in_conversation![
    CALL_ID,
    DIRECTION,
    STATUS,
    DURATION,
    text("has_voicemail", "/data/resource/hasVoicemail"),
    ANSWERED_AT,
    COMPLETED_AT,
    EXTERNAL_NUMBERS,
    WORKSPACE_NUMBERS,
    USER_ID,
    CREATED_AT,
];

const MISSED: &[Fact] = in_conversation![CALL_ID, EXTERNAL_NUMBERS, WORKSPACE_NUMBERS, USER_ID, CREATED_AT];

const FORWARDED: &[Fact] = in_conversation![
    CALL_ID,
    text("forwarded_from", "/data/resource/forwardedFrom"),
    text("forwarded_to", "/data/resource/forwardedTo"),
    EXTERNAL_NUMBERS,
    WORKSPACE_NUMBERS,
    USER_ID,
    CREATED_AT,
];

const MENU: &[Fact] = in_conversation![
    CALL_ID,
    text("menu_key", "/data/resource/phoneMenuSelection"),
    text("menu_name", "/data/resource/phoneMenuSelectionName"),
    text("status_reason", "/data/resource/statusReason"),
    EXTERNAL_NUMBERS,
    WORKSPACE_NUMBERS,
    USER_ID,
    CREATED_AT,
];

/// Of several recordings, only the first is a fact.
const RECORDING: &[Fact] = in_conversation![
    CALL_ID,
    DIRECTION,
    DURATION,
    text("recording_id", "/data/resource/recordings/0/id"),
    text("recording_url", "/data/resource/recordings/0/url"),
    text("recording_duration", "/data/resource/recordings/0/duration"),
    ANSWERED_AT,
    COMPLETED_AT,
    EXTERNAL_NUMBERS,
    USER_ID,
    CREATED_AT,
];

const TRANSCRIPT: &[Fact] = in_conversation![
    OF_CALL,
    PROCESSED,
    DURATION,
    text("dialogue", "/data/resource/dialogue/*/content"),
    EXTERNAL_NUMBERS,
    USER_ID,
    CREATED_AT,
];

/// What an agent has found out isn't among them: the body has an object for every job.
const SUMMARY: &[Fact] = in_conversation![
    OF_CALL,
    PROCESSED,
    text("summary", "/data/resource/summary"),
    text("next_steps", "/data/resource/nextSteps"),
    text("handled_by_ai", "/data/resource/handledByAiAgent"),
    ANSWERED_BY,
    text("from", "/data/resource/fromPhoneNumber"),
    EXTERNAL_NUMBERS,
    USER_ID,
];

const VOICEMAIL: &[Fact] = in_conversation![
    OF_CALL,
    text("voicemail_id", "/data/resource/voicemailId"),
    text("transcript", "/data/resource/transcript"),
    text("recording_url", "/data/resource/recordingUrl"),
    DIRECTION,
    DURATION,
    text("from", "/data/resource/from"),
    text("to", "/data/resource/to"),
    USER_ID,
    CREATED_AT,
];

/// Of addresses and numbers, only the first is a fact. Properties aren't among them: the body has an object for each.
const CONTACT: &[Fact] = &[
    text("first_name", "/data/resource/firstName"),
    text("last_name", "/data/resource/lastName"),
    text("email", "/data/resource/emails/0/value"),
    text("phone", "/data/resource/phoneNumbers/0/value"),
    text("company_name", "/data/resource/company"),
    text("role", "/data/resource/role"),
    text("location", "/data/resource/location"),
    text("source", "/data/resource/source"),
    text("external_id", "/data/resource/externalId"),
    list("shared_with_ids", "/data/context/sharedWithIds"),
    USER_ID,
    CREATED_AT,
    text("updated_at", "/data/resource/updatedAt"),
    HAPPENED_AT,
];

const TASK_ID: Fact = text("task_id", "/data/resource/id");
const DUE_DATE: Fact = text("due_date", "/data/resource/dueDate");
const ACTOR_ID: Fact = text("actor_id", "/data/context/actorId");
const ACTIVITY_ID: Fact = text("activity_id", "/data/context/activityId");

const TASK: &[Fact] = in_conversation![TASK_ID, ACTOR_ID, ACTIVITY_ID];

const NEW_TASK: &[Fact] = in_conversation![
    TASK_ID,
    text("title", "/data/resource/title"),
    text("description", "/data/resource/description"),
    DUE_DATE,
    ACTOR_ID,
    ACTIVITY_ID,
];

/// What hasn't changed isn't told.
const REWORDED_TASK: &[Fact] = in_conversation![
    TASK_ID,
    text("is_title_updated", "/data/resource/updatedFields/title/isUpdated"),
    text("title", "/data/resource/updatedFields/title/updatedValue"),
    text("is_description_updated", "/data/resource/updatedFields/description/isUpdated"),
    text("description", "/data/resource/updatedFields/description/updatedValue"),
    ACTOR_ID,
    ACTIVITY_ID,
];

const ASSIGNED_TASK: &[Fact] =
    in_conversation![TASK_ID, text("assigned_to", "/data/resource/assignedTo"), ACTOR_ID, ACTIVITY_ID];

const UNASSIGNED_TASK: &[Fact] =
    in_conversation![TASK_ID, text("unassigned_from", "/data/resource/unassignedFrom"), ACTOR_ID, ACTIVITY_ID];

const OVERDUE_TASK: &[Fact] = in_conversation![TASK_ID, DUE_DATE, ACTOR_ID, ACTIVITY_ID];

const MOVED_TASK: &[Fact] =
    in_conversation![TASK_ID, text("due_date", "/data/resource/updatedDueDate"), ACTOR_ID, ACTIVITY_ID];

/// Nothing is documented but what every event has.
const INTEGRATION: &[Fact] = &[text("workspace_id", "/data/context/orgId"), LINK, HAPPENED_AT];

pub(super) const ALL: &[Event] = &[
    event("openphone.message.received", "Somebody has sent a text.", SENDER, SENT),
    event("openphone.message.delivered", "A text has reached the phone it was sent to.", RECIPIENT, SENT),
    event("openphone.message.failed", "A text couldn't be sent at all.", RECIPIENT, FAILED),
    event("openphone.message.undelivered", "A text was sent and didn't arrive.", RECIPIENT, UNDELIVERED),
    event("openphone.call.ringing", "A call has begun to ring.", PARTICIPANT, RINGING),
    event("openphone.call.answered", "Somebody, or a voicemail, has picked up.", PARTICIPANT, ANSWERED),
    event("openphone.call.completed", "A call is over, however it went.", PARTICIPANT, COMPLETED),
    event("openphone.call.missed", "A call rang and nobody picked up.", PARTICIPANT, MISSED),
    event("openphone.call.forwarded", "A call has been passed on to another number.", PARTICIPANT, FORWARDED),
    event("openphone.call.menu.selected", "A caller has chosen from the phone menu.", PARTICIPANT, MENU),
    event("openphone.call.recording.completed", "The recording of a call is ready.", PARTICIPANT, RECORDING),
    event("openphone.call.transcript.completed", "What was said in a call is written down.", PARTICIPANT, TRANSCRIPT),
    event("openphone.call.summary.completed", "What a call was about is summed up.", SUMMED_UP, SUMMARY),
    event("openphone.call.voicemail.completed", "A message left on the voicemail is ready.", SPEAKER, VOICEMAIL),
    event("openphone.contact.updated", "A contact has been added or changed.", ITSELF, CONTACT),
    event("openphone.contact.deleted", "A contact has been removed.", ITSELF, CONTACT),
    event("openphone.task.created", "A task has been set up.", Whom::Nobody, NEW_TASK),
    event("openphone.task.updated", "A task is named or described in other words.", Whom::Nobody, REWORDED_TASK),
    event("openphone.task.deleted", "A task has been removed.", Whom::Nobody, TASK),
    event("openphone.task.completed", "A task is done.", Whom::Nobody, TASK),
    event("openphone.task.reopened", "A task that was done is open again.", Whom::Nobody, TASK),
    event("openphone.task.assigned", "A task has been given to somebody.", Whom::Nobody, ASSIGNED_TASK),
    event("openphone.task.unassigned", "A task has been taken from somebody.", Whom::Nobody, UNASSIGNED_TASK),
    event("openphone.task.overdue", "A task should have been done by now.", Whom::Nobody, OVERDUE_TASK),
    event("openphone.task.linked", "A task has been tied to a conversation.", Whom::Nobody, TASK),
    event("openphone.task.unlinked", "A task is no longer tied to a conversation.", Whom::Nobody, TASK),
    event("openphone.task.duedate.updated", "A task is due at another time.", Whom::Nobody, MOVED_TASK),
    event("openphone.task.duedate.removed", "A task has no time any more when it is due.", Whom::Nobody, TASK),
    event("openphone.integration.created", "An integration has been set up.", Whom::Nobody, INTEGRATION),
    event("openphone.integration.updated", "An integration has been changed.", Whom::Nobody, INTEGRATION),
    event("openphone.integration.deleted", "An integration has been taken away.", Whom::Nobody, INTEGRATION),
];
