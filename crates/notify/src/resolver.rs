//! Names to addresses. What is checked here is what is connected to: the client takes these addresses and asks nobody
//! again, so a name that answers differently a moment later gains nothing.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::is_public;

/// Asks for the addresses of a name. An argument, because no test can have a name that resolves to what it needs.
pub(crate) type Lookup = Arc<dyn Fn(String) -> LookedUp + Send + Sync>;

/// The addresses of a name, when they are there.
pub(crate) type LookedUp = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// The system's own answer.
pub(crate) fn system(name: String) -> LookedUp {
    Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
}

/// All of a name's addresses are private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name resolves to a private address")]
pub(crate) struct NotPublic;

/// Gives out the addresses that may be connected to.
pub(crate) struct Resolver {
    lookup: Lookup,
    is_guarded: bool,
}

impl Resolver {
    /// Gives out public addresses only.
    pub(crate) fn guarded(lookup: Lookup) -> Self {
        Self { lookup, is_guarded: true }
    }

    /// Gives out what it is told: for hosts that an operator has named.
    pub(crate) fn open(lookup: Lookup) -> Self {
        Self { lookup, is_guarded: false }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let found = (self.lookup)(name.as_str().to_owned());
        let is_guarded = self.is_guarded;
        Box::pin(async move {
            let mut addresses = found.await?;
            let found_any = !addresses.is_empty();
            if is_guarded {
                addresses.retain(|address| is_public(address.ip()));
            }
            if found_any && addresses.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const PUBLIC: &str = "93.184.215.14:0";

    /// Answers one list after the other.
    fn lookup(answers: &[&[&str]]) -> Lookup {
        let parsed = |list: &&[&str]| list.iter().map(|address| address.parse().unwrap()).collect();
        let answers: Mutex<Vec<Vec<SocketAddr>>> = Mutex::new(answers.iter().rev().map(parsed).collect());
        Arc::new(move |_| {
            let next = answers.lock().unwrap().pop().unwrap();
            Box::pin(async move { Ok(next) })
        })
    }

    async fn resolve(resolver: &Resolver) -> Result<Vec<String>, String> {
        let found = resolver.resolve("name.example".parse().unwrap()).await;
        found.map(|found| found.map(|address| address.to_string()).collect()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn only_public_addresses_are_given_out() {
        let mixed: &[&str] = &["10.0.0.1:0", PUBLIC, "[::1]:0", "[2606:4700::1111]:0", "[::ffff:127.0.0.1]:0"];
        let resolver = Resolver::guarded(lookup(&[mixed, &["127.0.0.1:0", "[fe80::1]:0"], &[]]));
        assert_eq!(resolve(&resolver).await.unwrap(), [PUBLIC, "[2606:4700::1111]:0"]);
        assert_eq!(resolve(&resolver).await.unwrap_err(), NotPublic.to_string());
        assert_eq!(resolve(&resolver).await.unwrap(), [""; 0], "no address at all is no private one");
    }

    #[tokio::test]
    async fn every_answer_is_looked_at_and_not_only_the_first() {
        let resolver = Resolver::guarded(lookup(&[&[PUBLIC], &["169.254.169.254:0"], &[PUBLIC]]));
        assert_eq!(resolve(&resolver).await.unwrap(), [PUBLIC]);
        assert!(resolve(&resolver).await.is_err());
        assert_eq!(resolve(&resolver).await.unwrap(), [PUBLIC]);
    }

    #[tokio::test]
    async fn a_named_host_may_be_private() {
        let resolver = Resolver::open(lookup(&[&["10.0.0.1:0", PUBLIC]]));
        assert_eq!(resolve(&resolver).await.unwrap(), ["10.0.0.1:0", PUBLIC]);
    }

    #[tokio::test]
    async fn the_systems_localhost_is_not_public() {
        let resolver = Resolver::guarded(Arc::new(system));
        let error = resolver.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(error.is::<NotPublic>(), "{error}");
    }
}
