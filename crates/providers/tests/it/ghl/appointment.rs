//! Appointments of a contact.

use serde_json::json;
use tandem_providers::ghl::appointment::{self, Appointment};
use tandem_providers::ghl::response::Listing;

use super::{ana, id};
use crate::exchange::Api;

#[test]
pub(crate) fn appointments_are_read() {
    let text = |text: &str| Some(text.to_owned());
    for api in Api::GHL {
        let visit = Appointment {
            id: id("a1"),
            title: text("Visit"),
            status: text("confirmed"),
            start: text("2026-12-01 11:00:00"),
            end: text("2026-12-01 12:00:00"),
            user: Some(id("u1")),
        };
        api.asks(appointment::list(&ana(), &api.version()), "GET /contacts/c1/appointments")
            .answered(
                200,
                json!({ "events": [{ "id": "a1", "title": "Visit", "appointmentStatus": "confirmed",
                    "startTime": "2026-12-01 11:00:00", "endTime": "2026-12-01 12:00:00", "assignedUserId": "u1" }] }),
            )
            .reads(appointment::appointments, Listing { items: vec![visit], unreadable: 0 });
    }
}
