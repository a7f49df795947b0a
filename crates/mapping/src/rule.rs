//! Rules: *when* something happens, *if* a condition holds, *then* these actions, in order.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value as Json, json};
use tandem_catalog::{Action, Again, Event, Kind, Parameter, Place, Usual, Whom};
use tandem_contact::{Field, Side};

use crate::firing::{NOTIFY, Outcome, Planned};
use crate::{Expression, Failed, Names, Schedule, Seen, Template};

/// A rule of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it is called; no two rules of a mapping are called the same.
    pub name: String,
    /// What starts it.
    pub when: When,
    /// For whom it is carried out; none for everybody.
    pub condition: Option<Expression>,
    /// What is done.
    pub then: Vec<Order>,
}

/// What starts a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// A provider tells of this.
    Event(&'static Event),
    /// A contact gets this tag.
    TagAdded(String),
    /// A contact loses it.
    TagRemoved(String),
    /// A field of a contact becomes another one.
    Changed(Field),
    /// A contact comes into this segment.
    Entered(String),
    /// A contact leaves it.
    Left(String),
    /// It is time.
    At(Schedule),
}

/// One action of a rule, with what it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// An operation of a provider.
    Provider {
        /// Which.
        action: &'static Action,
        /// By the names of its parameters.
        arguments: BTreeMap<String, Argument>,
    },
    /// A message to a channel of the configuration.
    Notify {
        /// Its name there.
        channel: String,
        /// What it says.
        text: Template,
    },
}

/// What an action is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A text with values in it. Where a number, or true or false, is wanted, it is read as one.
    Text(Template),
    /// Several.
    List(Vec<Argument>),
    /// Several with names.
    Group(Vec<(String, Argument)>),
}

/// What Tandem knows by itself, and an action may need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The contact's id on the action's side.
    pub contact: Option<String>,
    /// The GHL location.
    pub location: String,
    /// The ids that the event tells: `task_id`, `note_id`, `conversation_id`.
    pub subjects: BTreeMap<&'static str, String>,
}

/// An action with everything filled in: what is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// For the route's placeholders, in their order.
    pub route: Vec<String>,
    /// The query.
    pub query: Vec<(String, String)>,
    /// The body; none where the operation has none.
    pub body: Option<Json>,
}

/// An action can't be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// An expression of it can't be evaluated.
    #[error("{0}")]
    Failed(#[from] Failed),
    /// Something is missing.
    #[error("`{name}` is empty for this contact")]
    Missing {
        /// The parameter.
        name: &'static str,
    },
    /// There is no contact on that side.
    #[error("there is no contact in {side}")]
    NoContact {
        /// Where.
        side: Side,
    },
    /// It is something else than is wanted.
    #[error("`{name}` is to be {wanted}")]
    Kind {
        /// The parameter.
        name: &'static str,
        /// What is wanted.
        wanted: &'static str,
    },
}

impl Rule {
    /// What is to be done, in order; none where the condition doesn't hold. `known` says what Tandem knows by itself.
    ///
    /// # Errors
    /// The condition can't be evaluated, or an action can't be carried out: why, for people.
    pub fn plan(&self, seen: &Seen, known: impl Fn(&Action) -> Known) -> Result<Option<Vec<Planned>>, String> {
        if let Some(condition) = &self.condition
            && !condition.holds(seen).map_err(|failed| failed.to_string())?
        {
            return Ok(None);
        }
        self.then.iter().map(|order| order.planned(seen, &known)).collect::<Result<_, String>>().map(Some)
    }
}

impl Order {
    fn planned(&self, seen: &Seen, known: impl Fn(&Action) -> Known) -> Result<Planned, String> {
        let (name, what, is_harmless) = match self {
            Self::Notify { channel, text } => {
                let text = text.fill(seen).map_err(|failed| failed.to_string())?;
                if text.trim().is_empty() {
                    return Err("the text of the notification is empty for this contact".to_owned());
                }
                (NOTIFY.to_owned(), json!({ "channel": channel, "text": text }), false)
            }
            Self::Provider { action, arguments } => {
                let name = action.operation.name.to_owned();
                let filled =
                    fill(action, arguments, seen, &known(action)).map_err(|unfit| format!("`{name}`: {unfit}"))?;
                let Filled { route, query, body } = filled;
                (name, json!({ "route": route, "query": query, "body": body }), action.again == Again::Harmless)
            }
        };
        Ok(Planned { name, what, is_harmless, outcome: Outcome::Open })
    }
}

impl When {
    /// What starts it, as a rule spells it.
    pub fn spelled(&self) -> String {
        match self {
            Self::Event(event) => event.name.to_owned(),
            Self::TagAdded(tag) => format!("tag_added: {tag}"),
            Self::TagRemoved(tag) => format!("tag_removed: {tag}"),
            Self::Changed(field) => format!("field_changed: {}", field.name()),
            Self::Entered(segment) => format!("segment_entered: {segment}"),
            Self::Left(segment) => format!("segment_left: {segment}"),
            Self::At(schedule) => format!("schedule: {}", schedule.spelled()),
        }
    }

