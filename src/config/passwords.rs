//! `PASSWORD_MIN_LENGTH`, `PASSWORD_BLOCKLIST`, `BREACHED_PASSWORDS`, `BREACHED_PASSWORDS_URL`, `PASSWORD_HASHER`,
//! `COSTLIEST_HASH`, `LOGIN_FAILURES_PER_ADDRESS` and `LOGIN_FAILURES_PER_ACCOUNT`.

use super::secrets::Secrets;
use super::variables::Variables;
use crate::account::validate::PASSWORD;
use crate::auth::breached;
use crate::auth::credentials::PasswordPolicy;
use crate::auth::lockout::Lockout;
use crate::auth::password::{FailureCost, Hasher};
use crate::http::is_local_authority;

/// NIST SP 800-63B-4 §3.1.1.2: the most that may be asked for is what a password of many words has.
const MAX_MIN_LENGTH: usize = 64;
const MAX_LOGIN_FAILURES: i64 = 10_000;
const LOGIN_FAILURES_PER_ADDRESS: i64 = 10;
/// NIST SP 800-63B-4 §3.2.2: no more in a row.
const LOGIN_FAILURES_PER_ACCOUNT: i64 = 100;

pub(super) fn read(variables: &mut Variables<'_>, secrets: Option<&Secrets>) -> Option<PasswordPolicy> {
    let hasher = variables.read("PASSWORD_HASHER", hasher);
    let costliest = variables.read("COSTLIEST_HASH", costliest_hash);
    let mut limit = |name, default| variables.limit(name, MAX_LOGIN_FAILURES, default);
    let per_ip = limit("LOGIN_FAILURES_PER_ADDRESS", LOGIN_FAILURES_PER_ADDRESS);
    let per_account = limit("LOGIN_FAILURES_PER_ACCOUNT", LOGIN_FAILURES_PER_ACCOUNT);
    let min_length = variables.read("PASSWORD_MIN_LENGTH", min_length);
    let has_blocklist = variables.read("PASSWORD_BLOCKLIST", has_blocklist);
    let breached_passwords = variables.switch("BREACHED_PASSWORDS", false);
    let breached_passwords_url = variables.read("BREACHED_PASSWORDS_URL", breached_passwords_url);
    if breached_passwords == Some(true) && has_blocklist == Some(false) {
        variables.problems.push(
            "BREACHED_PASSWORDS is \"on\", and PASSWORD_BLOCKLIST is \"off\": set that to \"refuse\", or this to \"off\""
                .to_owned(),
        );
    }
    let hasher = hasher?;
    Some(PasswordPolicy {
        hasher,
        failure_cost: FailureCost::new(costliest?.into_iter().chain([hasher])),
        lockout: Lockout::new(&secrets?.current, per_ip?, per_account?),
        min_length: min_length?,
        has_blocklist: has_blocklist?,
        breached_passwords_url: Some(breached_passwords_url?).filter(|_| breached_passwords == Some(true)),
    })
}

/// Settings that work and are weaker than recommended.
pub(super) fn warnings(policy: &PasswordPolicy) -> Vec<String> {
    let mut warnings = Vec::new();
    let Hasher { algorithm, iterations } = policy.hasher;
    let recommended = algorithm.owasp_iterations();
    if iterations < recommended {
        let name = algorithm.name();
        warnings.push(format!(
            "PASSWORD_HASHER asks for {iterations} iterations of {name}; OWASP asks for at least {recommended}"
        ));
    }
    let failures = policy.lockout.per_account();
    if !(1..=LOGIN_FAILURES_PER_ACCOUNT).contains(&failures) {
        warnings.push(format!("LOGIN_FAILURES_PER_ACCOUNT is {failures}; NIST asks for a limit of at most {LOGIN_FAILURES_PER_ACCOUNT}"));
    }
    warnings
}

/// Parses `PASSWORD_MIN_LENGTH`.
pub fn min_length(value: Option<String>) -> Result<usize, String> {
    let Some(value) = value else { return Ok(PASSWORD.min) };
    let min = value.parse().ok().filter(|min| (PASSWORD.min..=MAX_MIN_LENGTH).contains(min));
    min.ok_or_else(|| {
        format!("PASSWORD_MIN_LENGTH is {value:?}: it can be {} to {MAX_MIN_LENGTH}", PASSWORD.min)
    })
}

fn has_blocklist(value: Option<String>) -> Result<bool, String> {
    match value.as_deref() {
        None | Some("off") => Ok(false),
        Some("refuse") => Ok(true),
        Some(other) => Err(format!("PASSWORD_BLOCKLIST is {other:?}: it can be \"off\" or \"refuse\"")),
    }
}

/// Parses the address of a range API: one that digits can stand behind. In the clear only to this machine.
fn breached_passwords_url(value: Option<String>) -> Result<String, String> {
    let Some(url) = value else { return Ok(breached::DEFAULT_URL.to_owned()) };
    let (rest, is_local) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, false),
        (_, rest) => (rest.unwrap_or_default(), true),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let is_good = !authority.is_empty()
        && (!is_local || is_local_authority(authority))
        && rest.ends_with('/')
        && rest.bytes().all(|c| c.is_ascii_graphic() && !b"?#@\\".contains(&c));
    if is_good {
        return Ok(url);
    }
    Err(format!(
        "BREACHED_PASSWORDS_URL is {url:?}: it can be an https address that ends in a slash, like {:?}, or http on localhost",
        breached::DEFAULT_URL
    ))
}

fn hasher(value: Option<String>) -> Result<Hasher, String> {
    value.map_or(Ok(Hasher::default()), |value| {
        value.parse().map_err(|problem| {
            format!("PASSWORD_HASHER is {value:?}, which {problem}: write it like \"{}\"", Hasher::default())
        })
    })
}

/// Parses the parameters of one stored hash; of several, where the costliest of each algorithm are wanted.
fn costliest_hash(value: Option<String>) -> Result<Vec<Hasher>, String> {
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else { return Ok(Vec::new()) };
    let hashers: Result<_, _> = value.split(',').map(|hasher| hasher.trim().parse()).collect();
    hashers.map_err(|problem| {
        format!("COSTLIEST_HASH is {value:?}, which {problem}: write it like \"pbkdf2_sha256$1000000\"")
    })
}
