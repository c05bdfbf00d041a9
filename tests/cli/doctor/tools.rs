//! Check of the installed tools

use std::fs;

use super::{assert_errors, assert_warnings, healthy, lines, shell};

#[test]
fn the_oldest_node_is_that_of_the_set_up() {
    let read = |file: &str| fs::read_to_string(file).unwrap();
    let package: serde_json::Value = serde_json::from_str(&read("package.json")).unwrap();
    let oldest = package["engines"]["node"].as_str().unwrap().strip_prefix(">=").unwrap();
    for (file, text) in [
        ("scripts/setup.sh", format!("\"$node\" | sort -V | head -n 1)\" = v{oldest}.0 ]")),
        ("docs/deploy.md", format!("If your Node.js is older than {oldest},")),
    ] {
        assert!(read(file).contains(&text), "{file}: {oldest}");
    }
    let (major, minor) = oldest.split_once('.').unwrap();
    let before = minor.parse::<u32>().unwrap() - 1;
    for (version, is_new) in [(format!("v{oldest}.0"), true), (format!("v{major}.{before}.9"), false)] {
        let operator = healthy();
        shell(&operator, &format!("printf '#!/bin/sh\necho {version}\n' > node_modules/.bin/node"));
        let (status, found) = lines(&operator, &[], if is_new { "ok" } else { "error" });
        assert!(
            found.iter().any(|line| line.starts_with(&format!("Node is {version}"))),
            "{status}: {found:?}"
        );
    }
}

#[test]
fn tools_that_are_old_or_missing_are_named() {
    let operator = healthy();
    shell(
        &operator,
        "printf '#!/bin/sh\necho v22.9.1\n' > node_modules/.bin/node; echo '{\"version\": \"3.0.0\"}' > node_modules/wrangler/package.json",
    );
    assert_errors(
        &operator,
        &[
            "Node is v22.9.1, and Latchkey needs 22.15 or later: install a newer one",
            "wrangler is 3.0.0, and package.json asks for 4.156.0: run 'npm ci'",
        ],
    );
    let operator = healthy();
    shell(
        &operator,
        "rm -r sysroot; printf '#!/bin/sh\necho wasm-bindgen 0.1.0\n' > .tools/bin/wasm-bindgen",
    );
    assert_warnings(
        &operator,
        &[
            "Rust can't build for wasm32-unknown-unknown yet: 'npm run build' sets that up",
            "wasm-bindgen is 0.1.0, and Cargo.lock asks for 0.2.129: 'npm run build' builds that",
        ],
    );
    shell(&operator, "rm .tools/bin/wasm-bindgen");
    let (status, warnings) = lines(&operator, &[], "warning");
    assert_eq!((status, &*warnings[1]), (0, "wasm-bindgen is not installed yet: 'npm run build' builds it"));
}