    /// The event that starts it, where it is one.
    pub fn event(&self) -> Option<&'static Event> {
        match self {
            Self::Event(event) => Some(event),
            Self::TagAdded(_)
            | Self::TagRemoved(_)
            | Self::Changed(_)
            | Self::Entered(_)
            | Self::Left(_)
            | Self::At(_) => None,
        }
    }

    /// Whether it is about somebody in particular.
    pub fn is_about_somebody(&self) -> bool {
        match self {
            Self::Event(event) => event.whom != Whom::Nobody,
            Self::At(_) => false,
            Self::TagAdded(_) | Self::TagRemoved(_) | Self::Changed(_) | Self::Entered(_) | Self::Left(_) => true,
        }
    }

    /// What the rule's expressions may name.
    pub fn names<'a>(&self, contact: &'a [Field]) -> Names<'a> {
        Names { contact, event: self.event().map(|event| event.facts).unwrap_or_default() }
    }

    /// The facts of its event that are ids of things on that side, which an action there may be about.
    pub fn subjects_at(&self, side: Side) -> impl Iterator<Item = &'static str> {
        let facts = self.event().filter(|event| event.side == side).map(|event| event.facts).unwrap_or_default();
        facts.iter().map(|fact| fact.name).filter(|name| SUBJECTS.contains(name))
    }
}

const SUBJECTS: [&str; 3] = ["task_id", "note_id", "conversation_id"];

/// Which id of a thing a parameter is, where it is one: by its own name, or by what stands before it in the route.
pub fn subject_of(action: &Action, parameter: &Parameter) -> Option<&'static str> {
    match parameter.name {
        "taskId" => Some("task_id"),
        "noteId" => Some("note_id"),
        "conversationId" => Some("conversation_id"),
        name => {
            let (before, _) = action.operation.path().split_once(&format!("/{{{name}}}"))?;
            match before.rsplit('/').next()? {
                "tasks" => Some("task_id"),
                "notes" => Some("note_id"),
                "conversations" => Some("conversation_id"),
                _ => None,
            }
        }
    }
}

/// Fills an action in.
///
/// # Errors
/// Something is missing, or of another kind than is wanted.
pub fn fill(
    action: &'static Action,
    arguments: &BTreeMap<String, Argument>,
    seen: &Seen,
    known: &Known,
) -> Result<Filled, Unfit> {
    let mut filled = Filled { route: Vec::new(), query: Vec::new(), body: None };
    let mut body = Map::new();
    for parameter in action.parameters {
        let value = match arguments.get(parameter.name) {
            Some(argument) => argument.json(parameter, seen)?,
            None => usual(action, parameter, known)?,
        };
        let Some(value) = value else {
            if parameter.is_required {
                return Err(Unfit::Missing { name: parameter.name });
            }
            continue;
        };
        match parameter.place {
            Place::Route => filled.route.push(plain(&value)),
            Place::Query => filled.query.push((parameter.name.to_owned(), plain(&value))),
            Place::Body => drop(body.insert(parameter.name.to_owned(), value)),
        }
    }
    let has_body = action.parameters.iter().any(|parameter| parameter.place == Place::Body);
    filled.body = has_body.then_some(Json::Object(body));
    Ok(filled)
}

