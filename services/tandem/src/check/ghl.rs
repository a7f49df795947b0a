//! A connection's location at GHL.

mod things;
mod trial;

use std::collections::BTreeMap;

use jiff::Timestamp;
use tandem_contact::{Field, Side, trial as look};
use tandem_credentials::Status;
use tandem_providers::ghl::search::{self, Search};
use tandem_providers::ghl::{ApiVersion, GhlView, Id, custom_field, location, operations as ops, request, response};
use tandem_providers::{ApiError, ContactId, CustomDefinition, CustomPlaces, Response};

use super::caller::Key;
use super::exam::{Exam, or_gone};
use super::obstacle::{Kind, Obstacle};
use super::plan;
use super::report::Status as Ended;
use super::verdict::Verdict;

/// An id that no contact has, where there is none to read.
const NOBODY: &str = "TandemCheck000000000";
/// Why nothing is written.
const READ_ONLY: &str = "writes are tried with --write only";

/// What the checks of a location need beyond the way to it.
pub(super) struct Location<'a> {
    pub(super) id: &'a Id,
    pub(super) version: &'a ApiVersion,
    pub(super) view: &'a GhlView,
    /// Whether writes are to be tried.
    pub(super) writes: bool,
}

impl Location<'_> {
    /// All checks of the location, in order.
    pub(super) async fn examine(&self, exam: &mut Exam<'_>) {
        let Some(anybody) = self.search(exam).await else { return };
        let company = self.settings(exam, anybody.is_ok()).await;
        if let Ok(asked) = search::list(self.id, None, self.version) {
            exam.read(plan::LIST, asked, search::listed, |_| Verdict::pass("answered")).await;
        }
        let somebody = anybody.ok().and_then(|page| page.hits.into_iter().next());
        let somebody = somebody.map(|hit| hit.id);
        self.read(exam, somebody.as_ref()).await;
        self.custom_fields(exam).await;
        self.read_things(exam, somebody.as_ref(), company.as_ref()).await;
        if let Some(asked) = search::duplicate(self.id, Some(&look::number(0)), None, self.version) {
            exam.read(plan::DUPLICATES, asked, search::duplicated, |_| Verdict::pass("answered")).await;
        }
        if self.writes {
            self.try_writes(exam).await;
        } else {
            exam.sheet.skip_rest(READ_ONLY);
        }
    }

    /// The first request tells whether the credential is taken at all. None when nothing else needs to be asked.
    async fn search(&self, exam: &mut Exam<'_>) -> Option<Result<search::HitPage, Obstacle>> {
        let asked = Search::new(self.id, Vec::new()).any(self.version);
        let answer = exam.caller.read(asked, search::searched, super::room::Phase::Steps).await;
        let kind = answer.as_ref().err().map(|obstacle| obstacle.kind(Side::Ghl));
        match (kind, &answer) {
            (Some(Kind::OtherLocation | Kind::Inactive), Err(obstacle)) => {
                exam.sheet.put(plan::TOKEN, self.token(exam).await);
                exam.refuse(plan::LOCATION, &ops::LOCATION_GET, obstacle);
                return None;
            }
            (Some(kind), Err(obstacle)) if kind.stops(Side::Ghl).is_some() => {
                exam.refuse(plan::TOKEN, &ops::CONTACTS_SEARCH, obstacle);
                return None;
            }
            (Some(_), Err(obstacle)) => {
                exam.sheet.put(plan::TOKEN, self.token(exam).await);
                exam.refuse(plan::SEARCH, &ops::CONTACTS_SEARCH, obstacle);
            }
            (_, Ok(page)) => {
                exam.sheet.put(plan::TOKEN, self.token(exam).await);
                let told =
                    page.total.map_or_else(|| "answered".to_owned(), |total| format!("answered: {total} contacts"));
                exam.sheet.put(plan::SEARCH, Verdict::pass(told));
            }
            (None, Err(_)) => {}
        }
        Some(answer)
    }

    /// The token was taken.
    async fn token(&self, exam: &Exam<'_>) -> Verdict {
        let Key::Tokens(tokens) = &exam.caller.key else {
            return Verdict::pass("the private integration token is taken");
        };
        let status = tokens.status(exam.caller.connection).await.ok().flatten();
        Verdict::pass(oauth(status.as_ref(), Timestamp::now()))
    }

    /// The agency, where GHL tells.
    async fn settings(&self, exam: &mut Exam<'_>, is_searched: bool) -> Option<Id> {
        let asked = location::get(self.id, self.version);
        let answer = exam.caller.read(asked, location::location, super::room::Phase::Steps).await;
        match answer {
            Ok(found) if found.id == *self.id => {
                exam.sheet.put(plan::LOCATION, is_the_one(exam, found.allows_duplicates));
                return found.company;
            }
            Ok(_) => exam.sheet.put(
                plan::LOCATION,
                Verdict::fail(
                    "GHL answers with another location",
                    format!("compare {}", exam.place.key("ghl.location_id")),
                ),
            ),
            // The search has shown that the location is the right one.
            Err(obstacle) if obstacle.kind(Side::Ghl) == Kind::Scope && is_searched => {
                let lacking = exam.verdict(&ops::LOCATION_GET, &obstacle);
                let message = format!(
                    "{} is the one that the token is for, but {}; whether it refuses two contacts with the same number is not \
                     seen, and Tandem looks twice before it makes one",
                    exam.place.location, lacking.message
                );
                exam.sheet.put(plan::LOCATION, Verdict { status: Ended::Warn, message, ..lacking });
            }
            Err(obstacle) => exam.refuse(plan::LOCATION, &ops::LOCATION_GET, &obstacle),
        }
        None
    }

    async fn read(&self, exam: &mut Exam<'_>, somebody: Option<&ContactId>) {
        let Some(id) = exam.or_nobodys(somebody, NOBODY, ContactId::new) else { return };
        let parse = |response: &Response| or_gone(response::contact(response));
        let judge = |_: &Option<_>| Verdict::answered(somebody.is_some(), "contact");
        exam.read(plan::READ, request::contact(&id, self.version), parse, judge).await;
    }

    /// Each custom field that the mapping names is there.
    async fn custom_fields(&self, exam: &mut Exam<'_>) {
        let (wanted, mapping) = (exam.mapping.places.ghl.clone(), exam.place.key("mapping"));
        let judge = |fields: &response::Listing<custom_field::Definition>| {
            let definitions: Vec<CustomDefinition> =
                fields.items.iter().map(custom_field::Definition::custom).collect();
            fields_verdict(&wanted, &definitions, &mapping)
        };
        exam.read(plan::CUSTOM_FIELDS, custom_field::list(self.id, self.version), custom_field::definitions, judge)
            .await;
    }
}

