//! Pages of lists on both surfaces, and filters by time.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::openphone::asked::Asked;
use crate::openphone::dated;
use crate::openphone::errors::Surface;
use crate::openphone::v1;
use crate::openphone::workspace::page;

/// How long a page is, and after how many rows it begins.
pub(super) struct Bounds {
    limit: usize,
    after: u64,
}

/// `maxResults` and `pageToken`.
pub(super) fn v1_bounds(asked: &Asked<'_>, most: usize) -> Result<Bounds, Answer> {
    let limit = asked.call.param("maxResults").and_then(|limit| limit.parse::<usize>().ok());
    let limit = limit.filter(|limit| (1..=most).contains(limit));
    let limit = limit.ok_or_else(|| asked.bad("/maxResults", &format!("Expected integer between 1 and {most}")))?;
    let after = asked.call.param("pageToken").map_or(Ok(0), v1::place_in);
    Ok(Bounds { limit, after: after.map_err(|()| asked.bad("/pageToken", "Invalid page token"))? })
}

/// `limit` and `after`.
pub(super) fn dated_bounds(asked: &Asked<'_>, most: usize, usual: usize) -> Result<Bounds, Answer> {
    let limit = asked.call.param("limit").map_or(Some(usual), |limit| limit.parse::<usize>().ok());
    let limit = limit.filter(|limit| (1..=most).contains(limit));
    let limit = limit.ok_or_else(|| asked.bad("/limit", &format!("Expected integer between 1 and {most}")))?;
    Ok(Bounds { limit, after: dated::after(asked)? })
}

/// One page of the rows, in the surface's form.
pub(super) fn shown(asked: &Asked<'_>, bounds: &Bounds, rows: Vec<Value>) -> Answer {
    let rows = (1..).zip(rows).filter(|(place, _)| *place > bounds.after);
    let (data, next) = page(rows, bounds.limit);
    if asked.surface() == Surface::Dated {
        return Answer::json(200, json!({ "data": data, "nextCursor": next.map(dated::cursor) }));
    }
    // The provider's total is known to be wrong; so is this one.
    let total = data.len() * 3 + 7;
    Answer::json(200, json!({ "data": data, "totalItems": total, "nextPageToken": next.map(v1::token_for) }))
}

/// A time filter, as wide as the parameters leave it.
pub(super) struct Span {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Span {
    /// Reads the two parameters.
    pub(super) fn asked(asked: &Asked<'_>, from: &str, to: &str) -> Result<Self, Answer> {
        let read = |name: &str| {
            let time = asked.call.param(name).map(str::parse::<Timestamp>).transpose();
            time.map_err(|_| asked.bad(&format!("/{name}"), "Expected date-time"))
        };
        Ok(Self { from: read(from)?, to: read(to)? })
    }

    pub(super) fn holds(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time <= to)
    }
}
