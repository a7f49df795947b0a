//! The connection's webhook, and a signed test event that goes the whole way: asked for, delivered, verified here, and found again
//! in the provider's own log.

use std::time::Duration;

use tandem_contact::Side;
use tandem_providers::openphone::hook::delivery::{self, Attempt, Delivery, Filter};
use tandem_providers::openphone::hook::{self, CONTACT_EVENTS, Hook};
use tandem_providers::openphone::{Id, Listing, operations as ops};
use tokio::time::Instant;
use url::Url;

use crate::check::exam::Exam;
use crate::check::hooks::{self, Delivered, Maker, Wanted};
use crate::check::obstacle::{Kind, Obstacle};
use crate::check::room::{Phase, Running};
use crate::check::verdict::{Sheet, Verdict};
use crate::check::{clock, plan};

/// Between two looks at the log.
const LOOK: Duration = Duration::from_millis(500);
/// The provider's second attempt comes five seconds after the first (contract sheet, section 9.6).
const SETTLED: Duration = Duration::from_secs(8);
/// A webhook that Tandem makes at its start is there after this.
const JUST_MADE: Duration = Duration::from_secs(10);
/// So long for the first attempt.
const PATIENCE: Duration = Duration::from_secs(20);
/// Deliveries on their way at once can be many: ours is looked for among the newest.
const MOST_PAGES: usize = 3;

/// The checks of what `OpenPhone` delivers.
pub(in crate::check) struct Hooks<'a> {
    pub(in crate::check) maker: Maker,
    /// Where this connection's webhook should deliver.
    pub(in crate::check) url: Option<Url>,
    pub(in crate::check) exam: Exam<'a>,
}

impl Hooks<'_> {
    /// Whether the webhook is in place, and whether what it delivers is taken. `blocked` says why the provider isn't asked.
    pub(in crate::check) async fn examine(mut self, blocked: Option<String>) -> Sheet {
        if self.maker == Maker::Nobody && self.url.is_none() {
            let verdict = hooks::nobody(self.exam.place);
            self.exam.sheet.put(plan::HOOK, verdict);
            self.exam.sheet.put(plan::DELIVERY, Verdict::skipped("there is no webhook"));
        } else if let Some(why) = blocked {
            self.exam.sheet.put(plan::HOOK, Verdict::skipped(why.clone()));
            self.exam.sheet.put(plan::DELIVERY, Verdict::skipped(why));
        } else if let Some(hook) = self.registered().await {
            self.delivered(&hook).await;
        } else {
            self.exam.sheet.put(plan::DELIVERY, Verdict::skipped("there is no webhook that delivers here"));
        }
        self.exam.sheet
    }

    async fn registered(&mut self) -> Option<Hook> {
        let (hook, verdict) = match self.looked_for().await {
            Ok(found) => found,
            Err(obstacle) => (None, self.not_listed(&obstacle)),
        };
        self.exam.sheet.put(plan::HOOK, verdict);
        hook
    }

    /// Where Tandem makes the webhook and has just been started, it may be a moment until that is done.
    async fn looked_for(&self) -> Result<(Option<Hook>, Verdict), Obstacle> {
        let room = self.exam.caller.room;
        let wanted = Wanted {
            place: self.exam.place,
            maker: self.maker,
            url: self.url.as_ref(),
            is_running: room.deps.running != Running::No,
        };
        let began = Instant::now();
        loop {
            let listing: Listing<Hook> = self.exam.caller.read(hook::list(), hook::page, Phase::Steps).await?;
            let (found, verdict) = wanted.judge(&listing);
            let hook = found.and_then(|found| listing.items.into_iter().find(|hook| hook.id == found));
            let may_come =
                hook.is_none() && self.maker == Maker::Tandem && wanted.is_running && began.elapsed() < JUST_MADE;
            if !may_come || !room.pause(LOOK, Phase::Steps).await {
                return Ok((hook, verdict));
            }
        }
    }

    /// A key that may not manage webhooks matters where Tandem makes them.
    fn not_listed(&self, obstacle: &Obstacle) -> Verdict {
        let verdict = self.exam.verdict(&ops::HOOKS_LIST, obstacle);
        let is_rights = obstacle.kind(Side::OpenPhone) == Kind::NoRights;
        match self.maker {
            Maker::Tandem if is_rights => {
                let message = "the key may not manage webhooks, so Tandem can't make one";
                Verdict { status: crate::check::report::Status::Fail, message: message.to_owned(), ..verdict }
            }
            Maker::Tandem => Verdict { status: crate::check::report::Status::Fail, ..verdict },
            Maker::Person | Maker::Nobody => verdict,
        }
    }

    async fn delivered(&mut self, hook: &Hook) {
        if self.exam.caller.room.deps.running == Running::No {
            let why = "no Tandem is running that would take a delivery: start it, and check again";
            self.exam.sheet.put(plan::DELIVERY, Verdict::skipped(why));
            return;
        }
        let Some(kind) = CONTACT_EVENTS.first() else { return };
        let asked = delivery::test(&hook.id, kind);
        let verdict = match self.exam.caller.write(asked, delivery::tested, Phase::Steps).await {
            Ok(event) => self.followed(hook, &event).await,
            Err(obstacle) => Err(obstacle),
        };
        let verdict = verdict.unwrap_or_else(|obstacle| self.exam.verdict(&ops::HOOK_TEST, &obstacle));
        self.exam.sheet.put(plan::DELIVERY, verdict);
    }

    /// Looks into the provider's log until the test event has arrived, or won't.
    async fn followed(&self, hook: &Hook, event: &Id) -> Result<Verdict, Obstacle> {
        let began = Instant::now();
        let mut attempted: Option<Instant> = None;
        loop {
            let goes_on = self.exam.caller.room.pause(LOOK, Phase::Steps).await;
            let attempts = self.attempts(&hook.id, event).await?;
            if !attempts.is_empty() {
                attempted.get_or_insert_with(Instant::now);
            }
            let is_settled = attempted.map_or_else(|| began.elapsed() >= PATIENCE, |at| at.elapsed() >= SETTLED);
            if let Some(verdict) = self.judge(hook, &attempts, is_settled || !goes_on) {
                return Ok(verdict);
            }
        }
    }

    fn judge(&self, hook: &Hook, attempts: &[Attempt], is_final: bool) -> Option<Verdict> {
        let is_clock_wrong = clock::is_wrong(&self.exam.caller.room.readings());
        let url = hooks::shown(&hook.url);
        Delivered { place: self.exam.place, maker: self.maker, url: &url, is_clock_wrong }.judge(attempts, is_final)
    }

    /// The attempts to deliver the event; none where the log doesn't show it yet.
    async fn attempts(&self, hook: &Id, event: &Id) -> Result<Vec<Attempt>, Obstacle> {
        let caller = &self.exam.caller;
        let (filter, mut after) = (Filter::default(), None);
        for _ in 0..MOST_PAGES {
            let asked = delivery::list(hook, &filter, after.as_deref());
            let page: Listing<Delivery> = caller.read(asked, delivery::page, Phase::Steps).await?;
            if let Some(ours) = page.items.iter().find(|one| one.event.as_ref() == Some(event)) {
                let asked = delivery::get(hook, &ours.id);
                return Ok(caller.read(asked, delivery::detail, Phase::Steps).await?.attempts);
            }
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        Ok(Vec::new())
    }
}
