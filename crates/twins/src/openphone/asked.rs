//! A call that passed the header checks, and the refusals that handlers share.

use serde_json::{Map, Value};

use crate::call::{Answer, Call};
use crate::openphone::errors::{self, Complaint, Surface};
use crate::openphone::routes::Rule;
use crate::stamp::Stamp;

pub(super) struct Asked<'a> {
    pub(super) call: &'a Call,
    pub(super) rule: &'static Rule,
    /// Which workspace the key opens.
    pub(super) at: usize,
    pub(super) stamp: Stamp,
}

impl<'a> Asked<'a> {
    pub(super) fn surface(&self) -> Surface {
        self.rule.surface()
    }

    /// What stands in the path for the `nth` placeholder of the template.
    pub(super) fn id(&self, nth: usize) -> &'a str {
        let parts = self.rule.path().split('/').skip(1).enumerate();
        let place = parts.filter(|(_, part)| part.starts_with('{')).nth(nth);
        place.map_or("", |(at, _)| self.call.segment(at))
    }

    pub(super) fn body(&self) -> Map<String, Value> {
        self.call.object().unwrap_or_default()
    }

    /// A refusal; `variant` are the middle digits of a v1 code.
    pub(super) fn refused(&self, status: u16, variant: &str, words: (&str, &str)) -> Answer {
        let code = format!("{}{variant}{status}", self.rule.code);
        let answer = self.surface().error(status, &code, words.0, words.1);
        let common = ["Bad Request", "Forbidden", "Not Found"].contains(&words.0);
        if common || self.surface() == Surface::Dated { answer } else { errors::described(answer, words.0) }
    }

    pub(super) fn missing(&self, message: &str) -> Answer {
        self.refused(404, "00", ("Not Found", message))
    }

    /// A 400 for one place in the body or the query.
    pub(super) fn bad(&self, path: &str, message: &str) -> Answer {
        let complaint = Complaint::new(path, message, "string");
        errors::listing(self.refused(400, "00", ("Bad Request", message)), &[complaint])
    }

    /// A text that the body must have.
    pub(super) fn text(&self, name: &str) -> Result<String, Answer> {
        let body = self.body();
        let text = body.get(name).and_then(Value::as_str).map(str::to_owned);
        text.ok_or_else(|| self.bad(&format!("/{name}"), "Expected required property of type string"))
    }

    /// An id that the body must have, with its prefix.
    pub(super) fn id_in_body(&self, name: &str, prefix: &str) -> Result<String, Answer> {
        let id = self.text(name)?;
        if id.starts_with(prefix) {
            return Ok(id);
        }
        Err(self.bad(&format!("/{name}"), &format!("Expected string to match '^{prefix}(.*)$'")))
    }
}
