//! What a copy of the database that lags behind may show, and to whom.
//!
//! D1 has no replicas locally; here one stands still until it is made again.

use super::Native;
use super::api::{self, Api as _, Request, Response};

/// The API, and the bookmark of a user's registration, after which the copy stands still.
fn lagging() -> (Native, String, String) {
    let api = Native::new(api::django());
    let token = api::register(&api, "known");
    let registered = api.send(&get(&token, None)).header("x-d1-bookmark").unwrap().to_owned();
    let copy = api.platform.db.copy();
    api.platform.replica.replace(Some(copy));
    (api, token, registered)
}

fn get(token: &str, bookmark: Option<&str>) -> Request {
    let call = Request::get("/api/user").token(token);
    bookmark.into_iter().fold(call, |call, bookmark| call.header("X-D1-Bookmark", bookmark))
}

fn put(api: &Native, token: &str, json: &str) -> Response {
    let answer = api.send(&Request::put(json).token(token));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

#[test]
fn a_client_that_hands_back_its_bookmark_reads_what_it_wrote() {
    let (api, token, registered) = lagging();
    let answer = put(&api, &token, r#"{"user":{"bio":"new"}}"#);
    let written = answer.header("x-d1-bookmark").unwrap();
    assert!(written > &*registered);
    for bookmark in [None, Some(&*registered), Some(""), Some("first-primary"), Some("g")] {
        let answer = api.send(&get(&token, bookmark));
        assert_eq!(answer.user("bio"), serde_json::Value::Null, "{bookmark:?}");
        assert_eq!(answer.header("x-d1-bookmark"), Some(&*registered), "{bookmark:?}");
    }
    let answer = api.send(&get(&token, Some(written)));
    assert_eq!(answer.user("bio"), "new");
    assert_eq!(answer.header("x-d1-bookmark"), Some(written));
    let head = api.send(&Request { method: "HEAD".to_owned(), ..get(&token, Some(written)) });
    assert_eq!(head.header("x-d1-bookmark"), Some(written));
}

#[test]
fn who_the_copy_does_not_know_yet_is_not_refused() {
    let (api, token, _) = lagging();
    let newcomer = api::register(&api, "newcomer");
    assert_eq!(api.send(&get(&newcomer, None)).user("username"), "newcomer");
    // A new password: tokens from now on have a version that the copy has not seen.
    let changed = put(&api, &token, r#"{"user":{"password":"another password"}}"#).token();
    let again = api.send(&api::login("known@x.io", "another password")).token();
    for token in [changed, again] {
        assert_eq!(api.send(&get(&token, None)).status, 200);
    }
    api.sql("UPDATE users SET is_active = 0");
    api.platform.replica.replace(Some(api.platform.db.copy()));
    api.sql("UPDATE users SET is_active = 1");
    assert_eq!(api.send(&get(&newcomer, None)).status, 200);
}

#[test]
fn a_bookmark_of_no_state_is_none() {
    let (api, token, _) = lagging();
    assert_eq!(api.send(&get(&token, Some("ffffffff-ffffffff"))).status, 200);
    assert_eq!(api.log(), [""; 0]);
}

#[test]
fn an_ended_session_may_read_until_the_copy_knows_and_nothing_else() {
    let (api, token, _) = lagging();
    let logout = api.send(&Request::new("POST", "/api/users/logout").token(&token));
    let ended = logout.header("x-d1-bookmark").unwrap();
    let stale = api.send(&get(&token, None));
    assert_eq!(stale.status, 200);
    assert_eq!(api.send(&get(&token, Some(ended))).status, 401);
    for token in [token.clone(), stale.token()] {
        for call in [
            Request::put(r#"{"user":{"bio":"x"}}"#),
            Request::put("{}"),
            Request::new("DELETE", "/api/user"),
            Request::new("POST", "/api/users/logout"),
            Request::new("POST", "/api/users/logout?scope=all"),
            Request::new("POST", "/api/users/logout?scope=nothing"),
        ] {
            assert_eq!(api.send(&call.token(&token)).status, 401);
        }
    }
    api.platform.replica.replace(Some(api.platform.db.copy()));
    for token in [token, stale.token()] {
        assert_eq!(api.send(&get(&token, None)).status, 401);
    }
}

#[test]
fn a_login_knows_the_password_of_now() {
    let (api, token, _) = lagging();
    put(&api, &token, r#"{"user":{"password":"another password"}}"#);
    assert_eq!(api.send(&api::login("known@x.io", "jakejake")).status, 400);
    assert_eq!(api.send(&api::login("known@x.io", "another password")).status, 200);
}

#[test]
fn without_read_replication_the_primary_is_asked_once_and_no_bookmark_given() {
    let mut vars = api::django();
    vars.remove("READ_REPLICATION");
    let api = Native::new(vars);
    let token = api::register(&api, "known");
    api.platform.replica.replace(Some(api.platform.db.copy()));
    let changed = put(&api, &token, r#"{"user":{"bio":"new"}}"#);
    let calls = || api.platform.db.calls.get();
    for (call, cost) in [
        (get(&token, None), 1),
        (get(&token, Some("00000000-00000001")), 1),
        (get(&api::token(&api, 99), None), 1),
    ] {
        let before = calls();
        let answer = api.send(&call);
        assert_eq!((calls() - before, answer.header("x-d1-bookmark")), (cost, None), "{call:?}");
        assert!(answer.status == 401 || answer.user("bio") == "new", "{answer:?}");
    }
    assert_eq!(changed.header("x-d1-bookmark"), None);
}
