//! `users edit`: changes the email, the username and the profile of a user.

use anyhow::Result;
use clap::error::Error as ClapError;
use clap::{Arg, ArgMatches, Command, FromArgMatches};
use latchkey::account::profile::{PROFILE, Profile};
use latchkey::account::user::UserPatch;
use latchkey::account::validate;
use latchkey::error::Field;
use latchkey::store::DbError;
use latchkey::store::operator::{changes, users};

use super::{UserSelector, describe};
use crate::settings::Deployment;
use crate::violations::Violations;
use crate::{new_user, output, prompt, usage};

/// Changes the email, the username and the profile of a user
#[derive(clap::Args)]
#[command(
    after_help = "What you don't pass stays as it is. The rules are the API's. A new email is not verified, and ends \
all sessions; what was mailed before is no longer valid, and no address waits. Else sessions go on. An empty string removes a field of the profile.

Examples:
  npx latchkey users edit jake --email jake@example.com
  npx latchkey users edit 7 --username jake --image \"\""
)]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
    /// Email to log in with
    #[arg(long)]
    email: Option<String>,
    /// Name that others see
    #[arg(long)]
    username: Option<String>,
    #[command(flatten)]
    profile: ProfileOptions,
}

/// An option for each field of the profile.
struct ProfileOptions(Profile);

impl clap::Args for ProfileOptions {
    fn augment_args(command: Command) -> Command {
        let option = |name: &'static str| Arg::new(name).long(name).value_name("TEXT");
        command.args(PROFILE.iter().map(|field| option(field.name()).help(field.description)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ProfileOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, ClapError> {
        Ok(Self(PROFILE.each_ref().map(|field| matches.get_one::<String>(field.name()).cloned())))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), ClapError> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let mut violations = Violations::default();
    let patch = patch(options, &mut violations);
    if violations.is_empty() && patch == UserPatch::default() {
        return Err(usage::error("nothing to change: pass --email, --username or a field of the profile"));
    }
    let recorder = deployment.recorder()?;
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    let (email, username) = (patch.email.as_deref(), patch.username.as_deref());
    if !violations.is_empty() {
        violations.find_taken(&*database, email, username, Some(user.id))?;
    }
    let refusal = format!("{} is unchanged", describe(&user));
    violations.into_result(&refusal)?;
    let is_changed = match changes::edit(&*database, recorder, user.id, &patch) {
        Err(error @ DbError::Unique { .. }) => {
            let mut violations = Violations::default();
            violations.find_taken(&*database, email, username, Some(user.id))?;
            violations.into_result(&refusal)?;
            return Err(error.into());
        }
        result => result?,
    };
    if !is_changed {
        return output::print(&format!("{refusal}: these are their values."));
    }
    let was = describe(&user);
    let user = users::find(&*database, &users::Selector::Id(user.id))?.unwrap_or(user);
    output::print(&format!("{was} is changed, and now {}.", describe(&user)))
}

fn patch(options: &Options, violations: &mut Violations) -> UserPatch {
    let email = options.email.as_deref().map(prompt::input);
    let username = options.username.as_deref().map(prompt::input);
    let mut patch = UserPatch {
        email: email.and_then(|input| violations.take(Field::Email, new_user::valid_email(input))),
        username: username.and_then(|input| violations.take(Field::Username, validate::username(input))),
        ..UserPatch::default()
    };
    for ((field, value), change) in PROFILE.iter().zip(&options.profile.0).zip(&mut patch.profile) {
        let input = value.as_deref().map(prompt::input);
        *change = input.and_then(|input| violations.take(field.rule.field, field.check(input)));
    }
    patch
}
