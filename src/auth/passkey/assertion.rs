//! Proofs by a passkey (WebAuthn Level 3 §7.2).

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::Value;

use super::authenticator_data::AuthenticatorData;
use super::challenge::{Ceremony, Challenge};
use super::{RelyingParty, bytes, client_data, credential_id, der, sha256, text};
use crate::error::Error;
use crate::platform::{Platform, SignatureAlgorithm};

/// Proof that a browser sent, not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    credential_id: String,
    client_data: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
    user_handle: Option<String>,
}

/// Passkey as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPasskey {
    /// Public key: a `SubjectPublicKeyInfo`, in base64url.
    pub public_key: String,
    /// Algorithm of its signatures.
    pub algorithm: SignatureAlgorithm,
    /// Signatures at the last proof.
    pub counter: i64,
    /// `true` if it can be on more than one device.
    pub is_backup_eligible: bool,
    /// The handle by which it knows its user, in base64url.
    pub user_handle: String,
}

/// Proof that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAssertion {
    /// Challenge, to be spent.
    pub challenge: Challenge,
    /// Signatures so far, to be stored if it still is greater than the stored one, or both are 0.
    pub counter: i64,
    /// `true` if the authenticator verified its user, which makes two factors of one.
    pub is_user_verified: bool,
}

/// Signature to be verified, and what is verified once it is.
struct SignedParts {
    verified: VerifiedAssertion,
    public_key: Vec<u8>,
    signature: Vec<u8>,
    message: Vec<u8>,
}

impl Assertion {
    /// Parses an `AuthenticationResponseJSON` (WebAuthn Level 3 §5.1). `None` if it is none.
    pub fn parse(response: &Value) -> Option<Self> {
        let (id, _) = credential_id(response)?;
        let response = response.get("response")?;
        let user_handle = match response.get("userHandle") {
            None | Some(Value::Null) => None,
            Some(_) => Some(text(response, "userHandle")?.to_owned()),
        };
        Some(Self {
            credential_id: id.to_owned(),
            client_data: bytes(response, "clientDataJSON")?,
            authenticator_data: bytes(response, "authenticatorData")?,
            signature: bytes(response, "signature")?,
            user_handle,
        })
    }

    /// The credential's id, in base64url.
    pub fn credential_id(&self) -> &str {
        &self.credential_id
    }

    /// Verifies it by the passkey that has its id. `None` if anything is wrong. With `needs_user_handle` it has to name its
    /// user, as a passkey does that was not asked for by its id (§7.2, step 6).
    ///
    /// # Errors
    /// [`Error::Internal`] if the platform fails.
    pub async fn verify(
        &self,
        platform: &impl Platform,
        rp: &RelyingParty<'_>,
        stored: &StoredPasskey,
        needs_user_handle: bool,
        now: i64,
    ) -> Result<Option<VerifiedAssertion>, Error> {
        let Some(parts) = self.signed_parts(rp, stored, needs_user_handle, now) else { return Ok(None) };
        let (key, signature, message) = (&parts.public_key, &parts.signature, &parts.message);
        let is_good = platform.verify_signature(stored.algorithm, key, signature, message).await;
        let is_good = is_good.map_err(|error| Error::Internal(format!("signature: {error}")))?;
        Ok(is_good.then_some(parts.verified))
    }

    /// Checks all but the signature, and gives what that needs.
    fn signed_parts(
        &self,
        rp: &RelyingParty<'_>,
        stored: &StoredPasskey,
        needs_user_handle: bool,
        now: i64,
    ) -> Option<SignedParts> {
        let signature = match stored.algorithm {
            SignatureAlgorithm::Es256 => der::plain_signature(&self.signature)?.to_vec(),
            SignatureAlgorithm::EdDsa | SignatureAlgorithm::Rs256 => self.signature.clone(),
        };
        Some(SignedParts {
            verified: self.check(rp, stored, needs_user_handle, now)?,
            public_key: Base64UrlUnpadded::decode_vec(&stored.public_key).ok()?,
            signature,
            message: [&self.authenticator_data[..], &sha256(&self.client_data)].concat(),
        })
    }

    /// Checks all but the signature.
    pub(super) fn check(
        &self,
        rp: &RelyingParty<'_>,
        stored: &StoredPasskey,
        needs_user_handle: bool,
        now: i64,
    ) -> Option<VerifiedAssertion> {
        let challenge = client_data::read(&self.client_data, rp, Ceremony::Authentication, now)?;
        let data = AuthenticatorData::read(&self.authenticator_data, rp.id)?;
        let is_of_user = match &self.user_handle {
            Some(handle) => *handle == stored.user_handle,
            None => !needs_user_handle,
        };
        // Only a copy of the authenticator would count what was counted already (§6.1.1).
        let has_counted = data.counter > stored.counter || (data.counter, stored.counter) == (0, 0);
        let is_right = is_of_user && has_counted && data.is_backup_eligible() == stored.is_backup_eligible;
        is_right.then(|| VerifiedAssertion {
            challenge,
            counter: data.counter,
            is_user_verified: data.is_user_verified(),
        })
    }
}
