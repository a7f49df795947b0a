//! Where people are talked with in `OpenPhone`: its conversations, as the store knows them (contract sheet, section 7.2).

use std::collections::BTreeSet;

use jiff::Timestamp;
use tandem_contact::Side;
use tandem_providers::openphone::Id;
use tandem_providers::openphone::conversation::{self, Filter, Owner};
use tandem_providers::openphone::workspace::{self, Number};

use crate::call::{Caller, Trouble};
use crate::{Connection, Failure};

/// Pages of our own numbers that are read; nobody has more.
const MOST_PAGES: usize = 100;

/// Whose a conversation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Talker {
    /// This number's, E.164.
    Person(String),
    /// Nobody's: several people are in it.
    Nobody,
    /// `OpenPhone` doesn't list it.
    Unknown,
}

/// Whose it is. Where it isn't known yet the list is read again, unless that has begun since then.
pub(crate) async fn whose(caller: &Caller<'_>, conversation: &Id, since: Timestamp) -> Result<Talker, Failure> {
    let known = talker(caller, conversation).await?;
    if known != Talker::Unknown {
        return Ok(known);
    }
    read_again(caller, since).await?;
    talker(caller, conversation).await
}

async fn talker(caller: &Caller<'_>, conversation: &Id) -> Result<Talker, Failure> {
    let known = caller.deps.records.talks().known(&caller.connection.id, conversation).await?;
    Ok(match known.as_ref().map_or(Owner::Unknown, |known| known.owner()) {
        Owner::Person(number) => Talker::Person(number.to_owned()),
        Owner::Nobody => Talker::Nobody,
        Owner::Unknown => Talker::Unknown,
    })
}

/// The conversation with somebody who has these numbers: of several the one with the latest activity.
pub(crate) async fn with(
    caller: &Caller<'_>,
    phones: &BTreeSet<String>,
    since: Timestamp,
) -> Result<Option<Id>, Failure> {
    if let Some(found) = find(caller, phones).await? {
        return Ok(Some(found));
    }
    read_again(caller, since).await?;
    find(caller, phones).await
}

async fn find(caller: &Caller<'_>, phones: &BTreeSet<String>) -> Result<Option<Id>, Failure> {
    let (talks, connection) = (caller.deps.records.talks(), &caller.connection.id);
    let mut best = None;
    for number in numbers(caller).await? {
        for phone in phones {
            let Some(id) = talks.find(connection, &number.id, &BTreeSet::from([phone.clone()])).await? else {
                continue;
            };
            let known = talks.known(connection, &id).await?;
            best = best.max(Some((known.and_then(|known| known.last_activity_at), id)));
        }
    }
    Ok(best.map(|(_, id)| id))
}

/// The workspace's own numbers, in its order; asks when that was long ago.
pub(crate) async fn numbers(caller: &Caller<'_>) -> Result<Vec<Number>, Trouble> {
    let mut held = caller.connection.numbers.lock().await;
    if let Some((numbers, read_at)) = held.as_ref()
        && read_at.elapsed() < Connection::SETTINGS_AGE
    {
        return Ok(numbers.clone());
    }
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let request = workspace::numbers(None, after.as_deref());
        let page = caller.read(Side::OpenPhone, request, workspace::numbers_page).await?;
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    *held = Some((all.clone(), std::time::Instant::now()));
    Ok(all)
}

/// Reads what is new in the list: all of it, where it was never read to its end. Whoever waits for the same profits.
async fn read_again(caller: &Caller<'_>, since: Timestamp) -> Result<(), Failure> {
    let mut begun_at = caller.connection.talks_read.lock().await;
    if begun_at.is_some_and(|begun_at| begun_at > since) {
        return Ok(());
    }
    let begin = Timestamp::now();
    let (talks, connection) = (caller.deps.records.talks(), &caller.connection.id);
    let was_complete = talks.is_complete(connection).await?;
    let mut after = None;
    loop {
        let request = conversation::list_v1(&Filter::default(), after.as_deref());
        let page = caller.read(Side::OpenPhone, request, conversation::page).await?;
        if page.next.is_some() && after.is_none() {
            // Interrupted from here on, the news on this page would hide that there is more behind it.
            talks.set_complete(connection, false).await?;
        }
        let is_news = talks.feed(connection, &page.items).await?;
        after = page.next;
        if after.is_none() || (was_complete && !is_news) {
            break;
        }
    }
    talks.set_complete(connection, true).await?;
    *begun_at = Some(begin);
    Ok(())
}
