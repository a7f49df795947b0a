//! `cargo xtask docs`: the tables of the documentation that are made from the code, written by the test that compares them.

use crate::{Failure, cargo};

/// True if they were written.
pub(crate) fn write() -> Result<bool, Failure> {
    let mut test = cargo();
    test.args([
        "test",
        "--locked",
        "--package",
        "tandem-catalog",
        "--package",
        "tandem-providers",
        "--test",
        "it",
        "docs::",
    ]);
    let ended = test.env("TANDEM_WRITE_DOCS", "1").status();
    Ok(ended.map_err(|problem| format!("starting cargo: {problem}"))?.success())
}
