//! Who works at either side. The two know them by ids of their own; an email address is what a person has at both.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tandem_contact::{PerSide, Side, Value};
use tandem_providers::ghl::{Id, user};
use tandem_providers::openphone::{Surface, workspace};

use crate::Connection;
use crate::call::{Caller, Trouble};
use crate::ghl::{is_denied, settings};

/// Pages of people that are read; nobody has more.
const MOST_PAGES: usize = 100;

/// The email addresses, by id.
#[derive(Debug, Default)]
pub(crate) struct People(PerSide<BTreeMap<String, String>>);

impl People {
    /// What stands for the person on both sides: the email address, else the id with its side, which nobody over there has.
    pub(crate) fn value(&self, side: Side, id: &str) -> Option<Value> {
        match self.0[side].get(id) {
            Some(email) => Value::text(email),
            None => Value::text(&format!("{side}:{id}")),
        }
    }

    /// The side's id of whom the value stands for.
    pub(crate) fn id(&self, side: Side, value: &str) -> Option<String> {
        let own = value.strip_prefix(side.name()).and_then(|rest| rest.strip_prefix(':'));
        let known = self.0[side].iter().find(|(_, email)| *email == value).map(|(id, _)| id.as_str());
        own.or(known).map(str::to_owned)
    }
}

/// Everybody; asks when that was long ago.
pub(crate) async fn people(caller: &Caller<'_>) -> Result<Arc<People>, Trouble> {
    let mut held = caller.connection.people.lock().await;
    if let Some((people, read_at)) = held.as_ref()
        && read_at.elapsed() < Connection::SETTINGS_AGE
    {
        return Ok(Arc::clone(people));
    }
    let ghl = match in_ghl(caller).await {
        Err(Trouble::Refused(error)) if is_denied(&error) => {
            tracing::warn!(connection.id = %caller.connection.id, "the people of connection {} can't be read in GHL: \
                tasks travel without who is to do them; the scope users.readonly is needed", caller.connection.id);
            BTreeMap::new()
        }
        read => read?,
    };
    let people = Arc::new(People(PerSide { ghl, openphone: in_openphone(caller).await? }));
    *held = Some((Arc::clone(&people), Instant::now()));
    Ok(people)
}

async fn in_ghl(caller: &Caller<'_>) -> Result<BTreeMap<String, String>, Trouble> {
    let side = &caller.connection.ghl;
    let Ok(location) = Id::new(&side.view.location_id) else { return Ok(BTreeMap::new()) };
    let of = |users: Vec<user::User>| {
        let working = users.into_iter().filter(|user| !user.is_deleted);
        working.filter_map(|user| Some((user.id.as_str().to_owned(), address(&user.email?)))).collect::<Vec<_>>()
    };
    if let Ok(request) = user::list(&location, &side.version) {
        return Ok(of(caller.read(Side::Ghl, request, user::users).await?.items).into_iter().collect());
    }
    let Some(company) = settings(caller).await?.company else { return Ok(BTreeMap::new()) };
    let mut all = BTreeMap::new();
    for page in 0..MOST_PAGES {
        let request = user::search(&company, Some(&location), page * user::FULL_PAGE, &side.version);
        let users = caller.read(Side::Ghl, request, user::users).await?;
        let count = users.items.len() + users.unreadable;
        all.extend(of(users.items));
        if count < user::FULL_PAGE {
            break;
        }
    }
    Ok(all)
}

async fn in_openphone(caller: &Caller<'_>) -> Result<BTreeMap<String, String>, Trouble> {
    let (mut all, mut after) = (BTreeMap::new(), None);
    for _ in 0..MOST_PAGES {
        let request = workspace::users(Surface::Dated, after.as_deref());
        let page = caller.read(Side::OpenPhone, request, workspace::users_page).await?;
        let with_email = page.items.into_iter().filter_map(|user| Some((user.id, user.email?)));
        all.extend(with_email.map(|(id, email)| (id.as_str().to_owned(), address(&email))));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(all)
}

fn address(email: &str) -> String {
    email.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_no_account_over_there_stands_for_nobody_there() {
        let both = |id: &str| BTreeMap::from([(id.to_owned(), "ana@example.com".to_owned())]);
        let people = People(PerSide { ghl: both("u1"), openphone: both("US1") });
        assert_eq!(people.value(Side::Ghl, "u1"), Value::text("ana@example.com"));
        assert_eq!(people.id(Side::OpenPhone, "ana@example.com").as_deref(), Some("US1"));
        let stranger = people.value(Side::Ghl, "u9").unwrap();
        assert_eq!(stranger.as_text(), Some("ghl:u9"));
        assert_eq!(people.id(Side::OpenPhone, "ghl:u9"), None);
        assert_eq!(people.id(Side::Ghl, "ghl:u9").as_deref(), Some("u9"));
    }
}
