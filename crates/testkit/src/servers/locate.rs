//! Where the server binaries are. `cargo xtask servers` compiles this file too, so it needs nothing but std.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A server that tests start.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Major and minor version.
    pub(crate) oldest: (u32, u32),
}

/// The first with per-message time-to-live and scheduled messages at once.
pub(crate) const NATS: Program = Program { name: "nats-server", oldest: (2, 12) };

/// Debian's oldest supported.
pub(crate) const REDIS: Program = Program { name: "redis-server", oldest: (6, 2) };

/// The folder that `cargo xtask servers` fills.
pub(crate) fn cache(workspace: &Path) -> PathBuf {
    workspace.join("target/servers/bin")
}

/// The first that is recent enough: in `TANDEM_SERVERS_DIR`, on PATH, in the cache.
pub(crate) fn find(program: &Program, workspace: &Path) -> Option<PathBuf> {
    let given = env::var_os("TANDEM_SERVERS_DIR").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = given.into_iter().chain(env::split_paths(&path)).chain([cache(workspace)]);
    folders.map(|folder| folder.join(program.name)).find(|binary| is_recent(program, binary))
}

/// Whether the binary is there, starts, and says that it is recent enough.
pub(crate) fn is_recent(program: &Program, binary: &Path) -> bool {
    if !binary.is_file() {
        return false;
    }
    let said = Command::new(binary).arg("--version").output();
    said.is_ok_and(|said| version(&String::from_utf8_lossy(&said.stdout)) >= Some(program.oldest))
}

/// Reads `nats-server: v2.15.1` and `Redis server v=7.0.15 sha=...`.
fn version(said: &str) -> Option<(u32, u32)> {
    said.split_whitespace().find_map(|word| {
        let mut numbers = word.strip_prefix('v')?.trim_start_matches('=').split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_servers_print_them() {
        assert_eq!(version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert_eq!(version("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\n"), Some((7, 0)));
        assert_eq!(version("Valkey server v=8.0.1 sha=0\n"), Some((8, 0)));
        assert_eq!(version("v for version\n"), None);
    }

    #[test]
    fn missing_and_foreign_binaries_are_not_taken() {
        assert!(!is_recent(&NATS, Path::new("/no/such/nats-server")));
        assert!(!is_recent(&NATS, Path::new("/bin/sh")));
    }
}
