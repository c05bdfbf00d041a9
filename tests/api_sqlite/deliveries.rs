//! Deliveries of the webhook on the host: attempts by a clock, and runs that overlap, are lost or come too late.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use futures_util::future::join_all;
use latchkey::auth::deliveries;
use latchkey::jobs::deliver;

use super::api::receiver::{CURRENT, Receiver};
use super::api::{self, Api as _, Request, SECRET, register};
use super::mail::later;
use super::{NOW, Native};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Times after a failure at which the next attempt is made: those of the specification.
const WAITS: [i64; 9] = [5, 300, 1_800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

fn native(receiver: &Receiver) -> Native {
    Native::new(receiver.configure(api::django()))
}

/// Registers someone, and gives the work that is left after the response to the caller.
fn register_only(api: &Native, name: &str) -> latchkey::api::deferred::Deferred {
    let user = format!(r#"{{"user":{{"username":"{name}","email":"{name}@x.io","password":"jakejake"}}}}"#);
    let (answer, deferred) = api.handle(&Request::post("/api/users", &user));
    assert_eq!(answer.status, 201, "{}", answer.body);
    deferred
}

/// Registers people whose events wait for the schedule, each a second after the other.
fn register_many(api: &Native, count: usize) {
    for n in 0..count {
        drop(register_only(api, &format!("many{n}")));
        later(api, 1);
    }
}

/// Log of the failures.
fn log(api: &Native) -> Vec<String> {
    api.log().into_iter().filter(|line| line.contains("webhook_failed")).collect()
}

/// Time at which each event is due, from the start of the test, with its attempts and its failure.
fn state(api: &Native) -> String {
    let sql = "SELECT group_concat(iif(due_at IS NULL, '-', due_at - 1800000000) || ' ' || attempts || ' ' || ifnull(failure, '-'), ', ') \
               FROM (SELECT * FROM events ORDER BY id)";
    api.sql(sql).unwrap_or_default()
}

/// Runs work until the API has begun a statement with this text, and gives up what follows, as a Worker does that ends.
fn run_until(api: &Native, text: &str, work: impl Future<Output = ()>) {
    let mut work = pin!(work);
    let has_begun = || api.platform.db.statements.borrow().iter().any(|sql| sql.starts_with(text));
    while !has_begun() {
        assert!(work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "{text}");
    }
}

#[test]
fn an_event_is_tried_for_three_days_and_then_given_up() {
    let receiver = Receiver::start();
    receiver.answer(&[], "500 Internal Server Error");
    let api = native(&receiver);
    register(&api, "unlucky");
    let first = receiver.take().remove(0);
    first.is_signed(&[CURRENT], NOW);
    for (index, wait) in WAITS.into_iter().enumerate() {
        later(&api, wait - 1);
        api.deliver();
        assert_eq!(receiver.take(), [], "not before its time");
        later(&api, 1);
        api.deliver();
        let [attempt] = &receiver.take()[..] else { panic!("one attempt") };
        assert_eq!((attempt.id(), &attempt.body), (first.id(), &first.body));
        attempt.is_signed(&[CURRENT], api.platform.now.get());
        assert_eq!(log(&api).len(), index + 2);
    }
    assert_eq!(api.platform.now.get() - NOW, 75 * HOUR + 35 * 60 + 5);
    assert_eq!(state(&api), "- 10 status 500");
    let logged = log(&api);
    for (index, line) in logged.iter().enumerate() {
        let (level, gives_up) = if index == 9 { ("error", true) } else { ("warn", false) };
        let expected = format!(
            r#"{{"level":"{level}","event":"webhook_failed","id":"{}","code":"status 500","attempt":{},"gives_up":{gives_up},"stops":false,"request":null}}"#,
            first.id(),
            index + 1
        );
        assert_eq!(*line, expected);
    }
    later(&api, 400 * DAY);
    api.deliver();
    assert_eq!(receiver.take(), []);
}

#[test]
fn what_is_no_success_is_a_failure() {
    for (answer, code) in [
        ("301 Moved Permanently\r\nLocation: /elsewhere", "status 301"),
        ("307 Temporary Redirect\r\nLocation: /elsewhere", "status 307"),
        ("400 Bad Request", "status 400"),
        ("404 Not Found", "status 404"),
        ("429 Too Many Requests", "status 429"),
        ("503 Busy", "status 503"),
        ("", "no response"),
    ] {
        let receiver = Receiver::start();
        receiver.answer(&[], answer);
        let api = native(&receiver);
        register(&api, "refused");
        assert_eq!(receiver.take().len(), 1, "{answer}: no redirect is followed");
        assert_eq!(state(&api), format!("5 1 {code}"));
    }
    for answer in ["200 OK", "202 Accepted", "204 No Content", "299 Fine"] {
        let receiver = Receiver::start();
        receiver.answer(&[], answer);
        let api = native(&receiver);
        register(&api, "taken");
        assert_eq!((receiver.take().len(), state(&api).as_str()), (1, "- 1 -"), "{answer}");
    }
    // Nothing listens.
    let mut vars = api::django();
    vars.extend([("WEBHOOK_URL", "http://127.0.0.1:1/of-its-own"), ("WEBHOOK_SECRET", CURRENT)]);
    let api = Native::new(vars);
    register(&api, "alone");
    assert_eq!(state(&api), "5 1 connection refused");
    assert!(!api.log().concat().contains("of-its-own") && !api.log().concat().contains("127.0.0.1"));
}

#[test]
fn a_server_that_is_gone_stops_deliveries_until_they_are_enabled() {
    let receiver = Receiver::start();
    receiver.answer(&[], "410 Gone");
    let api = native(&receiver);
    register_many(&api, 2);
    api.deliver();
    let first = receiver.take();
    assert_eq!(first.len(), 1);
    let logged = format!(
        r#"{{"level":"error","event":"webhook_failed","id":"{}","code":"status 410","attempt":1,"gives_up":false,"stops":true,"request":null}}"#,
        first[0].id()
    );
    assert_eq!(log(&api), [logged]);
    receiver.answer(&[], "200 OK");
    later(&api, 30 * DAY);
    register(&api, "meanwhile");
    api.deliver();
    assert_eq!(receiver.take(), []);

    api.sql("DELETE FROM webhook");
    api.deliver();
    let sent = receiver.take();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().any(|delivery| delivery.id() == first[0].id()));
    assert_eq!(state(&api), "- 2 -, - 1 -, - 1 -");

    // Also an event whose last attempt it was.
    receiver.answer(&["410 Gone"], "200 OK");
    drop(register_only(&api, "last"));
    api.sql("UPDATE events SET attempts = 9 WHERE id = 4");
    api.deliver();
    assert_eq!(receiver.take().len(), 1);
    api.sql("DELETE FROM webhook");
    api.deliver();
    assert_eq!(receiver.take().len(), 1);
}

#[test]
fn a_server_can_ask_for_a_longer_wait_of_a_day_at_most() {
    let receiver = Receiver::start();
    let api = native(&receiver);
    for (answer, due_at) in [
        ("503 Busy\r\nRetry-After: 1", "5"),
        ("503 Busy\r\nRetry-After: 6", "6"),
        ("429 Too Many Requests\r\nRetry-After: 100000", "86400"),
        ("400 Bad Request\r\nRetry-After: soon", "5"),
    ] {
        api.sql("DELETE FROM events");
        receiver.answer(&[answer], "200 OK");
        drop(register_only(&api, &format!("asked{due_at}{}", answer.len())));
        api.deliver();
        assert_eq!(state(&api).split(' ').next(), Some(due_at), "{answer}");
    }
    receiver.take();
    later(&api, DAY);
    api.deliver();
    assert_eq!(receiver.take().len(), 1);
}

#[test]
fn an_event_that_is_refused_keeps_no_other_back_and_a_dead_server_is_tried_once() {
    let refused = ["400 Bad Request", "404 Not Found", "302 Found", "500 Internal Server Error"];
    for (answer, tried) in refused.map(|answer| (answer, 3)).into_iter().chain([
        ("503 Service Unavailable", 1),
        ("429 Too Many Requests", 1),
        ("", 1),
    ]) {
        let receiver = Receiver::start();
        receiver.answer(&[answer], "200 OK");
        let api = native(&receiver);
        register_many(&api, 3);
        api.deliver();
        assert_eq!((receiver.take().len(), log(&api).len()), (tried, 1), "{answer}");
        later(&api, 5);
        api.deliver();
        assert_eq!(receiver.take().len(), 4 - tried, "{answer}: all were sent by then");
    }
}

#[test]
fn a_run_sends_so_many_events_and_begins_with_none_after_its_time() {
    let receiver = Receiver::start();
    let api = native(&receiver);
    register_many(&api, 12);
    register(&api, "another");
    assert_eq!(receiver.take().len(), 3, "after a response");
    let webhook = api.config.as_ref().unwrap().events.webhook.as_ref().unwrap();
    let run = |until: i64| {
        pollster::block_on(deliveries::deliver(&api.platform, webhook, 4, until));
        receiver.take().len()
    };
    let now = api.platform.now.get();
    assert_eq!((run(now - 1), run(now)), (0, 4));
    api.deliver();
    assert_eq!(receiver.take().len(), 6, "the rest, by the schedule");
}

#[test]
fn runs_at_once_send_each_event_once() {
    let receiver = Receiver::start();
    let api = native(&receiver);
    let deferred: Vec<_> = (0..12).map(|n| register_only(&api, &format!("at-once{n}"))).collect();
    let config = api.config.as_ref().unwrap();
    let after_responses = join_all(deferred.into_iter().map(|work| work.run(config, &api.platform)));
    let of_schedule = join_all((0..3).map(|_| deliver::run(config, &api.platform)));
    pollster::block_on(futures_util::future::join(after_responses, of_schedule));
    let mut ids: Vec<_> = receiver.take().iter().map(|delivery| delivery.id().to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), api.platform.db.calls.get() > 24), (12, true));
    assert_eq!(state(&api), ["- 1 -"; 12].join(", "));
}

