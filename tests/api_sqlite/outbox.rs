//! Notices on the host: what sends them if the transport fails, and how many there are.

use latchkey::jobs::purge;
use serde_json::json;

use super::api::mailbox::Person;
use super::api::{self, Api as _, Request};
use super::mail::{later, native, of};
use super::{EVENTS, NOW};

#[test]
fn a_notice_that_fails_is_sent_by_the_schedule() {
    let api = native();
    let mut person = Person::verified(&of(&api), "outbox");
    let run = || api.deliver();
    let count = || api.mails("outbox@x.io").len();
    let fail = |code: Option<&str>| {
        *api.platform.mail_failure.borrow_mut() = code.map(str::to_owned);
    };
    fail(Some("E_INTERNAL_SERVER_ERROR"));
    assert_eq!(person.patch(&json!({"password": "another one"})).status, 200);
    assert_eq!((count(), api.log().len()), (1, 1));
    run();
    assert_eq!(api.log().len(), 1, "not before its time");
    later(&api, 60);
    run();
    assert_eq!(api.log().len(), 2);
    fail(None);
    later(&api, 239);
    run();
    assert_eq!(count(), 1);
    later(&api, 1);
    run();
    assert_eq!(count(), 2);
    later(&api, 86_400);
    run();
    assert_eq!(count(), 2, "once");
    pollster::block_on(purge::run(&api.platform, EVENTS, api.platform.now.get())).unwrap();
    assert_eq!(api.sql("SELECT count(*) FROM outbox").as_deref(), Some("0"));

    // The Worker ends after the answer, before the notice is sent.
    let change = Request::put(r#"{"user":{"password":"yet another one"}}"#).token(&person.token);
    let (answer, deferred) = api.handle(&change);
    assert_eq!(answer.status, 200);
    drop(deferred);
    run();
    assert_eq!(count(), 3);
}

#[test]
fn a_notice_is_given_up_after_days_and_at_once_where_the_recipient_is_refused() {
    let api = native();
    let mut person = Person::verified(&of(&api), "given-up");
    *api.platform.mail_failure.borrow_mut() = Some("E_DELIVERY_FAILED".to_owned());
    person.patch(&json!({"password": "another one"}));
    let due = || api.sql("SELECT count FROM outbox").unwrap();
    for _ in 0..10 {
        later(&api, 2 * 86_400);
        api.deliver();
    }
    assert_eq!((api.log().len(), due().as_str()), (7, "0"));
    pollster::block_on(purge::run(&api.platform, EVENTS, api.platform.now.get() + 3_600)).unwrap();
    *api.platform.mail_failure.borrow_mut() = Some("E_RECIPIENT_SUPPRESSED".to_owned());
    let token = api.send(&api::login(&person.email, "another one")).token();
    api.send(&Request::put(r#"{"user":{"password":"yet another one"}}"#).token(&token));
    assert_eq!(due(), "0");
    assert!(api.log().last().unwrap().contains(
        r#""mail":"password_changed","code":"E_RECIPIENT_SUPPRESSED","recipient_refused":true,"user":1"#
    ));
}

/// Whoever registers any number of accounts, and gives a stranger's address to one after the other.
#[test]
fn an_address_that_is_not_verified_has_one_budget_of_notices_for_all_users() {
    let api = native();
    for n in 0..8 {
        let mut person = Person::register(&of(&api), &format!("bomber{n}"));
        assert_eq!(person.patch(&json!({"email": "bombed@x.io"})).status, 200);
        assert_eq!(person.patch(&json!({"password": "another one"})).status, 200);
        assert_eq!(person.patch(&json!({"email": format!("bomber{n}-again@x.io")})).status, 200);
    }
    let subjects: Vec<_> = api.mails("bombed@x.io").into_iter().map(|mail| mail.subject).collect();
    let expected = [
        "Confirm your email address for Example",
        "Your password for Example was changed",
        "Your email address for Example was replaced",
    ];
    assert_eq!(subjects, expected);
}

/// Whoever registers addresses that fail for a while, to hide from someone what becomes of an account.
#[test]
fn notices_that_fail_keep_no_other_back() {
    let api = native();
    let mut victim = Person::verified(&of(&api), "kept-back");
    let mut person = Person::register(&of(&api), "failing");
    *api.platform.mail_failure.borrow_mut() = Some("RCPT 450 4.1.2".to_owned());
    for n in 0..20 {
        assert_eq!(person.patch(&json!({ "email": format!("failing{n}@x.io") })).status, 200);
    }
    *api.platform.mail_failure.borrow_mut() = None;
    later(&api, 60);
    victim.patch(&json!({"password": "another one"}));
    assert_eq!(api.mails("kept-back@x.io").len(), 2);
}

#[test]
fn a_notice_to_an_address_that_no_transport_may_get_is_given_up_at_once() {
    let api = native();
    let mut person = Person::register(&of(&api), "quoted");
    person.patch(&json!({"email": "\"quoted\"@x.io"}));
    person.patch(&json!({"email": "quoted2@x.io"}));
    let left = api.sql("SELECT count(*) FROM outbox WHERE count > 0");
    assert_eq!(left.as_deref(), Some("0"), "{:?}", api.log());
}

/// Whoever gives one address of others after the other: the limits on mails hold for notices of that too.
#[test]
fn an_address_that_was_mailed_nothing_gets_no_notice() {
    let api = native();
    let mut person = Person::register(&of(&api), "sprayed");
    for n in 0..12 {
        assert_eq!(person.patch(&json!({ "email": format!("sprayed{n}@x.io") })).status, 200);
        assert_eq!(person.patch(&json!({ "password": format!("another one {n}") })).status, 200);
    }
    let is_mailed = |n: &i32| !api.mails(&format!("sprayed{n}@x.io")).is_empty();
    assert_eq!((0..12).filter(is_mailed).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(api.mails("sprayed0@x.io").len(), 3, "verification, password, email");
}

#[test]
fn a_notice_that_two_runs_took_is_counted_off_once() {
    let api = native();
    let mut person = Person::verified(&of(&api), "twice");
    // The attempt took more than a minute, and the schedule has sent the notice and put it down by then.
    api.platform.db.before.borrow_mut().push((
        "UPDATE outbox SET count = count -",
        "UPDATE outbox SET count = 0, attempts = 0, due_at = due_at + 3600",
    ));
    person.patch(&json!({"password": "another one"}));
    assert_eq!(api.sql("SELECT count FROM outbox").as_deref(), Some("0"));
    later(&api, 2 * 3_600);
    person.patch(&json!({"password": "yet another one"}));
    assert_eq!(api.mails("twice@x.io").len(), 3);
}

#[test]
fn a_notice_that_nothing_sent_for_a_week_is_dropped() {
    let api = native();
    let person = Person::verified(&of(&api), "turned-off");
    let change = Request::put(r#"{"user":{"password":"another one"}}"#).token(&person.token);
    let (answer, deferred) = api.handle(&change);
    assert_eq!(answer.status, 200);
    drop(deferred);
    let left = |seconds: i64| {
        pollster::block_on(purge::run(&api.platform, EVENTS, NOW + seconds)).unwrap();
        api.sql("SELECT count(*) FROM outbox").unwrap()
    };
    assert_eq!((left(7 * 86_400 - 1), left(7 * 86_400)), ("1".to_owned(), "0".to_owned()));
}
