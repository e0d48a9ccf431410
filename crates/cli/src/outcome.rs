//! How a command ends.

use std::process::ExitCode;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Refused, or not possible: nothing was done. Exit code 1.
    Refused(String),
    /// Wrongly used. Exit code 2.
    Usage(String),
    /// Perhaps done, perhaps not. Exit code 3.
    Unknown(String),
}

impl Failure {
    /// What the calling program sees.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::Unknown(_) => 3,
        })
    }

    /// What a person reads.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Refused(text) | Self::Usage(text) | Self::Unknown(text) => text,
        }
    }

    /// The same, for a foreign error that leaves nothing done.
    pub(crate) fn refused(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Refused(format!("{what}: {error}"))
    }
}

/// What a command gives.
pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;
