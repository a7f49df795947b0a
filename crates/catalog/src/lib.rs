#![doc = include_str!("../README.md")]

mod ghl_actions;
mod ghl_events;
mod openphone_actions;
mod openphone_events;
mod page;

use serde_json::Value as Json;
use tandem_contact::Side;
use tandem_providers::Operation;

pub use page::{CHANGES, about, page};

/// A webhook event of a provider that can start a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Its name in a rule: the provider's, a dot, and the provider's own name of the event: `ghl.InvoicePaid`.
    pub name: &'static str,
    /// Who sends it.
    pub side: Side,
    /// When it is sent, for people.
    pub what: &'static str,
    /// Whom it is about.
    pub whom: Whom,
    /// What it tells besides, which expressions may name as `event.…`.
    pub facts: &'static [Fact],
}

impl Event {
    /// The provider's own name of it, as its webhooks say it.
    pub fn kind(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, kind)| kind)
    }
}

/// How the contact that an event is about is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// By its id on that side, at this JSON pointer of the body.
    Id(&'static str),
    /// By its phone number, at the first of these JSON pointers that holds the number of somebody known.
    Phone(&'static [&'static str]),
    /// It is about nobody in particular.
    Nobody,
}

/// Something that an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// Its name: `event.amount`.
    pub name: &'static str,
    /// Where it stands in the body: a JSON pointer, in which `*` stands for every item of a list.
    pub at: &'static str,
    /// True for a list of texts, whose order means nothing. Several texts that are one fact are lines of it.
    pub is_list: bool,
}

impl Fact {
    /// The values that stand there: of every item of a list where the pointer says so.
    pub fn found<'a>(&self, body: &'a Json) -> Vec<&'a Json> {
        match self.at.split_once("/*") {
            Some((list, within)) => {
                let items = body.pointer(list).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
                items.iter().filter_map(|item| item.pointer(within)).collect()
            }
            None => body.pointer(self.at).into_iter().collect(),
        }
    }
}

/// An operation of a provider that a rule can carry out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// What is asked of the provider; its name is the action's.
    pub operation: &'static Operation,
    /// The provider.
    pub side: Side,
    /// What it does, for people.
    pub what: &'static str,
    /// What it needs to be told.
    pub parameters: &'static [Parameter],
    /// Whether it may be repeated after an outcome that nobody knows.
    pub again: Again,
    /// True where it reaches a person: a text, a mail, a call.
    pub reaches_people: bool,
}

/// What a repetition does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The same again: nothing more happens.
    Harmless,
    /// It is done twice: an outcome that nobody knows is put before a person.
    Twice,
}

/// Something that an action needs to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The provider's own name of it.
    pub name: &'static str,
    /// Where it goes.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
    /// Whether it can't be left out.
    pub is_required: bool,
    /// What stands there where a rule says nothing.
    pub usual: Option<Usual>,
}

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Into the route, for the placeholder of this name.
    Route,
    /// Into the query.
    Query,
    /// Into the body, as the key of this name.
    Body,
}

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A list of texts.
    Texts,
    /// Anything that can stand in JSON, as the provider describes it.
    Any,
}

/// What Tandem knows by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// The id of the contact on the action's side.
    Contact,
    /// The GHL location's id.
    Location,
    /// The id of what the event is about, where it is of this kind and side: a task, a note, a conversation.
    Subject,
}

/// Every event of both providers.
pub fn events() -> impl Iterator<Item = &'static Event> {
    ghl_events::ALL.iter().chain(openphone_events::ALL)
}

/// Every operation that a rule can carry out.
pub fn actions() -> impl Iterator<Item = &'static Action> {
    ghl_actions::ALL.iter().chain(openphone_actions::ALL)
}