#[test]
fn an_event_whose_run_is_lost_is_sent_by_another() {
    let receiver = Receiver::start();
    let api = native(&receiver);
    drop(register_only(&api, "before-it-began"));
    api.deliver();
    assert_eq!(receiver.take().len(), 1);

    // It was sent, and the Worker ended before that was recorded.
    let deferred = register_only(&api, "before-its-end");
    api.platform.db.statements.borrow_mut().clear();
    let config = api.config.as_ref().unwrap();
    run_until(&api, "UPDATE events SET attempts", deferred.run(config, &api.platform));
    let lost = receiver.take();
    later(&api, 59);
    api.deliver();
    assert_eq!(receiver.take(), [], "as long as an attempt may take");
    later(&api, 1);
    api.deliver();
    assert_eq!((receiver.take()[0].id(), lost.len()), (lost[0].id(), 1));
    assert_eq!(state(&api), "- 1 -, - 2 -");
}

#[test]
fn a_run_that_took_too_long_undoes_nothing() {
    const RECORD: &str = "UPDATE events SET failure";
    for (answer, meanwhile, left) in [
        // Another has sent it, or has it.
        ("500 Error", "UPDATE events SET attempts = 2, due_at = NULL", "- 2 -"),
        ("200 OK", "UPDATE events SET attempts = 2, due_at = 1800000060", "60 2 -"),
        ("410 Gone", "UPDATE events SET attempts = 2, due_at = NULL", "- 2 -"),
        // Its user was erased.
        ("500 Error", "UPDATE events SET due_at = NULL", "- 1 -"),
        ("410 Gone", "UPDATE events SET due_at = NULL", "- 1 -"),
        ("500 Error", "DELETE FROM events", ""),
    ] {
        let receiver = Receiver::start();
        receiver.answer(&[], answer);
        let api = native(&receiver);
        api.platform.db.before.borrow_mut().push((RECORD, meanwhile));
        register(&api, "slow");
        assert_eq!((state(&api).as_str(), receiver.take().len()), (left, 1), "{answer}, {meanwhile}");
    }
}

