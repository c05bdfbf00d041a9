//! Selection of a deployment, and its configuration: `wrangler.toml` and the secrets.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs, iter};

use anyhow::{Context as _, Result, anyhow, bail};
use latchkey::auth::password::Hasher;
use latchkey::auth::seal::DataKeys;
use latchkey::auth::secret::{MIN_BYTES, Secret};
use latchkey::auth::single_use::SingleUseKey;
use latchkey::config::{Config, ConfigError, MailConfig, passwords};
use latchkey::store::events::Recording;
use latchkey::store::operator::{Database, Recorder};
use toml::{Table, Value};

use crate::dev_vars::{self, LocalVariables};
use crate::local::Local;
use crate::wrangler::Wrangler;
use crate::{output, prompt};

/// The binding of the database in `wrangler.toml`.
pub const BINDING: &str = "DB";

/// The binding of Cloudflare Email Service in `wrangler.toml`.
pub const EMAIL: &str = "EMAIL";

/// Directory in which the command was run, if it is below the project's.
static INVOKED_IN: OnceLock<PathBuf> = OnceLock::new();

/// Changes to the project's directory: the nearest one, from here upwards, whose `wrangler.toml` has the owner of this
/// directory. Programs in its `node_modules` run with the operator's token, and anyone can put a project into `/tmp`.
pub fn enter_project() {
    let Ok(here) = env::current_dir() else { return };
    let is_project = |directory: &&Path| {
        let config = directory.join("wrangler.toml");
        config.is_file() && (*directory == here || has_owner_of(&config, &here))
    };
    if let Some(project) = here.ancestors().find(is_project).filter(|project| *project != here)
        && env::set_current_dir(project).is_ok()
    {
        let _ = INVOKED_IN.set(here); // only set here
    }
}

#[cfg(unix)]
fn has_owner_of(path: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let owner = |path: &Path| path.metadata().map(|metadata| metadata.uid()).ok();
    owner(path).is_some() && owner(path) == owner(other)
}

#[cfg(not(unix))]
fn has_owner_of(_: &Path, _: &Path) -> bool {
    true // such systems have no shared directory like /tmp
}

/// Reads a path that is relative to where the command was run.
#[expect(clippy::unnecessary_wraps, reason = "clap wants a result")]
pub fn path(text: &str) -> Result<PathBuf, Infallible> {
    Ok(INVOKED_IN.get().map_or_else(|| text.into(), |directory| directory.join(text)))
}

/// Valid secret in place of the real one, where that is not available and does not matter.
pub fn placeholder_secret() -> String {
    (b'!'..).take(MIN_BYTES).map(char::from).collect()
}

/// Valid secret of a webhook in place of a deployed one, which can't be read back and does not matter.
pub const PLACEHOLDER_WEBHOOK_SECRET: &str = "whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0";

/// Reads the configuration that `lookup` finds by names. The command sends no mail, so it needs no transport.
pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
    Config::from_vars(|name| lookup(name).or_else(|| (name == EMAIL).then(String::new)))
}

fn invalid(error: ConfigError) -> anyhow::Error {
    anyhow!("invalid configuration: {}", error.problems.join("; "))
}

/// Makes the keys of seals, if these are valid secrets.
fn keys_of(current: Option<String>, previous: Option<String>) -> Result<Option<DataKeys>> {
    let variable = |name: &str| match name {
        "JWT_SECRET" => Some(placeholder_secret()),
        "DATA_SECRET" => current.clone(),
        "DATA_SECRET_PREVIOUS" => previous.clone(),
        _ => None,
    };
    Ok(read(variable).map_err(invalid)?.data_keys)
}

/// Selects the deployment
#[derive(clap::Args)]
#[command(next_help_heading = "Deployment")]
pub struct Deployment {
    /// Use the deployed database instead of the local one
    #[arg(long, global = true, conflicts_with = "persist_to")]
    pub remote: bool,
    /// Directory of wrangler's local state
    #[arg(long, global = true, value_name = "DIR", value_parser = path)]
    pub persist_to: Option<PathBuf>,
    /// The environment of wrangler.toml
    #[arg(long, global = true, value_name = "NAME")]
    pub env: Option<String>,
    /// Access the local database through `wrangler d1 execute`, as --remote does
    #[arg(long, global = true, hide = true)]
    pub through_wrangler: bool,
}

impl Deployment {
    /// Opens the database for reading.
    pub fn database(&self) -> Result<Box<dyn Database>> {
        if self.remote || self.through_wrangler {
            self.wrangler_config()?; // a wrong --env is named here
            return Ok(Box::new(Wrangler::new(self.wrangler_target())));
        }
        Ok(Box::new(Local::open(&self.state(), &self.database_id()?)?))
    }

