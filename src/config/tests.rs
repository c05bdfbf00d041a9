//! Variables: what is read, and what is refused.

use super::*;
use crate::auth::password::FailureCost;
use crate::store::events::Recording;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// SHA-256 of the key of gothinkster/django-realworld-example-app; the code knows only its hash.
const PUBLIC: &str = "2^f+3@v7$v1f8yt0!s)3-1t$)tlp+xm17=*g))_xoi&&9m#2a&";

const DATA_SECRET: &str = "the secret of data, 32 bytes or more";

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
    assert_eq!(config.app_name, "Latchkey");
    assert_eq!(config.cors, Cors::new(Origins::List(Vec::new()), &[]));
    assert_eq!(config.passwords.failure_cost, FailureCost::new([config.passwords.hasher]));
    assert_eq!(config.registrations.per_ip(), 1_000);
    assert_eq!(config.passwords.hasher.to_string(), "pbkdf2_sha512$220000");
    assert_eq!(config.token_ttl, 60 * 86_400);
    assert_eq!((config.passwords.lockout.per_ip(), config.passwords.lockout.per_account()), (10, 100));
    assert!(config.rate_limit && !config.read_replication);
    assert_eq!((config.session_max_age, config.proof_max_age), (None, None));
    assert_eq!((config.passwords.min_length, config.passwords.has_blocklist), (8, false));
    assert_eq!(config.passwords.breached_passwords_url, None);
    assert!(config.events.webhook.is_none());
    assert_eq!(config.events.recording(), Recording::Off);
    assert!(config.data_keys.is_none() && config.passkeys.is_none() && !config.has(Feature::Credentials));
    assert!(config.warnings.is_empty());
}

