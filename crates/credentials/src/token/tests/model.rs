//! Workers that load, decide, store and send in any order, crash anywhere and wake up late, against a provider that
//! knows which refresh tokens it has seen.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const WORKERS: usize = 3;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    /// Carried out, but the answer is lost.
    DoneUnheard,
    /// Not carried out, but nobody can know.
    Broken,
    NotSent,
    Inactive,
    Unauthorized,
    Refused,
}

#[derive(Debug, Clone, Copy)]
enum Action {
    Advance(i64),
    /// An idle worker looks at the document, maybe because its token was refused.
    Look(usize, bool),
    /// A busy worker goes on by one step.
    Step(usize, Fate),
    Crash(usize),
    Uninstall,
    Connect,
}

fn any_action() -> impl Strategy<Value = Action> {
    let fates = prop_oneof![
        6 => Just(Fate::Done),
        2 => Just(Fate::DoneUnheard),
        1 => Just(Fate::Broken),
        1 => Just(Fate::NotSent),
        1 => Just(Fate::Inactive),
        1 => Just(Fate::Unauthorized),
        1 => Just(Fate::Refused),
    ];
    prop_oneof![
        4 => prop_oneof![1..20_i64, 20..200_i64, 80_000..90_000_i64].prop_map(Action::Advance),
        8 => (0..WORKERS, any::<bool>()).prop_map(|(worker, refused)| Action::Look(worker, refused)),
        16 => (0..WORKERS, fates).prop_map(|(worker, fate)| Action::Step(worker, fate)),
        2 => (0..WORKERS).prop_map(Action::Crash),
        1 => Just(Action::Uninstall),
        1 => Just(Action::Connect),
    ]
}

/// Where a worker is.
enum Job {
    /// The intent is about to be stored.
    Decided { begun: Box<Begun>, revision: u64, send_by: Timestamp },
    /// The request is about to be sent.
    Stored { call: Call, intent: Intent, send_by: Timestamp },
    /// The outcome is about to be stored.
    Answered { intent: Intent, answer: Answer, moment: Moment },
}

#[derive(Default)]
struct Provider {
    issued: u64,
    /// Refresh tokens that work.
    valid: BTreeSet<String>,
    /// Refresh tokens whose sending may have had an effect.
    spent: BTreeSet<String>,
    refuses_reconnect: bool,
    has_refused_reconnect: bool,
}

struct World {
    now: Timestamp,
    document: Document,
    revision: u64,
    workers: [Option<Job>; WORKERS],
    provider: Provider,
    is_removed: bool,
}

impl Provider {
    fn issue(&mut self, has_refresh: bool) -> Grant {
        self.issued += 1;
        let grant = grant(self.issued);
        if has_refresh {
            self.valid.insert(format!("refresh{}", self.issued));
            return grant;
        }
        Grant { refresh: None, ..grant }
    }

    fn answer(&mut self, call: &Call, fate: Fate) -> Answer {
        let harmless = match fate {
            Fate::NotSent => Some(Answer::NotApplied { retry_after: None }),
            Fate::Inactive => Some(Answer::LocationInactive),
            Fate::Unauthorized => Some(Answer::Unauthorized),
            Fate::Refused => Some(Answer::Refused),
            Fate::Done | Fate::DoneUnheard | Fate::Broken => None,
        };
        if let Call::Refresh { refresh, .. } = call {
            let refresh = refresh.expose_secret();
            assert!(!self.spent.contains(refresh), "{refresh} is sent a second time");
            if harmless.is_none() {
                self.spent.insert(refresh.to_owned());
            }
        }
        self.has_refused_reconnect |=
            matches!(call, Call::Reconnect { .. }) && matches!(fate, Fate::Refused | Fate::Unauthorized);
        if let Some(answer) = harmless {
            return answer;
        }
        if fate == Fate::Broken {
            return Answer::Unknown;
        }
        let answer = self.carry_out(call);
        if fate == Fate::Done { answer } else { Answer::Unknown }
    }

    fn carry_out(&mut self, call: &Call) -> Answer {
        let is_refused = match call {
            Call::Refresh { refresh, .. } if !self.valid.remove(refresh.expose_secret()) => {
                return Answer::InvalidGrant;
            }
            Call::Reconnect { .. } => self.refuses_reconnect,
            Call::Refresh { .. } | Call::Exchange { .. } | Call::Code { .. } => false,
        };
        if is_refused {
            self.has_refused_reconnect = true;
            return Answer::Refused;
        }
        Answer::Tokens(Box::new(self.issue(!matches!(call, Call::Exchange { .. }))))
    }
}

impl World {
    fn new(company: Option<&str>, refuses_reconnect: bool) -> Self {
        let mut provider = Provider { refuses_reconnect, ..Provider::default() };
        let document = connected(None, location(company), &provider.issue(true), at(0));
        Self { now: at(0), document, revision: 0, workers: [const { None }; WORKERS], provider, is_removed: false }
    }

