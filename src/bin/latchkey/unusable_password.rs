//! Unusable passwords, as Django calls them: no login succeeds until another one is set.

use std::iter;

use anyhow::Result;

use crate::random;

/// Makes a password that matches nothing, like Django's `make_password(None)`.
pub fn make() -> Result<String> {
    let mut bytes = [0; 40];
    random::fill(&mut bytes)?;
    Ok(iter::once('!').chain(bytes.iter().map(|byte| char::from(b'a' + byte % 26))).collect())
}
