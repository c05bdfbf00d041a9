//! The architecture: imports between the modules of the crate go down only.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that fails panics"
)]

use std::fs;
use std::path::{Path, PathBuf};

use regress::Regex;

/// Modules from the bottom to the top. Each may name those before it.
const LAYERS: [&str; 13] = [
    "http", "error", "account", "mail", "store", "platform", "auth", "config", "jobs", "api", "openapi",
    "app", "worker",
];

/// Modules that others may not name although they are below: rules of authentication and statements know no HTTP, and
/// nothing of the Worker knows what only the build runs.
const HIDDEN: [(&str, &str); 7] = [
    ("store", "http"),
    ("account", "http"),
    ("auth", "http"),
    ("jobs", "http"),
    ("api", "jobs"),
    ("app", "openapi"),
    ("worker", "openapi"),
];

fn rust_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn imports_go_down_only() {
    let mut files = Vec::new();
    rust_files(Path::new("src"), &mut files);
    let named = Regex::new(r"\bcrate::([a-z_]+)").unwrap();
    let rank = |module: &str| LAYERS.iter().position(|layer| *layer == module);
    let mut count = 0;
    for file in files {
        let own = file.strip_prefix("src").unwrap().iter().next().unwrap().to_str().unwrap();
        let own = own.trim_end_matches(".rs");
        if ["bin", "lib"].contains(&own) {
            continue; // commands of their own, and the map
        }
        let own_rank = rank(own).unwrap_or_else(|| panic!("{} is in no layer", file.display()));
        let text = fs::read_to_string(&file).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let is_seen = !line.contains("crate::{") && !line.contains("super::super::super");
            assert!(is_seen, "write a path for each module in {}: {line}", file.display());
            for other in named.find_iter(line).map(|found| &line[found.group(1).unwrap()]) {
                let other_rank = rank(other).unwrap_or_else(|| panic!("{}: {line}", file.display()));
                assert!(other_rank <= own_rank, "an import upwards in {}: {line}", file.display());
                assert!(
                    !HIDDEN.contains(&(own, other)),
                    "{own} may not know {other}, {}: {line}",
                    file.display()
                );
                count += usize::from(other_rank < own_rank);
            }
        }
    }
    assert!(count > 100, "{count}");
}

/// The Worker's runtime is named in one module only.
#[test]
fn only_worker_names_wasm_bindgen() {
    let mut files = Vec::new();
    rust_files(Path::new("src"), &mut files);
    let runtime = Regex::new(r"\b(worker|wasm_bindgen|js_sys|console_error_panic_hook)::").unwrap();
    for file in files.into_iter().filter(|file| !file.starts_with("src/worker")) {
        for line in fs::read_to_string(&file).unwrap().lines() {
            assert!(runtime.find(line).is_none(), "{}: {line}", file.display());
        }
    }
}

/// Statements on the tables of `migrations/` stand in `store/` only, the operator's too.
#[test]
fn only_store_has_sql_on_the_tables() {
    let mut files = Vec::new();
    rust_files(Path::new("src"), &mut files);
    let statement = r"\b(FROM|INTO|UPDATE|JOIN)\s+(users|sessions|login_failures|registrations)\b";
    let statement = Regex::new(statement).unwrap();
    for file in files.into_iter().filter(|file| !file.starts_with("src/store")) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let found = statement.find(code).map(|found| &code[found.range()]);
        assert_eq!(found, None, "{}", file.display());
    }
}
