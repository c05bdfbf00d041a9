//! The configuration: read once, checked as a whole; everything that is wrong is said at once.

use crate::cors::Cors;
use crate::dialect::Dialect;
use crate::password::Hasher;
use crate::secret::{self, Secret};
use crate::throttle::Throttle;
use crate::token::Keys;

const SECONDS_PER_DAY: i64 = 86_400;
const MAX_TOKEN_TTL_DAYS: i64 = 3_650;
const DEFAULT_TOKEN_TTL_DAYS: i64 = 60;
const MAX_LOGIN_FAILURES: i64 = 10_000;
const DEFAULT_LOGIN_FAILURES_PER_ADDRESS: i64 = 10;
/// NIST SP 800-63B-4 §3.2.2: no more in a row.
const DEFAULT_LOGIN_FAILURES_PER_ACCOUNT: i64 = 100;

/// How this deployment works.
#[derive(Debug, Clone)]
pub struct Config {
    /// `JWT_SECRET`, which signs tokens, and `JWT_SECRET_PREVIOUS`, whose tokens are still good.
    pub keys: Keys,
    /// `API_DIALECT`: how errors are rendered.
    pub dialect: Dialect,
    /// `ALLOWED_ORIGINS`: whose pages may read answers.
    pub cors: Cors,
    /// `PASSWORD_HASHER`: how new passwords are hashed.
    pub hasher: Hasher,
    /// `TOKEN_TTL_DAYS`, in seconds: how long a token is valid.
    pub token_ttl: i64,
    /// `LOGIN_FAILURES_PER_ADDRESS` and `LOGIN_FAILURES_PER_ACCOUNT`: how many logins may fail.
    pub throttle: Throttle,
    /// `RATE_LIMIT`: whether registrations and logins go through the platform's coarse limit.
    pub rate_limit: bool,
}

/// What is wrong with the configuration.
#[derive(Debug, Clone)]
pub struct ConfigError {
    /// Every bad variable, each with what is wrong and how to mend it.
    pub problems: Vec<String>,
    /// The origins that may read the 500: those of `ALLOWED_ORIGINS` if that is good, else none.
    pub cors: Cors,
}

impl Config {
    /// Reads the variables that `lookup` finds by their names. One that is not set has its default;
    /// one that is wrong never falls back to it.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let secret = note(&mut problems, secret(lookup("JWT_SECRET")));
        let previous = note(&mut problems, previous_secret(lookup("JWT_SECRET_PREVIOUS")));
        let dialect = note(&mut problems, dialect(lookup("API_DIALECT")));
        let cors = note(&mut problems, cors(lookup("ALLOWED_ORIGINS")));
        let hasher = note(&mut problems, hasher(lookup("PASSWORD_HASHER")));
        let token_ttl = note(&mut problems, token_ttl(lookup("TOKEN_TTL_DAYS")));
        let mut limit = |name, default| note(&mut problems, login_failures(name, lookup(name), default));
        let per_address = limit("LOGIN_FAILURES_PER_ADDRESS", DEFAULT_LOGIN_FAILURES_PER_ADDRESS);
        let per_account = limit("LOGIN_FAILURES_PER_ACCOUNT", DEFAULT_LOGIN_FAILURES_PER_ACCOUNT);
        let rate_limit = note(&mut problems, rate_limit(lookup("RATE_LIMIT")));
        let throttle =
            secret.as_ref().and_then(|secret| Some(Throttle::new(secret, per_address?, per_account?)));
        let keys = secret.and_then(|secret| Some(Keys::new(secret, previous?)));
        match (keys, dialect, cors, hasher, token_ttl, throttle, rate_limit) {
            (
                Some(keys),
                Some(dialect),
                Some(cors),
                Some(hasher),
                Some(token_ttl),
                Some(throttle),
                Some(rate_limit),
            ) => Ok(Self { keys, dialect, cors, hasher, token_ttl, throttle, rate_limit }),
            (_, _, cors, ..) => Err(ConfigError { problems, cors: cors.unwrap_or(Cors::List(Vec::new())) }),
        }
    }

    /// What works and is weaker than it should be.
    pub fn weaknesses(&self) -> Vec<String> {
        let mut weaknesses = Vec::new();
        let Hasher { algorithm, iterations } = self.hasher;
        let recommended = algorithm.owasp_iterations();
        if iterations < recommended {
            let name = algorithm.name();
            weaknesses.push(format!("PASSWORD_HASHER asks for {iterations} iterations of {name}; OWASP asks for at least {recommended}"));
        }
        let failures = self.throttle.per_account();
        if !(1..=DEFAULT_LOGIN_FAILURES_PER_ACCOUNT).contains(&failures) {
            weaknesses.push(format!("LOGIN_FAILURES_PER_ACCOUNT is {failures}; NIST asks for a limit of at most {DEFAULT_LOGIN_FAILURES_PER_ACCOUNT}"));
        }
        weaknesses
    }
}

