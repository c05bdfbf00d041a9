//! Email addresses: which are valid, and how they are stored.
//!
//! A domain in Unicode and the same one in Punycode are one (RFC 5890 §2.3.2.1), and browsers turn the one into
//! the other in an `<input type="email">`; so all are stored in Punycode, which mail servers need as well.
//!
//! The rules are those of Django's `EmailValidator`, so that an address that one accepts the other
//! does too; `tests/fixtures/emails.jsonl` holds its verdicts. Only non-ASCII look-alikes of ASCII
//! letters in the local part, which Django lets slip through its case folding, are refused here.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest address that can be valid, in code points (RFC 3696, errata 1690).
const MAX_CHARS: usize = 320;

/// The longest label of a domain (RFC 1034 §3.1).
const MAX_LABEL_CHARS: usize = 63;

/// Tells whether `email` is a valid address.
pub fn is_valid(email: &str) -> bool {
    email.chars().count() <= MAX_CHARS
        && email.rsplit_once('@').is_some_and(|(local, domain)| {
            (is_dot_atom(local) || is_quoted_string(local)) && is_domain(domain)
        })
}

/// Brings the domain to the form in which it is stored: lower case, as Django's `normalize_email` does, and
/// Punycode. A text without `@` is kept.
///
/// `normalize_domain` is the algorithm of the WHATWG URL standard §3.3 (UTS #46), which the platform brings, or the lower case
/// of what that refuses. It is asked only for what could be an international domain, so for nothing that means something in a
/// URL. Any other has its ASCII letters in lower case; if it has others, it is no valid one.
pub fn normalize(email: String, normalize_domain: impl Fn(&str) -> String) -> String {
    let Some((local, domain)) = email.rsplit_once('@') else { return email };
    let lower = domain.to_ascii_lowercase();
    let may_be_part = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let stored =
        if lower.is_ascii() || !lower.chars().all(may_be_part) { lower } else { normalize_domain(domain) };
    if stored == domain { email } else { [local, "@", &stored].concat() }
}

/// The `normalize_domain` of [`normalize`] off the edge: for the operator's command, and for tests.
#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
pub fn normalize_domain(domain: &str) -> String {
    let ascii = idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::URL);
    ascii.map_or_else(|_| domain.to_lowercase(), Into::into)
}

/// RFC 5322 §3.2.3: words of `atext`, joined by single dots.
fn is_dot_atom(local: &str) -> bool {
    let is_atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// RFC 5322 §3.2.4 with its obsolete control characters, but no white space outside of a quoted pair.
fn is_quoted_string(local: &str) -> bool {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return false;
    };
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let fits = match c {
            '\\' => {
                chars.next().is_some_and(|c| matches!(c, '\x01'..='\x09' | '\x0b' | '\x0c' | '\x0e'..='\x7f'))
            }
            '\x01'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '!' | '#'..='[' | ']'..='\x7f' => true,
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    true
}

fn is_domain(domain: &str) -> bool {
    domain == "localhost" || is_address_literal(domain) || is_host_name(domain)
}

/// RFC 5321 §4.1.3, without the tag `IPv6:`.
fn is_address_literal(domain: &str) -> bool {
    domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|address| address.parse::<Ipv4Addr>().is_ok() || address.parse::<Ipv6Addr>().is_ok())
}

/// Two or more labels, the last of which is no number.
fn is_host_name(domain: &str) -> bool {
    domain
        .rsplit_once('.')
        .is_some_and(|(labels, last)| labels.split('.').all(is_label) && is_label(last) && is_top_level(last))
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{a1}'..='\u{ffff}')
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_CHARS).contains(&label.chars().count())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| is_letter(c) || c.is_ascii_digit() || c == '-')
}

/// Tells whether a label can be the last.
fn is_top_level(label: &str) -> bool {
    let is_punycode = label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
        && label.chars().skip(4).all(|c| c.is_ascii_alphanumeric());
    is_punycode || (label.chars().count() >= 2 && !label.contains(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_djangos() {
        let fixture = include_str!("../../tests/fixtures/emails.jsonl");
        let mut count = 0;
        for line in fixture.lines() {
            let (email, valid): (String, bool) = serde_json::from_str(line).unwrap();
            assert_eq!(is_valid(&email), valid, "{email:?}");
            count += 1;
        }
        assert!(count > 500, "the fixture has only {count} addresses");
    }

    #[test]
    fn the_local_part_is_ascii() {
        // Django's case-folding regular expression takes these four for i, i, k and s.
        for email in ["\u{130}@x.io", "\u{131}@x.io", "\u{212a}@x.io", "\u{17f}@x.io"] {
            assert!(!is_valid(email), "{email}");
        }
    }

    #[test]
    fn the_domain_is_stored_in_lower_case_and_the_local_part_as_typed() {
        for (typed, stored) in [
            ("Jake@Jake.JAKE", "Jake@jake.jake"),
            ("A\"@\"B@X.IO", "A\"@\"B@x.io"),
            ("a@[::FFFF]", "a@[::ffff]"),
            ("NO DOMAIN", "NO DOMAIN"),
            ("a@b.io", "a@b.io"),
        ] {
            let not_asked = |domain: &str| panic!("{domain}");
            assert_eq!(normalize(typed.to_owned(), not_asked), stored);
        }
    }

    #[test]
    fn an_international_domain_has_one_form() {
        for (typed, stored) in [
            ("Jake@bücher.example", "Jake@xn--bcher-kva.example"),
            ("Jake@BÜCHER.Example", "Jake@xn--bcher-kva.example"),
            ("Jake@bu\u{308}cher.example", "Jake@xn--bcher-kva.example"),
            ("Jake@xn--bcher-kva.example", "Jake@xn--bcher-kva.example"),
            ("Jake@XN--BCHER-KVA.example", "Jake@xn--bcher-kva.example"),
            ("a@\u{1c5}.io", "a@xn--d-toa.io"), // a letter in title case
            ("a@\u{1c4}.io", "a@xn--d-toa.io"),
            ("a@ｘ.io", "a@x.io"),
            ("a@straße.de", "a@xn--strae-oqa.de"),
            // What stands for no domain is kept.
            ("a@xn--A.io", "a@xn--a.io"),
            ("a@bü\tcher.example", "a@bü\tcher.example"),
            ("a@bücher.example\0", "a@bücher.example\0"),
            ("a@É:80", "a@É:80"),
            ("a@É/x", "a@É/x"),
            ("a@\u{ffff}É.io", "a@\u{ffff}é.io"),
        ] {
            let once = normalize(typed.to_owned(), normalize_domain);
            assert_eq!(once, stored, "{typed}");
            assert_eq!(normalize(once, normalize_domain), stored);
        }
    }
}
