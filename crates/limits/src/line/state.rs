//! One budget's decisions. Time is an argument here: a duration since the process's limits began.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tandem_policy::{Gcra, Rate};
use tandem_proto::Lane;
use tokio::sync::Notify;

use super::day::Day;
use super::window::{Claim, Ending, Window};
use crate::{BudgetRate, Throttled};

/// Live grants after which a waiting bulk caller is next: a tenth of the slots is bulk's.
pub(crate) const LIVE_PER_BULK: usize = 9;

/// The state behind a line's mutex.
#[derive(Debug)]
pub(crate) struct State {
    rate: BudgetRate,
    engine: Engine,
    /// Where another engine decides, this is an estimate: it sees the own grants only.
    pace: Gcra,
    cool_until: Duration,
    window: Window,
    day: Day,
    unix_start: Duration,
    live: Queue,
    bulk: Queue,
    live_since_bulk: usize,
    last_number: u64,
}

/// Who decides whether a request may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// This process.
    Own(Share),
    /// A server that all processes ask.
    Shared,
}

/// What a process that decides alone may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// Per window.
    pub(crate) requests: u32,
    /// As many processes are supposed to use the budget.
    pub(crate) members: u32,
    /// Not for longer than this: a process that stood still doesn't know whether it is still alone.
    pub(crate) until: Duration,
}

#[derive(Debug, Default)]
struct Queue {
    places: VecDeque<Place>,
    /// The server said: not before this time.
    told: Duration,
}

#[derive(Debug)]
struct Place {
    number: u64,
    bell: Arc<Notify>,
}

/// What a waiting caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go; the place in line is gone.
    Granted,
    /// It is the caller's turn to ask the server.
    Ask,
    /// It is the caller's turn, but not before this time.
    At(Duration),
    /// Others are first, or requests have to end: the bell rings.
    Later,
    /// Not today.
    Refused(Throttled),
}

impl State {
    pub(crate) fn new(rate: BudgetRate, engine: Engine, now: Duration, unix_start: Duration) -> Self {
        let mut pace = Gcra::new(rate.rate().pace());
        pace.hold_until(now);
        Self {
            rate,
            engine,
            pace,
            cool_until: Duration::ZERO,
            window: Window::default(),
            day: Day::default(),
            unix_start,
            live: Queue::default(),
            bulk: Queue::default(),
            live_since_bulk: 0,
            last_number: 0,
        }
    }

    pub(crate) fn rate(&self) -> BudgetRate {
        self.rate
    }

    pub(crate) fn set_rate(&mut self, rate: BudgetRate) {
        self.rate = rate;
        self.pace.set_pace(rate.rate().pace());
        if let Engine::Own(share) = &mut self.engine
            && share.members == 1
        {
            share.requests = rate.requests;
        }
        self.ring_next();
    }

    pub(crate) fn interval(&self) -> Duration {
        self.pace.pace().interval
    }

    /// A provider said so: nobody starts before, whoever decides.
    pub(crate) fn cool_until(&mut self, until: Duration) {
        self.cool_until = self.cool_until.max(until);
        self.pace.hold_until(until);
    }

    /// What is left of a cool-down.
    pub(crate) fn cool_left(&self, now: Duration) -> Duration {
        self.cool_until.saturating_sub(now)
    }

    /// From now on this process decides alone. A share that grows starts after `hold`, because somebody else may have used
    /// it just now.
    pub(crate) fn decide_alone(&mut self, now: Duration, share: Share, hold: Duration) {
        let has_grown = match self.engine {
            Engine::Own(before) => share.requests > before.requests,
            Engine::Shared => true,
        };
        self.engine = Engine::Own(share);
        self.pace.set_pace(Rate { requests: share.requests, ..self.rate.rate() }.pace());
        if has_grown {
            self.pace.hold_until(now.saturating_add(hold));
        }
        self.ask_again();
    }

    /// From now on a server decides.
    pub(crate) fn decide_together(&mut self, now: Duration) {
        if self.engine != Engine::Shared {
            self.engine = Engine::Shared;
            self.pace = Gcra::new(self.rate.rate().pace());
            self.pace.hold_until(now.max(self.cool_until));
        }
        self.ask_again();
    }

