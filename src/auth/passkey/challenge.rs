//! Challenges, which no database keeps until they are used.
//!
//! Each is 16 random bytes, the time, and a MAC of both and of the ceremony (WebAuthn Level 3 §13.4.3). Whoever takes one
//! has to spend its nonce, or it would be good for an hour.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use subtle::ConstantTimeEq as _;

use crate::auth::secret::Secret;

/// Time for which a challenge is good, in seconds: a page that waits for an autofill has drawn it when it was opened.
const LIFETIME: i64 = 60 * 60;

/// Most that the clocks of servers which draw and read challenges differ, in seconds.
const CLOCK_SKEW: i64 = 60;

const NONCE_BYTES: usize = 16;
const TIME_BYTES: usize = 8;

/// Ceremony that a challenge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceremony<'a> {
    /// Proof of a passkey, of whichever user.
    Authentication,
    /// New passkey of this user.
    Registration {
        /// Their id.
        user_id: i64,
        /// The handle by which the passkey will know them.
        user_handle: &'a str,
    },
}

/// Challenge that was drawn here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Random part, in base64url: its name once it is spent.
    pub nonce: String,
    /// Time from which it is refused, in Unix seconds.
    pub expires_at: i64,
}

/// Draws a challenge at `now`, in Unix seconds; base64url.
///
/// # Errors
/// Failure of the randomness.
pub fn draw<E>(
    key: &Secret,
    ceremony: Ceremony<'_>,
    now: i64,
    fill_random: impl Fn(&mut [u8]) -> Result<(), E>,
) -> Result<String, E> {
    let mut nonce = [0; NONCE_BYTES];
    fill_random(&mut nonce)?;
    let mut challenge = [&nonce[..], &now.to_be_bytes()].concat();
    challenge.extend(mac(key, ceremony, &challenge));
    Ok(Base64UrlUnpadded::encode_string(&challenge))
}

/// Reads a challenge. `None` if it was not drawn here for this ceremony, or not within the last hour.
pub fn read(key: &Secret, text: &str, ceremony: Ceremony<'_>, now: i64) -> Option<Challenge> {
    let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
    let (drawn, given) = bytes.split_at_checked(NONCE_BYTES + TIME_BYTES)?;
    if !bool::from(mac(key, ceremony, drawn).ct_eq(given)) {
        return None;
    }
    let (nonce, time) = drawn.split_at_checked(NONCE_BYTES)?;
    let drawn_at = i64::from_be_bytes(time.try_into().ok()?);
    let expires_at = drawn_at.saturating_add(LIFETIME);
    let is_in_time = drawn_at <= now.saturating_add(CLOCK_SKEW) && now < expires_at;
    is_in_time.then(|| Challenge { nonce: Base64UrlUnpadded::encode_string(nonce), expires_at })
}

/// The MAC of what was drawn, for a ceremony. What it is computed of is never the same for two: a registration adds bytes, an
/// authentication none, and each part but the last has one length.
fn mac(key: &Secret, ceremony: Ceremony<'_>, drawn: &[u8]) -> Vec<u8> {
    let mut bytes = drawn.to_vec();
    if let Ceremony::Registration { user_id, user_handle } = ceremony {
        bytes.extend_from_slice(&user_id.to_be_bytes());
        bytes.extend_from_slice(user_handle.as_bytes());
    }
    key.mac(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const JAKE: Ceremony<'_> = Ceremony::Registration { user_id: 7, user_handle: "amFrZQ" };

    fn key() -> Secret {
        Secret::new("a key of challenges, of 32 bytes or more".to_owned()).unwrap()
    }

    fn drawn(ceremony: Ceremony<'_>) -> String {
        draw::<()>(&key(), ceremony, NOW, |bytes| {
            bytes.fill(0xa5);
            Ok(())
        })
        .unwrap()
    }

    #[test]
    fn a_challenge_is_good_for_its_ceremony_and_user() {
        let others = [
            Ceremony::Authentication,
            JAKE,
            Ceremony::Registration { user_id: 8, user_handle: "amFrZQ" },
            Ceremony::Registration { user_id: 7, user_handle: "amFrZg" },
            Ceremony::Registration { user_id: 7, user_handle: "" },
        ];
        for of in others {
            for ceremony in others {
                let challenge = read(&key(), &drawn(of), ceremony, NOW);
                let expected =
                    Challenge { nonce: "paWlpaWlpaWlpaWlpaWlpQ".to_owned(), expires_at: NOW + 3600 };
                assert_eq!(challenge, (of == ceremony).then_some(expected), "{of:?} {ceremony:?}");
            }
        }
        assert_eq!(drawn(JAKE).len(), 75); // at least 16 bytes: WebAuthn Level 3 §13.4.3
    }

    #[test]
    fn a_challenge_is_good_for_an_hour() {
        for (age, is_good) in
            [(0, true), (3599, true), (3600, false), (1 << 40, false), (-60, true), (-61, false)]
        {
            for ceremony in [Ceremony::Authentication, JAKE] {
                assert_eq!(read(&key(), &drawn(ceremony), ceremony, NOW + age).is_some(), is_good, "{age}");
            }
        }
        for now in [i64::MIN, i64::MAX] {
            assert_eq!(read(&key(), &drawn(JAKE), JAKE, now), None);
            let extreme = draw::<()>(&key(), JAKE, now, |_| Ok(())).unwrap();
            assert_eq!(read(&key(), &extreme, JAKE, NOW), None);
        }
    }

    #[test]
    fn a_challenge_is_good_under_its_key_only() {
        let other = key().derive("other");
        assert_eq!(read(&other, &drawn(JAKE), JAKE, NOW), None);
        assert_eq!(draw(&key(), JAKE, NOW, |_| Err("no randomness")), Err("no randomness"));
    }

    #[test]
    fn a_changed_challenge_is_refused() {
        let text = drawn(Ceremony::Authentication);
        let bytes = Base64UrlUnpadded::decode_vec(&text).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let changed = Base64UrlUnpadded::encode_string(&changed);
                assert_eq!(read(&key(), &changed, Ceremony::Authentication, NOW), None, "{at} {bit}");
            }
            let short = Base64UrlUnpadded::encode_string(&bytes[..at]);
            assert_eq!(read(&key(), &short, Ceremony::Authentication, NOW), None, "{at}");
        }
        let long = Base64UrlUnpadded::encode_string(&[bytes, vec![0]].concat());
        for other in [long, format!("{text}="), format!("{text}A"), format!(" {text}"), "é".to_owned()] {
            assert_eq!(read(&key(), &other, Ceremony::Authentication, NOW), None, "{other}");
        }
    }
}
