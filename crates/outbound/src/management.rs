//! The HTTP client of commands that ask a running Tandem over its management API.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Response};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::client::{broken, builder, is_base, is_loopback, read};
use crate::{ConfigError, NotSent, SendError, Unknown};

/// The largest answer that is read: everybody who is in a segment.
const MAX_RESPONSE_BYTES: usize = 64 << 20;
/// Name, network and TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// An answer that comes line by line ends within that.
const LONGEST: Duration = Duration::from_hours(24);

/// Asks one running Tandem.
#[derive(Clone)]
pub struct ManagementClient {
    http: reqwest::Client,
    base: Url,
    token: SecretString,
}

impl fmt::Debug for ManagementClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagementClient").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// The path behind the base URL, step by step, as it is before anything is escaped.
    pub path: Vec<String>,
    /// The query's names and values.
    pub query: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Option<String>,
}

impl ManagementClient {
    /// A client that shows this token, and waits for an answer this long.
    ///
    /// # Errors
    /// The base URL can't be one, or would have the token sent unencrypted over a network.
    pub fn new(base: Url, token: SecretString, timeout: Duration) -> Result<Self, ConfigError> {
        if !is_base(&base) {
            return Err(ConfigError::BaseUrl);
        }
        if base.scheme() == "http" && !is_loopback(&base) {
            return Err(ConfigError::Unencrypted);
        }
        let http = builder(&base, (timeout, CONNECT)).build().map_err(ConfigError::Client)?;
        Ok(Self { http, base, token })
    }

    /// Where it asks.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Sends it, once. The answer is returned whatever its status.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn ask(&self, ask: Ask) -> Result<Response<Bytes>, SendError> {
        let answer = self.http.execute(self.request(ask)?).await.map_err(SendError::from_client)?;
        read(answer, MAX_RESPONSE_BYTES).await
    }

    /// The same for an answer that comes line by line, for as long as it takes. An answer of another status is returned whole.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn lines(&self, ask: Ask) -> Result<Result<Lines, Response<Bytes>>, SendError> {
        let mut request = self.request(ask)?;
        *request.timeout_mut() = Some(LONGEST);
        let answer = self.http.execute(request).await.map_err(SendError::from_client)?;
        if answer.status() == http::StatusCode::OK {
            return Ok(Ok(Lines { answer, rest: BytesMut::new() }));
        }
        read(answer, MAX_RESPONSE_BYTES).await.map(Err)
    }

    fn request(&self, ask: Ask) -> Result<reqwest::Request, SendError> {
        let invalid = || SendError::not_sent(NotSent::Invalid);
        let mut request = reqwest::Request::new(ask.method.clone(), self.address(&ask).ok_or_else(invalid)?);
        let shown = format!("Bearer {}", self.token.expose_secret());
        let mut shown = HeaderValue::from_str(&shown).map_err(|_| invalid())?;
        shown.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, shown);
        if let Some(body) = ask.body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.into());
        }
        Ok(request)
    }

    /// A step that holds a slash or a question mark stays one step.
    fn address(&self, ask: &Ask) -> Option<Url> {
        let mut address = self.base.clone();
        address.path_segments_mut().ok()?.pop_if_empty().extend(&ask.path);
        if !ask.query.is_empty() {
            address.query_pairs_mut().extend_pairs(&ask.query);
        }
        Some(address)
    }
}

/// The lines of an answer, as they come.
#[derive(Debug)]
pub struct Lines {
    answer: reqwest::Response,
    rest: BytesMut,
}

impl Lines {
    /// The next line, without its end; none after the last.
    ///
    /// # Errors
    /// The connection broke, or a line is larger than any answer may be.
    pub async fn next(&mut self) -> Result<Option<String>, SendError> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line = self.rest.split_to(end + 1);
                return Ok(Some(String::from_utf8_lossy(&line[..end]).into_owned()));
            }
            if self.rest.len() > MAX_RESPONSE_BYTES {
                return Err(SendError::Unknown { reason: Unknown::TooLarge, source: None });
            }
            match self.answer.chunk().await.map_err(broken)? {
                Some(chunk) => self.rest.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(base: &str) -> Result<ManagementClient, ConfigError> {
        ManagementClient::new(base.parse().unwrap(), "token".into(), CONNECT)
    }

    #[test]
    fn a_token_is_not_sent_unencrypted_over_a_network() {
        assert!(client("http://127.0.0.1:8080").is_ok() && client("http://localhost:8080/").is_ok());
        assert!(client("https://sync.example.com/tandem").is_ok());
        assert!(matches!(client("http://sync.example.com"), Err(ConfigError::Unencrypted)));
        assert!(matches!(client("ftp://sync.example.com"), Err(ConfigError::BaseUrl)));
        assert!(!format!("{:?}", client("http://localhost")).contains("token\""));
    }

    #[test]
    fn what_stands_in_a_path_is_escaped() {
        let path = ["api", "v1", "+1 (415) 555", "a/b?c#d", "é"].map(str::to_owned).to_vec();
        let ask = Ask { method: Method::GET, path, query: vec![("code", "a&b".to_owned())], body: None };
        let address = client("https://sync.example.com/tandem/").unwrap().address(&ask).unwrap();
        let expected = "https://sync.example.com/tandem/api/v1/+1%20(415)%20555/a%2Fb%3Fc%23d/%C3%A9?code=a%26b";
        assert_eq!(address.as_str(), expected);
    }
}
