//! Connecting to real servers, and members of a group.

#[cfg(test)]
mod connecting;
#[cfg(test)]
mod members;
#[cfg(test)]
mod streams;

#[cfg(test)]
use secrecy::SecretString;
#[cfg(test)]
use tandem_jetstream::{JetStream, Options};
#[cfg(test)]
use tandem_testkit::servers::Nats;

#[cfg(test)]
const LONG: std::time::Duration = std::time::Duration::from_secs(20);

#[cfg(test)]
fn options(url: impl Into<String>) -> Options {
    Options::new([SecretString::from(url.into())])
}

#[cfg(test)]
async fn connect(server: &Nats) -> JetStream {
    JetStream::connect(&options(server.url())).await.unwrap()
}
