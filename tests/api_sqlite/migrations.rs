//! Migrations of a database that has rows.

use latchkey::auth::session::Session;
use latchkey::auth::token;
use latchkey::jobs::purge;

use super::api::{self, Api as _, Request, SECRET};
use super::lockout::DAY;
use super::sqlite::Sqlite;
use super::{EVENTS, NOW, Native};

/// The longest token of the revoked session, in days.
const LONGEST: i64 = 400;

fn native(db: Sqlite) -> Native {
    let mut api = Native::new(api::django());
    api.platform.db = db;
    api
}

fn issued(user_id: i64, sid: &str, days: i64) -> String {
    let session = Session { sid: sid.to_owned(), lifetime: 0, proof: None };
    token::issue(&api::keys(SECRET), user_id, 0, &session, NOW, days * DAY).unwrap()
}

#[test]
fn a_session_that_was_revoked_before_0006_stays_so_until_its_last_token_expires() {
    let db = Sqlite::empty();
    db.migrate(..5);
    db.exec(&format!(
        "INSERT INTO users (id, username, email, password, created_at, updated_at) VALUES \
         (1, 'ada', 'ada@x.io', '!', 0, 0), (2, 'jake', 'jake@x.io', '!', 0, 0); \
         INSERT INTO revoked_sessions (user_id, sid, expires_at) VALUES (1, 'revoked', {last}), (1, 'next', {NOW}), \
         (2, 'jakes', {last}), (9, 'of a user who is gone', {last})",
        last = NOW + LONGEST * DAY
    ));
    db.migrate(5..);
    let api = native(db);
    assert_eq!(api.sql("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL").as_deref(), Some("4"));

    let status = |token: &str| api.send(&Request::get("/api/user").token(token)).status;
    let end = |sid: &str| {
        let path = format!("/api/user/sessions/{sid}");
        api.send(&Request::new("DELETE", &path).token(&issued(1, "good", 1))).status
    };
    for (user_id, sid, expected) in [
        (1, "revoked", 401),
        (1, "next", 401),
        (2, "jakes", 401),
        (1, "good", 200),
        (1, "jakes", 200),
        (2, "revoked", 200),
    ] {
        for _ in 0..2 {
            assert_eq!(status(&issued(user_id, sid, 1)), expected, "{user_id} {sid}");
        }
    }
    assert_eq!(end("revoked"), 404, "it is no active session");
    let listed = api.send(&Request::get("/api/user/sessions").token(&issued(1, "good", 1))).body;
    assert!(listed.contains(r#""id":"jakes""#) && !listed.contains("revoked"), "{listed}");

    // The purge, which looks at it for the first time here, and at the end of it.
    let last = issued(1, "revoked", LONGEST);
    for (seconds, left) in
        [(0, "1"), (LONGEST * DAY - 1, "1"), (LONGEST * DAY, "1"), (LONGEST * DAY + DAY, "0")]
    {
        api.platform.now.set(NOW + seconds);
        pollster::block_on(purge::run(&api.platform.db, EVENTS, NOW + seconds)).unwrap();
        let rows = "SELECT count(*) FROM sessions WHERE user_id = 1 AND sid = 'revoked'";
        assert_eq!(api.sql(rows).as_deref(), Some(left));
        assert_eq!(status(&last), 401, "{seconds}");
    }
}
