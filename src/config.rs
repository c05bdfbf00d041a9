//! The configuration: read once, checked as a whole; everything that is wrong is said at once.

use std::fmt;

use crate::cors::Cors;
use crate::dialect::Dialect;
use crate::password::{Algorithm, Hasher};

const MIN_SECRET_BYTES: usize = 32; // RFC 7518 §3.2: as long as the hash
const SECONDS_PER_DAY: i64 = 86_400;
const MAX_TOKEN_TTL_DAYS: i64 = 3_650;
const DEFAULT_TOKEN_TTL_DAYS: i64 = 60;
const DEFAULT_HASHER: Hasher =
    Hasher { algorithm: Algorithm::Sha512, iterations: Algorithm::Sha512.owasp_iterations() };

/// The key that signs tokens. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A secret of these UTF-8 bytes, or `None` if they are fewer than 32.
    pub fn new(secret: String) -> Option<Self> {
        (secret.len() >= MIN_SECRET_BYTES).then_some(Self(secret))
    }

    /// The bytes, for an HMAC only.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// How this deployment works.
#[derive(Debug, Clone)]
pub struct Config {
    /// `JWT_SECRET`: signs tokens.
    pub secret: Secret,
    /// `API_DIALECT`: how errors are rendered.
    pub dialect: Dialect,
    /// `ALLOWED_ORIGINS`: whose pages may read answers.
    pub cors: Cors,
    /// `PASSWORD_HASHER`: how new passwords are hashed.
    pub hasher: Hasher,
    /// `TOKEN_TTL_DAYS`, in seconds: how long a token is valid.
    pub token_ttl: i64,
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
        let dialect = note(&mut problems, dialect(lookup("API_DIALECT")));
        let cors = note(&mut problems, cors(lookup("ALLOWED_ORIGINS")));
        let hasher = note(&mut problems, hasher(lookup("PASSWORD_HASHER")));
        let token_ttl = note(&mut problems, token_ttl(lookup("TOKEN_TTL_DAYS")));
        match (secret, dialect, cors, hasher, token_ttl) {
            (Some(secret), Some(dialect), Some(cors), Some(hasher), Some(token_ttl)) => {
                Ok(Self { secret, dialect, cors, hasher, token_ttl })
            }
            (_, _, cors, _, _) => Err(ConfigError { problems, cors: cors.unwrap_or(Cors::List(Vec::new())) }),
        }
    }

    /// What works and is weaker than it should be.
    pub fn weakness(&self) -> Option<String> {
        let Hasher { algorithm, iterations } = self.hasher;
        let recommended = algorithm.owasp_iterations();
        (iterations < recommended).then(|| {
            let name = algorithm.name();
            format!("PASSWORD_HASHER asks for {iterations} iterations of {name}; OWASP asks for at least {recommended}")
        })
    }
}

fn note<T>(problems: &mut Vec<String>, checked: Result<T, String>) -> Option<T> {
    checked.map_err(|problem| problems.push(problem)).ok()
}

fn secret(value: Option<String>) -> Result<Secret, String> {
    const HOW: &str = "set one with 'npx wrangler secret put JWT_SECRET', or locally in .dev.vars";
    let value = value.ok_or_else(|| format!("JWT_SECRET is not set: {HOW}"))?;
    Secret::new(value).ok_or_else(|| format!("JWT_SECRET has fewer than {MIN_SECRET_BYTES} bytes: {HOW}"))
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
    value.map_or(Ok(DEFAULT_HASHER), |value| {
        value.parse().map_err(|problem| {
            format!("PASSWORD_HASHER is {value:?}, which {problem}: write it like \"{DEFAULT_HASHER}\"")
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
        assert_eq!(config.weakness(), None);
    }

    #[test]
    fn what_is_set_is_read() {
        let config = read(&[
            ("JWT_SECRET", SECRET),
            ("API_DIALECT", "realworld"),
            ("ALLOWED_ORIGINS", "*"),
            ("PASSWORD_HASHER", "pbkdf2_sha256$600000"),
            ("TOKEN_TTL_DAYS", "1"),
        ]);
        let config = config.unwrap();
        assert_eq!(config.dialect, Dialect::RealWorld);
        assert_eq!(config.cors, Cors::Any);
        assert_eq!(config.hasher.to_string(), "pbkdf2_sha256$600000");
        assert_eq!(config.token_ttl, 86_400);
        assert_eq!(config.weakness(), None);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let problems = problems(&[
            ("JWT_SECRET", "too short"),
            ("API_DIALECT", "Django"),
            ("ALLOWED_ORIGINS", "https://a.example/"),
            ("PASSWORD_HASHER", "bcrypt$12"),
            ("TOKEN_TTL_DAYS", "0"),
        ]);
        assert_eq!(
            problems,
            [
                "JWT_SECRET has fewer than 32 bytes: set one with 'npx wrangler secret put JWT_SECRET', or locally in .dev.vars",
                r#"API_DIALECT is "Django": it can be "django" or "realworld""#,
                r#"ALLOWED_ORIGINS has "https://a.example/", which has a path or a trailing slash: write only scheme, host and port"#,
                r#"PASSWORD_HASHER is "bcrypt$12", which is of an unknown algorithm: write it like "pbkdf2_sha512$220000""#,
                r#"TOKEN_TTL_DAYS is "0": it can be 1 to 3650"#,
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
        let sixteen_letters = "\u{e9}".repeat(16); // two bytes each
        assert!(read(&[("JWT_SECRET", &sixteen_letters)]).is_ok());
        let config = read(&[("JWT_SECRET", SECRET)]).unwrap();
        assert!(!format!("{config:?}").contains(SECRET));
    }

    #[test]
    fn few_iterations_work_and_are_warned_of() {
        for (hasher, is_weak) in [
            ("pbkdf2_sha512$219999", true),
            ("pbkdf2_sha512$220000", false),
            ("pbkdf2_sha256$599999", true),
            ("pbkdf2_sha256$5000000", false),
        ] {
            let config = read(&[("JWT_SECRET", SECRET), ("PASSWORD_HASHER", hasher)]).unwrap();
            assert_eq!(config.weakness().is_some(), is_weak, "{hasher}");
        }
    }

    #[test]
    fn good_origins_may_read_that_the_rest_is_wrong() {
        let error = read(&[("ALLOWED_ORIGINS", "*")]).unwrap_err();
        assert_eq!(error.cors, Cors::Any);
    }
}
