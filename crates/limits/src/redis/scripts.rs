//! The scripts, and what they answer.

use std::time::Duration;

use redis::Script;

#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) ask: Script,
    pub(super) end: Script,
    pub(super) claim: Script,
    pub(super) lift: Script,
    pub(super) today: Script,
    pub(super) beat: Script,
    pub(super) release: Script,
}

/// What Redis says to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Granted {
        day: u64,
        used: u64,
    },
    Wait(Duration),
    NotToday(Duration),
    Created {
        stamp: i64,
        wait: Duration,
    },
    /// Nothing was granted since its creation, which somebody else asked about a moment ago.
    Held(Duration),
}

/// What Redis says to a sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Beat {
    /// Another name: Redis has lost its memory.
    pub(super) memory: String,
    pub(super) age: Duration,
    /// Since somebody last knew that nobody decides alone.
    pub(super) since_settled: Option<Duration>,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            ask: Script::new(include_str!("scripts/ask.lua")),
            end: Script::new(include_str!("scripts/end.lua")),
            claim: Script::new(include_str!("scripts/claim.lua")),
            lift: Script::new(include_str!("scripts/lift.lua")),
            today: Script::new(include_str!("scripts/today.lua")),
            beat: Script::new(include_str!("scripts/beat.lua")),
            release: Script::new(include_str!("scripts/release.lua")),
        }
    }
}

impl Answer {
    pub(super) fn read((kind, wait, first, second): (u8, i64, i64, i64)) -> Self {
        match kind {
            1 => Self::Granted { day: first.unsigned_abs(), used: second.unsigned_abs() },
            2 => Self::NotToday(duration(wait)),
            3 => Self::Created { stamp: first, wait: duration(wait) },
            4 => Self::Held(duration(wait)),
            _wait => Self::Wait(duration(wait)),
        }
    }
}

impl Beat {
    pub(super) fn read((memory, age, since): (String, i64, i64)) -> Self {
        Self { memory, age: duration(age), since_settled: u64::try_from(since).ok().map(Duration::from_micros) }
    }
}

/// As the scripts count.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
