//! Messages that were set aside: which and why, sending them round again, and giving them up.

mod show;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tandem_proto::topology::event_subject;
use tandem_proto::{ConnectionId, Envelope, Header, Lane, Payload, RecordId, Stream, v1};
use tandem_queue::{NewMessage, Stored, Work};
use tandem_records::{Loaded, LoadedFiring, Records};
use tandem_store::Expected;
use utoipa::ToSchema;

use super::Refusal;
use super::tell::ask_for;

pub(super) use show::text;

/// Dead letters looked at at once.
const PAGE: usize = 500;
/// Others may change a record meanwhile.
const MOST_TRIES: usize = 10;
const SOURCE: &str = "redrive";

/// What a person wants done about dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadWish {
    /// Shows them.
    List(DeadFilter),
    /// Shows one whole.
    Show(u64),
    /// Sends them round again.
    Redrive {
        /// Which.
        which: DeadFilter,
        /// Only shows what would be done.
        is_dry: bool,
    },
    /// Gives them up for good.
    Drop {
        /// Which.
        which: DeadFilter,
        /// Only shows what would be done.
        is_dry: bool,
    },
    /// Replaces the body of an event that was set aside.
    Edit {
        /// Which.
        number: u64,
        /// The new body.
        body: Json,
    },
}

/// Which dead letters are meant: those that fit everything that is said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct DeadFilter {
    /// These numbers; none means any.
    pub numbers: Vec<u64>,
    /// Of this connection.
    pub connection: Option<String>,
    /// Set aside by this stage.
    pub stage: Option<String>,
    /// For this reason.
    pub code: Option<String>,
}

/// A message that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadItem {
    /// Its number.
    pub number: u64,
    /// When it was set aside.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Of which connection.
    #[schema(value_type = String)]
    pub connection: ConnectionId,
    /// Who set it aside.
    pub stage: String,
    /// Why, as a bounded code.
    pub code: String,
    /// Why, in words.
    pub reason: String,
    /// How often it was tried.
    pub deliveries: u32,
    /// The stream that it was in.
    pub stream: String,
    /// What it is: an event's own name, or `work`.
    pub what: String,
    /// The record, or the provider's id of what it is about.
    pub subject: String,
}

/// One whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadShown {
    /// What the list shows of it.
    pub item: DeadItem,
    /// The message's own id; empty where it can't be read.
    pub id: String,
    /// W3C trace context of the message.
    pub traceparent: String,
    /// An event's body, where it is JSON.
    #[schema(value_type = Option<serde_json::Value>)]
    pub body: Option<Json>,
    /// Else what there is, as text: what is no UTF-8 is replaced.
    pub raw: Option<String>,
}

/// What became of dead letters, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Disposed {
    /// `redrive` or `drop`.
    pub verb: String,
    /// Only shown.
    pub is_dry: bool,
    /// Those that it was done to.
    pub done: Vec<DeadItem>,
    /// Those that stay, and why.
    pub left: Vec<(DeadItem, String)>,
}

/// An edited message has another number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Edited {
    /// The number that it had.
    pub before: u64,
    /// And has now.
    pub now: u64,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadReply {
    /// To [`DeadWish::List`].
    List(Vec<DeadItem>),
    /// To [`DeadWish::Show`].
    Shown(Box<DeadShown>),
    /// To [`DeadWish::Redrive`] and [`DeadWish::Drop`].
    Disposed(Disposed),
    /// To [`DeadWish::Edit`].
    Edited(Edited),
}

/// Where dead letters are.
pub(crate) struct Morgue<'a> {
    pub(crate) records: &'a Records,
    pub(crate) queue: &'a tandem_queue::Queue,
    /// Those of the configuration: nothing is sent round for others.
    pub(crate) connections: Vec<ConnectionId>,
    pub(crate) now: Timestamp,
}

/// A dead letter, read.
struct Letter {
    stored: Stored,
    item: DeadItem,
    header: Header,
    whole: v1::DeadLetter,
}

