//! The documents: every file, test and link that they name is there.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that fails panics"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use latchkey::store::events::EventType;
use regress::Regex;

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Markdown files of the repository, without what is installed or built.
fn documents() -> Vec<PathBuf> {
    fn visit(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            let is_other =
                name.starts_with('.') || ["node_modules", "target", "build", "dist"].contains(&&*name);
            if path.is_dir() && !is_other {
                visit(&path, found);
            } else if name.ends_with(".md") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    visit(Path::new("."), &mut found);
    found
}

fn groups(pattern: &str, text: &str) -> Vec<String> {
    let pattern = Regex::with_flags(pattern, "m").unwrap();
    pattern.find_iter(text).map(|found| text[found.group(1).unwrap()].to_owned()).collect()
}

/// GitHub's names for the headings of a document.
fn anchors(text: &str) -> BTreeSet<String> {
    let slug = |heading: String| {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    groups(r"^#+ (.*)$", text).into_iter().map(slug).collect()
}

#[test]
fn the_readme_has_the_figures_of_the_benchmark() {
    let (readme, benchmark) = (read("README.md"), read("docs/benchmark.md"));
    let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    let benchmark = benchmark.split_whitespace().collect::<Vec<_>>().join(" ");
    for (measured, shown) in [
        (r"upload, gzipped \| (\d+ KiB) ", r"\*\*Small\.\*\* (\d+ KiB) gzipped"),
        (r"A cold start takes (\d+ ms) of CPU", r"(\d+ ms) of CPU from a cold start"),
        (r"an empty Rust Worker's (\d+ ms)", r"an empty Rust Worker: (\d+ ms)"),
        (r"login: CPU, against the bare hash in wasm \| ([\d.]+) ", r"a login takes ([\d.]+) times the CPU"),
    ] {
        let shown = groups(shown, &readme);
        assert_eq!((shown.len(), shown), (1, groups(measured, &benchmark)), "{measured}");
    }
    let read = groups(r"`GET /api/user` \| ([\d.]+) ms \|", &benchmark)[0].parse::<f64>().unwrap();
    assert!(readme.contains(&format!("{read:.2} ms for a read")), "{read}");
}

#[test]
fn every_link_within_the_repository_resolves() {
    let mut count = 0;
    for document in documents() {
        let text = read(document.to_str().unwrap());
        let links = groups(r"\]\(([^)\s]+)\)", &text);
        let images = groups(r#"(?:src|srcset)="([^"]+)""#, &text);
        for link in links.into_iter().chain(images).filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if path.is_empty() { document.clone() } else { document.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: {link}", document.display());
            let is_there = anchor.is_empty() || anchors(&read(target.to_str().unwrap())).contains(anchor);
            assert!(is_there, "{}: {link}", document.display());
            count += 1;
        }
    }
    assert!(count > 15, "{count}");
}

#[test]
fn every_type_of_an_event_is_in_the_table_of_the_webhook() {
    let text = read("docs/admin.md");
    let (_, webhook) = text.split_once("\n## Webhook\n").unwrap();
    let (_, table) = webhook.split_once("| type | meaning |").unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let shown = groups(r"^\| `([^`]+)` \|", &rows.collect::<Vec<_>>().join("\n"));
    let types: Vec<_> = EventType::ALL.iter().map(|of_type| of_type.name()).collect();
    assert_eq!(shown, types);
}

/// A row of a table names files, each of which may be followed by tests that it has; `…` stands for the rest of a name.
#[test]
fn every_test_that_security_md_names_exists() {
    let text = read("SECURITY.md");
    let mut count = 0;
    for row in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise")) {
        let Some(proof) = row.trim_end_matches(" |").rsplit(" | ").next() else { continue };
        let mut file = String::new();
        for name in groups("`([^`]+)`", proof) {
            if name.contains('/') {
                let folders = ["", "tests/"].map(|folder| format!("{folder}{name}"));
                let found = folders.into_iter().find(|path| Path::new(path).is_file());
                file = read(&found.unwrap_or_else(|| panic!("{name}: {row}")));
                continue;
            }
            let start = name.trim_end_matches('…');
            let end = if start == name { "(" } else { "" };
            assert!(file.contains(&format!("fn {start}{end}")), "{name}: {row}");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}
