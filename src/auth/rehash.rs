//! Rehash of a password with today's parameters, once it is known and the response has been sent.

use super::password::Hasher;
use crate::account::password::{Password, PasswordHash};
use crate::error::Error;
use crate::platform::{Event, Platform};
use crate::store::users;

/// Hash to be computed again.
pub struct Rehash {
    hasher: Hasher,
    user_id: i64,
    password: Password,
    stored_hash: PasswordHash,
}

impl Rehash {
    /// Plans to replace the stored hash of this password.
    pub fn new(hasher: Hasher, user_id: i64, password: Password, stored_hash: PasswordHash) -> Self {
        Self { hasher, user_id, password, stored_hash }
    }

    /// Hashes the password and replaces the stored hash. A failure is logged: the
    /// old hash still works, and the next login tries again.
    pub async fn run(self, platform: &impl Platform) {
        if let Err(Error::Internal(cause)) = self.try_run(platform).await {
            let cause = format!("password rehash: {cause}");
            platform.log(&Event::InternalError { cause });
        }
    }

    async fn try_run(self, platform: &impl Platform) -> Result<(), Error> {
        let new = self.hasher.hash(&self.password, |bytes| platform.fill_random(bytes))?;
        Ok(users::replace_hash(platform.primary(), self.user_id, &self.stored_hash, &new).await?)
    }
}
