//! Where strikes fall: what is down or held now, and when it comes back.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use tandem_proto::Stream;
use tandem_tests::{Cluster, Inside, Program};

use super::GRACE;
use super::strike::Strike;
use super::tally::{Met, Tally};

const DOWN: RangeInclusive<u64> = 0..=2_000;
const PAUSED: RangeInclusive<u64> = 500..=8_000;
/// The queue's own wait is a minute.
const PAUSED_LONG: RangeInclusive<u64> = 62_000..=75_000;
const SERVER_DOWN: RangeInclusive<u64> = 200..=5_000;
/// Grace period and then some.
const STOPS_WITHIN: Duration = GRACE.saturating_add(Duration::from_secs(10));

/// What a strike hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Service(usize),
    Nats,
    Redis,
}

/// How it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    Start,
    Resume,
    /// Once it has ended.
    StartAfterEnd,
}

struct Heal {
    at: Instant,
    target: Target,
    remedy: Remedy,
}

pub(super) struct Field<'a> {
    pub(super) cluster: &'a mut Cluster,
    pub(super) tally: Tally,
    inside: &'a Inside,
    pending: Vec<Heal>,
}

impl<'a> Field<'a> {
    pub(super) fn new(cluster: &'a mut Cluster, inside: &'a Inside, tally: Tally) -> Self {
        Self { cluster, tally, inside, pending: Vec::new() }
    }

    /// Whether there is something that this can hit.
    pub(super) fn can(&self, strike: Strike) -> bool {
        match strike {
            Strike::Kill(_) | Strike::Pause(_) | Strike::LongPause(_) | Strike::Restart(_) => {
                !self.targets(strike).is_empty()
            }
            Strike::KillNats | Strike::PauseNats => self.is_up(Target::Nats),
            Strike::KillRedis | Strike::PauseRedis | Strike::FlushRedis => self.is_up(Target::Redis),
        }
    }

    pub(super) async fn strike(&mut self, strike: Strike, dice: &mut StdRng) {
        let met = self.look().await;
        let target = match strike {
            Strike::Kill(_) | Strike::Pause(_) | Strike::LongPause(_) | Strike::Restart(_) => {
                let Some(number) = self.targets(strike).choose(dice).copied() else { return };
                self.strike_service(strike, number);
                Target::Service(number)
            }
            Strike::KillNats | Strike::PauseNats => Target::Nats,
            Strike::KillRedis | Strike::PauseRedis | Strike::FlushRedis => Target::Redis,
        };
        self.strike_server(strike);
        self.tally.struck(strike, met);
        if let Some((remedy, millis)) = remedy(strike) {
            let at = Instant::now() + Duration::from_millis(dice.random_range(millis));
            self.pending.push(Heal { at, target, remedy });
        }
    }

    fn strike_server(&self, strike: Strike) {
        let servers = &self.cluster.servers;
        match strike {
            Strike::KillNats => servers.nats.kill(),
            Strike::PauseNats => servers.nats.pause(),
            Strike::KillRedis => servers.redis.kill(),
            Strike::PauseRedis => servers.redis.pause(),
            Strike::FlushRedis => servers.redis.flush(),
            Strike::Kill(_) | Strike::Pause(_) | Strike::LongPause(_) | Strike::Restart(_) => {}
        }
    }

    fn strike_service(&mut self, strike: Strike, number: usize) {
        let program = &mut self.cluster.services[number].program;
        match strike {
            Strike::Pause(_) | Strike::LongPause(_) => program.child().pause(),
            Strike::Restart(_) => program.child().terminate(),
            Strike::Kill(_)
            | Strike::KillNats
            | Strike::PauseNats
            | Strike::KillRedis
            | Strike::PauseRedis
            | Strike::FlushRedis => program.kill(),
        }
    }

    /// What there is to do at this moment.
    async fn look(&self) -> Met {
        let asked = tokio::time::timeout(Duration::from_millis(300), async {
            (self.inside.depth(Stream::Events).await, self.inside.depth(Stream::Commands).await)
        });
        let (events, commands) = asked.await.unwrap_or_default();
        let webhooks = self.cluster.ghl.report().webhooks.under_way;
        Met { events: events.unwrap_or_default(), commands: commands.unwrap_or_default(), webhooks }
    }

