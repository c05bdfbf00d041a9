//! The guard of what staff do: every route, for everyone and of everyone, and what changes meanwhile.

use std::rc::Rc;

use latchkey::api::ENDPOINTS;
use latchkey::api::endpoint::Authentication;
use serde_json::json;

use crate::api::factor::{NOT_FOUND, json_of, with_everything};
use crate::api::mailbox::Person;
use crate::api::staff::FORBIDDEN;
use crate::api::{Api, Request, Response};
use crate::host::Native;

const UNKNOWN: i64 = 999_999;

fn started() -> Rc<Native> {
    Rc::new(Native::new(with_everything()))
}

/// A request of each operation under `admin/`, about this user: method, path, body, and whether it is for superusers.
fn routes(user: i64, session: &str, credential: i64) -> Vec<(&'static str, String, Option<String>, bool)> {
    let of_staff = ENDPOINTS.iter().filter(|endpoint| endpoint.path.starts_with("/api/admin/"));
    let mut routes = Vec::new();
    for endpoint in of_staff {
        let path = endpoint.path.replace("{id}", &user.to_string());
        let path = path.replace("{session}", session).replace("{credential}", &credential.to_string());
        let is_superusers = endpoint.authentication == Authentication::Superuser;
        assert!(is_superusers || endpoint.authentication == Authentication::Staff, "{}", endpoint.path);
        for operation in endpoint.operations {
            let bodies = match operation.method {
                "PATCH" => vec![json!({ "active": false }), json!({ "staff": true })],
                "POST" if path.ends_with("/users") => {
                    vec![json!({ "email": format!("new{user}@x.io"), "username": format!("new{user}") })]
                }
                _ => Vec::new(),
            };
            let bodies: Vec<_> = bodies.iter().map(|body| json!({ "user": body }).to_string()).collect();
            if bodies.is_empty() {
                routes.push((operation.method, path.clone(), None, is_superusers));
            }
            for body in bodies {
                let is_superusers = is_superusers || body.contains("staff");
                routes.push((operation.method, path.clone(), Some(body), is_superusers));
            }
        }
    }
    routes
}

/// Everyone and everything, on copies of one database: a status, and nothing written where it is a refusal.
#[test]
fn every_route_for_everyone_and_of_everyone() {
    let api = started();
    let dynamic: Rc<dyn Api> = Rc::clone(&api) as _;
    let user = Person::verified(&dynamic, "walk-user");
    let gone = Person::superuser(&dynamic, "walk-gone");
    gone.set("is_active = 0");
    let unproved = Person::verified(&dynamic, "walk-unproved");
    unproved.set("is_staff = 1, is_superuser = 1");
    let half = Person::verified(&dynamic, "walk-half"); // a superuser is no member of staff by that flag alone
    let mut half = half;
    half.set_up_app();
    half.set("is_superuser = 1");
    let staff = Person::staff(&dynamic, "walk-staff");
    let superuser = Person::superuser(&dynamic, "walk-superuser");
    let other = Person::verified(&dynamic, "walk-other");
    let other_staff = Person::staff(&dynamic, "walk-colleague");
    for person in [&other, &other_staff, &staff, &superuser] {
        let credential =
            format!("VALUES ({}, {}, 'passkey', '{}', 5)", person.id() + 1_000, person.id(), person.name);
        dynamic.sql(&format!("INSERT INTO credentials (id, user_id, type, key, created_at) {credential}"));
        dynamic.sql("DELETE FROM secrets");
    }
    let callers = [
        ("nobody", None),
        ("user", Some(&user)),
        ("deactivated", Some(&gone)),
        ("unproved", Some(&unproved)),
        ("half", Some(&half)),
        ("staff", Some(&staff)),
        ("superuser", Some(&superuser)),
    ];
    let mut count = 0;
    for (caller, person) in callers {
        let own = person.map_or(1, Person::id);
        for (target, id) in
            [("own", own), ("user", other.id()), ("staff", other_staff.id()), ("unknown", UNKNOWN)]
        {
            let sid = dynamic
                .sql(&format!("SELECT sid FROM sessions WHERE user_id = {id}"))
                .unwrap_or("none".to_owned());
            for (method, path, body, is_superusers) in routes(id, &sid, id + 1_000) {
                // Each on a copy.
                let copy = api.copy();
                let mut call = Request::new(method, &path);
                call = person.map_or(call.clone(), |person| call.token(&person.token));
                call = body.as_ref().map_or(call.clone(), |body| call.json(body));
                let before = copy.platform.db.rows_written();
                let answer = copy.handle(&call).0;
                let is_written = copy.platform.db.rows_written() > before;
                let names_user = path.contains(&format!("/{id}"));
                let reads = method == "GET";
                let expected = match (caller, target) {
                    ("nobody" | "deactivated", _) => 401,
                    ("user" | "unproved" | "half", _) => 403,
                    (_, "own") if names_user && !reads => 403,
                    ("staff", _) if is_superusers => 403,
                    ("staff", "staff") if names_user && !reads => 403,
                    (_, "unknown") if names_user => 404,
                    _ => 200,
                };
                let context = format!("{caller}, {target}: {method} {path} {body:?}: {answer:?}");
                let is_as_expected = match expected {
                    200 => (200..300).contains(&answer.status),
                    status => answer.status == status,
                };
                assert!(is_as_expected, "{expected}: {context}");
                assert_eq!(is_written, expected == 200 && !reads, "{context}");
                if expected == 403 {
                    assert_eq!(answer.body, FORBIDDEN, "{context}");
                }
                count += 1;
            }
        }
    }
    assert!(count > 300, "{count}");
}