    /// Opens the database for writing, and names it on stderr.
    pub fn writable_database(&self) -> Result<Box<dyn Database>> {
        let database = self.database()?;
        output::note(&format!("latchkey: working on the {}", self.name()));
        Ok(database)
    }

    /// Directory of wrangler's local state.
    fn state(&self) -> PathBuf {
        self.persist_to.clone().unwrap_or_else(|| ".wrangler/state".into())
    }

    fn name(&self) -> String {
        let database = if self.remote {
            "deployed database of wrangler.toml".to_owned()
        } else {
            format!("local database in {}", self.state().display())
        };
        let environment = self.env.iter().map(|env| format!(", environment {env}"));
        iter::once(database).chain(environment).collect()
    }

    /// Arguments of wrangler that select the database.
    pub fn wrangler_target(&self) -> Vec<String> {
        let mut target = vec![if self.remote { "--remote" } else { "--local" }.to_owned()];
        target.extend(self.env.iter().flat_map(|env| ["--env".to_owned(), env.clone()]));
        let persist_to = self.persist_to.as_ref().map(|path| path.display().to_string());
        target.extend(persist_to.into_iter().flat_map(|path| ["--persist-to".to_owned(), path]));
        target
    }

    /// Reads `wrangler.toml`, or the selected environment of it. An environment inherits nothing that is used here.
    pub fn wrangler_config(&self) -> Result<Table> {
        let text = fs::read_to_string("wrangler.toml")
            .context("can't read wrangler.toml: run this in the project's directory")?;
        let mut config: Table = text.parse().context("wrangler.toml is invalid")?;
        let Some(name) = &self.env else { return Ok(config) };
        let environments = config.remove("env").unwrap_or(Value::Boolean(false));
        match environments.get(name.as_str()) {
            Some(Value::Table(environment)) => Ok(environment.clone()),
            _ => bail!("wrangler.toml has no [env.{name}]"),
        }
    }

    fn database_id(&self) -> Result<String> {
        let config = self.wrangler_config()?;
        let databases = config.get("d1_databases").and_then(Value::as_array).into_iter().flatten();
        let text = |database: &Value, key: &str| database.get(key).and_then(Value::as_str).map(str::to_owned);
        databases
            .filter(|database| text(database, "binding").as_deref() == Some(BINDING))
            .find_map(|database| {
                text(database, "preview_database_id").or_else(|| text(database, "database_id"))
            })
            .ok_or_else(|| anyhow!("wrangler.toml binds no D1 database as {BINDING}"))
    }

    /// Reads the variables of `wrangler.toml`.
    pub fn variables(&self) -> Result<BTreeMap<String, String>> {
        let config = self.wrangler_config()?;
        let variables = config.get("vars").and_then(Value::as_table).into_iter().flatten();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Ok(variables.map(|(name, value)| (name.clone(), text(value))).collect())
    }

    /// Reads the variables of the local Worker that are not in `wrangler.toml`, such as its secrets.
    pub fn local_variables(&self) -> Result<LocalVariables> {
        let process =
            env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
        dev_vars::load(Path::new(""), self.env.as_deref(), &process.collect())
    }

    /// Reads the whole configuration. With `--remote`, whose secrets can't be read back, JWT_SECRET comes from the
    /// environment or stdin.
    pub fn config(&self) -> Result<Config> {
        Ok(self.config_and_mail_key()?.0)
    }

    /// Reads the whole configuration, and the key of limits on mail. It has one without mail too: `npm start` turns mail on.
    pub fn config_and_mail_key(&self) -> Result<(Config, SingleUseKey)> {
        let mut variables = self.variables()?;
        if self.remote {
            let secret = match env::var("JWT_SECRET") {
                Ok(secret) => secret,
                Err(_) if prompt::stdin_is_terminal() => bail!(
                    "this needs the deployed JWT_SECRET, which can't be read back: pass it in the environment or on stdin"
                ),
                Err(_) => prompt::all_of_stdin()?.trim_end_matches(['\r', '\n']).to_owned(),
            };
            variables.insert("JWT_SECRET".to_owned(), secret);
            variables
                .extend(env::var("JWT_SECRET_PREVIOUS").map(|old| ("JWT_SECRET_PREVIOUS".to_owned(), old)));
            variables.insert("WEBHOOK_SECRET".to_owned(), PLACEHOLDER_WEBHOOK_SECRET.to_owned());
        } else {
            variables.extend(self.local_variables()?.variables);
        }
        let config = read(|name| variables.get(name).cloned()).map_err(invalid)?;
        let secret = variables.remove("JWT_SECRET").and_then(Secret::new).context("JWT_SECRET is not set")?;
        Ok((config, SingleUseKey::new(&secret)))
    }

