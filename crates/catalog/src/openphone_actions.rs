//! What can be done at `OpenPhone`, on both surfaces (contract sheet, sections 4 to 7).

use tandem_contact::Side;
use tandem_providers::Operation;
use tandem_providers::openphone::operations as ops;

use super::ghl_actions::{any, route, text, texts};
use super::{Action, Again, Parameter, Usual};

const fn harmless(operation: &'static Operation, what: &'static str, parameters: &'static [Parameter]) -> Action {
    Action { operation, side: Side::OpenPhone, what, parameters, again: Again::Harmless, reaches_people: false }
}

const fn twice(operation: &'static Operation, what: &'static str, parameters: &'static [Parameter]) -> Action {
    Action { again: Again::Twice, ..harmless(operation, what, parameters) }
}

const fn reaching(action: Action) -> Action {
    Action { reaches_people: true, ..action }
}

const CONTACT: Parameter = route("id").usually(Usual::Contact);
const NOTE: Parameter = route("noteId").usually(Usual::Subject);
const PROPERTY: Parameter = route("propertyId");
/// A task or a conversation.
const SUBJECT: Parameter = route("id").usually(Usual::Subject);

const IN_CONVERSATION: Parameter = text("conversationId").required().usually(Usual::Subject);
const TITLE: Parameter = text("title").required();
const DESCRIPTION: Parameter = text("description").required();
const DUE: Parameter = text("dueDate").required();
const USER: Parameter = text("userId").required();
const NOTE_TEXT: Parameter = text("text").required();

