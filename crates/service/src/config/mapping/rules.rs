//! Rules: when something happens, if a condition holds, then these actions.

use std::collections::BTreeMap;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use tandem_catalog::{self as catalog, Action, Kind, Parameter, Usual};
use tandem_contact::{Field, tag};
use tandem_mapping::activity::PREFIX;
use tandem_mapping::{
    Argument, Expression, InvalidExpression, Mapping, Names, Order, Rule, Schedule, Template, When, subject_of,
};

use super::super::section::Slot;
use super::or;
use super::texts::{time, zone};

/// Rules of one mapping; nobody has so many.
const MOST: usize = 200;
/// Actions of one rule.
const MOST_ACTIONS: usize = 20;
/// What can start a rule besides an event of a provider.
const CHANGES: [&str; 5] = ["tag_added", "tag_removed", "field_changed", "segment_entered", "segment_left"];

/// The rules of a mapping that is read but for them.
pub(super) fn rules(slot: &Slot<'_>, mapping: &Mapping) -> Option<Vec<Rule>> {
    let fields = mapping.names();
    let mut rules: Vec<Rule> = Vec::new();
    let mut is_fine = true;
    let listed = slot.list()?;
    if listed.len() > MOST {
        slot.problem(format!("a mapping has at most {MOST} rules"));
        return None;
    }
    for slot in listed {
        let Some(rule) = rule(&slot, mapping, &fields) else {
            is_fine = false;
            continue;
        };
        if rules.iter().any(|known| known.name == rule.name) {
            slot.problem(format!("`{}` stands here a second time: call one of the two something else", rule.name));
            is_fine = false;
        }
        rules.push(rule);
    }
    is_fine.then_some(rules)
}

fn rule(slot: &Slot<'_>, mapping: &Mapping, fields: &[Field]) -> Option<Rule> {
    let mut keys = slot.section()?;
    let name = keys.slot("name").parse(|name| {
        if name.starts_with(PREFIX) {
            return Err(format!("`{PREFIX}` is what Tandem's own rules begin with: call it something else"));
        }
        Ok(name.to_owned())
    });
    let starts = when(&keys.slot("when"), mapping);
    let (condition, then) = (keys.slot("if"), keys.slot("then"));
    keys.finish();
    let starts = starts?;
    let names = starts.names(fields);
    let condition = if condition.is_empty() {
        Some(None)
    } else {
        let read = |text: &str| Expression::naming(text, names);
        condition.required().and_then(|text| noted(&condition, read(text.trim_end()))).map(Some)
    };
    let orders = orders(&then, (&starts, mapping.texts.is_some()), names);
    Some(Rule { name: name?, when: starts, condition: condition?, then: orders? })
}

fn noted<T>(slot: &Slot<'_>, read: Result<T, InvalidExpression>) -> Option<T> {
    read.map_err(|error| {
        let place = error.column.map(|column| format!("character {column}: ")).unwrap_or_default();
        slot.problem(format!("{place}{}", error.text));
    })
    .ok()
}

