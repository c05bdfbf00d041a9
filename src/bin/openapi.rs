//! Writes the OpenAPI document of each dialect into a directory of static assets, for the build: `openapi DIRECTORY`.

use std::path::PathBuf;
use std::{env, fs, io};

use latchkey::api::openapi::asset;
use latchkey::error::Dialect;
use latchkey::openapi;

fn main() -> io::Result<()> {
    let directory = env::args_os().nth(1).map(PathBuf::from);
    let directory = directory.ok_or_else(|| io::Error::other("usage: openapi DIRECTORY"))?;
    for dialect in [Dialect::Django, Dialect::RealWorld] {
        let path = directory.join(asset(dialect).trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap_or(&directory))?;
        fs::write(path, openapi::document(dialect))?;
    }
    Ok(())
}
