//! Prompts for values that pass the rules of their fields, with Django's wording.

use std::io::{self, ErrorKind, IsTerminal as _, Read as _};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use latchkey::account::password::{self, Password, PasswordHash};
use latchkey::account::validate::{self, RawField, Validated};
use latchkey::auth::password::Hasher;
use latchkey::error::Dialect;
use latchkey::error::{Field, Violation};
use signal_hook::consts::SIGINT;

use crate::{output, random};

const ENDED: &str = "the input ended: nothing was changed";

/// True if a prompt can be answered.
pub fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Prompts for a value until it passes.
pub fn ask<T>(prompt: &str, field: Field, check: impl Fn(RawField) -> Result<Validated<T>>) -> Result<T> {
    loop {
        match check(input(&line(prompt)?))? {
            Ok(value) => return Ok(value),
            Err(violations) => print_errors(&messages(field, &violations)),
        }
    }
}

/// Asks for confirmation of what the sentence describes.
pub fn confirm(sentence: &str) -> Result<bool> {
    let reply = line(&format!("{sentence} Continue? [y/N] "))?;
    Ok(["y", "yes"].contains(&reply.trim().to_ascii_lowercase().as_str()))
}

/// Hashes a new password.
pub fn hash(hasher: Hasher, password: &Password) -> Result<PasswordHash> {
    hasher.hash(password, random::fill)
}

/// Prompts for a new password of at least `min_length` characters, twice and without echo, until it passes.
pub fn new_password(min_length: usize) -> Result<Password> {
    // At Ctrl-C rpassword raises SIGINT with the terminal still silenced. Caught, that leaves it to end with an error.
    signal_hook::flag::register(SIGINT, Arc::default())?;
    loop {
        let password = hidden("Password: ")?;
        if hidden("Password (again): ")? != password {
            print_errors(&["Your passwords didn't match.".to_owned()]);
            continue;
        }
        match valid_password(input(&password), min_length) {
            Ok(password) => return Ok(password),
            Err(violations) => print_errors(&messages(Field::Password, &violations)),
        }
    }
}

/// Checks a new password as the API does.
pub fn valid_password(input: RawField, min_length: usize) -> Validated<Password> {
    validate::password(input, min_length, &password::to_nfc)
}

fn first_line() -> Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("can't read stdin")?;
    Ok(without_mark(line))
}

/// Makes the input of a rule from the first line of stdin.
pub fn first_line_as_input() -> Result<RawField> {
    Ok(input(&first_line()?))
}

/// Reads all of stdin.
pub fn all_of_stdin() -> Result<String> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("can't read stdin")?;
    Ok(without_mark(text))
}

/// Removes the byte order mark that some shells write in front of a text.
fn without_mark(text: String) -> String {
    text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
}

/// Makes the input of a rule from an operator's value.
pub fn input(text: &str) -> RawField {
    RawField::Text(text.trim().to_owned())
}

fn messages(field: Field, violations: &[Violation]) -> Vec<String> {
    violations.iter().map(|violation| Dialect::Django.message(field, violation)).collect()
}

fn print_errors(messages: &[String]) {
    for message in messages {
        output::note(&format!("Error: {message}"));
    }
}

/// Prompts for a line.
pub fn line(prompt: &str) -> Result<String> {
    output::prompt(prompt);
    let line = first_line()?;
    if line.is_empty() {
        output::note("");
        bail!(ENDED);
    }
    Ok(line)
}

fn hidden(prompt: &str) -> Result<String> {
    rpassword::prompt_password(prompt).map_err(|error| match error.kind() {
        ErrorKind::Interrupted => anyhow!(ENDED),
        ErrorKind::UnexpectedEof => {
            output::note("");
            anyhow!(ENDED)
        }
        _ => anyhow!("can't read the password: {error}"),
    })
}
