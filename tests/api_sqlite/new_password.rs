//! A new password: the tokens of the session that sets it, and the seconds in which the one that did stays good.

use latchkey::auth::token::VerifiedToken;

use super::api::{self, Api as _, Request, SECRET, login};
use super::{NOW, Native};

fn native() -> Native {
    Native::new(api::django())
}

fn status(api: &Native, token: &str) -> u16 {
    api.send(&Request::get("/api/user").token(token)).status
}

#[test]
fn a_thief_who_polls_each_second_is_out_after_a_new_password() {
    for current_password in ["", r#","current_password":"jakejake""#] {
        let api = native();
        let mut own = api::register(&api, "owner");
        let mut stolen = own.clone();
        // Both go on with fresh tokens of the one session.
        for second in 1..=30 {
            api.platform.now.set(NOW + second);
            stolen = api.send(&Request::get("/api/user").token(&stolen)).token();
            if second == 20 {
                own = api.send(&Request::get("/api/user").token(&own)).token();
            }
        }
        let change = format!(r#"{{"user":{{"password":"another password"{current_password}}}}}"#);
        let fresh = api.send(&Request::put(&change).token(&own)).token();
        for second in 30..60 {
            api.platform.now.set(NOW + second);
            assert_eq!(status(&api, &stolen), 401, "{current_password}");
            assert_eq!(status(&api, &fresh), 200);
        }
        assert_eq!(status(&api, &own), 401);
    }
}

#[test]
fn the_token_of_a_new_password_stays_good_for_ten_seconds_and_gets_no_fresh_one() {
    let api = native();
    let old = api::register(&api, "grace");
    api.platform.now.set(NOW + 5);
    let used = api.send(&Request::get("/api/user").token(&old)).token();
    let change = Request::put(r#"{"user":{"password":"another password"}}"#);
    let fresh = api.send(&change.clone().token(&used)).token();
    assert_ne!(fresh, used);
    for second in [5, 14] {
        api.platform.now.set(NOW + second);
        assert_eq!(status(&api, &old), 401, "an older token of the same session");
        for call in [
            Request::get("/api/user"),
            Request::put(r#"{"user":{"bio":"x"}}"#),
            Request::put("{}"),
            Request::put(r#"{"user":{"username":"grace2","current_password":"another password"}}"#),
            Request::new("PATCH", "/api/user"),
        ] {
            let answer = api.send(&call.token(&used));
            assert_eq!((answer.status, answer.token()), (200, used.clone()));
        }
        assert_eq!(api.send(&Request::new("HEAD", "/api/user").token(&used)).status, 200);
        // It is good for nothing else, whatever comes with it.
        for body in
            [r#"{"user":{"current_password":"another password"}}"#, r#"{"user":{"current_password":1}}"#, "{"]
        {
            let answer = api.send(&Request::new("DELETE", "/api/user").token(&used).json(body));
            answer.is(401, r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#);
        }
        let proof = r#"{"user":{"password":"another password"}}"#;
        api.send(&Request::post("/api/user/reauthenticate", proof).token(&used))
            .is(401, r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#);
        for (method, path) in [
            ("DELETE", "/api/user"),
            ("POST", "/api/users/logout?scope=others"),
            ("POST", "/api/users/logout?scope=nonsense"),
        ] {
            let answer = api.send(&Request::new(method, path).token(&used));
            answer.is(401, r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#);
        }
    }
    api.platform.now.set(NOW + 15);
    assert_eq!(status(&api, &used), 401);
    assert_eq!(status(&api, &fresh), 200);

    // Another new password is answered with a fresh one, and begins the ten seconds again.
    let again = api.send(&change.clone().token(&fresh)).token();
    api.platform.now.set(NOW + 20);
    let last = api.send(&change.clone().token(&fresh)).token();
    assert_eq!((status(&api, &again), status(&api, &last), status(&api, &fresh)), (401, 200, 200));
    api.platform.now.set(NOW + 30);
    assert_eq!((status(&api, &last), status(&api, &fresh)), (200, 401));

    // Of two tokens of one second, the older one is refused.
    let used = last;
    let same_second = api.send(&change.clone().token(&used)).token();
    api.send(&change.clone().token(&same_second));
    assert_eq!((status(&api, &used), status(&api, &same_second)), (401, 200));
    let last = api.send(&change.clone().token(&same_second)).token();

    // With the current password there are none, by whatever clock.
    let proven = r#"{"user":{"password":"jakejake","current_password":"another password"}}"#;
    let proven = api.send(&Request::put(proven).token(&last)).token();
    for second in [30, 29, 20, 0] {
        api.platform.now.set(NOW + second);
        assert_eq!((status(&api, &last), status(&api, &proven)), (401, 200), "{second}");
    }
}

#[test]
fn the_token_of_a_new_password_ends_sessions() {
    for (scope, is_dead) in [("local", true), ("all", true), ("others", false)] {
        let api = native();
        let used = api::register(&api, "ends");
        let fresh = api.send(&Request::put(r#"{"user":{"password":"jakejake"}}"#).token(&used)).token();
        let logout = Request::new("POST", &format!("/api/users/logout?scope={scope}")).token(&used);
        assert_eq!(api.send(&logout).status, if is_dead { 204 } else { 401 });
        assert_eq!(status(&api, &fresh) == 401, is_dead, "{scope}");
        assert_eq!(status(&api, &used) == 401, is_dead, "{scope}");
    }
}

#[test]
fn others_revives_no_token_of_its_own_session() {
    let api = native();
    let others = |token: &str| {
        assert_eq!(
            api.send(&Request::new("POST", "/api/users/logout?scope=others").token(token)).status,
            204
        );
    };
    let old = api::register(&api, "revive");
    let other = api.send(&login("revive@x.io", "jakejake")).token();
    api.platform.now.set(NOW + 1);
    let used = api.send(&Request::get("/api/user").token(&old)).token();
    let fresh = api.send(&Request::put(r#"{"user":{"password":"jakejake"}}"#).token(&used)).token();
    for _ in 0..3 {
        others(&fresh);
        assert_eq!(status(&api, &old), 401);
        assert_eq!(status(&api, &other), 401);
        assert_eq!(status(&api, &fresh), 200);
        // For as long as it was good before, and no longer.
        assert_eq!(status(&api, &used), 200);
    }
    let later = api.send(&Request::get("/api/user").token(&fresh)).token();
    api.platform.now.set(NOW + 11);
    assert_eq!(status(&api, &used), 401);
    others(&later);
    assert_eq!((status(&api, &used), status(&api, &fresh), status(&api, &later)), (401, 200, 200));

    // Another session that ends the others ends the ten seconds too.
    let used = later;
    let fresh = api.send(&Request::put(r#"{"user":{"password":"jakejake"}}"#).token(&used)).token();
    let other = api.send(&login("revive@x.io", "jakejake")).token();
    others(&other);
    assert_eq!((status(&api, &used), status(&api, &fresh), status(&api, &other)), (401, 401, 200));
    // One of its own tokens with the version and the time of that one is none of those.
    let VerifiedToken { token_version: version, issued_at, .. } =
        latchkey::auth::token::verify(&api::keys(SECRET), &used, NOW).unwrap();
    let sid = latchkey::auth::token::verify(&api::keys(SECRET), &other, NOW).unwrap().session.sid;
    let alike =
        format!(r#"{{"id":1,"exp":1900000000,"iat":{},"ver":{version},"sid":"{sid}"}}"#, issued_at.unwrap());
    assert_eq!(status(&api, &api::tokens::signed(&alike)), 401);
}

#[test]
fn a_token_without_a_time_of_signing_has_its_ten_seconds_too() {
    let api = native();
    api::register(&api, "foreign");
    let foreign = |ttl: i64| api::tokens::signed(&format!(r#"{{"id":1,"exp":{}}}"#, NOW + ttl));
    let [used, other] = [foreign(1_000), foreign(1_001)];
    let fresh = api.send(&Request::put(r#"{"user":{"password":"jakejake"}}"#).token(&used)).token();
    let read = api.send(&Request::get("/api/user").token(&used));
    assert_eq!((read.status, read.token()), (200, used.clone()));
    assert_eq!((status(&api, &other), status(&api, &fresh)), (401, 200));
    api.platform.now.set(NOW + 10);
    assert_eq!(status(&api, &used), 401);
}
