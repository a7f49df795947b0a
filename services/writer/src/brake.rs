//! Stops a connection whose records are deleted or overwritten by the dozen, until a person says that it is meant.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tandem_proto::{Lane, RecordId};
use tandem_reconcile::{BrakeLimit, Harm};
use tandem_records::Error;

use crate::Connection;
use crate::call::Caller;

/// How long what was read last is good for: what other processes stop is stopped here after this.
const READ_EVERY: Duration = Duration::from_secs(2);
/// A stopped connection is looked at again after this.
pub(crate) const STOPPED_PAUSE: Duration = Duration::from_secs(5);

/// Whether nothing may be written now.
pub(crate) async fn is_on(caller: &Caller<'_>, limit: &BrakeLimit) -> Result<bool, Error> {
    if limit.within.is_zero() {
        return Ok(false);
    }
    let connection = caller.connection;
    let mut known = connection.brake.lock().await;
    if let Some((is_on, read_at)) = *known
        && read_at.elapsed() < READ_EVERY
    {
        return Ok(is_on);
    }
    let is_on = caller.deps.records.brake(&connection.id).await?.is_on();
    *known = Some((is_on, Instant::now()));
    Ok(is_on)
}

/// Whether a write that does this much harm may go ahead; it is noted where it counts.
pub(crate) async fn lets_pass(
    caller: &Caller<'_>,
    limit: &BrakeLimit,
    (record, harm): (&RecordId, Harm),
) -> Result<bool, Error> {
    if limit.within.is_zero() || harm == Harm::None {
        return Ok(true);
    }
    let (connection, records, now) = (caller.connection, &caller.deps.records, Timestamp::now());
    let is_bulk = caller.lane == Lane::Bulk;
    let known = records.brake(&connection.id).await?;
    if !known.counts(harm, is_bulk, now) {
        return Ok(!known.is_on());
    }
    // Counting all records costs something, and is needed only where a few are not few enough.
    let is_many = known.with(record, limit, now) > limit.records;
    let all = if is_many { records.count(&connection.id).await? } else { 0 };
    let was_on = known.is_on();
    let touch = |brake: &mut tandem_reconcile::Brake| {
        !brake.counts(harm, is_bulk, now) || brake.touch(record, limit, limit.of(all), now)
    };
    let (brake, passes) = records.change_brake(&connection.id, touch).await?;
    if brake.is_on() && !was_on {
        told(caller, connection, limit, all);
    }
    if brake.is_on() {
        *connection.brake.lock().await = Some((true, Instant::now()));
    }
    Ok(passes)
}

fn told(caller: &Caller<'_>, connection: &Connection, limit: &BrakeLimit, all: u64) {
    let (id, most, minutes) = (&connection.id, limit.of(all), limit.within.as_secs() / 60);
    caller.deps.metrics.brake_stopped(caller.lane.name());
    tracing::error!(connection.id = %id,
        "connection {id} is stopped: more than {most} records would be deleted or overwritten within {minutes} minutes. Its events are \
         kept. If that is meant: `tandem resume {id}`; if not, put right what changed so much first");
}
