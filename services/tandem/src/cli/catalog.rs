//! `tandem catalog`.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::{Value as Json, json};
use tandem_catalog::{Action, Again, CHANGES, Event, Parameter, Place, Usual, about, actions, events};

/// What `tandem catalog` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only what has this in its name or description
    word: Option<String>,
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
}

/// Lists what rules can be started by, and what they can do.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let word = arguments.word.as_deref().unwrap_or_default().to_lowercase();
    let has = |texts: [&str; 2]| texts.iter().any(|text| text.to_lowercase().contains(&word));
    let changes: Vec<_> = CHANGES.into_iter().filter(|(name, what)| has([name, what])).collect();
    let events: Vec<_> = events().filter(|event| has([event.name, event.what])).collect();
    let actions: Vec<_> = actions().filter(|action| has([action.operation.name, action.what])).collect();
    let mut out = std::io::stdout();
    if arguments.json {
        let changes: Vec<Json> = changes.iter().map(|(name, what)| json!({ "when": name, "what": what })).collect();
        let events: Vec<Json> = events.iter().map(|event| of_event(event)).collect();
        let actions: Vec<Json> = actions.iter().map(|action| of_action(action)).collect();
        writeln!(out, "{}", json!({ "changes": changes, "events": events, "actions": actions }))?;
    } else {
        for (name, what) in &changes {
            writeln!(out, "when {{ {name}: … }}\n    {what}")?;
        }
        for event in &events {
            let facts: Vec<&str> = event.facts.iter().map(|fact| fact.name).collect();
            writeln!(
                out,
                "when {}\n    {} It is about {} and tells: {}",
                event.name,
                event.what,
                about(event),
                facts.join(", ")
            )?;
        }
        for action in &actions {
            let told: Vec<String> = action.parameters.iter().map(told).collect();
            writeln!(out, "do {}\n    {} It is told: {}", action.operation.name, action.what, told.join(", "))?;
        }
    }
    Ok(if changes.len() + events.len() + actions.len() > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(parameter: &Parameter) -> String {
    let known = match parameter.usual {
        Some(Usual::Contact) => " (the contact, unless you say another)",
        Some(Usual::Location) => " (the location, unless you say another)",
        Some(Usual::Subject) => " (what the event is about, unless you say another)",
        None if parameter.is_required => "",
        None => " (may be left out)",
    };
    format!("{}{known}", parameter.name)
}

fn of_event(event: &Event) -> Json {
    let facts: Vec<Json> =
        event.facts.iter().map(|fact| json!({ "name": fact.name, "is_list": fact.is_list })).collect();
    json!({ "when": event.name, "what": event.what, "about": about(event), "facts": facts })
}

fn of_action(action: &Action) -> Json {
    let parameter = |parameter: &Parameter| {
        let place = match parameter.place {
            Place::Route => "route",
            Place::Query => "query",
            Place::Body => "body",
        };
        let is_known = parameter.usual.is_some();
        json!({ "name": parameter.name, "place": place, "is_required": parameter.is_required, "is_known": is_known })
    };
    let parameters: Vec<Json> = action.parameters.iter().map(parameter).collect();
    let (name, request, scopes) = (action.operation.name, action.operation.template, action.operation.scopes);
    let is_repeated = action.again == Again::Harmless;
    json!({ "do": name, "what": action.what, "request": request, "scopes": scopes, "with": parameters, "is_repeated": is_repeated })
}
