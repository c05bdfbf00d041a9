//! Many logins at once, and how much work each is: the database lets others in before every statement,
//! so of requests that start together all read before one writes.

use futures_util::future::join_all;
use latchkey::password::hashes_computed;

use super::Native;
use super::suite::throttle::from;
use super::suite::{self, Answer, Api as _, Call};

fn native() -> Native {
    let api = Native::new(suite::django());
    for name in ["known", "gone", "other"] {
        suite::register(&api, name);
    }
    api.sql("UPDATE users SET is_active = 0 WHERE username = 'gone'");
    api
}

/// Sends requests at once. Gives how many were answered with each of these statuses, and the hashes that it took.
fn burst(api: &Native, calls: &[Call], statuses: [u16; 3]) -> ([usize; 3], u64) {
    let before = hashes_computed();
    let answers = pollster::block_on(join_all(calls.iter().map(|call| api.answer(call))));
    let count = |status| answers.iter().filter(|(answer, _)| answer.status == status).count();
    (statuses.map(count), hashes_computed() - before)
}

#[test]
fn exactly_ten_failures_are_answered_however_many_come_at_once() {
    for email in ["known@x.io", "gone@x.io", "unknown@x.io"] {
        let api = native();
        let wrong = vec![from("192.0.2.1", email, "wrong password"); 200];
        // Nothing is on record: all are tried, and ten are told.
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 10, 190], 200));
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 0, 200], 0));
    }
}

#[test]
fn with_a_failure_on_record_no_more_are_tried_than_may_fail() {
    for email in ["known@x.io", "gone@x.io", "unknown@x.io"] {
        let api = native();
        let wrong = vec![from("192.0.2.1", email, "wrong password"); 200];
        assert_eq!(burst(&api, &wrong[..1], [200, 400, 429]), ([0, 1, 0], 1));
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 9, 191], 9));
    }
}

#[test]
fn exactly_a_hundred_failures_are_answered_from_any_number_of_addresses() {
    for email in ["known@x.io", "unknown@x.io"] {
        let api = native();
        let wrong: Vec<_> =
            (0..=255).map(|host| from(&format!("192.0.2.{host}"), email, "wrong password")).collect();
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 100, 156], 256));
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 0, 256], 0));
        let other = from("192.0.2.1", "other@x.io", "jakejake");
        assert_eq!(burst(&api, &[other], [200, 400, 429]), ([1, 0, 0], 1));

        let api = native();
        assert_eq!(burst(&api, &wrong[..1], [200, 400, 429]), ([0, 1, 0], 1));
        assert_eq!(burst(&api, &wrong, [200, 400, 429]), ([0, 99, 157], 99));
    }
}

#[test]
fn the_right_password_of_a_deactivated_account_takes_no_place_from_others() {
    let api = native();
    let (right, wrong) = ("jakejake", "wrong password");
    let calls: Vec<_> =
        (0..60).map(|index| from("192.0.2.1", "gone@x.io", [right, wrong][index % 2])).collect();
    burst(&api, &calls[1..2], [400, 429, 500]);
    let answers = |calls: &[Call]| -> Vec<Answer> {
        let answers = pollster::block_on(join_all(calls.iter().map(|call| api.answer(call))));
        answers.into_iter().map(|(answer, _)| answer).collect()
    };
    let failures =
        |answers: &[Answer]| answers.iter().filter(|answer| answer.body.contains("not found")).count();
    let mut failed = 1 + failures(&answers(&calls));
    while api.send(&calls[1]).status == 400 {
        failed += 1;
    }
    assert_eq!(failed, 10);
}

/// What one who sends a login can tell of it, and what it cost.
fn observed(api: &Native, call: &Call) -> (Answer, u64, usize) {
    let statements = || api.platform.db.statements.borrow().len();
    let (hashes, before) = (hashes_computed(), statements());
    let answer = api.send(call);
    (answer, hashes_computed() - hashes, statements() - before)
}

#[test]
fn a_failed_login_is_the_same_work_and_answer_whoever_it_names() {
    for vars in [suite::django(), suite::realworld()] {
        let api = Native::new(vars);
        for name in ["known", "gone", "broken"] {
            suite::register(&api, name);
        }
        api.sql("UPDATE users SET is_active = 0 WHERE username = 'gone'");
        api.sql("UPDATE users SET password = '!' WHERE username = 'broken'");
        // The first, those with failures on record, and those that are throttled.
        for attempt in 0..12 {
            let observe = |email: &str| observed(&api, &from("192.0.2.1", email, "wrong password"));
            let known = observe("known@x.io");
            assert_eq!(known.1, u64::from(attempt < 10));
            for email in ["unknown@x.io", "gone@x.io", "broken@x.io"] {
                assert_eq!(observe(email), known, "{email}, attempt {attempt}");
            }
        }
    }
}
