//! Creation of a user, with the prompts of Django's `createsuperuser`.

use anyhow::{Result, bail};
use latchkey::account::email;
use latchkey::account::password::PasswordHash;
use latchkey::account::validate::{self, RawField, Validated};
use latchkey::error::{Field, Violation};
use latchkey::store::DbError;
use latchkey::store::operator::{Database, users};

use crate::settings::Deployment;
use crate::violations::Violations;
use crate::{prompt, usage};

#[derive(clap::Args)]
pub struct NewUser {
    /// Email to log in with
    #[arg(long)]
    email: Option<String>,
    /// Name that others see
    #[arg(long)]
    username: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

/// Creates a user, and returns the id. `kind` names them in messages.
pub fn create(deployment: &Deployment, new: &NewUser, kind: &str, is_superuser: bool) -> Result<i64> {
    new.check_usage()?;
    let refusal = format!("no {kind} was created");
    let (hasher, min_length) = (deployment.hasher()?, deployment.min_length()?);
    let mut violations = Violations::default();
    let email = new.email.as_deref().map(prompt::input);
    let email = email.and_then(|input| violations.take(Field::Email, valid_email(input)));
    let username = new.username.as_deref().map(prompt::input);
    let username = username.and_then(|input| violations.take(Field::Username, validate::username(input)));
    let password = if new.password_stdin {
        violations.take(Field::Password, prompt::valid_password(prompt::first_line_as_input()?, min_length))
    } else {
        None
    };
    let database = deployment.writable_database()?;
    // In a script whose values are valid the insert detects this, which saves a statement.
    if !new.password_stdin || !violations.is_empty() {
        violations.find_taken(&*database, email.as_deref(), username.as_deref(), None)?;
    }
    violations.into_result(&refusal)?;
    let email = match email {
        Some(email) => email,
        None => ask(&*database, "Email: ", Field::Email, valid_email)?,
    };
    let username = match username {
        Some(username) => username,
        None => ask(&*database, "Username: ", Field::Username, validate::username)?,
    };
    let password = password.map_or_else(|| prompt::new_password(min_length), Ok)?;
    let hash = prompt::hash(hasher, &password)?;
    insert(&*database, [&email, &username], &hash, is_superuser, &refusal)
}

impl NewUser {
    /// Fails where something is missing and can't be asked for.
    fn check_usage(&self) -> Result<()> {
        if !self.password_stdin && prompt::stdin_is_terminal() {
            return Ok(());
        }
        let is_given = [
            ("--email", self.email.is_some()),
            ("--username", self.username.is_some()),
            ("--password-stdin", self.password_stdin),
        ];
        let missing: Vec<_> =
            is_given.into_iter().filter(|(_, is_given)| !is_given).map(|(option, _)| option).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let reason =
            if self.password_stdin { "stdin is for the password" } else { "stdin is not a terminal" };
        Err(usage::error(format!("{reason}: pass {}", missing.join(" and "))))
    }
}

/// Checks an email as the API does.
pub fn valid_email(input: RawField) -> Validated<String> {
    validate::email(input, email::normalize_domain)
}

/// Prompts for a value that passes its rule and that no user has.
fn ask(
    database: &dyn Database,
    question: &str,
    field: Field,
    rule: impl Fn(RawField) -> Validated<String>,
) -> Result<String> {
    prompt::ask(question, field, |input| {
        let value = match rule(input) {
            Ok(value) => value,
            violations => return Ok(violations),
        };
        let mut taken = Violations::default();
        match field {
            Field::Email => taken.find_taken(database, Some(&value), None, None)?,
            _ => taken.find_taken(database, None, Some(&value), None)?,
        }
        Ok(if taken.is_empty() { Ok(value) } else { Err(vec![Violation::Taken]) })
    })
}

fn insert(
    database: &dyn Database,
    [email, username]: [&str; 2],
    hash: &PasswordHash,
    is_superuser: bool,
    refusal: &str,
) -> Result<i64> {
    match users::insert(database, email, username, hash, is_superuser) {
        Ok(Some(id)) => Ok(id),
        Ok(None) => bail!("the database did not report whether it created the user: check with 'users show'"),
        Err(error @ DbError::Unique { .. }) => {
            let mut violations = Violations::default();
            violations.find_taken(database, Some(email), Some(username), None)?;
            violations.into_result(refusal)?;
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}
