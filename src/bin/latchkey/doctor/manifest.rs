//! `wrangler.toml`: what it binds, and what its environments lack.

use std::fs;

use toml::{Table, Value};

use super::Findings;
use crate::settings::{BINDING, Deployment};

/// What an environment does not inherit.
const NOT_INHERITED: [&str; 3] = ["vars", "d1_databases", "ratelimits"];

pub fn check(deployment: &Deployment, findings: &mut Findings) {
    let manifest = match deployment.manifest() {
        Ok(manifest) => manifest,
        Err(error) => return findings.wrong(format!("{error:#}")),
    };
    environments(findings);
    match database_id(&manifest) {
        None => findings.wrong(format!("wrangler.toml binds no D1 database as {BINDING}: add one under [[d1_databases]]")),
        Some(id) if deployment.remote && is_placeholder(id) => findings.wrong(
            "database_id in wrangler.toml is still the placeholder: run 'npx wrangler d1 create latchkey' and put the id there that it prints",
        ),
        Some(_) => findings.ok(format!("a D1 database is bound as {BINDING}")),
    }
    let mut variables = deployment.variables().unwrap_or_default();
    if !deployment.remote {
        variables.extend(deployment.local_variables().unwrap_or_default().variables);
    }
    match (binds_limiter(&manifest), variables.get("RATE_LIMIT").map(String::as_str)) {
        (true, _) => findings.ok("a rate limit is bound as LIMITER"),
        (false, Some("off")) => findings.ok("no rate limit is bound, and RATE_LIMIT is \"off\""),
        (false, _) => findings.wrong(
            "there is no rate limit binding LIMITER in wrangler.toml: add it under [[ratelimits]], or set RATE_LIMIT to \"off\"",
        ),
    }
}

/// Every environment, whichever was asked for.
fn environments(findings: &mut Findings) {
    let Some(manifest) = fs::read_to_string("wrangler.toml").ok().and_then(|text| text.parse::<Table>().ok())
    else {
        return;
    };
    let environments = manifest.get("env").and_then(Value::as_table).into_iter().flatten();
    for (name, environment) in environments {
        let lacking: Vec<_> = NOT_INHERITED
            .into_iter()
            .filter(|key| manifest.contains_key(*key) && environment.get(*key).is_none())
            .collect();
        if lacking.is_empty() {
            continue;
        }
        let text = format!(
            "[env.{name}] in wrangler.toml lacks {}, which it does not inherit: write them there too",
            lacking.join(" and ")
        );
        if lacking.contains(&"d1_databases") { findings.wrong(text) } else { findings.warn(text) }
    }
}

fn binds_limiter(manifest: &Table) -> bool {
    let mut limits = manifest.get("ratelimits").and_then(Value::as_array).into_iter().flatten();
    limits.any(|limit| limit.get("name").and_then(Value::as_str) == Some("LIMITER"))
}

fn database_id(manifest: &Table) -> Option<&str> {
    let mut databases = manifest.get("d1_databases")?.as_array()?.iter();
    let is_ours = |database: &&Value| database.get("binding").and_then(Value::as_str) == Some(BINDING);
    databases.find(is_ours)?.get("database_id")?.as_str()
}

fn is_placeholder(id: &str) -> bool {
    id.chars().all(|c| c == '0' || c == '-')
}

/// Whether the deployed database is named at all.
pub fn names_database(manifest: &Table) -> bool {
    database_id(manifest).is_some_and(|id| !is_placeholder(id))
}
