//! Single-use secrets, as they are mailed, typed and stored.
//!
//! A secret is `id.token` in a link, or `id.code` where someone types the code: the id went to the browser that asked (OWASP ASVS
//! 5.0, 6.6.2). A token has 256 random bits, so its SHA-256 tells nothing. A code has 8 digits, so its hash is keyed: a
//! stolen database tells no code.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};

use super::secret::Secret;
use crate::mail::MailedSecret;
use crate::store::secrets::{LimitKeys, NewSecret, Purpose, Sent};

const ID_BYTES: usize = 16;
const TOKEN_BYTES: usize = 32;
/// Characters of a token in base64url.
pub(super) const TOKEN_CHARS: usize = 43;
const CODE_DIGITS: usize = 8;

/// Key of the hashes of codes, addresses and networks.
#[derive(Debug, Clone)]
pub struct SingleUseKey(Secret);

impl SingleUseKey {
    /// A key that is derived from `secret`.
    pub fn new(secret: &Secret) -> Self {
        Self(secret.derive("latchkey: single-use secrets"))
    }

    /// Draws a secret.
    pub fn draw<E>(
        &self,
        purpose: Purpose,
        limits: LimitKeys,
        fill_random: impl Fn(&mut [u8]) -> Result<(), E>,
    ) -> Result<(NewSecret, MailedSecret), E> {
        let (mut id, mut code) = ([0; ID_BYTES], [0; 8]);
        fill_random(&mut id)?;
        fill_random(&mut code)?;
        let id = Base64UrlUnpadded::encode_string(&id);
        let token = draw_token(fill_random)?;
        let has_code = !matches!(purpose, Purpose::Invitation | Purpose::RequestedReset);
        // Of 2^64 numbers no remainder is likelier than another by more than 10^-11.
        let code = format!("{:08}", u64::from_le_bytes(code) % 100_000_000);
        let new = NewSecret {
            purpose,
            token_hash: sha256(&token),
            code_hash: self.code_hash(&id, &code),
            id: id.clone(),
            has_code,
            limits,
        };
        let link = [&id, ".", &token].concat();
        Ok((new, MailedSecret { link, code: has_code.then_some(code) }))
    }

    /// Reads a secret that a client sent; `None` if it can be none.
    pub fn read(&self, text: &str) -> Option<Sent> {
        let (id, proof) = text.split_once('.')?;
        let id = id.trim().to_owned();
        let code: String = proof.chars().filter(|c| !c.is_whitespace()).collect();
        if code.len() == CODE_DIGITS && code.bytes().all(|c| c.is_ascii_digit()) {
            let code_hash = Some(self.code_hash(&id, &code));
            return Some(Sent { id, token_hash: None, code_hash });
        }
        (proof.len() == TOKEN_CHARS).then(|| Sent { id, token_hash: Some(sha256(proof)), code_hash: None })
    }

    /// The hash by which requests for mail to an address are on record.
    pub fn account(&self, email: &str) -> String {
        // As the database compares emails.
        self.0.short_hash(&["account", &email.to_ascii_lowercase()])
    }

    /// Keys under which requests for mail to an address by a client are counted. `client_ip` and `site` are the rate limit keys of the
    /// client and, of IPv6, of the larger network around it.
    pub fn limits(&self, email: &str, client_ip: &str, site: Option<&str>) -> LimitKeys {
        let Self(key) = self;
        LimitKeys {
            account: self.account(email),
            network: key.short_hash(&["network", client_ip]),
            site: site.map(|site| key.short_hash(&["site", site])),
        }
    }

    fn code_hash(&self, id: &str, code: &str) -> String {
        self.0.short_hash(&["code", id, code])
    }
}

/// Draws a token.
pub(super) fn draw_token<E>(fill_random: impl Fn(&mut [u8]) -> Result<(), E>) -> Result<String, E> {
    let mut token = [0; TOKEN_BYTES];
    fill_random(&mut token)?;
    Ok(Base64UrlUnpadded::encode_string(&token))
}

pub(super) fn sha256(text: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(text))
}
