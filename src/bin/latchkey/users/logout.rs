//! `users logout`: ends all sessions of a user, or one.

use anyhow::{Result, bail};
use chrono::Utc;
use latchkey::config::MAX_TOKEN_TTL;
use latchkey::store::operator::{changes, sessions};

use super::{UserSelector, apply, describe};
use crate::output::{self, escape_for_terminal};
use crate::settings::Deployment;

/// Ends all sessions of a user, or one
#[derive(clap::Args)]
#[command(
    after_help = "They can log in again at once; 'users deactivate' prevents that. 'users sessions' has the ids.

Examples:
  npx latchkey users logout jake@example.com
  npx latchkey users logout jake --session Q3Jv0Ad9mTq1n5n0bM8V7w"
)]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
    /// Only the session with this id
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    session: Option<String>,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    match &options.session {
        Some(sid) => end_one(deployment, options, sid),
        None => apply(
            deployment,
            &options.user,
            changes::revoke_all_sessions,
            "is logged out; all sessions have ended",
            "no longer exists",
        ),
    }
}

fn end_one(deployment: &Deployment, options: &Options, sid: &str) -> Result<()> {
    let recorder = deployment.recorder()?;
    let database = deployment.writable_database()?;
    let user = options.user.find(&*database)?;
    let now = Utc::now().timestamp();
    let id = escape_for_terminal(sid);
    if !sessions::revoke(&*database, recorder, user.id, sid, now + token_ttl(deployment), now)? {
        bail!(
            "{} has no active session with the id {id}; 'users sessions {} --all' lists those that have ended too",
            describe(&user),
            user.id
        );
    }
    output::print(&format!("The session {id} of {} has ended.", describe(&user)))
}

/// Validity of the session's tokens, in seconds. Where it is not known for sure it is the greatest: if the end were
/// forgotten before its last token expires, that token would be good again.
fn token_ttl(deployment: &Deployment) -> i64 {
    let config = deployment.config_without_secret().ok().filter(|_| !deployment.remote);
    config.map_or(MAX_TOKEN_TTL, |config| config.token_ttl)
}
