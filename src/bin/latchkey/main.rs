//! `latchkey`, the operator's command: one subcommand per file.
//!
//! It works on the local D1 database, directly in its SQLite file, or with `--remote` on the deployed one, through
//! `wrangler d1 execute`. Validation, hashing and tokens are the Worker's own, from the crate's library.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, reason = "they panic where a pipe is closed")
)]

mod cipher;
mod completions;
mod createsuperuser;
mod dev_vars;
mod doctor;
mod events;
mod export_django;
mod failure_cost;
mod import_django;
mod local;
mod mail;
mod members;
mod new_user;
mod npm;
mod output;
mod progress;
mod prompt;
mod random;
mod reseal;
mod seals;
mod secret;
mod settings;
mod token;
mod totp;
mod unusable_password;
mod usage;
mod users;
mod violations;
mod webhook;
mod wrangler;
mod wrangler_error;

use std::env;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use settings::Deployment;
use usage::UsageError;

/// Operates Latchkey: superusers, users and their sessions, events, tokens, import from and export to Django.
#[derive(Parser)]
#[command(name = "latchkey", bin_name = "npx latchkey", version)]
struct Cli {
    #[command(flatten)]
    deployment: Deployment,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Createsuperuser(createsuperuser::Options),
    #[command(subcommand)]
    Users(users::Command),
    #[command(subcommand)]
    Events(events::Command),
    #[command(subcommand)]
    Webhook(webhook::Command),
    Token(token::Options),
    #[command(subcommand)]
    Mail(mail::Command),
    ImportDjango(import_django::Options),
    ExportDjango(export_django::Options),
    Reseal(reseal::Options),
    Secret(secret::Options),
    Doctor(doctor::Options),
    Completions(completions::Options),
}

/// Exit status of a command line that can't be run.
const USAGE: u8 = 2;

/// Exit status of an export whose reader closed the pipe before its end: that of SIGPIPE, as a shell shows it.
const CLOSED_OUTPUT: u8 = 128 + 13;

fn main() -> ExitCode {
    let arguments: Vec<_> =
        env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let variables = env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
    if let Some(refusal) = npm::refusal(&Cli::command(), &arguments, &variables.collect()) {
        output::note(&format!("latchkey: {refusal}"));
        return ExitCode::from(USAGE);
    }
    settings::enter_project();
    let Cli { deployment, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print(); // a closed output is not an error
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let outcome = match command {
        Command::Createsuperuser(options) => createsuperuser::run(&deployment, &options),
        Command::Users(command) => users::run(&deployment, &command),
        Command::Events(command) => events::run(&deployment, &command),
        Command::Webhook(command) => webhook::run(&deployment, &command),
        Command::Token(options) => token::run(&deployment, &options),
        Command::Mail(command) => mail::run(&deployment, &command),
        Command::ImportDjango(options) => import_django::run(&deployment, &options),
        Command::ExportDjango(options) => export_django::run(&deployment, &options),
        Command::Reseal(options) => reseal::run(&deployment, &options),
        Command::Secret(options) => secret::run(&options),
        Command::Doctor(options) => doctor::run(&deployment, &options),
        Command::Completions(options) => completions::run(&options, Cli::command()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if output::is_closed(&error) {
                return ExitCode::from(CLOSED_OUTPUT);
            }
            output::note(&format!("latchkey: {error:#}"));
            if error.is::<UsageError>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_consistent() {
        Cli::command().debug_assert();
    }
}
