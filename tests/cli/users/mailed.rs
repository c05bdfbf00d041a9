//! Mailed secrets and limits of mail, as the Worker's statements see them after the operator's.

use std::cell::Cell;

use latchkey::auth::single_use::SingleUseKey;
use latchkey::config::Config;
use latchkey::store::secrets::{self, LimitKeys, Purpose, Recipient};
use latchkey::store::{Db, DbError, Param, Row, Value, email};
use rusqlite::Connection;
use rusqlite::types::Value as Column;

use super::{error_of, output_of, with_users};
use crate::command::{Operator, SECRET};

const HERE: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.1";

/// A local database, without the command.
struct Sqlite(Connection);

impl Db for Sqlite {
    async fn first(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, DbError> {
        let params = params.iter().map(|param| match param {
            Param::Null => Column::Null,
            Param::Integer(integer) => Column::Integer(*integer),
            Param::Text(text) => Column::Text((*text).to_owned()),
        });
        let mut statement = self.0.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params)).unwrap();
        let Some(row) = rows.next().unwrap() else { return Ok(None) };
        let column = |index| match row.get(index).unwrap() {
            Column::Integer(integer) => Value::Integer(integer),
            Column::Text(text) => Value::Text(text.into()),
            _ => Value::Null,
        };
        let row = Row::new((0..columns).map(column).collect());
        assert!(rows.next().unwrap().is_none());
        Ok(Some(row))
    }
}

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

fn key() -> SingleUseKey {
    let variable = |name: &str| match name {
        "JWT_SECRET" => Some(SECRET),
        "MAIL_FROM" => Some("a@x.io"),
        "APP_URL" => Some("https://x.io"),
        "EMAIL" => Some(""),
        _ => None,
    };
    Config::from_vars(|name| variable(name).map(str::to_owned)).unwrap().single_use
}

fn limits(email: &str, client_ip: &str) -> LimitKeys {
    key().limits(email, client_ip, None)
}

/// Issues a secret to the user with id 1, which must be allowed, and returns its link.
fn issue(operator: &Operator, purpose: Purpose, email: &str, at: i64) -> String {
    thread_local!(static DRAWN: Cell<u8> = const { Cell::new(0) });
    let fill = |bytes: &mut [u8]| {
        DRAWN.set(DRAWN.get() + 1);
        bytes.fill(DRAWN.get());
        Ok::<_, ()>(())
    };
    let (new, mailed) = key().draw(purpose, limits(email, HERE), fill).unwrap();
    let database = Sqlite(operator.database());
    let issued = match purpose {
        Purpose::EmailVerification => {
            let recipient = Recipient { user_id: 1, email: email.to_owned() };
            pollster::block_on(secrets::issue_verification(&database, &new, &recipient, at))
        }
        _ => pollster::block_on(secrets::issue(&database, &new, email, at)),
    };
    assert!(issued.unwrap().is_some_and(|issued| issued.recipient.is_some()), "{purpose:?}");
    mailed.link
}

fn is_good(operator: &Operator, purpose: Purpose, link: &str) -> bool {
    let database = Sqlite(operator.database());
    let sent = key().read(link).unwrap();
    pollster::block_on(secrets::find(&database, purpose, &sent, None, now())).unwrap().is_some()
}

fn wait(operator: &Operator, email: &str, client_ip: &str) -> i64 {
    let (database, limits) = (Sqlite(operator.database()), limits(email, client_ip));
    pollster::block_on(secrets::wait_for(&database, Purpose::PasswordReset, &limits, now())).unwrap()
}

const VERIFIED: &str =
    "UPDATE users SET email_verified = 1, verified_at = 5, pending_email = 'new@example.com' WHERE id = 1";

/// "What ends what" of the contract.
#[test]
fn what_was_mailed_ends_with_what_it_was_for() {
    let all = "reset sign_in verification ";
    let state = "SELECT concat_ws(' ', token_version, email_verified, ifnull(verified_at, '-'), ifnull(pending_email, '-')) \
                 FROM users WHERE id = 1";
    for (arguments, left, after) in [
        (&["edit", "1", "--email", "ada@example.com", "--bio", "x"][..], all, "0 1 5 new@example.com"),
        (&["edit", "1", "--username", "adele"], all, "0 1 5 new@example.com"),
        (&["set-staff", "1", "--staff", "true", "--yes"], all, "0 1 5 new@example.com"),
        (&["unlock", "1"], all, "0 1 5 new@example.com"),
        (&["set-password", "1", "--password-stdin"], "verification ", "1 1 5 new@example.com"),
        (&["logout", "1"], "verification ", "1 1 5 new@example.com"),
        (&["deactivate", "1"], "", "1 1 5 -"),
        (&["edit", "1", "--email", "Ada@example.com"], "", "1 0 5 -"),
        (&["edit", "1", "--email", "new@example.com"], "", "1 0 5 -"),
    ] {
        let operator = with_users(&["ada", "jake"]);
        operator.database().execute(VERIFIED, []).unwrap();
        let secrets = [
            (Purpose::PasswordReset, "ada@example.com", 180),
            (Purpose::SignIn, "ada@example.com", 90),
            (Purpose::EmailVerification, "new@example.com", 0),
        ]
        .map(|(purpose, email, ago)| (purpose, issue(&operator, purpose, email, now() - ago)));
        let others = "SELECT group_concat(concat_ws(' ', email_verified, email_version, reset_version, token_version)) \
                      FROM users WHERE id = 2";
        let outcome = operator.run_with(&[&["users"], arguments].concat(), "correct horse\n", &[]);
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        assert_eq!(operator.sql(state), after, "{arguments:?}");
        // Nothing comes back with the account, or with the email.
        output_of(&operator, &["users", "activate", "1"]);
        let good = secrets.iter().filter(|(purpose, link)| is_good(&operator, *purpose, link));
        let good: String = good.map(|(purpose, _)| format!("{} ", purpose.name())).collect();
        assert_eq!(good, left, "{arguments:?}");
        if after.ends_with("0 5 -") {
            output_of(&operator, &["users", "edit", "1", "--email", "ada@example.com"]);
            assert!(secrets.iter().all(|(purpose, link)| !is_good(&operator, *purpose, link)));
        }
        assert_eq!(operator.sql(others), "0 0 0 0");
    }
}

