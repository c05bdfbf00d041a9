//! Passwords as Django stores them: `algorithm$iterations$salt$hash`, the salt as text, the hash in
//! standard Base64.
//!
//! PBKDF2 (RFC 8018 §5.2) runs in wasm, not in WebCrypto: deployed Workers refuse `deriveBits` over
//! 100,000 iterations, local ones do not, so no local test would notice.

use std::cell::Cell;
use std::fmt;
use std::hint::black_box;
use std::str::FromStr;

use base64ct::{Base64, Encoding as _};
use pbkdf2::{Params, pbkdf2_hmac, pbkdf2_hmac_with_params};
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use crate::account::password::{Password, PasswordHash};

/// The most iterations that a stored hash may ask for, so that a row can't take all our CPU time.
pub const MAX_ITERATIONS: u32 = 5_000_000;

/// Django's alphabet and length of a salt: more than 128 bits.
const SALT_ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const SALT_CHARS: usize = 22;

/// The hash function under PBKDF2's HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `pbkdf2_sha256`, which Django itself reads; 32 bytes.
    Sha256,
    /// `pbkdf2_sha512`, of the same strength at about half of the CPU time in wasm; 64 bytes.
    Sha512,
}

impl Algorithm {
    /// The name in an encoded hash.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "pbkdf2_sha256",
            Self::Sha512 => "pbkdf2_sha512",
        }
    }

    /// The fewest iterations that OWASP's Password Storage Cheat Sheet (August 2026) asks for.
    pub const fn owasp_iterations(self) -> u32 {
        match self {
            Self::Sha256 => 600_000,
            Self::Sha512 => 220_000,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha512].into_iter().find(|algorithm| algorithm.name() == name)
    }

    const fn output_bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

thread_local! {
    static COMPUTED: Cell<[u64; 2]> = const { Cell::new([0; 2]) };
}

/// Iterations of each [`Algorithm`] that this thread has computed so far. Logins that must not be distinguishable have to
/// agree in this; clocks would only seem to show it, and stand still on the edge.
pub fn iterations_computed() -> [u64; 2] {
    COMPUTED.get()
}

/// Hash function of passwords: the algorithm and its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hasher {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Iterations: 1 to [`MAX_ITERATIONS`].
    pub iterations: u32,
}

/// Default of `PASSWORD_HASHER`.
impl Default for Hasher {
    fn default() -> Self {
        Self { algorithm: Algorithm::Sha512, iterations: Algorithm::Sha512.owasp_iterations() }
    }
}

impl FromStr for Hasher {
    type Err = &'static str;

    /// Reads `algorithm$iterations`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (algorithm, iterations) = text.split_once('$').ok_or("has no iterations")?;
        Ok(Self {
            algorithm: Algorithm::from_name(algorithm).ok_or("is of an unknown algorithm")?,
            iterations: parse_iterations(iterations).ok_or("does not ask for 1 to 5,000,000 iterations")?,
        })
    }
}

impl fmt::Display for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}${}", self.algorithm.name(), self.iterations)
    }
}

/// Result of verifying a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Match {
        /// `true` if the stored hash has other parameters than today's, or is of the form as typed: of the form in NFC,
        /// the next login costs one hash, from whatever keyboard.
        needs_rehash: bool,
    },
    /// It is not.
    Mismatch,
    /// No password matches, since the stored hash is invalid; the reason.
    InvalidHash(&'static str),
}

impl Hasher {
    /// Hashes a password with a fresh salt from `fill_random`.
    pub fn hash<E>(
        &self,
        password: &Password,
        fill_random: impl Fn(&mut [u8]) -> Result<(), E>,
    ) -> Result<PasswordHash, E> {
        let salt = salt(fill_random)?;
        let hash = Base64::encode_string(&self.derive(password.as_str(), &salt));
        Ok(PasswordHash::new(format!("{self}${salt}${hash}")))
    }

