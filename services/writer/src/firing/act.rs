//! An operation of a provider: slot, intent, request, outcome, in this order.

use std::time::Instant;

use tandem_catalog::{self as catalog, Action};
use tandem_contact::Side;
use tandem_mapping::Firing;
use tandem_mapping::firing::{Attempt, Planned};
use tandem_outbound::{NotSent, SendError};
use tandem_providers::{ApiError, Class, Outcome as Sent, Request, ghl, openphone};
use tandem_reconcile::Harm;
use tandem_records::{Error, LoadedFiring};

use super::reach::Reach;
use super::stranger::STRANGER;
use super::{Flow, Rules};
use crate::brake::{self, STOPPED_PAUSE};
use crate::call::{Pass, Trouble};
use crate::run::{Settlement, spread};

/// A request of a rule, ready to be sent.
struct Ready {
    action: &'static Action,
    request: Request,
}

impl Rules<'_> {
    /// An operation of a provider: slot, intent, request, outcome, in this order.
    pub(super) async fn act(&self, loaded: LoadedFiring, (number, planned): (usize, &Planned)) -> Result<Flow, Error> {
        if planned.is_about(STRANGER) {
            return self.meet(loaded).await;
        }
        let ready = match self.ready(planned) {
            Ok(ready) => ready,
            Err(why) => return self.attempted(loaded, (number, planned), Attempt::Refused(why)).await,
        };
        let side = ready.action.side;
        let mut loaded = loaded;
        if ready.action.reaches_people {
            match self.may_reach(&loaded.firing, planned).await? {
                Reach::May => {}
                Reach::Later(until) => {
                    loaded.firing.not_before = Some(until);
                    return self.save(&loaded).await;
                }
                Reach::MayNot(why) => {
                    return self.attempted(loaded, (number, planned), Attempt::Refused(why)).await;
                }
                Reach::Unknown(trouble) => return self.troubled(loaded, (number, planned), trouble).await,
            }
        }
        if !self.lets_pass(&loaded.firing, ready.action).await? {
            return Ok(Flow::Stop(Settlement::Nak(spread(STOPPED_PAUSE))));
        }
        let pass = match self.caller.pass(side).await {
            Ok(pass) => pass,
            Err(trouble) => return self.troubled(loaded, (number, planned), trouble).await,
        };
        let asked = Instant::now();
        let timing = self.caller.connection.rules.timing[side];
        let loaded = match self.begin(loaded, number, timing.in_flight()).await {
            Ok(loaded) => loaded,
            Err(error) => {
                pass.cancel();
                return Err(error);
            }
        };
        if pass.is_late() {
            pass.cancel();
            return self.attempted(loaded, (number, planned), Attempt::NotNow).await;
        }
        match self.send(ready, pass, asked + timing.send_window).await {
            Ok(()) => {
                let status = self.caller.last.get();
                self.attempted(loaded, (number, planned), Attempt::Done(status)).await
            }
            Err(trouble) => self.troubled(loaded, (number, planned), trouble).await,
        }
    }

    fn ready(&self, planned: &Planned) -> Result<Ready, String> {
        let action = catalog::actions().find(|action| action.operation.name == planned.name);
        let Some(action) = action else { return Err("this version knows no such action".to_owned()) };
        let route: Vec<String> = serde_json::from_value(planned.what["route"].clone()).unwrap_or_default();
        let query: Vec<(String, String)> = serde_json::from_value(planned.what["query"].clone()).unwrap_or_default();
        let body = Some(&planned.what["body"]).filter(|body| !body.is_null());
        let asked = (route.as_slice(), query.as_slice(), body);
        let request = match action.side {
            Side::Ghl => {
                let version = &self.caller.connection.ghl.version;
                ghl::request::order(action.operation, version, asked).map_err(|error| error.to_string())?
            }
            Side::OpenPhone => openphone::request::order(action.operation, asked).map_err(|error| error.to_string())?,
        };
        Ok(Ready { action, request })
    }

    /// Rules too can delete only so many contacts before a person is asked.
    async fn lets_pass(&self, firing: &Firing, action: &Action) -> Result<bool, Error> {
        let deletes = [
            &ghl::operations::CONTACT_DELETE,
            &openphone::operations::V1_CONTACT_DELETE,
            &openphone::operations::CONTACT_DELETE,
        ];
        let harm = if deletes.contains(&action.operation) { Harm::Deletes } else { Harm::None };
        brake::lets_pass(&self.caller, &self.config.brake, (firing.record.as_ref().unwrap_or(&firing.id), harm)).await
    }

    async fn send(&self, Ready { action, request }: Ready, pass: Pass, send_by: Instant) -> Result<(), Trouble> {
        let side = action.side;
        let read = |response: &tandem_providers::Response| match side {
            // What a success says is not needed; one that denies itself is none.
            Side::Ghl if response.status().is_success() && response.body().is_empty() => Ok(()),
            Side::Ghl => ghl::response::done(response),
            Side::OpenPhone => openphone::response::accepted(response),
        };
        self.caller.send(side, request, (pass, Some(send_by)), read).await
    }

    async fn troubled(
        &self,
        loaded: LoadedFiring,
        (number, planned): (usize, &Planned),
        trouble: Trouble,
    ) -> Result<Flow, Error> {
        if let Some(wait) = trouble.not_the_records_fault() {
            self.attempted(loaded, (number, planned), Attempt::NotNow).await?;
            return Ok(Flow::Stop(Settlement::Nak(spread(wait))));
        }
        let wait = self.wait(&loaded.firing);
        let why = trouble.reason();
        let attempt = match &trouble {
            Trouble::Lost(SendError::NotSent { reason: NotSent::PastDeadline, .. }) => Attempt::NotNow,
            Trouble::Lost(error) if error.outcome() == Sent::NotApplied => Attempt::Again(wait, why),
            Trouble::Lost(_) => Attempt::Unknown(why),
            Trouble::NoSlot(_) | Trouble::NoToken(_) => Attempt::Again(wait, why),
            Trouble::Refused(error) => refusal(error, why),
        };
        self.attempted(loaded, (number, planned), attempt).await
    }
}

fn refusal(error: &ApiError, why: String) -> Attempt {
    match error.class() {
        Class::Transient | Class::Unreadable | Class::Misrouted => Attempt::Unknown(why),
        Class::NotFound
        | Class::Conflict
        | Class::Refused
        | Class::Forbidden
        | Class::Throttled { .. }
        | Class::QuotaExhausted { .. }
        | Class::Unauthorized
        | Class::PaymentRequired => Attempt::Refused(why),
    }
}
