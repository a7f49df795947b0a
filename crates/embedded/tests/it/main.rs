//! The database: transactions, isolation of jobs, failures, closing.

#[cfg(test)]
mod database;
#[cfg(test)]
mod growth;
