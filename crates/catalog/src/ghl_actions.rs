//! What can be done at GHL (contract sheet, sections 4 to 6), in the words of the dated API.
//!
//! Also how tables of actions are written down, for both providers.

use tandem_contact::Side;
use tandem_providers::Operation;
use tandem_providers::ghl::operations as ops;

use super::{Action, Again, Kind, Parameter, Place, Usual};

/// A placeholder of the route, which nothing goes without.
pub(super) const fn route(name: &'static str) -> Parameter {
    Parameter { name, place: Place::Route, kind: Kind::Text, is_required: true, usual: None }
}

const fn body(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, place: Place::Body, kind, is_required: false, usual: None }
}

/// A key of the body with a text.
pub(super) const fn text(name: &'static str) -> Parameter {
    body(name, Kind::Text)
}

/// A key of the body with a list of texts.
pub(super) const fn texts(name: &'static str) -> Parameter {
    body(name, Kind::Texts)
}

/// A key of the body with something that has parts.
pub(super) const fn any(name: &'static str) -> Parameter {
    body(name, Kind::Any)
}

const fn number(name: &'static str) -> Parameter {
    body(name, Kind::Number)
}

const fn flag(name: &'static str) -> Parameter {
    body(name, Kind::Flag)
}

impl Parameter {
    /// The same where it can't be left out.
    pub(super) const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// The same with something that stands there by itself.
    pub(super) const fn usually(self, usual: Usual) -> Self {
        Self { usual: Some(usual), ..self }
    }
}

const fn harmless(operation: &'static Operation, what: &'static str, parameters: &'static [Parameter]) -> Action {
    Action { operation, side: Side::Ghl, what, parameters, again: Again::Harmless, reaches_people: false }
}

const fn twice(operation: &'static Operation, what: &'static str, parameters: &'static [Parameter]) -> Action {
    Action { again: Again::Twice, ..harmless(operation, what, parameters) }
}

/// One list after the other; `N` is the length of both.
const fn joined<const N: usize>(first: &[Parameter], rest: &[Parameter]) -> [Parameter; N] {
    assert!(first.len() + rest.len() == N, "not the length of both");
    let mut both = [first[0]; N];
    let mut at = 1;
    while at < N {
        both[at] = if at < first.len() { first[at] } else { rest[at - first.len()] };
        at += 1;
    }
    both
}

const CONTACT: Parameter = route("id").usually(Usual::Contact);
const TASK: Parameter = route("taskId").usually(Usual::Subject);
const NOTE: Parameter = route("noteId").usually(Usual::Subject);
const LOCATION: Parameter = route("locationId").usually(Usual::Location);
const MESSAGE: Parameter = route("messageId");

const IN_LOCATION: Parameter = text("locationId").required().usually(Usual::Location);
const WITH_CONTACT: Parameter = text("contactId").required().usually(Usual::Contact);
const IN_CONVERSATION: Parameter = text("conversationId").usually(Usual::Subject);
const BY_PROVIDER: Parameter = text("conversationProviderId").required();
const TAGS: Parameter = texts("tags").required();
const FOLLOWERS: Parameter = texts("followers").required();
const NAME: Parameter = text("name").required();

/// What a contact can be made and changed with.
const FIELDS: [Parameter; 20] = [
    text("firstName"),
    text("lastName"),
    text("name"),
    text("email"),
    text("phone"),
    text("address1"),
    text("city"),
    text("state"),
    text("postalCode"),
    text("country"),
    text("website"),
    text("timezone"),
    text("source"),
    text("dateOfBirth"),
    text("assignedTo"),
    texts("tags"),
    any("customFields"),
    flag("dnd"),
    any("dndSettings"),
    any("inboundDndSettings"),
];
/// What can be said at creation only comes first.
const NEW: [Parameter; 23] = joined(&[IN_LOCATION, text("companyName"), text("gender")], &FIELDS);
const NEW_OR_CHANGED: [Parameter; 24] = joined(&NEW, &[flag("createNewIfDuplicateAllowed")]);
const CHANGED: [Parameter; 21] = joined(&[CONTACT], &FIELDS);

