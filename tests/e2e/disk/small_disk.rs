//! A disk of a few megabytes, in memory, for one test.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const FILLER: &str = "filler";

/// Mounted as long as the value lives.
pub(super) struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// None where mounting isn't allowed; says so on stderr.
    #[expect(clippy::print_stderr, reason = "a test that doesn't run says so")]
    pub(super) fn mount(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()));
        match mounted {
            Ok(()) => Some(Self { folder }),
            Err(problem) => {
                eprintln!("not run: a small disk can't be mounted here: {problem}");
                None
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes whatever room is left.
    pub(super) fn fill(&self) {
        let mut filler = File::options().append(true).create(true).open(self.filler()).unwrap();
        for size in [4096, 1] {
            while filler.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }

    /// Gives the room back.
    pub(super) fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    /// Nothing may be open for writing.
    pub(super) fn read_only(&self, is_read_only: bool) {
        let how = if is_read_only { "remount,ro" } else { "remount,rw" };
        run(Command::new("mount").args(["-o", how]).arg(self.path())).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.path().join(FILLER)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that a failed test left behind may still have files open.
        drop(run(Command::new("umount").arg("-l").arg(self.path())));
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let Output { status, stderr, .. } = command.output().map_err(|problem| problem.to_string())?;
    if status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&stderr).trim().to_owned()) }
}
