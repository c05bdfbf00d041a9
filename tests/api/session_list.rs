//! Sessions as their user sees them: the list, and the end of one.

use serde_json::{Value, json};

use super::tokens::signed;
use super::{Api, Request, Start, Vars, django, id, login, realworld, register, token};

const INVALID: &str = r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#;
const NOT_FOUND: &str = r#"{"errors":{"error":["Not found."]}}"#;
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1";
const DAY: i64 = 86_400;

fn list(token: &str) -> Request {
    Request::get("/api/user/sessions").token(token)
}

fn end(token: &str, sid: &str) -> Request {
    Request::new("DELETE", &format!("/api/user/sessions/{sid}")).token(token)
}

fn begin(api: &dyn Api, name: &str, agent: &str) -> String {
    let answer = api.send(&login(&format!("{name}@x.io"), "jakejake").header("User-Agent", agent));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.token()
}

/// The sessions that a token's user sees. One whose record is still to be written would be missing, so this asks again
/// until there are as many as there should be.
#[track_caller]
fn sessions(api: &dyn Api, token: &str, count: usize) -> Vec<Value> {
    let mut last = Vec::new();
    for _ in 0..500 {
        let answer = api.send(&list(token));
        assert_eq!(answer.status, 200, "{}", answer.body);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["more"], json!(false));
        last = body["sessions"].as_array().unwrap().clone();
        if last.len() == count {
            return last;
        }
    }
    panic!("not {count} sessions: {last:#?}");
}

/// Waits until the session of a token has a row.
fn recorded(api: &dyn Api, token: &str) -> String {
    let sid = sid(api, token);
    let row = format!("SELECT 1 FROM sessions WHERE sid = '{sid}'");
    assert!((0..500).any(|_| api.sql(&row).is_some()), "no row");
    sid
}

fn sid(api: &dyn Api, token: &str) -> String {
    let session =
        latchkey::auth::token::verify(&super::keys(super::SECRET), token, api.now()).unwrap().session;
    session.sid
}

fn is_good(api: &dyn Api, token: &str) -> bool {
    let answer = api.send(&Request::get("/api/user").token(token));
    assert!(answer.status == 200 || answer.body == INVALID, "{}", answer.body);
    answer.status == 200
}

fn time(seconds: &Value, api: &dyn Api) -> i64 {
    let text = seconds.as_str().unwrap();
    assert_eq!((text.len(), &text[10..11], &text[19..]), (20, "T", "Z"), "{text}");
    api.sql(&format!("SELECT unixepoch('{text}')")).unwrap().parse().unwrap()
}

