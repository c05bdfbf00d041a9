//! Sessions of a user.

/// SQL: number of recorded revoked sessions of the user ?1.
pub(super) const COUNT: &str = "(SELECT count(*) FROM sessions WHERE user_id = ?1 AND ended_at IS NOT NULL)";

/// SQL: true if the session ?2 of the user ?1 is recorded as revoked.
pub(super) const IS_REVOKED: &str =
    "EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND sid = ?2 AND ended_at IS NOT NULL)";
