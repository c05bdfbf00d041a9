//! Checks of credentials: `DATA_SECRET` and the seeds that it seals, and the pages that `PASSKEY_RP_ID` lets use passkeys.

use std::collections::BTreeMap;

use latchkey::http::cors::Origins;
use latchkey::store::DbError;
use latchkey::store::operator::Database;
use latchkey::store::operator::credentials::{self, Numbers};

use super::{Findings, wrangler_config};
use crate::seals;
use crate::settings::Deployment;

/// Checks the variables, with the names of the deployed secrets if these are known. `variables` reports what is invalid.
pub fn check(deployment: &Deployment, deployed: Option<&[String]>, findings: &mut Findings) {
    let variables = deployment.plain_variables().unwrap_or_default();
    let rp_id = rp_id(&variables);
    match has_data_secret(deployment, deployed) {
        Some(true) if rp_id.is_some() => findings.ok("two-step verification and passkeys are on"),
        Some(true) => findings.ok("two-step verification is on, and passkeys are off: PASSKEY_RP_ID is not set"),
        Some(false) if rp_id.is_some() => findings.warn(
            "PASSKEY_RP_ID is set, and DATA_SECRET is not, so nobody can add a passkey: set it with 'npx latchkey secret | npx wrangler secret put DATA_SECRET'",
        ),
        Some(false) => findings.note("DATA_SECRET is not set, so two-step verification and passkeys are off: docs/credentials.md"),
        None => {} // the secrets could not be listed, which is reported
    }
    if let Some(rp_id) = rp_id {
        pages(deployment, rp_id, &variables, findings);
    }
}

fn rp_id(variables: &BTreeMap<String, String>) -> Option<&str> {
    variables.get("PASSKEY_RP_ID").map(String::as_str).filter(|rp_id| !rp_id.is_empty())
}

/// Tells whether there is a `DATA_SECRET`, if that is known.
fn has_data_secret(deployment: &Deployment, deployed: Option<&[String]>) -> Option<bool> {
    const NAME: &str = "DATA_SECRET";
    if deployment.remote {
        return deployed.map(|names| names.iter().any(|name| name == NAME));
    }
    Some(deployment.plain_variables().is_ok_and(|variables| variables.contains_key(NAME)))
}

/// Finds the origins whose pages can't use passkeys: a browser lets a page use those of its own domain, and of the ones above.
fn pages(
    deployment: &Deployment,
    rp_id: &str,
    variables: &BTreeMap<String, String>,
    findings: &mut Findings,
) {
    let allowed = variables.get("ALLOWED_ORIGINS").map_or("", String::as_str);
    let Ok(Origins::List(origins)) = Origins::parse(allowed) else { return }; // reported with the variables
    let foreign: Vec<_> = origins.iter().filter(|origin| !is_of_page(origin, rp_id)).cloned().collect();
    if !foreign.is_empty() {
        findings.warn(format!(
            "pages of {} can't use passkeys, since PASSKEY_RP_ID is {rp_id}, and they are neither there nor under it (by https; http only on localhost), unless https://{rp_id}/.well-known/webauthn lists them: docs/credentials.md",
            foreign.join(", ")
        ));
    }
    let Ok(config) = deployment.wrangler_config() else { return };
    let hosts = wrangler_config::hosts(&config);
    let is_own = |host: &String| is_under(host.trim_start_matches(['*', '.']), rp_id);
    if !hosts.is_empty() && !hosts.iter().any(is_own) {
        findings.warn(format!(
            "the Worker's own page (/) can't use passkeys, since its routes in wrangler.toml are of {}, and PASSKEY_RP_ID is {rp_id}",
            hosts.join(", ")
        ));
    } else if foreign.is_empty() && (!origins.is_empty() || !hosts.is_empty()) {
        findings.ok(format!("passkeys of {rp_id} can be used by every page that is listed in wrangler.toml"));
    }
}

fn is_of_page(origin: &str, rp_id: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let host = authority.split(':').next().unwrap_or_default();
    let is_local = host == "localhost" || host.ends_with(".localhost");
    is_under(host, rp_id) && (scheme == "https" || (scheme == "http" && is_local))
}

fn is_under(host: &str, rp_id: &str) -> bool {
    host == rp_id || host.strip_suffix(rp_id).is_some_and(|start| start.ends_with('.'))
}

/// Compares what is stored with what is configured.
pub fn stored(deployment: &Deployment, database: &dyn Database, findings: &mut Findings) {
    let numbers = match credentials::count(database) {
        Ok(numbers) => numbers,
        Err(DbError::Other(message)) if message.contains("no such table") => return, // reported with the migrations
        Err(error) => return findings.warn(format!("could not count the credentials: {error}")),
    };
    let Numbers { totps, passkeys, .. } = numbers;
    let variables = deployment.plain_variables().unwrap_or_default();
    if passkeys > 0 && rp_id(&variables).is_none() {
        findings.warn(format!(
            "PASSKEY_RP_ID is not set, so none of the {passkeys} stored passkeys is accepted: set it to the domain that they were added with"
        ));
    }
    if totps > 0 {
        seeds(deployment, database, totps, findings);
    }
}

fn seeds(deployment: &Deployment, database: &dyn Database, totps: i64, findings: &mut Findings) {
    let keys = match deployment.data_keys_at_hand() {
        Ok(Some(keys)) => keys,
        Ok(None) if deployment.remote => {
            return findings.note(format!(
                "could not check the seals of {totps} seeds: pass the deployed DATA_SECRET in the environment"
            ));
        }
        Ok(None) => {
            return findings.warn(format!(
                "DATA_SECRET is not set, so no code of the {totps} stored authenticator apps is accepted: set the one that sealed them"
            ));
        }
        Err(_) => return, // reported with the variables
    };
    let survey = match seals::survey(database, &keys) {
        Ok(survey) => survey,
        Err(error) => return findings.warn(format!("could not check the seals of seeds: {error:#}")),
    };
    if !survey.closed.is_empty() {
        findings.warn(format!(
            "{} of {totps} seeds can't be opened, so no code of these apps is accepted ({}): DATA_SECRET is not the one that sealed them",
            survey.closed.len(),
            survey.closed_users()
        ));
    }
    if survey.outdated > 0 {
        findings.note(format!(
            "{} of {totps} seeds are sealed under DATA_SECRET_PREVIOUS: run 'npx latchkey reseal', then remove it",
            survey.outdated
        ));
    } else if survey.closed.is_empty() {
        findings.ok(format!("DATA_SECRET opens all {totps} seeds"));
    }
}
