//! `webhook list`: the state of deliveries, and those that failed.

use anyhow::Result;
use latchkey::store::operator::webhook::{self, Failed, State};
use serde::Serialize;

use super::url;
use crate::output::{self, escape_for_terminal, time};
use crate::settings::Deployment;

/// Shows the state of the webhook and the deliveries that failed
#[derive(clap::Args)]
#[command(
    after_help = "A delivery has failed when all attempts of three days have. The Worker attempts no delivery while the webhook is \
stopped, which its server asks for with the status 410: 'webhook enable' lets it go on.

Examples:
  npx latchkey webhook list
  npx latchkey webhook list --remote --json"
)]
pub struct Options {
    /// Maximum number of failed deliveries
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Print JSON, with times in Unix seconds
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listed {
    url: Option<String>,
    #[serde(flatten)]
    state: State,
    failures: Vec<Failed>,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let url = url(deployment)?;
    let database = deployment.database()?;
    let state = webhook::state(&*database)?;
    let failures =
        if state.failed > 0 { webhook::failed(&*database, options.limit.into())? } else { Vec::new() };
    if options.json {
        return output::print(&output::json(&Listed { url, state, failures })?);
    }
    output::print(&describe(url.as_deref(), state))?;
    if !failures.is_empty() {
        output::print(&format!("\n{}", table(&failures)))?;
    }
    if state.failed > i64::from(options.limit) {
        output::note("More deliveries have failed: pass a higher --limit.");
    }
    Ok(())
}

fn describe(url: Option<&str>, State { stopped_at, pending, retried, failed }: State) -> String {
    let url = url.map_or_else(|| "not configured: WEBHOOK_URL is not set".to_owned(), escape_for_terminal);
    let state = stopped_at.map_or_else(String::new, |at| {
        format!("\nstopped  since {}: 'webhook enable' lets it go on", time(at))
    });
    format!("webhook  {url}{state}\npending  {pending}, {retried} of them after a failure\nfailed   {failed}")
}

fn table(failures: &[Failed]) -> String {
    let mut table = output::table();
    table.set_header(["event", "time", "type", "user", "attempts", "failure"]);
    table.add_rows(failures.iter().map(|failed| {
        [
            failed.id.to_string(),
            time(failed.at),
            escape_for_terminal(&failed.of_type),
            failed.user_id.to_string(),
            failed.attempts.to_string(),
            escape_for_terminal(&failed.failure),
        ]
    }));
    table.trim_fmt()
}