    pub(super) fn heal_what_is_due(&mut self) {
        self.find_who_ended_unasked();
        for heal in std::mem::take(&mut self.pending) {
            if heal.at > Instant::now() || !self.heal(&heal) {
                self.pending.push(heal);
            }
        }
    }

    pub(super) async fn heal_everything(&mut self) {
        let now = Instant::now();
        self.pending.iter_mut().for_each(|heal| heal.at = heal.at.min(now));
        while !self.pending.is_empty() {
            self.heal_what_is_due();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// False where it has to be tried again.
    fn heal(&mut self, heal: &Heal) -> bool {
        let servers = &self.cluster.servers;
        match (heal.target, heal.remedy) {
            (Target::Nats, Remedy::Start | Remedy::StartAfterEnd) => servers.nats.start_again(),
            (Target::Nats, Remedy::Resume) => servers.nats.resume(),
            (Target::Redis, Remedy::Start | Remedy::StartAfterEnd) => servers.redis.start_again(),
            (Target::Redis, Remedy::Resume) => servers.redis.resume(),
            (Target::Service(number), Remedy::Start) => self.cluster.services[number].spawn(),
            (Target::Service(number), Remedy::Resume) => self.cluster.services[number].program.child().resume(),
            (Target::Service(number), Remedy::StartAfterEnd) => return self.start_after_end(number, heal.at),
        }
        true
    }

    fn start_after_end(&mut self, number: usize, asked: Instant) -> bool {
        let service = &mut self.cluster.services[number];
        if !service.program.is_running() {
            let status = service.program.wait();
            if !status.success() {
                self.tally.violations.push(format!("{} ended with {status} after SIGTERM", service.name));
            }
        } else if asked.elapsed() < STOPS_WITHIN {
            return false;
        } else {
            self.tally.violations.push(format!("{} still runs {STOPS_WITHIN:?} after SIGTERM", service.name));
        }
        service.spawn();
        true
    }

    /// Nobody may give up because something else is away.
    fn find_who_ended_unasked(&mut self) {
        for number in 0..self.cluster.services.len() {
            let is_expected = self.is_up(Target::Service(number));
            let service = &mut self.cluster.services[number];
            if is_expected && !service.program.is_running() {
                let status = service.program.wait();
                let output = service.program.output();
                let last = output[output.len().saturating_sub(5)..].join("\n  ");
                self.tally.violations.push(format!("{} ended by itself with {status}:\n  {last}", service.name));
                service.spawn();
            }
        }
    }

    fn is_up(&self, target: Target) -> bool {
        self.pending.iter().all(|heal| heal.target != target)
    }

    /// Services that nothing was done to and that it can strike.
    fn targets(&self, strike: Strike) -> Vec<usize> {
        // Before its first word a process has not taken up signals yet: a SIGTERM would be a kill.
        let is_begun = |program: &Program| !program.child().lines().is_empty();
        let services = self.cluster.services.iter().enumerate();
        let up = services.filter(|(number, service)| {
            strike.part() == Some(service.part)
                && self.is_up(Target::Service(*number))
                && (!matches!(strike, Strike::Restart(_)) || is_begun(&service.program))
        });
        up.map(|(number, _)| number).collect()
    }
}

/// How what was struck comes back, and after how many milliseconds.
fn remedy(strike: Strike) -> Option<(Remedy, RangeInclusive<u64>)> {
    match strike {
        Strike::Kill(_) => Some((Remedy::Start, DOWN)),
        Strike::Pause(_) => Some((Remedy::Resume, PAUSED)),
        Strike::LongPause(_) => Some((Remedy::Resume, PAUSED_LONG)),
        Strike::Restart(_) => Some((Remedy::StartAfterEnd, 0..=0)),
        Strike::KillNats | Strike::KillRedis => Some((Remedy::Start, SERVER_DOWN)),
        Strike::PauseNats | Strike::PauseRedis => Some((Remedy::Resume, SERVER_DOWN)),
        Strike::FlushRedis => None,
    }
}
