//! `token`: prints a user and a fresh token.

mod inspect;
mod parts;

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use latchkey::auth::session::{Proof, Session};
use latchkey::auth::token::issue;
use latchkey::store::operator::users::UserRecord;
use serde::Serialize;

use crate::output::{self, escape_for_terminal};
use crate::settings::Deployment;
use crate::users::find;
use crate::{random, usage};

/// Prints a user and a fresh token of a new session
#[derive(clap::Args)]
#[command(
    subcommand_negates_reqs = true,
    subcommand_precedence_over_arg = true,
    disable_help_subcommand = true,
    override_usage = "npx latchkey token [OPTIONS] <EMAIL|USERNAME|ID>\n       npx latchkey token inspect [OPTIONS] <JWT|->",
    after_help = "Examples:\n  npx latchkey token jake@jake.jake\n  TOKEN=$(npx latchkey token jake --raw)\n  npx latchkey token jake --raw | npx latchkey token inspect -\n\nA user whose name is \"inspect\" is found by email or id."
)]
pub struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// The user: an email (whatever has an @), an id (a number), or else a username
    #[arg(value_name = "EMAIL|USERNAME|ID", required = true)]
    user: Option<String>,
    /// Print the token and nothing else
    #[arg(long, conflicts_with = "json")]
    raw: bool,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Command {
    Inspect(inspect::Options),
}

#[derive(Serialize)]
struct Issued {
    user: UserRecord,
    token: String,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    if let Some(Command::Inspect(inspected)) = &options.command {
        if options.user.is_some() || options.raw {
            return Err(usage::error("'token inspect' takes a token, and neither a user nor --raw"));
        }
        return inspect::run(deployment, inspected, options.json);
    }
    let selector = options.user.as_deref().context("no user given: pass an email, a username or an id")?;
    let config = deployment.config()?;
    let user = find::find(&*deployment.database()?, selector)?;
    if !user.is_active {
        bail!(
            "{} is deactivated, so that no token of theirs is valid: run 'users activate {}' first",
            escape_for_terminal(&user.username),
            user.id
        );
    }
    let now = Utc::now().timestamp();
    // The operator vouches for the user, who has proved nothing: with `SESSION_MAX_DAYS` it has to have a time.
    let proof = Proof { at: now, methods: Vec::new() };
    let session = Session::begin(Some(proof), random::fill)?;
    let token = issue(&config.keys, user.id, user.token_version, &session, now, config.token_ttl)?;
    if options.raw {
        output::print(&token)
    } else if options.json {
        output::print(&output::json(&Issued { user, token })?)
    } else {
        let (email, username) = (escape_for_terminal(&user.email), escape_for_terminal(&user.username));
        output::print(&format!(
            "id        {}\nemail     {email}\nusername  {username}\nflags     {}\ntoken     {token}",
            user.id,
            flags(&user)
        ))
    }
}

fn flags(user: &UserRecord) -> String {
    let flags = [(user.is_active, "active"), (user.is_staff, "staff"), (user.is_superuser, "superuser")];
    let set: Vec<_> = flags.into_iter().filter_map(|(is_set, name)| is_set.then_some(name)).collect();
    set.join(", ")
}