impl Morgue<'_> {
    pub(crate) async fn carry_out(&self, wish: &DeadWish) -> Result<DeadReply, Refusal> {
        match wish {
            DeadWish::List(which) => {
                let letters = self.letters(which).await?;
                Ok(DeadReply::List(letters.into_iter().map(|letter| letter.item).collect()))
            }
            DeadWish::Show(number) => Ok(DeadReply::Shown(Box::new(shown(self.letter(*number).await?)))),
            DeadWish::Redrive { which, is_dry } => self.redrive(which, *is_dry).await.map(DeadReply::Disposed),
            DeadWish::Drop { which, is_dry } => self.give_up(which, *is_dry).await.map(DeadReply::Disposed),
            DeadWish::Edit { number, body } => self.edit(*number, body).await.map(DeadReply::Edited),
        }
    }

    /// Those that are meant, older first.
    async fn letters(&self, which: &DeadFilter) -> Result<Vec<Letter>, Refusal> {
        if !which.numbers.is_empty() {
            let mut found = Vec::new();
            for number in &which.numbers {
                found.push(self.letter(*number).await?);
            }
            found.retain(|letter| which.fits(&letter.item));
            return Ok(found);
        }
        let (mut after, mut found) = (0, Vec::new());
        loop {
            let page = self.queue.browse(Stream::Dead, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = last.sequence;
            found.extend(page.into_iter().filter_map(read).filter(|letter| which.fits(&letter.item)));
        }
    }

    async fn letter(&self, number: u64) -> Result<Letter, Refusal> {
        let stored = self.queue.find(Stream::Dead, number).await?;
        stored.and_then(read).ok_or(Refusal::NoLetter(number))
    }

    async fn redrive(&self, which: &DeadFilter, is_dry: bool) -> Result<Disposed, Refusal> {
        let mut disposed = Disposed { verb: "redrive".to_owned(), is_dry, done: Vec::new(), left: Vec::new() };
        for letter in self.letters(which).await? {
            let sent = match self.prepared(&letter) {
                Ok(round) if !is_dry => self.send_round(&letter, round).await?,
                prepared => prepared.map(drop),
            };
            match sent {
                Ok(()) => disposed.done.push(letter.item),
                Err(why) => disposed.left.push((letter.item, why)),
            }
        }
        Ok(disposed)
    }

    /// Once it is sent the letter goes; what is sent twice because this comes too late is dropped by its id, or changes nothing.
    async fn send_round(&self, letter: &Letter, round: Round) -> Result<Result<(), String>, Refusal> {
        match round {
            Round::Event(message) => drop(self.queue.publish(*message).await?),
            Round::Work(record) => match self.send_on(&letter.item.connection, &record).await? {
                Ok(()) => {}
                Err(why) => return Ok(Err(why)),
            },
            Round::Firing(id) => match self.retry(&letter.item.connection, &id).await? {
                Ok(()) => {}
                Err(why) => return Ok(Err(why)),
            },
        }
        self.queue.remove(Stream::Dead, letter.stored.sequence).await?;
        Ok(Ok(()))
    }

    /// What goes round again, or why nothing can.
    fn prepared(&self, letter: &Letter) -> Result<Round, String> {
        let connection = &letter.item.connection;
        if !self.connections.contains(connection) {
            return Err(format!("the connection {connection} is not in the configuration"));
        }
        let Ok(Envelope { header, payload }) = Envelope::decode(&letter.whole.original) else {
            return Err("it is no message that this version can read: nothing but dropping it is left".to_owned());
        };
        match payload {
            Payload::Event(event) => Ok(Round::Event(Box::new(again(letter.stored.sequence, header, event)?))),
            Payload::Command(command) => {
                let record = RecordId::new(command.record_id).map_err(|error| error.to_string())?;
                Ok(if command.is_firing { Round::Firing(record) } else { Round::Work(record) })
            }
            Payload::DeadLetter(_) | Payload::JournalEntry(_) | Payload::Conflict(_) => {
                Err("it is neither an event nor a command".to_owned())
            }
        }
    }

    /// A command says no more than that its record needs work: that is said anew, of the record as it is now, with its failures forgotten.
    async fn send_on(&self, connection: &ConnectionId, record: &RecordId) -> Result<Result<(), String>, Refusal> {
        for _ in 0..MOST_TRIES {
            let Some(Loaded { mut document, revision }) = self.records.load(connection, record).await? else {
                return Ok(Err(format!("there is no record {record} any more: it can only be dropped")));
            };
            (document.attempts, document.not_before) = (0, None);
            document.dirty_since.get_or_insert(self.now);
            let revision = match self.records.save(&document, Expected::Revision(revision)).await {
                Ok(revision) => revision,
                Err(error) if error.is_conflict() => continue,
                Err(error) => return Err(error.into()),
            };
            let (lane, now_ms) = (Lane::Bulk, self.now.as_millisecond());
            let work =
                Work { source: SOURCE, connection, record, is_firing: false, revision, lane, causation_id: "", now_ms };
            ask_for(self.queue, work).await?;
            return Ok(Ok(()));
        }
        Err(Refusal::Contended)
    }

    /// A rule is gone on with from the action on that is not done.
    async fn retry(&self, connection: &ConnectionId, id: &RecordId) -> Result<Result<(), String>, Refusal> {
        let firings = self.records.firings();
        for _ in 0..MOST_TRIES {
            let Some(LoadedFiring { mut firing, revision }) = firings.load(connection, id).await? else {
                return Ok(Err(format!("what is known of rule {id} is gone: it can only be dropped")));
            };
            firing.retry();
            let revision = match firings.save(&firing, revision).await {
                Ok(revision) => revision,
                Err(error) if error.is_conflict() => continue,
                Err(error) => return Err(error.into()),
            };
            let (record, lane, now_ms) = (id, Lane::Bulk, self.now.as_millisecond());
            let work =
                Work { source: SOURCE, connection, record, is_firing: true, revision, lane, causation_id: "", now_ms };
            ask_for(self.queue, work).await?;
            return Ok(Ok(()));
        }
        Err(Refusal::Contended)
    }

    async fn give_up(&self, which: &DeadFilter, is_dry: bool) -> Result<Disposed, Refusal> {
        let mut done = Vec::new();
        for letter in self.letters(which).await? {
            if !is_dry {
                self.queue.remove(Stream::Dead, letter.stored.sequence).await?;
            }
            done.push(letter.item);
        }
        Ok(Disposed { verb: "drop".to_owned(), is_dry, done, left: Vec::new() })
    }

    /// The new one is stored before the old one goes: stopped between the two there are both.
    async fn edit(&self, number: u64, body: &Json) -> Result<Edited, Refusal> {
        let Letter { stored, item, mut header, whole: mut letter } = self.letter(number).await?;
        let Ok(Envelope { header: inner, payload: Payload::Event(mut event) }) = Envelope::decode(&letter.original)
        else {
            return Err(Refusal::NoBody(number, item.what));
        };
        event.body = body.to_string().into_bytes();
        letter.original = Envelope { header: inner, payload: Payload::Event(event) }.encode();
        header.id = format!("{}~{}", header.id, self.now.as_millisecond());
        let message = NewMessage {
            stream: Stream::Dead,
            lane: stored.lane,
            subject: stored.subject,
            id: header.message_id(),
            body: Envelope { header, payload: Payload::DeadLetter(letter) }.encode().into(),
        };
        let now = match self.queue.publish(message).await? {
            tandem_queue::Published::Stored { sequence } => sequence,
            tandem_queue::Published::Duplicate => return Err(Refusal::Contended),
        };
        self.queue.remove(Stream::Dead, number).await?;
        Ok(Edited { before: number, now })
    }
}

