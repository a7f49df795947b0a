//! Consumers: made, or brought to the settings given.

use async_nats::jetstream::consumer::{self, Info, IntoConsumerConfig, pull};
use serde::Serialize;

use crate::{Error, JetStream};

#[derive(Serialize)]
struct Create<'a> {
    stream_name: &'a str,
    config: &'a consumer::Config,
}

impl JetStream {
    /// Makes the durable pull consumer, or brings it to these settings: they are times and limits, and the newest
    /// configuration counts. What can't be changed in place is refused by the server.
    pub async fn ensure_consumer(&self, stream: &str, config: &pull::Config) -> Result<Info, Error> {
        let config = config.into_consumer_config();
        let name = config.durable_name.as_deref().unwrap_or_default();
        let mut subject = format!("CONSUMER.CREATE.{stream}.{name}");
        if !config.filter_subject.is_empty() {
            subject = format!("{subject}.{}", config.filter_subject);
        }
        self.api(&subject, &Create { stream_name: stream, config: &config }).await
    }
}
