//! The oldest server that will do.

use crate::Error;

/// Atomic batches came with 2.12. An older server ignores settings it doesn't know, silently.
const FLOOR: (u32, u32, u32) = (2, 12, 0);

pub(crate) fn check(found: &str, servers: &str) -> Result<(), Error> {
    if parse(found).is_some_and(|version| version >= FLOOR) {
        return Ok(());
    }
    let (major, minor, patch) = FLOOR;
    let needed = format!("{major}.{minor}.{patch}");
    Err(Error::TooOld { servers: servers.to_owned(), found: found.to_owned(), needed })
}

/// `2.12.1-RC.3` is 2.12.1: a candidate has what the release has.
fn parse(text: &str) -> Option<(u32, u32, u32)> {
    let plain = text.trim_start_matches('v').split(['-', '+']).next()?;
    let mut numbers = plain.split('.').map(str::parse::<u32>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_and_unreadable_versions_are_refused_by_name() {
        for good in ["2.12.0", "2.12.0-RC.1", "v2.15.1", "3.0.0", "10.0.0"] {
            check(good, "one:4222").unwrap();
        }
        for bad in ["2.9.10", "2.11.99", "1.99.99", "", "2.12", "new"] {
            let text = check(bad, "one:4222").unwrap_err().to_string();
            assert!(text.contains("2.12.0") && text.contains(bad), "{text}");
        }
    }
}
