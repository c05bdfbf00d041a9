//! `users sessions`: the sessions of a user.

use anyhow::Result;
use chrono::Utc;
use comfy_table::ColumnConstraint;
use latchkey::store::operator::sessions::{self, Filter, ListedSession, State};
use serde::Serialize;

use super::{UserSelector, describe, session_age};
use crate::output::{self, day, escape_for_terminal, time};
use crate::settings::Deployment;

/// Lists the active sessions of a user
#[derive(clap::Args)]
#[command(
    after_help = "The most recently seen come first; when a session was seen is exact to a day. A session is recorded when it \
begins, or by its next request: one of 'token', or from before there was this list, is missing until it is used, and good \
all the same.

With --all, a session has ended at a time by itself (a logout, or its id); with others (a new password, a logout of others \
or all, or a deactivation, whose time is not recorded); by its expiry; or by SESSION_MAX_DAYS. It is deleted once its last \
token has expired.

Examples:
  npx latchkey users sessions jake@example.com
  npx latchkey users sessions jake --all --json"
)]
pub struct Options {
    #[command(flatten)]
    user: UserSelector,
    /// Include sessions that have ended, and how they did
    #[arg(long)]
    all: bool,
    /// Maximum number of sessions
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Print JSON, with times in Unix seconds
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listed {
    sessions: Vec<ListedSession>,
    /// True if there are more than the limit.
    more: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let database = deployment.database()?;
    let user = options.user.find(&*database)?;
    let now = Utc::now().timestamp();
    let proved_since = session_age::proved_since(deployment, now);
    // One more than the limit, to detect that there are more.
    let filter = Filter { all: options.all, proved_since, limit: i64::from(options.limit) + 1 };
    let mut sessions = sessions::list(&*database, user.id, &filter, now)?;
    let limit = usize::try_from(options.limit)?;
    let more = sessions.len() > limit;
    sessions.truncate(limit);
    let is_empty = sessions.is_empty();
    output::print(&if options.json {
        output::json(&Listed { sessions, more })?
    } else if is_empty {
        let which = if options.all { "recorded" } else { "active" };
        format!("{} has no {which} sessions.", describe(&user))
    } else {
        table(&sessions, options.all)
    })?;
    if more {
        output::note("More sessions match: pass a higher --limit.");
    }
    // Those of a user whom 'users deactivate' has deactivated have ended.
    if !user.is_active && !is_empty {
        output::note("The user is deactivated: no session is good until 'users activate'.");
    }
    Ok(())
}

fn table(sessions: &[ListedSession], all: bool) -> String {
    let mut table = output::table();
    let state = all.then_some("state");
    table.set_header(
        ["device", "place", "methods", "created", "last seen", "expires"]
            .into_iter()
            .chain(state)
            .chain(["id"]),
    );
    table.add_rows(sessions.iter().map(|ListedSession { id, state, details, expires_at }| {
        let unknown = || "unknown".to_owned();
        let methods = if details.methods.is_empty() { unknown() } else { details.methods.join(", ") };
        let mut row = vec![
            details.agent.as_deref().map_or_else(unknown, escape_for_terminal),
            details.place.as_deref().map_or_else(unknown, escape_for_terminal),
            escape_for_terminal(&methods),
            time(details.created_at),
            day(details.seen_at),
            expires_at.map(day).unwrap_or_default(),
        ];
        row.extend(all.then(|| self::state(*state, details.ended_at)));
        row.push(escape_for_terminal(id));
        row
    }));
    // An id is copied from here, so it stays on one line.
    if let Some(id) = table.column_iter_mut().last() {
        id.set_constraint(ColumnConstraint::ContentWidth);
    }
    table.trim_fmt()
}

fn state(state: State, ended_at: Option<i64>) -> String {
    match state {
        State::Active => "active".to_owned(),
        State::Ended => ended_at.map(|at| format!("ended {}", time(at))).unwrap_or_default(),
        State::EndedWithOthers => "ended with others".to_owned(),
        State::Expired => "expired".to_owned(),
        State::TooOld => "too old".to_owned(),
    }
}
