//! Whether rules may send texts, and what they keep to.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use tandem_mapping::Texts;

use super::super::section::Slot;
use super::{or, yes_or_no};

/// Where nothing else is said.
const PER_DAY: u32 = 100;

/// None in the inner where rules may send none.
#[expect(clippy::option_option, reason = "a reader's `None` means a noted problem; sending nothing is a value")]
pub(super) fn texts(slot: &Slot<'_>) -> Option<Option<Texts>> {
    if slot.is_empty() {
        return Some(None);
    }
    let mut keys = slot.section()?;
    let is_allowed = or(&keys.slot("allowed"), false, yes_or_no);
    let quiet = keys.slot("quiet_hours");
    let per_day = or(&keys.slot("per_day"), PER_DAY, |text| {
        text.parse().map_err(|_| format!("expected a number of texts, found `{text}`"))
    });
    keys.finish();
    if !is_allowed? {
        return Some(None);
    }
    if quiet.is_empty() {
        slot.problem("needs `quiet_hours`: { from: \"20:00\", to: \"08:00\", timezone: America/New_York }");
        return None;
    }
    let mut keys = quiet.section()?;
    let (from, to) = (keys.slot("from").parse(time), keys.slot("to").parse(time));
    let zone = keys.slot("timezone").parse(zone);
    keys.finish();
    Some(Some(Texts { from: from?, to: to?, zone: zone?, per_day: per_day? }))
}

pub(super) fn time(text: &str) -> Result<Time, String> {
    let read = Time::strptime("%H:%M", text).or_else(|_| Time::strptime("%H:%M:%S", text));
    read.map_err(|_| format!("expected a time of the day such as \"09:00\", found `{text}`"))
}

pub(super) fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("`{name}` is no time zone: expected a name such as Europe/Oslo"))
}
