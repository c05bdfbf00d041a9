//! DER of signatures and keys.

use p256::ecdsa::Signature;

use crate::auth::passkey::der::{plain_signature, split};
use crate::auth::passkey::public_key::is_of;
use crate::platform::SignatureAlgorithm;

/// Element in DER.
fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut bytes = vec![tag];
    match length {
        0..=0x7f => {}
        0x80..=0xff => bytes.push(0x81),
        _ => bytes.extend([0x82, u8::try_from(length >> 8).unwrap()]),
    }
    bytes.push(u8::try_from(length & 0xff).unwrap());
    [&bytes, contents].concat()
}

/// Integer above 0 in DER.
fn integer(digits: &[u8]) -> Vec<u8> {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = &digits[zeros..];
    let sign: &[u8] = if digits[0] >= 0x80 { &[0] } else { &[] };
    element(2, &[sign, digits].concat())
}

fn encoded(plain: &[u8; 64]) -> Vec<u8> {
    element(0x30, &[integer(&plain[..32]), integer(&plain[32..])].concat())
}

/// Signatures with halves of every length, and their encodings by another encoder.
fn signatures(count: usize) -> impl Iterator<Item = ([u8; 64], Vec<u8>)> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(move || {
        let mut plain = [0; 64];
        random.fill(&mut plain);
        for half in plain.chunks_exact_mut(32) {
            let zeros = if random.bool() { 0 } else { random.usize(..32) };
            half[..zeros].fill(0);
            half[31] |= 1;
        }
        plain
    })
    .filter_map(|plain| {
        let signature = Signature::from_slice(&plain).ok()?; // both are below the group's order
        Some((plain, signature.to_der().as_bytes().to_vec()))
    })
    .take(count)
}

#[test]
fn signatures_are_decoded() {
    for (plain, der) in signatures(2000) {
        assert_eq!(encoded(&plain), der);
        assert_eq!(plain_signature(&der), Some(plain), "{der:x?}");
    }
}

/// No second encoding of a signature is taken: whatever is taken is its own encoding.
#[test]
fn a_damaged_signature_is_refused_or_is_another() {
    let (mut refused, mut others) = (0, 0);
    for (plain, der) in signatures(20) {
        let mut damaged = Vec::new();
        for at in 0..der.len() {
            for byte in (0..=u8::MAX).filter(|byte| *byte != der[at]) {
                let mut changed = der.clone();
                changed[at] = byte;
                damaged.push(changed);
            }
            damaged.push(der[..at].to_vec());
            damaged.push([&der[..at], &der[at + 1..]].concat());
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                damaged.push([&der[..at], &[byte], &der[at..]].concat());
            }
        }
        damaged.retain(|changed| *changed != der); // a byte beside an equal one
        for changed in damaged {
            let Some(other) = plain_signature(&changed) else {
                refused += 1;
                continue;
            };
            others += 1;
            assert_ne!(other, plain, "{changed:x?}");
            assert_eq!(encoded(&other), changed);
        }
    }
    assert!(refused > 20 * 255 * 6 && others > 20 * 255, "{refused} {others}");
}

#[test]
fn another_encoding_of_a_signature_is_refused() {
    let (one, long) = (integer(&[1]), integer(&[0xff; 32]));
    let right = element(0x30, &[&one[..], &long].concat());
    assert!(plain_signature(&right).is_some());
    let sequence = |parts: &[&[u8]]| element(0x30, &parts.concat());
    let body = [&one[..], &long].concat();
    let length = u8::try_from(body.len()).unwrap();
    for (name, wrong) in [
        ("nothing", vec![]),
        ("empty", sequence(&[])),
        ("one half", sequence(&[&one])),
        ("three halves", sequence(&[&one, &one, &one])),
        ("something after it", [&right[..], &[0]].concat()),
        ("something within after them", sequence(&[&one, &long, &[0]])),
        ("no sequence", element(0x31, &body)),
        ("zero", sequence(&[&one, &[2, 1, 0]])),
        ("nothing for a half", sequence(&[&one, &[2, 0]])),
        ("below zero", sequence(&[&one, &[2, 1, 0x80]])),
        ("needless zero", sequence(&[&one, &[2, 2, 0, 1]])),
        ("zeros", sequence(&[&one, &[2, 3, 0, 0, 0x80]])),
        ("33 bytes", sequence(&[&one, &integer(&[0x7f; 33])])),
        ("33 bytes and a sign", sequence(&[&one, &integer(&[0xff; 33])])),
        ("bit string", sequence(&[&one, &element(3, &[1])])),
        ("long form of a length", [&[0x30, 0x81, length][..], &body].concat()),
        ("longer form of a length", [&[0x30, 0x82, 0, length][..], &body].concat()),
        ("no end", [&[0x30, 0x80][..], &body, &[0, 0]].concat()),
        ("length of 4 bytes", [&[0x30, 0x84, 0, 0, 0, length][..], &body].concat()),
        ("raw", [[0; 31].as_slice(), &[1], &[0xff; 32]].concat()),
    ] {
        assert_eq!(plain_signature(&wrong), None, "{name}");
    }
}

