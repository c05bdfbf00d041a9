//! `import-django`: imports a Django deployment's users.
//!
//! The file is read once, into a [`staging`] database, where all of it is checked before anything is written.

mod algorithms;
mod check;
mod decode;
mod factors;
mod models;
mod remark;
mod second_factor;
mod source;
mod staging;
mod summary;
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::output;
use crate::settings::{self, Deployment};
pub use models::parse_model;
use models::{Kind, UserModels};
use source::{Others, Source};
use staging::{Counts, Staging};
use summary::Summary;

/// Largest id of an imported user: half of those that JSON parsers keep exact, so that new users have the rest.
const MAX_ID: i64 = 1 << 52;

/// Distance of the next id from the greatest one of a JSON file.
const GAP: i64 = 1_000_000;

/// Imports a Django deployment's users
///
/// Users keep their id, password, flags and times, so that they stay logged in if JWT_SECRET is Django's SECRET_KEY.
/// The whole file is checked first: nothing is written while a row has a problem. Running this again imports
/// only the missing users, which resumes an interrupted import, and the missing profiles of users who are unchanged.
///
/// FILE is what `manage.py dumpdata` writes, as json or jsonl, also compressed (gz, bz2, xz, lzma) or through a pipe, or
/// Django's SQLite file. Only users are imported; if it has profiles.Profile too, bio and image come from there, and if it has
/// account.EmailAddress of django-allauth, an email that is verified there is verified here. Authenticator apps of django-otp and
/// django-allauth come along, sealed under DATA_SECRET (with --remote, that of the environment); recovery codes and passkeys do not.
/// A user whose password can't be verified here, being unusable or of another algorithm than pbkdf2_sha256 and pbkdf2_sha512,
/// is a problem, unless --unusable-passwords is given.
#[derive(clap::Args)]
#[command(after_help = "\
The id of a deleted user must never be reused: an old token would then name another user. So Django's last id matters. \
A SQLite file has it. With a JSON file, new users get ids from a million above its greatest one, unless --next-id \
is given; in PostgreSQL it is SELECT last_value + 1 FROM auth_user_id_seq (or authentication_user_id_seq).

No events are written, so a webhook is told of none of these users.

Examples:
  python manage.py dumpdata | npx latchkey import-django - --dry-run
  npx latchkey import-django users.json --unusable-passwords")]
pub struct Options {
    /// The fixture or the SQLite file; - reads a fixture from standard input
    #[arg(value_parser = settings::path)]
    file: PathBuf,
    /// Check all rows and the database, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Skip the rows that have a problem (of rows that collide, all but the first) and import the others
    #[arg(long)]
    skip_problems: bool,
    /// Import users whose password can't be verified here too: they can't log in until an operator sets another one
    #[arg(long)]
    unusable_passwords: bool,
    /// A model whose rows are users, in place of authentication.user and auth.user; in a SQLite file the first of these
    /// that has a table
    #[arg(long, value_name = "APP.MODEL", value_parser = parse_model)]
    user_model: Vec<String>,
    /// Lowest id that a new user may get
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..=MAX_ID))]
    next_id: Option<i64>,
    /// Print JSON: the counts, every problem, and what is not imported
    #[arg(long)]
    json: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let models = UserModels::new(&options.user_model);
    let source = Source::open(&options.file, models.clone())?;
    let database = if options.dry_run { deployment.database()? } else { deployment.writable_database()? };

    let mut staging = Staging::new(deployment.data_keys_at_hand()?)?;
    let (others, dropped) = stage(source, &mut staging, options.unusable_passwords)?;
    write::read_existing(&*database, &mut staging)?;
    staging.find_conflicts()?;
    staging.find_collisions()?;
    staging.find_orphans()?;

    let counts = staging.counts()?;
    if counts.total == 0 {
        bail!("{}", without_users(options, &models, &others));
    }
    let last_id = last_id(options.next_id, others.last_id, &counts)?;
    let is_refused = (counts.skipped() > 0 || counts.bad_profiles > 0) && !options.skip_problems;
    if !options.json {
        staging.each_remark(&mut |remark| {
            output::note(&remark.line());
            Ok(())
        })?;
    }
    let is_written = !options.dry_run && !is_refused;
    if is_written {
        // A file for wrangler takes seconds whatever its size; in the local database a long write blocks the Worker.
        let batch = if deployment.remote || deployment.through_wrangler { 5_000 } else { 2_000 };
        write::write(&*database, &staging, &counts, last_id, batch)?;
    }
    let summary = Summary::new(deployment, &staging, &counts, (others, dropped), is_written)?;
    if options.json {
        output::print(&output::json(&summary.with_remarks(&staging)?)?)?;
    } else {
        summary.print(&counts, options.dry_run, is_refused)?;
    }
    if is_refused {
        let listed = if options.json { "in the output" } else { "listed above" };
        let by_option = match counts.bad_passwords {
            0 => String::new(),
            count => format!(", bring in {count} without a password with --unusable-passwords"),
        };
        bail!(
            "{}, {listed}: fix them in Django{by_option}, or skip them with --skip-problems; nothing was written",
            summary::problems(&counts)
        );
    }
    Ok(())
}

/// Decides the last id that counts as assigned.
fn last_id(next_id: Option<i64>, known: Option<i64>, counts: &Counts) -> Result<i64> {
    match (next_id, known) {
        (_, Some(known)) if known > MAX_ID => {
            bail!("the file's last id, {known}, leaves no room for new users: it must be at most {MAX_ID}")
        }
        (Some(next), _) if next <= counts.max_id => {
            bail!("--next-id must be above {}, the greatest id in the file", counts.max_id)
        }
        (None, None) => Ok(counts.max_id + GAP),
        (next, known) => Ok(next.map(|next| next - 1).max(known).unwrap_or(counts.max_id)),
    }
}

fn without_users(options: &Options, models: &UserModels, others: &Others) -> String {
    let mut message = format!("{} has no users: no row has the model {models}", options.file.display());
    if let Some(model) = others.user_like.first() {
        let model = output::escape_for_terminal(model);
        message.push_str(&format!("; rows of {model} look like users: pass --user-model {model}"));
    }
    message
}

/// Reads the file into the staging database. Returns what else it has, and the number of users by dropped field.
fn stage(
    source: Source,
    staging: &mut Staging,
    makes_unusable: bool,
) -> Result<(Others, BTreeMap<String, u64>)> {
    let progress = source.progress()?;
    let mut dropped = BTreeMap::new();
    let mut others = source.read(&progress, &mut |number, kind, object| {
        let checked = check::check(kind, object, makes_unusable)?;
        for field in &checked.dropped {
            let field = match kind {
                Kind::Profile => format!("profile.{field}"),
                _ => field.clone(),
            };
            *dropped.entry(field).or_default() += 1;
        }
        staging.add(number, &checked)
    })?;
    dropped.append(&mut others.relations);
    Ok((others, dropped))
}
