//! Check of the installed tools

use super::{assert_errors, assert_warnings, healthy, lines, shell};

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
            "Node is v22.9.1, and wrangler needs 22.12 or later: install a newer one",
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
