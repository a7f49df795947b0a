#![doc = include_str!("../README.md")]

mod budget;
mod budgets;
mod limits;
mod line;
mod locks;
mod permit;
mod recent;
mod redis;

pub use budget::{BudgetKey, BudgetRate, Throttled};
pub use limits::Limits;
pub use line::Trip;
pub use locks::Guard;
pub use permit::Permit;
pub use redis::{Error, Members, RedisOptions, RedisTrouble, redis_version};
