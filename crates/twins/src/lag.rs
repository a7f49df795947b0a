//! An index that is behind the truth: for some time after a change, lists and searches still show what was there before.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::shelf::Shelf;

/// Earlier versions of rows, each with the moment until which the index still shows it.
pub(crate) struct Lag<T> {
    behind: Duration,
    earlier: BTreeMap<u64, Vec<(Instant, Option<T>)>>,
}

impl<T: Clone> Lag<T> {
    pub(crate) fn of(behind: Duration) -> Self {
        Self { behind, earlier: BTreeMap::new() }
    }

    /// Whether versions have to be kept at all.
    pub(crate) fn is_off(&self) -> bool {
        self.behind.is_zero()
    }

    /// Notes what the row was before a change made now; none when it did not exist.
    pub(crate) fn remember(&mut self, place: u64, before: Option<T>, now: Instant) {
        if self.is_off() {
            return;
        }
        self.earlier.retain(|_, versions| {
            versions.retain(|(until, _)| *until > now);
            !versions.is_empty()
        });
        self.earlier.entry(place).or_default().push((now + self.behind, before));
    }

    /// What the index shows for one row.
    pub(crate) fn shown<'a>(&'a self, place: u64, truth: Option<&'a T>, now: Instant) -> Option<&'a T> {
        let stale = self.earlier.get(&place).and_then(|versions| versions.iter().find(|(until, _)| *until > now));
        match stale {
            Some((_, version)) => version.as_ref(),
            None => truth,
        }
    }

    /// What the index shows after a place, in order.
    pub(crate) fn rows_after<'a>(
        &'a self,
        shelf: &'a Shelf<T>,
        after: u64,
        now: Instant,
    ) -> impl Iterator<Item = (u64, &'a T)> {
        let exact = self.earlier.is_empty();
        let truth = exact.then(|| shelf.after(after)).into_iter().flatten();
        let behind = (!exact).then(|| self.places_after(shelf, after)).into_iter().flatten();
        truth.chain(behind.filter_map(move |place| Some((place, self.shown(place, shelf.at(place), now)?))))
    }

    /// Places that hold something, or did.
    fn places_after(&self, shelf: &Shelf<T>, after: u64) -> Vec<u64> {
        let gone = self.earlier.range(after.saturating_add(1)..).map(|(place, _)| *place);
        let mut places: Vec<u64> = shelf.after(after).map(|(place, _)| place).chain(gone).collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}
