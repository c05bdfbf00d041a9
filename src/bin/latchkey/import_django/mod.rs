//! `import-django`: imports a Django deployment's users.
//!
//! The file is read once, into a [`staging`] database, where all of it is checked before anything is written.

mod check;
mod progress;
mod source;
mod staging;
mod write;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::failure_cost;
use crate::settings::{self, Deployment};
use check::Remarks;
use source::{Source, UserModels};
use staging::{Counts, Staging};

/// Largest id that a token can carry: JSON parsers round larger ones.
const MAX_ID: i64 = (1 << 53) - 1;

/// Distance of the next id from the greatest one of a JSON file.
const GAP: i64 = 1_000_000;

/// Imports a Django deployment's users
///
/// Users keep their id, password, flags and times, so that they stay logged in if JWT_SECRET is Django's SECRET_KEY.
/// The whole file is checked first: nothing is written while a row has a problem. Running this again imports
/// only the missing users, which resumes an interrupted import.
///
/// FILE is what `manage.py dumpdata authentication.User` (or auth.User) writes, as json or jsonl, or Django's SQLite
/// file. If it has profiles.Profile too, bio and image come from there. A user whose password can't be verified here,
/// being unusable or of another algorithm than pbkdf2_sha256 and pbkdf2_sha512, is a problem and not imported.
#[derive(clap::Args)]
#[command(after_help = "\
The id of a deleted user must never be reused: an old token would then name another user. So Django's last id matters. \
A SQLite file has it. With a JSON file, new users get ids from a million above its greatest one, unless --next-id \
is given; in PostgreSQL it is SELECT last_value + 1 FROM authentication_user_id_seq.

Example:
  python manage.py dumpdata authentication.User profiles.Profile > users.json
  npx latchkey import-django users.json --dry-run
  npx latchkey import-django users.json")]
pub struct Options {
    /// The fixture or the SQLite file
    #[arg(value_parser = settings::path)]
    file: PathBuf,
    /// Check all rows and the database, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Skip the rows that have a problem (of rows that collide, all but the first) and import the others
    #[arg(long)]
    skip_problems: bool,
    /// A model whose rows are users, in place of authentication.user and auth.user; in a SQLite file the first of these
    /// that has a table
    #[arg(long, value_name = "APP.MODEL", value_parser = source::parse_model)]
    user_model: Vec<String>,
    /// Lowest id that a new user may get
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..=MAX_ID))]
    next_id: Option<i64>,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let models = UserModels::new(&options.user_model);
    let source = Source::open(&options.file, models.clone())?;
    let database = if options.dry_run { deployment.database()? } else { deployment.writable_database()? };

    let mut staging = Staging::new()?;
    let last_id = stage(&source, &mut staging)?;
    staging.find_collisions()?;
    write::read_existing(&*database, &mut staging)?;
    staging.find_conflicts()?;

    let counts = staging.counts()?;
    if counts.total == 0 {
        bail!("{} has no users: no row has the model {models}", options.file.display());
    }
    if staging.problems > 0 && !options.skip_problems {
        bail!(
            "{} of {} have problems, listed above: fix them in Django, or skip them with --skip-problems; nothing was written",
            counts.skipped(),
            users(counts.total)
        );
    }
    // A file for wrangler takes seconds whatever its size; in the local database a long write blocks the Worker.
    let batch = if deployment.remote || deployment.through_wrangler { 5_000 } else { 2_000 };
    let last_id = match (options.next_id, last_id) {
        (Some(next), _) if next <= counts.max_id => {
            bail!("--next-id must be above {}, the greatest id in the file", counts.max_id)
        }
        (None, None) => counts.max_id.saturating_add(GAP).min(MAX_ID),
        (next, known) => next.map(|next| next - 1).max(known).unwrap_or(counts.max_id),
    };

    if !options.dry_run {
        write::write(&*database, &staging, &counts, last_id, batch)?;
    }
    println!("{}", summary(&counts, options.dry_run));
    costliest_hash(deployment, &staging)
}

/// Reports the setting without which the response time of a failed login would reveal who was imported.
fn costliest_hash(deployment: &Deployment, staging: &Staging) -> Result<()> {
    let hashers = staging.hashers()?;
    match failure_cost::Settings::read(deployment) {
        Ok(settings) if hashers.iter().all(|hasher| settings.covers(*hasher)) => {}
        Ok(settings) => eprintln!(
            "set COSTLIEST_HASH to \"{}\" in wrangler.toml, or the response time of a failed login reveals who was imported",
            settings.value_with(&hashers)
        ),
        Err(error) => eprintln!("could not check COSTLIEST_HASH: {error:#}"),
    }
    Ok(())
}

fn summary(counts: &Counts, is_dry: bool) -> String {
    let skipped = counts.skipped();
    let mut parts = match counts.good {
        0 if skipped == 0 => {
            return format!("nothing to import: {} already exist", users(counts.present));
        }
        good => vec![format!("{} {}", users(good), if is_dry { "would be imported" } else { "imported" })],
    };
    if counts.present > 0 {
        parts.push(format!("{} already exist", counts.present));
    }
    if skipped > 0 {
        parts.push(format!("{skipped} skipped"));
    }
    parts.join(", ")
}

/// Reads the file into the staging database. Returns the last id that Django assigned, if the file has it.
fn stage(source: &Source, staging: &mut Staging) -> Result<Option<i64>> {
    let progress = source.progress()?;
    source.read(&progress, &mut |number, kind, object| {
        let (record, Remarks { problems, notes }) = check::check(kind, object);
        for problem in &problems {
            progress.print(&format!("row {number}{}: {problem}", record.label()));
        }
        for note in &notes {
            progress.print(&format!("note: row {number}{}: {note}", record.label()));
        }
        staging.add(number, &record, problems.len())
    })
}

/// "1 user", "2 users".
fn users(count: i64) -> String {
    format!("{count} user{}", if count == 1 { "" } else { "s" })
}
