//! The little of DER (ITU-T X.690 §10) that keys and signatures need. There is one encoding of each value; any other is
//! refused, so that nobody makes a second signature of one.

const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const SEQUENCE: u8 = 0x30;

/// Half of a signature by P-256.
const SCALAR_BYTES: usize = 32;

/// Splits off the first element, which has this tag: its contents, and the bytes after it.
pub fn split(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, bytes) = bytes.split_first()?;
    let (&length, bytes) = bytes.split_first()?;
    let (length, least, bytes) = match length {
        0..=0x7f => (usize::from(length), 0, bytes),
        0x81 => {
            let (&length, bytes) = bytes.split_first()?;
            (usize::from(length), 0x80, bytes)
        }
        0x82 => {
            let (length, bytes) = bytes.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), 0x100, bytes)
        }
        _ => return None, // no end, or longer than anything here
    };
    if first == tag && length >= least { bytes.split_at_checked(length) } else { None }
}

/// The contents of an element with this tag, after which there is nothing.
pub fn only(tag: u8, bytes: &[u8]) -> Option<&[u8]> {
    let (contents, rest) = split(tag, bytes)?;
    rest.is_empty().then_some(contents)
}

/// Splits off an integer above 0: its bytes without leading zeros, and the bytes after it.
pub fn split_positive(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (integer, rest) = split(INTEGER, bytes)?;
    let digits = match integer {
        [0, digits @ ..] if digits.first().is_some_and(|digit| *digit >= 0x80) => digits,
        [1..=0x7f, ..] => integer,
        _ => return None, // below, or longer than it has to be
    };
    Some((digits, rest))
}

/// A signature by P-256, of `r` and `s` in DER (RFC 3279 §2.2.3), in the form of IEEE P1363, which is WebCrypto's. Whether
/// both are below the order of the group is left to whoever verifies it.
pub fn plain_signature(signature: &[u8]) -> Option<[u8; 2 * SCALAR_BYTES]> {
    let (r, rest) = split_positive(only(SEQUENCE, signature)?)?;
    let (s, rest) = split_positive(rest)?;
    if !rest.is_empty() {
        return None;
    }
    let mut plain = [0; 2 * SCALAR_BYTES];
    let (left, right) = plain.split_at_mut(SCALAR_BYTES);
    for (half, integer) in [(left, r), (right, s)] {
        let zeros = SCALAR_BYTES.checked_sub(integer.len())?;
        half.get_mut(zeros..)?.copy_from_slice(integer);
    }
    Some(plain)
}