/// Runs a change by a member of staff, before whose batch something else happens.
#[track_caller]
fn with_interference(sql: &'static str, expected: u16, body: &str) {
    let api = started();
    let dynamic: Rc<dyn Api> = Rc::clone(&api) as _;
    let mut superuser = Person::superuser(&dynamic, "racer");
    let other = Person::verified(&dynamic, "raced");
    for (method, path, of_change) in [
        ("PATCH", other.path(""), "INSERT INTO events"),
        ("DELETE", other.path("/sessions"), "INSERT INTO events"),
        ("DELETE", other.path(""), "DELETE FROM sessions"),
    ] {
        let state = || {
            let rows = "SELECT (SELECT count(*) FROM events) || ' ' || (SELECT group_concat(id || is_active || token_version) FROM users)";
            dynamic.sql(rows)
        };
        api.platform.db.before.borrow_mut().push((of_change, sql));
        let before = state();
        let user = json!({ "user": { "active": false } });
        let answer =
            superuser.admin(method, &path, if method == "PATCH" { &user } else { &serde_json::Value::Null });
        answer.is(expected, body);
        dynamic.sql("UPDATE users SET is_active = 1, is_staff = username = 'racer', is_superuser = username = 'racer'");
        dynamic.sql("UPDATE sessions SET ended_at = NULL");
        assert_eq!(state(), before, "{method} {path}: nothing is changed, and no event is written");
        api.platform.db.before.borrow_mut().clear();
    }
}

#[test]
fn a_change_holds_only_while_its_caller_may_make_it() {
    with_interference("UPDATE users SET is_staff = 0 WHERE username = 'racer'", 403, FORBIDDEN);
    with_interference(
        "UPDATE users SET is_active = 0 WHERE username = 'racer'",
        401,
        r#"{"user":{"detail":"This user has been deactivated."}}"#,
    );
    with_interference(
        "UPDATE sessions SET ended_at = 5 WHERE user_id = (SELECT id FROM users WHERE username = 'racer')",
        401,
        r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#,
    );
}

