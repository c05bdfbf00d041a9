//! `export-django`: writes the users as a fixture that Django's `loaddata` takes.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, SecondsFormat};
use latchkey::account::password::PasswordHash;
use latchkey::auth::password::{Algorithm, Hasher};
use latchkey::store::operator::Database;
use latchkey::store::operator::users::UserRecord;
use latchkey::store::operator::{credentials, django};
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::import_django::parse_model;
use crate::output::{self, escape_for_terminal};
use crate::settings::{self, Deployment};
use crate::unusable_password;

/// The original Conduit application's model.
const ORIGINAL: &str = "authentication.user";

/// Number of users per query.
const PAGE: usize = 5_000;

/// Writes the users as a fixture that Django loads
///
/// Django reads hashes of pbkdf2_sha256, not of pbkdf2_sha512 unless it is set up for those. Users with a hash that it can't
/// read are listed on stderr and get an unusable password: they must reset it. Bio, image and sessions are left out. In a
/// database that has these users, loaddata keeps their groups and permissions, and sets every other field that the fixture
/// doesn't have, such as the names or a user model's bio, to its default.
#[derive(clap::Args)]
#[command(after_help = "\
Django reads pbkdf2_sha512, so that --keep-sha512 keeps all passwords, if PASSWORD_HASHERS has this class too:
  class PBKDF2SHA512PasswordHasher(PBKDF2PasswordHasher):
      algorithm = \"pbkdf2_sha512\"
      digest = hashlib.sha512

Example:
  npx latchkey export-django --output users.json
  python manage.py loaddata users.json")]
pub struct Options {
    /// Write to this file instead of to stdout
    #[arg(long, value_name = "FILE", value_parser = settings::path)]
    output: Option<PathBuf>,
    /// The model of the users: authentication.user has created_at and updated_at, any other date_joined
    #[arg(long, value_name = "APP.MODEL", value_parser = parse_model, default_value = ORIGINAL)]
    model: String,
    /// Keep the hashes of pbkdf2_sha512, for a Django that is set up for them
    #[arg(long)]
    keep_sha512: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let database = deployment.database()?;
    let Some(path) = &options.output else {
        return export(&*database, options, io::stdout().lock(), &AtomicBool::default()).map(drop);
    };
    // Ctrl-C and the like end the export here, and its temporary file with it.
    let interrupted = Arc::default();
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    // Readable by its owner only, and never there half written.
    let directory = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let unwritable = || format!("can't write {}", path.display());
    let file = tempfile::NamedTempFile::new_in(directory).with_context(unwritable)?;
    let exported = export(&*database, options, &file, &interrupted)?;
    file.persist(path).with_context(unwritable)?;
    output::print(&format!("{} exported to {}", output::users(exported), path.display()))
}

fn export(
    database: &dyn Database,
    options: &Options,
    output: impl Write,
    interrupted: &AtomicBool,
) -> Result<i64> {
    let mut output = BufWriter::new(output);
    let mut unreadable = 0;
    let mut exported = 0;
    let mut separator = "[\n";
    let mut last = 0;
    loop {
        let page = django::export_page(database, last, PAGE)?;
        if interrupted.load(Ordering::Relaxed) {
            bail!("interrupted: no file was written");
        }
        let count = page.len();
        for (user, mut password) in page {
            if !is_readable(&password, options.keep_sha512) {
                output::note(&format!(
                    "user {} ({}) must reset their password",
                    user.id,
                    escape_for_terminal(&user.email)
                ));
                password = unusable_password::make()?;
                unreadable += 1;
            }
            output.write_all(separator.as_bytes())?;
            output.write_all(object(&user, &password, &options.model)?.to_string().as_bytes())?;
            separator = ",\n";
            exported += 1;
            last = user.id;
        }
        if count < PAGE {
            break;
        }
    }
    output.write_all(if last == 0 { b"[]\n" } else { b"\n]\n" })?;
    output.flush()?;
    if unreadable > 0 {
        output::note(&format!(
            "Django can't read the password hash of {}, listed above: see --help",
            output::users(unreadable)
        ));
    }
    match credentials::count(database).map(|numbers| numbers.two_step) {
        Ok(0) | Err(_) => {} // they may be from before there were any
        Ok(count) => output::note(&format!(
            "not exported: the authenticator apps of {}, who log in to Django without a second step until they set it up there",
            output::users(count)
        )),
    }
    Ok(exported)
}

fn is_readable(stored: &str, keep_sha512: bool) -> bool {
    Hasher::from_encoded(&PasswordHash::new(stored.to_owned()))
        .is_ok_and(|hasher| keep_sha512 || hasher.algorithm == Algorithm::Sha256)
}

fn object(user: &UserRecord, password: &str, model: &str) -> Result<Value> {
    let mut fields = json!({
        "username": user.username,
        "email": user.email,
        "password": password,
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "last_login": null,
    });
    let times = if model.eq_ignore_ascii_case(ORIGINAL) {
        vec![("created_at", time(user.created_at)?), ("updated_at", time(user.updated_at)?)]
    } else {
        vec![("date_joined", time(user.created_at)?)]
    };
    if let Some(fields) = fields.as_object_mut() {
        fields.extend(times.into_iter().map(|(name, time)| (name.to_owned(), time.into())));
    }
    Ok(json!({ "model": model, "pk": user.id, "fields": fields }))
}

fn time(seconds: i64) -> Result<String> {
    DateTime::from_timestamp(seconds, 0)
        .map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
        .ok_or_else(|| anyhow!("a time in the database, {seconds}, is out of range"))
}