/// What a dead letter becomes.
enum Round {
    Event(Box<NewMessage>),
    Work(RecordId),
    Firing(RecordId),
}

/// The same event in the bulk lane, under an id of its own: the queue may still remember the old one.
fn again(number: u64, header: Header, mut event: v1::Event) -> Result<NewMessage, String> {
    let side = match event.side() {
        v1::Side::Ghl => "ghl",
        v1::Side::Openphone => "openphone",
        v1::Side::Unspecified => return Err("it names no side".to_owned()),
    };
    event.set_lane(v1::Lane::Bulk);
    let header = Header { id: format!("{}~{number}", header.id), ..header };
    Ok(NewMessage {
        stream: Stream::Events,
        lane: Lane::Bulk,
        subject: event_subject(Lane::Bulk, &header.connection, side),
        id: header.message_id(),
        body: Envelope { header, payload: Payload::Event(event) }.encode().into(),
    })
}

impl DeadFilter {
    /// Everything that there is.
    pub fn is_any(&self) -> bool {
        *self == Self::default()
    }

    fn fits(&self, item: &DeadItem) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        is(&self.connection, item.connection.as_str()) && is(&self.stage, &item.stage) && is(&self.code, &item.code)
    }
}

fn read(stored: Stored) -> Option<Letter> {
    let Envelope { header, payload: Payload::DeadLetter(letter) } = Envelope::decode(&stored.body).ok()? else {
        return None;
    };
    let what =
        Envelope::decode(&letter.original).map_or_else(|_| "unreadable".to_owned(), |original| original.header.r#type);
    let item = DeadItem {
        number: stored.sequence,
        at: Timestamp::from_millisecond(header.time_ms).unwrap_or_default(),
        connection: header.connection.clone(),
        stage: letter.stage.clone(),
        code: letter.code.clone(),
        reason: letter.reason.clone(),
        deliveries: letter.deliveries,
        stream: letter.stream.clone(),
        what,
        subject: header.subject.clone(),
    };
    Some(Letter { stored, item, header, whole: letter })
}

fn shown(letter: Letter) -> DeadShown {
    let raw = |bytes: &[u8]| Some(String::from_utf8_lossy(bytes).into_owned());
    let Letter { item, whole, .. } = letter;
    match Envelope::decode(&whole.original) {
        Ok(Envelope { header, payload }) => {
            let (body, raw) = match payload {
                Payload::Event(event) => match serde_json::from_slice(&event.body) {
                    Ok(body) => (Some(body), None),
                    Err(_) => (None, raw(&event.body)),
                },
                Payload::Command(_) | Payload::DeadLetter(_) | Payload::JournalEntry(_) | Payload::Conflict(_) => {
                    (None, None)
                }
            };
            DeadShown { item, id: header.id, traceparent: header.traceparent, body, raw }
        }
        Err(_) => {
            DeadShown { item, id: String::new(), traceparent: String::new(), body: None, raw: raw(&whole.original) }
        }
    }
}

#[cfg(test)]
mod tests;
