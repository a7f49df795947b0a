//! The address of GHL's page where an installation begins: plain OAuth 2.0 (RFC 6749, section 4.1.1), so the `oauth2` crate
//! makes it. Why it makes nothing else is in the README of `tandem-credentials`.

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, RedirectUrl, Scope};
use url::Url;

use super::OAuthConfig;

/// Where the browser goes, to come back to `redirect_uri` with that state.
pub(super) fn install_link(config: &OAuthConfig, redirect_uri: Url, state: String) -> Url {
    let client = BasicClient::new(ClientId::new(config.client_id.clone()))
        .set_auth_uri(AuthUrl::from_url(config.authorize_url.clone()))
        .set_redirect_uri(RedirectUrl::from_url(redirect_uri));
    let scopes = config.scopes.iter().map(|scope| Scope::new((*scope).to_owned()));
    let (url, _state) = client.authorize_url(|| CsrfToken::new(state)).add_scopes(scopes).url();
    url
}
