//! `users`: creates, finds and changes users, one subcommand per file.

mod activate;
mod create;
mod credentials;
mod deactivate;
mod edit;
mod erase;
mod failures;
pub mod find;
mod hash;
mod list;
mod logout;
mod session_age;
mod sessions;
mod set_password;
mod set_staff;
mod show;
mod unlock;
mod verify;

use anyhow::Result;
use latchkey::store::DbError;
use latchkey::store::operator::users::UserRecord;
use latchkey::store::operator::{Database, Recorder};

use crate::output::{self, escape_for_terminal};
use crate::settings::Deployment;

/// Creates, finds and changes users
#[derive(clap::Subcommand)]
pub enum Command {
    Create(create::Options),
    Edit(edit::Options),
    List(list::Options),
    Show(show::Options),
    Activate(activate::Options),
    Deactivate(deactivate::Options),
    SetPassword(set_password::Options),
    SetStaff(set_staff::Options),
    Verify(verify::Options),
    Unlock(unlock::Options),
    Sessions(sessions::Options),
    Logout(logout::Options),
    Credentials(credentials::Options),
    Erase(erase::Options),
}

pub fn run(deployment: &Deployment, command: &Command) -> Result<()> {
    match command {
        Command::Create(options) => create::run(deployment, options),
        Command::Edit(options) => edit::run(deployment, options),
        Command::List(options) => list::run(deployment, options),
        Command::Show(options) => show::run(deployment, options),
        Command::Activate(options) => activate::run(deployment, options),
        Command::Deactivate(options) => deactivate::run(deployment, options),
        Command::SetPassword(options) => set_password::run(deployment, options),
        Command::SetStaff(options) => set_staff::run(deployment, options),
        Command::Verify(options) => verify::run(deployment, options),
        Command::Unlock(options) => unlock::run(deployment, options),
        Command::Sessions(options) => sessions::run(deployment, options),
        Command::Logout(options) => logout::run(deployment, options),
        Command::Credentials(options) => credentials::run(deployment, options),
        Command::Erase(options) => erase::run(deployment, options),
    }
}

#[derive(clap::Args)]
struct UserSelector {
    /// The user: an email (whatever has an @), an id (a number), or else a username
    #[arg(value_name = "EMAIL|USERNAME|ID")]
    user: String,
}

impl UserSelector {
    fn find(&self, database: &dyn Database) -> Result<UserRecord> {
        find::find(database, &self.user)
    }
}

/// Changes a user by `change`, which receives the id, and prints `changed` or `unchanged` by whether it returns true.
fn apply(
    deployment: &Deployment,
    selector: &UserSelector,
    change: impl Fn(&dyn Database, Recorder, i64) -> Result<bool, DbError>,
    changed: &str,
    unchanged: &str,
) -> Result<()> {
    let recorder = deployment.recorder()?;
    let database = deployment.writable_database()?;
    let user = selector.find(&*database)?;
    output::print(&if change(&*database, recorder, user.id)? {
        format!("{} {changed}.", describe(&user))
    } else {
        format!("{} {unchanged}; nothing was changed.", describe(&user))
    })
}

/// Describes a user in a message: the id first, since users choose the rest, and the username last and in quotes.
fn describe(user: &UserRecord) -> String {
    let username = escape_for_terminal(&user.username).replace('"', "\\\"");
    format!("user {} ({}, \"{username}\")", user.id, escape_for_terminal(&user.email))
}

/// Text of a refusal: a user is the last who can do everything, and nobody could give that to another over HTTP.
fn last_superuser(user: &UserRecord) -> String {
    format!(
        "The last superuser can't be removed, and {} is the only active one: create another with 'createsuperuser' first",
        describe(user)
    )
}
