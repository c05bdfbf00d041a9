//! Authenticator data: the authenticator's word on what it did (WebAuthn Level 3 §6.1).

use super::sha256;

const RP_ID_HASH_BYTES: usize = 32;
const AAGUID_BYTES: usize = 16;

const UP: u8 = 1;
const UV: u8 = 1 << 2;
const BE: u8 = 1 << 3;
const BS: u8 = 1 << 4;
const AT: u8 = 1 << 6;
const ED: u8 = 1 << 7;

/// Authenticator data of a relying party, of a user who was there.
#[derive(Debug, PartialEq, Eq)]
pub struct AuthenticatorData<'a> {
    flags: u8,
    /// Signatures so far; 0 if the authenticator does not count them.
    pub counter: i64,
    /// Attested credential and extensions.
    rest: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Reads authenticator data. `None` if it is of another relying party, nobody was there, or its flags contradict each
    /// other or its length.
    pub fn read(bytes: &'a [u8], rp_id: &str) -> Option<Self> {
        let (hash, bytes) = bytes.split_at_checked(RP_ID_HASH_BYTES)?;
        let (&flags, bytes) = bytes.split_first()?;
        let (counter, rest) = bytes.split_first_chunk()?;
        let is_ours = hash == sha256(rp_id.as_bytes());
        let is_backup_possible = flags & (BE | BS) != BS;
        let has_right_length = (flags & (AT | ED) == 0) == rest.is_empty();
        (is_ours && flags & UP != 0 && is_backup_possible && has_right_length).then(|| Self {
            flags,
            counter: i64::from(u32::from_be_bytes(*counter)),
            rest,
        })
    }

    /// Tells whether the authenticator verified who was there, by a PIN or a finger for example.
    pub const fn is_user_verified(&self) -> bool {
        self.flags & UV != 0
    }

    /// Tells whether the passkey can be on more than one device.
    pub const fn is_backup_eligible(&self) -> bool {
        self.flags & BE != 0
    }

    /// The id of the credential that was made (WebAuthn Level 3 §6.5.1). Its public key follows, in CBOR, which the browser
    /// gives in another form too.
    pub fn credential_id(&self) -> Option<&'a [u8]> {
        let (_, rest) = self.rest.split_at_checked(AAGUID_BYTES)?;
        let (length, rest) = rest.split_first_chunk()?;
        let (id, key) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        (self.flags & AT != 0 && !key.is_empty()).then_some(id)
    }
}
