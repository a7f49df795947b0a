//! Sharing one pull between connections when there is more work than it can take.

/// How many messages each of `connections` may contribute so that together they fill `max`; the first ones get what is
/// left over.
pub(crate) fn shares(max: usize, connections: usize) -> impl Iterator<Item = usize> {
    let even = max.checked_div(connections).unwrap_or(0);
    let extra = max.checked_rem(connections).unwrap_or(0);
    (0..connections).map(move |position| even + usize::from(position < extra))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_fill_the_pull_and_differ_by_at_most_one() {
        assert_eq!(shares(10, 3).collect::<Vec<_>>(), [4, 3, 3]);
        assert_eq!(shares(2, 2).collect::<Vec<_>>(), [1, 1]);
        assert_eq!(shares(5, 0).count(), 0);
    }
}
