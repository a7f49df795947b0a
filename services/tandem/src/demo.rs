//! Everything on one machine, with invented people and no account: contacts made and edited at a GHL twin arrive at
//! an OpenPhone twin through the same pipeline that `tandem up` runs. What arrived is checked at the twins.

mod act;
mod edits;
mod names;
mod numbers;
mod sample;
mod stage;
mod summary;
mod verify;

mod watch;

use tandem_service::supervise::Stop;
use tokio::sync::mpsc;

use crate::sandbox::Port;
use crate::voice::Voice;
use act::{Act, Played};
use stage::Stage;

pub use summary::{Calls, Summary};

/// How the demo is run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Ends after the check instead of running on.
    pub once: bool,
    /// Keeps stdout free for the caller's JSON.
    pub json: bool,
    /// How many contacts there are.
    pub contacts: usize,
    /// What the invented people are made from.
    pub seed: u64,
    /// Where the GHL twin listens.
    pub ghl: Port,
    /// Where the OpenPhone twin listens.
    pub openphone: Port,
}

/// Runs the demo until it is done, or until somebody asks to stop. The summary is that of the demo's own part; there
/// is none where a stop came first and nobody waits for one.
///
/// # Errors
/// The twins or the pipeline can't be started, or fail.
pub async fn run(options: Options, mut stops: mpsc::Receiver<Stop>) -> anyhow::Result<Option<Summary>> {
    let voice = Voice::new(options.json);
    let stage = Stage::open(options.seed, (options.ghl, options.openphone)).await?;
    voice.say(&opening(&options, &stage));
    let shown = show(&options, &stage, voice, &mut stops).await;
    if shown.is_ok() {
        voice.say("Stopping: finishing what is under way, then removing the temporary data.");
    }
    let closed = stage.close().await;
    match (shown, closed) {
        // The pipeline's own words say why it could not go on.
        (Err(shown), Err(closed)) => Err(closed.context(shown.to_string())),
        (Err(error), Ok(())) | (Ok(_), Err(error)) => Err(error),
        (Ok(summary), Ok(())) => Ok(summary),
    }
}

async fn show(
    options: &Options,
    stage: &Stage,
    voice: Voice,
    stops: &mut mpsc::Receiver<Stop>,
) -> anyhow::Result<Option<Summary>> {
    let mut act = Act::new(options, stage, voice);
    let played = act.play(stops).await?;
    if played == Played::Stopped && !options.once {
        return Ok(None);
    }
    let summary = act.summary(played).await?;
    voice.say(&format!("\n{}\n", summary.table()));
    if !options.once {
        voice.say(&invitation(stage, act.somebody()));
        watch::watch(stage, voice, stops).await?;
    }
    Ok(Some(summary))
}

fn opening(options: &Options, stage: &Stage) -> String {
    let (ghl, openphone) = (&stage.ghl, &stage.openphone);
    let moved = moved("GHL", options.ghl, ghl.address().port())
        + &moved("OpenPhone", options.openphone, openphone.address().port());
    format!(
        "Tandem demo: {} invented contacts, two stand-ins (\"twins\") for the providers, no account.
  GHL twin        {}
  OpenPhone twin  {}   it allows 10 requests a second, like the real one
  queue, store    temporary, removed at the end{moved}

People make {} contacts in GHL. Tandem gets a webhook for each, reads the contact and makes it in OpenPhone.",
        options.contacts,
        ghl.base_url(),
        openphone.base_url(),
        options.contacts,
    )
}

fn moved(name: &str, wanted: Port, port: u16) -> String {
    if !wanted.is_elsewhere(port) {
        return String::new();
    }
    format!("\n  Port {} is taken, so the {name} twin listens on {port}.", wanted.wanted())
}

fn invitation(stage: &Stage, (ghl_id, openphone_id): (String, String)) -> String {
    let (ghl, openphone) = (stage.ghl.base_url(), stage.openphone.base_url());
    format!(
        "It keeps running. Change a contact as a person in GHL would, and watch:

  curl -X PATCH {ghl}/_twin/people/contacts/{ghl_id} -H 'content-type: application/json' -d '{{\"firstName\":\"Maria\"}}'

See it in OpenPhone:

  curl {openphone}/_twin/contacts/{openphone_id}

What the twins saw:  curl {openphone}/_twin/report
Ctrl-C ends it."
    )
}
