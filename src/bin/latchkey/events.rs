//! `events`: what happened to accounts.

use anyhow::{Result, anyhow};
use clap::builder::PossibleValuesParser;
use latchkey::store::events::EventType;
use latchkey::store::operator::events::{self, Filter, ListedEvent};
use latchkey::store::operator::users::Selector;
use serde::Serialize;

use crate::output::{self, escape_for_terminal, time};
use crate::settings::Deployment;
use crate::users::find;

/// Lists what happened to accounts
#[derive(clap::Subcommand)]
pub enum Command {
    List(Options),
}

/// Lists events, the newest first
#[derive(clap::Args)]
#[command(
    after_help = "The actor is who did it: a user by the id, \"operator\" for this command, or nobody in particular. Place and agent \
are the actor's. The Worker deletes events after EVENTS_DAYS.

Of a user who was erased the events stay, and are found by the id.

Examples:
  npx latchkey events list jake@example.com
  npx latchkey events list --type staff.granted --json
  npx latchkey events list --after 1042"
)]
pub struct Options {
    /// Only those of a user: an email (whatever has an @), an id (a number), or else a username
    #[arg(value_name = "EMAIL|USERNAME|ID")]
    user: Option<String>,
    /// Only those of a type
    #[arg(long = "type", value_name = "TYPE", value_parser = types())]
    of_type: Option<String>,
    /// Continue after the event with this id, the last of the page before
    #[arg(long, value_name = "ID")]
    after: Option<i64>,
    /// Maximum number of events
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Print JSON, with times in Unix seconds
    #[arg(long)]
    json: bool,
}

fn types() -> PossibleValuesParser {
    EventType::ALL.iter().map(|of_type| of_type.name()).collect::<Vec<_>>().into()
}

#[derive(Serialize)]
struct Listed {
    events: Vec<ListedEvent>,
    /// Value of --after for the next page, if there is one.
    next: Option<i64>,
}

pub fn run(deployment: &Deployment, command: &Command) -> Result<()> {
    let Command::List(options) = command;
    let database = deployment.database()?;
    let user_id = match options.user.as_deref().map(find::parse).transpose()? {
        None => None,
        // One who was erased has events still.
        Some(Selector::Id(id)) => Some(id),
        Some(_) => {
            let user = options.user.as_deref().map(|user| find::find(&*database, user));
            user.transpose()?.map(|user| user.id)
        }
    };
    let of_type = match &options.of_type {
        Some(name) => {
            Some(EventType::from_name(name).ok_or_else(|| anyhow!("there is no such type: {name}"))?)
        }
        None => None,
    };
    // One more than the limit, to detect that there are more.
    let limit = i64::from(options.limit) + 1;
    let filter = Filter { user_id, of_type, after: options.after, limit };
    let mut events = events::list(&*database, &filter)?;
    let limit = usize::try_from(options.limit)?;
    let more = events.len() > limit;
    events.truncate(limit);
    let next = events.last().map(|event| event.id).filter(|_| more);
    output::print(&if options.json {
        output::json(&Listed { events, next })?
    } else if events.is_empty() {
        "No events are recorded.".to_owned()
    } else {
        table(&events)
    })?;
    if let Some(next) = next.filter(|_| !options.json) {
        output::note(&format!("More events match: pass --after {next}."));
    }
    Ok(())
}

fn table(events: &[ListedEvent]) -> String {
    let mut table = output::table();
    table.set_header(["id", "time", "type", "user", "actor", "detail", "agent", "place"]);
    table.add_rows(events.iter().map(|event| {
        let actor = match event.actor_id {
            None => String::new(),
            Some(0) => "operator".to_owned(),
            Some(id) => id.to_string(),
        };
        let text = |text: &Option<String>| text.as_deref().map(escape_for_terminal).unwrap_or_default();
        [
            event.id.to_string(),
            time(event.at),
            escape_for_terminal(&event.of_type),
            event.user_id.to_string(),
            actor,
            text(&event.detail),
            text(&event.agent),
            text(&event.place),
        ]
    }));
    table.trim_fmt()
}
