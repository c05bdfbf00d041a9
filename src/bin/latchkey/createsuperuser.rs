//! `createsuperuser`: creates a user who is staff and superuser, with the prompts of Django's command of this name.

use anyhow::{Error, Result, anyhow};

use crate::new_user::{self, Kind, NewUser};
use crate::output::{self, escape_for_terminal};
use crate::settings::Deployment;

/// Creates a user who is staff and superuser
#[derive(clap::Args)]
#[command(
    after_help = "Prompts for what you don't pass. The email counts as verified: make sure that it is theirs.

The admin API asks staff for a second factor. They add an authenticator app on the account page; or --totp makes one, and \
prints it with recovery codes, once. That needs the Worker's DATA_SECRET; with --remote it comes from the environment.

Examples:
  npx latchkey createsuperuser
  npx latchkey createsuperuser --totp
  pass show latchkey | npx latchkey createsuperuser --email jake@example.com --username jake --password-stdin"
)]
pub struct Options {
    #[command(flatten)]
    user: NewUser,
    /// Make an authenticator app and recovery codes, and print them
    #[arg(long)]
    totp: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    // Before anything is created: these can fail.
    let (keys, application) = if options.totp {
        let keys = deployment.data_keys_at_hand()?.ok_or_else(|| no_keys(deployment))?;
        (Some(keys), deployment.mail()?.0)
    } else {
        (None, String::new())
    };
    let created = new_user::create(deployment, &options.user, Kind::Superuser(keys.as_ref()))?;
    output::print(&format!("Superuser created successfully. Their id is {}.", created.id))?;
    match created.app {
        Some(app) => app.print(&application, &created.email),
        None => {
            output::note(&next_step(deployment));
            Ok(())
        }
    }
}

fn no_keys(deployment: &Deployment) -> Error {
    if deployment.remote {
        anyhow!(
            "--totp needs the deployed DATA_SECRET, which can't be read back: pass it in the environment; no superuser was created"
        )
    } else {
        anyhow!("--totp needs DATA_SECRET, which is not set: docs/credentials.md; no superuser was created")
    }
}

/// Describes how a superuser gets the second factor that the admin API asks for.
fn next_step(deployment: &Deployment) -> String {
    let variables = deployment.plain_variables().unwrap_or_default();
    let is_set = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    let page = is_set("APP_URL").map_or_else(
        || "on the account page (the Worker's own: /)".to_owned(),
        |url| format!("on {}", escape_for_terminal(url)),
    );
    // Whether a deployed one is set, only wrangler knows.
    let needed = if !deployment.remote && is_set("DATA_SECRET").is_none() {
        "set DATA_SECRET (docs/credentials.md); then they "
    } else {
        "they "
    };
    format!(
        "To use the admin API they need a second factor: {needed}log in {page} and set up two-step verification."
    )
}
