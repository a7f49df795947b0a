//! What the bodies of webhook calls may say, on both surfaces.

use serde_json::Value;

use crate::call::Answer;
use crate::openphone::asked::Asked;
use crate::openphone::server::OpenPhone;

/// A link that could be called.
pub(super) fn url(asked: &Asked<'_>) -> Result<String, Answer> {
    let text = asked.text("url")?;
    let fits = url::Url::parse(&text).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
    if fits { Ok(text) } else { Err(asked.bad("/url", "Expected string to be a uri")) }
}

/// At least one of the known types.
pub(super) fn events(asked: &Asked<'_>, known: &[&'static str]) -> Result<Vec<&'static str>, Answer> {
    let body = asked.body();
    let wanted = body.get("events").and_then(Value::as_array).filter(|wanted| !wanted.is_empty());
    let wanted = wanted.ok_or_else(|| asked.bad("/events", "Expected array with at least one event"))?;
    let find = |event: &Value| known.iter().copied().find(|kind| event == kind);
    let all: Option<Vec<&'static str>> = wanted.iter().map(find).collect();
    all.ok_or_else(|| asked.bad("/events", "Unknown event"))
}

/// `enabled` unless the body says otherwise.
pub(super) fn enabled(asked: &Asked<'_>) -> Result<bool, Answer> {
    match asked.body().get("status").map(Value::as_str) {
        None | Some(Some("enabled")) => Ok(true),
        Some(Some("disabled")) => Ok(false),
        Some(_) => Err(asked.bad("/status", "Expected enabled or disabled")),
    }
}

pub(super) fn label(asked: &Asked<'_>) -> Result<Option<String>, Answer> {
    match asked.body().get("label") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(label)) => Ok(Some(label.clone())),
        Some(_) => Err(asked.bad("/label", "Expected string")),
    }
}

/// Numbers of the workspace, or `*` alone. None when the body does not say.
pub(super) fn resources(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Option<Vec<String>>, Answer> {
    let refusal = || asked.bad("/resourceIds", "Expected phone number ids, or * alone");
    let body = asked.body();
    let Some(wanted) = body.get("resourceIds") else { return Ok(None) };
    let wanted = wanted.as_array().ok_or_else(refusal)?;
    if wanted.len() == 1 && wanted[0] == "*" {
        return Ok(Some(vec!["*".to_owned()]));
    }
    let config = &openphone.spaces[asked.at].config;
    let known = |id: &Value| config.number(id.as_str()?).map(|number| number.id.clone());
    let all: Option<Vec<String>> = wanted.iter().map(known).collect();
    all.map(Some).ok_or_else(refusal)
}
