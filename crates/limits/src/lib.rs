#![doc = include_str!("../README.md")]

mod budget;
mod in_process;
mod limits;
mod permit;
mod recent;

pub use budget::{BudgetKey, BudgetRate, Throttled};
pub use limits::Limits;
pub use permit::Permit;
