//! Configuration: read once and checked as a whole, with one file for each concern. Everything wrong is reported at once.

mod events;
mod feature;
mod mail;
mod passkeys;
pub mod passwords;
mod secrets;
mod variables;

pub use self::events::EventsConfig;
pub use self::feature::Feature;
pub use self::mail::MailConfig;
pub use self::passkeys::PasskeyConfig;
use self::secrets::Secrets;
use self::variables::Variables;
use crate::account::username;
use crate::auth::credentials::PasswordPolicy;
use crate::auth::keys::Keys;
use crate::auth::registration_limit::RegistrationLimits;
use crate::auth::seal::DataKeys;
use crate::auth::single_use::SingleUseKey;
use crate::error::Dialect;
use crate::http::cors::{self, Cors, Origins};
use crate::store::DAY;
use crate::store::login_failures::LockoutReport;

/// Greatest validity of a token, in seconds.
pub const MAX_TOKEN_TTL: i64 = MAX_TOKEN_TTL_DAYS * DAY;
const DEFAULT_APP_NAME: &str = "Latchkey";
const MAX_APP_NAME: usize = 64;
const MAX_TOKEN_TTL_DAYS: i64 = 3_650;
const DEFAULT_TOKEN_TTL_DAYS: i64 = 60;
/// A week.
const MAX_REAUTHENTICATE_MINUTES: i64 = 7 * 24 * 60;
const MAX_REGISTRATIONS: i64 = 1_000_000;
/// 24 kB each, this is 24 MB a day; sessions and failed logins that one address can leave are 33 MB more.
const REGISTRATIONS_PER_ADDRESS: i64 = 1_000;

/// Configuration of a deployment.
#[derive(Debug, Clone)]
pub struct Config {
    /// `JWT_SECRET`, which signs tokens, and `JWT_SECRET_PREVIOUS`, whose tokens are still good.
    pub keys: Keys,
    /// `TOKEN_TTL_DAYS`, in seconds: validity of a token.
    pub token_ttl: i64,
    /// `APP_NAME`: the name of the deployment.
    pub app_name: String,
    /// `API_DIALECT`: rendering of errors.
    pub dialect: Dialect,
    /// `ALLOWED_ORIGINS`: origins whose pages may read responses; `ALLOWED_HEADERS`: headers that these may send.
    pub cors: Cors,
    /// `PASSWORD_HASHER`, `COSTLIEST_HASH`, `LOGIN_FAILURES_PER_ADDRESS` and `LOGIN_FAILURES_PER_ACCOUNT`.
    pub passwords: PasswordPolicy,
    /// `REGISTRATIONS_PER_ADDRESS`: users that a network may register in a day.
    pub registrations: RegistrationLimits,
    /// Mail, if the deployment sends any.
    pub mail: Option<MailConfig>,
    /// `DATA_SECRET` and `DATA_SECRET_PREVIOUS`: keys of what the database keeps sealed, if credentials can be added.
    pub data_keys: Option<DataKeys>,
    /// Passkeys, if the deployment accepts any.
    pub passkeys: Option<PasskeyConfig>,
    /// Events, and the webhook that is sent them.
    pub events: EventsConfig,
    /// Key of single-use secrets, and of the limits on requests for them.
    pub single_use: SingleUseKey,
    /// `RATE_LIMIT`: `true` if requests go through the platform's coarse limits.
    pub rate_limit: bool,
    /// `READ_REPLICATION`: `true` if reads ask the nearest replica, and responses carry a bookmark.
    pub read_replication: bool,
    /// `SESSION_MAX_DAYS`: time after a proof at which a session ends, in seconds. `None` is no limit.
    pub session_max_age: Option<i64>,
    /// `REAUTHENTICATE_MINUTES`: time after a proof at which sensitive requests ask for another, in seconds. `None` is
    /// no limit.
    pub proof_max_age: Option<i64>,
    /// Settings that work and are weaker than recommended, and how to fix them.
    pub warnings: Vec<String>,
}

/// Invalid configuration.
#[derive(Debug, Clone)]
pub struct ConfigError {
    /// Every invalid variable, with the reason and how to fix it.
    pub problems: Vec<String>,
    /// Origins that may read the 500: those of `ALLOWED_ORIGINS` if that is valid, else none.
    pub cors: Cors,
}

impl Config {
    /// Tells whether the deployment has a feature.
    pub fn has(&self, feature: Feature) -> bool {
        match feature {
            Feature::Mail => self.mail.is_some(),
            Feature::Credentials => self.mail.is_some() || self.data_keys.is_some(),
            Feature::MailSignIn => self.mail.as_ref().is_some_and(|mail| mail.has_sign_in),
            Feature::Staff => self.data_keys.is_some(),
            Feature::StaffMail => self.mail.is_some() && self.data_keys.is_some(),
        }
    }

    /// Earliest time of the last proof of a session that has not ended by its age, in Unix seconds. `None` is any.
    pub fn proved_since(&self, now: i64) -> Option<i64> {
        self.session_max_age.map(|max_age| now - max_age)
    }