#[test]
fn what_is_set_is_read() {
    let config = read(&[
        ("JWT_SECRET", SECRET),
        ("API_DIALECT", "realworld"),
        ("APP_NAME", " Büro 1 "),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_HEADERS", "traceparent, baggage"),
        ("PASSWORD_HASHER", "pbkdf2_sha256$600000"),
        ("COSTLIEST_HASH", "pbkdf2_sha256$1000000, pbkdf2_sha512$2"),
        ("REGISTRATIONS_PER_ADDRESS", "7"),
        ("TOKEN_TTL_DAYS", "1"),
        ("LOGIN_FAILURES_PER_ADDRESS", "0"),
        ("LOGIN_FAILURES_PER_ACCOUNT", "20"),
        ("RATE_LIMIT", "off"),
        ("READ_REPLICATION", "on"),
        ("SESSION_MAX_DAYS", "30"),
        ("REAUTHENTICATE_MINUTES", "10"),
        ("PASSWORD_MIN_LENGTH", "64"),
        ("PASSWORD_BLOCKLIST", "refuse"),
        ("BREACHED_PASSWORDS", "on"),
        ("BREACHED_PASSWORDS_URL", "http://[::1]:8080/mirror/"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.dialect, Dialect::RealWorld);
    assert_eq!(config.app_name, "Büro 1");
    assert_eq!(config.cors, Cors::new(Origins::Any, &["traceparent".to_owned(), "baggage".to_owned()]));
    let named = ["pbkdf2_sha256$600000", "pbkdf2_sha256$1000000", "pbkdf2_sha512$2"];
    assert_eq!(config.passwords.failure_cost, FailureCost::new(named.map(|hasher| hasher.parse().unwrap())));
    assert_eq!(config.registrations.per_ip(), 7);
    assert_eq!(config.passwords.hasher.to_string(), "pbkdf2_sha256$600000");
    assert_eq!(config.token_ttl, 86_400);
    assert_eq!((config.passwords.lockout.per_ip(), config.passwords.lockout.per_account()), (0, 20));
    assert!(!config.rate_limit && config.read_replication);
    assert_eq!((config.session_max_age, config.proof_max_age), (Some(30 * 86_400), Some(600)));
    assert_eq!((config.passwords.min_length, config.passwords.has_blocklist), (64, true));
    assert_eq!(config.passwords.breached_passwords_url.unwrap(), "http://[::1]:8080/mirror/");
    assert!(config.warnings.is_empty());
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let problems = problems(&[
        ("JWT_SECRET", "too short"),
        ("API_DIALECT", "Django"),
        ("APP_NAME", "Latch\nkey"),
        ("ALLOWED_ORIGINS", "https://a.example/"),
        ("ALLOWED_HEADERS", "*"),
        ("PASSWORD_HASHER", "bcrypt$12"),
        ("COSTLIEST_HASH", "pbkdf2_sha256"),
        ("REGISTRATIONS_PER_ADDRESS", "1e3"),
        ("TOKEN_TTL_DAYS", "0"),
        ("JWT_SECRET_PREVIOUS", "too short"),
        ("LOGIN_FAILURES_PER_ADDRESS", "-1"),
        ("LOGIN_FAILURES_PER_ACCOUNT", "many"),
        ("RATE_LIMIT", "0"),
        ("SESSION_MAX_DAYS", "3651"),
        ("REAUTHENTICATE_MINUTES", "10081"),
        ("PASSWORD_MIN_LENGTH", "7"),
        ("PASSWORD_BLOCKLIST", "on"),
        ("BREACHED_PASSWORDS", "refuse"),
        ("BREACHED_PASSWORDS_URL", "http://mirror.example/"),
        ("EVENTS_DAYS", "0"),
        ("WEBHOOK_URL", "http://hooks.example/secret"),
        ("WEBHOOK_SECRET", "secret"),
        ("WEBHOOK_SECRET_PREVIOUS", "whsec_secret"),
    ]);
    assert_eq!(
        problems,
        [
            "JWT_SECRET has fewer than 32 bytes: set one with 'npx wrangler secret put JWT_SECRET', or locally in .dev.vars",
            "JWT_SECRET_PREVIOUS has fewer than 32 bytes: it can be what JWT_SECRET was before, or not set at all",
            r#"TOKEN_TTL_DAYS is "0": it can be 1 to 3650"#,
            r#"APP_NAME is "Latch\nkey": it can be a name of 1 to 64 characters that can be shown"#,
            r#"API_DIALECT is "Django": it can be "django" or "realworld""#,
            r#"ALLOWED_ORIGINS has "https://a.example/", which has a path or a trailing slash: write only scheme, host and port"#,
            r#"ALLOWED_HEADERS has "*", which is no name of a header: write names, with commas between them"#,
            r#"PASSWORD_HASHER is "bcrypt$12", which is of an unknown algorithm: write it like "pbkdf2_sha512$220000""#,
            r#"COSTLIEST_HASH is "pbkdf2_sha256", which has no iterations: write it like "pbkdf2_sha256$1000000""#,
            r#"LOGIN_FAILURES_PER_ADDRESS is "-1": it can be 1 to 10000, or 0 for no limit"#,
            r#"LOGIN_FAILURES_PER_ACCOUNT is "many": it can be 1 to 10000, or 0 for no limit"#,
            r#"PASSWORD_MIN_LENGTH is "7": it can be 8 to 64"#,
            r#"PASSWORD_BLOCKLIST is "on": it can be "off" or "refuse""#,
            r#"BREACHED_PASSWORDS is "refuse": it can be "on" or "off""#,
            r#"BREACHED_PASSWORDS_URL is "http://mirror.example/": it can be an https address that ends in a slash, like "https://api.pwnedpasswords.com/range/", or http on localhost"#,
            r#"REGISTRATIONS_PER_ADDRESS is "1e3": it can be 1 to 1000000, or 0 for no limit"#,
            r#"EVENTS_DAYS is "0": it can be 1 to 3650, or "" for 400 where there is someone to read them"#,
            r#"WEBHOOK_URL can be an https URL without a user, a password and a fragment, like "https://example.com/hooks/latchkey", or http on localhost"#,
            r#"WEBHOOK_SECRET is not "whsec_" and the Base64 of 24 to 64 bytes: 'npx latchkey secret --webhook' makes one"#,
            r#"WEBHOOK_SECRET_PREVIOUS is not "whsec_" and the Base64 of 24 to 64 bytes: 'npx latchkey secret --webhook' makes one"#,
            r#"RATE_LIMIT is "0": it can be "on" or "off""#,
            r#"SESSION_MAX_DAYS is "3651": it can be 1 to 3650, or 0 for no limit"#,
            r#"REAUTHENTICATE_MINUTES is "10081": it can be 1 to 10080, or 0 for no limit"#,
        ]
    );
}

#[test]
fn no_wrong_value_falls_back() {
    for (name, value) in [
        ("API_DIALECT", ""),
        ("APP_NAME", " "),
        ("APP_NAME", "Latch\0key"),
        ("APP_NAME", "Latchkey, Latchkey, Latchkey, Latchkey, Latchkey, Latchkey, Latch"),
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
        ("READ_REPLICATION", "true"),
        ("ALLOWED_HEADERS", "a,"),
        ("COSTLIEST_HASH", "pbkdf2_sha256$1,"),
        ("COSTLIEST_HASH", "pbkdf2_sha256$5000001"),
        ("REGISTRATIONS_PER_ADDRESS", ""),
        ("PASSWORD_MIN_LENGTH", "65"),
        ("PASSWORD_BLOCKLIST", ""),
        ("BREACHED_PASSWORDS", ""),
        ("BREACHED_PASSWORDS_URL", ""),
        ("BREACHED_PASSWORDS_URL", "https://mirror.example"),
        ("BREACHED_PASSWORDS_URL", "https:///"),
        ("BREACHED_PASSWORDS_URL", "https://mirror.example/?range=/"),
        ("BREACHED_PASSWORDS_URL", "https://mirror.example/#/"),
        ("BREACHED_PASSWORDS_URL", "https://user@mirror.example/"),
        ("BREACHED_PASSWORDS_URL", "http://localhost.mirror.example/"),
        ("BREACHED_PASSWORDS_URL", "http://localhost\\@mirror.example/"),
        ("BREACHED_PASSWORDS_URL", "ftp://localhost/"),
        ("BREACHED_PASSWORDS_URL", " https://mirror.example/"),
        ("REGISTRATIONS_PER_ADDRESS", "1000001"),
        ("JWT_SECRET_PREVIOUS", PUBLIC),
        ("DATA_SECRET", ""),
        ("DATA_SECRET", "0123456789abcdef0123456789abcde"),
        ("DATA_SECRET", PUBLIC),
        ("DATA_SECRET", SECRET), // that of tokens
        ("DATA_SECRET_PREVIOUS", DATA_SECRET),
        ("PASSKEY_RP_ID", "https://example.com"),
        ("PASSKEY_RP_ID", "example.com:8443"),
        ("PASSKEY_RP_ID", "example.com/"),
        ("PASSKEY_RP_ID", "example.com."),
        ("PASSKEY_RP_ID", "*.example.com"),
        ("PASSKEY_RP_ID", "Example.com"),
        ("PASSKEY_RP_ID", "bücher.example"),
        ("PASSKEY_RP_ID", " example.com"),
        ("PASSKEY_RP_ID", "com"),
        ("PASSKEY_RP_ID", "127.0.0.1"),
        ("PASSKEY_RP_ID", "[::1]"),
        ("EVENTS_DAYS", "-1"),
        ("EVENTS_DAYS", "3651"),
        ("EVENTS_DAYS", "30 days"),
        ("WEBHOOK_URL", "hooks.example"),
        ("WEBHOOK_URL", "http://hooks.example/"),
        ("WEBHOOK_URL", "http://localhost.hooks.example/"),
        ("WEBHOOK_URL", "http://user@localhost/"),
        ("WEBHOOK_URL", "https://user@hooks.example/"),
        ("WEBHOOK_URL", "https://user:password@hooks.example/"),
        ("WEBHOOK_URL", "https://"),
        ("WEBHOOK_URL", "https:///hook"),
        ("WEBHOOK_URL", "https://:8443/hook"),
        ("WEBHOOK_URL", "https://?hook"),
        ("WEBHOOK_URL", "https://hooks.example/#hook"),
        ("WEBHOOK_URL", "https://hooks.example\\@localhost/"),
        ("WEBHOOK_URL", "https://hooks.example/a b"),
        ("WEBHOOK_URL", "https://hooks.example/\n"),
        ("WEBHOOK_URL", "https://hooks.example/ü"),
        ("WEBHOOK_URL", " https://hooks.example/"),
        ("WEBHOOK_URL", "ftp://localhost/"),
        ("WEBHOOK_SECRET", "whsec_"),
        ("WEBHOOK_SECRET", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY="), // 23 bytes
        ("WEBHOOK_SECRET_PREVIOUS", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"),
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
    assert!(problems(&[("JWT_SECRET", PUBLIC)])[0].contains("anyone can sign tokens"));
    let config = read(&[("JWT_SECRET", SECRET), ("JWT_SECRET_PREVIOUS", SECRET)]).unwrap();
    assert!(!format!("{config:?}").contains(SECRET));
}

#[test]
fn credentials_need_a_secret_of_their_own() {
    let secrets = [("JWT_SECRET", SECRET), ("DATA_SECRET", DATA_SECRET)];
    let config = read(&[&secrets[..], &[("DATA_SECRET_PREVIOUS", DATA_SECRET)]].concat()).unwrap();
    assert!(config.data_keys.is_some() && config.has(Feature::Credentials) && config.passkeys.is_none());
    assert!(!format!("{config:?}").contains(DATA_SECRET));
    // The one that signed tokens before is known to as many.
    let previous = [&secrets[..], &[("JWT_SECRET_PREVIOUS", DATA_SECRET)]].concat();
    assert!(problems(&previous)[0].starts_with("DATA_SECRET is the same as JWT_SECRET"));
}

#[test]
fn passkeys_are_of_a_domain_and_of_listed_origins() {
    for rp_id in ["localhost", "example.com", "xn--bcher-kva.example", "app.1.example"] {
        let config = read(&[("JWT_SECRET", SECRET), ("PASSKEY_RP_ID", rp_id)]).unwrap();
        assert_eq!(config.passkeys.unwrap().rp_id, rp_id);
    }
    let none = read(&[("JWT_SECRET", SECRET), ("PASSKEY_RP_ID", ""), ("ALLOWED_ORIGINS", "*")]).unwrap();
    assert!(none.passkeys.is_none());
    let any = [("JWT_SECRET", SECRET), ("PASSKEY_RP_ID", "example.com"), ("ALLOWED_ORIGINS", "*")];
    assert!(problems(&any)[0].starts_with("ALLOWED_ORIGINS is \"*\", and PASSKEY_RP_ID is set"));
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
        ("JWT_SECRET_PREVIOUS", "django-insecure-0123456789abcdefghi", true),
        ("JWT_SECRET_PREVIOUS", "012345678012345678012345678012345678", true),
        ("JWT_SECRET_PREVIOUS", "0123456789012345678901234567890123456789", false),
        ("DATA_SECRET", "012345678012345678012345678012345678", true),
        ("DATA_SECRET", DATA_SECRET, false),
    ] {
        let config = read(&[("JWT_SECRET", SECRET), (name, value)]).unwrap();
        assert_eq!(!config.warnings.is_empty(), is_weak, "{name}={value}");
    }
}

#[test]
fn breached_passwords_are_the_last_of_a_list() {
    let on = ("BREACHED_PASSWORDS", "on");
    let problem = r#"BREACHED_PASSWORDS is "on", and PASSWORD_BLOCKLIST is "off": set that to "refuse", or this to "off""#;
    assert_eq!(problems(&[("JWT_SECRET", SECRET), on]), [problem]);
    assert_eq!(problems(&[("JWT_SECRET", SECRET), on, ("PASSWORD_BLOCKLIST", "off")]), [problem]);
    let config = read(&[("JWT_SECRET", SECRET), on, ("PASSWORD_BLOCKLIST", "refuse")]).unwrap();
    let url = config.passwords.breached_passwords_url;
    assert_eq!(url.as_deref(), Some("https://api.pwnedpasswords.com/range/"));
    for url in [
        "https://mirror.example/",
        "https://mirror.example:8443/a/",
        "http://localhost:1/",
        "http://127.0.0.1/",
    ] {
        assert!(read(&[("JWT_SECRET", SECRET), ("BREACHED_PASSWORDS_URL", url)]).is_ok(), "{url}");
    }
}

#[test]
fn a_webhook_has_a_secret_and_shows_neither_that_nor_its_address() {
    let url = ("WEBHOOK_URL", "https://hooks.example/of-its-own?key=1");
    let secret = ("WEBHOOK_SECRET", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
    let previous = ("WEBHOOK_SECRET_PREVIOUS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let signs = |vars: &[(&str, &str)], keys: usize| {
        let config = read(&[&[("JWT_SECRET", SECRET)], vars].concat()).unwrap();
        assert_eq!(config.events.recording(), Recording::Sent);
        let shown = format!("{config:?}");
        for hidden in ["of-its-own", "AAECAwQ", "MfKQ9r8", "253, 4"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert_eq!(config.events.webhook.unwrap().keys.len(), keys);
    };
    signs(&[url, secret], 1);
    signs(&[url, secret, ("WEBHOOK_SECRET_PREVIOUS", "")], 1);
    signs(&[url, secret, previous], 2);
    for url in ["http://localhost:1", "http://127.0.0.1/hook", "https://hooks.example:8443?key=1"] {
        signs(&[("WEBHOOK_URL", url), secret], 1);
    }
    for vars in [&[url][..], &[url, ("WEBHOOK_SECRET", "")], &[url, previous]] {
        let problems = problems(&[&[("JWT_SECRET", SECRET)], vars].concat());
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("WEBHOOK_URL is set, and WEBHOOK_SECRET is not: "), "{problems:?}");
    }
    // Events would be gone before they are sent.
    for (days, is_good) in [("3", false), ("4", true)] {
        let config = read(&[("JWT_SECRET", SECRET), url, secret, ("EVENTS_DAYS", days)]);
        assert_eq!(config.is_ok(), is_good, "{days}");
    }
    // Between two deployments.
    for vars in [&[secret][..], &[secret, previous], &[("WEBHOOK_URL", ""), secret]] {
        let config = read(&[&[("JWT_SECRET", SECRET)], vars].concat()).unwrap();
        assert!(config.events.webhook.is_none());
    }
}

#[test]
fn events_are_kept_where_someone_reads_them() {
    let secret = ("JWT_SECRET", SECRET);
    for (vars, recording, days) in [
        (&[secret][..], Recording::Off, 400),
        (&[secret, ("EVENTS_DAYS", "")], Recording::Off, 400),
        (&[secret, ("EVENTS_DAYS", "1")], Recording::On, 1),
        (&[secret, ("DATA_SECRET", DATA_SECRET)], Recording::On, 400),
        (&[secret, ("DATA_SECRET", DATA_SECRET), ("EVENTS_DAYS", "3650")], Recording::On, 3_650),
    ] {
        let config = read(vars).unwrap();
        assert_eq!(
            (config.events.recording(), config.events.max_age),
            (recording, days * 86_400),
            "{vars:?}"
        );
    }
}

#[test]
fn good_origins_may_read_that_the_rest_is_wrong() {
    let error = read(&[("ALLOWED_ORIGINS", "*")]).unwrap_err();
    assert_eq!(error.cors, Cors::new(Origins::Any, &[]));
}