    /// Reads the keys of seals. With `--remote`, DATA_SECRET comes from the environment or stdin.
    pub fn data_keys(&self) -> Result<DataKeys> {
        if !self.remote || env::var_os("DATA_SECRET").is_some() {
            return self.data_keys_at_hand()?.context("DATA_SECRET is not set: docs/credentials.md");
        }
        if prompt::stdin_is_terminal() {
            bail!(
                "this needs the deployed DATA_SECRET, which can't be read back: pass it in the environment or on stdin"
            );
        }
        let secret = prompt::all_of_stdin()?.trim_end_matches(['\r', '\n']).to_owned();
        keys_of(Some(secret), env::var("DATA_SECRET_PREVIOUS").ok())?.context("stdin has no DATA_SECRET")
    }

    /// Reads the keys of seals, if there are any: with `--remote`, those of the environment.
    pub fn data_keys_at_hand(&self) -> Result<Option<DataKeys>> {
        let names = ["DATA_SECRET", "DATA_SECRET_PREVIOUS"];
        if self.remote {
            let [current, previous] = names.map(|name| env::var(name).ok());
            return keys_of(current, previous);
        }
        let mut variables = self.plain_variables()?;
        let [current, previous] = names.map(|name| variables.remove(name));
        keys_of(current, previous)
    }

    /// Reads the configuration, with a placeholder for a secret that is not available.
    pub fn config_without_secret(&self) -> Result<Config> {
        let variables = self.plain_variables()?;
        let placeholder = |name: &str| match name {
            "JWT_SECRET" => Some(placeholder_secret()),
            "WEBHOOK_SECRET" if self.remote => Some(PLACEHOLDER_WEBHOOK_SECRET.to_owned()),
            _ => None,
        };
        read(|name| variables.get(name).cloned().or_else(|| placeholder(name))).map_err(invalid)
    }

    /// Reads the name of the application and, if it has mail, the sender and the address of links. Nothing else of the
    /// configuration has to be valid.
    pub fn mail(&self) -> Result<(String, Option<MailConfig>)> {
        let variables = self.plain_variables()?;
        let variable = |name: &str| match name {
            "JWT_SECRET" => Some(placeholder_secret()),
            "APP_NAME" | "APP_URL" | "MAIL_FROM" => variables.get(name).cloned(),
            _ => None,
        };
        let config = read(variable).map_err(invalid)?;
        Ok((config.app_name, config.mail))
    }

    /// Makes the recorder of what this command changes. Nothing of the configuration has to be valid: a change is never held up by
    /// that. Events are always written, since the secrets of a deployed Worker, which tell whether anyone can read them, can't be read
    /// back; the schedule deletes them by age.
    pub fn recorder(&self) -> Result<Recorder> {
        let variables = self.plain_variables()?;
        let is_set = |name: &str| variables.get(name).is_some_and(|value| !value.is_empty());
        let has_notices = is_set("MAIL_FROM");
        let is_essential = variables.get("NOTICES").is_some_and(|value| value == "essential");
        Ok(Recorder {
            recording: if is_set("WEBHOOK_URL") { Recording::Sent } else { Recording::On },
            has_notices,
            has_all_notices: has_notices && !is_essential,
        })
    }

    /// Reads the variables of `wrangler.toml` and, for the local Worker, of its files.
    pub fn plain_variables(&self) -> Result<BTreeMap<String, String>> {
        let mut variables = self.variables()?;
        if !self.remote {
            variables.extend(self.local_variables()?.variables);
        }
        Ok(variables)
    }

    /// Reads the fewest characters of a new password, which needs no secret.
    pub fn min_length(&self) -> Result<usize> {
        passwords::min_length(self.plain_variables()?.get("PASSWORD_MIN_LENGTH").cloned())
            .map_err(|problem| anyhow!(problem))
    }

    /// Reads the parameters of new password hashes, which needs no secret.
    pub fn hasher(&self) -> Result<Hasher> {
        match self.plain_variables()?.get("PASSWORD_HASHER") {
            None => Ok(Hasher::default()),
            Some(text) => {
                text.parse().map_err(|problem| anyhow!("PASSWORD_HASHER is {text:?}, which {problem}"))
            }
        }
    }
}
