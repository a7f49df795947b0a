//! Every operation of both providers: built by the client, sent by the one way out, done by the twin, read by the client.
//!
//! The twins share no code with the client, so what both understand alike is what the contract sheets say.

mod ghl;
mod openphone;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::SecretString;
use tandem_outbound::{Client, ClientConfig};
use tandem_providers::{ApiError, Request, Response};
use tandem_twins::Rate;

/// A budget that no test uses up.
const ROOMY: Rate =
    Rate { requests: 1_000_000, per: Duration::from_secs(10), per_day: Some(10_000_000), enforce: true };

/// Reads an answer.
type Reader<T> = fn(&Response) -> Result<T, ApiError>;

/// Asks one twin, and remembers for what.
struct Asker {
    client: Client,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl Asker {
    fn new(base_url: &str) -> Self {
        let limit = Duration::from_secs(30);
        let base_url = base_url.parse().unwrap();
        let client = Client::new(ClientConfig { base_url, timeout: limit, connect_timeout: limit }).unwrap();
        Self { client, asked: RefCell::default() }
    }

    async fn send(&self, request: Request, credential: &SecretString) -> Response {
        self.asked.borrow_mut().insert(request.operation.name);
        self.client.send(request, credential, http::HeaderMap::new(), None).await.unwrap()
    }

    /// The operation must succeed, and its answer must say what the reader is after.
    async fn ask<T>(&self, request: Request, credential: &SecretString, reader: Reader<T>) -> T {
        let name = request.operation.name;
        let answer = self.send(request, credential).await;
        reader(&answer).unwrap_or_else(|error| panic!("{name}: {error}: {:?}", answer.body()))
    }
}
