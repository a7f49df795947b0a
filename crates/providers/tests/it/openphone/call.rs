//! Calls of both surfaces, and what they leave behind.

use serde_json::{Value as Json, json};
use tandem_providers::openphone::Surface;
use tandem_providers::openphone::call::artefact::{self, Line, Recording, Summary, Transcript, Voicemail};
use tandem_providers::openphone::call::{self, Call, Filter};
use tandem_providers::openphone::response::Listing;

use super::{ANA, AT, BOTH, asks, at, id, pick, window};

fn shown(surface: Surface) -> Json {
    let mut shown = json!({ "id": "AC1", "phoneNumberId": "PN1", "direction": "incoming", "status": "completed",
        "duration": 55, "createdAt": AT, "answeredAt": AT, "completedAt": AT });
    shown[pick(surface, "userId", "actorId")] = "US1".into();
    shown["participants"] = pick(surface, json!([ANA]), json!([{ "phoneNumber": ANA }]));
    shown
}

fn held() -> Call {
    Call {
        id: id("AC1"),
        number: Some(id("PN1")),
        participants: vec![ANA.to_owned()],
        direction: Some("incoming".to_owned()),
        status: Some("completed".to_owned()),
        seconds: Some(55),
        actor: Some(id("US1")),
        created_at: at(),
        answered_at: at(),
        completed_at: at(),
    }
}

#[test]
pub(crate) fn calls_are_listed_and_read() {
    let page = || Listing { items: vec![held()], unreadable: 0, next: Some("n1".to_owned()) };
    let (from, to) = ("2026-01-01T00%3A00%3A00Z", "2026-02-01T00%3A00%3A00Z");
    asks(
        call::list_v1(&id("PN1"), ANA, &window(), Some("n0")),
        &format!(
            "GET /v1/calls?maxResults=100&pageToken=n0&phoneNumberId=PN1&participants=%2B14155550123\
             &createdAfter={from}&createdBefore={to}"
        ),
    )
    .answered(200, json!({ "data": [shown(Surface::V1)], "totalItems": 7, "nextPageToken": "n1" }))
    .reads(call::page, page());
    let filter = Filter { number: Some(id("PN1")), participant: Some(ANA.to_owned()), created: window() };
    asks(
        call::list(&filter, Some("n0")),
        &format!(
            "GET /calls?limit=50&after=n0&phoneNumberId=PN1&participant=%2B14155550123&createdAt%5Bgte%5D={from}\
             &createdAt%5Blte%5D={to}"
        ),
    )
    .answered(200, json!({ "data": [shown(Surface::Dated)], "nextCursor": "n1" }))
    .reads(call::page, page());
    for surface in BOTH {
        asks(call::get(surface, &id("AC1")), &format!("GET {}/calls/AC1", pick(surface, "/v1", "")))
            .answered(200, json!({ "data": shown(surface) }))
            .reads(call::call, held());
    }
}

#[test]
pub(crate) fn recordings_summaries_transcripts_and_voicemails_are_read() {
    let text = |text: &str| Some(text.to_owned());
    let recording = || Recording {
        id: id("CR1"),
        status: text("completed"),
        seconds: Some(55),
        url: text("https://example.com/1.mp3"),
    };
    let shown = json!({ "id": "CR1", "status": "completed", "duration": 55, "url": "https://example.com/1.mp3" });
    asks(artefact::recordings_v1(&id("AC1")), "GET /v1/call-recordings/AC1")
        .answered(200, json!({ "data": [shown] }))
        .reads(artefact::recordings_page, Listing { items: vec![recording()], unreadable: 0, next: None });
    asks(artefact::recordings(&id("AC1"), Some("n0")), "GET /calls/AC1/recordings?limit=50&after=n0")
        .answered(200, json!({ "data": [shown], "nextCursor": "n1" }))
        .reads(artefact::recordings_page, Listing { items: vec![recording()], unreadable: 0, next: text("n1") });
    let summary = Summary {
        call: id("AC1"),
        status: text("completed"),
        points: vec!["Ana agreed".to_owned()],
        next_steps: vec!["Send the offer".to_owned()],
    };
    asks(artefact::summary(&id("AC1")), "GET /v1/call-summaries/AC1")
        .answered(
            200,
            json!({ "data": { "callId": "AC1", "status": "completed", "summary": ["Ana agreed"],
                "nextSteps": ["Send the offer"] } }),
        )
        .reads(artefact::read_summary, summary);
    let voicemail = Voicemail {
        id: id("VM1"),
        status: text("completed"),
        seconds: Some(3),
        transcript: text("Call me"),
        url: text("https://example.com/2.mp3"),
    };
    asks(artefact::voicemail(&id("AC1")), "GET /v1/call-voicemails/AC1")
        .answered(
            200,
            json!({ "data": { "id": "VM1", "status": "completed", "duration": 3, "transcript": "Call me",
                "recordingUrl": "https://example.com/2.mp3" } }),
        )
        .reads(artefact::read_voicemail, voicemail);
}

#[test]
pub(crate) fn transcripts_of_both_surfaces_are_read_line_by_line() {
    let text = |text: &str| Some(text.to_owned());
    let line = |actor| Line { speaker: text(ANA), actor, text: "Hello".to_owned() };
    let transcript = |recording| Transcript {
        status: "completed".to_owned(),
        recording,
        lines: vec![line(Some(id("US1"))), line(None)],
    };
    let spoken = |key: &str| {
        json!([{ "content": "Hello", "start": 1, "end": 2, "identifier": ANA, key: "US1" },
            { "content": "Hello", "start": 2, "end": 3, "identifier": ANA, key: null }])
    };
    asks(artefact::transcript_v1(&id("AC1")), "GET /v1/call-transcripts/AC1")
        .answered(200, json!({ "data": { "callId": "AC1", "status": "completed", "dialogue": spoken("userId") } }))
        .reads(artefact::read_transcript, transcript(None));
    asks(artefact::transcripts(&id("AC1"), Some("n0")), "GET /calls/AC1/transcripts?limit=50&after=n0")
        .answered(
            200,
            json!({ "data": [{ "recordingId": "CR1", "status": "completed", "dialogue": spoken("actorId") }],
                "nextCursor": null }),
        )
        .reads(
            artefact::transcripts_page,
            Listing { items: vec![transcript(Some(id("CR1")))], unreadable: 0, next: None },
        );
}
