//! `users show`: all about a user but the password's hash.

use std::env;

use anyhow::{Result, anyhow};
use serde::Serialize;

use super::failures::{self, Failures};
use super::record::Record;
use super::{UserSelector, hash};
use crate::output::{self, shown, time, yes_or_no};
use crate::settings::Deployment;

/// Shows a user
#[derive(clap::Args)]
#[command(
    after_help = "Whether logins are blocked is known only where JWT_SECRET is at hand; with --remote, in the \
environment.

Example:
  npx latchkey users show jake@example.com"
)]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
    /// Print JSON, with times in Unix seconds
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    user: Record,
    /// The algorithm and the iterations of the password's hash.
    password_hasher: Option<String>,
    /// Why the password's hash can't be used.
    password_problem: Option<&'static str>,
    ended_sessions: i64,
    login_failures: Option<Failures>,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let database = deployment.database()?;
    let user = options.user.find(&*database)?;
    let account = account(deployment, &user);
    let sql = [
        "SELECT hash.*, (SELECT count(*) FROM ended_sessions WHERE user_id = ?1) AS ended, failures.* FROM (SELECT ",
        hash::COLUMNS,
        " FROM users WHERE id = ?1) AS hash, (SELECT ",
        failures::COLUMNS,
        " FROM login_failures WHERE account = ?2 AND expires_at > unixepoch()) AS failures",
    ];
    let params = [user.id.into(), account.as_deref().ok().into()];
    let mut row = database.row(&sql.concat(), &params)?.ok_or_else(|| anyhow!("the database gave no row"))?;
    let hasher = hash::read(&mut row)?;
    let shown = Shown {
        user,
        password_hasher: hasher.ok().map(|hasher| hasher.to_string()),
        password_problem: hasher.err(),
        ended_sessions: row.integer()?,
        login_failures: account.is_ok().then(|| Failures::read(&mut row)).transpose()?,
    };
    output::print(&if options.json { output::json(&shown)? } else { table(&shown, account.err()) })
}

/// Under which hash failed logins are on record. Standard input is not waited for: this is worth no question.
fn account(deployment: &Deployment, user: &Record) -> Result<String> {
    if deployment.remote && env::var_os("JWT_SECRET").is_none() {
        return Err(anyhow!("JWT_SECRET is not in the environment"));
    }
    Ok(failures::account(&deployment.config()?, &user.email))
}

fn table(
    Shown { user, password_hasher, password_problem, ended_sessions, login_failures }: &Shown,
    unknown: Option<anyhow::Error>,
) -> String {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "none".to_owned(), shown);
    let password = match (password_hasher, password_problem) {
        (Some(hasher), _) => hasher.clone(),
        (None, problem) => format!("can't be used: it {}", problem.unwrap_or_default()),
    };
    let logins = match (login_failures, unknown) {
        (Some(failures), _) => failures.to_string(),
        (None, reason) => format!("unknown: {:#}", reason.unwrap_or_else(|| anyhow!("no reason"))),
    };
    let mut table = output::table();
    table.add_rows([
        ["id", &user.id.to_string()],
        ["username", &shown(&user.username)],
        ["email", &shown(&user.email)],
        ["active", &yes_or_no(user.is_active)],
        ["staff", &yes_or_no(user.is_staff)],
        ["superuser", &yes_or_no(user.is_superuser)],
        ["bio", &text(&user.bio)],
        ["image", &text(&user.image)],
        ["created", &time(user.created_at)],
        ["updated", &time(user.updated_at)],
        ["password", &password],
        ["logins", &logins],
        ["token version", &user.token_version.to_string()],
        ["ended sessions", &ended_sessions.to_string()],
    ]);
    table.trim_fmt()
}
