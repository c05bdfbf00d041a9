//! Check of the installed tools: Node, wrangler, and the Worker's toolchain.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use toml::Table;

use super::Findings;
use crate::wrangler::path_with_node;

/// Oldest version that the build and wrangler work with, as in scripts/setup.sh.
const OLDEST_NODE: (u32, u32) = (22, 15);
const TARGET: &str = "wasm32-unknown-unknown";

pub fn check(findings: &mut Findings) {
    node(findings);
    wrangler(findings);
    wasm_toolchain(findings);
    wasm_bindgen(findings);
}

fn node(findings: &mut Findings) {
    let Some(version) = output("node", &["--version"]) else {
        return findings.error("Node is missing: run 'npm ci', or install Node.js");
    };
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|number| number.parse().ok());
    let is_new = numbers.next().zip(numbers.next()).is_some_and(|version| version >= OLDEST_NODE);
    if is_new {
        findings.ok(format!("Node is {version}"));
    } else {
        let (major, minor) = OLDEST_NODE;
        findings.error(format!(
            "Node is {version}, and Latchkey needs {major}.{minor} or later: install a newer one"
        ));
    }
}

fn wrangler(findings: &mut Findings) {
    let version = |file: &str, path: &[&str]| {
        let json: Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
        path.iter().try_fold(&json, |json, key| json.get(key))?.as_str().map(str::to_owned)
    };
    let installed = version("node_modules/wrangler/package.json", &["version"]);
    let wanted = version("package.json", &["devDependencies", "wrangler"]);
    match (installed, wanted) {
        (None, _) => findings.error("wrangler is missing: run 'npm ci'"),
        (Some(_), None) => {
            findings.warn("package.json names no version of wrangler: run this in the project's directory");
        }
        (Some(installed), Some(wanted)) if installed == wanted => {
            findings.ok(format!("wrangler is {installed}"));
        }
        (Some(installed), Some(wanted)) => findings
            .error(format!("wrangler is {installed}, and package.json asks for {wanted}: run 'npm ci'")),
    }
}

/// Looks for a toolchain in the places of scripts/lib/wasm-toolchain.sh.
fn wasm_toolchain(findings: &mut Findings) {
    let has_target = |root: &Path| {
        let files = fs::read_dir(root.join("lib/rustlib").join(TARGET).join("lib"));
        files.into_iter().flatten().flatten().any(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            name.starts_with("libstd") && name.ends_with(".rlib")
        })
    };
    let Some(active) = output("rustc", &["--print", "sysroot"]) else {
        return findings.error("Rust is missing: install it from https://rustup.rs");
    };
    let own = Path::new(".tools/rust-wasm");
    let built_with = fs::read_to_string(own.join("version")).ok();
    let is_current = || {
        built_with.is_some_and(|version| {
            Some(version.trim()) == output("/usr/bin/rustc", &["--version"]).as_deref()
        })
    };
    if has_target(Path::new(&active)) || (has_target(own) && is_current()) {
        findings.ok(format!("Rust can build for {TARGET}"));
    } else {
        findings.warn(format!("Rust can't build for {TARGET} yet: 'npm run build' sets that up"));
    }
}

fn wasm_bindgen(findings: &mut Findings) {
    let wanted = fs::read_to_string("Cargo.lock").ok().and_then(|text| {
        let lock: Table = text.parse().ok()?;
        let mut packages = lock.get("package")?.as_array()?.iter();
        let package = packages
            .find(|package| package.get("name").is_some_and(|name| name.as_str() == Some("wasm-bindgen")))?;
        package.get("version")?.as_str().map(str::to_owned)
    });
    let output = output(".tools/bin/wasm-bindgen", &["--version"]);
    let installed = output.as_deref().and_then(|output| output.split(' ').nth(1));
    match (installed, wanted) {
        (_, None) => {
            findings.warn("Cargo.lock names no version of wasm-bindgen: run this in the project's directory");
        }
        (None, _) => findings.warn("wasm-bindgen is not installed yet: 'npm run build' builds it"),
        (Some(installed), Some(wanted)) if installed == wanted => {
            findings.ok(format!("wasm-bindgen is {installed}"));
        }
        (Some(installed), Some(wanted)) => findings.warn(format!(
            "wasm-bindgen is {installed}, and Cargo.lock asks for {wanted}: 'npm run build' builds that"
        )),
    }
}

/// Output of a program, if it runs and succeeds.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).env("PATH", path_with_node().ok()?).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}