#[test]
fn a_server_that_was_away_for_three_days_gets_everything_but_what_was_erased() {
    let receiver = Receiver::start();
    receiver.answer(&[], "502 Bad Gateway");
    let api = native(&receiver);
    let mut tried = 0;
    for n in 0..72 {
        register(&api, &format!("waiting{n}"));
        for _ in 0..6 {
            api.deliver();
            later(&api, 600);
        }
        tried += receiver.take().len();
    }
    assert!((72..600).contains(&tried), "{tried}: a dead server is tried a few times an hour");
    api.sql("UPDATE events SET due_at = NULL WHERE user_id IN (7, 8)"); // as it is where users are erased
    api.sql("DELETE FROM events WHERE user_id = 9");
    receiver.answer(&[], "200 OK");
    for _ in 0..2 * 24 * 6 {
        api.deliver();
        later(&api, 600);
    }
    let mut users: Vec<i64> = receiver.take().iter().map(user_of).collect();
    users.sort_unstable();
    users.dedup();
    let expected: Vec<_> = (1..=72).filter(|user| ![7, 8, 9].contains(user)).collect();
    assert_eq!(users, expected);
}

fn user_of(delivery: &api::receiver::Delivery) -> i64 {
    let body: serde_json::Value = serde_json::from_str(&delivery.body).unwrap();
    body["data"]["user"]["id"].as_i64().unwrap()
}

