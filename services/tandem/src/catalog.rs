//! What a mapping's rules can be started by, and what they can do, for commands and for the management API.

use serde::Serialize;
use tandem_catalog::{Action, Again, CHANGES, Event, Parameter, Place, Usual, about, actions, events};
use utoipa::ToSchema;

/// All of it, or what a word was found in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Catalog {
    /// Changes of a record.
    pub changes: Vec<ChangeItem>,
    /// Events that the providers tell of.
    pub events: Vec<EventItem>,
    /// What can be done.
    pub actions: Vec<ActionItem>,
}

/// A change that can start a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeItem {
    /// As a rule spells it.
    pub when: &'static str,
    /// What it is.
    pub what: &'static str,
}

/// An event that can start a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventItem {
    /// As a rule spells it.
    pub when: &'static str,
    /// When it is sent.
    pub what: &'static str,
    /// Whom it is about.
    pub about: &'static str,
    /// What it tells.
    pub facts: Vec<FactItem>,
}

/// Something that an event tells.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactItem {
    /// As an expression names it, behind `event.`.
    pub name: &'static str,
    /// True for a list of texts.
    pub is_list: bool,
}

/// Something that a rule can do.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionItem {
    /// As a rule spells it.
    pub r#do: &'static str,
    /// What it does.
    pub what: &'static str,
    /// Method and route at the provider.
    pub request: &'static str,
    /// What the token must be allowed to.
    pub scopes: Vec<&'static str>,
    /// What it is told.
    pub with: Vec<ParameterItem>,
    /// Whether it is repeated after an outcome that nobody knows.
    pub is_repeated: bool,
}

/// Something that an action is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParameterItem {
    /// The provider's own name of it.
    pub name: &'static str,
    /// `route`, `query` or `body`.
    pub place: &'static str,
    /// Whether it can't be left out.
    pub is_required: bool,
    /// Whether Tandem knows it by itself.
    pub is_known: bool,
    /// What it then is, for people.
    #[serde(skip)]
    pub known: Option<&'static str>,
}

/// What has the word in its name or description; an empty word is in everything.
pub fn listed(word: &str) -> Catalog {
    let word = word.to_lowercase();
    let has = |texts: [&str; 2]| texts.iter().any(|text| text.to_lowercase().contains(&word));
    let changes = CHANGES.into_iter().filter(|(name, what)| has([name, what]));
    let events = events().filter(|event| has([event.name, event.what]));
    let actions = actions().filter(|action| has([action.operation.name, action.what]));
    Catalog {
        changes: changes.map(|(when, what)| ChangeItem { when, what }).collect(),
        events: events.map(of_event).collect(),
        actions: actions.map(of_action).collect(),
    }
}

fn of_event(event: &'static Event) -> EventItem {
    let facts = event.facts.iter().map(|fact| FactItem { name: fact.name, is_list: fact.is_list });
    EventItem { when: event.name, what: event.what, about: about(event), facts: facts.collect() }
}

fn of_action(action: &'static Action) -> ActionItem {
    let parameter = |parameter: &'static Parameter| ParameterItem {
        name: parameter.name,
        place: match parameter.place {
            Place::Route => "route",
            Place::Query => "query",
            Place::Body => "body",
        },
        is_required: parameter.is_required,
        is_known: parameter.usual.is_some(),
        known: parameter.usual.map(|usual| match usual {
            Usual::Contact => "the contact",
            Usual::Location => "the location",
            Usual::Subject => "what the event is about",
        }),
    };
    ActionItem {
        r#do: action.operation.name,
        what: action.what,
        request: action.operation.template,
        scopes: action.operation.scopes.to_vec(),
        with: action.parameters.iter().map(parameter).collect(),
        is_repeated: action.again == Again::Harmless,
    }
}
