//! `createsuperuser`: creates a user who is staff and superuser, with the prompts of Django's command of this name.

use anyhow::{Error, Result, anyhow, bail};
use latchkey::account::email;
use latchkey::account::password::PasswordHash;
use latchkey::account::validate::{self, RawField, Validated};
use latchkey::error::Dialect;
use latchkey::error::{Field, Violation};
use latchkey::store;
use latchkey::store::DbError;
use latchkey::store::operator::{Database, users};

use crate::settings::Deployment;
use crate::{output, prompt, usage};

/// Creates a user who is staff and superuser
#[derive(clap::Args)]
#[command(after_help = "Prompts for what you don't pass.

Examples:
  npx latchkey createsuperuser
  pass show latchkey | npx latchkey createsuperuser --email jake@example.com --username jake --password-stdin")]
pub struct Options {
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

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    if options.password_stdin || !prompt::stdin_is_terminal() {
        let missing = missing(options);
        if !missing.is_empty() {
            let reason =
                if options.password_stdin { "stdin is for the password" } else { "stdin is not a terminal" };
            return Err(usage::error(format!("{reason}: pass {}", missing.join(" and "))));
        }
    }
    let email = given(Field::Email, options.email.as_deref(), |input| {
        validate::email(input, email::domain_to_ascii)
    })?;
    let username = given(Field::Username, options.username.as_deref(), validate::username)?;
    let hasher = deployment.hasher()?;
    let database = deployment.writable_database()?;
    // In a script the insert detects this, which saves a statement.
    if !options.password_stdin
        && (email.is_some() || username.is_some())
        && let Some(field) = taken(&*database, email.as_deref(), username.as_deref())?
    {
        return Err(refusal(field));
    }
    let email = match email {
        Some(email) => email,
        None => {
            ask(&*database, "Email: ", Field::Email, |input| validate::email(input, email::domain_to_ascii))?
        }
    };
    let username = match username {
        Some(username) => username,
        None => ask(&*database, "Username: ", Field::Username, validate::username)?,
    };
    let hash = prompt::new_hash(hasher, options.password_stdin)?;
    let id = insert(&*database, &email, &username, &hash)?;
    output::print(&format!("Superuser created successfully. Their id is {id}."))
}

fn missing(options: &Options) -> Vec<&'static str> {
    let is_given = [
        ("--email", options.email.is_some()),
        ("--username", options.username.is_some()),
        ("--password-stdin", options.password_stdin),
    ];
    is_given.into_iter().filter(|(_, is_given)| !is_given).map(|(option, _)| option).collect()
}

fn given(
    field: Field,
    value: Option<&str>,
    rule: impl Fn(RawField) -> Validated<String>,
) -> Result<Option<String>> {
    value.map(|value| prompt::given(field, rule(prompt::input(value)))).transpose()
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
        let taken = match field {
            Field::Email => taken(database, Some(&value), None)?,
            _ => taken(database, None, Some(&value))?,
        };
        Ok(if taken.is_some() { Err(vec![Violation::Taken]) } else { Ok(value) })
    })
}

/// First of these fields whose value is taken.
fn taken(database: &dyn Database, email: Option<&str>, username: Option<&str>) -> Result<Option<Field>> {
    let taken = pollster::block_on(store::users::find_taken(&database, email, username, None))?;
    Ok(taken.email.then_some(Field::Email).or(taken.username.then_some(Field::Username)))
}

fn refusal(taken: Field) -> Error {
    anyhow!("no superuser was created: {}", Dialect::Django.message(taken, &Violation::Taken))
}

fn insert(database: &dyn Database, email: &str, username: &str, hash: &PasswordHash) -> Result<i64> {
    match users::insert_superuser(database, email, username, hash) {
        Ok(Some(id)) => Ok(id),
        Ok(None) => bail!("the database did not report whether it created the user: check with 'users show'"),
        Err(DbError::Unique { column }) => {
            Err(refusal(if column == "users.email" { Field::Email } else { Field::Username }))
        }
        Err(error) => Err(error.into()),
    }
}
