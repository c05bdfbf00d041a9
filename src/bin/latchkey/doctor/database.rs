//! Check of the database: connection, size, stored hashes and emails, migrations.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result};
use indicatif::DecimalBytes;
use latchkey::account::email;
use latchkey::store::operator::{Database, users};

use super::{Findings, credentials, webhook, wrangler_config};
use crate::failure_cost;
use crate::output::escape_for_terminal;
use crate::settings::Deployment;

const DIRECTORY: &str = "migrations";

/// Maximum size of a database in bytes (<https://developers.cloudflare.com/d1/platform/limits/>).
const MAX_BYTES: u64 = 10_000_000_000;
const WARN_PERCENT: u64 = 80;

pub fn check(deployment: &Deployment, findings: &mut Findings) {
    let Ok(config) = deployment.wrangler_config() else { return };
    if deployment.remote && !wrangler_config::names_database(&config) {
        return; // already reported, and wrangler would take long
    }
    let (database, applied) = match reach(deployment) {
        Ok(reached) => reached,
        Err(error) => {
            // Wrangler's message has many lines.
            let cause = format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ");
            return findings.error(format!("can't reach the database: {cause}"));
        }
    };
    findings.ok("the database can be reached");
    if let Ok(Some(bytes)) = database.size() {
        size(bytes, findings);
    }
    if let Ok(settings) = failure_cost::Settings::read(deployment) {
        hashes(&*database, &settings, findings);
    }
    emails(&*database, findings);
    credentials::stored(deployment, &*database, findings);
    webhook::deliveries(deployment, &*database, findings);
    let wanted = match files() {
        Ok(wanted) => wanted,
        Err(error) => return findings.error(format!("{error:#}")),
    };
    let mut missing = wanted.difference(&applied).peekable();
    let mut foreign = applied.difference(&wanted).peekable();
    if missing.peek().is_none() && foreign.peek().is_none() {
        findings.ok("all migrations are applied");
    }
    if missing.peek().is_some() {
        findings.error(format!(
            "migrations are not applied ({}): run 'npx wrangler d1 migrations apply DB {}'",
            join(missing),
            deployment.wrangler_target().join(" ")
        ));
    }
    if foreign.peek().is_some() {
        findings.warn(format!(
            "the database has migrations that are not in {DIRECTORY}/ ({}): another version of Latchkey created it; use that or a later one",
            join(foreign)
        ));
    }
}

fn join<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Opens the database and reads the migrations that wrangler recorded in it.
fn reach(deployment: &Deployment) -> Result<(Box<dyn Database>, BTreeSet<String>)> {
    let database = deployment.database()?;
    let applied = match database.rows("SELECT name FROM d1_migrations", &[]) {
        Ok(rows) => rows.into_iter().map(|mut row| row.text()).collect::<Result<_, _>>()?,
        // No migration was ever applied.
        Err(error) if error.to_string().contains("no such table: d1_migrations") => BTreeSet::new(),
        Err(error) => return Err(error.into()),
    };
    Ok((database, applied))
}

/// Compares the stored hashes with the cost of a failed login.
fn hashes(database: &dyn Database, settings: &failure_cost::Settings, findings: &mut Findings) {
    let stored = match failure_cost::stored(database) {
        Ok(stored) => stored,
        Err(error) if error.to_string().contains("no such table") => return, // reported with the migrations
        Err(error) => return findings.warn(format!("could not compare the stored hashes: {error}")),
    };
    let hashers: Vec<_> = stored.iter().map(|(hasher, _)| *hasher).collect();
    let costlier = stored.iter().filter(|(hasher, _)| !settings.covers(*hasher));
    let count: i64 = costlier.map(|(_, count)| count).sum();
    if count > 0 {
        findings.warn(format!(
            "the hashes of {count} users cost more than a failed login, whose response time reveals these users: set COSTLIEST_HASH to \"{}\" in wrangler.toml",
            settings.value_with(&hashers)
        ));
    } else if let Some(value) = settings.cheaper_value(&hashers) {
        findings.note(format!(
            "failed logins cost more than any stored hash: set COSTLIEST_HASH to \"{value}\" in wrangler.toml"
        ));
    } else {
        findings.ok("failed logins cost as much as the costliest stored hash");
    }
}

/// Finds emails whose domain is not stored in Punycode, as a login compares it.
fn emails(database: &dyn Database, findings: &mut Findings) {
    let Ok(stored) = users::with_unicode_email(database) else { return }; // reported with the migrations
    let other_form = |(id, stored): (i64, String)| {
        let email = email::normalize(stored.clone(), email::normalize_domain);
        (email != stored).then(|| format!("{} of the user {id}", escape_for_terminal(&email)))
    };
    let emails: Vec<_> = stored.into_iter().filter_map(other_form).collect();
    if !emails.is_empty() {
        findings.warn(format!(
            "emails are stored with a domain in Unicode, and their users can't log in: rewrite them in Punycode with SQL ({})",
            emails.join(", ")
        ));
    }
}

/// Compares the size of the database with D1's limit on the Workers Paid plan.
fn size(bytes: u64, findings: &mut Findings) {
    let text = format!("the database has {} of the 10 GB that D1 allows", DecimalBytes(bytes));
    if bytes > MAX_BYTES / 100 * WARN_PERCENT {
        findings.warn(format!("{text}, and no write works in a full one: see docs/scale.md"));
    } else {
        findings.ok(text);
    }
}

fn files() -> Result<BTreeSet<String>> {
    let entries = fs::read_dir(DIRECTORY)
        .with_context(|| format!("can't read {DIRECTORY}/: run this in the project's directory"))?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names.filter(|name| name.ends_with(".sql")).collect())
}
