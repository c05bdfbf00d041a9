//! Second factors, of django-otp and django-allauth. The rows have the form of `dumpdata`; `tests/django/` imports real dumps.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{HASH, import, run, user, with};
use crate::command::Operator;
use crate::seals::{NEW, open, set_secrets};

/// The seed "12345678901234567890" of RFC 6238.
const HEX: &str = "3132333435363738393031323334353637383930";
const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const SEED: &[u8] = b"12345678901234567890";

fn device(user: i64) -> Value {
    json!({ "model": "otp_totp.totpdevice", "pk": 1, "fields": {
        "user": user, "name": "phone", "confirmed": true, "key": HEX, "step": 30, "t0": 0, "digits": 6, "tolerance": 1,
        "drift": 0, "last_t": 58_000_000, "created_at": "2026-01-02T03:04:05Z", "last_used_at": "2026-02-03T04:05:06Z",
        "throttling_failure_count": 0, "throttling_failure_timestamp": null,
    }})
}

fn authenticator(user: i64, of_type: &str, data: Value) -> Value {
    json!({ "model": "mfa.authenticator", "pk": 1, "fields": {
        "user": user, "type": of_type, "data": data, "created_at": "2026-01-02T03:04:05Z",
        "last_used_at": "2026-02-03T04:05:06.789Z",
    }})
}

fn stored(operator: &Operator) -> String {
    operator.sql(
        "SELECT ifnull(group_concat(concat_ws(' ', user_id, type, key, counter, created_at, ifnull(used_at, '-'), \
         ifnull(token_version, '-'), id > 0 AND id < 1 << 53), ', '), '') FROM (SELECT * FROM credentials ORDER BY user_id)",
    )
}

fn with_secret() -> Operator {
    let operator = Operator::new();
    set_secrets(&operator, Some(NEW), None);
    operator
}

/// Users of these ids.
fn users(ids: impl IntoIterator<Item = i64>) -> Vec<Value> {
    ids.into_iter().map(|id| user(id, &format!("u{id}"), &format!("u{id}@example.com"))).collect()
}

/// Warning that some users lose their app.
fn unverified(users: &str) -> String {
    format!(
        "{users} with an authenticator app never had a verified email here, and lose the app at their first password reset: \
         whoever proves a mailbox first owns the account. Where you know that both are theirs, run \
         'users verify --with-credentials'\n"
    )
}

#[test]
fn authenticator_apps_come_along_sealed() {
    let operator = with_secret();
    let mut objects = users(1..=3);
    objects[2] = with(objects[2].clone(), "is_staff", true.into());
    objects.extend([
        with(device(1), "drift", (-2).into()),
        authenticator(2, "totp", json!({ "secret": BASE32 })),
        authenticator(3, "totp", json!({ "secret": BASE32.to_lowercase() })),
        json!({ "model": "account.emailaddress", "pk": 1, "fields": {
            "user": 2, "email": "u2@example.com", "verified": true, "primary": true } }),
    ]);
    let outcome = import(&operator, &objects, &[]);
    assert_eq!(outcome.stdout, "3 users imported (1 with a verified email, 3 with an authenticator app)\n");
    // Staff keep theirs.
    let drift = "note: row 4 (id 1): drift is more than a step, so codes are refused until the clock of this device is right: \
                 \"-2\"\n";
    assert_eq!(outcome.stderr, [drift, &unverified("1 user")].concat());
    assert_eq!(
        stored(&operator),
        "1 totp 1 58000000 1767323045 1770091506 - 1, 2 totp 2 59003050 1767323045 1770091506 - 1, \
         3 totp 3 59003050 1767323045 1770091506 - 1"
    );
    assert!((1..=3).all(|id| open(&operator, NEW, id).as_deref() == Some(SEED)));
    // Once more, and nobody gets one back who has removed it.
    operator.database().execute("DELETE FROM credentials WHERE user_id = 1", []).unwrap();
    assert_eq!(import(&operator, &objects, &[]).stdout, "nothing to import: 3 users already exist\n");
    assert_eq!(operator.sql("SELECT count(*) FROM credentials"), "2");
}

#[test]
fn what_can_not_come_along_is_counted() {
    let operator = with_secret();
    let mut objects = users(1..=9);
    let static_device = |user: i64| {
        json!({ "model": "otp_static.staticdevice", "pk": user, "fields": {
        "user": user, "name": "backup", "confirmed": true } })
    };
    let token =
        json!({ "model": "otp_static.statictoken", "pk": 1, "fields": { "device": 1, "token": "abcdefgh" } });
    objects.extend([
        with(device(1), "digits", 8.into()),
        with(device(2), "step", 60.into()),
        with(device(3), "t0", 30.into()),
        with(device(4), "key", "31".into()),
        with(device(5), "confirmed", false.into()),
        authenticator(6, "totp", json!({ "secret": "gAAAAABn-encrypted_8==" })),
        authenticator(6, "recovery_codes", json!({ "seed": "00", "used_mask": 0 })),
        authenticator(7, "webauthn", json!({ "name": "key", "credential": {} })),
        // Two that work, and one that does not: the last used is kept.
        device(8),
        with(with(device(8), "last_t", 58_000_001.into()), "key", HEX.replace("31", "41").into()),
        with(device(8), "digits", 8.into()),
        static_device(8),
        token,
        device(77),
    ]);
    let outcome = import(&operator, &objects, &[]);
    assert_eq!(outcome.stdout, "9 users imported (1 with an authenticator app)\n");
    let not = "so this authenticator app is not imported";
    let expected = [
        format!("note: row 10 (id 1): digits is not 6, {not}: \"8\"\n"),
        format!("note: row 11 (id 2): step is not 30, {not}: \"60\"\n"),
        format!("note: row 12 (id 3): t0 is not 0, {not}: \"30\"\n"),
        format!("note: row 13 (id 4): key has a seed of fewer than 16 bytes or more than 64, {not}\n"),
        format!("note: row 15 (id 6): data has no seed that can be read, {not}\n"),
        format!("note: row 20 (id 8): digits is not 6, {not}: \"8\"\n"),
        "not imported, being no users, with the number of rows: otp_static.statictoken (1)\n".to_owned(),
        "not imported, as noted above: the authenticator app of 5 users, who then log in without a second step\n".to_owned(),
        "not imported: all authenticator apps of 1 user but the one that was used last\n".to_owned(),
        "not imported, being shorter than the ones here: the recovery codes of 2 users; tell them to make new ones\n".to_owned(),
        "not imported: the passkeys and security keys of 1 user; tell them to add new ones\n".to_owned(),
        unverified("1 user"),
    ];
    assert_eq!(outcome.stderr, expected.concat());
    assert_eq!(operator.sql("SELECT group_concat(user_id || ' ' || counter) FROM credentials"), "8 58000001");
    assert_eq!(open(&operator, NEW, 8).as_deref(), Some(&b"A234567890A234567890"[..]));
    for hidden in [HEX, BASE32, "gAAAAA", "abcdefgh"] {
        assert!(!outcome.stderr.contains(hidden));
    }
}

