//! `createsuperuser --totp`

use latchkey::auth::second_factor::Code;
use latchkey::auth::totp::base32;
use serde_json::json;

use super::SUPERUSER;
use crate::command::{LOCAL, Operator};
use crate::seals::{LOST, NEW, OLD, insert, open, set_secrets};

#[test]
fn a_superuser_has_an_app_and_recovery_codes_from_the_start() {
    let operator = Operator::new();
    set_secrets(&operator, Some(NEW), None);
    // Its id was given out, and is not given out again.
    operator.database().execute("INSERT INTO sqlite_sequence VALUES ('users', 41)", []).unwrap();
    let outcome = operator.run_with(&[&SUPERUSER[..], &["--totp"]].concat(), "correct horse", &[]);
    assert_eq!((outcome.status, &*outcome.stderr), (0, LOCAL));
    let secret = base32(&open(&operator, NEW, 42).unwrap());
    assert_eq!(secret.len(), 32);
    let (app, codes) =
        outcome.stdout.split_once("Recovery codes, each for one login without the app:\n").unwrap();
    assert_eq!(
        app,
        format!(
            "Superuser created successfully. Their id is 42.\n\nAuthenticator app, shown only now. As a QR code, or typed:\n  \
             otpauth://totp/Latchkey:Ada%40example.com?secret={secret}&issuer=Latchkey\n  {secret}\n\n"
        )
    );
    let stored =
        "SELECT json_group_array(key ORDER BY key) FROM credentials WHERE type = 'recovery' AND user_id = 42";
    let mut hashes: Vec<_> = codes
        .lines()
        .map(|code| match Code::read(code) {
            Code::Recovery(hash) => hash,
            other => panic!("{other:?}"),
        })
        .collect();
    hashes.sort();
    assert_eq!((hashes.len(), operator.sql(stored)), (8, json!(hashes).to_string()));
    let totp = "SELECT concat_ws(' ', user_id, key, counter, token_version IS NULL, used_at IS NULL) FROM credentials \
                WHERE type = 'totp'";
    assert_eq!(operator.sql(totp), "42 42 0 1 1");
    let events = "SELECT group_concat(concat_ws(' ', type, user_id, detail)) FROM events";
    assert_eq!(
        operator.sql(events),
        "user.registered 42,user.verified 42,staff.granted 42 staff,staff.granted 42 superuser,credential.added 42 totp"
    );
    assert_eq!(operator.sql("SELECT concat(id, email_verified, is_superuser) FROM users"), "4211");
}

#[test]
fn it_needs_the_secret_of_the_worker() {
    let operator = Operator::new();
    let run = |remote: &[&str]| {
        let outcome =
            operator.run_with(&[&SUPERUSER[..], &["--totp"], remote].concat(), "correct horse", &[]);
        assert_eq!((outcome.status, &*outcome.stdout), (1, ""));
        outcome.stderr.trim_start_matches(LOCAL).to_owned()
    };
    assert_eq!(
        run(&[]),
        "latchkey: --totp needs DATA_SECRET, which is not set: docs/credentials.md; no superuser was created\n"
    );
    assert_eq!(
        run(&["--remote"]),
        "latchkey: --totp needs the deployed DATA_SECRET, which can't be read back: pass it in the environment; no superuser \
         was created\n"
    );
    set_secrets(&operator, Some(LOST), None);
    insert(&operator, OLD, [8, 9]);
    assert_eq!(
        run(&[]),
        "latchkey: this DATA_SECRET opens no stored seed, so it is not the Worker's; no superuser was created\n"
    );
    assert_eq!(operator.sql("SELECT count(*) FROM users"), "0");
    // One that sealed some of them, or is the next one, is.
    set_secrets(&operator, Some(NEW), Some(OLD));
    let outcome = operator.run_with(&[&SUPERUSER[..], &["--totp"]].concat(), "correct horse", &[]);
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert!(open(&operator, NEW, 1).is_some());
}

/// Taken, as with `createsuperuser` alone.
#[test]
fn what_is_taken_is_reported() {
    let operator = Operator::new();
    set_secrets(&operator, Some(NEW), None);
    let superuser = [&SUPERUSER[..], &["--totp"]].concat();
    assert_eq!(operator.run_with(&superuser, "correct horse", &[]).status, 0);
    let again = operator.run_with(&superuser, "correct horse", &[]);
    assert!(again.stderr.contains("email: user with this email already exists."), "{}", again.stderr);
    assert_eq!(operator.sql("SELECT count(*) FROM credentials"), "9");
}
