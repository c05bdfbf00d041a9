//! Going on with a stolen token.

use crate::api::sessions::older;
use crate::api::{self, Api as _, Request, django};
use crate::server::Server;

#[test]
fn a_thief_who_polls_while_the_user_sets_a_new_password() {
    let api = Server::shared(django());
    let token = api::register(&api, "robbed");
    let [own, stolen] = [50, 40].map(|seconds| older(&api, &token, seconds));
    let get = |token: &str| api.send(&Request::get("/api/user").token(token));
    let polled = get(&stolen).token();
    let fresh = api.send(&Request::put(r#"{"user":{"password":"another password"}}"#).token(&own)).token();
    for (what, token) in [("the stolen token", &stolen), ("what it was answered with", &polled)] {
        println!("{what}, after a new password of the session that it is of: {}", get(token).status);
        assert_eq!(get(token).status, 401);
        let password = Request::put(r#"{"user":{"password":"of the thief"}}"#).token(token);
        assert_eq!(api.send(&password).status, 401);
    }
    // Even the very token is no way past the new password.
    let answer = get(&own);
    println!("the very token that set it, for ten seconds: {}, with itself", answer.status);
    assert_eq!(answer.token(), own);
    assert_eq!(get(&fresh).status, 200);
}

#[test]
fn sessions_that_end_while_their_requests_are_under_way() {
    let api = Server::shared(django());
    let token = api::register(&api, "racer");
    let mut calls: Vec<_> = (0..40)
        .map(|index| Request::put(&format!(r#"{{"user":{{"bio":"{index}"}}}}"#)).token(&token))
        .collect();
    calls.insert(20, Request::new("POST", "/api/users/logout").token(&token));
    let answers = api.send_at_once(&calls);
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    println!("40 updates and a logout at once: {} were in time, {} were refused", count(200), count(401));
    assert_eq!((count(204), count(200) + count(401)), (1, 40));
    assert_eq!(api.send(&Request::get("/api/user").token(&token)).status, 401);
    let bio = api.sql("SELECT bio FROM users WHERE username = 'racer'");
    for (call, answer) in calls.iter().zip(&answers) {
        let body = String::from_utf8_lossy(call.body.as_deref().unwrap_or_default());
        let is_stored = bio.as_ref().is_some_and(|bio| body.contains(&format!("\"{bio}\"")));
        assert!(!is_stored || answer.status == 200, "{body} was refused and stored");
    }
}
