//! `JWT_SECRET` and `DATA_SECRET`, and what each was before.

use super::variables::Variables;
use crate::auth::secret::{self, Secret};

/// Secrets of a deployment.
pub(super) struct Secrets {
    /// Signs tokens; other keys are derived from it.
    pub(super) current: Secret,
    /// Signed tokens before.
    pub(super) previous: Option<Secret>,
    /// Seals what the database keeps, if there is one.
    pub(super) data: Option<Secret>,
    /// Sealed it before.
    pub(super) data_previous: Option<Secret>,
}

impl Secrets {
    pub(super) fn read(variables: &mut Variables<'_>) -> Option<Self> {
        let current = variables.read("JWT_SECRET", current);
        let previous = variables.read("JWT_SECRET_PREVIOUS", previous);
        let data = variables.read("DATA_SECRET", data);
        let data_previous = variables.read("DATA_SECRET_PREVIOUS", data_previous);
        let secrets =
            Self { current: current?, previous: previous?, data: data?, data_previous: data_previous? };
        let signing = [Some(&secrets.current), secrets.previous.as_ref()];
        if secrets.data.is_some() && signing.contains(&secrets.data.as_ref()) {
            variables.problems.push(
                "DATA_SECRET is the same as JWT_SECRET, which is replaced more often: set one of its own with 'npx wrangler secret put DATA_SECRET', or locally in .dev.vars".to_owned(),
            );
        }
        if secrets.data.is_none() && secrets.data_previous.is_some() {
            variables
                .problems
                .push("DATA_SECRET_PREVIOUS is set, and DATA_SECRET is not: set that, or neither".to_owned());
        }
        Some(secrets)
    }

    /// Secrets that others may be able to guess, and how to fix that.
    pub(super) fn warnings(&self) -> Vec<String> {
        let secrets = [
            ("JWT_SECRET", Some(&self.current)),
            ("JWT_SECRET_PREVIOUS", self.previous.as_ref()),
            ("DATA_SECRET", self.data.as_ref()),
            ("DATA_SECRET_PREVIOUS", self.data_previous.as_ref()),
        ];
        let warning = |(name, secret): (&str, Option<&Secret>)| {
            let weakness = secret?.weakness()?;
            Some(format!(
                "{name} {weakness}: replace it by a random one, as docs/operating.md says under \"A new secret\""
            ))
        };
        secrets.into_iter().filter_map(warning).collect()
    }
}

fn current(value: Option<String>) -> Result<Secret, String> {
    const HOW: &str = "set one with 'npx wrangler secret put JWT_SECRET', or locally in .dev.vars";
    let value = value.ok_or_else(|| format!("JWT_SECRET is not set: {HOW}"))?;
    usable("JWT_SECRET", value, HOW)
}

fn previous(value: Option<String>) -> Result<Option<Secret>, String> {
    const HOW: &str = "it can be what JWT_SECRET was before, or not set at all";
    value.map_or(Ok(None), |value| usable("JWT_SECRET_PREVIOUS", value, HOW).map(Some))
}

fn data(value: Option<String>) -> Result<Option<Secret>, String> {
    const HOW: &str = "set another with 'npx wrangler secret put DATA_SECRET', or locally in .dev.vars, or none for no credentials";
    value.map_or(Ok(None), |value| usable("DATA_SECRET", value, HOW).map(Some))
}

fn data_previous(value: Option<String>) -> Result<Option<Secret>, String> {
    const HOW: &str = "it can be what DATA_SECRET was before, or not set at all";
    value.map_or(Ok(None), |value| usable("DATA_SECRET_PREVIOUS", value, HOW).map(Some))
}

fn usable(name: &str, value: String, how: &str) -> Result<Secret, String> {
    let secret = Secret::new(value)
        .ok_or_else(|| format!("{name} has fewer than {} bytes: {how}", secret::MIN_BYTES))?;
    if secret.is_public() {
        return Err(format!(
            "{name} is the key in the public repository of the original Conduit server, with which anyone can sign tokens: {how}"
        ));
    }
    Ok(secret)
}