#[test]
fn without_the_secret_nothing_is_sealed_and_that_is_told() {
    let operator = Operator::new();
    let objects = [users(1..=2), vec![device(1)]].concat();
    let advice = "not imported, since DATA_SECRET is not set: the authenticator apps of 1 user, who then log in without a second \
                  step. Set it first: no later import adds them\n";
    let dry = import(&operator, &objects, &["--dry-run"]);
    assert_eq!((&*dry.stdout, &*dry.stderr), ("2 users would be imported\n", advice));
    let told: Value = serde_json::from_str(&import(&operator, &objects, &["--json"]).stdout).unwrap();
    assert_eq!(
        (&told["authenticator_apps"], &told["left_out_factors"], &told["unverified_with_app"]),
        (&json!(0), &json!({ "no_data_secret": 1 }), &json!(0))
    );
    assert_eq!(stored(&operator), "");
    // Nothing needs it.
    let operator = Operator::new();
    assert_eq!(import(&operator, &users(1..=2), &[]).stderr, "");
}

#[test]
fn apps_are_read_from_a_sqlite_file_too() {
    let operator = with_secret();
    Connection::open(operator.path("db.sqlite3"))
        .unwrap()
        .execute_batch(&format!(
            "CREATE TABLE auth_user (id integer NOT NULL PRIMARY KEY, password text, username text, email text,
               date_joined datetime);
             CREATE TABLE otp_totp_totpdevice (id integer NOT NULL PRIMARY KEY, name text, confirmed bool, key text,
               step integer, t0 integer, digits integer, last_t integer, user_id integer);
             CREATE TABLE mfa_authenticator (id integer NOT NULL PRIMARY KEY, type text, data text, user_id integer,
               created_at datetime, last_used_at datetime);
             INSERT INTO auth_user VALUES (4, '{HASH}', 'anna', 'anna@example.com', '2026-01-02 03:04:05'),
               (5, '{HASH}', 'bo', 'bo@example.com', '2026-01-02 03:04:05');
             INSERT INTO otp_totp_totpdevice VALUES (1, 'phone', 1, '{HEX}', 30, 0, 6, -1, 4);
             INSERT INTO mfa_authenticator VALUES (1, 'totp', '{{\"secret\": \"{BASE32}\"}}', 5,
               '2026-01-02 03:04:05.678', NULL);"
        ))
        .unwrap();
    let outcome = run(&operator, &["db.sqlite3"]);
    assert_eq!(outcome.stdout, "2 users imported (2 with an authenticator app)\n");
    assert_eq!(outcome.stderr, unverified("2 users"));
    let recent = "SELECT abs(unixepoch() - created_at) < 60 AND counter = 0 AND used_at IS NULL FROM credentials WHERE user_id = 4";
    assert_eq!(operator.sql(recent), "1");
    assert_eq!(
        operator.sql("SELECT created_at || ' ' || counter FROM credentials WHERE user_id = 5"),
        "1767323045 0"
    );
    assert!([4, 5].iter().all(|id| open(&operator, NEW, *id).as_deref() == Some(SEED)));
}

/// A run that is interrupted leaves no user without their app.
#[test]
fn a_user_and_their_app_are_written_together() {
    let operator = with_secret();
    let meddle = "CREATE TRIGGER meddle BEFORE INSERT ON credentials WHEN new.user_id = 1500 BEGIN SELECT raise(ABORT, 'stop'); END";
    operator.database().execute_batch(meddle).unwrap();
    let objects: Vec<Value> = users(1..=1_600).into_iter().chain((1..=1_600).map(device)).collect();
    let failed = import(&operator, &objects, &[]);
    assert_eq!((failed.status, &*failed.stderr), (1, "latchkey: stop: run this again to import the rest\n"));
    let counts = "SELECT (SELECT count(*) FROM users) || ' ' || (SELECT count(*) FROM credentials)";
    assert_eq!(operator.sql(counts), "999 999"); // the first batch raises the next id too
    operator.database().execute_batch("DROP TRIGGER meddle").unwrap();
    assert_eq!(import(&operator, &objects, &[]).status, 0);
    assert_eq!(operator.sql(counts), "1600 1600");
    assert!([1, 999, 1_000, 1_600].iter().all(|id| open(&operator, NEW, *id).as_deref() == Some(SEED)));
}
