//! Why a webhook's signature was not accepted.

/// The signature doesn't prove that the provider sent these bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No signature, or GHL's literal `N/A`.
    #[error("the request is not signed")]
    Missing,
    /// A signature header that isn't one.
    #[error("the signature header can't be read")]
    Malformed,
    /// Signed outside the tolerated time.
    #[error("the signature's time is more than five minutes off")]
    Stale,
    /// No trusted key made this signature over these bytes.
    #[error("the signature matches none of the trusted keys")]
    Mismatch,
}
