//! Adds up the `test result:` lines of many test binaries.

/// How many tests went well and how many did not.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// Takes a line of a test run; lines that are no result don't count.
    pub(crate) fn take(&mut self, line: &str) {
        let Some(result) = line.trim().strip_prefix("test result: ") else { return };
        self.passed += number_before(result, " passed");
        self.failed += number_before(result, " failed");
    }
}

fn number_before(result: &str, word: &str) -> u64 {
    let number = result.split(word).next().and_then(|before| before.rsplit(' ').next());
    number.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up_and_other_lines_are_not() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test a::b ... ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 12 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out; finished in 1.20s",
            "error: test failed, to rerun pass `-p x --lib`",
            "5 passed, 7 failed",
        ] {
            tally.take(line);
        }
        assert_eq!(tally, Tally { passed: 15, failed: 2 });
    }
}
