//! `GET /contacts/lookup`: the exact search of v3. Under a dated version its path is an unknown contact.

use serde_json::{Value, json};

use crate::ghl::contact::Contact;
use crate::ghl::contacts::READ;
use crate::ghl::reads::location_in_query;
use crate::ghl::routes::{Reply, Rule, Who, reply};
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::version::Version;
use crate::ghl::{errors, views};

pub(super) const RULES: &[Rule] =
    &[Rule::new("GET /contacts/lookup", READ, lookup).only(Version::V3).by(Who::LocationOauth)];

/// The largest page.
const MOST: usize = 20;

fn lookup(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    location_in_query(ghl, asked)?;
    let location = &ghl.locations[asked.at];
    let matches: Box<dyn Fn(&Contact) -> bool> = match (asked.call.param("email"), asked.call.param("phone")) {
        (Some(email), None) => {
            let wanted = email.to_lowercase();
            Box::new(move |contact| holds(contact.text("email"), &contact.more_emails, &wanted))
        }
        (None, Some(phone)) if phone.starts_with('+') => {
            Box::new(move |contact| holds(contact.text("phone"), &contact.more_phones, phone))
        }
        (None, Some(_)) => return Err(errors::bad_request("phone must be in E.164 format")),
        _ => return Err(errors::bad_request("Pass exactly one of email, phone")),
    };
    let limit = asked.call.param("limit").map_or(Ok(MOST), str::parse::<usize>);
    let limit = limit.ok().filter(|limit| (1..=MOST).contains(limit));
    let limit = limit.ok_or_else(|| errors::unprocessable(&["limit must not be greater than 20".to_owned()]))?;
    let skip: usize = asked.call.param("nextCursor").and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let rows = location.shelf.rows().map(|(_, row)| row).filter(|row| matches(row));
    let page: Vec<Value> =
        rows.skip(skip).take(limit).map(|row| views::whole(row, &location.config.id, asked.version)).collect();
    // A full page has a cursor, even when nothing follows.
    let next = (page.len() == limit).then(|| (skip + limit).to_string());
    reply(200, json!({ "contacts": page, "nextCursor": next }))
}

fn holds(first: Option<&str>, more: &[Box<str>], wanted: &str) -> bool {
    first.into_iter().chain(more.iter().map(|one| &**one)).any(|held| held.eq_ignore_ascii_case(wanted))
}
