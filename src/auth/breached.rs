//! Passwords that appeared in a data breach (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5.0, 6.2.12), looked up by
//! k-anonymity: the service learns five digits of a hash that hundreds of breached passwords share, and answers with the
//! rest of each, so the password is compared here.
//!
//! A service that does not answer refuses nobody: it is another's, and a check is no reason for registrations to fail with
//! it.

use std::fmt::Write as _;

use sha1::{Digest as _, Sha1};

use crate::account::password::Password;
use crate::platform::{Event, Fetched, Outgoing, Platform, USER_AGENT};

/// Default of `BREACHED_PASSWORDS_URL`: Have I Been Pwned. The digits go behind it.
pub const DEFAULT_URL: &str = "https://api.pwnedpasswords.com/range/";

/// Digits of the SHA-1 that the service gets, and those that it answers with.
const PREFIX_DIGITS: usize = 5;
const SUFFIX_DIGITS: usize = 35;

/// Time for the response, in milliseconds.
const TIMEOUT: u32 = 1_000;

/// Most bytes of it. A range has up to 1,000 lines, padded, of some 45.
const MAX_BYTES: usize = 256 << 10;

/// Starts to look a password up, and goes on while the service works. What is returned waits for its answer: `true` if the
/// password is known. A failure is logged.
pub async fn look_up(platform: &impl Platform, url: &str, password: &Password) -> impl Future<Output = bool> {
    let mut digits = String::with_capacity(PREFIX_DIGITS + SUFFIX_DIGITS);
    for byte in Sha1::digest(password.as_str()) {
        let _ = write!(digits, "{byte:02X}"); // a String takes all
    }
    let suffix = digits.split_off(PREFIX_DIGITS);
    let request = Outgoing {
        url: [url, &digits].concat(),
        headers: vec![
            ("Add-Padding", "true".into()), // its length then tells nobody who watches which range it is
            ("User-Agent", USER_AGENT.into()),
        ],
        body: None,
        timeout: TIMEOUT,
        max_bytes: MAX_BYTES,
    };
    let response = platform.fetch(request).await;
    async move {
        let cause = match response.await {
            Ok(Fetched { status: 200, text, .. }) => match find(&text, &suffix) {
                Some(is_known) => return is_known,
                None => "the response is no range of hashes".to_owned(),
            },
            Ok(Fetched { status, .. }) => format!("status {status}"),
            Err(cause) => cause,
        };
        platform.log(&Event::BreachCheckFailed { cause });
        false
    }
}

/// Looks for the rest of a hash in a range: lines with the rest, a colon, and a count, which is 0 for padding. `None` if it
/// has no such line.
fn find(range: &str, suffix: &str) -> Option<bool> {
    let mut found = None;
    for (other, count) in range.split('\n').filter_map(|line| line.trim_end().split_once(':')) {
        let is_entry =
            other.len() == SUFFIX_DIGITS && !count.is_empty() && count.bytes().all(|c| c.is_ascii_digit());
        if is_entry {
            let is_it = other.eq_ignore_ascii_case(suffix) && count.bytes().any(|digit| digit != b'0');
            found = Some(is_it || found == Some(true));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUFFIX: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

    #[test]
    fn a_range_has_a_line_for_each_hash() {
        let other = format!("{}:7", "0".repeat(SUFFIX_DIGITS));
        for (line, is_known) in [
            (format!("{SUFFIX}:1"), true),
            (format!("{}:3861493", SUFFIX.to_lowercase()), true),
            (format!("{SUFFIX}:0"), false), // padding
            (SUFFIX.to_owned(), false),
            (format!("{SUFFIX}:"), false),
            (format!("{SUFFIX}:many"), false),
            (format!("{SUFFIX}:-1"), false),
            (format!(":{SUFFIX}"), false),
            (format!("5BAA6{SUFFIX}:1"), false),
            (String::new(), false),
        ] {
            for range in [
                format!("{other}\r\n{line}\r\n"),
                format!("{line}\n{other}"),
                format!("x\n{line}\n{other}\n\n"),
            ] {
                assert_eq!(find(&range, SUFFIX), Some(is_known), "{range}");
            }
        }
        for range in ["", "\n", "<!doctype html>\n<p>color:1</p>", SUFFIX] {
            assert_eq!(find(range, SUFFIX), None, "{range}");
        }
    }
}
