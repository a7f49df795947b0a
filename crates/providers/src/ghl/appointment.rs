//! A contact's appointments, read only (contract sheet, section 4.6).

use serde_json::{Map, Value as Json};

use crate::{ApiError, ContactId, Request, Response, json};

use super::request::build;
use super::response::{Listing, listing};
use super::{ApiVersion, Id, operations as ops};

/// An appointment of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Its id.
    pub id: Id,
    /// What it is about.
    pub title: Option<String>,
    /// `confirmed`, `cancelled`, `showed` and others; GHL lists them nowhere.
    pub status: Option<String>,
    /// When it starts, as GHL writes it: without a zone, and nobody says which one is meant.
    pub start: Option<String>,
    /// When it ends, in the same way.
    pub end: Option<String>,
    /// The user who has it.
    pub user: Option<Id>,
}

/// `GET /contacts/{id}/appointments`; all of them, there are no pages.
pub fn list(contact: &ContactId, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_APPOINTMENTS_LIST, version, &[contact.as_str()])
}

/// The answer to [`list`].
pub fn appointments(response: &Response) -> Result<Listing<Appointment>, ApiError> {
    listing(response, "events", appointment)
}

fn appointment(event: &Map<String, Json>) -> Option<Appointment> {
    Some(Appointment {
        id: Id::read(event, "id")?,
        title: json::text(event, "title"),
        status: json::text(event, "appointmentStatus").or_else(|| json::text(event, "status")),
        start: json::text(event, "startTime"),
        end: json::text(event, "endTime"),
        user: Id::read(event, "assignedUserId"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_without_a_zone_stay_text() {
        let body = serde_json::json!({ "events": [{}, { "id": "a1", "startTime": "2021-07-16 11:00:00",
            "appointmentStatus": "confirmed", "status": "booked" }] });
        let response = http::Response::builder().status(200).body(body.to_string().into()).unwrap();
        let Listing { items: found, unreadable } = appointments(&response).unwrap();
        assert_eq!((found.len(), unreadable), (1, 1));
        assert_eq!(found[0].start.as_deref(), Some("2021-07-16 11:00:00"));
        assert_eq!(found[0].status.as_deref(), Some("confirmed"));
    }
}
