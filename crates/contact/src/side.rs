//! The two providers a connection pairs.

use std::fmt;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// One of the two providers of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// `HighLevel`.
    Ghl,
    /// `OpenPhone`, now named Quo.
    OpenPhone,
}

impl Side {
    /// Both, in the order an edit in GHL travels.
    pub const BOTH: [Self; 2] = [Self::Ghl, Self::OpenPhone];

    /// The side across.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Ghl => Self::OpenPhone,
            Self::OpenPhone => Self::Ghl,
        }
    }

    /// The name used in configuration, keys, logs and metric labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ghl => "ghl",
            Self::OpenPhone => "openphone",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A pair of things, one for each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerSide<T> {
    /// The GHL one.
    pub ghl: T,
    /// The `OpenPhone` one.
    pub openphone: T,
}

impl<T> Index<Side> for PerSide<T> {
    type Output = T;

    fn index(&self, side: Side) -> &T {
        match side {
            Side::Ghl => &self.ghl,
            Side::OpenPhone => &self.openphone,
        }
    }
}

impl<T> IndexMut<Side> for PerSide<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Ghl => &mut self.ghl,
            Side::OpenPhone => &mut self.openphone,
        }
    }
}
