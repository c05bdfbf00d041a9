//! Client data: the browser's word on which page asked, and with which challenge (WebAuthn Level 3 §5.8.1).

use serde_json::Value;

use super::challenge::{self, Ceremony, Challenge};
use super::{RelyingParty, text};

/// Reads the challenge of client data, if all of it is right. `None` if it is of another ceremony, or of a page of another
/// origin, or of one within a page of another.
///
/// It is read as JSON: browsers add members, some of them at random, so that nobody compares its text.
pub fn read(json: &[u8], rp: &RelyingParty<'_>, ceremony: Ceremony<'_>, now: i64) -> Option<Challenge> {
    let data: Value = serde_json::from_str(str::from_utf8(json).ok()?).ok()?;
    let ceremony_type = match ceremony {
        Ceremony::Authentication => "webauthn.get",
        Ceremony::Registration { .. } => "webauthn.create",
    };
    let is_framed = match data.get("crossOrigin") {
        Some(value) => *value != Value::Bool(false),
        None => false,
    };
    let is_right = text(&data, "type")? == ceremony_type
        && (rp.allows)(text(&data, "origin")?)
        && !is_framed
        && data.get("topOrigin").is_none();
    if is_right { challenge::read(rp.challenge_key, text(&data, "challenge")?, ceremony, now) } else { None }
}
