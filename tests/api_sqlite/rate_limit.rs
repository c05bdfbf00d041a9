//! Coarse rate limits: what is counted, and by which key.

use super::Native;
use super::api::{self, Api as _, Request};

#[test]
fn the_coarse_limit_is_asked_first_and_by_client() {
    let mut vars = api::django();
    vars.remove("RATE_LIMIT");
    let api = Native::new(vars);
    api.platform.rate_limit.set(2);
    let throttled = r#"{"user":{"detail":"Request was throttled. Expected available in 60 seconds."}}"#;
    for path in ["/api/users", "/api/users/login/"] {
        let call = |address: &str| Request::post(path, "{").header("CF-Connecting-IP", address);
        let address = if path == "/api/users" { "192.0.2.1" } else { "192.0.2.2" };
        for _ in 0..2 {
            assert_eq!(api.send(&call(address)).status, 400);
        }
        let answer = api.send(&call(address));
        answer.is(429, throttled);
        assert_eq!(answer.header("retry-after"), Some("60"));
        assert_eq!(api.send(&call("2001:db8::1")).status, 400);
    }
    // All that have no address share one count; nothing else is counted.
    assert_eq!(api.send(&Request::post("/api/users", "{")).status, 400);
    for path in ["/api/user", "/api/users/logout", "/api/nothing"] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            api.send(&Request::new(method, path));
        }
    }
    for path in ["/api/users", "/api/users/login"] {
        for method in ["GET", "PUT", "OPTIONS"] {
            api.send(&Request::new(method, path));
        }
    }
    let [a, b, c] = ["192.0.2.1", "192.0.2.2", "2001:db8::/64"].map(|key| format!("LIMITER {key}"));
    let network = "NETWORK_LIMITER 2001:db8::/48";
    let expected = [&*a, &a, &a, &c, network, &b, &b, &b, &c, network, "LIMITER unknown"];
    assert_eq!(*api.platform.limited.borrow(), expected);
}

#[test]
fn a_48_of_ipv6_is_limited_as_a_whole() {
    let mut vars = api::django();
    vars.remove("RATE_LIMIT");
    let api = Native::new(vars);
    api.platform.rate_limit.set(5);
    let call = |address: &str| Request::post("/api/users/login", "{}").header("CF-Connecting-IP", address);
    let statuses = (0..8).map(|subnet| api.send(&call(&format!("2001:db8:0:{subnet:x}::1"))).status);
    assert_eq!(statuses.collect::<Vec<_>>(), [400, 400, 400, 400, 400, 429, 429, 429]);
    assert_eq!(api.send(&call("2001:db8:1::1")).status, 400);
    // The /24 of IPv4 addresses is not: it may be many sites.
    assert!((0..8).all(|host| api.send(&call(&format!("192.0.2.{host}"))).status == 400));
}

#[test]
fn updates_that_cost_a_hash_or_tell_of_emails_are_limited_by_user_and_by_address() {
    let mut vars = api::django();
    vars.remove("RATE_LIMIT");
    let api = Native::new(vars);
    api.platform.rate_limit.set(1_000);
    let [one, two] = ["limited1", "limited2"].map(|name| api::register(&api, name));
    api.platform.rate_limit.set(3);
    api.platform.limited.borrow_mut().clear();
    let put = |token: &str, user: &str, address: &str| {
        let call = Request::put(&format!(r#"{{"user":{user}}}"#)).token(token);
        api.send(&call.header("CF-Connecting-IP", address)).status
    };
    // Nothing else is counted, one's own email neither, and what is wrong with the fields comes first.
    for _ in 0..10 {
        assert_eq!(put(&one, r#"{"bio":"x","username":"limited1"}"#, "192.0.2.1"), 200);
        assert_eq!(put(&one, r#"{"email":"limited1@x.io"}"#, "192.0.2.1"), 200);
        assert_eq!(put(&one, "{}", "192.0.2.1"), 200);
        assert_eq!(put(&one, r#"{"password":"short"}"#, "192.0.2.1"), 400);
    }
    assert!(api.platform.limited.borrow().is_empty());
    let iterations = latchkey::auth::password::iterations_computed();
    for user in [r#"{"email":"limited2@x.io","password":"jakejake"}"#, r#"{"email":"limited2@x.io"}"#] {
        for (index, status) in [400, 400, 400, 429, 429].into_iter().enumerate() {
            let address = format!("192.0.2.1{index}");
            assert_eq!(put(&one, user, &address), status);
        }
        api.platform.limited.borrow_mut().clear();
    }
    assert_eq!(latchkey::auth::password::iterations_computed(), iterations);
    // A new username leaves an event.
    for (index, status) in [200, 200, 200, 429].into_iter().enumerate() {
        let user = format!(r#"{{"username":"limited1{index}"}}"#);
        assert_eq!(put(&one, &user, &format!("192.0.2.1{index}")), status);
    }
    api.platform.limited.borrow_mut().clear();
    // By address, whoever sends them from there; and a current password costs a hash as well.
    let proven = r#"{"username":"limited3","current_password":"wrong password"}"#;
    for (token, status) in [(&one, 400), (&two, 400), (&two, 400), (&one, 429), (&two, 429)] {
        assert_eq!(put(token, proven, "192.0.2.20"), status);
    }
    api.platform.limited.borrow_mut().clear();
    // A thief at one address does not keep the user at another one from a new password.
    api.platform.rate_limit.set(20);
    for _ in 0..30 {
        put(&one, r#"{"email":"limited2@x.io"}"#, "192.0.2.30");
    }
    assert_eq!(put(&one, r#"{"password":"jakejake"}"#, "192.0.2.31"), 429, "20 of one user in all");
    api.platform.limited.borrow_mut().retain(|key| !key.starts_with("LIMITER user"));
    assert_eq!(put(&one, r#"{"password":"jakejake"}"#, "192.0.2.31"), 200);
}
