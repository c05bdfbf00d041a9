//! Creation of a user, with the prompts of Django's `createsuperuser`.

use anyhow::{Result, bail};
use latchkey::account::email;
use latchkey::account::validate::{self, RawField, Validated};
use latchkey::auth::seal::DataKeys;
use latchkey::error::{Field, Violation};
use latchkey::store::DbError;
use latchkey::store::operator::{Database, Recorder, changes};

use crate::settings::Deployment;
use crate::totp::{self, App};
use crate::violations::Violations;
use crate::{prompt, usage};

/// Tries to create a user with an authenticator app.
const TRIES: usize = 3;

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

/// Kind of a user who is created.
#[derive(Clone, Copy)]
pub enum Kind<'a> {
    User,
    /// With an authenticator app, if these are the keys of its seal.
    Superuser(Option<&'a DataKeys>),
}

/// User who was created.
pub struct Created {
    pub id: i64,
    pub email: String,
    /// Their authenticator app, if they have one.
    pub app: Option<App>,
}

/// Creates a user.
pub fn create(deployment: &Deployment, new: &NewUser, kind: Kind<'_>) -> Result<Created> {
    new.check_usage()?;
    let name = if matches!(kind, Kind::User) { "user" } else { "superuser" };
    let refusal = format!("no {name} was created");
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
    let recorder = deployment.recorder()?;
    let database = deployment.writable_database()?;
    if let Kind::Superuser(Some(keys)) = kind {
        totp::check(&*database, keys)?;
    }
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
    // Another user may get the id that a seed was sealed for.
    for _ in 0..TRIES {
        let (app, factor) = match kind {
            Kind::Superuser(Some(keys)) => Some(App::draw(&*database, keys)?).unzip(),
            Kind::Superuser(None) | Kind::User => (None, None),
        };
        let new = changes::NewUser {
            email: &email,
            username: &username,
            password: &hash,
            is_superuser: !matches!(kind, Kind::User),
            factor: factor.as_ref(),
        };
        if let Some(id) = insert(&*database, recorder, &new, &refusal)? {
            return Ok(Created { id, email, app });
        }
        if app.is_none() {
            break;
        }
    }
    bail!("the database did not report whether it created the user: check with 'users show'")
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
    recorder: Recorder,
    new: &changes::NewUser<'_>,
    refusal: &str,
) -> Result<Option<i64>> {
    match changes::insert(database, recorder, new) {
        Err(error @ DbError::Unique { .. }) => {
            let mut violations = Violations::default();
            violations.find_taken(database, Some(new.email), Some(new.username), None)?;
            violations.into_result(refusal)?;
            Err(error.into())
        }
        inserted => Ok(inserted?),
    }
}
