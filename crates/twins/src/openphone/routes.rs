//! Which operation of which surface a call means: one table per subject.

use crate::call::{Answer, Call};
use crate::door::Done;
use crate::openphone::asked::Asked;
use crate::openphone::errors::Surface;
use crate::openphone::server::OpenPhone;
use crate::openphone::{
    calls, conversations, dated, hook_log, hooks_dated, hooks_v1, messages, notes, properties, staff, tasks_dated,
    tasks_v1, v1,
};

type Reads = fn(&OpenPhone, &Asked<'_>) -> Result<Answer, Answer>;
type Writes = fn(&mut OpenPhone, &Asked<'_>) -> Result<Done<Answer>, Answer>;

/// What carries an operation out.
#[derive(Clone, Copy)]
enum Handler {
    Reads(Reads),
    Writes(Writes),
}

/// One operation.
pub(crate) struct Rule {
    /// Method and path with placeholders.
    pub(super) template: &'static str,
    /// The resource's two digits in v1 error codes.
    pub(super) code: &'static str,
    handler: Handler,
    /// Whether a fault for contact creates can hit it.
    pub(super) creates: bool,
    /// Whether it takes a body.
    pub(super) body: bool,
}

impl Rule {
    pub(super) const fn reads(template: &'static str, code: &'static str, handler: Reads) -> Self {
        Self { template, code, handler: Handler::Reads(handler), creates: false, body: false }
    }

    /// `POST`, `PUT` and `PATCH` take a body unless said otherwise.
    pub(super) const fn writes(template: &'static str, code: &'static str, handler: Writes) -> Self {
        let body = template.as_bytes()[0] == b'P';
        Self { template, code, handler: Handler::Writes(handler), creates: false, body }
    }

    pub(super) const fn creating(mut self) -> Self {
        self.creates = true;
        self
    }

    pub(super) const fn without_body(mut self) -> Self {
        self.body = false;
        self
    }

    pub(super) const fn with_body(mut self) -> Self {
        self.body = true;
        self
    }

    /// The path of the template.
    pub(super) fn path(&self) -> &'static str {
        self.template.split_once(' ').map_or("", |(_, path)| path)
    }

    pub(super) fn surface(&self) -> Surface {
        if self.path().starts_with("/v1/") { Surface::V1 } else { Surface::Dated }
    }

    fn meets(&self, call: &Call, segments: &[&str]) -> bool {
        let Some((method, path)) = self.template.split_once(' ') else { return false };
        let mut wanted = path.split('/').skip(1);
        let fits = |part: &&str| wanted.next().is_some_and(|wanted| wanted.starts_with('{') || wanted == *part);
        method == call.method && segments.iter().all(fits) && wanted.next().is_none()
    }

    pub(super) fn carry_out(&self, openphone: &mut OpenPhone, asked: &Asked<'_>) -> Done<Answer> {
        match self.handler {
            Handler::Reads(read) => Done::quietly(read(openphone, asked).unwrap_or_else(|refusal| refusal)),
            Handler::Writes(write) => write(openphone, asked).unwrap_or_else(Done::quietly),
        }
    }
}

/// Exact paths stand before those with placeholders that would take them.
const TABLES: [&[Rule]; 13] = [
    v1::RULES,
    dated::RULES,
    properties::RULES,
    notes::RULES,
    tasks_v1::RULES,
    tasks_dated::RULES,
    conversations::RULES,
    messages::RULES,
    calls::RULES,
    staff::RULES,
    hooks_v1::RULES,
    hooks_dated::RULES,
    hook_log::RULES,
];

/// The operation, if there is one.
pub(super) fn route(call: &Call) -> Option<&'static Rule> {
    let segments = call.segments();
    TABLES.into_iter().flatten().find(|rule| rule.meets(call, &segments))
}
