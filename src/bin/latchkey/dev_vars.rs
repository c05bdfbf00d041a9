//! `.dev.vars`, read as wrangler reads it: what the Worker and this command take for a secret must be the same.
//!
//! Wrangler does it with npm's `dotenv`, which knows nothing of `$NAME` and skips what it does not understand. Rust's
//! crates for such files do otherwise, and a secret of Django's may well have a `$` in it.

use std::collections::BTreeMap;

use regex_lite::Regex;

/// The grammar of `dotenv` 16.
const LINE: &str = r#"(?m)^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$"#;

/// The variables of a file.
pub fn parse(text: &str) -> BTreeMap<String, String> {
    let Ok(line) = Regex::new(LINE) else { return BTreeMap::new() };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let pairs = line.captures_iter(&text).filter_map(|found| {
        let value = found.get(2).map_or("", |value| value.as_str().trim());
        Some((found.get(1)?.as_str().to_owned(), unquoted(value)))
    });
    pairs.collect()
}

fn unquoted(value: &str) -> String {
    let between = |quote| value.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    let inner = ['\'', '"', '`'].into_iter().find_map(between).unwrap_or(value);
    if value.starts_with('"') { inner.replace("\\n", "\n").replace("\\r", "\r") } else { inner.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `dotenv` makes of each.
    #[test]
    fn files_are_read_as_dotenv_reads_them() {
        for (text, expected) in [
            ("A=1\nB = two words \n", &[("A", "1"), ("B", "two words")][..]),
            ("JWT_SECRET=a$b${c}$\n", &[("JWT_SECRET", "a$b${c}$")][..]),
            ("A='a#b$c'", &[("A", "a#b$c")][..]),
            ("A=a#b", &[("A", "a")][..]),
            ("A=\"a#b\\nc\" # why", &[("A", "a#b\nc")][..]),
            ("export A=1", &[("A", "1")][..]),
            ("A: 1", &[("A", "1")][..]),
            ("A=", &[("A", "")][..]),
            ("A", &[][..]),
            ("A=1\r\nB=2\rC=3", &[("A", "1"), ("B", "2"), ("C", "3")][..]),
            ("A='it''s'", &[("A", "it''s")][..]),
            ("A=\"x", &[("A", "\"x")][..]),
            ("A=`it's \"so\"`", &[("A", "it's \"so\"")][..]),
            ("# A=1\n\n  B=2", &[("B", "2")][..]),
            ("A=1\nA=2", &[("A", "2")][..]),
            ("A='two\nlines'", &[("A", "two\nlines")][..]),
            ("A=a\\nb", &[("A", "a\\nb")][..]),
            ("A=\"a\\\\\"b\"", &[("A", "a\\\\\"b")][..]),
            ("A-B.C=1", &[("A-B.C", "1")][..]),
            ("A=\"\"", &[("A", "")][..]),
            ("A='x' y", &[("A", "'x' y")][..]),
            ("A=é", &[("A", "é")][..]),
        ] {
            let parsed: Vec<_> = parse(text).into_iter().collect();
            let expected: Vec<_> =
                expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(parsed, expected, "{text:?}");
        }
    }
}
