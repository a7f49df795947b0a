//! What a call leaves behind: recordings, a summary, a transcript, a voicemail. Summaries and transcripts need a larger plan
//! (contract sheet, section 2).

use serde_json::{Map, Value as Json};

use crate::{ApiError, Request, Response, json};

use super::super::response::{Listing, listing, one};
use super::super::{Id, Surface, operations as ops, wire};

const PAGE_SIZE: &str = "50";

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Its id.
    pub id: Id,
    /// How far it is; the address comes with `completed`.
    pub status: Option<String>,
    /// Its length.
    pub seconds: Option<u64>,
    /// Where it can be fetched.
    pub url: Option<String>,
}

/// A summary written by `OpenPhone`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The call.
    pub call: Id,
    /// `absent`, `in-progress`, `completed` or `failed`.
    pub status: Option<String>,
    /// What was said, point by point.
    pub points: Vec<String>,
    /// What is to be done.
    pub next_steps: Vec<String>,
}

/// What was said, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// `absent`, `in-progress`, `completed` or `failed`.
    pub status: String,
    /// The recording that it belongs to; dated only.
    pub recording: Option<Id>,
    /// Line by line.
    pub lines: Vec<Line>,
}

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The speaker's number.
    pub speaker: Option<String>,
    /// Who of our side spoke.
    pub actor: Option<Id>,
    /// What was said.
    pub text: String,
}

/// A voicemail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voicemail {
    /// Its id.
    pub id: Id,
    /// `completed` or `in-progress`.
    pub status: Option<String>,
    /// Its length.
    pub seconds: Option<u64>,
    /// What was said.
    pub transcript: Option<String>,
    /// Where it can be fetched.
    pub url: Option<String>,
}

/// `GET /v1/call-recordings/{id}`: all of them at once.
pub fn recordings_v1(call: &Id) -> Request {
    wire::build(&ops::V1_CALL_RECORDINGS, &[call.as_str()])
}

/// `GET /calls/{id}/recordings`.
pub fn recordings(call: &Id, after: Option<&str>) -> Request {
    wire::query(&ops::CALL_RECORDINGS, &[call.as_str()], &Surface::Dated.page(PAGE_SIZE, after))
}

/// `GET /v1/call-summaries/{id}`.
pub fn summary(call: &Id) -> Request {
    wire::build(&ops::V1_CALL_SUMMARY, &[call.as_str()])
}

/// `GET /v1/call-transcripts/{id}`.
pub fn transcript_v1(call: &Id) -> Request {
    wire::build(&ops::V1_CALL_TRANSCRIPT, &[call.as_str()])
}

/// `GET /calls/{id}/transcripts`: one per recording.
pub fn transcripts(call: &Id, after: Option<&str>) -> Request {
    wire::query(&ops::CALL_TRANSCRIPTS, &[call.as_str()], &Surface::Dated.page(PAGE_SIZE, after))
}

/// `GET /v1/call-voicemails/{id}`.
pub fn voicemail(call: &Id) -> Request {
    wire::build(&ops::V1_CALL_VOICEMAIL, &[call.as_str()])
}

/// The answer to [`recordings_v1`] or [`recordings`].
pub fn recordings_page(response: &Response) -> Result<Listing<Recording>, ApiError> {
    listing(response, |recording| {
        Some(Recording {
            id: Id::read(recording, "id")?,
            status: json::text(recording, "status"),
            seconds: recording.get("duration").and_then(Json::as_u64),
            url: json::text(recording, "url"),
        })
    })
}

/// The answer to [`summary`].
pub fn read_summary(response: &Response) -> Result<Summary, ApiError> {
    one(response, |summary| {
        let texts = |key| json::list(summary, key).iter().filter_map(json::plain).collect();
        Some(Summary {
            call: Id::read(summary, "callId")?,
            status: json::text(summary, "status"),
            points: texts("summary"),
            next_steps: texts("nextSteps"),
        })
    })
}

/// The answer to [`transcript_v1`].
pub fn read_transcript(response: &Response) -> Result<Transcript, ApiError> {
    one(response, transcript)
}

/// The answer to [`transcripts`].
pub fn transcripts_page(response: &Response) -> Result<Listing<Transcript>, ApiError> {
    listing(response, transcript)
}

/// The answer to [`voicemail`].
pub fn read_voicemail(response: &Response) -> Result<Voicemail, ApiError> {
    one(response, |voicemail| {
        Some(Voicemail {
            id: Id::read(voicemail, "id")?,
            status: json::text(voicemail, "status"),
            seconds: voicemail.get("duration").and_then(Json::as_u64),
            transcript: json::text(voicemail, "transcript"),
            url: json::text(voicemail, "recordingUrl"),
        })
    })
}

fn transcript(transcript: &Map<String, Json>) -> Option<Transcript> {
    let line = |item: &Json| {
        let item = item.as_object()?;
        Some(Line {
            speaker: json::text(item, "identifier"),
            actor: Id::read(item, "actorId").or_else(|| Id::read(item, "userId")),
            text: json::text(item, "content")?,
        })
    };
    Some(Transcript {
        status: json::text(transcript, "status")?,
        recording: Id::read(transcript, "recordingId"),
        lines: json::list(transcript, "dialogue").iter().filter_map(line).collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::openphone::tests::{answer, id};

    #[test]
    fn what_is_not_there_yet_is_read_as_such() {
        let summary = json!({"data": {"callId": "AC1", "status": "in-progress", "summary": null, "nextSteps": null}});
        let summary = read_summary(&answer(200, &summary)).unwrap();
        assert_eq!((summary.status.as_deref(), summary.points.len()), (Some("in-progress"), 0));
        let transcript = json!({"data": {"callId": "AC1", "status": "absent", "dialogue": null}});
        assert_eq!(read_transcript(&answer(200, &transcript)).unwrap().lines, []);
        let voicemail = json!({"data": {"id": "VM1", "status": "in-progress", "transcript": null}});
        assert_eq!(read_voicemail(&answer(200, &voicemail)).unwrap().url, None);
    }

    #[test]
    fn what_is_there_is_read() {
        let recordings = json!({"data": [{"id": "CR1", "status": "completed", "duration": 3,
            "url": "https://example.com/1.mp3"}, {"status": "absent"}]});
        let recordings = recordings_page(&answer(200, &recordings)).unwrap();
        assert_eq!((recordings.items[0].seconds, recordings.unreadable), (Some(3), 1));
        let v1 = json!({"content": "Hello", "identifier": "+14155550123", "userId": null});
        let dated = json!({"content": "Hello", "identifier": null, "actorId": "US1"});
        let transcript = json!({"data": {"status": "completed", "dialogue": [v1, dated, {}]}});
        let lines = read_transcript(&answer(200, &transcript)).unwrap().lines;
        assert_eq!((lines.len(), lines[0].speaker.as_deref()), (2, Some("+14155550123")));
        assert_eq!(lines[1].actor, Some(id("US1")));
        let page = json!({"data": [{"recordingId": "CR1", "status": "completed", "dialogue": []}], "nextCursor": "n"});
        let page = transcripts_page(&answer(200, &page)).unwrap();
        assert_eq!((page.items[0].recording.clone(), page.next.as_deref()), (Some(id("CR1")), Some("n")));
        let summary = json!({"data": {"callId": "AC1", "status": "completed", "summary": ["a"], "nextSteps": ["b"]}});
        assert_eq!(read_summary(&answer(200, &summary)).unwrap().next_steps, ["b"]);
    }
}
