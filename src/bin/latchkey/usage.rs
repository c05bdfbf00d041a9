//! Errors of the command line that only a subcommand finds.

use std::fmt;

use anyhow::Error;

/// An error in the way a command was called.
#[derive(Debug)]
pub struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Makes an error for which the command exits as for a wrong option.
pub fn error(message: impl Into<String>) -> Error {
    UsageError(message.into()).into()
}
