//! What happens in the demo: people make contacts in GHL, add things in OpenPhone, and edit and delete in GHL.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use tandem_service::supervise::Stop;
use tokio::sync::mpsc;

use super::edits::{self, Editors};
use super::sample::{Sample, sample};
use super::stage::{LOOK_PAUSE, Stage};
use super::summary::{Judged, Work};
use super::verify::{Expected, Kind, Problem, Verdict, agree, verify};
use super::{Options, Summary};
use crate::voice::Voice;

/// Nothing was asked of a provider for so long, although there is work: it will not end by itself.
const STUCK_AFTER: Duration = Duration::from_mins(1);

/// How a part ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Played {
    Through,
    Stopped,
}

/// The demo's own part: people make contacts, add things in OpenPhone, and edit in GHL.
pub(super) struct Act<'a> {
    stage: &'a Stage,
    voice: Voice,
    started: Instant,
    work: Work,
    /// What people type into GHL.
    bodies: Vec<Value>,
    /// Places of those who are entered twice.
    twice: Vec<(usize, usize)>,
    editors: Editors,
    expected: Expected,
    /// GHL ids of contacts that nobody entered twice and nobody deleted.
    living: Vec<String>,
    /// What went wrong with the run itself.
    trouble: Vec<Problem>,
}

impl<'a> Act<'a> {
    pub(super) fn new(options: &Options, stage: &'a Stage, voice: Voice) -> Self {
        let Sample { contacts: bodies, twice, numbers, rng } = sample(options.contacts, options.seed);
        Self {
            stage,
            voice,
            started: Instant::now(),
            work: Work { contacts: options.contacts, seed: options.seed, ..Work::default() },
            bodies,
            twice,
            editors: Editors::new(numbers, rng),
            expected: Expected { link: Stage::link(), ..Expected::default() },
            living: Vec::new(),
            trouble: Vec::new(),
        }
    }

    /// Plays all parts, unless somebody asks to stop.
    pub(super) async fn play(&mut self, stops: &mut mpsc::Receiver<Stop>) -> anyhow::Result<Played> {
        self.make_contacts()?;
        if self.until_quiet(&Awaited::Contacts, stops).await? == Played::Stopped {
            return Ok(Played::Stopped);
        }
        self.plant()?;
        if self.until_quiet(&Awaited::Nothing, stops).await? == Played::Stopped {
            return Ok(Played::Stopped);
        }
        let edited = self.edit()?;
        self.until_quiet(&Awaited::Edits(edited), stops).await
    }

    /// What it all amounts to. After a stop nothing is compared, because nothing was to be expected.
    pub(super) async fn summary(&mut self, played: Played) -> anyhow::Result<Summary> {
        let mut verdict = match played {
            Played::Through => verify(&self.expected, &self.stage.ghl.contacts(), &self.stage.openphone.contacts()),
            Played::Stopped => Verdict::default(),
        };
        verdict.problems.append(&mut self.trouble);
        let judged = Judged {
            ghl: self.stage.ghl.report(),
            openphone: self.stage.openphone.report(),
            dead_letters: self.stage.dead_letters().await?,
        };
        Ok(Summary::new(self.work, verdict, &judged, self.started.elapsed()))
    }

    /// Ids of one contact on both sides, to try things with.
    pub(super) fn somebody(&self) -> (String, String) {
        let contacts = self.stage.openphone.contacts();
        let pair = self.living.iter().find_map(|id| {
            let across = contacts.iter().find(|contact| self.source(contact) == Some(id))?;
            Some((id.clone(), across["id"].as_str()?.to_owned()))
        });
        pair.unwrap_or_else(|| ("ID".to_owned(), "ID".to_owned()))
    }

    fn make_contacts(&mut self) -> anyhow::Result<()> {
        let ids: Vec<String> =
            self.bodies.iter().map(|body| self.stage.ghl.create_contact(body)).collect::<Result<_, _>>()?;
        let twice = self.twice.iter().map(|(first, second)| (ids[*first].clone(), ids[*second].clone()));
        self.expected.twice = twice.collect();
        let doubled: BTreeSet<&String> = self.expected.twice.iter().flat_map(|(a, b)| [a, b]).collect();
        self.living = ids.iter().filter(|id| !doubled.contains(id)).cloned().collect();
        Ok(())
    }

    /// People at OpenPhone add things to every tenth contact, which Tandem has to leave alone.
    fn plant(&mut self) -> anyhow::Result<()> {
        let contacts = self.stage.openphone.contacts();
        let chosen: Vec<&str> = contacts.iter().step_by(10).filter_map(|contact| contact["id"].as_str()).collect();
        let count = chosen.len();
        self.voice.say(&format!(
            "People in OpenPhone add numbers, notes, roles and tags to {}. All of it has to stay.",
            contacts_of(count)
        ));
        for (turn, id) in chosen.into_iter().enumerate() {
            let planted = edits::plant(&self.stage.openphone, id, turn)?;
            self.expected.planted.insert(id.to_owned(), planted);
        }
        Ok(())
    }

