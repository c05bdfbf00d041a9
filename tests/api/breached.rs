//! New passwords that appeared in a data breach. The hashes are those of `sha1sum`.

use serde_json::{Value, json};

use super::range_server::{self, Answer, OK, URL};
use super::{Api, Request, Start, Vars, django, login, realworld};

const BREACHED: &str = "a breached passphrase";
const PREFIX: &str = "78A38";
const SUFFIX: &str = "3F5D09299B4752583612AC85E9E8BA30FF5";
const MESSAGE: &str = "This password has appeared in a data breach.";

fn asking(mut vars: Vars<'static>) -> Vars<'static> {
    vars.extend([
        ("PASSWORD_BLOCKLIST", "refuse"),
        ("BREACHED_PASSWORDS", "on"),
        ("BREACHED_PASSWORDS_URL", &URL),
    ]);
    vars
}

fn registration(name: &str, password: &str) -> Request {
    let user = json!({ "username": name, "email": format!("{name}@x.io"), "password": password });
    Request::post("/api/users", &json!({ "user": user }).to_string())
}

fn put(token: &str, user: Value) -> Request {
    Request::put(&json!({ "user": user }).to_string()).token(token)
}

fn errors(of: Value) -> String {
    json!({ "errors": of }).to_string()
}

/// A user's token, after a registration with a password that no breach has.
fn register(api: &dyn Api, name: &str) -> String {
    let answer = api.send(&registration(name, "nobody knows this one"));
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.token()
}

pub fn a_breached_password_is_refused(start: Start) {
    range_server::answer(PREFIX, Answer::Range(format!("{SUFFIX}:42")));
    range_server::answer("3D574", Answer::Range("A457B5239448296824B226E1E619344910A:1".to_owned()));
    let refused = errors(json!({ "password": [MESSAGE] }));
    let api = start(asking(django()));
    let token = register(&*api, "breached1");
    api.send(&registration("breached2", BREACHED)).is(400, &refused);
    // Of a password that is not in NFC it is that form which is looked up.
    api.send(&registration("breached2", "cafe\u{301} au lait, breached")).is(400, &refused);
    // What is taken is told with it.
    let taken = format!(
        r#"{{"errors":{{"email":["user with this email already exists."],"username":["user with this username already exists."],"password":["{MESSAGE}"]}}}}"#
    );
    api.send(&registration("breached1", BREACHED)).is(400, &taken);
    api.send(&put(&token, json!({ "password": BREACHED, "bio": "x" }))).is(400, &refused);
    let proven = json!({ "password": BREACHED, "current_password": "nobody knows this one" });
    api.send(&put(&token, proven)).is(400, &refused);
    let read = api.send(&Request::get("/api/user").token(&token));
    assert_eq!((read.status, read.user("bio")), (200, Value::Null), "nothing has changed");
    // An old one goes on.
    let hash = api.sql("SELECT password FROM users WHERE username = 'breached1'").unwrap();
    assert_eq!(api.send(&login("breached1@x.io", "nobody knows this one")).status, 200);
    assert_eq!(api.sql("SELECT password FROM users WHERE username = 'breached1'").unwrap(), hash);

    let api = start(asking(realworld()));
    api.send(&registration("breached2", BREACHED))
        .is(422, &errors(json!({ "password": ["has appeared in a data breach"] })));
}

pub fn a_password_that_no_breach_has_is_taken(start: Start) {
    let rest = "11B9FEFC43C53EF661AD161FA0ACC9818FE";
    range_server::answer("28222", Answer::Range(format!("{rest}:0"))); // padding
    let rest = "1C788739C4BE5718233D24407DF762F6F6E";
    range_server::answer(
        "26C12",
        Answer::Range(format!("{rest}\r\n{rest}:\r\n{rest}:x\r\n:1\r\n<p>{rest}:1</p>")),
    );
    let api = start(asking(django()));
    for (name, password) in [("range1", "a padded passphrase"), ("range2", "a damaged passphrase")] {
        let answer = api.send(&registration(name, password));
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(api.send(&put(&answer.token(), json!({ "password": password }))).status, 200);
    }
    range_server::answer(
        "C846D",
        Answer::Range("no line\r\nb4ceeaa331672347b630bb97c062e656fd9:9".to_owned()),
    );
    api.send(&registration("range3", "lower case breached"))
        .is(400, &errors(json!({ "password": [MESSAGE] })));
}

/// The service gets five digits, and nothing else of the user.
pub fn a_service_is_told_five_digits(start: Start) {
    let (password, prefix, rest) = ("told five digits", "D7F3C", "2FEAAC01DC3AC9461C5604C833D369E9784");
    let api = start(asking(django()));
    let answer = api.send(&registration("watched", password));
    assert_eq!(answer.status, 201, "{}", answer.body);
    let heads = range_server::heads(prefix);
    assert_eq!(heads.len(), 1, "{heads:?}");
    let head = &heads[0];
    assert_eq!(head.lines().next(), Some(&*format!("GET /range/{prefix} HTTP/1.1")), "{head}");
    let lower = head.to_lowercase();
    assert!(lower.lines().any(|line| line == "add-padding: true"), "{head}");
    assert!(lower.lines().any(|line| line == "user-agent: latchkey"), "{head}");
    for secret in [password, rest, "watched", &answer.token()] {
        assert!(!lower.contains(&secret.to_lowercase()), "{head}");
    }
}

/// Those that would be asked here no other test asks for.
pub fn no_service_is_asked_for_what_is_refused_anyway(start: Start) {
    const PASSWORD: &str = "refused anyway, horse";
    let asked = || ["24238", "DDD01", "01B30", "6D35A"].map(|prefix| range_server::heads(prefix).len());
    let mut vars = asking(django());
    vars.insert("PASSWORD_MIN_LENGTH", "10");
    let api = start(vars);
    let token = register(&*api, "unwanted");
    register(&*api, "unwanted2");
    let with = |name: &str, value: Value| {
        let mut user = json!({ "username": "unwanted3", "email": "unwanted3@x.io", "password": PASSWORD });
        user[name] = value;
        Request::post("/api/users", &json!({ "user": user }).to_string())
    };
    let change = |name: &str, value: Value| {
        let mut user = json!({ "password": PASSWORD });
        user[name] = value;
        put(&token, user)
    };
    for call in [
        with("email", json!("none")),
        with("username", Value::Null),
        with("username", json!("horse")),
        with("email", json!("horse@x.io")),
        with("password", json!("ninechars")),
        with("password", json!("1234567890")),
        with("password", json!("my latchkey")),
        change("email", json!("none")),
        change("bio", json!(["x"])),
        change("email", json!("unwanted2@x.io")),
        change("current_password", json!("a wrong password")),
        change("password", json!("1234567890")),
    ] {
        let answer = api.send(&call);
        assert_eq!(answer.status, 400, "{call:?} {}", answer.body);
    }
    assert_eq!(api.send(&put("none", json!({ "password": PASSWORD }))).status, 401);
    assert_eq!(api.send(&put(&token, json!({ "bio": "x" }))).status, 200);
    assert_eq!(asked(), [0; 4]);

    // Where it is off, none is asked at all.
    let mut off = django();
    off.extend([("PASSWORD_BLOCKLIST", "refuse"), ("BREACHED_PASSWORDS_URL", &URL)]);
    let answer = start(off).send(&registration("unwanted4", PASSWORD));
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(asked(), [0; 4]);
}

/// A service that fails refuses nobody, and leaves one line in the log, which has nothing of the password.
pub fn without_an_answer_a_password_is_taken_and_that_is_logged(start: Start) {
    const HTML: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<!doctype html><p>style=\"color:1\"</p>";
    const UNAVAILABLE: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let mut vars = asking(django());
    vars.insert("APP_NAME", "Of its own"); // and so is the log
    let api = start(vars);
    let is_of_it = |line: &String| line.contains("breach_check_failed");
    for (index, (password, prefix, answer, cause)) in [
        ("status503 horse", "70B5A", Answer::Raw(UNAVAILABLE), "status 503"),
        ("html horse", "7F91D", Answer::Raw(HTML), "the response is no range of hashes"),
        ("closed horse", "8FA31", Answer::Raw(""), ""), // in the words of the runtime
        ("hanging horse", "77F2F", Answer::Hanging(""), "no response within 1000 ms"),
        ("partial horse", "92868", Answer::Hanging(OK), "no response within 1000 ms"),
        ("endless horse", "836AB", Answer::Endless, "a response of more than 262144 bytes"),
    ]
    .into_iter()
    .enumerate()
    {
        range_server::answer(prefix, answer);
        let taken = api.send(&registration(&format!("open{index}"), password));
        assert_eq!(taken.status, 201, "{password}: {}", taken.body);
        assert_eq!(range_server::heads(prefix).len(), 1, "{password}");
        let log: Vec<_> = api.log().into_iter().filter(is_of_it).collect();
        assert_eq!(log.len(), index + 1, "{log:?}");
        let line = &log[index];
        assert!(line.starts_with(r#"{"level":"warn","event":"breach_check_failed","cause":""#), "{line}");
        assert!(line.contains(cause), "{line}");
        for secret in [prefix, "range/", "horse"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}