fn when(slot: &Slot<'_>, mapping: &Mapping) -> Option<When> {
    if !slot.is_group() {
        return slot.parse(event);
    }
    let mut keys = slot.section()?;
    let slots = CHANGES.map(|name| (name, keys.slot(name)));
    let times = keys.slot("schedule");
    keys.finish();
    if !times.is_empty() && slots.iter().all(|(_, slot)| slot.is_empty()) {
        return schedule(&times).map(When::At);
    }
    let given: Vec<&(&str, Slot<'_>)> = slots.iter().filter(|(_, slot)| !slot.is_empty()).collect();
    let [(name, value)] = given.as_slice() else {
        slot.problem(format!(
            "expected one of {}, schedule, or the name of an event: `tandem catalog` lists them",
            CHANGES.join(", ")
        ));
        return None;
    };
    value.parse(|text| change(name, text, mapping))
}

fn schedule(slot: &Slot<'_>) -> Option<Schedule> {
    let mut keys = slot.section()?;
    let at = keys.slot("at").parse(time);
    let days = keys.slot("on");
    let zone = or(&keys.slot("timezone"), TimeZone::UTC, zone);
    keys.finish();
    let on: Vec<Option<Weekday>> = days.list()?.iter().map(|slot| slot.parse(weekday)).collect();
    Some(Schedule { at: at?, on: on.into_iter().collect::<Option<_>>()?, zone: zone? })
}

fn weekday(name: &str) -> Result<Weekday, String> {
    match name {
        "monday" => Ok(Weekday::Monday),
        "tuesday" => Ok(Weekday::Tuesday),
        "wednesday" => Ok(Weekday::Wednesday),
        "thursday" => Ok(Weekday::Thursday),
        "friday" => Ok(Weekday::Friday),
        "saturday" => Ok(Weekday::Saturday),
        "sunday" => Ok(Weekday::Sunday),
        _ => Err(format!("expected a day of the week such as monday, found `{name}`")),
    }
}

fn event(name: &str) -> Result<When, String> {
    if let Some(event) = catalog::events().find(|event| event.name == name) {
        return Ok(When::Event(event));
    }
    let word = name.rsplit('.').next().unwrap_or(name).to_lowercase();
    let alike: Vec<&str> = catalog::events()
        .map(|event| event.name)
        .filter(|known| known.to_lowercase().contains(&word))
        .take(5)
        .collect();
    let hint = if alike.is_empty() { String::new() } else { format!("; perhaps {}", alike.join(", ")) };
    Err(format!("`{name}` is no event{hint}: `tandem catalog` lists them"))
}

fn change(name: &str, text: &str, mapping: &Mapping) -> Result<When, String> {
    let segment = |text: &str| {
        if mapping.segments().any(|known| known == text) {
            return Ok(text.to_owned());
        }
        let known: Vec<&str> = mapping.segments().collect();
        Err(format!("`{text}` is no segment of this mapping (known: {})", known.join(", ")))
    };
    let label = |text: &str| tag::normal(text).ok_or_else(|| "a tag is expected".to_owned());
    match name {
        "tag_added" => Ok(When::TagAdded(label(text)?)),
        "tag_removed" => Ok(When::TagRemoved(label(text)?)),
        "segment_entered" => Ok(When::Entered(segment(text)?)),
        "segment_left" => Ok(When::Left(segment(text)?)),
        _ => {
            let known = mapping.fields.keys().find(|field| field.name() == text);
            let names: Vec<&str> = mapping.fields.keys().map(|field| field.name()).collect();
            known
                .copied()
                .map(When::Changed)
                .ok_or_else(|| format!("`{text}` is no field of this mapping (known: {})", names.join(", ")))
        }
    }
}

fn orders(slot: &Slot<'_>, when: (&When, bool), names: Names<'_>) -> Option<Vec<Order>> {
    let listed = slot.list()?;
    if listed.is_empty() || listed.len() > MOST_ACTIONS {
        slot.problem(format!("expected a list of 1 to {MOST_ACTIONS} actions"));
        return None;
    }
    let read: Vec<Option<Order>> = listed.iter().map(|slot| order(slot, when, names)).collect();
    read.into_iter().collect()
}

fn order(slot: &Slot<'_>, (when, may_text): (&When, bool), names: Names<'_>) -> Option<Order> {
    let mut keys = slot.section()?;
    let (channel, text) = (keys.slot("notify"), keys.slot("text"));
    let (action, with) = (keys.slot("do"), keys.slot("with"));
    keys.finish();
    match (channel.is_empty(), action.is_empty()) {
        (false, true) => {
            if !with.is_empty() {
                with.problem("belongs to `do`: a notification has a `text`");
            }
            let text = text.required().and_then(|words| noted(&text, Template::new(&words, names)));
            Some(Order::Notify { channel: channel.required()?.trim().to_owned(), text: text? })
        }
        (true, false) => {
            if !text.is_empty() {
                text.problem("belongs to `notify`: what an action is told stands under `with`");
            }
            let action = action.parse(|name| known(name, may_text))?;
            Some(Order::Provider { action, arguments: arguments((slot, &with), action, when, names)? })
        }
        _ => {
            slot.problem("expected either `do` with the name of an action, or `notify` with the name of a channel");
            None
        }
    }
}

fn known(name: &str, may_text: bool) -> Result<&'static Action, String> {
    let found = catalog::actions().find(|action| action.operation.name == name);
    let Some(action) = found else {
        let word = name.rsplit('.').next().unwrap_or(name);
        let names = catalog::actions().map(|action| action.operation.name);
        let alike: Vec<&str> = names.filter(|known| known.contains(word)).take(5).collect();
        let hint = if alike.is_empty() { String::new() } else { format!("; perhaps {}", alike.join(", ")) };
        return Err(format!("`{name}` is no action{hint}: `tandem catalog` lists them"));
    };
    if action.reaches_people && !may_text {
        return Err(format!(
            "`{name}` sends a text to a person: rules may do that only where the mapping says `texts: {{ allowed: true, quiet_hours: … }}`"
        ));
    }
    Ok(action)
}

