//! Bodies that are held back or break off, and heads without end.

use crate::api::{self, Api as _, Request, django, realworld};
use crate::server::Server;

fn with(call: Request, body: &str) -> Request {
    call.header("X-Body", body)
}

#[test]
fn a_body_that_is_held_back_or_breaks_off() {
    for (vars, late, broken) in [
        (
            django(),
            (408, r#"{"user":{"detail":"Request body timed out."}}"#),
            (400, r#"{"user":{"detail":"JSON parse error - the body broke off at line 1 column 0"}}"#),
        ),
        (
            realworld(),
            (408, r#"{"errors":{"body":["timed out"]}}"#),
            (422, r#"{"errors":{"body":["is not valid JSON"]}}"#),
        ),
    ] {
        let api = Server::new(Some("tests/api_workerd/bodies.mjs"), &vars);
        let token = api::register(&api, "held");
        for call in [
            Request::post("/api/users/login", ""),
            Request::post("/api/users", ""),
            Request::put("").token(&token),
        ] {
            let answer = api.send(&with(call.clone(), "held"));
            println!("{} {} whose body is held back: {}", call.method, call.path, answer.status);
            answer.is(late.0, late.1);
            api.send(&with(call.clone(), "broken")).is(broken.0, broken.1);
            // One that trickles gets no longer than one that stands still; one that arrives in parts is whole.
            api.send(&with(call, "trickling")).is(late.0, late.1);
        }
        let parts = api.send(&with(api::login("held@x.io", "jakejake"), "parts"));
        assert_eq!(parts.status, 200, "{}", parts.body);
        // The media type comes before what is in the body.
        let text = Request::new("POST", "/api/users").header("Content-Type", "text/plain").body("");
        assert_eq!(api.send(&with(text, "broken")).status, 415);
        assert!(!api.log().iter().any(|line| line.contains("\"level\":\"error\"")), "{:?}", api.log());
    }
}

#[test]
fn more_held_bodies_than_may_wait_with_large_heads() {
    let api = Server::new(Some("tests/api_workerd/bodies.mjs"), &django());
    let token = api::register(&api, "queue");
    let answer = api.send_unchecked(&Request::get("/api/user").token(&token).header("X-Body", "flood"));
    println!(
        "a read that waits for the database, and 4,200 held bodies with 20 KB of headers: {}",
        answer.body
    );
    assert_eq!(answer.body, r#"{"read":200,"held":{"408":4200}}"#);
    assert!(!api.log().iter().any(|line| line.contains("\"level\":\"error\"")), "{:?}", api.log());
}

#[test]
fn more_bytes_of_held_bodies_than_may_be_held() {
    let api = Server::new(Some("tests/api_workerd/bodies.mjs"), &django());
    api::register(&api, "memory");
    let answer = api.send_unchecked(&with(api::login("memory@x.io", "jakejake"), "memory"));
    println!("700 held bodies of 60 KB, and a whole one: {}", answer.body);
    // As many are evicted as do not fit, the second time too: what broke off or was answered holds nothing.
    let round = r#"{"brokenOff":{"400":500},"evicted":141,"whole":200,"held":{"408":700}}"#;
    assert_eq!(answer.body, format!("[{round},{round}]"));
}

#[test]
fn a_request_whose_client_has_left_is_dropped() {
    let api = Server::new(Some("tests/api_workerd/bodies.mjs"), &django());
    let token = api::register(&api, "left");
    let update = Request::put(r#"{"user":{"bio":"x"}}"#).token(&token);
    // It had been read by then, and nothing more was done.
    let answer = api.send_unchecked(&with(update, "left"));
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":499,"statements":1}"#));
    assert_eq!(api.sql("SELECT bio FROM users"), None);
    assert!(!api.log().iter().any(|line| line.contains("\"level\":\"error\"")), "{:?}", api.log());
}

/// Else a thief of a token could use it and stay off the list of sessions.
#[test]
fn a_client_that_leaves_with_the_answer_is_recorded_all_the_same() {
    let api = Server::new(Some("tests/api_workerd/bodies.mjs"), &django());
    api::register(&api, "thief");
    let recorded = |api: &Server| api.sql("SELECT count(*) FROM sessions").unwrap();
    let tries = (0..500).map(|_| recorded(&api));
    assert!(tries.into_iter().any(|count| count == "1"));
    let answer = api.send(&with(api::login("thief@x.io", "jakejake"), "left afterwards"));
    assert_eq!((answer.status, recorded(&api)), (200, "2".to_owned()));
}

#[test]
fn heads_without_end() {
    let api = Server::shared(django());
    let token = api::register(&api, "heads");
    let get = |path: String| Request::get(&path).token(&token);
    let long = "x".repeat(10_000);
    // A URL that is too long is none of ours; a value that is clipped is not what it was.
    assert_eq!(api.send(&get(format!("/api/user?{}", &long[..1_900]))).status, 200);
    api.send(&get(format!("/api/user?{long}"))).is(404, r#"{"errors":{"error":["Not found."]}}"#);
    api.send(&Request::new("POST", &format!("/api/users/logout?scope=local&{long}&scope=all")).token(&token))
        .is(404, r#"{"errors":{"error":["Not found."]}}"#);
    assert_eq!(api.send(&Request::get("/api/user").token(&format!("{token}{long}"))).status, 401);
    let media_type = Request::new("POST", "/api/users").header("Content-Type", &long).body("{}");
    let shown = format!("Unsupported media type \\\"{}\\\" in request.", &long[..512]);
    api.send(&media_type).is(415, &format!(r#"{{"user":{{"detail":"{shown}"}}}}"#));
    for name in ["Origin", "X-D1-Bookmark", "CF-Connecting-IP", "If-None-Match", "X-Other"] {
        assert_eq!(
            api.send(&Request::get("/api/user").token(&token).header(name, &long)).status,
            200,
            "{name}"
        );
    }
    println!("10 KB in each header, and in the URL: clipped, or 404");
}
