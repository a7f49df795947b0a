//! What an answer means.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

use crate::{Kind, Unknown, Why};

/// How much of an answer is read; the rest is left.
pub const MAX_RESPONSE_BYTES: usize = 4096;

/// Nobody means longer than this, and later arithmetic must not overflow.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Whether the notification was taken.
pub(crate) fn judge(kind: Kind, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<(), Why> {
    let body = String::from_utf8_lossy(body);
    let status = meant(kind, status, &body);
    let retry_after = retry_after(headers);
    if status.is_success() {
        return Ok(());
    }
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE && retry_after.is_some() {
        return Err(Why::Throttled { retry_after });
    }
    if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
        let reason = reason(kind, &body);
        return Err(Why::Refused { status: status.as_u16(), retry_after, reason });
    }
    Err(Why::Unknown(Unknown::Answered(status.as_u16())))
}

/// A connector of Teams answers 200 although Teams refused it, and says so in its text: "Webhook message delivery failed
/// with error: Microsoft Teams endpoint returned HTTP error 429 with ...".
fn meant(kind: Kind, status: StatusCode, body: &str) -> StatusCode {
    if kind != Kind::Teams || !status.is_success() || !body.contains("Webhook message delivery failed") {
        return status;
    }
    let code = body.split_once("HTTP error ").and_then(|(_, rest)| rest.get(..3)?.parse().ok());
    code.filter(|code: &StatusCode| !code.is_success()).unwrap_or(StatusCode::BAD_GATEWAY)
}

/// The seconds of a `Retry-After` header; dates in it are not read.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// Slack says in one word what is wrong, such as `channel_is_archived`. Nobody else's text is kept: it could be anything.
fn reason(kind: Kind, body: &str) -> Option<String> {
    let word = body.trim();
    let is_word = (1..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (kind == Kind::Slack && is_word).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(kind: Kind, status: u16, retry_after: Option<&str>, body: &str) -> Result<(), Why> {
        let headers = retry_after.map(|value| (RETRY_AFTER, value.parse().unwrap()));
        judge(kind, StatusCode::from_u16(status).unwrap(), &headers.into_iter().collect(), body.as_bytes())
    }

    fn refused(status: u16, reason: Option<&str>) -> Result<(), Why> {
        Err(Why::Refused { status, retry_after: None, reason: reason.map(str::to_owned) })
    }

    #[test]
    fn a_success_is_one() {
        for (kind, status, body) in
            [(Kind::Slack, 200, "ok"), (Kind::Teams, 202, ""), (Kind::Teams, 200, "1"), (Kind::Url, 204, "")]
        {
            assert_eq!(judged(kind, status, None, body), Ok(()));
        }
    }

    #[test]
    fn a_refusal_keeps_slacks_word_and_nobody_elses() {
        assert_eq!(judged(Kind::Slack, 410, None, "channel_is_archived\n"), refused(410, Some("channel_is_archived")));
        assert_eq!(judged(Kind::Slack, 404, None, "<html>secret</html>"), refused(404, None));
        assert_eq!(judged(Kind::Slack, 403, None, &"a".repeat(65)), refused(403, None));
        assert_eq!(judged(Kind::Url, 400, None, "channel_is_archived"), refused(400, None));
    }

    #[test]
    fn throttled_is_told_with_its_pause() {
        let throttled = |seconds: Option<u64>| Err(Why::Throttled { retry_after: seconds.map(Duration::from_secs) });
        assert_eq!(judged(Kind::Slack, 429, Some("30"), ""), throttled(Some(30)));
        assert_eq!(judged(Kind::Slack, 429, Some("18446744073709551615"), ""), throttled(Some(86_400)));
        for unread in [None, Some("soon"), Some("-3"), Some("Wed, 21 Oct 2026 07:28:00 GMT")] {
            assert_eq!(judged(Kind::Slack, 429, unread, ""), throttled(None));
        }
        assert_eq!(judged(Kind::Url, 503, Some("5"), ""), throttled(Some(5)));
    }

    #[test]
    fn what_proves_nothing_is_unknown() {
        for status in [302, 307, 408, 500, 502, 503, 504] {
            assert_eq!(judged(Kind::Url, status, None, ""), Err(Why::Unknown(Unknown::Answered(status))));
        }
    }

    #[test]
    fn a_connector_that_says_200_and_means_another_is_understood() {
        let body = |rest: &str| format!("Webhook message delivery failed with error: {rest}");
        let returned =
            |code: &str| body(&format!("Microsoft Teams endpoint returned HTTP error {code} with ContextId x"));
        assert_eq!(judged(Kind::Teams, 200, None, &returned("429")), Err(Why::Throttled { retry_after: None }));
        assert_eq!(judged(Kind::Teams, 200, None, &returned("413")), refused(413, None));
        for unclear in [returned("500"), returned("200"), returned("é"), body("")] {
            let judged = judged(Kind::Teams, 200, None, &unclear);
            assert!(matches!(judged, Err(Why::Unknown(Unknown::Answered(500 | 502)))), "{unclear}: {judged:?}");
        }
        assert_eq!(judged(Kind::Url, 200, None, &returned("429")), Ok(()));
    }

    proptest! {
        #[test]
        fn every_answer_means_something(status in 100_u16..1000, after in "[ -~]{0,12}", body: Vec<u8>, kind in 0_usize..3) {
            let kind = [Kind::Slack, Kind::Teams, Kind::Url][kind];
            let status = StatusCode::from_u16(status).unwrap();
            let headers = HeaderMap::from_iter([(RETRY_AFTER, after.parse().unwrap())]);
            let judged = judge(kind, status, &headers, &body);
            prop_assert!(judged.is_err() || status.is_success());
        }
    }
}
