//! Every question that Redis is asked.

use std::time::Duration;

use redis::{RedisError, RedisResult};
use tandem_proto::Lane;

use super::scripts::{Answer, Beat, micros};
use super::{Remote, key};
use crate::BudgetRate;
use crate::line::{Claim, Day, LIVE_PER_BULK, Line};

const MARK: &str = "tandem:limits:mark";
/// Intake asks before it answers a webhook.
const SEEN_TIMEOUT: Duration = Duration::from_millis(80);

impl Remote {
    pub(super) async fn question(&self, line: &Line, (permit, lane): (u64, Lane)) -> RedisResult<Answer> {
        let rate = line.lock().rate();
        let pace = rate.rate().pace();
        let limit = rate.per_day.map_or(-1, |quota| i64::try_from(Day::limit(lane, quota)).unwrap_or(i64::MAX));
        let mut ask = self.scripts.ask.key(key(&line.key, "state"));
        ask.key(key(&line.key, "slots")).arg(self.permit_name(permit)).arg(lane_name(lane));
        ask.arg(rate.requests.max(1)).arg(micros(rate.per));
        ask.arg(micros(pace.interval)).arg(micros(span(rate))).arg(micros(self.options.life(rate)));
        ask.arg(limit).arg(micros(self.options.settling(rate.per))).arg(LIVE_PER_BULK);
        self.link.run(&ask).await.map(Answer::read)
    }

    /// A budget was not known to Redis and is held for as long as others may not have said what they know of it. Redis may
    /// have kept its memory for longer than that: then nobody has used it. Asked after the budget was created, and changed
    /// only if it is still the same: a flush at any moment leaves the hold as it is.
    pub(super) async fn shorten(&self, (line, rate): (&Line, BudgetRate), stamp: i64, wait: Duration) -> Duration {
        let shortened = async {
            let left = self.options.settling(rate.per).saturating_sub(self.beat(false).await?.age);
            let mut lift = self.scripts.lift.key(key(&line.key, "state"));
            lift.arg(stamp).arg(micros(left)).arg(micros(span(rate)));
            self.link.run::<()>(&lift).await?;
            Ok::<_, RedisError>(left)
        };
        shortened.await.map_or(wait, |left| left.min(wait))
    }

    pub(super) async fn beat(&self, is_settled: bool) -> RedisResult<Beat> {
        let name = format!("{:016x}", rand::random::<u64>());
        let mut beat = self.scripts.beat.key(MARK);
        self.link.run(beat.arg(name).arg(u8::from(is_settled))).await.map(Beat::read)
    }

    /// Tells Redis what this process knows of a budget.
    pub(super) async fn claim(&self, line: &Line) -> RedisResult<()> {
        let now = line.now();
        let (rate, claims, cool, (day, used)) = {
            let mut state = line.lock();
            let life = self.options.life(state.rate());
            (state.rate(), state.claims(now, life), state.cool_left(now), state.known_of_today(now))
        };
        if claims.is_empty() && cool.is_zero() && used == 0 {
            return Ok(());
        }
        let mut call = self.scripts.claim.key(key(&line.key, "state"));
        call.key(key(&line.key, "slots")).arg(micros(self.options.life(rate)));
        call.arg(micros(cool)).arg(micros(span(rate))).arg(day).arg(used);
        for Claim { permit, left } in claims {
            call.arg(self.permit_name(permit)).arg(micros(left));
        }
        self.link.run(&call).await
    }

    pub(super) async fn tell_end(&self, line: &Line, permit: u64, free_at: Option<Duration>) -> RedisResult<()> {
        let left = free_at.map_or(-1, |free_at| micros(free_at.saturating_sub(line.now())));
        let life = self.options.life(line.lock().rate());
        let mut end = self.scripts.end.key(key(&line.key, "state"));
        end.key(key(&line.key, "slots")).arg(self.permit_name(permit)).arg(left).arg(micros(life));
        self.link.run(&end).await
    }

    pub(super) async fn tell_cool_down(&self, line: &Line) -> RedisResult<()> {
        self.claim(line).await
    }

    /// The day and its use, at least so much.
    pub(super) async fn today(&self, line: &Line, at_least: u64) -> RedisResult<(u64, u64)> {
        let mut today = self.scripts.today.key(key(&line.key, "state"));
        self.link.run(today.arg(at_least)).await
    }

    pub(super) async fn seen(&self, id: &str) -> RedisResult<bool> {
        self.quickly(redis::cmd("EXISTS").arg(seen_key(id))).await
    }

    pub(super) async fn remember(&self, ids: &[String]) -> RedisResult<()> {
        let ttl = u64::try_from(self.options.remember_for.as_millis().max(1)).unwrap_or(u64::MAX);
        let mut all = redis::pipe();
        for id in ids {
            all.cmd("SET").arg(seen_key(id)).arg(1).arg("PX").arg(ttl).ignore();
        }
        let mut connection = self.link.get()?;
        all.exec_async(&mut connection).await
    }

    pub(super) async fn lock(&self, key: &str, token: &str, ttl: Duration) -> RedisResult<bool> {
        let ttl = u64::try_from(ttl.as_millis().max(1)).unwrap_or(u64::MAX);
        let mut connection = self.link.get()?;
        let mut set = redis::cmd("SET");
        let answer: Option<String> =
            set.arg(key).arg(token).arg("NX").arg("PX").arg(ttl).query_async(&mut connection).await?;
        Ok(answer.is_some())
    }

    pub(super) async fn release(&self, key: &str, token: &str) -> RedisResult<()> {
        self.link.run(self.scripts.release.key(key).arg(token)).await
    }

    async fn quickly<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> RedisResult<T> {
        let mut connection = self.link.get()?;
        let too_slow = |_elapsed| RedisError::from((redis::ErrorKind::Io, "no answer in time"));
        tokio::time::timeout(SEEN_TIMEOUT, command.query_async(&mut connection)).await.map_err(too_slow)?
    }
}

fn seen_key(id: &str) -> String {
    format!("tandem:seen:{id}")
}

fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Live => "live",
        Lane::Bulk => "bulk",
    }
}

/// How far the pace runs ahead in a burst.
fn span(rate: BudgetRate) -> Duration {
    let pace = rate.rate().pace();
    pace.interval.saturating_mul(pace.burst.saturating_sub(1))
}
