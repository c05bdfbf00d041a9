//! `doctor`: checks for common problems. Each check is independent, so that one that fails to run hides no other.

mod credentials;
mod database;
mod mail;
mod secrets;
mod tools;
mod variables;
mod webhook;
mod wrangler_config;

use std::io::{self, IsTerminal as _};

use anyhow::{Result, bail};
use serde::Serialize;

use crate::output;
use crate::settings::Deployment;

/// Checks for common problems and reports how to fix them
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  npx latchkey doctor\n  npx latchkey doctor --remote --env staging\n\nThe exit status is 1 if there are errors; warnings and notes don't count."
)]
pub struct Options {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Note,
    Warning,
    Error,
}

/// Result of one check.
#[derive(Serialize)]
struct Finding {
    state: State,
    /// The observation, and what to do about it.
    text: String,
}

/// Results of all checks.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, state: State, text: impl Into<String>) {
        self.0.push(Finding { state, text: text.into() });
    }

    fn ok(&mut self, text: impl Into<String>) {
        self.add(State::Ok, text);
    }

    fn note(&mut self, text: impl Into<String>) {
        self.add(State::Note, text);
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.add(State::Warning, text);
    }

    fn error(&mut self, text: impl Into<String>) {
        self.add(State::Error, text);
    }
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let mut findings = Findings::default();
    tools::check(&mut findings);
    wrangler_config::check(deployment, &mut findings);
    let deployed = secrets::check(deployment, &mut findings);
    variables::check(deployment, &mut findings);
    mail::check(deployment, deployed.as_deref(), &mut findings);
    credentials::check(deployment, deployed.as_deref(), &mut findings);
    webhook::check(deployment, deployed.as_deref(), &mut findings);
    database::check(deployment, &mut findings);
    let Findings(findings) = findings;
    if options.json {
        output::print(&output::json(&findings)?)?;
    } else {
        print(&findings)?;
    }
    match findings.iter().filter(|finding| finding.state == State::Error).count() {
        0 => Ok(()),
        1 => bail!("1 error, described above"),
        count => bail!("{count} errors, described above"),
    }
}

fn print(findings: &[Finding]) -> Result<()> {
    let in_colour = io::stdout().is_terminal();
    for Finding { state, text } in findings {
        let (word, colour) = match state {
            State::Ok => ("ok", 32),
            State::Note => ("note", 36),
            State::Warning => ("warning", 33),
            State::Error => ("error", 31),
        };
        output::print(&if in_colour {
            format!("\u{1b}[{colour}m{word:<9}\u{1b}[0m{text}")
        } else {
            format!("{word:<9}{text}")
        })?;
    }
    Ok(())
}
