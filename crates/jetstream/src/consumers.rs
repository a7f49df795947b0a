//! Consumers: made, or brought to the settings given.

use std::collections::HashMap;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{self, Info, IntoConsumerConfig, pull};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use crate::{Error, JetStream};

/// Requests under way at once while many consumers are made.
const AT_ONCE: usize = 32;

#[derive(Serialize)]
struct Create<'a> {
    stream_name: &'a str,
    config: &'a consumer::Config,
}

#[derive(Serialize)]
struct Offset {
    offset: usize,
}

#[derive(Deserialize)]
struct Page {
    total: usize,
    /// Missing where there are none.
    #[serde(default)]
    consumers: Option<Vec<Info>>,
}

impl JetStream {
    /// Makes the durable pull consumer, or brings it to these settings: they are times and limits, and the newest
    /// configuration counts. What can't be changed in place is refused by the server.
    pub async fn ensure_consumer(&self, stream: &str, config: &pull::Config) -> Result<(), Error> {
        let config = config.into_consumer_config();
        let name = config.durable_name.as_deref().unwrap_or_default();
        let mut subject = format!("CONSUMER.CREATE.{stream}.{name}");
        if !config.filter_subject.is_empty() {
            subject = format!("{subject}.{}", config.filter_subject);
        }
        let _: Info = self.api(&subject, &Create { stream_name: stream, config: &config }).await?;
        Ok(())
    }

    /// [`JetStream::ensure_consumer`] for many: those that are there with these settings cost a share of one request.
    pub async fn ensure_consumers(&self, stream: &str, configs: Vec<pull::Config>) -> Result<(), Error> {
        let found = self.consumers(stream).await?;
        let found: HashMap<&str, &consumer::Config> =
            found.iter().map(|info| (info.name.as_str(), &info.config)).collect();
        let is_there = |config: &pull::Config| {
            let name = config.durable_name.as_deref().unwrap_or_default();
            found.get(name).is_some_and(|found| is_same(config, found))
        };
        let wanting: Vec<pull::Config> = configs.into_iter().filter(|config| !is_there(config)).collect();
        let made = stream::iter(wanting).map(|config| async move { self.ensure_consumer(stream, &config).await });
        made.buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Every consumer of a stream. Asks for a few hundred at a time.
    pub async fn consumers(&self, stream: &str) -> Result<Vec<Info>, Error> {
        let mut found = Vec::new();
        loop {
            let page: Page = self.api(&format!("CONSUMER.LIST.{stream}"), &Offset { offset: found.len() }).await?;
            let infos = page.consumers.unwrap_or_default();
            let is_last = infos.is_empty() || found.len() + infos.len() >= page.total;
            found.extend(infos);
            if is_last {
                return Ok(found);
            }
        }
    }

    /// One consumer of a stream, if it is there.
    pub async fn consumer(&self, stream: &str, name: &str) -> Result<Option<Info>, Error> {
        match self.api(&format!("CONSUMER.INFO.{stream}.{name}"), &()).await {
            Ok(info) => Ok(Some(info)),
            Err(Error::Rejected { code, .. }) if ErrorCode(code) == ErrorCode::CONSUMER_NOT_FOUND => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// True for an error that says that the stream is not there.
    pub fn is_stream_missing(error: &Error) -> bool {
        matches!(error, Error::Rejected { code, .. } if ErrorCode(*code) == ErrorCode::STREAM_NOT_FOUND)
    }
}

/// The settings that we make; an operator may have added a description.
fn is_same(expected: &pull::Config, found: &consumer::Config) -> bool {
    expected.filter_subject == found.filter_subject
        && expected.ack_policy == found.ack_policy
        && expected.ack_wait == found.ack_wait
        && expected.max_deliver == found.max_deliver
        && expected.max_ack_pending == found.max_ack_pending
        && expected.max_waiting == found.max_waiting
        && expected.backoff == found.backoff
}
