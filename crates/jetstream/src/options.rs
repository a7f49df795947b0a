//! Where the servers are and how to sign in.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::Error;

const DEFAULT_PORT: u16 = 4222;

/// Everything needed to connect.
#[derive(Debug, Clone)]
pub struct Options {
    /// One or more addresses of one cluster: `nats://host:4222`, `tls://host:4222`. May carry `user:password@`.
    pub urls: Vec<SecretString>,
    /// How to sign in, where the address doesn't say.
    pub credentials: Credentials,
    /// Encryption.
    pub tls: Tls,
    /// Copies of each stream.
    pub replicas: usize,
    /// What the server calls this client.
    pub name: String,
}

/// How to sign in.
#[derive(Debug, Clone, Default)]
pub enum Credentials {
    /// As the address says, else not at all.
    #[default]
    None,
    /// A user and a password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A token.
    Token(SecretString),
    /// The seed of an nkey.
    Nkey(SecretString),
    /// The text of a `.creds` file.
    CredentialsFile(SecretString),
}

/// Encryption; an address with `tls://` asks for it by itself.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Refuse servers without it.
    pub required: bool,
    /// Certificates to trust (PEM); none = those of the system.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate and its key (PEM), for servers that ask for one.
    pub client: Option<(PathBuf, PathBuf)>,
}

impl Options {
    /// One copy, no credentials beyond those in the address.
    pub fn new(urls: impl IntoIterator<Item = SecretString>) -> Self {
        Self {
            urls: urls.into_iter().collect(),
            credentials: Credentials::None,
            tls: Tls::default(),
            replicas: 1,
            name: "tandem".to_owned(),
        }
    }

    /// The addresses without credentials, and how to sign in.
    pub(crate) fn resolve(&self) -> Result<Resolved, Error> {
        let mut resolved = Resolved { addresses: Vec::new(), credentials: self.credentials.clone() };
        for text in &self.urls {
            let mut url = parse(text.expose_secret().trim())?;
            if !url.username().is_empty() {
                resolved.credentials = from_url(&url);
            }
            // Neither fails for an address with a host.
            let cleaned = url.set_username("").and_then(|()| url.set_password(None));
            cleaned
                .map_err(|()| Error::Options("an address of NATS can't carry credentials in this form".to_owned()))?;
            resolved.addresses.push(url);
        }
        if resolved.addresses.is_empty() {
            return Err(Error::Options("NATS has no address: set one like nats://127.0.0.1:4222".to_owned()));
        }
        Ok(resolved)
    }
}

/// Addresses that may be shown, and credentials that may not.
pub(crate) struct Resolved {
    pub(crate) addresses: Vec<Url>,
    pub(crate) credentials: Credentials,
}

impl Resolved {
    /// The addresses for people.
    pub(crate) fn shown(&self) -> String {
        let shown = self.addresses.iter().map(|url| {
            let host = url.host_str().unwrap_or_default();
            format!("{host}:{}", url.port().unwrap_or(DEFAULT_PORT))
        });
        shown.collect::<Vec<_>>().join(", ")
    }
}

/// The text may hold a password, so no error repeats it.
fn parse(text: &str) -> Result<Url, Error> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("nats://{text}") };
    let url = Url::parse(&with_scheme).map_err(|error| {
        Error::Options(format!("an address of NATS is not a URL ({error}): nats://host:4222 is one"))
    })?;
    if !matches!(url.scheme(), "nats" | "tls") {
        let scheme = url.scheme();
        return Err(Error::Options(format!("an address of NATS begins with nats:// or tls://, not with {scheme}://")));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Error::Options("an address of NATS has no host: nats://host:4222 has one".to_owned()));
    }
    Ok(url)
}

/// As everywhere in NATS, a user without a password is a token.
fn from_url(url: &Url) -> Credentials {
    let user = decode(url.username());
    match url.password() {
        Some(password) => Credentials::Password { user, password: SecretString::from(decode(password)) },
        None => Credentials::Token(SecretString::from(user)),
    }
}

/// Undoes `%40` and the like.
fn decode(text: &str) -> String {
    let query = format!("v={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(urls: &str) -> Options {
        Options::new(urls.split(',').map(SecretString::from))
    }

    fn resolve(url: &str) -> Result<Resolved, Error> {
        options(url).resolve()
    }

    #[test]
    fn credentials_leave_the_address() {
        let resolved = resolve("nats://ann:p%40ss+w&rd@one:4222, tls://two").unwrap();
        assert_eq!(resolved.shown(), "one:4222, two:4222");
        assert!(resolved.addresses.iter().all(|url| url.username().is_empty() && url.password().is_none()));
        let Credentials::Password { user, password } = resolved.credentials else { panic!("no password") };
        assert_eq!((user.as_str(), password.expose_secret()), ("ann", "p@ss+w&rd"));
    }

    #[test]
    fn a_user_alone_is_a_token() {
        let Credentials::Token(token) = resolve("nats://t0ken@one").unwrap().credentials else { panic!("no token") };
        assert_eq!(token.expose_secret(), "t0ken");
    }

    #[test]
    fn a_bad_address_is_named_without_its_text() {
        assert!(Options::new([]).resolve().is_err());
        for url in ["", "http://ann:hush@one", "nats://ann:hush@", "nats://ann:hush@one:port"] {
            let Err(error) = resolve(url) else { panic!("{url} was taken") };
            let text = error.to_string();
            assert!(text.contains("NATS") && !text.contains("hush"), "{text}");
        }
        let debug = format!("{:?}", options("nats://ann:hush@one"));
        assert!(!debug.contains("hush"), "{debug}");
    }
}
