//! Verification of the current password of a user who is logged in.

use super::credentials::{self, PasswordPolicy};
use super::lockout;
use crate::account::password::Password;
use crate::account::user::User;
use crate::error::{Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::platform::Platform;
use crate::store::login_failures;

/// Verifies the current password, and tells whether the user has a second factor. Every try counts as a failure under the user until one succeeds, those too that a
/// lockout of the email or an internal error refuses. `field` is the one that has it, for the error.
///
/// # Errors
/// A wrong password, a deactivated user, or too many failed tries.
pub async fn verify(
    policy: &PasswordPolicy,
    platform: &impl Platform,
    client_ip: &str,
    user: &User,
    field: Field,
    password: &Password,
) -> Result<bool, Error> {
    let db = platform.primary();
    let keys = policy.lockout.user_keys(client_ip, user.id);
    // Recorded before it is tried, since the task of a client that leaves may be dropped at any statement: a wrong guess
    // would be forgotten with it, and a right one is applied.
    lockout::record_failure(db, &keys, false, platform.now()).await?;
    match credentials::verify(policy, platform, client_ip, &user.email, password).await {
        Ok(verified) if verified.user.id == user.id => {
            if verified.has_second_factor {
                login_failures::retract(db, &keys, platform.now()).await?;
            } else {
                login_failures::clear(db, &keys).await?;
            }
            Ok(verified.has_second_factor)
        }
        // Another user's, since the email changed a moment ago; or none.
        Ok(_) | Err(Error::WrongCredentials) => {
            let mut errors = FieldErrors::default();
            errors.add(field, Violation::Wrong);
            Err(errors.into())
        }
        Err(Error::Deactivated) => Err(Unauthenticated::Deactivated.into()),
        Err(error) => Err(error),
    }
}
