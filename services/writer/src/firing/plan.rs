//! What is to be done: made out once, when whoever it is about is in step.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tandem_catalog::Action;
use tandem_mapping::activity::{PREFIX, Unknown};
use tandem_mapping::firing::{NOTIFY, Planned, State};
use tandem_mapping::{Firing, Known, Rule, Seen};
use tandem_proto::RecordId;
use tandem_reconcile::Document;
use tandem_records::{Error, LoadedFiring};

use super::stranger::STRANGER;
use super::{Flow, LOOK, Rules};
use crate::run::Settlement;

/// How long it is waited for a record to be in step, so that a condition sees what has happened.
const PATIENCE: Duration = Duration::from_mins(1);

impl Rules<'_> {
    /// Makes out what is to be done, once whoever it is about is in step.
    pub(super) async fn plan(&self, mut loaded: LoadedFiring, now: Timestamp) -> Result<Flow, Error> {
        let firing = &mut loaded.firing;
        self.look_for_caller(firing).await?;
        let document = self.document(firing).await?.map(|found| found.document);
        let is_unsettled = document.as_ref().is_some_and(|document| document.dirty_since.is_some());
        if is_unsettled && now < firing.at + PATIENCE {
            return Ok(Flow::Stop(Settlement::Nak(LOOK)));
        }
        let rules = &self.caller.connection.mapping.rules;
        let Some(rule) = rules.iter().find(|rule| rule.name == firing.rule) else {
            firing.state = State::LeftOut;
            return self.save(&loaded).await;
        };
        let stranger = self.stranger(firing);
        if stranger == Some(Unknown::Ignore) {
            firing.state = State::LeftOut;
            return self.save(&loaded).await;
        }
        match self.planned(rule, firing, document.as_ref()) {
            Ok(None) => firing.state = State::LeftOut,
            Ok(Some(_)) if stranger == Some(Unknown::Park) => firing.fail("nobody who is known has the number"),
            Ok(Some(actions)) => match self.too_often(firing, &actions, now).await? {
                Some(why) => firing.fail(why),
                None => firing.plan(actions),
            },
            Err(why) => firing.fail(why),
        }
        self.save(&loaded).await
    }

    /// What is to be done; none where the condition doesn't hold.
    fn planned(
        &self,
        rule: &Rule,
        firing: &Firing,
        document: Option<&Document>,
    ) -> Result<Option<Vec<Planned>>, String> {
        let fields = self.caller.connection.mapping.names();
        let names = rule.when.names(&fields);
        let seen = Seen::new(names.contact, |field| document.and_then(|document| document.canon_value(field)).cloned())
            .with_event(names.event, |fact| firing.facts.get(fact.name).cloned());
        rule.plan(&seen, |action| self.known(action, (rule, firing, document)))
    }

    fn known(&self, action: &Action, (rule, firing, document): (&Rule, &Firing, Option<&Document>)) -> Known {
        let linked = document.and_then(|document| document.provider_id(action.side)).map(str::to_owned);
        let fact = |name: &'static str| {
            let told = firing.facts.get(name).and_then(|value| value.as_text().map(str::to_owned));
            told.map(|told| (name, told))
        };
        let stranger = self.stranger(firing).map(|_| STRANGER.to_owned());
        Known {
            contact: linked.or_else(|| firing.contact[action.side].clone()).or(stranger),
            location: self.caller.connection.ghl.view.location_id.clone(),
            // Ids of the other side mean nothing here.
            subjects: rule.when.subjects_at(action.side).filter_map(fact).collect::<BTreeMap<_, _>>(),
        }
    }

    /// Why it is not carried out, where rules seem to start one another.
    async fn too_often(&self, firing: &Firing, actions: &[Planned], now: Timestamp) -> Result<Option<String>, Error> {
        let changes = actions.iter().any(|action| action.name != NOTIFY);
        let known = firing.contact.ghl.as_deref().or(firing.contact.openphone.as_deref());
        let whom = firing.record.as_ref().map(RecordId::as_str).or(known).unwrap_or_default();
        // What Tandem tells of by itself starts nothing.
        if !changes || firing.rule.starts_with(PREFIX) {
            return Ok(None);
        }
        let lately = self.caller.deps.records.firings().count(firing, whom, now).await?;
        Ok(lately.map(|rules| {
            format!("too many rules were carried out for this contact within ten minutes: it looks as if these start one another: {}", rules.join(", "))
        }))
    }
}
