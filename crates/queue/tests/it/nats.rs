//! What only a queue at JetStream can show.

mod opening;
mod publishing;
mod pulling;
mod rates;
mod restarts;
