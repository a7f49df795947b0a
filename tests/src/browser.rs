//! A browser with one cookie, for pages that send it on.

use std::net::SocketAddr;

use anyhow::Context as _;
use url::Url;

use crate::http::{self, Reply};

/// Keeps the cookie it was last given, and follows nothing by itself.
#[derive(Debug, Default)]
pub struct Browser {
    cookie: Option<String>,
}

impl Browser {
    /// One page.
    pub async fn open(&mut self, url: &Url) -> anyhow::Result<Reply> {
        let address: SocketAddr = url.socket_addrs(|| None)?.into_iter().next().context("no address")?;
        let line = format!("GET {}?{}", url.path(), url.query().unwrap_or_default());
        let reply = http::send(address, &line, &[("cookie", self.cookie.as_deref().unwrap_or_default())], b"").await?;
        if let Some(set) = reply.header("set-cookie") {
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        Ok(reply)
    }

    /// From the link of a connection to the address that GHL sends the browser back to.
    pub async fn consent(&mut self, link: &Url) -> anyhow::Result<Url> {
        let away = self.open(link).await?;
        let away = away.target().with_context(|| format!("no way to GHL: {away:?}"))?;
        let back = self.open(&away).await?;
        back.target().with_context(|| format!("no way back: {back:?}"))
    }
}
