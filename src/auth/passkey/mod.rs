//! Passkeys: ceremonies of WebAuthn Level 3, with attestation "none".
//!
//! Challenges are stateless. What a browser sends is JSON (`RegistrationResponseJSON` and `AuthenticationResponseJSON`), which
//! has the public key as a `SubjectPublicKeyInfo`, so that nothing here reads CBOR.

use super::secret::Secret;

/// Relying party, as the configuration and the request have it.
pub struct RelyingParty<'a> {
    /// Its id, a domain.
    pub id: &'a str,
    /// Key of challenges.
    pub challenge_key: &'a Secret,
    /// Tells whether pages of this origin may use passkeys.
    pub allows: &'a dyn Fn(&str) -> bool,
}
