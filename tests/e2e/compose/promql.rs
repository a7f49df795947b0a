//! Just enough of `PromQL` to find the metrics that a query names, and what it asks of their labels.

/// A metric in a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selector {
    pub(super) metric: String,
    pub(super) matchers: Vec<Matcher>,
}

/// A condition on a label. For a pattern of alternatives, one value for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matcher {
    pub(super) label: String,
    pub(super) values: Vec<String>,
}

/// Words that are followed by a list of labels.
const GROUPING: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
/// Words that are no metrics.
const OPERATORS: [&str; 7] = ["and", "or", "unless", "bool", "offset", "inf", "nan"];

/// Labels that results are grouped by.
pub(super) fn groupings(query: &str) -> Vec<&str> {
    let after_by = query.split(" by ").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('('));
    let lists = after_by.filter_map(|rest| rest.split_once(')'));
    lists.flat_map(|(list, _)| list.split(',').map(str::trim)).collect()
}

/// Every metric that the query names.
pub(super) fn selectors(query: &str) -> Vec<Selector> {
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        if is_word(c) || c == '$' {
            let end = rest.find(|c: char| !is_word(c) && c != '.').unwrap_or(rest.len()).max(1);
            let (word, after) = rest.split_at(end);
            rest = after.trim_start();
            if GROUPING.contains(&word) {
                rest = skipped(rest, '(', ')');
            } else if is_metric(word, rest) {
                let (matchers, after) = matchers(rest);
                rest = after;
                found.push(Selector { metric: word.to_owned(), matchers });
            }
        } else if c == '[' {
            rest = skipped(rest, '[', ']');
        } else if c == '"' {
            rest = rest[1..].split_once('"').map_or("", |(_, after)| after);
        } else {
            rest = &rest[c.len_utf8()..];
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// What is followed by `(` is a function; what is followed by `by` or `without` is one too.
fn is_metric(word: &str, rest: &str) -> bool {
    let starts_well = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':');
    let next = rest.split(|c: char| !is_word(c)).next().unwrap_or_default();
    starts_well
        && !OPERATORS.contains(&word.to_ascii_lowercase().as_str())
        && !rest.starts_with('(')
        && !matches!(next, "by" | "without")
}

/// What follows a group in brackets, where one stands.
fn skipped(text: &str, open: char, close: char) -> &str {
    if !text.starts_with(open) {
        return text;
    }
    text.split_once(close).map_or("", |(_, after)| after)
}

/// The conditions in braces, where they stand, and what follows them.
fn matchers(text: &str) -> (Vec<Matcher>, &str) {
    let Some(mut rest) = text.strip_prefix('{') else { return (Vec::new(), text) };
    let mut found = Vec::new();
    while let Some((before, after)) = rest.split_once('"') {
        if before.contains('}') {
            break;
        }
        let label = before.trim_matches(|c: char| !is_word(c)).to_owned();
        let (value, after) = after.split_once('"').unwrap_or((after, ""));
        found.push(Matcher { label, values: value.split('|').map(str::to_owned).collect() });
        rest = after;
    }
    (found, rest.split_once('}').map_or("", |(_, after)| after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(query: &str) -> Vec<String> {
        selectors(query).into_iter().map(|selector| selector.metric).collect()
    }

    #[test]
    fn metrics_are_told_from_everything_else() {
        for (query, expected) in [
            ("up", vec!["up"]),
            ("sum by (a, b) (rate(x_total[5m]))", vec!["x_total"]),
            ("sum(rate(x_total{a=\"up\"}[$__rate_interval])) by (job)", vec!["x_total"]),
            ("histogram_quantile(0.95, sum by (le) (rate(x_bucket[1m]))) > 1e3", vec!["x_bucket"]),
            ("max(a) > 0 and on () sum(b) == 0", vec!["a", "b"]),
            ("a / ignoring (c) group_left (d) b or vector(0)", vec!["a", "b"]),
            ("absent(up{job=\"x}y\"}) unless b offset 5m", vec!["up", "b"]),
            ("time() - process_start_time_seconds{a=~\"b.+\"}", vec!["process_start_time_seconds"]),
            ("topk by (x) (3, a:b)", vec!["a:b"]),
        ] {
            assert_eq!(metrics(query), expected, "{query}");
        }
    }

    #[test]
    fn groupings_are_read_before_and_after_the_function() {
        assert_eq!(groupings("sum by (a, b) (rate(x[5m])) / max(y) by (c)"), ["a", "b", "c"]);
        assert!(groupings("sum(x{by=\"(a)\"})").is_empty());
    }

    #[test]
    fn conditions_are_read_with_their_alternatives() {
        let found = selectors("a{x=\"1\", y=~\"b|c\"} + b{}");
        let matcher = |label: &str, values: &[&str]| Matcher {
            label: label.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        assert_eq!(found[0].matchers, [matcher("x", &["1"]), matcher("y", &["b", "c"])]);
        assert!(found.len() == 2 && found[1].matchers.is_empty(), "{found:?}");
    }
}