    /// Takes a place in line, unless the wait is bound to be longer than the caller's.
    pub(crate) fn join(
        &mut self,
        now: Duration,
        lane: Lane,
        max_wait: Duration,
        bell: &Arc<Notify>,
    ) -> Result<u64, Throttled> {
        let refusal = self.refusal(now, lane);
        if refusal.retry_after > max_wait {
            return Err(refusal);
        }
        self.last_number += 1;
        let place = Place { number: self.last_number, bell: Arc::clone(bell) };
        self.queue(lane).places.push_back(place);
        Ok(self.last_number)
    }

    /// Leaves the line, if still in it.
    pub(crate) fn leave(&mut self, number: u64) {
        self.live.places.retain(|place| place.number != number);
        self.bulk.places.retain(|place| place.number != number);
        self.ring_next();
    }

    /// Grants the slot if it is the caller's turn and the time has come.
    pub(crate) fn decide(&mut self, (number, lane): (u64, Lane), now: Duration) -> Verdict {
        match self.engine {
            Engine::Own(share) => self.decide_own((number, lane), now, share),
            Engine::Shared => self.decide_shared((number, lane), now),
        }
    }

    fn decide_shared(&mut self, (number, lane): (u64, Lane), now: Duration) -> Verdict {
        if !self.is_first(number, lane) {
            return Verdict::Later;
        }
        let at = self.queue(lane).told.max(self.cool_until);
        if at > now { Verdict::At(at) } else { Verdict::Ask }
    }

    fn decide_own(&mut self, (number, lane): (u64, Lane), now: Duration, share: Share) -> Verdict {
        let may_start = share.requests > 0 && now < share.until;
        if !may_start || lane != self.next_lane() || !self.is_first(number, lane) {
            return Verdict::Later;
        }
        let unix = self.unix_start.saturating_add(now);
        if let Some(retry_after) = self.wait_for_tomorrow(unix, lane) {
            return Verdict::Refused(Throttled { retry_after });
        }
        let Some(free) = self.next_in_window(now) else {
            return Verdict::Later;
        };
        let at = self.pace.next_slot(now).max(free);
        if at > now {
            return Verdict::At(at);
        }
        // Where several decide alone, the others are supposed to use as much of the day.
        self.day.take(unix, share.members.into());
        self.start(number, lane, now);
        Verdict::Granted
    }

    /// The server's yes: false where it came too late to count.
    pub(crate) fn accept(&mut self, (number, lane): (u64, Lane), now: Duration) -> bool {
        if self.engine != Engine::Shared {
            return false;
        }
        self.start(number, lane, now);
        true
    }

    /// The server's no.
    pub(crate) fn told(&mut self, lane: Lane, until: Duration) {
        self.queue(lane).told = until;
    }

    /// Something changed at the server: what it said before no longer holds.
    pub(crate) fn ask_again(&mut self) {
        self.live.told = Duration::ZERO;
        self.bulk.told = Duration::ZERO;
        self.ring_next();
    }

    fn start(&mut self, number: u64, lane: Lane, now: Duration) {
        self.pace.reserve(now, Duration::MAX);
        self.window.start(number, now);
        let queue = self.queue(lane);
        queue.places.retain(|place| place.number != number);
        queue.told = Duration::ZERO;
        self.live_since_bulk = match lane {
            Lane::Live => self.live_since_bulk.saturating_add(1).min(LIVE_PER_BULK),
            Lane::Bulk => 0,
        };
        self.ring_next();
    }

    /// A granted request has ended, or was never sent. Returns how long ago it arrived at least.
    pub(crate) fn end(&mut self, permit: u64, now: Duration, ending: Ending) -> Duration {
        let early_by = self.window.end(permit, now, (ending, self.rate.per));
        if ending == Ending::NotSent {
            let members = match self.engine {
                Engine::Own(share) => share.members,
                Engine::Shared => 1,
            };
            self.day.give_back(self.unix_start.saturating_add(now), members.into());
        }
        self.ring_next();
        early_by
    }

    /// What others must know of this process's requests.
    pub(crate) fn claims(&mut self, now: Duration, life: Duration) -> Vec<Claim> {
        self.window.claims(now, self.rate.per, life)
    }

