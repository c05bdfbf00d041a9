//! `webhook redeliver`: sends events again.

use anyhow::{Result, bail};
use latchkey::store::operator::webhook::{self, Which};

use super::url;
use crate::output;
use crate::settings::Deployment;

/// Sends events again
#[derive(clap::Args)]
#[command(
    after_help = "The Worker sends them at its next run of the schedule, as if they had never been tried. Their webhook-id is the \
same as before, by which the server can tell that it has had them. Where the webhook is stopped, they wait.

Examples:
  npx latchkey webhook redeliver --failed
  npx latchkey webhook redeliver 1041 1042 --remote"
)]
#[group(id = "which", required = true, multiple = false, args = ["ids", "failed"])]
pub struct Options {
    /// Ids of the events, sent or not
    #[arg(value_name = "ID", num_args = 1..=100)]
    ids: Vec<i64>,
    /// All deliveries that have failed
    #[arg(long)]
    failed: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let url = url(deployment)?;
    let database = deployment.writable_database()?;
    let which = if options.failed { Which::Failed } else { Which::Ids(&options.ids) };
    let due = webhook::redeliver(&*database, which)?;
    if due.is_empty() && options.failed {
        return output::print("No delivery has failed; nothing was changed.");
    }
    let number = |count: usize| format!("{count} event{}", if count == 1 { "" } else { "s" });
    if !due.is_empty() {
        output::print(&format!("{} will be sent again.", number(due.len())))?;
    }
    if url.is_none() {
        output::note("WEBHOOK_URL is not set: they wait until it is.");
    }
    let unknown: Vec<_> =
        options.ids.iter().filter(|id| !due.contains(id)).map(|id| id.to_string()).collect();
    if !unknown.is_empty() {
        bail!("there is no event {}", unknown.join(", "));
    }
    Ok(())
}
