//! `users`: finds and changes users, one subcommand a file.

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
mod unthrottle;

use anyhow::Result;

use crate::database::Database;
use crate::output::shown;
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
    Unthrottle(unthrottle::Options),
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
        Command::Unthrottle(options) => unthrottle::run(deployment, options),
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

/// Names a user in a message: the id first, since users choose the rest, and the username last and in quotes.
fn describe(user: &Record) -> String {
    let username = shown(&user.username).replace('"', "\\\"");
    format!("user {} ({}, \"{username}\")", user.id, shown(&user.email))
}
