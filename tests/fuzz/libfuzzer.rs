//! Hands libFuzzer's inputs to the target that `FUZZ_TARGET` names, after writing its seeds to the folder
//! that `FUZZ_SEEDS` names.

#![no_main]
#![allow(dead_code, unused_imports, unused_macros, reason = "the tests beside the targets are not used here")]

#[path = "../api/mod.rs"]
mod api;
#[path = "../api_sqlite/crypto.rs"]
mod crypto;
#[path = "../api_sqlite/fuzz.rs"]
mod fuzz;
#[path = "../api_sqlite/fuzz_staff.rs"]
mod fuzz_staff;
#[path = "../api_sqlite/host.rs"]
mod host;
#[path = "../api_sqlite/openapi.rs"]
mod openapi;
#[path = "../api_sqlite/provoked.rs"]
mod provoked;
#[path = "../api_sqlite/provoked_staff.rs"]
mod provoked_staff;
#[path = "../api_sqlite/sqlite.rs"]
mod sqlite;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, fs};

static CHECK: OnceLock<fn(&[u8])> = OnceLock::new();

fn start() {
    let name = env::var("FUZZ_TARGET").unwrap();
    let target = fuzz::TARGETS.into_iter().find(|target| target.name == name).unwrap();
    let folder = PathBuf::from(env::var("FUZZ_SEEDS").unwrap());
    for (number, seed) in (target.seeds)().iter().enumerate() {
        fs::write(folder.join(number.to_string()), seed).unwrap();
    }
    CHECK.set(target.check).unwrap();
}

libfuzzer_sys::fuzz_target!(init: start(), |input: &[u8]| CHECK.get().unwrap()(input));
