//! `docs/catalog.md` is made from the catalog, so that it can't tell anything else.

use tandem_catalog::{actions, events, page};
use tandem_testkit::workspace_root;

/// Set by `cargo xtask docs`: write the page instead of comparing it.
const WRITE: &str = "TANDEM_WRITE_DOCS";

#[test]
fn the_page_is_what_the_code_knows() {
    let (path, page) = (workspace_root().join("docs/catalog.md"), page());
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stands == page, "docs/catalog.md is out of date: `cargo xtask docs` writes it anew");
}

/// As many as the contract sheets have events and writes, and each says what it is and what it tells or needs.
#[test]
fn no_entry_is_only_a_name() {
    assert!(events().count() + actions().count() >= 126);
    for event in events() {
        assert!(event.what.len() > 9 && event.what.ends_with('.'), "{}: {}", event.name, event.what);
    }
    for action in actions() {
        assert!(action.what.len() > 9 && action.what.ends_with('.'), "{}: {}", action.operation.name, action.what);
    }
}