    /// Reads the parameters of a stored hash.
    ///
    /// # Errors
    /// The reason for which it matches no password.
    pub fn from_encoded(hash: &PasswordHash) -> Result<Self, &'static str> {
        StoredHash::parse(hash.as_str()).map(|hash| hash.hasher)
    }

    /// Compares each form of a password with a stored hash. Where there is none, or none that can be read, this
    /// does the same work as for one with today's parameters; [`FailureCost::complete`] does the rest.
    pub fn verify(&self, password: &Password, stored: Option<&PasswordHash>) -> Verdict {
        let parsed = stored.map(|hash| StoredHash::parse(hash.as_str()));
        let (hasher, salt, expected) = match &parsed {
            Some(Ok(stored)) => (stored.hasher, stored.salt, stored.hash.as_slice()),
            _ => (*self, "", [].as_slice()),
        };
        // HMAC pads its key with zeros, so to it "secret" and "secret\0" are the same.
        let is_equal =
            |form: &str| bool::from(hasher.derive(form, salt).ct_eq(expected)) && !form.contains('\0');
        let is_of_nfc = is_equal(password.as_str());
        let is_equal = is_of_nfc || password.as_typed().is_some_and(is_equal);
        match parsed {
            Some(Err(reason)) => Verdict::InvalidHash(reason),
            Some(Ok(_)) if is_equal => Verdict::Match { needs_rehash: hasher != *self || !is_of_nfc },
            _ => Verdict::Mismatch,
        }
    }

    fn derive(&self, password: &str, salt: &str) -> Vec<u8> {
        let ([sha256, sha512], iterations) = (COMPUTED.get(), u64::from(self.iterations));
        COMPUTED.set(match self.algorithm {
            Algorithm::Sha256 => [sha256 + iterations, sha512],
            Algorithm::Sha512 => [sha256, sha512 + iterations],
        });
        let (password, salt) = (password.as_bytes(), salt.as_bytes());
        let mut output = vec![0; self.algorithm.output_bytes()];
        let algorithm = match self.algorithm {
            Algorithm::Sha256 => pbkdf2::Algorithm::Pbkdf2Sha256,
            Algorithm::Sha512 => pbkdf2::Algorithm::Pbkdf2Sha512,
        };
        // The first is not generic, so it is compiled for speed, with its crate. It takes 1,000 iterations or more.
        match (self.algorithm, Params::new(self.iterations)) {
            (_, Ok(params)) => pbkdf2_hmac_with_params(password, salt, algorithm, params, &mut output),
            (Algorithm::Sha256, _) => pbkdf2_hmac::<Sha256>(password, salt, self.iterations, &mut output),
            (Algorithm::Sha512, _) => pbkdf2_hmac::<Sha512>(password, salt, self.iterations, &mut output),
        }
        output
    }
}

/// Cost of every failed login: of each algorithm as many iterations as the costliest stored hash asks for. PBKDF2's
/// cost is linear in them, so no failure tells by its time whether anyone has the email, or how old their hash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureCost {
    sha256: u32,
    sha512: u32,
}

impl FailureCost {
    /// The cost that covers all of these parameters.
    pub fn new(hashers: impl IntoIterator<Item = Hasher>) -> Self {
        let mut cost = Self { sha256: 0, sha512: 0 };
        for Hasher { algorithm, iterations } in hashers {
            let most = cost.of(algorithm);
            *most = (*most).max(iterations);
        }
        cost
    }

    fn of(&mut self, algorithm: Algorithm) -> &mut u32 {
        match algorithm {
            Algorithm::Sha256 => &mut self.sha256,
            Algorithm::Sha512 => &mut self.sha512,
        }
    }

    /// Tells whether a failed login of a user whose hash has these parameters costs as much as all others.
    pub fn covers(mut self, stored: Hasher) -> bool {
        stored.iterations <= *self.of(stored.algorithm)
    }

