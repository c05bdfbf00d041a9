//! Check of the secrets, in `.dev.vars` or deployed. None is ever printed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::Findings;
use crate::settings::Deployment;
use crate::wrangler;

const SECRETS: [&str; 4] = ["JWT_SECRET", "JWT_SECRET_PREVIOUS", "DATA_SECRET", "DATA_SECRET_PREVIOUS"];

/// Secrets that sign deliveries of events.
const WEBHOOK_SECRETS: [&str; 2] = [WEBHOOK_SECRET, "WEBHOOK_SECRET_PREVIOUS"];
pub const WEBHOOK_SECRET: &str = "WEBHOOK_SECRET";

/// The secret with the address of an SMTP server.
pub const SMTP_URL: &str = "SMTP_URL";

/// Checks the secrets, and returns the names of those that are deployed, if they could be listed.
pub fn check(deployment: &Deployment, findings: &mut Findings) -> Option<Vec<String>> {
    let variables = deployment.variables().unwrap_or_default();
    for name in SECRETS.into_iter().filter(|name| variables.contains_key(*name)) {
        findings.error(format!(
            "{name} is in wrangler.toml, where everyone who reads the code can read it: remove it, generate a new one with 'npx latchkey secret', and set that with 'npx wrangler secret put {name}'"
        ));
    }
    for name in WEBHOOK_SECRETS.into_iter().filter(|name| variables.contains_key(*name)) {
        findings.error(format!(
            "{name} is in wrangler.toml, where everyone who reads the code can read it: remove it, generate a new one with 'npx latchkey secret --webhook', and set that with 'npx wrangler secret put {name}'"
        ));
    }
    if variables.contains_key(SMTP_URL) {
        findings.error(format!(
            "{SMTP_URL} is in wrangler.toml, where everyone who reads the code can read its password: remove it, change that password, and set the new one with 'npx wrangler secret put {SMTP_URL}'"
        ));
    }
    if deployment.remote {
        return deployed(deployment, findings);
    }
    local(deployment, findings);
    None
}

fn local(deployment: &Deployment, findings: &mut Findings) {
    let local = match deployment.local_variables() {
        Ok(local) => local,
        Err(error) => return findings.error(format!("{error:#}")),
    };
    if local.files.is_empty() && !local.has_process {
        findings.error(".dev.vars is missing: 'npm start' writes one with a random JWT_SECRET");
    }
    for file in &local.files {
        file_is_private(file, findings);
    }
    let secrets = local.variables;
    // `variables` checks their length.
    let [current, previous, data, previous_data] = SECRETS.map(|name| secrets.get(name));
    let is_same = |name: &str, current, previous: Option<&String>, findings: &mut Findings| {
        let is_same = previous.is_some() && previous == current;
        if is_same {
            findings.warn(format!(
                "{name}_PREVIOUS is the same as {name}: remove it, or set it to the former {name}"
            ));
        }
        is_same
    };
    if !is_same("JWT_SECRET", current, previous, findings) && previous.is_some() {
        previous_is_set(findings);
    }
    is_same("DATA_SECRET", data, previous_data, findings);
}

fn file_is_private(file: &str, findings: &mut Findings) {
    match fs::metadata(file) {
        Ok(metadata) if is_open(&metadata) => {
            findings.warn(format!("{file} can be read by others on this machine: run 'chmod 600 {file}'"))
        }
        _ => findings.ok(format!("{file} exists, and only you can read it")),
    }
    let pattern = if file.starts_with(".env") { ".env*" } else { ".dev.vars*" };
    // 0: ignored; 1: not ignored; else there is no repository to commit it to.
    let ignored = Command::new("git").args(["check-ignore", "--quiet", file]).stderr(Stdio::null()).status();
    match ignored.ok().and_then(|status| status.code()) {
        Some(0) => findings.ok(format!("{file} is ignored by git")),
        Some(1) => findings.error(format!("{file} is not ignored by git: add a line '{pattern}' to .gitignore, and if it was committed, generate new secrets")),
        Some(_) if Path::new(".git").exists() => {
            findings.warn(format!("could not check whether git ignores {file}"));
        }
        _ => {}
    }
}

fn previous_is_set(findings: &mut Findings) {
    findings.note("JWT_SECRET_PREVIOUS is set, and tokens that it signed are valid: remove it when the last one has expired");
}

#[cfg(unix)]
fn is_open(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open(_: &fs::Metadata) -> bool {
    false
}

fn deployed(deployment: &Deployment, findings: &mut Findings) -> Option<Vec<String>> {
    let names = match deployed_names(deployment) {
        Ok(names) => names,
        Err(error) => {
            findings.warn(format!("could not check the deployed secrets: {error:#}"));
            return None;
        }
    };
    let has = |name: &str| names.iter().any(|secret| secret == name);
    if has("JWT_SECRET") {
        findings.ok("the deployed JWT_SECRET is set");
    } else {
        findings.error("the deployed JWT_SECRET is not set: run 'npx latchkey secret | npx wrangler secret put JWT_SECRET'");
    }
    if has("JWT_SECRET_PREVIOUS") {
        previous_is_set(findings);
    }
    Some(names)
}

#[derive(Deserialize)]
struct Listed {
    name: String,
}

/// Lists the names of the deployed secrets; their values can't be read back.
fn deployed_names(deployment: &Deployment) -> Result<Vec<String>> {
    let mut command = wrangler::command()?;
    command.args(["secret", "list", "--format", "json"]);
    if let Some(env) = &deployment.env {
        command.args(["--env", env]);
    }
    let output = command.output().context("wrangler is not installed: run 'npm ci' first")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("wrangler failed; is it logged in ('npx wrangler login'), and the Worker deployed?");
    }
    let (start, end) = (text.find('[').unwrap_or(0), text.rfind(']').map_or(0, |end| end + 1));
    let listed: Vec<Listed> = serde_json::from_str(text.get(start..end).unwrap_or_default())
        .context("can't read wrangler's output")?;
    Ok(listed.into_iter().map(|secret| secret.name).collect())
}
