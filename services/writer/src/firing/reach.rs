//! Whether somebody may be sent a text.

use jiff::Timestamp;
use tandem_contact::{Field, Side, Value, phone};
use tandem_mapping::Firing;
use tandem_mapping::firing::Planned;
use tandem_providers::ghl;
use tandem_records::Error;

use super::Rules;
use crate::call::Trouble;
use crate::run::contact_id;

/// Whether somebody may be sent a text.
pub(super) enum Reach {
    May,
    /// Not before then.
    Later(Timestamp),
    MayNot(String),
    /// It can't be told now.
    Unknown(Trouble),
}

impl Rules<'_> {
    /// What a rule that sends a text keeps to: it is switched on, it goes to the contact's own numbers, not at night, not to somebody
    /// who doesn't want that, and not too often.
    pub(super) async fn may_reach(&self, firing: &Firing, planned: &Planned) -> Result<Reach, Error> {
        let (mapping, now) = (&self.caller.connection.mapping, Timestamp::now());
        let Some(texts) = &mapping.texts else { return Ok(Reach::MayNot("texts are not switched on".to_owned())) };
        let document = self.document(firing).await?.map(|found| found.document);
        let phones = document.as_ref().and_then(|document| document.canon_value(Field::Phones)).map(Value::items);
        let phones = phones.unwrap_or_default();
        let to: Vec<String> = serde_json::from_value(planned.what["body"]["to"].clone()).unwrap_or_default();
        let is_theirs = |number: &String| {
            phone::normal(number, &mapping.default_country).is_some_and(|number| phones.contains(&number))
        };
        if to.is_empty() || !to.iter().all(is_theirs) {
            return Ok(Reach::MayNot("a text goes to numbers of the contact that the rule is about".to_owned()));
        }
        if let Some(until) = texts.quiet_until(now) {
            return Ok(Reach::Later(until));
        }
        let Some(id) = document.as_ref().and_then(|document| contact_id(document, Side::Ghl)) else {
            let why = "there is no contact in GoHighLevel that says whether texts are wanted";
            return Ok(Reach::MayNot(why.to_owned()));
        };
        match crate::ghl::read(&self.caller, &id).await {
            Ok((_, contact)) if contact.dnd.all || contact.dnd.channels.contains(&ghl::Channel::Sms) => {
                return Ok(Reach::MayNot("the contact doesn't want texts (DND)".to_owned()));
            }
            Ok(_) => {}
            Err(trouble) => return Ok(Reach::Unknown(trouble)),
        }
        let room = self.caller.deps.records.firings().count_text(&firing.connection, texts.per_day, now).await?;
        Ok(room.map_or(Reach::May, Reach::Later))
    }
}
