//! Which of the services a process runs.

use std::fmt;

use tandem_service::Config;
use tandem_service::config::{Limits, Queue};

use crate::assemble;

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
        let makes_webhooks = config.connections.iter().any(|connection| assemble::makes_webhook(config, connection));
        let calls = parts.contains(&Self::Writer) || parts.contains(&Self::Ingest) && makes_webhooks;
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

    /// Over NATS, with a budget of this process's own.
    fn config(more: &str, webhook_secrets: &str) -> Config {
        let text = format!(
            "{more}
queue: {{ backend: nats, url: 'nats://127.0.0.1:4222' }}
connections:
  - id: acme
    ghl: {{ location_id: L1, private_token: '${{SECRET}}' }}
    openphone: {{ api_key: '${{SECRET}}', webhook_secrets: [{webhook_secrets}] }}
"
        );
        let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned();
        let environment: Environment = [("SECRET".to_owned(), "invented".to_owned()), ("KEY".to_owned(), key)].into();
        Config::parse(&text, Path::new("tandem.yaml"), &environment).unwrap()
    }

    #[test]
    fn whoever_calls_a_provider_shares_its_budget() {
        let reachable = "http: { public_url: 'https://sync.example.com' }\nencryption_key: '${KEY}'";
        let made = config(reachable, "");
        let program = "tandem-ingest";
        assert_eq!(Part::check(&[Part::Ingest], &made), Err(Misfit::Limits { program }), "it makes a webhook");
        assert_eq!(Part::check(&[Part::Mapper], &made), Ok(()));
        assert_eq!(Part::check(&Part::ALL, &made), Ok(()));
        for calls_nobody in [config(reachable, "'${SECRET}'"), config("", ""), config("encryption_key: '${KEY}'", "")] {
            assert_eq!(Part::check(&[Part::Ingest], &calls_nobody), Ok(()));
            assert_eq!(Part::check(&[Part::Writer], &calls_nobody), Err(Misfit::Limits { program: "tandem-writer" }));
        }
    }
}