pub(super) const ALL: &[Action] = &[
    twice(
        &ops::V1_CONTACT_CREATE,
        "Makes a contact with everything in it.",
        &[
            any("defaultFields").required(),
            any("customFields"),
            text("externalId"),
            text("source"),
            text("sourceUrl"),
            text("createdByUserId"),
        ],
    ),
    harmless(
        &ops::V1_CONTACT_PATCH,
        "Replaces what a contact says; numbers, addresses and custom values that are left out are lost.",
        &[CONTACT, any("defaultFields"), any("customFields"), text("externalId"), text("source"), text("sourceUrl")],
    ),
    harmless(&ops::V1_CONTACT_DELETE, "Deletes a contact.", &[CONTACT]),
    twice(
        &ops::CONTACT_CREATE,
        "Makes a contact without numbers and addresses.",
        &[
            text("firstName").required(),
            text("lastName"),
            text("company"),
            text("role"),
            text("externalId"),
            text("source"),
            text("sourceUrl"),
            text("actorId"),
        ],
    ),
    harmless(
        &ops::CONTACT_PATCH,
        "Changes the names, the company or the role of a contact.",
        &[
            CONTACT,
            text("firstName"),
            text("lastName"),
            text("company"),
            text("role"),
            text("externalId"),
            text("source"),
            text("sourceUrl"),
        ],
    ),
    harmless(&ops::CONTACT_DELETE, "Deletes a contact.", &[CONTACT]),
    twice(
        &ops::PROPERTY_CREATE,
        "Adds a number, an address or another value to a contact.",
        &[CONTACT, text("type").required(), any("value").required(), text("name")],
    ),
    harmless(
        &ops::PROPERTY_PATCH,
        "Changes a number, an address or another value of a contact.",
        &[CONTACT, PROPERTY, any("value"), text("name")],
    ),
    harmless(
        &ops::PROPERTY_DELETE,
        "Removes a number, an address or another value from a contact.",
        &[CONTACT, PROPERTY],
    ),
    twice(&ops::NOTE_CREATE, "Writes a note on a contact.", &[CONTACT, NOTE_TEXT]),
    harmless(&ops::NOTE_PATCH, "Changes a note.", &[CONTACT, NOTE, NOTE_TEXT]),
    harmless(&ops::NOTE_DELETE, "Deletes a note.", &[CONTACT, NOTE]),
    harmless(&ops::V1_CONVERSATION_READ, "Marks a conversation as read.", &[SUBJECT]),
    harmless(&ops::V1_CONVERSATION_DONE, "Marks a conversation as done.", &[SUBJECT]),
    harmless(&ops::V1_CONVERSATION_OPEN, "Marks a conversation as open.", &[SUBJECT]),
    harmless(&ops::CONVERSATION_READ, "Marks a conversation as read.", &[SUBJECT]),
    harmless(&ops::CONVERSATION_DONE, "Marks a conversation as done.", &[SUBJECT]),
    harmless(&ops::CONVERSATION_OPEN, "Marks a conversation as open.", &[SUBJECT]),
    twice(
        &ops::V1_TASK_CREATE,
        "Makes a task on exactly one of these: a number, a conversation, or a message or call.",
        &[
            TITLE,
            DESCRIPTION,
            text("phoneNumberId"),
            // Nothing stands there by itself: it would be there beside another one, which is refused.
            text("conversationId"),
            text("activityId"),
            text("dueDate"),
            text("assignedTo"),
        ],
    ),
    harmless(&ops::V1_TASK_UPDATE, "Changes title and description of a task.", &[SUBJECT, TITLE, DESCRIPTION]),
    harmless(&ops::V1_TASK_DELETE, "Deletes a task.", &[SUBJECT]),
    harmless(&ops::V1_TASK_COMPLETE, "Marks a task as done.", &[SUBJECT]),
    harmless(&ops::V1_TASK_REOPEN, "Marks a task as still to do.", &[SUBJECT]),
    harmless(&ops::V1_TASK_ASSIGN, "Gives a task to a user.", &[SUBJECT, USER]),
    harmless(&ops::V1_TASK_UNASSIGN, "Takes a task from a user.", &[SUBJECT, USER]),
    harmless(&ops::V1_TASK_DUE_SET, "Says until when a task is to be done.", &[SUBJECT, DUE]),
    harmless(&ops::V1_TASK_DUE_REMOVE, "Takes away the time until which a task is to be done.", &[SUBJECT]),
    harmless(&ops::V1_TASK_LINK, "Puts a task on a conversation.", &[SUBJECT, IN_CONVERSATION]),
    harmless(&ops::V1_TASK_UNLINK, "Takes a task off a conversation.", &[SUBJECT, IN_CONVERSATION]),
    twice(
        &ops::TASK_CREATE,
        "Makes a task on a conversation.",
        &[TITLE, DESCRIPTION, IN_CONVERSATION, text("dueDate"), text("assignedTo")],
    ),
    harmless(&ops::TASK_UPDATE, "Changes title and description of a task.", &[SUBJECT, TITLE, DESCRIPTION]),
    harmless(&ops::TASK_DELETE, "Deletes a task.", &[SUBJECT]),
    harmless(
        &ops::TASK_STATUS,
        "Marks a task as `open`, `completed` or `deleted`.",
        &[SUBJECT, text("status").required()],
    ),
    harmless(&ops::TASK_ASSIGN, "Gives a task to a user.", &[SUBJECT, USER]),
    harmless(&ops::TASK_UNASSIGN, "Takes a task from a user.", &[SUBJECT, USER]),
    harmless(&ops::TASK_DUE_SET, "Says until when a task is to be done.", &[SUBJECT, DUE]),
    harmless(&ops::TASK_DUE_REMOVE, "Takes away the time until which a task is to be done.", &[SUBJECT]),
    harmless(&ops::TASK_LINK, "Puts a task on a conversation.", &[SUBJECT, IN_CONVERSATION]),
    harmless(&ops::TASK_UNLINK, "Takes a task off a conversation.", &[SUBJECT, IN_CONVERSATION]),
    reaching(twice(
        &ops::V1_MESSAGE_SEND,
        "Sends a text message, one for the whole group where it goes to several numbers.",
        &[
            text("content").required(),
            text("from").required(),
            texts("to").required(),
            text("userId"),
            text("setInboxStatus"),
        ],
    )),
];