fn arguments(
    (at, slot): (&Slot<'_>, &Slot<'_>),
    action: &'static Action,
    when: &When,
    names: Names<'_>,
) -> Option<BTreeMap<String, Argument>> {
    let mut arguments = BTreeMap::new();
    let mut is_fine = true;
    for (name, slot) in slot.entries()? {
        let Some(parameter) = action.parameters.iter().find(|parameter| parameter.name == name) else {
            let known: Vec<&str> = action.parameters.iter().map(|parameter| parameter.name).collect();
            slot.problem(format!("unknown parameter (known here: {})", known.join(", ")));
            is_fine = false;
            continue;
        };
        match argument(&slot, names).filter(|argument| is_of_its_kind(&slot, parameter, argument)) {
            Some(argument) => drop(arguments.insert(name.to_owned(), argument)),
            None => is_fine = false,
        }
    }
    for parameter in action.parameters {
        let is_given = arguments.contains_key(parameter.name);
        if parameter.is_required && !is_given && !is_usual(action, parameter, when) {
            at.problem(format!("`{}` needs `{}`: add it under `with`", action.operation.name, parameter.name));
            is_fine = false;
        }
    }
    is_fine.then_some(arguments)
}

/// Whether Tandem knows it by itself.
fn is_usual(action: &Action, parameter: &Parameter, when: &When) -> bool {
    match parameter.usual {
        Some(Usual::Contact) => when.is_about_somebody(),
        Some(Usual::Location) => true,
        Some(Usual::Subject) => subject_of(action, parameter)
            .is_some_and(|subject| when.subjects_at(action.side).any(|told| told == subject)),
        None => false,
    }
}

fn is_of_its_kind(slot: &Slot<'_>, parameter: &Parameter, argument: &Argument) -> bool {
    let literal = match argument {
        Argument::Text(template) => template.literal(),
        Argument::List(_) | Argument::Group(_) => None,
    };
    let wanted = match (parameter.kind, argument) {
        (Kind::Any, _)
        | (Kind::Text | Kind::Number | Kind::Flag | Kind::Texts, Argument::Text(_))
        | (Kind::Texts, Argument::List(_)) => None,
        (Kind::Text, _) => Some("a text"),
        (Kind::Number, _) => Some("a number"),
        (Kind::Flag, _) => Some("`true` or `false`"),
        (Kind::Texts, Argument::Group(_)) => Some("a list of texts"),
    };
    let wanted = wanted.or(match (parameter.kind, literal) {
        (Kind::Number, Some(text)) if text.parse::<f64>().is_err() => Some("a number"),
        (Kind::Flag, Some(text)) if text.parse::<bool>().is_err() => Some("`true` or `false`"),
        _ => None,
    });
    if let Some(wanted) = wanted {
        slot.problem(format!("expected {wanted}"));
    }
    wanted.is_none()
}

fn argument(slot: &Slot<'_>, names: Names<'_>) -> Option<Argument> {
    if slot.is_list() {
        let read: Vec<Option<Argument>> = slot.items().iter().map(|item| argument(item, names)).collect();
        return read.into_iter().collect::<Option<_>>().map(Argument::List);
    }
    if slot.is_group() {
        let read = slot.entries()?.into_iter().map(|(name, slot)| Some((name.to_owned(), argument(&slot, names)?)));
        let read: Vec<Option<(String, Argument)>> = read.collect();
        return read.into_iter().collect::<Option<_>>().map(Argument::Group);
    }
    let text = slot.text()?;
    noted(slot, Template::new(&text, names)).map(Argument::Text)
}
