//! `users credentials`: lists the credentials of a user beside their password, and removes them.

use anyhow::{Result, bail};
use latchkey::store::operator::credentials::{self, Credential, Type, Which};
use serde::Serialize;

use super::{UserSelector, describe};
use crate::output::{self, escape_for_terminal, time};
use crate::settings::Deployment;
use crate::{prompt, usage};

/// Lists the credentials of a user, or removes some
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Credentials are what a user has beside the password: an authenticator app (totp), recovery codes and \
passkeys. No secret of theirs is shown. Two-step verification is on while a totp was confirmed.

A user called \"remove\" or \"help\" is found by email or id.

Examples:
  npx latchkey users credentials jake@example.com
  npx latchkey users credentials remove jake@example.com --type totp"
)]
pub struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// The user: an email (whatever has an @), an id (a number), or else a username
    #[arg(value_name = "EMAIL|USERNAME|ID", required = true)]
    user: Option<String>,
    /// Print JSON, with times in Unix seconds
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Command {
    Remove(RemoveOptions),
}

/// Removes credentials of a user: their way back in when they have lost them
#[derive(clap::Args)]
#[command(
    after_help = "Recovery codes go with the totp. Sessions go on: 'users logout' ends them. The last way in can be removed \
too: then set a password with 'users set-password'. Make sure that it is the user who asks: whoever has the password \
gets in without a second step from then on.

The command shows the user's id and email and asks for confirmation before it removes anything.

Examples:
  npx latchkey users credentials remove jake@example.com --type totp
  npx latchkey users credentials remove 7 --id 4503599627370497
  npx latchkey users credentials remove 7 --all --yes"
)]
#[group(id = "which", required = true, multiple = false, args = ["of_type", "id", "all"])]
struct RemoveOptions {
    #[command(flatten)]
    user: UserSelector,
    /// All of a type
    #[arg(long = "type", value_name = "TYPE")]
    of_type: Option<TypeName>,
    /// The one with this id
    #[arg(long, value_name = "N")]
    id: Option<i64>,
    /// All
    #[arg(long)]
    all: bool,
    /// Skip the confirmation
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum TypeName {
    Totp,
    Recovery,
    Passkey,
}

impl From<TypeName> for Type {
    fn from(name: TypeName) -> Self {
        match name {
            TypeName::Totp => Self::Totp,
            TypeName::Recovery => Self::Recovery,
            TypeName::Passkey => Self::Passkey,
        }
    }
}

#[derive(Serialize)]
struct Listed {
    /// A TOTP that was confirmed.
    two_step: bool,
    /// Without recovery codes.
    credentials: Vec<Credential>,
    recovery_codes_left: usize,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    match (&options.command, &options.user) {
        (Some(Command::Remove(options)), _) => remove(deployment, options),
        (None, Some(user)) => list(deployment, &UserSelector { user: user.clone() }, options.json),
        (None, None) => Err(usage::error("no user given: pass an email, a username or an id")),
    }
}

fn list(deployment: &Deployment, selector: &UserSelector, as_json: bool) -> Result<()> {
    let database = deployment.database()?;
    let user = selector.find(&*database)?;
    let credentials = credentials::list(&*database, user.id)?;
    let (codes, credentials): (Vec<_>, Vec<_>) =
        credentials.into_iter().partition(|credential| credential.of_type == Type::Recovery);
    if as_json {
        let two_step = credentials.iter().any(|credential| is_totp(credential) && !credential.waits);
        let recovery_codes_left = codes.iter().filter(|code| code.used_at.is_none()).count();
        return output::print(&output::json(&Listed { two_step, credentials, recovery_codes_left })?);
    }
    output::print(&if codes.is_empty() && credentials.is_empty() {
        format!("{} has a password only.", describe(&user))
    } else {
        table(&credentials, &codes)
    })
}

fn is_totp(credential: &Credential) -> bool {
    credential.of_type == Type::Totp
}

fn table(credentials: &[Credential], codes: &[Credential]) -> String {
    let mut table = output::table();
    table.set_header(["type", "name", "added", "last used", "id"]);
    let used = |at: Option<i64>| at.map_or_else(|| "never".to_owned(), time);
    for credential in credentials {
        let name = match &credential.name {
            Some(name) => escape_for_terminal(name),
            None if credential.waits => "not confirmed, so off".to_owned(),
            None => String::new(),
        };
        table.add_row([
            credential.of_type.name(),
            &name,
            &time(credential.created_at),
            &used(credential.used_at),
            &credential.id.to_string(),
        ]);
    }
    if let Some(first) = codes.first() {
        let left = codes.iter().filter(|code| code.used_at.is_none()).count();
        let last = codes.iter().filter_map(|code| code.used_at).max();
        let name = format!("{left} of {} codes left", codes.len());
        table.add_row([first.of_type.name(), &name, &time(first.created_at), &used(last), ""]);
    }
    table.trim_fmt()
}

fn remove(deployment: &Deployment, options: &RemoveOptions) -> Result<()> {
    if !options.yes && !prompt::stdin_is_terminal() {
        return Err(usage::error("stdin is not a terminal: pass --yes to skip the confirmation"));
    }
    let (which, what) = match (options.of_type.map(Type::from), options.id) {
        (Some(of_type), _) => (Which::OfType(of_type), format!("every {} credential", of_type.name())),
        (None, Some(id)) => (Which::Id(id), format!("the credential {id}")),
        (None, None) => (Which::All, "every credential beside the password".to_owned()),
    };
    let recorder = deployment.recorder()?;
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    if !options.yes && !prompt::confirm(&format!("{} will lose {what}.", describe(&user)))? {
        bail!("nothing was changed");
    }
    let removed = credentials::remove(&*database, recorder, user.id, which)?;
    if removed.is_empty() {
        bail!(
            "{} has none of that; nothing was changed. 'users credentials {}' lists what there is",
            describe(&user),
            user.id
        );
    }
    let count = |of_type| removed.iter().filter(|removed| **removed == of_type).count();
    let parts = [
        (count(Type::Totp), "authenticator app", "authenticator apps"),
        (count(Type::Recovery), "recovery code", "recovery codes"),
        (count(Type::Passkey), "passkey", "passkeys"),
    ];
    let parts = parts.iter().filter(|(count, ..)| *count > 0);
    let parts = parts.map(|(count, one, more)| format!("{count} {}", if *count == 1 { one } else { more }));
    output::print(&format!("{} has lost {}.", describe(&user), parts.collect::<Vec<_>>().join(", ")))
}
