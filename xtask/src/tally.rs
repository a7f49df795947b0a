//! Adds up the `test result:` lines of many test binaries, and keeps what failed tests said.

/// Lines of one failed test that are kept from its beginning, and as many from its end.
const KEPT: usize = 40;

/// How many tests went well, how many did not, and what those said.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    failures: Vec<Vec<String>>,
    is_telling: bool,
}

impl Tally {
    /// Takes a line of a test run; lines that are no result don't count.
    pub(crate) fn take(&mut self, line: &str) {
        if let Some(result) = line.trim().strip_prefix("test result: ") {
            self.passed += number_before(result, " passed");
            self.failed += number_before(result, " failed");
        }
        if line.starts_with("---- ") && line.ends_with(" stdout ----") {
            self.failures.push(Vec::new());
            self.is_telling = true;
        } else if line == "failures:" {
            self.is_telling = false;
        }
        if self.is_telling
            && !is_frame(line)
            && let Some(told) = self.failures.last_mut()
        {
            told.push(line.to_owned());
        }
    }

    /// What failed tests said, without the frames of backtraces and the middle of long output.
    pub(crate) fn told(&self) -> String {
        self.failures.iter().map(|told| shortened(told) + "\n").collect()
    }
}

/// A frame of a backtrace, or its place.
fn is_frame(line: &str) -> bool {
    let line = line.trim_start();
    let (number, rest) = line.split_at(line.find(|c: char| !c.is_ascii_digit()).unwrap_or(line.len()));
    line.starts_with("at /") || line.starts_with("at ./") || (!number.is_empty() && rest.starts_with(": "))
}

fn shortened(lines: &[String]) -> String {
    if lines.len() <= 2 * KEPT {
        return lines.join("\n");
    }
    let (first, last) = (&lines[..KEPT], &lines[lines.len() - KEPT..]);
    format!("{}\n[{} lines left out]\n{}", first.join("\n"), lines.len() - 2 * KEPT, last.join("\n"))
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
        assert_eq!((tally.passed, tally.failed), (15, 2));
        assert_eq!(tally.told(), "");
    }

    #[test]
    fn failed_tests_are_told_again_without_frames_and_the_middle() {
        let mut tally = Tally::default();
        let long: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
        let short = [
            "failures:",
            "",
            "---- a::b stdout ----",
            "thread 'a::b' panicked at x.rs:1:2:",
            "left: 1",
            "stack backtrace:",
            "   0: core::panic",
            "             at /rustc/x/y.rs:1:2",
            "",
            "---- c stdout ----",
        ];
        for line in short.into_iter().chain(long.iter().map(String::as_str)).chain(["failures:", "    a::b", "    c"]) {
            tally.take(line);
        }
        let told = tally.told();
        let (first, second) = told.split_once("---- c stdout ----\n").unwrap();
        assert_eq!(first, "---- a::b stdout ----\nthread 'a::b' panicked at x.rs:1:2:\nleft: 1\nstack backtrace:\n\n");
        assert!(second.starts_with("line 0\n") && second.ends_with("line 99\n"), "{second}");
        assert!(second.contains("line 38\n[21 lines left out]\nline 60\n"), "{second}");
    }
}
