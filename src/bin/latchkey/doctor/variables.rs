//! Check of the variables: valid, known, and recommended values.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::env;

use latchkey::auth::password::{Algorithm, Hasher};
use latchkey::config::Config;
use latchkey::store::DAY;

use super::Findings;
use crate::settings::{self, Deployment};

/// Maximum number of edits in a typo.
const TYPO: usize = 3;

pub fn check(deployment: &Deployment, findings: &mut Findings) {
    let Ok(mut variables) = deployment.variables() else { return };
    unknown(&variables, "[vars] of wrangler.toml", findings);
    if deployment.remote {
        let names = ["JWT_SECRET", "DATA_SECRET", "DATA_SECRET_PREVIOUS"];
        let at_hand = names.iter().filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?)));
        variables.extend(at_hand);
    } else if let Ok(local) = deployment.local_variables() {
        if !local.has_process {
            unknown(&local.variables, &local.files.join(" and "), findings);
        }
        variables.extend(local.variables);
    }
    // Deployed secrets can't be read back; `secrets` and `webhook` check whether they are set.
    let placeholder = |name: &str| match name {
        "JWT_SECRET" if deployment.remote => Some(settings::placeholder_secret()),
        "WEBHOOK_SECRET" if deployment.remote => Some(settings::PLACEHOLDER_WEBHOOK_SECRET.to_owned()),
        _ => None,
    };
    match settings::read(|name| variables.get(name).cloned().or_else(|| placeholder(name))) {
        Ok(config) => {
            findings.ok("all variables are valid");
            for weakness in &config.warnings {
                findings.warn(weakness);
            }
            needs_paid_plan(config.passwords.hasher, findings);
            compatible(&config, findings);
        }
        Err(error) => {
            for problem in error.problems {
                findings.error(problem);
            }
        }
    }
}

/// The Free plan allows 10 ms of CPU time per request. A hash of this many iterations takes about that (docs/benchmark.md).
fn needs_paid_plan(hasher: Hasher, findings: &mut Findings) {
    let free = match hasher.algorithm {
        Algorithm::Sha512 => 15_000,
        Algorithm::Sha256 => 20_000,
    };
    if hasher.iterations > free {
        findings.note(format!("PASSWORD_HASHER is {hasher}, which needs the Workers Paid plan: the Free plan stops a login after 10 ms of CPU time"));
    }
}

/// Defaults that clients of the original server rely on, and that are weaker than NIST SP 800-63B-4 asks for.
fn compatible(config: &Config, findings: &mut Findings) {
    let weaker = [
        ("PASSWORD_MIN_LENGTH", config.passwords.min_length < 15),
        ("PASSWORD_BLOCKLIST", !config.passwords.has_blocklist),
        ("BREACHED_PASSWORDS", config.passwords.breached_passwords_url.is_none()),
        ("SESSION_MAX_DAYS", config.session_max_age.is_none_or(|seconds| seconds > 30 * DAY)),
        ("REAUTHENTICATE_MINUTES", config.proof_max_age.is_none()),
    ];
    let names: Vec<_> = weaker.iter().filter(|(_, is_weaker)| *is_weaker).map(|(name, _)| *name).collect();
    if !names.is_empty() {
        findings.note(format!(
            "as compatible with old clients as these are, they are weaker than NIST SP 800-63B-4 recommends: {}. docs/hardening.md has the values",
            names.join(", ")
        ));
    }
}

/// Names of all variables of the configuration.
fn known() -> BTreeSet<String> {
    let known = RefCell::default();
    let note = |name: &str| {
        BTreeSet::insert(&mut known.borrow_mut(), name.to_owned());
        None
    };
    // Nothing is set, so this fails, which doesn't matter.
    Config::from_vars(note).ok();
    known.into_inner()
}

fn unknown(variables: &BTreeMap<String, String>, place: &str, findings: &mut Findings) {
    let known = known();
    // Wrangler's own settings may be in .env too.
    let is_ours = |name: &&String| !name.starts_with("CLOUDFLARE_") && !name.starts_with("WRANGLER_");
    for name in variables.keys().filter(is_ours).filter(|name| !known.contains(*name)) {
        let distance = |known: &&String| strsim::damerau_levenshtein(&name.to_uppercase(), known);
        match known.iter().min_by_key(distance).filter(|nearest| distance(nearest) <= TYPO) {
            Some(nearest) => findings.error(format!("{name} in {place} is unknown: it should be {nearest}")),
            None => findings.warn(format!("{name} in {place} is unknown to Latchkey, and has no effect")),
        }
    }
}