    /// When a caller that joined the line now could expect to be served.
    fn refusal(&mut self, now: Duration, lane: Lane) -> Throttled {
        let (live, bulk) = (self.live.places.len(), self.bulk.places.len());
        let ahead = match lane {
            Lane::Live => live + (live / LIVE_PER_BULK).min(bulk),
            Lane::Bulk => bulk + live.min((bulk + 1) * LIVE_PER_BULK),
        };
        self.served_behind(ahead, now, lane)
    }

    fn served_behind(&mut self, ahead: usize, now: Duration, lane: Lane) -> Throttled {
        let slot = match self.engine {
            Engine::Own(_) => {
                if let Some(retry_after) = self.wait_for_tomorrow(self.unix_start.saturating_add(now), lane) {
                    return Throttled { retry_after };
                }
                self.pace.next_slot(now).max(self.next_in_window(now).unwrap_or(now))
            }
            Engine::Shared => self.queue(lane).told.max(self.cool_until),
        };
        let queued = self.interval().saturating_mul(u32::try_from(ahead).unwrap_or(u32::MAX));
        Throttled { retry_after: slot.max(now).saturating_add(queued).saturating_sub(now) }
    }

    /// The answer to a caller that has waited long enough; never so short that asking in a loop would be a busy one.
    pub(crate) fn come_back(&mut self, now: Duration, lane: Lane) -> Throttled {
        let retry_after = self.refusal(now, lane).retry_after.max(self.interval());
        Throttled { retry_after }
    }

    /// The answer to the first in line where the server said to wait for longer than the caller can.
    pub(crate) fn come_back_if_after(
        &mut self,
        (now, deadline): (Duration, Duration),
        lane: Lane,
    ) -> Option<Throttled> {
        let is_too_long = now >= deadline || self.queue(lane).told > deadline;
        is_too_long.then(|| self.served_behind(0, now, lane))
    }

    pub(crate) fn remaining_today(&mut self, now: Duration) -> Option<u64> {
        let used = self.day.used(self.unix_start.saturating_add(now));
        self.rate.per_day.map(|quota| quota.saturating_sub(used))
    }

    pub(crate) fn correct_today(&mut self, now: Duration, remaining: u64) {
        if let Some(quota) = self.rate.per_day {
            self.day.at_least(self.unix_start.saturating_add(now), quota.saturating_sub(remaining));
        }
    }

    /// Day and its use, as far as known here.
    pub(crate) fn known_of_today(&mut self, now: Duration) -> (u64, u64) {
        let unix = self.unix_start.saturating_add(now);
        (Day::number(unix), self.day.used(unix))
    }

    /// The shared count: others use the quota too, and give some back.
    pub(crate) fn learn_of_today(&mut self, day: u64, used: u64) {
        self.day.learn(day, used);
    }

    fn wait_for_tomorrow(&mut self, unix: Duration, lane: Lane) -> Option<Duration> {
        self.rate.per_day.and_then(|quota| self.day.wait(unix, lane, quota))
    }

    fn next_in_window(&mut self, now: Duration) -> Option<Duration> {
        let requests = match self.engine {
            Engine::Own(share) => share.requests,
            Engine::Shared => self.rate.requests,
        };
        let requests = usize::try_from(requests.max(1)).unwrap_or(usize::MAX);
        self.window.next_start(now, requests, self.rate.per)
    }

    fn next_lane(&self) -> Lane {
        let bulk_is_due = self.live_since_bulk >= LIVE_PER_BULK && !self.bulk.places.is_empty();
        if self.live.places.is_empty() || bulk_is_due { Lane::Bulk } else { Lane::Live }
    }

    fn is_first(&mut self, number: u64, lane: Lane) -> bool {
        self.queue(lane).places.front().is_some_and(|next| next.number == number)
    }

    fn queue(&mut self, lane: Lane) -> &mut Queue {
        match lane {
            Lane::Live => &mut self.live,
            Lane::Bulk => &mut self.bulk,
        }
    }

    /// Only the next in line keeps a timer; it has to hear that it is, and that something changed. Where a server decides,
    /// it also decides between the lanes: both have somebody who asks.
    fn ring_next(&self) {
        let is_next = |lane: Lane| self.engine == Engine::Shared || self.next_lane() == lane;
        for (lane, queue) in [(Lane::Live, &self.live), (Lane::Bulk, &self.bulk)] {
            if let Some(next) = queue.places.front().filter(|_| is_next(lane)) {
                next.bell.notify_one();
            }
        }
    }
}