fn note<T>(problems: &mut Vec<String>, checked: Result<T, String>) -> Option<T> {
    checked.map_err(|problem| problems.push(problem)).ok()
}

fn secret(value: Option<String>) -> Result<Secret, String> {
    const HOW: &str = "set one with 'npx wrangler secret put JWT_SECRET', or locally in .dev.vars";
    let value = value.ok_or_else(|| format!("JWT_SECRET is not set: {HOW}"))?;
    Secret::new(value).ok_or_else(|| format!("JWT_SECRET has fewer than {} bytes: {HOW}", secret::MIN_BYTES))
}

fn previous_secret(value: Option<String>) -> Result<Option<Secret>, String> {
    value.map_or(Ok(None), |value| {
        Secret::new(value).map(Some).ok_or_else(|| {
            format!(
                "JWT_SECRET_PREVIOUS has fewer than {} bytes: it can be what JWT_SECRET was before, or not set at all",
                secret::MIN_BYTES
            )
        })
    })
}

fn dialect(value: Option<String>) -> Result<Dialect, String> {
    match value.as_deref() {
        None | Some("django") => Ok(Dialect::Django),
        Some("realworld") => Ok(Dialect::RealWorld),
        Some(other) => Err(format!("API_DIALECT is {other:?}: it can be \"django\" or \"realworld\"")),
    }
}

fn cors(value: Option<String>) -> Result<Cors, String> {
    Cors::parse(value.as_deref().unwrap_or_default()).map_err(|problem| format!("ALLOWED_ORIGINS {problem}"))
}

fn hasher(value: Option<String>) -> Result<Hasher, String> {
    value.map_or(Ok(Hasher::default()), |value| {
        value.parse().map_err(|problem| {
            format!("PASSWORD_HASHER is {value:?}, which {problem}: write it like \"{}\"", Hasher::default())
        })
    })
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
    Ok(days * SECONDS_PER_DAY)
}

fn login_failures(name: &str, value: Option<String>, default: i64) -> Result<i64, String> {
    value.map_or(Ok(default), |value| {
        let failures = value.parse().ok().filter(|failures| (0..=MAX_LOGIN_FAILURES).contains(failures));
        failures.ok_or_else(|| {
            format!("{name} is {value:?}: it can be 1 to {MAX_LOGIN_FAILURES}, or 0 for no limit")
        })
    })
}

