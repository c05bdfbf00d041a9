//! Asks the operator for values that keep the rules of their fields, in the words that Django has for it.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use latchkey::account::validate::{self, Checked, Input};
use latchkey::auth::password::Hasher;
use latchkey::error::Dialect;
use latchkey::error::{Field, Violation};
use signal_hook::consts::SIGINT;

const ENDED: &str = "the input ended, so nothing was changed";

/// Whether there is somebody to ask.
pub fn is_possible() -> bool {
    io::stdin().is_terminal()
}

/// Asks for a value until it passes.
pub fn ask<T>(prompt: &str, field: Field, check: impl Fn(Input) -> Result<Checked<T>>) -> Result<T> {
    loop {
        match check(input(&line(prompt)?))? {
            Ok(value) => return Ok(value),
            Err(violations) => tell(&messages(field, &violations)),
        }
    }
}

/// Asks whether to go on, after a sentence that says with what.
pub fn confirm(sentence: &str) -> Result<bool> {
    let answer = line(&format!("{sentence} Go on? [y/N] "))?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}

/// The hash of a new password, which is asked for, or the first line of standard input.
pub fn new_hash(hasher: Hasher, from_stdin: bool) -> Result<String> {
    let password = if from_stdin {
        given(Field::Password, validate::password(input(&first_line()?)))?
    } else {
        new_password()?
    };
    hasher
        .hash(&password, getrandom::fill)
        .map_err(|error| anyhow!("this machine has no randomness to give: {error}"))
}

/// Asks for a new password, twice, without showing it, until it passes.
fn new_password() -> Result<String> {
    // At Ctrl-C rpassword raises SIGINT with the terminal still silenced. Caught, that leaves it to end with an error.
    signal_hook::flag::register(SIGINT, Arc::default())?;
    loop {
        let password = hidden("Password: ")?;
        if hidden("Password (again): ")? != password {
            tell(&["Your passwords didn't match.".to_owned()]);
            continue;
        }
        match validate::password(input(&password)) {
            Ok(password) => return Ok(password),
            Err(violations) => tell(&messages(Field::Password, &violations)),
        }
    }
}

fn first_line() -> Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("standard input can't be read")?;
    Ok(line)
}

/// A value that the operator gave, as the rules take it.
pub fn input(text: &str) -> Input {
    Input::Text(text.trim().to_owned())
}

/// A value that the operator gave otherwise than by being asked.
pub fn given<T>(field: Field, checked: Checked<T>) -> Result<T> {
    checked.map_err(|violations| {
        anyhow!("the {} is refused: {}", field.name(), messages(field, &violations).join(" "))
    })
}

fn messages(field: Field, violations: &[Violation]) -> Vec<String> {
    violations.iter().map(|violation| Dialect::Django.message(field, violation)).collect()
}

fn tell(messages: &[String]) {
    for message in messages {
        eprintln!("Error: {message}");
    }
}

fn line(prompt: &str) -> Result<String> {
    eprint!("{prompt}");
    io::stderr().flush()?;
    let line = first_line()?;
    if line.is_empty() {
        eprintln!();
        bail!(ENDED);
    }
    Ok(line)
}

fn hidden(prompt: &str) -> Result<String> {
    rpassword::prompt_password(prompt).map_err(|error| match error.kind() {
        ErrorKind::Interrupted => anyhow!(ENDED),
        ErrorKind::UnexpectedEof => {
            eprintln!();
            anyhow!(ENDED)
        }
        _ => anyhow!("the password can't be read: {error}"),
    })
}
