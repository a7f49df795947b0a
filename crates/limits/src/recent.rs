//! A bounded set of recent ids: two generations, the older one is dropped when the younger is full.

use std::collections::HashSet;

/// Ids per generation: a few megabytes at most.
const GENERATION: usize = 20_000;

#[derive(Debug, Default)]
pub(crate) struct Recent {
    young: HashSet<String>,
    old: HashSet<String>,
}

impl Recent {
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.young.contains(id) || self.old.contains(id)
    }

    pub(crate) fn insert(&mut self, id: &str) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_generation_is_remembered_and_memory_is_bounded() {
        let mut recent = Recent::default();
        for number in 0..5 * GENERATION {
            recent.insert(&number.to_string());
        }
        assert!((4 * GENERATION..5 * GENERATION).all(|number| recent.contains(&number.to_string())));
        assert!(!recent.contains("0"));
        assert!(recent.young.len() + recent.old.len() <= 2 * GENERATION);
    }
}
