//! `PASSKEY_RP_ID`.

use super::secrets::Secrets;
use super::variables::Variables;
use crate::auth::secret::Secret;
use crate::http::cors::Origins;

/// Passkeys of a deployment.
#[derive(Debug, Clone)]
pub struct PasskeyConfig {
    /// `PASSKEY_RP_ID`: the relying party, a domain (WebAuthn Level 3 §5.1.2). Passkeys work on its pages and on those under it.
    pub rp_id: String,
    /// Key of challenges.
    pub challenge_key: Secret,
}

/// Reads the configuration of passkeys; `None` inside if there are none.
pub(super) fn read(
    variables: &mut Variables<'_>,
    secrets: Option<&Secrets>,
    origins: Option<&Origins>,
) -> Option<Option<PasskeyConfig>> {
    let Some(rp_id) = variables.read("PASSKEY_RP_ID", rp_id)? else { return Some(None) };
    if origins == Some(&Origins::Any) {
        variables.problems.push(
            "ALLOWED_ORIGINS is \"*\", and PASSKEY_RP_ID is set: list the origins whose pages may use passkeys"
                .to_owned(),
        );
    }
    let challenge_key = secrets?.current.derive("latchkey: passkey challenges");
    Some(Some(PasskeyConfig { rp_id, challenge_key }))
}

/// Parses a domain, as browsers write it. An empty text is not set.
fn rp_id(value: Option<String>) -> Result<Option<String>, String> {
    let Some(domain) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let is_label = |label: &str| {
        let is_good = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(is_good)
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    let is_address = top.bytes().all(|c| c.is_ascii_digit());
    let is_domain = domain == "localhost" || domain.contains('.');
    if is_domain && !is_address && domain.len() <= 253 && domain.split('.').all(is_label) {
        return Ok(Some(domain));
    }
    Err(format!(
        "PASSKEY_RP_ID is {domain:?}: it can be the domain of the pages that use passkeys, like \"example.com\", or \"localhost\""
    ))
}
