//! What only workerd can prove; `tests/api` proves there how D1 decodes numbers, NULL and
//! broken constraints, and how answers without a body arrive.

use serde_json::{Value, json};

use crate::api::receiver::CURRENT;
use crate::api::{self, Api as _, Request, Vars, django};
use crate::server::Server;

#[test]
fn a_full_strength_hash_is_computed() {
    let api = Server::shared(Vars::from([("JWT_SECRET", api::SECRET)]));
    api::register(&api, "strong");
    let stored = api.sql("SELECT password FROM users WHERE username = 'strong'");
    assert!(stored.unwrap().starts_with("pbkdf2_sha512$220000$"));
    let login = r#"{"user":{"email":"strong@x.io","password":"jakejake"}}"#;
    let answer = api.send(&Request::post("/api/users/login", login));
    answer.is_user(200, r#""strong@x.io""#, r#""strong""#, "null", "null");
}

#[test]
fn a_panic_is_told_once_and_every_request_that_it_breaks_gets_an_answer() {
    let api = Server::new(Some("tests/api_workerd/panic.mjs"), &django());
    let token = api::register(&api, "panic");
    api::register(&api, "unusable");
    api.sql("UPDATE users SET password = 'x' WHERE username = 'unusable'"); // a login warns of it in the log

    let answer = api.send_unchecked(&api::login("unusable@x.io", "jakejake").header("X-Break", &token));
    let fault = r#"[500,"{\"errors\":{\"error\":[\"A server error occurred.\"]}}"]"#;
    assert_eq!(answer.body, format!("[{fault},{fault}]"));
    let log = api.log();
    let panics = log.iter().filter(|line| line.starts_with("panicked at "));
    assert_eq!(panics.count(), 1, "{log:?}");
    assert_eq!(log.iter().filter(|line| line.contains(r#""event":"internal_error""#)).count(), 2, "{log:?}");

    let read = api.send(&Request::get("/api/user").token(&token));
    read.is_user(200, r#""panic@x.io""#, r#""panic""#, "null", "null");
    assert_eq!(api.send(&api::login("panic@x.io", "jakejake")).status, 200);
}

#[test]
fn a_request_to_another_server_follows_no_redirect_and_its_address_is_not_logged() {
    let mut vars = django();
    vars.extend([("PASSWORD_BLOCKLIST", "refuse"), ("BREACHED_PASSWORDS", "on")]);
    let api = Server::new(Some("tests/api_workerd/outgoing.mjs"), &vars);
    api::register(&api, "out1");
    api::register(&api, "out2");
    let log = api.log();
    let sent: Vec<_> = log.iter().filter(|line| line.starts_with("fetch: ")).collect();
    assert_eq!(sent, ["fetch: GET https://api.pwnedpasswords.com, redirect manual"; 2]);
    for cause in ["status 302", "TypeError: no way to …"] {
        let line = format!(r#""event":"breach_check_failed","cause":"{cause}""#);
        assert!(log.iter().any(|logged| logged.contains(&line)), "{log:?}");
    }
}

#[test]
fn the_webhook_follows_no_redirect_and_its_address_is_not_logged() {
    let mut vars = api::with_mail();
    vars.extend([("WEBHOOK_URL", "https://HOOKS.example:443/of-its-own"), ("WEBHOOK_SECRET", CURRENT)]);
    let api = Server::new(Some("tests/api_workerd/outgoing.mjs"), &vars);
    api::register(&api, "hooked");
    api.mails("nobody@x.io"); // all is done by then that follows the response
    api.sql("UPDATE events SET due_at = 0");
    assert_eq!(api.scheduled()["outcome"], "ok");
    let log = api.log();
    let sent: Vec<_> = log.iter().filter(|line| line.starts_with("fetch: ")).collect();
    assert_eq!(sent, ["fetch: POST https://hooks.example, redirect manual"; 2]);
    for (attempt, cause) in [(1, "status 302"), (2, "TypeError: no way to …")] {
        let line = format!(r#""code":"{cause}","attempt":{attempt},"#);
        assert!(log.iter().any(|logged| logged.contains(&line)), "{log:?}");
    }
    assert!(!log.concat().contains("of-its-own"), "{log:?}");
}

#[test]
fn a_missing_binding_is_a_fault_that_names_it() {
    let api = Server::new(Some("tests/api_workerd/unbound.mjs"), &django());
    let answer = api.send(&Request::get("/api/user").token(&api::token(&api, 1)));
    answer.is(500, r#"{"errors":{"error":["A server error occurred."]}}"#);
    let log = api.log();
    assert!(log.iter().any(|line| line.contains("there is no D1 binding DB in wrangler.toml")), "{log:?}");
}

/// The wrapper has no static assets.
#[test]
fn a_missing_binding_of_assets_is_logged() {
    let api = Server::new(Some("tests/api_workerd/unbound.mjs"), &django());
    let answer = api.send(&Request::get("/api/openapi.json"));
    answer.is(500, r#"{"errors":{"error":["A server error occurred."]}}"#);
    let log = api.log();
    let cause = r#"static asset /api/openapi/django.json: there is no binding of assets in wrangler.toml"#;
    assert!(log.iter().any(|line| line.contains(cause)), "{log:?}");
}

/// A client can't go around the Worker, which adds the entity tag and the cross-origin headers.
#[test]
fn the_assets_of_the_document_are_not_served_by_themselves() {
    let api = Server::shared(django());
    for path in ["/api/openapi/django.json", "/api/openapi/realworld.json", "/api/openapi/", "/api/openapi"] {
        api.send(&Request::get(path)).is(404, r#"{"errors":{"error":["Not found."]}}"#);
    }
    for path in ["//api/openapi/django.json", "/%61pi/openapi/django.json", "/api%2Fopenapi/django.json"] {
        let answer = api.send_unchecked(&Request::get(path));
        assert!(!answer.body.contains("openapi"), "{path}: {answer:?}");
    }
}

#[test]
fn a_hash_is_upgraded_once_the_answer_is_there() {
    let api = Server::new(Some("tests/api_workerd/replicas.mjs"), &django());
    api::register(&api, "outdated");
    let outdated = include_str!("../fixtures/passwords.jsonl").lines().nth(1).unwrap();
    let (password, hash): (String, String) = serde_json::from_str(outdated).unwrap();
    api.sql(&format!("UPDATE users SET password = '{hash}'"));
    let before = api.log().len();
    assert_eq!(api.send(&api::login("outdated@x.io", &password)).status, 200);
    assert_ne!(api.sql("SELECT password FROM users"), Some(hash));
    let (primary, answered) = ("copy: first-primary", "copy: none, answered");
    assert_eq!(
        api.log()[before..],
        [primary, answered, primary, primary],
        "of the session, then of the hash"
    );
}

/// D1 has one copy locally; so this can show what is asked of it, and no more.
#[test]
fn only_the_current_user_is_read_from_the_nearest_copy() {
    let api = Server::new(Some("tests/api_workerd/replicas.mjs"), &django());
    let token = api::register(&api, "copies");
    let get = Request::get("/api/user").token(&token);
    let bookmark = api.send(&get).header("x-d1-bookmark").unwrap().to_owned();
    let marked = |call: Request| call.header("X-D1-Bookmark", &bookmark);
    let (primary, nearest) = ("copy: first-primary", "copy: first-unconstrained");
    let own = format!("copy: {bookmark}");
    for (call, copies) in [
        (get.clone(), vec![nearest]),
        (marked(get.clone()), vec![&*own]),
        (marked(Request::new("HEAD", "/api/user").token(&token)), vec![&*own]),
        (get.clone().header("X-D1-Bookmark", "first-primary"), vec![nearest]),
        (get.clone().header("X-D1-Bookmark", "x"), vec![nearest]),
        (marked(api::login("copies@x.io", "jakejake")), vec![primary; 2]),
        (api::login("copies@x.io", "jakejakf"), vec![primary; 2]),
        (marked(Request::put(r#"{"user":{"bio":"x"}}"#).token(&token)), vec![primary; 2]),
        (marked(Request::new("POST", "/api/users/logout").token(&token)), vec![primary]),
        (get.clone(), vec![nearest, primary]),
        (marked(get), vec![&*own, primary]),
    ] {
        let asked = |line: &String| line.starts_with("copy: ") && !line.starts_with("copy: none");
        let copies_asked = || api.log().into_iter().filter(asked);
        let before = copies_asked().count();
        api.send(&call);
        assert_eq!(copies_asked().skip(before).collect::<Vec<_>>(), copies, "{call:?}");
    }
}

#[test]
fn without_read_replication_no_session_of_d1_begins() {
    let mut vars = django();
    vars.remove("READ_REPLICATION");
    let api = Server::new(Some("tests/api_workerd/replicas.mjs"), &vars);
    let token = api::register(&api, "none");
    for call in [
        Request::get("/api/user").token(&token),
        Request::get("/api/user").token(&token).header("X-D1-Bookmark", "0"),
        Request::put(r#"{"user":{"bio":"x"}}"#).token(&token),
        api::login("none@x.io", "jakejake"),
    ] {
        let answer = api.send(&call);
        assert_eq!((answer.status, answer.header("x-d1-bookmark")), (200, None), "{call:?}");
    }
    let asked: Vec<_> =
        api.log().into_iter().filter(|line| line.starts_with("copy: ") && !line.contains("none")).collect();
    assert_eq!(asked, ["copy: no session"; 9]); // a registration's two, as one; and the two sessions
}

#[test]
fn few_iterations_are_warned_of_once() {
    let api = Server::shared(django());
    for _ in 0..2 {
        api.send(&Request::get("/api/user"));
    }
    let log = api.log();
    let warnings = log.iter().filter(|line| line.contains("weak_configuration"));
    assert_eq!(warnings.count(), 1, "{log:?}");
}

#[test]
fn the_place_of_a_session_is_what_cloudflare_tells() {
    let api = Server::new(Some("tests/api_workerd/places.mjs"), &django());
    let token = api::register(&api, "places");
    let long = format!(r#"{{"city":"{}","country":"DE"}}"#, "x".repeat(100));
    for (cf, place) in [
        (r#"{"city":"Berlin","country":"DE"}"#, json!("Berlin, DE")),
        (r#"{"country":"T1"}"#, json!("T1")),
        (r#"{"city":"Z\u00fcrich\u001b[31m\u202e"}"#, json!("Zürich[31m")),
        (&long, json!("x".repeat(64))),
        (r#"{"city":7,"country":null,"latitude":"52.5","asOrganization":"x"}"#, json!(null)),
        ("{}", json!(null)),
    ] {
        let list = Request::get("/api/user/sessions").token(&token).header("X-Cf", cf);
        let body: Value = serde_json::from_str(&api.send(&list).body).unwrap();
        assert_eq!(body["sessions"][0]["place"], place, "{cf}");
    }
}

#[test]
fn the_schedule_purges() {
    let api = Server::shared(django());
    api.sql("INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, ended_at, purge_at) \
             VALUES (1, 'purged', 0, '[]', 0, 5, 5, 5, 5, 5), (1, 'kept', 0, '[]', 0, 5, 5, 99999999999, 5, 5)");
    api.sql("INSERT INTO login_failures VALUES ('purged', '', 1, 0, 5), ('kept', '', 1, 0, 99999999999)");
    assert_eq!(api.scheduled()["outcome"], "ok");
    let left = "SELECT (SELECT group_concat(sid) FROM sessions WHERE sid IN ('purged', 'kept')) || \
                (SELECT group_concat(account) FROM login_failures WHERE account IN ('purged', 'kept'))";
    assert_eq!(api.sql(left).as_deref(), Some("keptkept"));
}

#[test]
fn a_client_who_asks_too_often_is_refused_and_others_are_not() {
    let mut vars = django();
    vars.insert("RATE_LIMIT", "on");
    let api = Server::new(None, &vars);
    let call = |address: &str| Request::post("/api/users/login", "{}").header("CF-Connecting-IP", address);
    // Where the clock begins a new period meanwhile, twice as many pass.
    let passed = (0..200).take_while(|_| api.send(&call("192.0.2.1")).status == 400).count();
    assert!((100..200).contains(&passed), "{passed}");
    let throttled = r#"{"user":{"detail":"Request was throttled. Expected available in 60 seconds."}}"#;
    for call in [call("192.0.2.1"), Request { path: "/api/users/".to_owned(), ..call("192.0.2.1") }] {
        let answer = api.send(&call);
        answer.is(429, throttled);
        assert_eq!(answer.header("retry-after"), Some("60"));
    }
    assert_eq!(api.send(&call("192.0.2.2")).status, 400);
    assert_eq!(api.send(&Request::get("/api/user").header("CF-Connecting-IP", "192.0.2.1")).status, 401);
}

#[test]
fn a_missing_rate_limit_is_a_fault_that_says_what_to_do() {
    let mut vars = django();
    vars.remove("RATE_LIMIT");
    let api = Server::new(Some("tests/api_workerd/unbound.mjs"), &vars);
    let answer = api.send(&Request::post("/api/users", "{}"));
    answer.is(500, r#"{"errors":{"error":["A server error occurred."]}}"#);
    let told = "there is no rate limit binding LIMITER in wrangler.toml: add it, or set RATE_LIMIT to";
    assert!(api.log().iter().any(|line| line.contains(told)), "{:?}", api.log());
}