    /// Computes what is missing after hashes of these parameters, one for each form of the password.
    pub fn complete(self, computed: Hasher, password: &Password) {
        for (algorithm, most) in [(Algorithm::Sha256, self.sha256), (Algorithm::Sha512, self.sha512)] {
            let done = if algorithm == computed.algorithm { computed.iterations } else { 0 };
            let iterations = most.saturating_sub(done);
            if iterations > 0 {
                let hasher = Hasher { algorithm, iterations };
                black_box(hasher.derive("", ""));
                black_box(password.as_typed().map(|_| hasher.derive("", "")));
            }
        }
    }
}

struct StoredHash<'a> {
    hasher: Hasher,
    salt: &'a str,
    hash: Vec<u8>,
}

impl<'a> StoredHash<'a> {
    fn parse(encoded: &'a str) -> Result<Self, &'static str> {
        if encoded.starts_with('!') {
            return Err("is unusable, as Django calls it");
        }
        let (rest, hash) = encoded.rsplit_once('$').ok_or("is no encoded hash")?;
        let (hasher, salt) = rest.rsplit_once('$').ok_or("is no encoded hash")?;
        let hasher = Hasher::from_str(hasher)?;
        let hash = Base64::decode_vec(hash).map_err(|_| "is not in Base64")?;
        if hash.len() == hasher.algorithm.output_bytes() {
            Ok(Self { hasher, salt, hash })
        } else {
            Err("has another length than its algorithm gives")
        }
    }
}

/// Digits only: no sign, no space, no underscore.
fn parse_iterations(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
        .filter(|iterations| (1..=MAX_ITERATIONS).contains(iterations))
}

fn salt<E>(fill_random: impl Fn(&mut [u8]) -> Result<(), E>) -> Result<String, E> {
    let mut salt = String::with_capacity(SALT_CHARS);
    let mut bytes = [0; 2 * SALT_CHARS];
    while salt.len() < SALT_CHARS {
        fill_random(&mut bytes)?;
        let missing = SALT_CHARS - salt.len();
        salt.extend(bytes.iter().copied().filter_map(salt_letter).take(missing));
    }
    Ok(salt)
}

/// The letter that a random byte stands for; none for the last few bytes, which would favour some letters.
fn salt_letter(byte: u8) -> Option<char> {
    let index = usize::from(byte);
    let is_even = index < 256 - 256 % SALT_ALPHABET.len();
    let letter = SALT_ALPHABET.get(index % SALT_ALPHABET.len())?;
    is_even.then_some(char::from(*letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::password::to_nfc;

    fn typed(text: &str) -> Password {
        Password::new(text.to_owned(), &to_nfc)
    }

    const TODAY: Hasher = Hasher { algorithm: Algorithm::Sha512, iterations: 2 };

    fn random(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        getrandom::fill(bytes)
    }

    #[test]
    fn a_hash_verifies_and_says_when_its_parameters_are_not_todays() {
        let stored = TODAY.hash(&typed("jakejake"), random).unwrap();
        let current = Verdict::Match { needs_rehash: false };
        assert_eq!(TODAY.verify(&typed("jakejake"), Some(&stored)), current);
        assert_eq!(TODAY.verify(&typed("jakejakf"), Some(&stored)), Verdict::Mismatch);
        for parameters in ["pbkdf2_sha512$3", "pbkdf2_sha256$2"] {
            let later: Hasher = parameters.parse().unwrap();
            assert_eq!(
                later.verify(&typed("jakejake"), Some(&stored)),
                Verdict::Match { needs_rehash: true }
            );
        }
    }

    #[test]
    fn an_encoded_hash_has_djangos_form_and_a_salt_of_its_own() {
        let stored = TODAY.hash(&typed("jakejake"), random).unwrap();
        let parts: Vec<_> = stored.as_str().split('$').collect();
        assert_eq!(parts[..2], ["pbkdf2_sha512", "2"]);
        assert_eq!(parts[2].len(), SALT_CHARS);
        assert!(parts[2].bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(parts[3].len(), 88);
        assert_ne!(stored, TODAY.hash(&typed("jakejake"), random).unwrap());
    }

    #[test]
    fn every_failure_costs_as_much_as_the_costliest() {
        let parse = |text: &str| text.parse::<Hasher>().unwrap();
        let [old, older, new, named] =
            ["pbkdf2_sha256$30", "pbkdf2_sha256$20", "pbkdf2_sha512$10", "pbkdf2_sha256$30"].map(parse);
        let cost = FailureCost::new([new, named]);
        for computed in [old, older, new] {
            let before = iterations_computed();
            computed.derive("x", "y");
            cost.complete(computed, &typed("x"));
            let after = iterations_computed();
            assert_eq!([after[0] - before[0], after[1] - before[1]], [30, 10], "{computed}");
            assert!(cost.covers(computed));
        }
        for costlier in ["pbkdf2_sha256$31", "pbkdf2_sha512$11"] {
            assert!(!cost.covers(parse(costlier)));
            cost.complete(parse(costlier), &typed("x")); // costs more, and no less is possible
        }
        assert!(!FailureCost::new([new]).covers(older));
    }

    #[test]
    fn no_letter_of_a_salt_is_likelier_than_another() {
        let mut letters: Vec<char> = (0..=255).filter_map(salt_letter).collect();
        letters.sort_unstable();
        let counts: Vec<_> = letters.chunk_by(|a, b| a == b).map(<[char]>::len).collect();
        assert_eq!(counts, [4; 62]);
    }

    #[test]
    fn a_null_character_at_the_end_makes_another_password() {
        let stored = TODAY.hash(&typed("jakejake"), random).unwrap();
        assert_eq!(TODAY.verify(&typed("jakejake\0"), Some(&stored)), Verdict::Mismatch);
    }

    #[test]
    fn what_cannot_be_read_matches_no_password() {
        let hash = "A".repeat(43) + "=";
        for (stored, reason) in [
            ("", "is no encoded hash"),
            ("!", "is unusable, as Django calls it"),
            (&format!("!pbkdf2_sha256$1$salt${hash}"), "is unusable, as Django calls it"),
            ("pbkdf2_sha256$1", "is no encoded hash"),
            (&format!("md5$1$salt${hash}"), "is of an unknown algorithm"),
            (&format!("$1$salt${hash}"), "is of an unknown algorithm"),
            (&format!("pbkdf2_sha256$salt${hash}"), "has no iterations"),
            ("pbkdf2_sha256$1$salt$????", "is not in Base64"),
            ("pbkdf2_sha256$1$salt$AAAA", "has another length than its algorithm gives"),
            (&format!("pbkdf2_sha512$1$salt${hash}"), "has another length than its algorithm gives"),
        ] {
            assert_eq!(
                TODAY.verify(&typed("jakejake"), Some(&PasswordHash::new(stored.to_owned()))),
                Verdict::InvalidHash(reason),
                "{stored}"
            );
        }
        for iterations in ["0", "-1", "+1", "", " 1", "1_000", "5000001", "99999999999999999999"] {
            let stored = format!("pbkdf2_sha256${iterations}$salt${hash}");
            let reason = "does not ask for 1 to 5,000,000 iterations";
            assert_eq!(
                TODAY.verify(&typed("jakejake"), Some(&PasswordHash::new(stored.clone()))),
                Verdict::InvalidHash(reason),
                "{stored}"
            );
        }
    }

    #[test]
    fn djangos_own_hashes_verify() {
        for line in include_str!("../../tests/fixtures/passwords.jsonl").lines() {
            let (password, encoded): (String, String) = serde_json::from_str(line).unwrap();
            let encoded = PasswordHash::new(encoded);
            let verdict = TODAY.verify(&typed(&password), Some(&encoded));
            assert_eq!(verdict, Verdict::Match { needs_rehash: true }, "{password:?}");
            assert_eq!(TODAY.verify(&typed("another"), Some(&encoded)), Verdict::Mismatch);
        }
    }
}