    /// People at GHL edit a fifth of the contacts and delete a few.
    fn edit(&mut self) -> anyhow::Result<BTreeSet<String>> {
        let edited = self.chosen_for_edits();
        let unedited: Vec<String> = self.living.iter().filter(|id| !edited.contains(*id)).cloned().collect();
        for id in unedited.into_iter().rev().take(self.work.contacts.div_ceil(100)) {
            self.stage.ghl.delete_contact(&id)?;
            self.living.retain(|living| *living != id);
            self.expected.deleted.insert(id);
        }
        (self.work.edited, self.work.deleted) = (edited.len(), self.expected.deleted.len());
        self.voice.say(&format!(
            "People in GHL edit {} and delete {}. A delete in GHL leaves OpenPhone's contact alone.",
            contacts_of(self.work.edited),
            contacts_of(self.work.deleted)
        ));
        for id in &edited {
            self.editors.edit(&self.stage.ghl, id)?;
        }
        Ok(edited)
    }

    /// First those that people in OpenPhone have added to, because there wiping would show; then every second one.
    fn chosen_for_edits(&self) -> BTreeSet<String> {
        let contacts = self.stage.openphone.contacts();
        let is_planted =
            |contact: &&Value| contact["id"].as_str().is_some_and(|id| self.expected.planted.contains_key(id));
        let planted: BTreeSet<&str> = contacts.iter().filter(is_planted).filter_map(|it| self.source(it)).collect();
        let first = self.living.iter().filter(|id| planted.contains(id.as_str()));
        let order = first.chain(self.living.iter().step_by(2));
        let mut edited = BTreeSet::new();
        for id in order {
            if edited.len() < self.work.contacts.div_ceil(5) {
                edited.insert(id.clone());
            }
        }
        edited
    }

    /// The GHL id that an OpenPhone contact comes from.
    fn source<'c>(&self, contact: &'c Value) -> Option<&'c str> {
        contact["sourceUrl"].as_str()?.strip_prefix(self.expected.link.as_str())
    }

    /// How far it has come, and how far it has to.
    fn arrived(&self, awaited: &Awaited) -> (usize, usize) {
        match awaited {
            Awaited::Contacts => {
                let total = self.work.contacts - self.expected.twice.len();
                let created = self.stage.openphone.report().writes.created_by_api;
                (usize::try_from(created).unwrap_or(usize::MAX).min(total), total)
            }
            Awaited::Nothing => (0, 0),
            Awaited::Edits(ids) => {
                let contacts = self.stage.openphone.contacts();
                let sides = contacts.iter().filter_map(|contact| {
                    let id = self.source(contact).filter(|id| ids.contains(*id))?;
                    Some((self.stage.ghl.contact(id)?, contact))
                });
                (sides.filter(|(ghl, openphone)| agree(&self.expected, ghl, openphone)).count(), ids.len())
            }
        }
    }

    /// Waits until nothing is under way any more, and tells how far things have come.
    async fn until_quiet(&mut self, awaited: &Awaited, stops: &mut mpsc::Receiver<Stop>) -> anyhow::Result<Played> {
        let mut progress = awaited.label().map(|what| self.voice.progress(what, self.arrived(awaited).1));
        let (mut before, mut moved) = (None, Instant::now());
        loop {
            anyhow::ensure!(!self.stage.is_over(), "the pipeline stopped by itself; its log says why");
            let rest = self.stage.rest().await?;
            if let Some(progress) = &mut progress {
                progress.set(self.arrived(awaited).0);
            }
            // Twice the same, because a message may be between two looks.
            if rest.waiting == 0 && before == Some(rest) {
                break;
            }
            if before != Some(rest) {
                (before, moved) = (Some(rest), Instant::now());
            } else if moved.elapsed() > STUCK_AFTER {
                let text = format!("{} messages or webhooks were left after a minute without progress", rest.waiting);
                self.trouble.push(Problem::new(Kind::Run, text));
                break;
            }
            tokio::select! {
                Some(stop) = stops.recv() => {
                    self.trouble.push(Problem::new(Kind::Run, format!("{stop} before the end: nothing was checked")));
                    return Ok(Played::Stopped);
                }
                () = tokio::time::sleep(LOOK_PAUSE) => {}
            }
        }
        if let Some(progress) = progress {
            progress.finish();
        }
        Ok(Played::Through)
    }
}

/// What is waited for.
enum Awaited {
    Contacts,
    /// What is done has nothing to arrive; it has to be over, though.
    Nothing,
    /// GHL ids.
    Edits(BTreeSet<String>),
}

impl Awaited {
    fn label(&self) -> Option<&'static str> {
        match self {
            Self::Contacts => Some("contacts arrived"),
            Self::Nothing => None,
            Self::Edits(_) => Some("edits arrived"),
        }
    }
}

fn contacts_of(count: usize) -> String {
    if count == 1 { "1 contact".to_owned() } else { format!("{count} contacts") }
}
