//! Requests of staff with input of any kind.

use latchkey::auth::session::{Method, Proof, Session};
use latchkey::auth::token;

use crate::api::{self, Api as _, Request, SECRET};
use crate::fuzz::{send, split, texts, with_api};
use crate::host::NOW;

/// A request of a superuser as text: method and what follows `/api/admin/`, an empty line, the body. The superuser stays as they
/// are, and so does all that a refused request is about.
pub fn staff(input: &[u8]) {
    let (head, body) = split(input, b"\n\n");
    let head = String::from_utf8_lossy(head);
    let (method, rest) = head.split_once(' ').unwrap_or(("GET", &head));
    let proof = Proof { at: NOW, methods: vec![Method::Password, Method::TwoFactors] };
    let session = Session { sid: "staff".to_owned(), lifetime: 0, proof: Some(proof) };
    let token = token::issue(&api::keys(SECRET), 1, 0, &session, NOW, 60).unwrap();
    let mut call = Request::new(method, &["/api/admin/", rest].concat()).token(&token);
    if !body.is_empty() {
        call = call.json("").body(body);
    }
    with_api(|api| {
        api.platform.db.exec(
            "UPDATE users SET is_staff = 1, is_superuser = 1; \
             INSERT INTO users (id, username, email, password, created_at, updated_at) VALUES (2, 'other', 'other@x.io', '!hidden', 5, 5); \
             INSERT INTO credentials (id, user_id, type, key, secret, created_at) VALUES (7, 2, 'totp', '2', 'sealed', 5); \
             INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, purge_at) \
             VALUES (2, 'sid', 0, '[]', 5, 5, 5, 9999999999, 9999999999); \
             INSERT INTO events (at, type, user_id) VALUES (5, 'user.registered', 2)",
        );
        let state = |id: i64| {
            api.sql(&format!(
                "SELECT json_array(u.email, u.username, u.password, u.is_active, u.is_staff, u.is_superuser, u.token_version) \
                 || (SELECT count(*) FROM events) || (SELECT count(*) FROM credentials) FROM users AS u WHERE id = {id}"
            ))
        };
        let own = "SELECT json_array(email, username, password, is_active, is_staff, is_superuser, token_version) FROM users WHERE id = 1";
        let (before, of_caller) = (state(2), api.sql(own));
        let answer = send(api, &call);
        assert_eq!(api.sql(own), of_caller, "{call:?}");
        if answer.status >= 400 {
            assert_eq!(state(2), before, "{call:?}\n{answer:?}");
        }
        for secret in ["!hidden", "sealed"] {
            assert!(!answer.body.contains(secret), "{call:?}\n{answer:?}");
        }
    });
}

/// One of each operation.
pub fn seeds() -> Vec<Vec<u8>> {
    texts(&[
        "GET users?q=o&state=active&limit=1&after=ZW8",
        "GET users?q=2",
        "GET users/2",
        "PATCH users/2\n\n{\"user\":{\"active\":false,\"username\":\"x\",\"email\":\"y@x.io\",\"staff\":true,\"superuser\":false}}",
        "POST users\n\n{\"user\":{\"email\":\"new@x.io\",\"username\":\"new\"}}",
        "POST users/2/password-reset",
        "GET users/2/sessions",
        "DELETE users/2/sessions",
        "DELETE users/2/sessions/sid",
        "DELETE users/2/credentials/7",
        "DELETE users/2",
        "DELETE users/1",
        "GET events?user=2&type=user.registered&after=9&limit=1",
    ])
}