#[test]
fn without_a_webhook_nothing_is_sent() {
    let receiver = Receiver::start();
    let mut api = native(&receiver);
    api.config = super::config(&api::django());
    register(&api, "unheard");
    assert_eq!(api.sql("SELECT count(*) FROM events").as_deref(), Some("0"));
    // Staff read them.
    let mut vars = api::django();
    vars.insert("EVENTS_DAYS", "30");
    api.config = super::config(&vars);
    register(&api, "heard");
    api.deliver();
    assert_eq!((receiver.take().len(), state(&api).as_str()), (0, "- 0 -"));
    // Nor is what happened before there was one.
    api.config = super::config(&receiver.configure(api::django()));
    api.deliver();
    assert_eq!(receiver.take(), []);
}

#[test]
fn a_body_names_who_did_it_and_nothing_more() {
    let receiver = Receiver::start();
    let api = native(&receiver);
    let token = register(&api, "named");
    receiver.take();
    for (actor, expected) in [("NULL", "null"), ("0", r#""operator""#), ("7", "7")] {
        let sql = "INSERT INTO events (at, type, user_id, actor_id, agent, place, detail, due_at) \
                   VALUES (1800000000, 'user.deactivated', 9007199254740991, $, 'Firefox', 'Berlin, DE', 'detail', 1)";
        api.sql(&sql.replace('$', actor));
        api.deliver();
        let body = format!(
            r#"{{"type":"user.deactivated","timestamp":"2027-01-15T08:00:00Z","data":{{"user":{{"id":9007199254740991}},"actor":{expected}}}}}"#
        );
        let sent = receiver.take();
        assert_eq!(sent[0].body, body);
        assert!(body.len() < 20_000);
        let sent = format!("{sent:?}");
        for other in ["Firefox", "Berlin", "detail", "named", "x.io", &token, SECRET, CURRENT] {
            assert!(!sent.contains(other), "{sent}");
        }
    }
}

#[test]
fn what_is_due_is_found_by_an_index() {
    let receiver = Receiver::start();
    let api = native(&receiver);
    register(&api, "found");
    let statements = api.platform.db.statements.borrow().clone();
    let take = statements.iter().find(|sql| sql.starts_with("UPDATE events SET attempts")).unwrap();
    let plan = api.platform.db.plan(take);
    assert!(plan.iter().any(|step| step.contains("USING COVERING INDEX events_by_due")), "{plan:?}");
    assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE") || step == "SCAN events"), "{plan:?}");
}

#[test]
fn a_database_that_fails_is_logged() {
    let receiver = Receiver::start();
    let api = native(&receiver);
    let deferred = register_only(&api, "unlucky");
    api.sql("ALTER TABLE events RENAME TO renamed");
    api.run(deferred);
    let log = api.log().concat();
    assert!(log.contains(r#""event":"internal_error","cause":"webhook: "#), "{log}");
    assert_eq!(receiver.take(), []);
}
