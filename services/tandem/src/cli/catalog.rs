//! `tandem catalog`.

use std::io::Write as _;
use std::process::ExitCode;

use tandem::catalog::{ParameterItem, listed};

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
    let catalog = listed(arguments.word.as_deref().unwrap_or_default());
    let mut out = std::io::stdout();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&catalog)?)?;
    } else {
        for change in &catalog.changes {
            writeln!(out, "when {{ {}: … }}\n    {}", change.when, change.what)?;
        }
        for event in &catalog.events {
            let facts: Vec<&str> = event.facts.iter().map(|fact| fact.name).collect();
            let (when, what, about) = (event.when, event.what, event.about);
            writeln!(out, "when {when}\n    {what} It is about {about} and tells: {}", facts.join(", "))?;
        }
        for action in &catalog.actions {
            let told: Vec<String> = action.with.iter().map(told).collect();
            writeln!(out, "do {}\n    {} It is told: {}", action.r#do, action.what, told.join(", "))?;
        }
    }
    let is_empty = catalog.changes.is_empty() && catalog.events.is_empty() && catalog.actions.is_empty();
    Ok(if is_empty { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn told(parameter: &ParameterItem) -> String {
    let known = match (parameter.known, parameter.is_required) {
        (Some(known), _) => format!(" ({known}, unless you say another)"),
        (None, true) => String::new(),
        (None, false) => " (may be left out)".to_owned(),
    };
    format!("{}{known}", parameter.name)
}
