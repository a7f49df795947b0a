use proptest::prelude::*;

use super::*;

const SECRET: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
const OTHER: &str = "whsec_IAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SENT: &str = "1776081600";

fn secret(text: &str) -> WebhookSecret {
    WebhookSecret::parse(text).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_776_081_600).unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
}

fn signed(body: &[u8], secret: &WebhookSecret) -> HeaderMap {
    let tag = secret.tag([format!("msg_1.{SENT}.").as_bytes(), body, b""]);
    let signature = format!("v1,{}", BASE64.encode(tag));
    headers(&[("webhook-id", "msg_1"), ("webhook-timestamp", SENT), ("webhook-signature", &signature)])
}

fn legacy(body: &[u8], secret: &WebhookSecret) -> HeaderMap {
    let signature = BASE64.encode(secret.tag([b"1639710054089", b".", body]));
    headers(&[("openphone-signature", &format!("hmac;1;1639710054089;{signature}"))])
}

#[test]
fn secrets_are_told_from_typing_errors() {
    assert!(WebhookSecret::parse(" whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA\n").is_ok());
    for bad in ["", "whsec_", "whsec_AQID", "not base64!", "whsec_whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="] {
        assert!(WebhookSecret::parse(bad).is_err(), "{bad:?} was taken");
    }
}

#[test]
fn a_reserialised_body_does_not_verify() {
    let body = br#"{"id":"EV1", "b":1,"a":2}"#;
    let again = serde_json::from_slice::<serde_json::Value>(body).unwrap().to_string();
    let secrets = [secret(SECRET)];
    let good = verify(body, &signed(body, &secrets[0]), &secrets, now()).unwrap();
    assert_eq!(good.message_id.as_deref(), Some("msg_1"));
    let standard = verify(again.as_bytes(), &signed(body, &secrets[0]), &secrets, now());
    assert_eq!(standard, Err(SignatureError::Mismatch));
    let legacy = verify(again.as_bytes(), &legacy(body, &secrets[0]), &secrets, now());
    assert_eq!(legacy, Err(SignatureError::Mismatch));
}

#[test]
fn both_secrets_are_good_during_rotation() {
    let headers = signed(b"{}", &secret(OTHER));
    assert!(verify(b"{}", &headers, &[secret(SECRET), secret(OTHER)], now()).is_ok());
    assert_eq!(verify(b"{}", &headers, &[secret(SECRET)], now()), Err(SignatureError::Mismatch));
    assert_eq!(verify(b"{}", &headers, &[], now()), Err(SignatureError::Mismatch));
}

#[test]
fn five_minutes_either_way_are_tolerated() {
    let key = secret(SECRET);
    let at = |seconds: i64| {
        let now = now() + SignedDuration::from_secs(seconds);
        verify(b"{}", &signed(b"{}", &key), std::slice::from_ref(&key), now).map(|_| ())
    };
    assert_eq!((at(300), at(-300)), (Ok(()), Ok(())));
    assert_eq!((at(301), at(-301)), (Err(SignatureError::Stale), Err(SignatureError::Stale)));
}

#[test]
fn what_is_no_signature_is_told_apart() {
    let secrets = [secret(SECRET)];
    let result = |pairs: &[(&'static str, &str)]| verify(b"{}", &headers(pairs), &secrets, now()).unwrap_err();
    let standard =
        |signature: &str| result(&[("webhook-id", "m"), ("webhook-timestamp", SENT), ("webhook-signature", signature)]);
    assert_eq!(result(&[]), SignatureError::Missing);
    assert_eq!(result(&[("webhook-signature", "")]), SignatureError::Missing);
    assert_eq!(result(&[("webhook-signature", "v1,AAAA")]), SignatureError::Malformed);
    for malformed in ["v1,", "v1", "v2,AAAA", "AAAA", "v1,%%%", ","] {
        let error = standard(malformed);
        assert!(matches!(error, SignatureError::Malformed | SignatureError::Mismatch), "{malformed}: {error}");
    }
    assert_eq!(standard("v1,AAAA"), SignatureError::Mismatch);
    for malformed in ["x", "hmac;2;1;AAAA", "hmac;1;AAAA", ","] {
        assert_eq!(result(&[("openphone-signature", malformed)]), SignatureError::Malformed, "{malformed}");
    }
    for empty in ["hmac;1;1;", "hmac;1;;AAAA", "hmac;1;1;%%"] {
        assert_eq!(result(&[("openphone-signature", empty)]), SignatureError::Mismatch, "{empty}");
    }
    let odd_time = [("webhook-id", "m"), ("webhook-timestamp", "99999999999999"), ("webhook-signature", "v1,AAAA")];
    assert_eq!(result(&odd_time), SignatureError::Malformed);
}

#[test]
fn a_legacy_body_reformatted_on_the_way_still_verifies() {
    let compact_body = br#"{"id":"EV1","text":"two  spaces, and a \" quote"}"#;
    let pretty = b"{\r\n  \"id\": \"EV1\",\n\t\"text\": \"two  spaces, and a \\\" quote\"\n}\n";
    let secrets = [secret(SECRET)];
    let headers = legacy(compact_body, &secrets[0]);
    assert!(verify(compact_body, &headers, &secrets, now()).is_ok());
    assert!(verify(pretty, &headers, &secrets, now()).is_ok());
    let changed = br#"{"id":"EV1","text":"two spaces, and a \" quote"}"#;
    assert_eq!(verify(changed, &headers, &secrets, now()), Err(SignatureError::Mismatch));
}

proptest! {
    #[test]
    fn one_changed_byte_is_noticed(body in proptest::collection::vec(any::<u8>(), 1..64), at in any::<usize>(), flip in 1..=255_u8) {
        let secrets = [secret(SECRET)];
        let headers = signed(&body, &secrets[0]);
        let mut changed = body.clone();
        let at = at % changed.len();
        changed[at] ^= flip;
        prop_assert!(verify(&body, &headers, &secrets, now()).is_ok());
        prop_assert_eq!(verify(&changed, &headers, &secrets, now()), Err(SignatureError::Mismatch));
    }

    #[test]
    fn no_header_and_no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..64), value in "[ -~]{0,80}", time in "[ -~]{0,20}") {
        let secrets = [secret(SECRET)];
        let standard = headers(&[("webhook-id", "m"), ("webhook-timestamp", time.trim()), ("webhook-signature", &value)]);
        let _result = verify(&body, &standard, &secrets, now());
        let legacy = headers(&[("openphone-signature", &value)]);
        let _result = verify(&body, &legacy, &secrets, now());
    }
}
