//! Time-based one-time passwords (RFC 6238, with SHA-1, 6 digits and steps of 30 seconds: what every authenticator app has).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

/// The bytes of a seed (RFC 4226 §4, R6).
pub const SEED_BYTES: usize = 20;

/// Digits of a code.
pub const DIGITS: usize = 6;

/// Seconds of a time step.
const PERIOD: i64 = 30;

/// Time steps before and after the current one whose codes are accepted (RFC 6238 §5.2).
const WINDOW: i64 = 1;

/// The code of a time step (RFC 4226 §5.3).
pub fn code(seed: &[u8], step: i64) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(seed)
        .map(|mac| mac.chain_update(step.to_be_bytes()).finalize().into_bytes());
    let mac: &[u8] = mac.as_ref().map_or(&[], |mac| mac.as_slice()); // HMAC takes keys of any length
    let offset = usize::from(mac.last().copied().unwrap_or_default() & 0x0f);
    let chosen = mac.get(offset..).unwrap_or_default().iter().take(4);
    let number = chosen.fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The time step whose code this is, at `now` in Unix seconds, or one step earlier or later; the last of several.
pub fn matching_step(seed: &[u8], typed: &str, now: i64) -> Option<i64> {
    let current = now / PERIOD;
    let steps = current - WINDOW..=current + WINDOW;
    steps.rev().find(|step| code(seed, *step).as_bytes().ct_eq(typed.as_bytes()).into())
}

/// Some bytes in Base32 without padding (RFC 4648 §6).
pub fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(letter(ALPHABET, bits >> count));
        }
    }
    if count > 0 {
        text.push(letter(ALPHABET, bits << (5 - count)));
    }
    text
}

fn letter(alphabet: &[u8; 32], bits: u32) -> char {
    alphabet.get((bits & 31) as usize).copied().unwrap_or_default().into()
}

/// The address that an authenticator app reads as a QR code (Google Authenticator's "Key Uri Format"). Those parameters are
/// left out that are the default everywhere.
pub fn uri(application: &str, account: &str, secret: &str) -> String {
    let (application, account) = (encode(application), encode(account));
    ["otpauth://totp/", &application, ":", &account, "?secret=", secret, "&issuer=", &application].concat()
}

/// Percent-encodes a text. What a form encodes as `+` is a space.
fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = b"12345678901234567890";

    /// RFC 4226, appendix D.
    #[test]
    fn codes_of_counters() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (counter, expected) in (0..).zip(codes) {
            assert_eq!(code(SEED, counter), expected, "{counter}");
        }
    }

    /// RFC 6238, appendix B, whose codes have two digits more.
    #[test]
    fn codes_of_times() {
        for (time, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(matching_step(SEED, expected, time), Some(time / 30), "{time}");
        }
    }

    #[test]
    fn a_code_is_good_for_one_step_either_way() {
        let now = 1_800_000_000;
        let typed = code(SEED, now / 30);
        for (at, is_good) in
            [(-31, false), (-30, true), (0, true), (29, true), (30, true), (59, true), (60, false)]
        {
            let step = matching_step(SEED, &typed, now + at);
            assert_eq!(step, is_good.then_some(now / 30), "{at}");
        }
        for wrong in ["", "0", typed.get(1..).unwrap(), &format!("{typed}0")] {
            assert_eq!(matching_step(SEED, wrong, now), None, "{wrong}");
        }
    }

    /// RFC 4648 §10.
    #[test]
    fn base32_has_no_padding() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_uri_names_the_application_and_the_account() {
        assert_eq!(
            uri("Tom & Jerry: é", "a+b@x.io", "MZXW6YTB"),
            "otpauth://totp/Tom%20%26%20Jerry%3A%20%C3%A9:a%2Bb%40x.io?secret=MZXW6YTB&issuer=Tom%20%26%20Jerry%3A%20%C3%A9"
        );
    }
}
