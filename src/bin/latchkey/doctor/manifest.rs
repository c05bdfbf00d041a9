//! `wrangler.toml`: what it binds, and what its environments lack.

use std::fs;

use toml::{Table, Value};

use super::Findings;
use crate::settings::{BINDING, Deployment};

/// Bindings of the rate limits.
const LIMITERS: [&str; 3] = ["LIMITER", "NETWORK_LIMITER", "UPDATE_LIMITER"];

/// What an environment does not inherit.
const NOT_INHERITED: [&str; 3] = ["vars", "d1_databases", "ratelimits"];

pub fn check(deployment: &Deployment, findings: &mut Findings) {
    let manifest = match deployment.manifest() {
        Ok(manifest) => manifest,
        Err(error) => return findings.wrong(format!("{error:#}")),
    };
    let whole =
        fs::read_to_string("wrangler.toml").ok().and_then(|text| text.parse().ok()).unwrap_or_default();
    environments(&whole, findings);
    match database_id(&manifest) {
        None => findings.wrong(format!("wrangler.toml binds no D1 database as {BINDING}: add one under [[d1_databases]]")),
        Some(id) if deployment.remote && is_placeholder(id) => findings.wrong(
            "database_id in wrangler.toml is still the placeholder: run 'npx wrangler d1 create latchkey' and put the id there that it prints",
        ),
        Some(_) => findings.ok(format!("a D1 database is bound as {BINDING}")),
    }
    let variables = deployment.plain_variables().unwrap_or_default();
    let missing: Vec<_> = LIMITERS.into_iter().filter(|name| !binds_limiter(&manifest, name)).collect();
    if missing.is_empty() {
        findings.ok(format!("rate limits are bound as {}", LIMITERS.join(", ")));
    } else if variables.get("RATE_LIMIT").map(String::as_str) == Some("off") {
        findings.ok("rate limits are missing, and RATE_LIMIT is \"off\"");
    } else {
        findings.wrong(format!(
            "wrangler.toml binds no rate limit as {}: add it under [[ratelimits]], or set RATE_LIMIT to \"off\"",
            missing.join(", ")
        ));
    }
    public_hosts(&whole, &manifest, findings);
}

/// Every environment, whichever was asked for.
fn environments(whole: &Table, findings: &mut Findings) {
    let environments = whole.get("env").and_then(Value::as_table).into_iter().flatten();
    for (name, environment) in environments {
        let lacking: Vec<_> = NOT_INHERITED
            .into_iter()
            .filter(|key| whole.contains_key(*key) && environment.get(*key).is_none())
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

/// Hosts that Cloudflare adds by itself: workers.dev where there is no route, and previews where there is workers.dev.
fn public_hosts(whole: &Table, manifest: &Table, findings: &mut Findings) {
    // An environment inherits these.
    let get = |key: &str| manifest.get(key).or_else(|| whole.get(key));
    let has_route = get("route").is_some()
        || get("routes").and_then(Value::as_array).is_some_and(|routes| !routes.is_empty());
    let workers_dev = get("workers_dev").and_then(Value::as_bool);
    let preview_urls = get("preview_urls").and_then(Value::as_bool);
    let on_workers_dev = workers_dev.unwrap_or(!has_route);
    let settings = [
        ("workers_dev", workers_dev, on_workers_dev),
        ("preview_urls", preview_urls, preview_urls.unwrap_or(on_workers_dev)),
    ];
    let is_noted = |(_, set, is_on): &(&str, Option<bool>, bool)| *is_on && (has_route || set.is_none());
    let names: Vec<_> = settings.into_iter().filter(is_noted).map(|(name, ..)| name).collect();
    if !names.is_empty() {
        let are = if names.len() == 1 { "is" } else { "are" };
        findings.note(format!(
            "{} {are} on: hosts under workers.dev serve the API too, with this database, past the rules of a domain of your own. Set to false what you don't need, in wrangler.toml",
            names.join(" and ")
        ));
    }
}

fn binds_limiter(manifest: &Table, name: &str) -> bool {
    let mut limits = manifest.get("ratelimits").and_then(Value::as_array).into_iter().flatten();
    limits.any(|limit| limit.get("name").and_then(Value::as_str) == Some(name))
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