/// Two superusers take each other down at once: one remains.
#[test]
fn a_superuser_remains() {
    let api = started();
    let dynamic: Rc<dyn Api> = Rc::clone(&api) as _;
    let [one, other] = ["one-superuser", "other-superuser"].map(|name| Person::superuser(&dynamic, name));
    for (body, column) in
        [(r#"{"user":{"superuser":false}}"#, "is_superuser"), (r#"{"user":{"active":false}}"#, "is_active")]
    {
        let call = |by: &Person, of: &Person| Request::new("PATCH", &of.path("")).json(body).token(&by.token);
        let (first, second) = (call(&one, &other), call(&other, &one));
        let both = async { futures_util::future::join(api.answer(&first), api.answer(&second)).await };
        let ((first, _), (second, _)) = pollster::block_on(both);
        let statuses = [first.status, second.status];
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        let left = dynamic.sql(&format!("SELECT count(*) FROM users WHERE {column} AND is_superuser"));
        assert_eq!(left.as_deref(), Some("1"));
        dynamic.sql("UPDATE users SET is_superuser = 1, is_active = 1");
    }
}

#[test]
fn an_erased_user_leaves_nothing_but_the_id() {
    let api = started();
    let dynamic: Rc<dyn Api> = Rc::clone(&api) as _;
    let mut superuser = Person::superuser(&dynamic, "eraser");
    let mut other = Person::verified(&dynamic, "erased-user");
    other.set_up_app();
    other.request_reset();
    other.login("wrong password");
    other.with_token(
        "POST",
        "/api/user/reauthenticate",
        &json!({ "user": { "password": "wrong password" } }),
    );
    let step = json_of(&other.login("jakejake"))["factor"]["secret"].clone();
    other.prove(&json!({ "secret": step, "code": "000000" }));
    other.patch(&json!({ "username": "erased-too" }));
    other.name = "erased-too".to_owned();
    let (id, path) = (other.id(), other.path(""));
    dynamic.sql(&format!(
        "UPDATE events SET place = 'Berlin, DE', agent = 'Firefox on Linux', due_at = 5 WHERE user_id = {id}"
    ));
    let failures = || dynamic.sql("SELECT count(*) FROM login_failures").unwrap();
    assert_ne!(failures(), "0");
    superuser.admin("DELETE", &path, &serde_json::Value::Null).is(204, "");
    superuser.admin("DELETE", &path, &serde_json::Value::Null).is(404, NOT_FOUND);
    assert_eq!(failures(), "0");
    let tables = dynamic.sql(
        "SELECT group_concat(m.name) FROM sqlite_master AS m, pragma_table_info(m.name) AS c \
         WHERE m.type = 'table' AND c.name = 'user_id' AND m.name <> 'events'",
    );
    for table in tables.unwrap().split(',') {
        let left = dynamic.sql(&format!("SELECT count(*) FROM {table} WHERE user_id = {id}"));
        assert_eq!(left.as_deref(), Some("0"), "{table}");
    }
    let events = superuser.read(&format!("/api/admin/events?user={id}"))["events"].take();
    let events = events.as_array().unwrap();
    assert!(events.len() > 3 && events[0]["type"] == "user.erased" && events[0]["actor"] == superuser.id());
    for event in &events[1..] {
        assert!(event["place"].is_null() && event["agent"].is_null() && event["detail"].is_null(), "{event}");
    }
    let due = format!("SELECT count(*) FROM events WHERE user_id = {id} AND due_at IS NOT NULL");
    assert_eq!(dynamic.sql(&due).as_deref(), Some("0"));
    // The old token is of nobody, the email is free, and the id is not.
    let unknown: Response = other.with_token("GET", "/api/user", &serde_json::Value::Null);
    unknown.is(401, r#"{"user":{"detail":"No user matching this token was found."}}"#);
    let again = Person::register(&dynamic, "erased-user");
    assert!(again.id() > id);
}

/// Whatever happens to a user, an event has the words of a short list, and who and where.
#[test]
fn an_event_has_nothing_secret() {
    let api = started();
    let dynamic: Rc<dyn Api> = Rc::clone(&api) as _;
    let mut superuser = Person::superuser(&dynamic, "secretive-staff");
    let mut other = Person::verified(&dynamic, "secretive");
    let app = other.set_up_app();
    let step = json_of(&other.login("jakejake"))["factor"]["secret"].clone();
    other.prove(&json!({ "secret": step, "code": app.recovery[0] }));
    other.patch(&json!({ "password": "another one" }));
    for _ in 0..3 {
        other.login("wrong password");
    }
    for change in
        [json!({ "email": "moved@x.io", "username": "moved" }), json!({ "active": false, "staff": true })]
    {
        superuser.admin("PATCH", &other.path(""), &json!({ "user": change }));
        other.name = "moved".to_owned();
    }
    superuser.admin("DELETE", &other.path(""), &serde_json::Value::Null).is(204, "");
    let words = dynamic.sql("SELECT group_concat(DISTINCT detail) FROM events").unwrap();
    for word in words.split(',') {
        let known = [
            "one",
            "others",
            "all",
            "totp",
            "recovery",
            "passkey",
            "staff",
            "superuser",
            "invitation",
            "unusable",
        ];
        assert!(known.contains(&word), "{word}");
    }
    let columns = "SELECT group_concat(name) FROM pragma_table_info('events')";
    let expected = "id,at,type,user_id,actor_id,agent,place,detail,nonce,due_at,attempts,failure";
    assert_eq!(dynamic.sql(columns).as_deref(), Some(expected));
    let rest = dynamic.sql(
        "SELECT count(*) FROM events WHERE agent IS NOT NULL OR place IS NOT NULL OR failure IS NOT NULL",
    );
    assert_eq!(rest.as_deref(), Some("0"), "of a client that does not say what it is");
}
