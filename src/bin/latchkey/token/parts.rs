//! Header and claims of a token, decoded for display only: whether the token is valid, the library decides.

use std::iter;

use anyhow::Result;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use chrono::DateTime;
use serde_json::value::RawValue;

use crate::members::Members;
use crate::output::{self, escape_for_terminal};

/// Decodes the header and the claims. One that is not JSON in base64url is missing.
pub fn decode(token: &str) -> [Option<Box<RawValue>>; 2] {
    let mut parts = token.split('.');
    [(); 2].map(|()| {
        let bytes = Base64UrlUnpadded::decode_vec(parts.next()?).ok()?;
        serde_json::from_str(&String::from_utf8(bytes).ok()?).ok()
    })
}

/// Prints the header or the claims, each member on its own line, duplicates included.
pub fn print(name: &str, part: Option<&RawValue>) -> Result<()> {
    let Some(part) = part else {
        return output::print(&format!("{name:<13}unreadable"));
    };
    let Ok(Members(members)) = serde_json::from_str::<Members<String, Box<RawValue>>>(part.get()) else {
        return output::print(&format!("{name:<13}{}", escape_for_terminal(part.get())));
    };
    let names = iter::once(name).chain(iter::repeat(""));
    for (name, (member, value)) in names.zip(members) {
        let value = value.get();
        let time = ["exp", "iat", "nbf"].contains(&member.as_str()).then(|| value.parse().ok()).flatten();
        let time = time.map(|time| format!("  {}", date(time))).unwrap_or_default();
        let (member, value) = (escape_for_terminal(&member), escape_for_terminal(value));
        output::print(&format!("{name:<13}{member:<5}{value}{time}"))?;
    }
    Ok(())
}

/// Formats Unix seconds as a date in UTC.
pub fn date(seconds: f64) -> String {
    match DateTime::from_timestamp(seconds.floor() as i64, 0) {
        Some(date) => date.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => format!("{seconds:e} seconds after 1970"),
    }
}
