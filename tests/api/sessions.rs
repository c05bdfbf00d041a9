//! How sessions end: logout, a new password, the end of an account, and a new secret.

use latchkey::auth::token::VerifiedToken;

use super::tokens::signed;
use super::{
    Api, Request, Response, SECRET, Start, django, id, keys, login, mint, realworld, register, token,
};

const INVALID: &str = r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#;
const MISSING: &str = r#"{"user":{"detail":"Authentication credentials were not provided."}}"#;
const NOBODY: &str = r#"{"user":{"detail":"No user matching this token was found."}}"#;
const DEACTIVATED: &str = r#"{"user":{"detail":"This user has been deactivated."}}"#;

fn logout(token: &str, scope: &str) -> Request {
    Request::new("POST", &format!("/api/users/logout{scope}")).token(token)
}

fn delete(token: &str) -> Request {
    Request::new("DELETE", "/api/user").token(token)
}

fn get(api: &dyn Api, token: &str) -> Response {
    api.send(&Request::get("/api/user").token(token))
}

/// Asserts that a token is good, and gives the fresh one that it is answered with.
#[track_caller]
fn refresh(api: &dyn Api, token: &str) -> String {
    let answer = get(api, token);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.token()
}

/// Begins another session of a user of [`register`].
fn begin(api: &dyn Api, name: &str) -> String {
    let answer = api.send(&login(&format!("{name}@x.io"), "jakejake"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.token()
}

/// Asserts that a token is refused wherever one is asked for.
#[track_caller]
fn is_dead(api: &dyn Api, token: &str) {
    for call in [
        Request::get("/api/user").token(token),
        Request::put(r#"{"user":{"bio":"x"}}"#).token(token),
        logout(token, ""),
        logout(token, "?scope=all"),
        logout(token, "?scope=nonsense"),
        delete(token),
    ] {
        api.send(&call).is(401, INVALID);
    }
}

pub fn a_logout_ends_every_token_of_its_session(start: Start) {
    let api = start(django());
    let first = register(&*api, "local");
    let refreshed = refresh(&*api, &first);
    let again = refresh(&*api, &refreshed);
    let other = begin(&*api, "local");
    api.send(&logout(&refreshed, "")).is(204, "");
    for token in [&first, &refreshed, &again] {
        is_dead(&*api, token);
    }
    let other = refresh(&*api, &other);
    api.send(&logout(&other, "/?scope=local")).is(204, "");
    is_dead(&*api, &other);
    refresh(&*api, &begin(&*api, "local"));

    // A session of another user is another session, whatever it is called.
    let (one, two) = (register(&*api, "namesake1"), register(&*api, "namesake2"));
    let of = |name| token(&*api, id(&*api, name));
    api.send(&logout(&of("namesake1"), "")).is(204, "");
    is_dead(&*api, &of("namesake1"));
    for token in [&one, &two, &of("namesake2")] {
        refresh(&*api, token);
    }

    let api = start(realworld());
    let token = register(&*api, "local");
    api.send(&logout(&token, "")).is(204, "");
    get(&*api, &token).is(401, r#"{"errors":{"token":["is invalid"]}}"#);
}

pub fn a_logout_of_others_keeps_only_its_own_session(start: Start) {
    let api = start(django());
    let first = register(&*api, "others");
    let (second, third) = (begin(&*api, "others"), begin(&*api, "others"));
    api.send(&logout(&second, "?scope=others")).is(204, "");
    is_dead(&*api, &first);
    is_dead(&*api, &third);
    // Its old tokens are as good as its new ones.
    let fresh = refresh(&*api, &refresh(&*api, &second));
    refresh(&*api, &second);
    api.send(&logout(&fresh, "?scope=others")).is(204, "");
    let fresh = refresh(&*api, &second);

    // A later session ends it in turn, with what it was given before and after it was kept.
    let later = begin(&*api, "others");
    api.send(&logout(&later, "?scope=others")).is(204, "");
    is_dead(&*api, &second);
    is_dead(&*api, &fresh);
    let later = refresh(&*api, &later);
    api.send(&logout(&later, "?scope=local")).is(204, "");
    is_dead(&*api, &later);
}

pub fn a_logout_of_all_keeps_no_session(start: Start) {
    let api = start(django());
    let first = register(&*api, "all");
    let second = begin(&*api, "all");
    let bystander = register(&*api, "bystander");
    api.send(&logout(&second, "?scope=others")).is(204, "");
    api.send(&logout(&second, "?scope=all")).is(204, "");
    is_dead(&*api, &first);
    is_dead(&*api, &second);
    refresh(&*api, &begin(&*api, "all"));
    refresh(&*api, &bystander);
}

pub fn a_foreign_token_is_a_session_of_its_own(start: Start) {
    let api = start(django());
    register(&*api, "foreign");
    let id = id(&*api, "foreign");
    let [one, two] = [60, 61].map(|ttl| signed(&format!(r#"{{"id":{id},"exp":{}}}"#, api.now() + ttl)));
    let fresh = refresh(&*api, &one);
    api.send(&logout(&one, "")).is(204, "");
    is_dead(&*api, &one);
    is_dead(&*api, &fresh);
    api.send(&logout(&refresh(&*api, &two), "?scope=others")).is(204, "");
    refresh(&*api, &two);
    api.send(&logout(&two, "?scope=all")).is(204, "");
    is_dead(&*api, &two);
    // One that never expires ends too.
    api.sql(&format!("UPDATE users SET token_version = 0 WHERE id = {id}"));
    let endless = signed(&format!(r#"{{"id":{id},"exp":1e300}}"#));
    refresh(&*api, &endless);
    api.send(&logout(&endless, "")).is(204, "");
    is_dead(&*api, &endless);
}

/// A token of the same session, as it was given out a while before.
pub fn older(api: &dyn Api, token: &str, seconds: i64) -> String {
    let VerifiedToken { user_id: user, token_version: version, session, .. } =
        latchkey::auth::token::verify(&keys(SECRET), token, api.now()).unwrap();
    let (iat, exp, sid) = (api.now() - seconds, api.now() + 1_000, session.sid);
    signed(&format!(r#"{{"id":{user},"iat":{iat},"exp":{exp},"ver":{version},"sid":"{sid}"}}"#))
}

pub fn a_new_password_refuses_every_token_before_it(start: Start) {
    let api = start(django());
    let change = |token: &str, more: &str| {
        Request::put(&format!(r#"{{"user":{{"password":"jakejake"{more}}}}}"#)).token(token)
    };
    let proven = r#","current_password":"jakejake""#;
    let first = register(&*api, "change");
    let second = begin(&*api, "change");
    let [used, stolen] = [50, 40].map(|seconds| older(&*api, &second, seconds));
    let bio = api.send(&Request::put(r#"{"user":{"bio":"x"}}"#).token(&stolen));
    assert_eq!(bio.status, 200);
    refresh(&*api, &first);

    let changed = api.send(&change(&used, ""));
    changed.is_user(200, r#""change@x.io""#, r#""change""#, "\"x\"", "null");
    for token in [&first, &second, &stolen, &bio.token()] {
        is_dead(&*api, token);
    }
    // Clients go on with the token that they changed it with, for a moment. It is handed back, never a fresh one.
    for call in [Request::get("/api/user"), Request::put("{}"), Request::put(r#"{"user":{"bio":"x"}}"#)] {
        let answer = api.send(&call.token(&used));
        assert_eq!((answer.status, answer.token()), (200, used.clone()));
    }
    for call in [delete(&used), logout(&used, "?scope=others")] {
        api.send(&call).is(401, INVALID);
    }
    let again = api.send(&change(&used, "")).token();
    assert_ne!(again, used);
    is_dead(&*api, &changed.token());
    let again = refresh(&*api, &again);

    // With the current password there is no such moment.
    let changed = api.send(&change(&again, proven));
    for token in [&used, &again] {
        is_dead(&*api, token);
    }
    let third = begin(&*api, "change");
    let changed = refresh(&*api, &changed.token());
    assert_eq!(api.send(&change(&third, proven)).status, 200);
    is_dead(&*api, &changed);
    is_dead(&*api, &third);

    // It ends what it belongs to.
    let used = begin(&*api, "change");
    let changed = api.send(&change(&used, "")).token();
    api.send(&logout(&used, "")).is(204, "");
    is_dead(&*api, &used);
    is_dead(&*api, &changed);
}

pub fn a_logout_of_others_revives_no_token(start: Start) {
    let api = start(django());
    let token = register(&*api, "revive");
    let old = older(&*api, &token, 50);
    let proven = r#"{"user":{"password":"jakejake","current_password":"jakejake"}}"#;
    let fresh = api.send(&Request::put(proven).token(&token)).token();
    for _ in 0..2 {
        api.send(&logout(&fresh, "?scope=others")).is(204, "");
        is_dead(&*api, &old);
        is_dead(&*api, &token);
        refresh(&*api, &fresh);
    }
}

pub fn a_deleted_account_is_deactivated_and_its_tokens_stay_dead(start: Start) {
    let api = start(django());
    let first = register(&*api, "delete");
    let second = begin(&*api, "delete");
    api.send(&Request::put(r#"{"user":{"bio":"stays"}}"#).token(&first));
    // Not even the session that was kept before outlives this.
    api.send(&logout(&second, "?scope=others")).is(204, "");
    api.sql("UPDATE users SET updated_at = 5 WHERE username = 'delete'");
    api.send(&delete(&second)).is(204, "");
    let moved = "SELECT updated_at > 5 FROM users WHERE username = 'delete'";
    assert_eq!(api.sql(moved).as_deref(), Some("1"));
    let refused = |token: &str| {
        [
            Request::get("/api/user").token(token),
            Request::put("{}").token(token),
            logout(token, ""),
            logout(token, "?scope=others"),
            logout(token, "?scope=nonsense"),
            delete(token),
        ]
    };
    for call in refused(&first).into_iter().chain(refused(&second)) {
        api.send(&call).is(401, DEACTIVATED);
    }
    api.send(&login("delete@x.io", "jakejake"))
        .is(400, r#"{"errors":{"error":["This user has been deactivated."]}}"#);
    let again = r#"{"user":{"username":"delete","email":"o@x.io","password":"jakejake"}}"#;
    api.send(&Request::post("/api/users", again))
        .is(400, r#"{"errors":{"username":["user with this username already exists."]}}"#);

    api.sql("UPDATE users SET is_active = 1 WHERE username = 'delete'");
    is_dead(&*api, &first);
    is_dead(&*api, &second);
    let answer = get(&*api, &begin(&*api, "delete"));
    answer.is_user(200, r#""delete@x.io""#, r#""delete""#, "\"stays\"", "null");

    let api = start(realworld());
    let token = register(&*api, "delete");
    api.send(&delete(&token)).is(204, "");
    for call in refused(&token) {
        api.send(&call).is(403, r#"{"errors":{"account":["is deactivated"]}}"#);
    }
}

pub fn a_scope_is_one_of_three(start: Start) {
    let api = start(django());
    let token = register(&*api, "scope");
    for (scope, value) in
        [("?scope=global", "global"), ("?scope", ""), ("?scope=ALL", "ALL"), ("?scope=%22", "\\\"")]
    {
        let message = format!(r#"\"{value}\" is not a valid choice."#);
        api.send(&logout(&token, scope)).is(400, &format!(r#"{{"errors":{{"scope":["{message}"]}}}}"#));
    }
    refresh(&*api, &token);
    // What is sent with it is not read.
    let call = logout(&token, "?x=y&scope=%6cocal").header("Content-Type", "text/plain").body("{");
    api.send(&call).is(204, "");

    let api = start(realworld());
    let token = register(&*api, "scope");
    api.send(&logout(&token, "?scope=global")).is(422, r#"{"errors":{"scope":["is invalid"]}}"#);
}

pub fn who_has_no_good_token_ends_nothing(start: Start) {
    let api = start(django());
    let own = register(&*api, "nothing2");
    for call in [logout("", ""), delete(""), logout("", "?scope=nonsense")] {
        let without = Request { headers: Vec::new(), ..call };
        api.send(&without).is(401, MISSING);
    }
    let nobodys = token(&*api, 987_654_321);
    for call in [logout(&nobodys, ""), logout(&nobodys, "?scope=all"), delete(&nobodys)] {
        api.send(&call).is(401, NOBODY);
    }
    let id = id(&*api, "nothing2");
    is_dead(&*api, &mint("another secret, and just as long as that", id, 0, api.now()));
    for version in [-1, 1, i64::MAX] {
        is_dead(&*api, &mint(SECRET, id, version, api.now()));
    }
    refresh(&*api, &own);
}

pub fn a_token_of_the_previous_secret_is_answered_with_one_of_the_current(start: Start) {
    const OLD: &str = "what the secret was before, 32 bytes or more";
    let mut vars = django();
    vars.insert("JWT_SECRET_PREVIOUS", OLD);
    let api = start(vars);
    register(&*api, "rotate");
    let id = id(&*api, "rotate");
    let old = mint(OLD, id, 0, api.now());
    let fresh = refresh(&*api, &old);
    let token = latchkey::auth::token::verify(&keys(SECRET), &fresh, api.now()).unwrap();
    assert_eq!((token.user_id, token.session.sid.as_str()), (id, "sid"));
    refresh(&*api, &fresh);
    // It is the same session.
    api.send(&logout(&fresh, "")).is(204, "");
    is_dead(&*api, &old);
}

pub fn nothing_secret_is_logged(start: Start) {
    for vars in [django(), realworld()] {
        let api = start(vars);
        let user =
            r#"{"user":{"username":"marked","email":"marked-email@x.io","password":"marked password"}}"#;
        let registered = api.send(&Request::post("/api/users", user));
        assert_eq!(registered.status, 201);
        let mut tokens = vec![registered.token()];
        let wrong = login("marked-email@x.io", "marked mistake");
        let changes = [
            r#"{"user":{"password":"marked password"}}"#,
            user,
            r#"{"user":{"email":"marked-email@y.io"}}"#,
            "{",
        ];
        for call in [
            Request::post("/api/users", user),
            Request::post("/api/users", r#"{"user":{"email":"marked-email","password":"marked"}}"#),
            login("marked-email@x.io", "marked password"),
            wrong.clone(),
            Request::get("/api/user").token("marked.token.x"),
        ]
        .into_iter()
        .chain((0..10).map(|_| wrong.clone()))
        .chain(changes.map(|change| Request::put(change).token(&tokens[0])))
        .chain([Request::get("/api/user").token(&tokens[0])])
        {
            let answer = api.send(&call);
            if answer.body.contains("token\":\"") {
                tokens.push(answer.token());
            }
        }
        // A stored hash that can't be read is logged, and nothing of it.
        api.sql("UPDATE users SET password = 'marked hash' WHERE username = 'marked'");
        api.send(&login("marked-email@y.io", "marked password"));
        api.send(&logout(&tokens[0], "?scope=marked"));
        api.send(&logout(&tokens[0], "?scope=others"));
        api.send(&delete(&tokens[0]));
        assert!(tokens.len() > 3);
        let log = api.log().join("\n");
        assert!(log.contains("unusable_password"), "{log}");
        for token in tokens {
            assert!(!log.contains(&token), "{log}");
        }
        assert!(!log.contains("marked") && !log.contains(SECRET), "{log}");
    }
}