#[test]
fn a_verified_email_ends_its_verification() {
    let operator = with_users(&["ada", "jake"]);
    let secrets = [
        (Purpose::PasswordReset, 180, true),
        (Purpose::SignIn, 90, true),
        (Purpose::EmailVerification, 0, false),
    ]
    .map(|(purpose, ago, stays)| (purpose, issue(&operator, purpose, "ada@example.com", now() - ago), stays));
    assert!(secrets.iter().all(|(purpose, link, _)| is_good(&operator, *purpose, link)));
    let message = "The email of user 1 (ada@example.com, \"ada\") is verified.\n";
    assert_eq!(output_of(&operator, &["users", "verify", "ada"]), message);
    for (purpose, link, stays) in &secrets {
        assert_eq!(is_good(&operator, *purpose, link), *stays, "{purpose:?}");
    }
    let state = "SELECT concat_ws(' ', token_version, email_verified, abs(unixepoch() - verified_at) < 60, \
                 updated_at > created_at) FROM users WHERE id = 1";
    operator.database().execute("UPDATE users SET created_at = 0", []).unwrap();
    assert_eq!(operator.sql(state), "0 1 1 1");
    let error =
        "latchkey: the email of user 1 (ada@example.com, \"ada\") is verified already; nothing was changed\n";
    assert_eq!(error_of(&operator, &["users", "verify", "ada"], ""), error);
    // The time of the first verification of any address stays.
    operator.database().execute("UPDATE users SET verified_at = 5", []).unwrap();
    output_of(&operator, &["users", "edit", "ada", "--email", "ada@example.org"]);
    output_of(&operator, &["users", "verify", "ada"]);
    assert_eq!(operator.sql("SELECT email_verified || verified_at FROM users WHERE id = 1"), "15");
    assert_eq!(operator.sql("SELECT email_verified || email_version FROM users WHERE id = 2"), "00");
}

#[test]
fn limits_of_mail_are_lifted_for_the_user_and_not_for_the_network() {
    let operator = with_users(&["ada"]);
    operator.database().execute(VERIFIED, []).unwrap();
    let link = issue(&operator, Purpose::EmailVerification, "new@example.com", now());
    issue(&operator, Purpose::PasswordReset, "ada@example.com", now());
    let nobody = "INSERT INTO secrets (id, purpose, account, network, user_id, email, version, token_hash, code_hash, created_at, \
                  code_expires_at, expires_at, purge_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, '', '', ?7, ?7, ?7, ?7 + 86400)";
    let insert = |id: &str, email: &str, client_ip: &str, user_id: Option<i64>| {
        let LimitKeys { account, network, .. } = limits(email, client_ip);
        let purpose = if user_id.is_some() { "verification" } else { "reset" };
        let params = (id, purpose, account, network, user_id, user_id.map(|_| email), now());
        assert_eq!(operator.database().execute(nobody, params).unwrap(), 1);
    };
    for index in 0..5 {
        insert(&format!("v{index}"), &format!("{index}@example.com"), ELSEWHERE, Some(1));
    }
    let wait_for_new = |email: &str| {
        let database = Sqlite(operator.database());
        pollster::block_on(email::wait_for_new_address(&database, 1, email, now())).unwrap()
    };
    insert("other", "jake@example.com", ELSEWHERE, None);
    assert!(["ada", "new", "jake", "0"].iter().all(|name| wait(
        &operator,
        &format!("{name}@example.com"),
        ""
    ) > 0));
    assert!(wait_for_new("other@example.com") > 0);
    let message = "Limits of mail no longer count 2 requests for mail to ada@example.com and new@example.com.\n\
                   Limits of mail no longer count 5 addresses that the user gave up.\n";
    assert_eq!(output_of(&operator, &["users", "unlock", "ada"]), message);
    for (name, is_free) in [("ada", true), ("new", true), ("jake", false), ("0", false)] {
        assert_eq!(wait(&operator, &format!("{name}@example.com"), "") <= 0, is_free, "{name}");
    }
    assert!(wait_for_new("other@example.com") <= 0);
    assert!(is_good(&operator, Purpose::EmailVerification, &link));
    let message =
        "No failed logins and no requests for mail are recorded for ada@example.com; nothing was changed.\n";
    assert_eq!(output_of(&operator, &["users", "unlock", "ada"]), message);

    // The requests that were lifted count for their network. The command itself needs no transport.
    operator
        .write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\nMAIL_FROM=a@x.io\nAPP_URL=https://x.io\n"));
    for index in 0..28 {
        insert(&format!("n{index}"), &format!("n{index}@example.com"), HERE, None);
    }
    assert!(wait(&operator, "ada@example.com", HERE) > 0);
    assert!(wait(&operator, "ada@example.com", ELSEWHERE) <= 0);
    output_of(&operator, &["users", "unlock", "n0@example.com"]);
    assert!(wait(&operator, "n0@example.com", HERE) > 0);
    assert!(wait(&operator, "n0@example.com", ELSEWHERE) <= 0);
}
