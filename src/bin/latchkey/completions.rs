//! `completions`: prints a shell's completion script.

use std::io::{self, Write as _};

use anyhow::Result;
use clap::Command;
use clap_complete::Shell;

/// Prints a completion script for a shell
#[derive(clap::Args)]
#[command(after_help = "The script completes the command 'latchkey', so give the shell one of this name.

Examples:
  latchkey() { npx latchkey \"$@\"; }; source <(npx latchkey completions bash)    # in ~/.bashrc or ~/.zshrc (zsh)
  npx latchkey completions fish > ~/.config/fish/completions/latchkey.fish")]
pub struct Options {
    shell: Shell,
}

pub fn run(options: &Options, mut command: Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "latchkey", &mut script);
    io::stdout().write_all(&script)?;
    Ok(())
}