pub(super) const ALL: &[Action] = &[
    twice(&ops::CONTACT_CREATE, "Makes a contact.", &NEW),
    twice(
        &ops::CONTACT_UPSERT,
        "Changes the contact that has this number or address, or makes one; tags that are named replace the old ones.",
        &NEW_OR_CHANGED,
    ),
    harmless(&ops::CONTACT_UPDATE, "Changes what a contact says; tags that are named replace the old ones.", &CHANGED),
    harmless(&ops::CONTACT_DELETE, "Deletes a contact.", &[CONTACT]),
    harmless(&ops::CONTACT_TAGS_ADD, "Adds tags to a contact.", &[CONTACT, TAGS]),
    harmless(&ops::CONTACT_TAGS_REMOVE, "Takes tags off a contact.", &[CONTACT, TAGS]),
    harmless(
        &ops::CONTACTS_BULK_TAGS,
        "Adds tags to several contacts or takes them off, as `type` says: `add` or `remove`.",
        &[route("type"), IN_LOCATION, texts("contacts").required(), TAGS, flag("removeAllTags")],
    ),
    harmless(
        &ops::CONTACTS_BULK_BUSINESS,
        "Puts several contacts into a company.",
        &[IN_LOCATION, texts("ids").required(), text("businessId").required()],
    ),
    harmless(&ops::CONTACT_FOLLOWERS_ADD, "Makes users follow a contact.", &[CONTACT, FOLLOWERS]),
    harmless(&ops::CONTACT_FOLLOWERS_REMOVE, "Makes users follow a contact no longer.", &[CONTACT, FOLLOWERS]),
    twice(&ops::CONTACT_CAMPAIGN_ADD, "Starts a campaign for a contact.", &[CONTACT, route("campaignId")]),
    harmless(&ops::CONTACT_CAMPAIGN_REMOVE, "Takes a contact out of a campaign.", &[CONTACT, route("campaignId")]),
    harmless(&ops::CONTACT_CAMPAIGNS_CLEAR, "Takes a contact out of all campaigns.", &[CONTACT]),
    twice(
        &ops::CONTACT_WORKFLOW_ADD,
        "Starts a workflow for a contact.",
        &[CONTACT, route("workflowId"), text("eventStartTime")],
    ),
    harmless(
        &ops::CONTACT_WORKFLOW_REMOVE,
        "Takes a contact out of a workflow.",
        &[CONTACT, route("workflowId"), text("eventStartTime")],
    ),
    twice(
        &ops::CONTACT_TASK_CREATE,
        "Makes a task on a contact.",
        &[
            CONTACT,
            text("title").required(),
            text("dueDate").required(),
            flag("completed").required(),
            text("body"),
            text("assignedTo"),
        ],
    ),
    harmless(
        &ops::CONTACT_TASK_UPDATE,
        "Changes a task.",
        &[CONTACT, TASK, text("title"), text("dueDate"), flag("completed"), text("body"), text("assignedTo")],
    ),
    harmless(
        &ops::CONTACT_TASK_COMPLETE,
        "Marks a task as done, or as still to do.",
        &[CONTACT, TASK, flag("completed").required()],
    ),
    harmless(&ops::CONTACT_TASK_DELETE, "Deletes a task.", &[CONTACT, TASK]),
    twice(
        &ops::CONTACT_NOTE_CREATE,
        "Writes a note on a contact.",
        &[CONTACT, text("body").required(), text("title"), text("userId"), text("color"), flag("pinned")],
    ),
    harmless(
        &ops::CONTACT_NOTE_UPDATE,
        "Changes a note.",
        &[CONTACT, NOTE, text("body"), text("title"), text("userId"), text("color"), flag("pinned")],
    ),
    harmless(&ops::CONTACT_NOTE_DELETE, "Deletes a note.", &[CONTACT, NOTE]),
    twice(&ops::LOCATION_TAG_CREATE, "Makes a tag in the location.", &[LOCATION, NAME]),
    harmless(&ops::LOCATION_TAG_UPDATE, "Renames a tag of the location.", &[LOCATION, route("tagId"), NAME]),
    harmless(&ops::LOCATION_TAG_DELETE, "Deletes a tag of the location.", &[LOCATION, route("tagId")]),
    twice(
        &ops::CUSTOM_FIELD_CREATE,
        "Defines a custom field.",
        &[
            LOCATION,
            NAME,
            text("dataType").required(),
            text("model"),
            text("placeholder"),
            number("position"),
            any("textBoxListOptions"),
            texts("acceptedFormat"),
            flag("isMultipleFile"),
            number("maxNumberOfFiles"),
        ],
    ),
    harmless(
        &ops::CUSTOM_FIELD_UPDATE,
        "Changes what a custom field is.",
        &[
            LOCATION,
            route("fieldId"),
            NAME,
            text("model"),
            text("placeholder"),
            number("position"),
            any("textBoxListOptions"),
            texts("acceptedFormat"),
            flag("isMultipleFile"),
            number("maxNumberOfFiles"),
        ],
    ),
    harmless(&ops::CUSTOM_FIELD_DELETE, "Deletes a custom field.", &[LOCATION, route("fieldId")]),
    twice(&ops::CONVERSATION_CREATE, "Opens a conversation with a contact.", &[IN_LOCATION, WITH_CONTACT]),
    twice(
        &ops::MESSAGE_LOG,
        "Logs a message, or a call from a contact; without `direction` it counts as sent.",
        &[
            text("type").required(),
            WITH_CONTACT,
            // The contact alone will do (section 6).
            IN_CONVERSATION,
            BY_PROVIDER,
            text("direction"),
            text("message"),
            text("date"),
            text("altId"),
            texts("attachments"),
            any("call"),
            text("subject"),
            text("html"),
            text("emailFrom"),
            text("emailTo"),
            texts("emailCc"),
            texts("emailBcc"),
            text("emailMessageId"),
        ],
    ),
    twice(
        &ops::CALL_LOG,
        "Logs a call to a contact.",
        &[
            text("type").required(),
            IN_CONVERSATION.required(),
            BY_PROVIDER,
            any("call"),
            text("date"),
            text("altId"),
            texts("attachments"),
        ],
    ),
    harmless(
        &ops::MESSAGE_STATUS,
        "Says how far a message got.",
        &[MESSAGE, text("status").required(), any("error"), text("emailMessageId"), texts("recipients")],
    ),
    harmless(
        &ops::MESSAGE_ATTACHMENTS,
        "Replaces what is attached to a logged call.",
        &[MESSAGE, texts("attachments").required()],
    ),
];
