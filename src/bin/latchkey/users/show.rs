//! `users show`: shows everything about a user except the password hash.

use std::env;

use anyhow::{Result, anyhow, bail};
use chrono::Utc;
use latchkey::account::profile::PROFILE;
use latchkey::store::operator::login_failures::Failures;
use latchkey::store::operator::users::{self, Details, UserRecord};
use serde::Serialize;

use super::{UserSelector, failures, hash, session_age};
use crate::output::{self, escape_for_terminal, time, yes_or_no};
use crate::settings::Deployment;

/// Shows a user
#[derive(clap::Args)]
#[command(
    after_help = "Lockouts are shown only if JWT_SECRET is available; with --remote, in the environment. 'users sessions' \
lists the active sessions.

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
struct UserDetails {
    #[serde(flatten)]
    user: UserRecord,
    /// The algorithm and the iterations of the password's hash.
    password_hasher: Option<String>,
    /// Reason for which the password's hash can't be used.
    password_problem: Option<&'static str>,
    active_sessions: i64,
    /// True while two-step verification is on.
    two_step: bool,
    recovery_codes_left: i64,
    passkeys: i64,
    login_failures: Option<Failures>,
    /// Wrong current passwords, recorded under the user.
    current_password_failures: Option<Failures>,
    /// Wrong second factors.
    factor_failures: Option<Failures>,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let database = deployment.database()?;
    let user = options.user.find(&*database)?;
    let accounts = accounts(deployment, &user);
    let hashes =
        accounts.as_ref().map_or([None; 3], |accounts| accounts.each_ref().map(|hash| Some(hash.as_str())));
    let now = Utc::now().timestamp();
    let proved_since = session_age::proved_since(deployment, now);
    let details = users::details(&*database, user.id, hashes, proved_since, now)?;
    let Some(Details { hash, active_sessions, two_step, recovery_codes_left, passkeys, failures }) = details
    else {
        bail!("the database returned no row");
    };
    let hasher = hash::judge(&hash);
    let [login_failures, current_password_failures, factor_failures] =
        failures.map(|failures| accounts.is_ok().then_some(failures));
    let details = UserDetails {
        user,
        password_hasher: hasher.ok().map(|hasher| hasher.to_string()),
        password_problem: hasher.err(),
        active_sessions,
        two_step,
        recovery_codes_left,
        passkeys,
        login_failures,
        current_password_failures,
        factor_failures,
    };
    output::print(&if options.json { output::json(&details)? } else { table(&details, accounts.err()) })
}

/// Hashes under which failures of the email, of the user and of the second factor are recorded. Doesn't read a secret from stdin: the failures
/// are not worth blocking for.
pub(super) fn accounts(deployment: &Deployment, user: &UserRecord) -> Result<[String; 3]> {
    if deployment.remote && env::var_os("JWT_SECRET").is_none() {
        return Err(anyhow!("JWT_SECRET is not in the environment"));
    }
    let lockout = deployment.config()?.passwords.lockout;
    Ok([lockout.account(&user.email), lockout.user(user.id), lockout.factor(&user.id.to_string())])
}

fn table(
    UserDetails {
        user,
        password_hasher,
        password_problem,
        active_sessions,
        two_step,
        recovery_codes_left,
        passkeys,
        login_failures,
        current_password_failures,
        factor_failures,
    }: &UserDetails,
    unknown: Option<anyhow::Error>,
) -> String {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "none".to_owned(), escape_for_terminal);
    let password = match (password_hasher, password_problem) {
        (Some(hasher), _) => hasher.clone(),
        (None, problem) => format!(
            "no usable password: the stored one {}; set one with 'users set-password {}'",
            problem.unwrap_or_default(),
            user.id
        ),
    };
    let verified = match &user.pending_email {
        Some(pending) => {
            format!(
                "{}; {} waits to be verified",
                yes_or_no(user.email_verified),
                escape_for_terminal(pending)
            )
        }
        None => yes_or_no(user.email_verified),
    };
    let unknown = unknown.map(|reason| format!("unknown: {reason:#}")).unwrap_or_default();
    let two_step = match (two_step, recovery_codes_left) {
        (false, _) => "off".to_owned(),
        (true, 1) => "on, 1 recovery code left".to_owned(),
        (true, left) => format!("on, {left} recovery codes left"),
    };
    let [logins, current_password, factor] = [login_failures, current_password_failures, factor_failures]
        .map(|failures| failures.as_ref().map_or_else(|| unknown.clone(), failures::describe));
    let mut table = output::table();
    table.add_rows([
        ["id", &user.id.to_string()],
        ["username", &escape_for_terminal(&user.username)],
        ["email", &escape_for_terminal(&user.email)],
        ["verified", &verified],
        ["active", &yes_or_no(user.is_active)],
        ["staff", &yes_or_no(user.is_staff)],
        ["superuser", &yes_or_no(user.is_superuser)],
    ]);
    table.add_rows(
        PROFILE.iter().zip(&user.profile).map(|(field, value)| [field.name().to_owned(), text(value)]),
    );
    table.add_rows([
        ["created", &time(user.created_at)],
        ["updated", &time(user.updated_at)],
        ["password", &password],
        ["two-step", &two_step],
        ["passkeys", &passkeys.to_string()],
        ["logins", &logins],
        ["current password", &current_password],
        ["second factor", &factor],
        ["token version", &user.token_version.to_string()],
        ["active sessions", &active_sessions.to_string()],
    ]);
    table.trim_fmt()
}
