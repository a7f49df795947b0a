//! What is said while something takes long: bars on a terminal, plain lines elsewhere, nothing but JSON on stdout with `--json`.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// How often a plain line tells of progress.
const LINE_PAUSE: Duration = Duration::from_secs(5);

/// Where words go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice {
    to_stderr: bool,
    bars: bool,
}

impl Voice {
    /// `json` keeps stdout free for the result.
    pub(crate) fn new(json: bool) -> Self {
        Self { to_stderr: json, bars: !json && io::stdout().is_terminal() && io::stderr().is_terminal() }
    }

    /// Says it. A reader that went away is no reason to stop.
    pub(crate) fn say(self, text: &str) {
        if self.to_stderr {
            drop(writeln!(io::stderr(), "{text}"));
        } else {
            drop(writeln!(io::stdout(), "{text}"));
        }
    }

    /// Starts telling how far `what` has come.
    pub(crate) fn progress(self, what: &'static str, total: usize) -> Progress {
        let bar = self.bars.then(|| bar(what, total));
        let now = Instant::now();
        Progress { voice: self, what, total, bar, started: now, said: now, shown: 0 }
    }
}

fn bar(what: &'static str, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    let template = "  {msg:<20} {bar:32} {pos}/{len}  {rate}, about {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("rate", rate));
    }
    bar.set_message(what);
    bar
}

fn rate(state: &ProgressState, out: &mut dyn fmt::Write) {
    if write!(out, "{:.1}/s", state.per_sec()).is_err() {
        tracing::debug!("a rate could not be shown");
    }
}

/// How far something has come.
#[derive(Debug)]
pub(crate) struct Progress {
    voice: Voice,
    what: &'static str,
    total: usize,
    bar: Option<ProgressBar>,
    started: Instant,
    said: Instant,
    shown: usize,
}

impl Progress {
    /// There is more than was known, or less.
    pub(crate) fn expect(&mut self, total: usize) {
        self.total = total;
        if let Some(bar) = &self.bar {
            bar.set_length(total as u64);
        }
    }

    pub(crate) fn set(&mut self, arrived: usize) {
        self.shown = arrived;
        match &self.bar {
            Some(bar) => bar.set_position(arrived as u64),
            None if self.said.elapsed() >= LINE_PAUSE => {
                self.said = Instant::now();
                self.voice.say(&self.line());
            }
            None => {}
        }
    }

    pub(crate) fn finish(self) {
        match &self.bar {
            Some(bar) => bar.finish(),
            None => self.voice.say(&format!("  {}: {} of {}", self.what, self.shown, self.total)),
        }
    }

    fn line(&self) -> String {
        let (what, arrived, total) = (self.what, self.shown, self.total);
        #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
        let per_second = arrived as f64 / self.started.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
        let left = total.saturating_sub(arrived) as f64 / per_second.max(0.1);
        format!("  {what}: {arrived} of {total} ({per_second:.1}/s, about {left:.0} s left)")
    }
}
