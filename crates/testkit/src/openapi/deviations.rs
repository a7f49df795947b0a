//! Where requests and answers leave the published descriptions on purpose: the one list of it, which the documentation
//! shows. A test that meets anything else fails, and so does one that no longer meets what stands here.

use std::collections::BTreeSet;

/// What is held against a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// What our client asks GHL for, and what it makes of the documented answers.
    GhlRequests,
    /// The same with `OpenPhone`.
    OpenPhoneRequests,
    /// What the GHL twin answers.
    GhlAnswers,
    /// What the `OpenPhone` twin answers.
    OpenPhoneAnswers,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::GhlRequests, Self::OpenPhoneRequests, Self::GhlAnswers, Self::OpenPhoneAnswers];

    /// For tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::GhlRequests => "requests to GHL",
            Self::OpenPhoneRequests => "requests to OpenPhone",
            Self::GhlAnswers => "answers of the GHL twin",
            Self::OpenPhoneAnswers => "answers of the OpenPhone twin",
        }
    }
}

/// One place where something else than the description counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deviation {
    /// What deviates.
    pub subject: Subject,
    /// Part of what a check says about it.
    pub finding: &'static str,
    /// The section of the provider's contract sheet that justifies it.
    pub section: &'static str,
    /// What that section says.
    pub reason: &'static str,
}

const fn row(subject: Subject, finding: &'static str, section: &'static str, reason: &'static str) -> Deviation {
    Deviation { subject, finding, section, reason }
}

const fn asked(finding: &'static str, section: &'static str, reason: &'static str) -> Deviation {
    row(Subject::GhlRequests, finding, section, reason)
}

const fn twin(finding: &'static str, section: &'static str, reason: &'static str) -> Deviation {
    row(Subject::GhlAnswers, finding, section, reason)
}

const fn quo(finding: &'static str, section: &'static str, reason: &'static str) -> Deviation {
    row(Subject::OpenPhoneAnswers, finding, section, reason)
}

/// All of them.
pub const DEVIATIONS: &[Deviation] = &[
    asked("POST /oauth/reconnect is not described", "2.4", "it is on a help page only"),
    asked(
        "POST /contacts/bulk/tags/update/{type} scopes are None",
        "2.8",
        "none is declared; `contacts.write` is assumed",
    ),
    asked("POST /contacts/bulk/business scopes are None", "2.8", "none is declared; `contacts.write` is assumed"),
    asked("GET /contacts/ 200: $.meta is not described", "4.7", "the cursors still come there"),
    asked("POST /contacts/ 201: cannot be read (NotFound)", "4.11", "a contact that is said to be deleted is gone"),
    asked("POST /contacts/search body", "4.19", "the described body is empty; the search page has its keys"),
    asked("update/{type} 201: $.responses[] is object, not string", "4.22", "the example holds objects"),
    asked("update/{type} 201: cannot be read", "4.22", "a text says nothing about a contact"),
    asked("GET /contacts/lookup is not described", "4.25", "it is on the v3 site only"),
    asked(
        "/locations/{locationId}/tags/{tagId} scopes are Some({})",
        "5",
        "the list is empty; `locations/tags.*` is assumed",
    ),
    asked(
        "/customFields/{fieldId} scopes are Some({})",
        "5",
        "the list is empty; `locations/customFields.*` is assumed",
    ),
    asked("tasks/search 200: $.tasks[] is object, not array", "5", "the item is mistyped"),
    asked("tasks/search 200: an item cannot be read", "5", "the item is mistyped"),
    asked("messages/inbound body $.direction is string, not object", "6", "it is mistyped: its default is a word"),
    row(
        Subject::OpenPhoneRequests,
        "GET /phone-numbers/{id}/users 200: an item cannot be read",
        "3.1",
        "a user's id starts with `US`, which is left out there",
    ),
    twin("$.traceId is not described", "1", "every answer carries it"),
    twin("status 403 is not described", "3", "a token of another location"),
    twin("$.contact.additionalEmails is not described", "4.1", "seen on the wire"),
    twin("$.contact.additionalPhones is not described", "10.1", "seen on the wire"),
    twin("GET /contacts/ 200: $.meta is not described", "4.7", "the cursors still come there"),
    twin("GET /contacts/ 200: $.contacts[]", "4.7", "items carry more than is described"),
    twin("GET /contacts/business/{businessId} 200: $.contacts[]", "4.8", "the items of 4.7"),
    twin("$.responses[] is object, not string", "4.22", "the example holds objects"),
    twin("tasks/search 200: $.tasks[] is object, not array", "5", "the item is mistyped"),
    twin("GET /users/{userId} 200: $.deleted is not described", "5", "part of a user in the lists"),
    twin("messages 200: $.lastMessageId is missing", "6", "the real body is nested twice"),
    twin("messages 200: $.nextPage is missing", "6", "the real body is nested twice"),
    twin("messages 200: $.messages is object, not array", "6", "the real body is nested twice"),
    quo("GET /v1/contacts 400: $.code is not the one value", "3.6", "newer pages also have 0800400"),
    quo("GET /v1/contacts 400: $.title is not the one value", "3.6", "newer pages also have 0800400"),
    quo("GET /v1/contacts 400: $.description is missing", "3.6", "it is on some only"),
    quo("GET /v1/users 401: $.", "3.6", "the gateway's own shape"),
    quo("PATCH /v1/contacts/{id} 200: $.data.customFields[]", "4", "custom values have ids"),
    quo("events/test 200: $.data.context", "9.4", "the context of a contact event has more than `orgId`"),
];

/// Which deviation explains a finding.
pub fn known(subject: Subject, finding: &str) -> Option<usize> {
    DEVIATIONS.iter().position(|one| one.subject == subject && finding.contains(one.finding))
}

/// The deviations of a subject that nothing was explained with.
pub fn unused(subject: Subject, used: &BTreeSet<usize>) -> Vec<&'static Deviation> {
    let all = DEVIATIONS.iter().enumerate().filter(|(_, one)| one.subject == subject);
    all.filter(|(index, _)| !used.contains(index)).map(|(_, one)| one).collect()
}