/// What is said of the custom fields that a mapping names.
pub(super) fn fields_verdict(
    wanted: &BTreeMap<Field, String>,
    definitions: &[CustomDefinition],
    mapping: &str,
) -> Verdict {
    let mut places = CustomPlaces::new(wanted.clone());
    places.resolve(definitions);
    let missing: Vec<&str> =
        places.wanted().filter(|(field, _)| places.write(*field, None).is_err()).map(|(_, wanted)| wanted).collect();
    if missing.is_empty() {
        let held = wanted.iter().map(|(field, place)| format!("`{place}` holds {}", field.name()));
        return Verdict::pass(listed(held));
    }
    let known = definitions.iter().map(|definition| match definition.names.first() {
        Some(name) => format!("{} (`{name}`)", definition.id),
        None => definition.id.clone(),
    });
    Verdict::fail(
        format!("there is no custom field of contacts {}", listed(missing.iter().map(|name| format!("`{name}`")))),
        format!(
            "make it there, or name another one in {mapping} (role.ghl_custom_field, custom_fields, segments.openphone_field); \
             those that there are: {}",
            listed(known)
        ),
    )
}

fn is_the_one(exam: &Exam<'_>, allows_duplicates: Option<bool>) -> Verdict {
    let duplicates = match allows_duplicates {
        Some(true) => "; it allows two contacts with the same number",
        Some(false) => "; it refuses two contacts with the same number",
        None => "",
    };
    Verdict::pass(format!("{} is the one that the token is for, and active{duplicates}", exam.place.location))
}

/// What is known of tokens that work.
fn oauth(status: Option<&Status>, now: Timestamp) -> String {
    let ends = status.and_then(|status| status.expires_at).filter(|end| *end > now);
    match ends {
        Some(end) => format!("connected by OAuth; the access token is good until {end:.0}, and is renewed before"),
        None => "connected by OAuth".to_owned(),
    }
}

/// A list for people, not longer than anybody reads.
pub(super) fn listed(items: impl Iterator<Item = String>) -> String {
    const MOST: usize = 10;
    let all: Vec<String> = items.collect();
    match all.len() {
        0 => "none".to_owned(),
        count if count > MOST => format!("{} and {} more", all[..MOST].join(", "), count - MOST),
        _ => all.join(", "),
    }
}

/// What is gone is removed.
fn or_done(response: &Response) -> Result<(), ApiError> {
    or_gone(response::done(response)).map(drop)
}

/// The answer to a read of a contact that may be gone.
fn contact_or_gone(response: &Response) -> Result<Option<tandem_providers::ghl::Contact>, ApiError> {
    or_gone(response::contact(response))
}
