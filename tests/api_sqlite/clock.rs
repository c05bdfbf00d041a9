//! Secrets that are replaced, and times that are read where they are used.

use super::api::{self, Api as _, Request, SECRET, Vars};
use super::lockout::{MINUTE, limits, waits, wrong};
use super::{NOW, Native};

#[test]
fn a_secret_is_replaced_without_logging_anyone_out() {
    const NEW: &str = "the next secret, and that has 32 bytes too";
    fn with(secret: &'static str, previous: Option<&'static str>) -> Vars<'static> {
        let mut vars = api::django();
        vars.insert("JWT_SECRET", secret);
        vars.extend(previous.map(|previous| ("JWT_SECRET_PREVIOUS", previous)));
        vars
    }
    // In the order of docs/operating.md: first everyone learns the new one, then all sign with it.
    let steps = [with(SECRET, None), with(SECRET, Some(NEW)), with(NEW, Some(SECRET)), with(NEW, None)];
    let mut api = Native::new(api::django());
    let mut token = api::register(&api, "rotate");
    let mut get = |vars: &Vars, token: &str| {
        api.config = super::config(vars);
        api.send(&Request::get("/api/user").token(token))
    };
    for [before, after] in [[&steps[0], &steps[1]], [&steps[1], &steps[2]], [&steps[2], &steps[3]]] {
        // Until a change has reached every Worker, some have it and some don't.
        for order in [[before, after], [after, before], [before, after]] {
            for vars in order {
                let answer = get(vars, &token);
                assert_eq!(answer.status, 200, "{}", answer.body);
                token = answer.token();
            }
        }
    }
    // Who did not come by in the meantime logs in again.
    let of_old = api::mint(SECRET, 1, 0, NOW);
    assert_eq!(get(&steps[2], &of_old).status, 200);
    assert_eq!(get(&steps[3], &of_old).status, 401);
}

#[test]
fn the_time_is_read_when_it_is_used() {
    // 20 guesses whose bodies are held back for a quarter of an hour: the block is as long as any other.
    let api = limits("3", "0");
    let held = |seconds| Request { body_takes: seconds, ..wrong() };
    for _ in 0..3 {
        api.platform.now.set(NOW);
        assert_eq!(api.send(&held(14 * MINUTE)).status, 400);
    }
    waits(&api, 15 * MINUTE);
}
