//! The report for people: what was found, line by line; for what isn't right, the provider's words and what to do.

use super::report::{Check, Group, Report, Status};

/// Under the status, for what belongs to the line above.
const INDENT: usize = 8;

/// The table, ready to be printed. `columns`: where lines end, for a terminal.
pub(super) fn of(report: &Report, columns: Option<usize>) -> String {
    let width = report.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    let mut heading: Option<(Option<&str>, Group)> = None;
    for check in &report.checks {
        let of_check = (check.connection.as_deref(), check.group);
        if heading != Some(of_check) {
            heading = Some(of_check);
            text.push_str(&title(of_check, text.is_empty()));
        }
        line(&mut text, check, (width, columns));
    }
    text.push_str(&summary(report));
    text
}

fn title((connection, group): (Option<&str>, Group), is_first: bool) -> String {
    let space = if is_first { "" } else { "\n" };
    match connection {
        Some(connection) => format!("{space}{connection}: {}\n", group.title()),
        None => format!("{space}{}\n", group.title()),
    }
}

fn line(text: &mut String, check: &Check, (width, columns): (usize, Option<usize>)) {
    let word = match check.status {
        Status::Pass => "pass",
        Status::Warn => "WARN",
        Status::Fail => "FAIL",
        Status::Skipped => "skip",
    };
    let lead = if check.status == Status::Skipped { "skipped: " } else { "" };
    let first = format!("  {word}  {:width$}  {lead}", check.name);
    text.push_str(&wrapped(&first, &check.message, (INDENT + width + 2, columns)));
    let hint = check.hint.as_ref().map(|hint| format!("fix: {hint}"));
    for more in [said(check), hint].into_iter().flatten() {
        text.push_str(&wrapped(&" ".repeat(INDENT), &more, (INDENT + 2, columns)));
    }
}

/// The words behind the lead, on as many lines as they need; those after the first are indented.
fn wrapped(lead: &str, words: &str, (indent, columns): (usize, Option<usize>)) -> String {
    let columns = columns.unwrap_or(usize::MAX);
    let mut lines = lead.to_owned();
    let mut used = lead.chars().count();
    for (position, word) in words.split(' ').enumerate() {
        let length = word.chars().count();
        let is_first = position == 0;
        if !is_first && used + 1 + length > columns {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            used = indent;
        } else if !is_first {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines.push('\n');
    lines
}

/// The provider's own words.
fn said(check: &Check) -> Option<String> {
    let status = check.provider_status?;
    let who = if check.group == Group::Ghl { "GHL" } else { "OpenPhone" };
    let trace = check.provider_trace.as_ref().map(|trace| format!(", trace {trace}")).unwrap_or_default();
    let words = check.provider_words.as_deref().unwrap_or_default();
    let words = if words.is_empty() { "nothing".to_owned() } else { format!("\"{words}\"") };
    Some(format!("{who} says: {words} ({status}{trace})"))
}

fn summary(report: &Report) -> String {
    let Report { passed, warned, failed, skipped, seconds, .. } = report;
    format!("\n{passed} passed, {warned} to look at, {failed} failed, {skipped} skipped in {seconds:.1} s\n")
}

#[cfg(test)]
mod tests;
