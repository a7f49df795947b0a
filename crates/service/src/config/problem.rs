//! What is wrong with a configuration, where, and how to mend it. All problems of a file are told at once.

use std::fmt;
use std::path::{Path, PathBuf};

/// The exit code of a process that was given a bad configuration.
pub const EXIT_BAD_CONFIGURATION: u8 = 64;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A line of the configuration file, counted from 1.
    File {
        /// The line.
        line: usize,
    },
    /// An environment variable that overrides the file.
    Variable {
        /// Its name, as it is spelled in the environment.
        name: String,
    },
    /// A place in a mapping file, counted from 1.
    Mapping {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// The compiled-in defaults.
    Default {
        /// Line of `config/default.yaml`.
        line: usize,
    },
}

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where the value stands.
    pub origin: Origin,
    /// The key, such as `connections[0].openphone.api_key`; empty for the file as a whole.
    pub key: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no file.
    #[error(
        "there is no configuration file {}: copy config/tandem.example.yaml to this place and fill it in, \
         or run `tandem demo` to try Tandem without any accounts",
        path.display()
    )]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The file can't be read.
    #[error("can't read the file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file was read and is wrong.
    #[error("{}", list(path, problems))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong, in the file's order.
        problems: Vec<Problem>,
    },
}

impl ConfigError {
    /// The exit code that tells a bad configuration from a failure at work.
    pub fn exit_code(&self) -> u8 {
        EXIT_BAD_CONFIGURATION
    }

    /// The problems found in the file's text; none where the file could not be read at all.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Missing { .. } | Self::Unreadable { .. } => &[],
            Self::Invalid { problems, .. } => problems,
        }
    }
}

fn list(path: &Path, problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(|problem| Located { path, problem }.to_string()).collect();
    lines.join("\n")
}

struct Located<'a> {
    path: &'a Path,
    problem: &'a Problem,
}

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem.origin {
            Origin::File { line } => write!(f, "{}:{line}: ", self.path.display())?,
            Origin::Mapping { path, line, column } => write!(f, "{}:{line}:{column}: ", path.display())?,
            Origin::Variable { name } => write!(f, "environment variable {name}: ")?,
            // The fault lies in what the file says elsewhere, or doesn't say.
            Origin::Default { .. } => write!(f, "{}: ", self.path.display())?,
        }
        if !self.problem.key.is_empty() {
            write!(f, "{}: ", self.problem.key)?;
        }
        f.write_str(&self.problem.message)
    }
}
