//! Algorithms of hashes that can't be verified here.

/// Algorithms of Django and its documentation that can't be verified here. Nothing else of a hash is ever shown.
const OTHER_ALGORITHMS: [&str; 10] = [
    "argon2",
    "bcrypt",
    "bcrypt_sha256",
    "crypt",
    "md5",
    "pbkdf2_sha1",
    "pbkdf2_wrapped_md5",
    "pbkdf2_wrapped_sha1",
    "scrypt",
    "sha1",
];

/// Names the algorithm of a hash if it is one of Django's that can't be verified here; those without a salt as Django's
/// `identify_hasher` tells them.
pub fn other_algorithm(stored: &str) -> Option<&'static str> {
    let is_bare_md5 = stored.len() == 32 && stored.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_bare_md5 || stored.starts_with("md5$$") {
        return Some("unsalted_md5");
    }
    if stored.starts_with("sha1$$") {
        return Some("unsalted_sha1");
    }
    let (name, _) = stored.split_once('$')?;
    OTHER_ALGORITHMS.into_iter().find(|algorithm| *algorithm == name)
}