fn usual(action: &Action, parameter: &Parameter, known: &Known) -> Result<Option<Json>, Unfit> {
    let value = match parameter.usual {
        Some(Usual::Contact) => {
            let missing = parameter.is_required && known.contact.is_none();
            if missing {
                return Err(Unfit::NoContact { side: action.side });
            }
            known.contact.clone()
        }
        Some(Usual::Location) => Some(known.location.clone()),
        Some(Usual::Subject) => subject_of(action, parameter).and_then(|subject| known.subjects.get(subject)).cloned(),
        None => None,
    };
    Ok(value.map(Json::String))
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Argument {
    /// The value; none where it is empty.
    fn json(&self, parameter: &Parameter, seen: &Seen) -> Result<Option<Json>, Unfit> {
        let name = parameter.name;
        let text = |wanted| match self {
            Self::Text(template) => Ok(template.fill(seen)?),
            Self::List(_) | Self::Group(_) => Err(Unfit::Kind { name, wanted }),
        };
        let value = match parameter.kind {
            Kind::Text => Json::String(text("a text")?),
            Kind::Number => match text("a number")? {
                empty if empty.is_empty() => return Ok(None),
                digits => number(&digits).ok_or(Unfit::Kind { name, wanted: "a number" })?,
            },
            Kind::Flag => match text("true or false")?.as_str() {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                "" => return Ok(None),
                _ => return Err(Unfit::Kind { name, wanted: "true or false" }),
            },
            Kind::Texts => Json::Array(self.texts(seen)?.into_iter().map(Json::String).collect()),
            Kind::Any => self.any(seen)?,
        };
        let is_empty = match &value {
            Json::String(text) => text.is_empty(),
            Json::Array(items) => items.is_empty(),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => false,
        };
        Ok((!is_empty).then_some(value))
    }

    /// A list of texts; a single one is a list too.
    fn texts(&self, seen: &Seen) -> Result<Vec<String>, Unfit> {
        let each = match self {
            Self::List(items) => items.as_slice(),
            Self::Text(_) | Self::Group(_) => std::slice::from_ref(self),
        };
        let mut texts = Vec::new();
        for one in each {
            match one {
                Self::Text(template) => texts.push(template.fill(seen)?),
                Self::List(_) | Self::Group(_) => return Err(Unfit::Kind { name: "a list", wanted: "of texts" }),
            }
        }
        texts.retain(|text| !text.is_empty());
        Ok(texts)
    }

    /// What looks like a number, or true or false, is one.
    fn any(&self, seen: &Seen) -> Result<Json, Unfit> {
        Ok(match self {
            Self::Text(template) => {
                let text = template.fill(seen)?;
                match text.as_str() {
                    "true" => Json::Bool(true),
                    "false" => Json::Bool(false),
                    _ => number(&text).unwrap_or(Json::String(text)),
                }
            }
            Self::List(items) => Json::Array(items.iter().map(|item| item.any(seen)).collect::<Result<_, _>>()?),
            Self::Group(keys) => {
                let keys = keys.iter().map(|(name, argument)| Ok((name.clone(), argument.any(seen)?)));
                Json::Object(keys.collect::<Result<_, Unfit>>()?)
            }
        })
    }
}

/// Only what is written back as it was read: `007` and `+1` are texts.
fn number(text: &str) -> Option<Json> {
    let number: Number = serde_json::from_str(text).ok()?;
    (number.to_string() == text).then_some(Json::Number(number))
}

#[cfg(test)]
mod tests {
    use tandem_catalog::actions;
    use tandem_contact::Value;

    use super::*;

    const NAMES: Names<'_> = Names { contact: &[Field::FirstName, Field::Company, Field::Tags], event: &[] };

    fn action(name: &str) -> &'static Action {
        actions().find(|action| action.operation.name == name).unwrap()
    }

    fn text(text: &str) -> Argument {
        Argument::Text(Template::new(text, NAMES).unwrap())
    }

    /// Ana has no company.
    fn ana() -> Seen {
        Seen::new(NAMES.contact, |field| if field == Field::FirstName { Value::text("Ana") } else { None })
    }

    fn filled(name: &str, arguments: &[(&str, Argument)]) -> Result<Filled, String> {
        let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let known = Known { contact: Some("c1".to_owned()), location: "l1".to_owned(), ..Known::default() };
        fill(action(name), &arguments, &ana(), &known).map_err(|unfit| unfit.to_string())
    }

    #[test]
    fn everything_goes_where_it_belongs() {
        let task = [
            ("title", text("Call {{ contact.first_name }}")),
            ("dueDate", text("2026-12-01T09:00:00Z")),
            ("completed", text("false")),
        ];
        let filled = filled("ghl.contact.task.create", &task).unwrap();
        assert_eq!((filled.route, filled.query), (vec!["c1".to_owned()], Vec::new()));
        let expected = json!({ "title": "Call Ana", "dueDate": "2026-12-01T09:00:00Z", "completed": false });
        assert_eq!(filled.body, Some(expected));
    }

    #[test]
    fn a_missing_value_is_told_and_nothing_is_done() {
        let tags = |tag| [("tags", Argument::List(vec![text(tag)]))];
        assert_eq!(
            filled("ghl.contact.tags.add", &tags("{{ contact.company }}")).unwrap_err(),
            "`tags` is empty for this contact"
        );
        let title = [("title", text("x")), ("dueDate", text("d")), ("completed", text("{{ contact.first_name }}"))];
        assert_eq!(filled("ghl.contact.task.create", &title).unwrap_err(), "`completed` is to be true or false");
        let notify =
            |words: &str| Order::Notify { channel: "sales".to_owned(), text: Template::new(words, NAMES).unwrap() };
        let rule = |then| Rule { name: "r".to_owned(), when: When::TagAdded("vip".to_owned()), condition: None, then };
        let known = |_: &Action| Known::default();
        let problem = rule(vec![notify("{{ contact.company }}")]).plan(&ana(), known).unwrap_err();
        assert_eq!(problem, "the text of the notification is empty for this contact");
        // An action that can't be carried out keeps those before it from being begun.
        let tag = Order::Provider {
            action: action("ghl.contact.tags.add"),
            arguments: BTreeMap::from(tags("x").map(|(name, value)| (name.to_owned(), value))),
        };
        let problem = rule(vec![notify("hello"), tag]).plan(&ana(), known).unwrap_err();
        assert_eq!(problem, "`ghl.contact.tags.add`: there is no contact in ghl");
        let problem = rule(vec![notify("{{ contact.tags[0] }}")]).plan(&ana(), known).unwrap_err();
        assert_eq!(problem, "`contact.tags[0]`: the list has no such item");
    }
}
