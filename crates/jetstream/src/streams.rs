//! Streams: made if they aren't there, compared if they are.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::stream::{Config, Info};

use crate::{Difference, Error, JetStream};

impl JetStream {
    /// Makes the stream, or finds it with the same settings. Settings that `Config::default` leaves open and that an
    /// operator may add (description, placement, metadata) are not compared.
    pub async fn ensure_stream(&self, config: Config) -> Result<Info, Error> {
        let name = config.name.clone();
        match self.api::<Info>(&format!("STREAM.CREATE.{name}"), &config).await {
            Err(Error::Rejected { code, .. }) if ErrorCode(code) == ErrorCode::STREAM_NAME_EXIST => {}
            outcome => return outcome,
        }
        let found: Info = self.api(&format!("STREAM.INFO.{name}"), &()).await?;
        let differences = differences(&config, &found.config);
        if differences.is_empty() { Ok(found) } else { Err(Error::StreamDiffers { stream: name, differences }) }
    }
}

fn differences(expected: &Config, found: &Config) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut compare = |field: &'static str, expected: String, found: String| {
        if expected != found {
            differences.push(Difference { field, expected, found });
        }
    };
    compare("subjects", sorted(&expected.subjects), sorted(&found.subjects));
    compare("retention", format!("{:?}", expected.retention), format!("{:?}", found.retention));
    compare("storage", format!("{:?}", expected.storage), format!("{:?}", found.storage));
    compare("discard", format!("{:?}", expected.discard), format!("{:?}", found.discard));
    compare("replicas", expected.num_replicas.to_string(), found.num_replicas.to_string());
    compare("max_msgs", limit(expected.max_messages), limit(found.max_messages));
    compare("max_bytes", limit(expected.max_bytes), limit(found.max_bytes));
    compare("max_msgs_per_subject", limit(expected.max_messages_per_subject), limit(found.max_messages_per_subject));
    compare("max_msg_size", limit(expected.max_message_size.into()), limit(found.max_message_size.into()));
    compare("max_age", format!("{:?}", expected.max_age), format!("{:?}", found.max_age));
    if !expected.duplicate_window.is_zero() {
        compare("dupe_window", format!("{:?}", expected.duplicate_window), format!("{:?}", found.duplicate_window));
    }
    compare("allow_direct", expected.allow_direct.to_string(), found.allow_direct.to_string());
    compare("allow_atomic", expected.allow_atomic_publish.to_string(), found.allow_atomic_publish.to_string());
    compare("allow_msg_ttl", expected.allow_message_ttl.to_string(), found.allow_message_ttl.to_string());
    compare("allow_rollup_hdrs", expected.allow_rollup.to_string(), found.allow_rollup.to_string());
    compare("deny_delete", expected.deny_delete.to_string(), found.deny_delete.to_string());
    compare("deny_purge", expected.deny_purge.to_string(), found.deny_purge.to_string());
    compare("sealed", expected.sealed.to_string(), found.sealed.to_string());
    differences
}

fn sorted(subjects: &[String]) -> String {
    let mut subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    subjects.sort_unstable();
    subjects.join(",")
}

/// The server writes "no limit" as -1, where 0 was sent.
fn limit(value: i64) -> String {
    if value <= 0 { "unlimited".to_owned() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use async_nats::jetstream::stream::{DiscardPolicy, RetentionPolicy};

    use super::*;

    fn config() -> Config {
        Config { name: "S".to_owned(), subjects: vec!["a.>".to_owned(), "b.>".to_owned()], ..Config::default() }
    }

    #[test]
    fn what_the_server_fills_in_makes_no_difference() {
        let found = Config {
            subjects: vec!["b.>".to_owned(), "a.>".to_owned()],
            max_bytes: -1,
            max_messages: -1,
            max_messages_per_subject: -1,
            max_message_size: -1,
            max_consumers: -1,
            duplicate_window: std::time::Duration::from_mins(2),
            description: Some("ours".to_owned()),
            ..config()
        };
        assert_eq!(differences(&config(), &found), []);
    }

    #[test]
    fn everything_that_differs_is_named_at_once() {
        let found = Config {
            subjects: vec!["a.>".to_owned()],
            retention: RetentionPolicy::Interest,
            discard: DiscardPolicy::New,
            max_bytes: 5,
            ..config()
        };
        let differences = differences(&config(), &found);
        let fields: Vec<_> = differences.iter().map(|one| one.field).collect();
        assert_eq!(fields, ["subjects", "retention", "discard", "max_bytes"]);
        let error = Error::StreamDiffers { stream: "S".to_owned(), differences }.to_string();
        assert!(error.contains("max_bytes is 5, not unlimited") && error.contains("nats stream edit S"), "{error}");
    }
}