#[test]
fn a_length_has_one_form() {
    for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff] {
        let bytes = element(4, &vec![7; length]);
        let (contents, rest) = split(4, &bytes).unwrap();
        assert_eq!((contents.len(), rest.len()), (length, 0));
        assert_eq!(split(4, &bytes[..bytes.len() - 1]), None, "{length}");
        assert_eq!(split(5, &bytes), None);
    }
    for wrong in [&[4, 0x81, 0x7f][..], &[4, 0x82, 0, 0xff], &[4, 0x83, 1, 0, 0], &[4, 0x80], &[4, 0xff]] {
        let bytes = [wrong, &[7; 0x1_0000]].concat();
        assert_eq!(split(4, &bytes), None, "{wrong:x?}");
    }
}

const RSA_ALGORITHM: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

fn rsa(algorithm: &[u8], unused_bits: u8, modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = element(0x30, &[modulus, exponent].concat());
    element(0x30, &[algorithm, &element(3, &[&[unused_bits], &key[..]].concat())].concat())
}

/// Modulus of this many bits.
fn modulus(bits: usize) -> Vec<u8> {
    let mut digits = vec![0xff; bits.div_ceil(8)];
    digits[0] >>= digits.len() * 8 - bits;
    integer(&digits)
}

#[test]
fn a_key_is_of_one_algorithm() {
    use SignatureAlgorithm::{EdDsa, Es256, Rs256};
    let ed25519 = [&b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"[..], &[7; 32]].concat();
    let p256 = [
        &b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04"[..],
        &[7; 64],
    ]
    .concat();
    let e = integer(&[1, 0, 1]);
    let rs256 = rsa(RSA_ALGORITHM, 0, &modulus(2048), &e);
    for (own, key) in [(EdDsa, &ed25519), (Es256, &p256), (Rs256, &rs256)] {
        for algorithm in SignatureAlgorithm::ALL {
            assert_eq!(is_of(algorithm, key), own == algorithm, "{own:?} {algorithm:?}");
            assert!(!is_of(algorithm, &[key, &[0][..]].concat()), "{own:?}");
            for length in 0..key.len() {
                assert!(!is_of(algorithm, &key[..length]), "{own:?} {length}");
            }
        }
        let structure = if own == Rs256 { 37 } else { key.len() - if own == EdDsa { 32 } else { 64 } };
        for at in 0..structure {
            for bit in 0..8 {
                let mut changed = key.clone();
                changed[at] ^= 1 << bit;
                let same = SignatureAlgorithm::ALL.iter().any(|algorithm| is_of(*algorithm, &changed));
                assert!(!same || own == Rs256 && at >= 32, "{own:?} {at} {bit}");
            }
        }
    }
    let compressed = [&p256[..26], &[2], &[7; 32]].concat();
    assert!(!is_of(Es256, &compressed));
}

#[test]
fn an_rsa_key_has_a_length() {
    let e = integer(&[1, 0, 1]);
    for (bits, is_right) in [
        (1024, false),
        (2040, false),
        (2047, false),
        (2048, true),
        (2049, true),
        (3482, true),
        (4096, true),
        (4097, false),
        (8192, false),
    ] {
        let key = rsa(RSA_ALGORITHM, 0, &modulus(bits), &e);
        assert_eq!(is_of(SignatureAlgorithm::Rs256, &key), is_right, "{bits}");
    }
    let right = modulus(2048);
    let pss = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x05\x00";
    let extra = [&e[..], &e].concat();
    for (name, key) in [
        ("RSA-PSS", rsa(pss, 0, &right, &e)),
        ("no NULL", rsa(b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 0, &right, &e)),
        ("unused bits", rsa(RSA_ALGORITHM, 1, &right, &e)),
        ("exponent 1", rsa(RSA_ALGORITHM, 0, &right, &integer(&[1]))),
        ("exponent 3", rsa(RSA_ALGORITHM, 0, &right, &integer(&[3]))),
        ("negative modulus", rsa(RSA_ALGORITHM, 0, &element(2, &[0xff; 256]), &e)),
        ("two exponents", rsa(RSA_ALGORITHM, 0, &right, &extra)),
        ("no exponent", rsa(RSA_ALGORITHM, 0, &right, &[])),
        ("no modulus", rsa(RSA_ALGORITHM, 0, &[], &e)),
    ] {
        assert!(!is_of(SignatureAlgorithm::Rs256, &key), "{name}");
    }
}
