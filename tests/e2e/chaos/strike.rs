//! What can be done to a process or server, and in which order it comes.

use std::fmt;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use tandem::Part;

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strike {
    /// SIGKILL, and a start after a while.
    Kill(Kind),
    /// SIGSTOP for up to eight seconds: longer than a request may take and than a record is leased.
    Pause(Kind),
    /// SIGSTOP for longer than the queue waits for an answer.
    LongPause(Kind),
    /// SIGTERM, and a start once it has ended.
    Restart(Kind),
    KillNats,
    PauseNats,
    /// With everything that was in it.
    KillRedis,
    PauseRedis,
    FlushRedis,
}

/// A service; `Part` has no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Ingest,
    Mapper,
    Writer,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Ingest, Self::Mapper, Self::Writer];

    pub(super) fn part(self) -> Part {
        match self {
            Self::Ingest => Part::Ingest,
            Self::Mapper => Part::Mapper,
            Self::Writer => Part::Writer,
        }
    }
}

impl Strike {
    /// Which service it hits; none where it hits a server.
    pub(super) fn part(self) -> Option<Part> {
        match self {
            Self::Kill(kind) | Self::Pause(kind) | Self::LongPause(kind) | Self::Restart(kind) => Some(kind.part()),
            Self::KillNats | Self::PauseNats | Self::KillRedis | Self::PauseRedis | Self::FlushRedis => None,
        }
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(kind) => write!(f, "kill -9 of a {}", kind.part()),
            Self::Pause(kind) => write!(f, "SIGSTOP of a {}", kind.part()),
            Self::LongPause(kind) => write!(f, "SIGSTOP of a {} beyond the ack wait", kind.part()),
            Self::Restart(kind) => write!(f, "SIGTERM of a {}", kind.part()),
            Self::KillNats => f.write_str("kill -9 of NATS"),
            Self::PauseNats => f.write_str("SIGSTOP of NATS"),
            Self::KillRedis => f.write_str("kill -9 of Redis, all lost"),
            Self::PauseRedis => f.write_str("SIGSTOP of Redis"),
            Self::FlushRedis => f.write_str("FLUSHALL of Redis"),
        }
    }
}

/// Every strike comes once before any comes again; those at writers and NATS come more often.
pub(super) struct Deck {
    all: Vec<Strike>,
    left: Vec<Strike>,
}

impl Deck {
    pub(super) fn new(is_long: bool) -> Self {
        let each =
            Kind::ALL.into_iter().flat_map(|kind| [Strike::Kill(kind), Strike::Pause(kind), Strike::Restart(kind)]);
        let more = [Strike::Kill(Kind::Writer), Strike::Pause(Kind::Writer), Strike::KillNats];
        let servers = [Strike::KillNats, Strike::PauseNats, Strike::KillRedis, Strike::PauseRedis, Strike::FlushRedis];
        let long = Kind::ALL.into_iter().map(Strike::LongPause).filter(|_| is_long);
        Self { all: each.chain(more).chain(servers).chain(long).collect(), left: Vec::new() }
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = Strike> {
        self.all.iter().copied()
    }

    /// The next strike that can be carried out now.
    pub(super) fn deal(&mut self, dice: &mut StdRng, can: impl Fn(Strike) -> bool) -> Option<Strike> {
        if self.left.is_empty() {
            self.left.clone_from(&self.all);
            self.left.shuffle(dice);
        }
        let at = self.left.iter().position(|strike| can(*strike))?;
        Some(self.left.remove(at))
    }
}