pub fn a_user_sees_their_sessions(start: Start) {
    let api = start(django());
    let began = api.now();
    register(&*api, "seen-bystander");
    let body = r#"{"user":{"username":"seen","email":"seen@x.io","password":"jakejake"}}"#;
    let first = api.send(&Request::post("/api/users", body).header("User-Agent", FIREFOX)).token();
    let second = begin(&*api, "seen", IPHONE);
    let third = begin(&*api, "seen", "curl/8.5.0");
    recorded(&*api, &third);
    let listed = sessions(&*api, &second, 3);
    let expected = |token: &str, agent: Value, is_current: bool| json!({ "id": sid(&*api, token), "current": is_current, "agent": agent, "methods": ["pwd"] });
    let mut told = Vec::new();
    for session in &listed {
        let mut session = session.as_object().unwrap().clone();
        assert!(session.remove("place").is_some_and(|place| place.is_null() || place.is_string()));
        let [created, seen, expires] =
            ["created", "seen", "expires"].map(|name| time(&session.remove(name).unwrap(), &*api));
        assert!((began..=api.now()).contains(&created) && (created..=api.now()).contains(&seen));
        assert_eq!(expires - seen, 60 * DAY);
        told.push(Value::Object(session));
    }
    // The list tells the current session by the request, which names no browser.
    assert_eq!(told[0], expected(&second, Value::Null, true));
    let others = [expected(&first, json!("Firefox on Linux"), false), expected(&third, Value::Null, false)];
    assert!(told[1..] == others || told[1..].iter().rev().eq(others.iter()), "{told:#?}");
    let current = api.send(&list(&first).header("User-Agent", FIREFOX));
    let current: Value = serde_json::from_str(&current.body).unwrap();
    assert_eq!(current["sessions"][0]["agent"], json!("Firefox on Linux"));
    assert_eq!(current["sessions"][0]["id"], json!(sid(&*api, &first)));

    // Nothing of the header but this is stored.
    let stored = "SELECT group_concat(agent || ' ' || methods) FROM sessions WHERE user_id = ";
    let stored = api.sql(&format!("{stored}{}", id(&*api, "seen"))).unwrap();
    assert!(stored.contains(r#"Safari on iOS ["pwd"]"#) && !stored.contains("Mozilla"), "{stored}");

    for path in ["/api/user/sessions/", "/api/user/sessions?x"] {
        assert_eq!(api.send(&Request::get(path).token(&first)).status, 200, "{path}");
    }
    let head = api.send(&Request::new("HEAD", "/api/user/sessions").token(&first));
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    api.send(&list("x")).is(401, INVALID);
    let missing = r#"{"user":{"detail":"Authentication credentials were not provided."}}"#;
    api.send(&Request::get("/api/user/sessions")).is(401, missing);
    let gone = r#"{"errors":{"token":["is invalid"]}}"#;
    let api = start(realworld());
    api.send(&list("x")).is(401, gone);
}

pub fn a_session_is_ended_by_its_id(start: Start) {
    let api = start(django());
    let mine = register(&*api, "ender");
    let phone = begin(&*api, "ender", IPHONE);
    let stranger = register(&*api, "ender-stranger");
    let (phone_sid, strangers_sid) = (recorded(&*api, &phone), recorded(&*api, &stranger));
    for id in ["unknown", &strangers_sid, &phone_sid.to_lowercase(), "%41", "{id}"] {
        api.send(&end(&mine, id)).is(404, NOT_FOUND);
    }
    assert!(is_good(&*api, &stranger) && is_good(&*api, &phone));
    api.send(&end(&mine, &phone_sid)).is(204, "");
    assert!(!is_good(&*api, &phone));
    assert!(is_good(&*api, &mine));
    assert_eq!(sessions(&*api, &mine, 1)[0]["id"], json!(sid(&*api, &mine)));
    api.send(&end(&mine, &phone_sid)).is(404, NOT_FOUND);
    api.send(&end(&phone, &sid(&*api, &mine))).is(401, INVALID);

    // One's own, with a path that ends in a slash; and then it is no token any more.
    let own = sid(&*api, &mine);
    api.send(&end(&mine, &format!("{own}/"))).is(204, "");
    api.send(&end(&mine, &own)).is(401, INVALID);
    assert!(!is_good(&*api, &mine));

    for (path, status) in [
        ("/api/user/sessions//", 404),
        ("/api/user/sessions/x/y", 404),
        ("/api/user/sessions/x//", 404),
        ("/api/user/Sessions/x", 404),
        ("/api/user/sessions", 405),
        ("/api/user/sessions/", 405),
    ] {
        assert_eq!(api.send(&Request::new("DELETE", path).token(&stranger)).status, status, "{path}");
    }
    let allowed = |path: &str| {
        let answer = api.send(&Request::new("OPTIONS", path));
        answer.header("allow").map(str::to_owned)
    };
    assert_eq!(allowed("/api/user/sessions").as_deref(), Some("GET, HEAD, OPTIONS"));
    assert_eq!(allowed("/api/user/sessions/x").as_deref(), Some("DELETE, OPTIONS"));
    let api = start(realworld());
    let token = register(&*api, "ender");
    api.send(&end(&token, "unknown")).is(404, r#"{"errors":{"path":["not found"]}}"#);
}

pub fn a_session_that_another_library_named_is_ended_by_its_id(start: Start) {
    let api = start(django());
    let mine = register(&*api, "named");
    let number = id(&*api, "named");
    let named = |sid: &str| signed(&json!({ "id": number, "exp": api.now() + 60, "sid": sid }).to_string());
    for (sid, listed_id) in [
        ("web:1", "~7765623A31"),
        ("a/b ?#", "~612F62203F23"),
        ("..", "~2E2E"),
        ("~41", "~7E3431"),
        ("\u{fc}", "~C3BC"),
        ("", "~"),
        ("a-Z_9", "a-Z_9"),
    ] {
        let token = named(sid);
        assert!(is_good(&*api, &token));
        let listed = sessions(&*api, &mine, 2);
        assert!(listed.iter().any(|session| session["id"] == json!(listed_id)), "{sid}: {listed:?}");
        api.send(&end(&mine, listed_id)).is(204, "");
        assert!(!is_good(&*api, &token), "{sid}");
        api.send(&end(&mine, listed_id)).is(404, NOT_FOUND);
    }
    let own = named("own:2");
    api.send(&end(&own, "~6f776e3a32")).is(204, "");
    assert!(!is_good(&*api, &own));
    for part in ["~4", "~zz", "~ff", "~+1+1", "~6F~", "%7E41", "%ff", "%"] {
        api.send(&end(&mine, part)).is(404, NOT_FOUND);
    }
}

pub fn a_session_that_has_ended_is_in_no_list(start: Start) {
    let api = start(django());
    let mine = register(&*api, "listless");
    let logged_out = begin(&*api, "listless", FIREFOX);
    recorded(&*api, &logged_out);
    assert_eq!(api.send(&Request::new("POST", "/api/users/logout").token(&logged_out)).status, 204);
    sessions(&*api, &mine, 1);
    let other = begin(&*api, "listless", FIREFOX);
    let other_sid = recorded(&*api, &other);
    sessions(&*api, &mine, 2);

    // By others: the one that stays is listed, though its row is of the version before.
    assert_eq!(api.send(&Request::new("POST", "/api/users/logout?scope=others").token(&mine)).status, 204);
    sessions(&*api, &mine, 1);
    api.send(&end(&mine, &other_sid)).is(404, NOT_FOUND);
    let later = begin(&*api, "listless", IPHONE);
    recorded(&*api, &later);
    let listed = sessions(&*api, &later, 2);
    assert!(listed.iter().any(|session| session["id"] == json!(sid(&*api, &mine))));

    // By a new password.
    let change = Request::put(r#"{"user":{"password":"another password","current_password":"jakejake"}}"#);
    let fresh = api.send(&change.token(&later)).token();
    let listed = sessions(&*api, &fresh, 1);
    assert_eq!(listed[0]["id"], json!(sid(&*api, &later)));
    api.send(&end(&fresh, &sid(&*api, &mine))).is(404, NOT_FOUND);
}

pub fn a_session_without_a_row_gets_one_with_its_next_request(start: Start) {
    let api = start(django());
    register(&*api, "rowless");
    let number = id(&*api, "rowless");
    let rows = || {
        let rows = "SELECT group_concat(sid || methods || auth_time || ifnull(ended_at, '-')) FROM sessions WHERE user_id =";
        api.sql(&format!("{rows} {number}"))
    };
    let clear = || api.sql(&format!("DELETE FROM sessions WHERE user_id = {number}"));
    let foreign = token(&*api, number); // which no row was written for
    for call in [
        Request::get("/api/user"),
        Request::new("PATCH", "/api/user").json(r#"{"user":{}}"#),
        Request::new("PATCH", "/api/user").json(r#"{"user":{"email":""}}"#), // refused, and seen
        Request::get("/api/user/sessions"),
        Request::new("DELETE", "/api/user/sessions/unknown"),
        Request::new("POST", "/api/users/logout?scope=everywhere"),
        Request::new("DELETE", "/api/user").json(r#"{"user":{"current_password":"a guess"}}"#),
        Request::new("DELETE", "/api/user").json(r#"{"current_password":"outside"}"#),
        Request::new("POST", "/api/users/logout?scope=others"),
    ] {
        recorded(&*api, &begin(&*api, "rowless", FIREFOX));
        clear();
        api.send(&call.clone().token(&foreign));
        let row = (0..500).find_map(|_| rows());
        assert_eq!(row.as_deref(), Some("sid[]0-"), "{call:?}");
    }
    clear();
    // One that ends without a row has it then, and stays ended.
    assert_eq!(api.send(&end(&foreign, "sid")).status, 204);
    assert!(rows().unwrap().starts_with("sid[]0"));
    assert!(!is_good(&*api, &foreign));
    // A token of another server, with no name of its session.
    let unnamed = signed(&format!(r#"{{"id":{number},"exp":{}}}"#, api.now() + 60));
    let unnamed_sid = sid(&*api, &unnamed);
    assert_eq!(
        api.send(&end(&unnamed, &unnamed_sid)).status,
        401,
        "its version is before the logout of others"
    );
}

pub fn a_renewed_proof_is_recorded(start: Start) {
    let api = start(django());
    register(&*api, "renewed");
    let number = id(&*api, "renewed");
    let unproved = token(&*api, number);
    assert!(is_good(&*api, &unproved));
    let methods = |methods: &str| {
        let row = format!(
            "SELECT 1 FROM sessions WHERE user_id = {number} AND sid = 'sid' AND methods = '{methods}'"
        );
        (0..500).any(|_| api.sql(&row).is_some())
    };
    assert!(methods("[]"));
    let proof = Request::post("/api/user/reauthenticate", r#"{"user":{"password":"jakejake"}}"#);
    assert_eq!(api.send(&proof.token(&unproved)).status, 200);
    assert!(methods(r#"["pwd"]"#));
    // The older token is still good, and takes nothing back.
    assert!(is_good(&*api, &unproved));
    let listed = api.send(&list(&unproved));
    let listed: Value = serde_json::from_str(&listed.body).unwrap();
    assert_eq!(listed["sessions"][0]["methods"], json!([]), "the current one is told by its token");
    assert!(methods(r#"["pwd"]"#));
}

pub fn a_list_has_at_most_100_sessions(start: Start) {
    let api = start(django());
    let token = register(&*api, "many");
    let sid = recorded(&*api, &token);
    let insert = |first: i64, last: i64| {
        api.sql(&format!(
            "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) \
             INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, purge_at) \
             SELECT {}, 'sid' || i, 0, '[]', 0, 5, {now} - i, {now} + 5000, {now} FROM n",
            id(&*api, "many"),
            now = api.now()
        ))
    };
    let listed = || {
        let answer: Value = serde_json::from_str(&api.send(&list(&token)).body).unwrap();
        let ids =
            answer["sessions"].as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap());
        (ids.map(str::to_owned).collect::<Vec<_>>(), answer["more"].as_bool().unwrap())
    };
    insert(2, 100);
    let (ids, more) = listed();
    assert_eq!((ids.len(), more), (100, false));
    insert(101, 102);
    let (ids, more) = listed();
    assert!(more);
    let expected: Vec<_> = std::iter::once(sid).chain((2..=100).map(|i| format!("sid{i}"))).collect();
    assert_eq!(ids, expected, "the current one first, then by the time at which they were seen");

    // So many that not all are looked at: it says that there may be more.
    api.sql(&format!(
        "UPDATE sessions SET ended_at = 5 WHERE user_id = {} AND sid LIKE 'sid%'",
        id(&*api, "many")
    ));
    assert!(!listed().1);
    insert(200, 1_098);
    api.sql(&format!(
        "UPDATE sessions SET ended_at = 5 WHERE user_id = {} AND sid LIKE 'sid%'",
        id(&*api, "many")
    ));
    assert!(!listed().1, "a thousand others");
    insert(1_099, 1_099);
    assert!(listed().1);
}

pub fn a_session_ends_by_its_age_in_the_list_too(start: Start) {
    let vars = Vars::from([("SESSION_MAX_DAYS", "30")]).into_iter().chain(django()).collect();
    let api = start(vars);
    let token = register(&*api, "aged");
    let number = id(&*api, "aged");
    let old = sid(&*api, &begin(&*api, "aged", FIREFOX));
    let listed = sessions(&*api, &token, 2);
    for session in &listed {
        let [seen, expires] = ["seen", "expires"].map(|name| time(&session[name], &*api));
        assert!(expires - seen <= 30 * DAY, "{session}");
        assert!(expires - time(&session["created"], &*api) == 30 * DAY, "{session}");
    }
    api.sql(&format!(
        "UPDATE sessions SET auth_time = auth_time - {} WHERE user_id = {number} AND sid = '{old}'",
        30 * DAY + 5
    ));
    sessions(&*api, &token, 1);
    api.send(&end(&token, &old)).is(404, NOT_FOUND);
}
