//! `cargo xtask chaos`: the long version of the test that kills, pauses and restarts everything.

use crate::{Failure, cargo, servers};

/// True if nothing was lost, doubled or sent too fast, and every fault happened.
pub(crate) fn run(arguments: &[String]) -> Result<bool, Failure> {
    let (minutes, seed) = read(arguments)?;
    servers::fetch()?;
    let built = cargo().args(["build", "--workspace", "--bins", "--locked"]).status();
    if !built.map_err(|problem| format!("starting cargo: {problem}"))?.success() {
        return Err("building the binaries failed".to_owned());
    }
    let mut test = cargo();
    test.args(["test", "--workspace", "--locked", "--test", "e2e", "chaos::", "--", "--nocapture"]);
    test.env("TANDEM_CHAOS_SECONDS", (minutes * 60).to_string());
    if let Some(seed) = seed {
        test.env("TANDEM_CHAOS_SEED", seed.to_string());
    }
    let ended = test.status().map_err(|problem| format!("starting cargo: {problem}"))?;
    Ok(ended.success())
}

/// Minutes, and the dice where they are to be repeated.
fn read(arguments: &[String]) -> Result<(u64, Option<u64>), Failure> {
    let (mut minutes, mut seed) = (None, None);
    for pair in arguments.chunks(2) {
        let number = pair.get(1).and_then(|text| text.parse::<u64>().ok());
        match (pair.first().map(String::as_str), number) {
            (Some("--minutes"), Some(number)) if number > 0 => minutes = Some(number),
            (Some("--seed"), Some(number)) => seed = Some(number),
            _ => return Err("chaos takes --minutes N, and --seed N to repeat a run".to_owned()),
        }
    }
    let minutes = minutes.ok_or("chaos takes --minutes N: how long things go wrong")?;
    Ok((minutes, seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(u64, Option<u64>), Failure> {
        read(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn minutes_are_needed_and_a_seed_may_be_given() {
        assert_eq!(parsed("--minutes 5"), Ok((5, None)));
        assert_eq!(parsed("--seed 7 --minutes 5"), Ok((5, Some(7))));
        for bad in ["", "--seed 7", "--minutes", "--minutes 0", "--minutes soon", "--hours 5"] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }
}
