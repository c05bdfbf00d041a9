//! Check of `wrangler.toml`: bindings, and gaps in its environments.

use std::fs;

use toml::{Table, Value};

use super::Findings;
use crate::settings::{BINDING, Deployment};

/// Binding of the static assets.
const ASSETS: &str = "ASSETS";

/// Bindings of the rate limits.
const LIMITERS: [&str; 3] = ["LIMITER", "NETWORK_LIMITER", "UPDATE_LIMITER"];

/// Keys that an environment does not inherit.
const NOT_INHERITED: [&str; 4] = ["vars", "d1_databases", "ratelimits", "send_email"];

pub fn check(deployment: &Deployment, findings: &mut Findings) {
    let config = match deployment.wrangler_config() {
        Ok(config) => config,
        Err(error) => return findings.error(format!("{error:#}")),
    };
    let whole = whole();
    environments(&whole, findings);
    match database_id(&config) {
        None => findings.error(format!("wrangler.toml binds no D1 database as {BINDING}: add one under [[d1_databases]]")),
        Some(id) if deployment.remote && is_placeholder(id) => findings.error(
            "database_id in wrangler.toml is still the placeholder: run 'npx wrangler d1 create latchkey' and set it to the id that it prints",
        ),
        Some(_) => findings.ok(format!("a D1 database is bound as {BINDING}")),
    }
    if config.get("assets").and_then(|assets| assets.get("binding")).and_then(Value::as_str) == Some(ASSETS) {
        findings.ok(format!("static assets are bound as {ASSETS}"));
    } else {
        findings.error(format!(
            "wrangler.toml binds no static assets as {ASSETS}: set binding = \"{ASSETS}\" under [assets], or /api/openapi.json is a 500"
        ));
    }
    let variables = deployment.plain_variables().unwrap_or_default();
    let missing: Vec<_> = LIMITERS.into_iter().filter(|name| !binds_limiter(&config, name)).collect();
    if missing.is_empty() {
        findings.ok(format!("rate limits are bound as {}", LIMITERS.join(", ")));
    } else if variables.get("RATE_LIMIT").map(String::as_str) == Some("off") {
        findings.ok("rate limits are missing, and RATE_LIMIT is \"off\"");
    } else {
        findings.error(format!(
            "wrangler.toml binds no rate limit as {}: add it under [[ratelimits]], or set RATE_LIMIT to \"off\"",
            missing.join(", ")
        ));
    }
    public_hosts(&whole, &config, findings);
}

/// Reads all of `wrangler.toml`, or nothing where that is not possible.
pub fn whole() -> Table {
    fs::read_to_string("wrangler.toml").ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Checks every environment, selected or not.
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
            "[env.{name}] in wrangler.toml lacks {}, which it does not inherit: set them there too",
            lacking.join(" and ")
        );
        if lacking.contains(&"d1_databases") { findings.error(text) } else { findings.warn(text) }
    }
}

/// Reports hosts that Cloudflare adds by default: workers.dev where there is no route, and previews where there is workers.dev.
fn public_hosts(whole: &Table, config: &Table, findings: &mut Findings) {
    // An environment inherits these.
    let get = |key: &str| config.get(key).or_else(|| whole.get(key));
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
            "{} {are} on: hosts under workers.dev serve the API too, with this database, and bypass the rules of your own domain. Set what you don't need to false in wrangler.toml",
            names.join(" and ")
        ));
    }
}

fn binds_limiter(config: &Table, name: &str) -> bool {
    let mut limits = config.get("ratelimits").and_then(Value::as_array).into_iter().flatten();
    limits.any(|limit| limit.get("name").and_then(Value::as_str) == Some(name))
}

fn database_id(config: &Table) -> Option<&str> {
    let mut databases = config.get("d1_databases")?.as_array()?.iter();
    let is_ours = |database: &&Value| database.get("binding").and_then(Value::as_str) == Some(BINDING);
    databases.find(is_ours)?.get("database_id")?.as_str()
}

fn is_placeholder(id: &str) -> bool {
    id.chars().all(|c| c == '0' || c == '-')
}

/// True if the id of the deployed database is set.
pub fn names_database(config: &Table) -> bool {
    database_id(config).is_some_and(|id| !is_placeholder(id))
}

/// Hosts of the Worker's routes, as `wrangler.toml` has them: a pattern may begin with `*`.
pub fn hosts(config: &Table) -> Vec<String> {
    let whole = whole();
    // An environment inherits these.
    let get = |key: &str| config.get(key).or_else(|| whole.get(key));
    let routes = get("routes").and_then(Value::as_array).into_iter().flatten().chain(get("route"));
    let pattern = |route: &Value| {
        route.as_str().or_else(|| route.get("pattern")?.as_str()).map(str::to_ascii_lowercase)
    };
    let host = |pattern: String| pattern.split('/').next().unwrap_or_default().to_owned();
    routes.filter_map(pattern).map(host).collect()
}