    /// Reads the variables that `lookup` finds by their names. One that is not set has its default;
    /// one that is invalid never falls back to it.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(&lookup);
        let secrets = Secrets::read(&mut variables);
        let token_ttl = variables.read("TOKEN_TTL_DAYS", token_ttl);
        let app_name = variables.read("APP_NAME", app_name);
        let dialect = variables.read("API_DIALECT", dialect);
        let origins = variables.read("ALLOWED_ORIGINS", origins);
        let headers = variables.read("ALLOWED_HEADERS", headers);
        let passwords = passwords::read(&mut variables, secrets.as_ref());
        let registrations =
            variables.limit("REGISTRATIONS_PER_ADDRESS", MAX_REGISTRATIONS, REGISTRATIONS_PER_ADDRESS);
        let mail = mail::read(&mut variables, app_name.as_deref());
        let passkeys = passkeys::read(&mut variables, secrets.as_ref(), origins.as_ref());
        let has_staff = secrets.as_ref().is_some_and(|secrets| secrets.data.is_some());
        let events = events::read(&mut variables, has_staff);
        let rate_limit = variables.switch("RATE_LIMIT", true);
        let read_replication = variables.switch("READ_REPLICATION", false);
        let session_max_days = variables.limit("SESSION_MAX_DAYS", MAX_TOKEN_TTL_DAYS, 0);
        let reauthenticate_minutes = variables.limit("REAUTHENTICATE_MINUTES", MAX_REAUTHENTICATE_MINUTES, 0);
        let limit_in_seconds = |limit: i64, unit: i64| (limit > 0).then_some(limit * unit);
        let cors = Cors::new(origins.unwrap_or(Origins::List(Vec::new())), &headers.unwrap_or_default());
        let Variables { problems, .. } = variables;
        if !problems.is_empty() {
            return Err(ConfigError { problems, cors });
        }
        let config = || {
            let (secrets, mut passwords, mail) = (secrets?, passwords?, mail?);
            let has_notices = mail.as_ref().is_some_and(|mail| mail.sends_all_notices);
            let events = events?;
            passwords.lockout.set_report(LockoutReport { has_notices, recording: events.recording() });
            Some(Self {
                warnings: [secrets.warnings(), passwords::warnings(&passwords)].concat(),
                data_keys: (secrets.data.as_ref())
                    .map(|data| DataKeys::new(data, secrets.data_previous.as_ref())),
                passkeys: passkeys?,
                events,
                single_use: SingleUseKey::new(&secrets.current),
                registrations: RegistrationLimits::new(&secrets.current, registrations?),
                keys: Keys::new(secrets.current, secrets.previous),
                token_ttl: token_ttl?,
                app_name: app_name?,
                dialect: dialect?,
                cors: cors.clone(),
                passwords,
                mail,
                rate_limit: rate_limit?,
                read_replication: read_replication?,
                session_max_age: limit_in_seconds(session_max_days?, DAY),
                proof_max_age: limit_in_seconds(reauthenticate_minutes?, 60),
            })
        };
        config().ok_or(ConfigError { problems, cors })
    }
}

fn token_ttl(value: Option<String>) -> Result<i64, String> {
    let days = match value {
        None => DEFAULT_TOKEN_TTL_DAYS,
        Some(value) => value
            .parse()
            .ok()
            .filter(|days| (1..=MAX_TOKEN_TTL_DAYS).contains(days))
            .ok_or_else(|| format!("TOKEN_TTL_DAYS is {value:?}: it can be 1 to {MAX_TOKEN_TTL_DAYS}"))?,
    };
    Ok(days * DAY)
}

/// Name that can be shown.
fn app_name(value: Option<String>) -> Result<String, String> {
    let Some(value) = value else { return Ok(DEFAULT_APP_NAME.to_owned()) };
    let name = value.trim();
    if username::is_visible(name) && !name.contains('\0') && name.chars().count() <= MAX_APP_NAME {
        return Ok(name.to_owned());
    }
    Err(format!(
        "APP_NAME is {value:?}: it can be a name of 1 to {MAX_APP_NAME} characters that can be shown"
    ))
}

fn dialect(value: Option<String>) -> Result<Dialect, String> {
    match value.as_deref() {
        None | Some("django") => Ok(Dialect::Django),
        Some("realworld") => Ok(Dialect::RealWorld),
        Some(other) => Err(format!("API_DIALECT is {other:?}: it can be \"django\" or \"realworld\"")),
    }
}

fn origins(value: Option<String>) -> Result<Origins, String> {
    Origins::parse(value.as_deref().unwrap_or_default())
        .map_err(|problem| format!("ALLOWED_ORIGINS {problem}"))
}

fn headers(value: Option<String>) -> Result<Vec<String>, String> {
    cors::parse_headers(value.as_deref().unwrap_or_default())
        .map_err(|problem| format!("ALLOWED_HEADERS {problem}"))
}

#[cfg(test)]
mod tests;