    fn put(&mut self, document: Document) {
        self.document = document;
        self.revision += 1;
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Advance(seconds) => self.now += SignedDuration::from_secs(seconds),
            Action::Look(worker, refused) if self.workers[worker].is_none() => {
                let refused = refused.then_some(self.document.generation);
                self.workers[worker] = self.look(&Need { refused, ..NEED });
            }
            Action::Look(..) => {}
            Action::Step(worker, fate) => {
                if let Some(job) = self.workers[worker].take() {
                    self.workers[worker] = self.step(job, fate);
                }
            }
            Action::Crash(worker) => self.workers[worker] = None,
            Action::Uninstall => {
                if let Some(document) = uninstalled(self.document.clone(), self.now) {
                    self.put(document);
                    self.is_removed = true;
                }
            }
            Action::Connect => {
                let grant = self.provider.issue(true);
                let account = self.document.account.clone();
                self.put(connected(Some(&self.document), account, &grant, self.now));
                self.is_removed = false;
            }
        }
    }

    fn look(&self, need: &Need) -> Option<Job> {
        let (document, by, timing) = (self.document.clone(), ("me", self.now), Timing::default());
        let send_by = self.now + timing.send_window;
        let revision = self.revision;
        match next(&self.document, self.now, need) {
            Next::Use(_) | Next::Wait { .. } | Next::Paused(_) => None,
            Next::Refresh => begin_refresh(document, &timing, by).map(|begun| Job::Decided {
                begun: Box::new(begun),
                revision,
                send_by,
            }),
            Next::Reconnect => {
                Some(Job::Decided { begun: Box::new(begin_reconnect(document, &timing, by)), revision, send_by })
            }
            Next::Exchange { company, location } => {
                let (company, location) = (company.clone(), location.to_owned());
                let call = Call::Exchange { access: "agency".into(), company, location };
                Some(Job::Stored { call, intent: begin_exchange(&self.document, by), send_by })
            }
        }
    }

    fn step(&mut self, job: Job, fate: Fate) -> Option<Job> {
        match job {
            Job::Decided { revision, .. } if revision != self.revision => None,
            Job::Decided { begun, send_by, .. } => {
                let Begun { document, call, intent } = *begun;
                self.put(document);
                Some(Job::Stored { call, intent, send_by })
            }
            Job::Stored { call, intent, send_by } => {
                let fate = if self.now > send_by { Fate::NotSent } else { fate };
                let answer = self.provider.answer(&call, fate);
                Some(Job::Answered { intent, answer, moment: Moment { now: self.now, random: 0.5 } })
            }
            Job::Answered { intent, answer, moment } => {
                if let Some(document) = settle(self.document.clone(), &intent, &answer, moment) {
                    self.put(document);
                }
                self.check_landed(&intent, &answer);
                None
            }
        }
    }

    /// Tokens that somebody holds in hand are in the document, or newer ones are.
    fn check_landed(&self, intent: &Intent, answer: &Answer) {
        let Answer::Tokens(grant) = answer else { return };
        let pair = self.document.pair.as_ref();
        let is_there = pair.is_some_and(|pair| pair.access.expose_secret() == grant.access.expose_secret());
        let is_newer = pair.is_some_and(|pair| pair.operation > intent.operation);
        let is_void = self.is_removed || self.document.connected_as >= intent.operation;
        let is_exchange = intent.kind == IntentKind::Exchange;
        assert!(is_there || is_newer || is_void || is_exchange, "a pair is lost");
    }

    /// Everybody has crashed; one worker goes on alone and the provider does as it is asked.
    fn calm_down(&mut self) -> String {
        self.workers = [const { None }; WORKERS];
        for _ in 0..100 {
            match next(&self.document, self.now, &NEED) {
                Next::Use(access) => return access.expose_secret().to_owned(),
                Next::Paused(paused) => return format!("{paused:?}"),
                Next::Wait { until, .. } => self.now = until,
                Next::Refresh | Next::Exchange { .. } | Next::Reconnect => self.work_to_the_end(),
            }
        }
        panic!("it never ends: {:?}", self.document)
    }

    fn work_to_the_end(&mut self) {
        let mut job = self.look(&NEED);
        while let Some(busy) = job {
            job = self.step(busy, Fate::Done);
        }
    }

    fn check_end(&mut self) {
        let end = self.calm_down();
        match end.as_str() {
            "Uninstalled" => assert!(self.is_removed),
            "NeedsReconnect(Refused)" => assert!(self.provider.has_refused_reconnect),
            access => assert!(access.starts_with("access"), "{access}"),
        }
        if let Some(refresh) = refresh_of(&self.document) {
            assert!(self.provider.valid.contains(refresh), "{refresh} is kept and doesn't work");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn no_refresh_token_is_sent_twice_and_no_pair_is_lost(
        actions in prop::collection::vec(any_action(), 0..80),
        has_company: bool,
        refuses_reconnect: bool,
    ) {
        let mut world = World::new(has_company.then_some("agency"), refuses_reconnect);
        for action in actions {
            world.act(action);
        }
        world.check_end();
    }
}
