//! Where a connection stands in the configuration: what hints point at.

use std::fmt;

use tandem_contact::Side;
use tandem_proto::ConnectionId;
use tandem_service::Config;
use tandem_service::config::Connection;
use url::Url;

/// One connection, as hints name it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Its position in `connections`.
    pub(super) index: usize,
    pub(super) id: ConnectionId,
    pub(super) location: String,
    pub(super) is_oauth: bool,
    /// Where a person connects the location again.
    pub(super) connect_url: Option<Url>,
    /// Where each side's API is.
    pub(super) base_urls: [Url; 2],
}

impl Place {
    pub(super) fn new(config: &Config, index: usize, connection: &Connection) -> Self {
        let is_oauth = connection.ghl.private_token.is_none();
        let url = config.http.public_url.as_ref().filter(|_| is_oauth);
        Self {
            index,
            id: connection.id.clone(),
            location: connection.ghl.location_id.clone(),
            is_oauth,
            connect_url: url.map(|url| tandem_ingest::start_url(url, &connection.id)),
            base_urls: [config.providers.ghl.base_url.clone(), config.providers.openphone.base_url.clone()],
        }
    }

    /// A key of this connection in the configuration.
    pub(super) fn key(&self, key: &str) -> String {
        format!("connections[{}].{key}", self.index)
    }

    /// Where the credential of a side stands.
    pub(super) fn credential(&self, side: Side) -> String {
        self.key(match side {
            Side::Ghl => "ghl.private_token",
            Side::OpenPhone => "openphone.api_key",
        })
    }

    pub(super) fn base_url(&self, side: Side) -> &Url {
        let [ghl, openphone] = &self.base_urls;
        match side {
            Side::Ghl => ghl,
            Side::OpenPhone => openphone,
        }
    }

    /// How a person connects the location by OAuth.
    pub(super) fn connect(&self) -> Connect<'_> {
        Connect(self)
    }
}

/// What to do to connect it.
pub(super) struct Connect<'a>(&'a Place);

impl fmt::Display for Connect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run `tandem connect {}`", self.0.id)?;
        match &self.0.connect_url {
            Some(url) => write!(f, ", or open {url}"),
            None => Ok(()),
        }
    }
}
