//! What of `OpenPhone` is told of in GHL.

use tandem_mapping::Activity;
use tandem_mapping::activity::{Form, Kind, Unknown};

use super::super::section::Slot;
use super::or;

/// None in the inner where nothing is to be told.
#[expect(clippy::option_option, reason = "a reader's `None` means a noted problem; telling nothing is a value")]
pub(super) fn activity(slot: &Slot<'_>) -> Option<Option<Activity>> {
    if slot.is_empty() {
        return Some(None);
    }
    let mut keys = slot.section()?;
    let log = keys.slot("log");
    let form = or(&keys.slot("as"), false, |name| match name {
        "notes" => Ok(false),
        "conversation" => Ok(true),
        _ => Err(format!("expected `notes` or `conversation`, found `{name}`")),
    });
    let (texts, calls) = (keys.slot("text_provider"), keys.slot("call_provider"));
    let unknown = or(&keys.slot("unknown"), Unknown::Ignore, |name| match name {
        "ignore" => Ok(Unknown::Ignore),
        "create" => Ok(Unknown::Create),
        "park" => Ok(Unknown::Park),
        _ => Err(format!("expected `ignore`, `create` or `park`, found `{name}`")),
    });
    keys.finish();
    let kinds: Vec<Option<Kind>> = log.list()?.iter().map(|slot| slot.parse(kind)).collect();
    let kinds: Option<Vec<Kind>> = kinds.into_iter().collect();
    let provider = |slot: &Slot<'_>| or(slot, None, |id| Ok(Some(id.to_owned())));
    let (text_provider, call_provider) = (provider(&texts)?, provider(&calls)?);
    let form = if form? {
        Form::Conversation { texts: text_provider, calls: call_provider }
    } else {
        for slot in [texts, calls].iter().filter(|slot| !slot.is_empty()) {
            slot.problem("belongs to `as: conversation`");
        }
        Form::Notes
    };
    Some(Some(Activity { kinds: kinds?, form, unknown: unknown? }))
}

fn kind(name: &str) -> Result<Kind, String> {
    let known = Kind::ALL.map(Kind::name).join(", ");
    Kind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| format!("expected one of {known}, found `{name}`"))
}
