//! Which of the services a process runs.

use std::fmt;

use tandem_service::Config;
use tandem_service::config::{Limits, Queue};

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Webhooks to events.
    Ingest,
    /// Events to commands.
    Mapper,
    /// Commands to provider calls.
    Writer,
}

impl Part {
    /// All three, as in `tandem up`.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Mapper, Self::Writer];

    /// The name of a process that runs these parts.
    pub fn program(parts: &[Self]) -> &'static str {
        match parts {
            [Self::Ingest] => "tandem-ingest",
            [Self::Mapper] => "tandem-mapper",
            [Self::Writer] => "tandem-writer",
            _ => "tandem",
        }
    }

    /// Refuses what several processes can't share.
    pub(crate) fn check(parts: &[Self], config: &Config) -> Result<(), Misfit> {
        if parts == Self::ALL {
            return Ok(());
        }
        let program = Self::program(parts);
        if matches!(config.queue, Queue::Embedded) {
            return Err(Misfit::Queue { program });
        }
        // The writer writes; ingest reads everybody for backfills and sweeps, and makes webhooks.
        let calls = parts.contains(&Self::Writer) || parts.contains(&Self::Ingest);
        if calls && matches!(config.limits, Limits::Embedded) {
            return Err(Misfit::Limits { program });
        }
        Ok(())
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ingest => "ingest",
            Self::Mapper => "mapper",
            Self::Writer => "writer",
        })
    }
}

/// A configuration that is sound, but not for this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// An embedded queue belongs to one process.
    #[error(
        "queue.backend: {program} shares the queue with other processes: set `queue: {{ backend: nats, url: ... }}`, \
         or run everything in one process with `tandem up`"
    )]
    Queue {
        /// The program.
        program: &'static str,
    },
    /// So does an embedded limiter.
    #[error(
        "limits.backend: {program} shares the providers' request budgets with other processes: set \
         `limits: {{ backend: redis, url: ... }}`, or run everything in one process with `tandem up`"
    )]
    Limits {
        /// The program.
        program: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tandem_service::Environment;

    use super::*;

    #[test]
    fn whoever_calls_a_provider_shares_its_budget() {
        let text = "
queue: { backend: nats, url: 'nats://127.0.0.1:4222' }
connections:
  - id: acme
    ghl: { location_id: L1, private_token: '${SECRET}' }
    openphone: { api_key: '${SECRET}' }
";
        let environment: Environment = [("SECRET".to_owned(), "invented".to_owned())].into();
        let config = Config::parse(text, Path::new("tandem.yaml"), &environment).unwrap();
        for (part, program) in [(Part::Ingest, "tandem-ingest"), (Part::Writer, "tandem-writer")] {
            assert_eq!(Part::check(&[part], &config), Err(Misfit::Limits { program }));
        }
        assert_eq!(Part::check(&[Part::Mapper], &config), Ok(()));
        assert_eq!(Part::check(&Part::ALL, &config), Ok(()));
    }
}
