//! One operation asked and answered: the request to the letter, the answer to the value, and both against the provider's
//! own description where that is at hand.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Debug;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value as Json;
use tandem_providers::ghl::ApiVersion;
use tandem_providers::{ApiError, Request, Response};
use tandem_testkit::openapi::deviations::{self, Subject};

use crate::{answer, contract};

/// Which API is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Api {
    /// GHL's, under a date.
    Dated,
    /// GHL's third.
    V3,
    /// Either surface of OpenPhone.
    OpenPhone,
}

impl Api {
    /// GHL in both of its versions.
    pub(crate) const GHL: [Self; 2] = [Self::Dated, Self::V3];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dated => "dated",
            Self::V3 => "v3",
            Self::OpenPhone => "openphone",
        }
    }

    pub(crate) fn subject(self) -> Subject {
        match self {
            Self::Dated | Self::V3 => Subject::GhlRequests,
            Self::OpenPhone => Subject::OpenPhoneRequests,
        }
    }

    /// What is configured.
    pub(crate) fn version(self) -> ApiVersion {
        ApiVersion::new(self.pick("2021-07-28", "v3")).unwrap()
    }

    /// The one of two that GHL's version takes.
    pub(crate) fn pick<T>(self, dated: T, v3: T) -> T {
        match self {
            Self::Dated => dated,
            Self::V3 => v3,
            Self::OpenPhone => panic!("OpenPhone has no such versions"),
        }
    }

    /// A request, and its method and address to the letter.
    pub(crate) fn asks(self, request: Request, line: &str) -> Asked {
        assert_eq!(format!("{} {}", request.http.method(), request.http.uri()), line, "{request:?}");
        Asked { api: self, request, body: Body::None }
    }

    /// The header that names the version. Conversations have an older date.
    fn version_header(self, request: &Request) -> Option<(&'static str, &'static str)> {
        match (self, request.http.uri().path()) {
            (Self::Dated, path) if path.starts_with("/conversations/") => Some(("version", "2021-04-15")),
            (Self::Dated, _) => Some(("version", "2021-07-28")),
            (Self::V3, _) => Some(("version", "v3")),
            (Self::OpenPhone, path) if path.starts_with("/v1/") => None,
            (Self::OpenPhone, _) => Some(("quo-api-version", "2026-03-30")),
        }
    }

    /// How the credential `s3cret` goes out.
    fn authorization(self, operation: &str) -> Option<&'static str> {
        match (self, operation) {
            // Both have their credentials in the body.
            (_, "ghl.oauth.token" | "ghl.oauth.reconnect") => None,
            (Self::Dated | Self::V3, _) => Some("Bearer s3cret"),
            (Self::OpenPhone, _) => Some("s3cret"),
        }
    }
}

/// What a request sends.
pub(crate) enum Body {
    None,
    Json(Json),
    /// A form, as the object that it stands for.
    Form(Json),
}

impl Body {
    pub(crate) fn content(&self) -> Option<&Json> {
        match self {
            Self::None => None,
            Self::Json(body) | Self::Form(body) => Some(body),
        }
    }

    fn of(request: &Request) -> Self {
        let bytes = request.http.body();
        match request.http.headers().get("content-type").map(http::HeaderValue::as_bytes) {
            None => {
                assert!(bytes.is_empty(), "a body without a type");
                Self::None
            }
            Some(b"application/json") => Self::Json(serde_json::from_slice(bytes).unwrap()),
            Some(b"application/x-www-form-urlencoded") => {
                let fields = url::form_urlencoded::parse(bytes).into_owned();
                Self::Form(fields.map(|(name, value)| (name, Json::from(value))).collect())
            }
            Some(other) => panic!("a body of type {other:?}"),
        }
    }
}

/// A request whose address was checked.
#[must_use]
pub(crate) struct Asked {
    api: Api,
    request: Request,
    body: Body,
}

impl Asked {
    /// With this body, and no other.
    pub(crate) fn with(self, body: Json) -> Self {
        Self { body: Body::Json(body), ..self }
    }

    /// With this form, given as an object.
    pub(crate) fn with_form(self, fields: Json) -> Self {
        Self { body: Body::Form(fields), ..self }
    }

    /// What is answered.
    pub(crate) fn answered(self, status: u16, body: Json) -> Answered {
        let (api, request) = (self.api, &self.request);
        let sent = Body::of(request);
        assert_eq!(sent.content(), self.body.content(), "{request:?}");
        let mut wanted = vec![("accept", "application/json")];
        match self.body {
            Body::None => {}
            Body::Json(_) => wanted.push(("content-type", "application/json")),
            Body::Form(_) => wanted.push(("content-type", "application/x-www-form-urlencoded")),
        }
        wanted.extend(api.version_header(request));
        let mut headers: Vec<(&str, &str)> =
            request.http.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        headers.sort_unstable();
        assert_eq!(headers, wanted, "{request:?}");
        let credential = request.operation.auth.header(&"s3cret".into()).unwrap();
        let credential = credential.as_ref().map(|value| value.to_str().unwrap());
        assert_eq!(credential, api.authorization(request.operation.name), "{request:?}");
        tell(api, contract::request(api, request, sent.content()));
        tell(api, contract::sample(api, request, status, &body));
        Answered { api, request: self.request, status, body }
    }
}

/// A request that was checked, and its answer.
#[must_use]
pub(crate) struct Answered {
    api: Api,
    request: Request,
    status: u16,
    body: Json,
}

impl Answered {
    /// What the answer says; and every documented answer, refusals included, says something to the reader.
    pub(crate) fn reads<T: Debug + PartialEq>(self, reader: fn(&Response) -> Result<T, ApiError>, wanted: T) {
        let Self { api, request, status, body } = self;
        assert_eq!(reader(&answer(status, &body)), Ok(wanted), "{request:?}");
        let refused = answer(401, &serde_json::json!({ "message": "no" }));
        assert!(reader(&refused).is_err(), "{request:?}: a refusal is read as an answer");
        tell(api, contract::answers(api, &request, reader));
        RECORD.with_borrow_mut(|record| record.exercised.insert((api, request.operation.name)));
    }

    /// The same for answers that hold secrets: what they say is told by `shown`.
    pub(crate) fn shows<T>(self, reader: fn(&Response) -> Result<T, ApiError>, shown: fn(&T) -> String, wanted: &str) {
        let Self { api, request, status, body } = self;
        assert_eq!(reader(&answer(status, &body)).as_ref().map(shown), Ok(wanted.to_owned()), "{request:?}");
        tell(api, contract::answers(api, &request, |answer| reader(answer).map(|_| ())));
        RECORD.with_borrow_mut(|record| record.exercised.insert((api, request.operation.name)));
    }
}

/// The words of a secret, for [`Answered::shows`].
pub(crate) fn revealed(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

/// What the exchanges of this thread have met.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) exercised: BTreeSet<(Api, &'static str)>,
    pub(crate) deviations: BTreeSet<usize>,
}

thread_local! {
    static RECORD: RefCell<Record> = RefCell::default();
}

/// What they have met since this was asked last.
pub(crate) fn record() -> Record {
    RECORD.take()
}

/// Findings fail the test, unless the table of deviations explains them.
fn tell(api: Api, findings: Vec<String>) {
    for finding in findings {
        let Some(known) = deviations::known(api.subject(), &finding) else { panic!("{finding}") };
        RECORD.with_borrow_mut(|record| record.deviations.insert(known));
    }
}
