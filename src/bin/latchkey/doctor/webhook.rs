//! Check of the webhook: its secret, and deliveries that stopped or failed.

use latchkey::store::DbError;
use latchkey::store::operator::Database;
use latchkey::store::operator::webhook::{self, State};

use super::Findings;
use super::secrets::WEBHOOK_SECRET;
use crate::output::time;
use crate::settings::Deployment;

/// Checks the deployed secret, with the names of those if these are known. `variables` reports what is invalid.
pub fn check(deployment: &Deployment, deployed: Option<&[String]>, findings: &mut Findings) {
    let (true, Some(deployed)) = (has_url(deployment), deployed) else { return };
    if !deployed.iter().any(|name| name == WEBHOOK_SECRET) {
        findings.error("WEBHOOK_URL is set, and the deployed WEBHOOK_SECRET is not: run 'npx latchkey secret --webhook | npx wrangler secret put WEBHOOK_SECRET'");
    }
}

fn has_url(deployment: &Deployment) -> bool {
    let variables = deployment.plain_variables().unwrap_or_default();
    variables.get("WEBHOOK_URL").is_some_and(|url| !url.is_empty())
}

/// Looks for deliveries that are not made.
pub fn deliveries(deployment: &Deployment, database: &dyn Database, findings: &mut Findings) {
    let State { stopped_at, pending, failed, .. } = match webhook::state(database) {
        Ok(state) => state,
        Err(DbError::Other(message)) if message.contains("no such table") => return, // reported with the migrations
        Err(error) => {
            return findings.warn(format!("could not check the deliveries of the webhook: {error}"));
        }
    };
    let has_url = has_url(deployment);
    let number = |count: i64| format!("{count} event{}", if count == 1 { "" } else { "s" });
    if let Some(at) = stopped_at {
        findings.warn(format!(
            "the webhook is stopped since {}, when its server said that it is gone: 'npx latchkey webhook enable' lets it go on",
            time(at)
        ));
    }
    if failed > 0 {
        findings.warn(format!(
            "{} could not be delivered to the webhook: 'npx latchkey webhook list' shows why, 'npx latchkey webhook redeliver --failed' sends what failed again",
            number(failed)
        ));
    }
    if pending > 0 && !has_url {
        findings.note(format!("{} due to be sent to a webhook, and WEBHOOK_URL is not set", number(pending)));
    } else if has_url && stopped_at.is_none() && failed == 0 {
        findings.ok("no delivery of the webhook has failed");
    }
}
