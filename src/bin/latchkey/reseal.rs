//! `reseal`: reseals the seeds of authenticator apps that are sealed under `DATA_SECRET_PREVIOUS`.

use anyhow::{Result, bail};
use latchkey::auth::seal::DataKeys;
use latchkey::store::operator::{Database, credentials};

use crate::progress::Progress;
use crate::seals::{self, Seal, Survey};
use crate::settings::Deployment;
use crate::{output, prompt, usage};

/// Seals the seeds of authenticator apps under a new DATA_SECRET
#[derive(clap::Args)]
#[command(
    after_help = "First give the Worker both: the new secret as DATA_SECRET, the old one as DATA_SECRET_PREVIOUS. It opens seeds \
of both from then on, and reseals a seed when its code is used. This does the others, so that DATA_SECRET_PREVIOUS can be \
removed. An interrupted run is resumed by the next.

With --remote DATA_SECRET comes from the environment or stdin, and DATA_SECRET_PREVIOUS from the environment. They have to be \
those of the deployed Worker: while no seed is sealed under DATA_SECRET, this asks first.

Examples:
  npx latchkey reseal
  DATA_SECRET_PREVIOUS=… npx latchkey reseal --remote --yes < new-secret"
)]
pub struct Options {
    /// Skip the confirmation
    #[arg(long)]
    yes: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let keys = deployment.data_keys()?;
    let database = deployment.writable_database()?;
    let before = seals::survey(&*database, &keys)?;
    if before.outdated > 0 {
        confirm(&before, options)?;
        reseal(&*database, &keys, before.outdated)?;
    }
    let after = if before.outdated > 0 { seals::survey(&*database, &keys)? } else { before.clone() };
    output::print(&summary(&before, &after))?;
    if !after.closed.is_empty() {
        output::note(&format!(
            "neither DATA_SECRET nor DATA_SECRET_PREVIOUS opens {} of {}, so no code of that app is accepted: find the \
             secret that sealed it, or remove it with 'users credentials remove'",
            seeds(after.closed.len() as u64),
            after.closed_users()
        ));
    }
    if after.outdated > 0 {
        bail!(
            "{} sealed under DATA_SECRET_PREVIOUS meanwhile: does the Worker have the new DATA_SECRET? Run this again then",
            was(after.outdated)
        );
    }
    Ok(())
}

/// Asks, if nothing shows that the Worker has this secret too: a seed that is sealed under a mistyped one would be lost with it.
fn confirm(before: &Survey, options: &Options) -> Result<()> {
    if before.current > 0 || options.yes {
        return Ok(());
    }
    if !prompt::stdin_is_terminal() {
        return Err(usage::error(
            "no seed is sealed under this DATA_SECRET yet: make sure that the Worker has it, and pass --yes",
        ));
    }
    let sentence = format!(
        "{} will be sealed under this DATA_SECRET, under which none is yet. The Worker must have it already.",
        seeds(before.outdated)
    );
    if !prompt::confirm(&sentence)? {
        bail!("nothing was changed");
    }
    Ok(())
}

/// Reseals what is outdated, a page in one transaction. Each UPDATE compares the seal that it replaces.
fn reseal(database: &dyn Database, keys: &DataKeys, outdated: u64) -> Result<()> {
    let progress = Progress::new("sealing", "{users_per_sec}", Some(outdated));
    seals::each_page(database, &mut |page| {
        let mut statements = Vec::new();
        for seed in page {
            if let Seal::Outdated(bytes) = seals::judge(keys, seed)? {
                let sealed = seals::seal(keys, &bytes, seed.user_id, seed.id)?;
                statements.push(credentials::replace_seal(seed, sealed));
            }
        }
        if !statements.is_empty() {
            database.run_all(&statements)?;
        }
        progress.advance(statements.len() as u64);
        Ok(())
    })
}

fn summary(before: &Survey, after: &Survey) -> String {
    let total = after.current + after.outdated + after.closed.len() as u64;
    let done = before.outdated.saturating_sub(after.outdated);
    let mut parts = match (total, before.outdated) {
        (0, _) => vec!["no seed is stored".to_owned()],
        (_, 0) => vec![format!("{} stored, none sealed under DATA_SECRET_PREVIOUS", seeds(total))],
        _ => vec![format!("{done} of {} resealed", seeds(total))],
    };
    if !after.closed.is_empty() {
        parts.push(format!("{} can't be opened", after.closed.len()));
    }
    if after.outdated == 0 {
        parts.push("DATA_SECRET_PREVIOUS is not needed any more: remove it".to_owned());
    }
    parts.join("; ")
}

fn seeds(count: u64) -> String {
    format!("{count} seed{}", if count == 1 { "" } else { "s" })
}

fn was(count: u64) -> String {
    format!("{} {}", seeds(count), if count == 1 { "was" } else { "were" })
}
