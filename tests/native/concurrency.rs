//! Many logins at once, and how much work each is: the database lets others in before every statement,
//! so of requests that start together all read before one writes.

use futures_util::future::join_all;
use latchkey::password::hashes_computed;

use super::suite::throttle::from;
use super::suite::{self, Answer, Api as _, Call};
use super::{NOW, Native};

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
    let failed = 1 + failures(&answers(&calls));
    let after: Vec<_> = (0..10).map(|_| api.send(&calls[1])).collect();
    assert_eq!(failed + failures(&after), 10);
    assert_eq!(after[9].status, 429);
}

#[test]
fn a_burst_is_forgotten_after_as_many_days_as_guesses_were_tried() {
    let api = native();
    let days = |expected: i64| {
        let expiry = api.sql("SELECT expires_at FROM login_failures WHERE address = ''").unwrap();
        assert_eq!(expiry.parse::<i64>().unwrap(), NOW + expected * 86_400);
    };
    let wrong = vec![from("192.0.2.1", "known@x.io", "wrong password"); 50];
    burst(&api, &wrong, [200, 400, 429]);
    days(50);
    // What is refused untried makes no difference, and no later failure makes it shorter.
    burst(&api, &wrong, [200, 400, 429]);
    days(50);
    burst(&api, &[from("192.0.2.2", "known@x.io", "wrong password")], [200, 400, 429]);
    days(50);
}

/// The price of counting first: with one place left, of right passwords at once one gets in, and the
/// others are told to come back in a moment.
#[test]
fn with_one_place_left_right_passwords_at_once_are_let_in_one_by_one() {
    let api = native();
    for _ in 0..9 {
        api.send(&from("192.0.2.1", "known@x.io", "wrong password"));
    }
    let right = vec![from("192.0.2.1", "known@x.io", "jakejake"); 5];
    assert_eq!(burst(&api, &right, [200, 400, 429]).0, [1, 0, 4]);
    assert_eq!(burst(&api, &right, [200, 400, 429]).0, [5, 0, 0]);
}

/// What one who sends a login can tell of it, and what it cost.
fn observed(api: &Native, call: &Call) -> (Answer, u64, usize, u64) {
    let (statements, written) =
        (|| api.platform.db.statements.borrow().len(), || api.platform.db.rows_written());
    let (hashes, ran, wrote) = (hashes_computed(), statements(), written());
    let mut answer = api.send(call);
    // It is another after each write; so what tells is how many rows were written.
    answer.headers.remove("x-d1-bookmark").unwrap();
    (answer, hashes_computed() - hashes, statements() - ran, written() - wrote)
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
