//! Second factors of a row: authenticator apps of django-otp and of django-allauth, and what can't come along.

use serde_json::{Map, Value};

use super::check::{Row, unix_seconds};
use super::models::Kind;
use super::remark::Severity;

/// Seconds of a time step, and digits of a code, of every app that can come along.
const STEP: i64 = 30;
const DIGITS: i64 = 6;

/// Steps that a clock may differ by.
const MAX_DRIFT: i64 = 1;

/// Bytes of a seed: 128 bits at least (RFC 4226 §4, R6).
const SEED_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// Reason for which something is left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// App with other parameters, or whose seed can't be read: a remark says which.
    OtherApp,
    /// Codes that are shorter than the ones here, and of another form.
    RecoveryCodes,
    Passkey,
}

impl LeftOut {
    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherApp => "other_apps",
            Self::RecoveryCodes => "recovery_codes",
            Self::Passkey => "passkeys",
        }
    }
}

/// Second factor of a user.
pub enum Factor {
    App(App),
    LeftOut(i64, LeftOut),
}

/// App that was confirmed.
pub struct App {
    pub user: i64,
    pub seed: Vec<u8>,
    /// Last time step whose code was used; 0 for none.
    pub last_step: i64,
    /// Unix seconds.
    pub created_at: Option<i64>,
    /// Unix seconds.
    pub used_at: Option<i64>,
}

/// Reads a factor; `None` if it is not in use, or its user is unknown.
pub fn read(row: &mut Row, kind: Kind) -> Option<Factor> {
    let user = row.fields.remove("user")?;
    let user = row.id(&user, "user", Severity::Note)?;
    match kind {
        Kind::TotpDevice => device(row, user),
        Kind::Authenticator => authenticator(row, user),
        _ => Some(Factor::LeftOut(user, LeftOut::RecoveryCodes)),
    }
}

/// Reads a device of django-otp.
fn device(row: &mut Row, user: i64) -> Option<Factor> {
    let is_confirmed = row.fields.get("confirmed").is_none_or(|flag| flag == true || flag == 1);
    if !is_confirmed {
        return None;
    }
    for (name, expected) in [("step", STEP), ("digits", DIGITS), ("t0", 0)] {
        let value = row.fields.get(name).cloned().unwrap_or_else(|| expected.into());
        if value.as_i64() != Some(expected) {
            let text = format!("is not {expected}, so this authenticator app is not imported");
            row.remark(Severity::Note, name, text, Some(&value));
            return Some(Factor::LeftOut(user, LeftOut::OtherApp));
        }
    }
    let drift = row.fields.get("drift").and_then(Value::as_i64).unwrap_or_default();
    if drift.abs() > MAX_DRIFT {
        let text = "is more than a step, so codes are refused until the clock of this device is right";
        row.remark(Severity::Note, "drift", text, Some(&drift.into()));
    }
    let seed = row.fields.get("key").and_then(Value::as_str).and_then(from_hex);
    let last_step = row.fields.get("last_t").and_then(Value::as_i64).unwrap_or_default().max(0);
    Some(app(row, user, "key", seed, last_step))
}

/// Reads an authenticator of django-allauth.
fn authenticator(row: &mut Row, user: i64) -> Option<Factor> {
    match row.fields.get("type").and_then(Value::as_str)? {
        "recovery_codes" => Some(Factor::LeftOut(user, LeftOut::RecoveryCodes)),
        "webauthn" => Some(Factor::LeftOut(user, LeftOut::Passkey)),
        "totp" => {
            let data = match row.fields.remove("data") {
                Some(Value::String(json)) => serde_json::from_str(&json).unwrap_or_default(), // as SQLite has it
                Some(Value::Object(data)) => data,
                _ => Map::new(),
            };
            let seed = data.get("secret").and_then(Value::as_str).and_then(from_base32);
            let last_step = time(row, "last_used_at").map_or(0, |at| at / STEP);
            Some(app(row, user, "data", seed, last_step))
        }
        _ => None,
    }
}

fn app(row: &mut Row, user: i64, field: &str, seed: Option<Vec<u8>>, last_step: i64) -> Factor {
    match seed {
        Some(seed) if SEED_BYTES.contains(&seed.len()) => Factor::App(App {
            user,
            seed,
            last_step,
            created_at: time(row, "created_at"),
            used_at: time(row, "last_used_at"),
        }),
        Some(_) => {
            let text = "has a seed of fewer than 16 bytes or more than 64, so this authenticator app is not imported";
            row.remark(Severity::Note, field, text, None);
            Factor::LeftOut(user, LeftOut::OtherApp)
        }
        // It may be encrypted, by an adapter of allauth's. It is never shown.
        None => {
            let text = "has no seed that can be read, so this authenticator app is not imported";
            row.remark(Severity::Note, field, text, None);
            Factor::LeftOut(user, LeftOut::OtherApp)
        }
    }
}

fn time(row: &Row, name: &str) -> Option<i64> {
    row.fields.get(name).and_then(Value::as_str).and_then(unix_seconds)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16)?.try_into().ok()).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

/// Decodes Base32 in any case, with or without padding (RFC 4648 §6).
fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for c in text.trim_end_matches('=').chars() {
        let value = match c.to_ascii_uppercase() {
            letter @ 'A'..='Z' => u32::from(letter) - u32::from('A'),
            digit @ '2'..='7' => u32::from(digit) - u32::from('2') + 26,
            _ => return None,
        };
        bits = bits << 5 | value;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use latchkey::auth::totp::base32;

    use super::*;

    #[test]
    fn seeds_are_decoded() {
        let seed: Vec<u8> = (0..=255).step_by(7).collect();
        for length in 0..seed.len() {
            let seed = &seed[..length];
            let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(from_hex(&hex).as_deref(), Some(seed));
            assert_eq!(from_hex(&hex.to_uppercase()).as_deref(), Some(seed));
            assert_eq!(from_base32(&base32(seed)).as_deref(), Some(seed));
            assert_eq!(from_base32(&(base32(seed).to_lowercase() + "===")).as_deref(), Some(seed));
        }
        for text in ["0", "0g", "é", "+1"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
        for text in ["A1", "gAAAAABn_-8", "a b"] {
            assert_eq!(from_base32(text), None, "{text}");
        }
    }
}
