//! `users`: finds and changes users, one subcommand per file.

mod activate;
mod deactivate;
mod failures;
pub mod hash;
mod list;
mod logout;
pub mod record;
mod set_password;
mod set_staff;
mod show;
mod unlock;

use anyhow::Result;

use crate::database::Database;
use crate::output::{self, escape_for_terminal};
use crate::settings::Deployment;
use record::Record;

/// Finds and changes users
#[derive(clap::Subcommand)]
pub enum Command {
    List(list::Options),
    Show(show::Options),
    Activate(activate::Options),
    Deactivate(deactivate::Options),
    SetPassword(set_password::Options),
    SetStaff(set_staff::Options),
    Unlock(unlock::Options),
    Logout(logout::Options),
}

pub fn run(deployment: &Deployment, command: &Command) -> Result<()> {
    match command {
        Command::List(options) => list::run(deployment, options),
        Command::Show(options) => show::run(deployment, options),
        Command::Activate(options) => activate::run(deployment, options),
        Command::Deactivate(options) => deactivate::run(deployment, options),
        Command::SetPassword(options) => set_password::run(deployment, options),
        Command::SetStaff(options) => set_staff::run(deployment, options),
        Command::Unlock(options) => unlock::run(deployment, options),
        Command::Logout(options) => logout::run(deployment, options),
    }
}

#[derive(clap::Args)]
struct UserSelector {
    /// The user: an email (whatever has an @), an id (a number), or else a username
    #[arg(value_name = "EMAIL|USERNAME|ID")]
    user: String,
}

impl UserSelector {
    fn find(&self, database: &dyn Database) -> Result<Record> {
        Record::find(database, &self.user)
    }
}

/// Runs a statement on a user, whose id is its `?1`, and prints the message for the user and for whether a row changed.
fn change(
    deployment: &Deployment,
    selector: &UserSelector,
    sql: &str,
    message: impl Fn(&str, bool) -> String,
) -> Result<()> {
    let database = deployment.writable_database()?;
    let user = selector.find(&*database)?;
    let is_changed = database.row(sql, &[user.id.into()])?.is_some();
    output::print(&message(&describe(&user), is_changed))
}

/// Describes a user in a message: the id first, since users choose the rest, and the username last and in quotes.
fn describe(user: &Record) -> String {
    let username = escape_for_terminal(&user.username).replace('"', "\\\"");
    format!("user {} ({}, \"{username}\")", user.id, escape_for_terminal(&user.email))
}