fn rate_limit(value: Option<String>) -> Result<bool, String> {
    match value.as_deref() {
        None | Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(other) => Err(format!("RATE_LIMIT is {other:?}: it can be \"on\" or \"off\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn read(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_vars(|name| {
            let set = vars.iter().find(|(set, _)| *set == name);
            set.map(|(_, value)| (*value).to_owned())
        })
    }

    fn problems(vars: &[(&str, &str)]) -> Vec<String> {
        read(vars).unwrap_err().problems
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        let config = read(&[("JWT_SECRET", SECRET)]).unwrap();
        assert_eq!(config.dialect, Dialect::Django);
        assert_eq!(config.cors, Cors::List(Vec::new()));
        assert_eq!(config.hasher.to_string(), "pbkdf2_sha512$220000");
        assert_eq!(config.token_ttl, 60 * 86_400);
        assert_eq!((config.throttle.per_address(), config.throttle.per_account()), (10, 100));
        assert!(config.rate_limit);
        assert!(config.weaknesses().is_empty());
    }

    #[test]
    fn what_is_set_is_read() {
        let config = read(&[
            ("JWT_SECRET", SECRET),
            ("API_DIALECT", "realworld"),
            ("ALLOWED_ORIGINS", "*"),
            ("PASSWORD_HASHER", "pbkdf2_sha256$600000"),
            ("TOKEN_TTL_DAYS", "1"),
            ("LOGIN_FAILURES_PER_ADDRESS", "0"),
            ("LOGIN_FAILURES_PER_ACCOUNT", "20"),
            ("RATE_LIMIT", "off"),
        ]);
        let config = config.unwrap();
        assert_eq!(config.dialect, Dialect::RealWorld);
        assert_eq!(config.cors, Cors::Any);
        assert_eq!(config.hasher.to_string(), "pbkdf2_sha256$600000");
        assert_eq!(config.token_ttl, 86_400);
        assert_eq!((config.throttle.per_address(), config.throttle.per_account()), (0, 20));
        assert!(!config.rate_limit);
        assert!(config.weaknesses().is_empty());
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let problems = problems(&[
            ("JWT_SECRET", "too short"),
            ("API_DIALECT", "Django"),
            ("ALLOWED_ORIGINS", "https://a.example/"),
            ("PASSWORD_HASHER", "bcrypt$12"),
            ("TOKEN_TTL_DAYS", "0"),
            ("JWT_SECRET_PREVIOUS", "too short"),
            ("LOGIN_FAILURES_PER_ADDRESS", "-1"),
            ("LOGIN_FAILURES_PER_ACCOUNT", "many"),
            ("RATE_LIMIT", "0"),
        ]);
        assert_eq!(
            problems,
            [
                "JWT_SECRET has fewer than 32 bytes: set one with 'npx wrangler secret put JWT_SECRET', or locally in .dev.vars",
                "JWT_SECRET_PREVIOUS has fewer than 32 bytes: it can be what JWT_SECRET was before, or not set at all",
                r#"API_DIALECT is "Django": it can be "django" or "realworld""#,
                r#"ALLOWED_ORIGINS has "https://a.example/", which has a path or a trailing slash: write only scheme, host and port"#,
                r#"PASSWORD_HASHER is "bcrypt$12", which is of an unknown algorithm: write it like "pbkdf2_sha512$220000""#,
                r#"TOKEN_TTL_DAYS is "0": it can be 1 to 3650"#,
                r#"LOGIN_FAILURES_PER_ADDRESS is "-1": it can be 1 to 10000, or 0 for no limit"#,
                r#"LOGIN_FAILURES_PER_ACCOUNT is "many": it can be 1 to 10000, or 0 for no limit"#,
                r#"RATE_LIMIT is "0": it can be "on" or "off""#,
            ]
        );
    }

    #[test]
    fn no_wrong_value_falls_back() {
        for (name, value) in [
            ("API_DIALECT", ""),
            ("API_DIALECT", "realworld "),
            ("ALLOWED_ORIGINS", "*,"),
            ("PASSWORD_HASHER", ""),
            ("PASSWORD_HASHER", "pbkdf2_sha512"),
            ("PASSWORD_HASHER", "pbkdf2_sha512$"),
            ("PASSWORD_HASHER", "pbkdf2_sha512$0"),
            ("PASSWORD_HASHER", "pbkdf2_sha512$5000001"),
            ("PASSWORD_HASHER", "pbkdf2_sha512$220000$"),
            ("PASSWORD_HASHER", "PBKDF2_SHA512$220000"),
            ("TOKEN_TTL_DAYS", ""),
            ("TOKEN_TTL_DAYS", "-1"),
            ("TOKEN_TTL_DAYS", "1.5"),
            ("TOKEN_TTL_DAYS", "3651"),
            ("TOKEN_TTL_DAYS", "99999999999999999999"),
            ("JWT_SECRET_PREVIOUS", ""),
            ("LOGIN_FAILURES_PER_ADDRESS", ""),
            ("LOGIN_FAILURES_PER_ADDRESS", "10001"),
            ("LOGIN_FAILURES_PER_ACCOUNT", "1.5"),
            ("RATE_LIMIT", ""),
            ("RATE_LIMIT", "OFF"),
        ] {
            let problems = problems(&[("JWT_SECRET", SECRET), (name, value)]);
            assert_eq!(problems.len(), 1, "{name}={value}");
            assert!(problems[0].starts_with(name), "{problems:?}");
        }
    }

    #[test]
    fn a_secret_has_32_bytes_and_is_not_shown() {
        assert_eq!(problems(&[]).len(), 1);
        assert_eq!(problems(&[("JWT_SECRET", SECRET.get(1..).unwrap())]).len(), 1);
        let config = read(&[("JWT_SECRET", SECRET), ("JWT_SECRET_PREVIOUS", SECRET)]).unwrap();
        assert!(!format!("{config:?}").contains(SECRET));
    }

    #[test]
    fn weak_values_work_and_are_warned_of() {
        for (name, value, is_weak) in [
            ("PASSWORD_HASHER", "pbkdf2_sha512$219999", true),
            ("PASSWORD_HASHER", "pbkdf2_sha512$220000", false),
            ("PASSWORD_HASHER", "pbkdf2_sha256$599999", true),
            ("PASSWORD_HASHER", "pbkdf2_sha256$5000000", false),
            ("LOGIN_FAILURES_PER_ACCOUNT", "0", true),
            ("LOGIN_FAILURES_PER_ACCOUNT", "1", false),
            ("LOGIN_FAILURES_PER_ACCOUNT", "101", true),
        ] {
            let config = read(&[("JWT_SECRET", SECRET), (name, value)]).unwrap();
            assert_eq!(!config.weaknesses().is_empty(), is_weak, "{name}={value}");
        }
    }

    #[test]
    fn good_origins_may_read_that_the_rest_is_wrong() {
        let error = read(&[("ALLOWED_ORIGINS", "*")]).unwrap_err();
        assert_eq!(error.cors, Cors::Any);
    }
}
