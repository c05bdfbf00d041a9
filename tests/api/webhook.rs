//! The webhook: events that another server is sent.

use serde_json::json;

use super::mailbox::Person;
use super::receiver::{CURRENT, PREVIOUS, Receiver};
use super::{Api, Start, id, with_mail};

/// Waits until all work after the answers so far is done.
fn settle(api: &dyn Api) {
    api.mails("nobody@x.io");
}

/// Lines of the log of what the webhook's server did not take.
fn failures(api: &dyn Api) -> Vec<String> {
    api.log().into_iter().filter(|line| line.contains("webhook_failed")).collect()
}

pub fn an_event_is_sent_signed_once_the_response_is_there(start: Start) {
    let receiver = Receiver::start();
    let mut vars = receiver.configure(with_mail());
    vars.insert("WEBHOOK_SECRET_PREVIOUS", PREVIOUS);
    let api = start(vars);
    let before = api.now();
    let person = Person::register(&api, "hooked");
    let [delivery] = &receiver.wait_for(1)[..] else { panic!("one event, one request") };
    settle(&*api);
    assert_eq!(delivery.line, "POST /hooks/of-this-test?key=secret HTTP/1.1");
    assert_eq!(delivery.headers["content-type"], "application/json");
    assert_eq!(delivery.headers["user-agent"], "latchkey");
    let of_table = "SELECT 'evt_' || id || nonce FROM events WHERE type = 'user.registered'";
    assert_eq!(Some(delivery.id().to_owned()), api.sql(of_table));
    assert!(!delivery.id().contains('.') && delivery.id().len() > 12, "{}", delivery.id());
    let sent_at: i64 = delivery.headers["webhook-timestamp"].parse().unwrap();
    assert!((before..=api.now()).contains(&sent_at), "{sent_at}");
    delivery.is_signed(&[CURRENT, PREVIOUS], sent_at);

    let at = api.sql("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch') FROM events").unwrap();
    let user = id(&*api, "hooked");
    let body = format!(
        r#"{{"type":"user.registered","timestamp":"{at}","data":{{"user":{{"id":{user}}},"actor":{user}}}}}"#
    );
    assert_eq!(delivery.body, body);
    let sent = format!("{delivery:?}");
    for secret in ["hooked", "x.io", "jakejake", &person.token, CURRENT, PREVIOUS] {
        assert!(!sent.contains(secret), "{secret}: {sent}");
    }
    let left = api.sql("SELECT count(*) FROM events WHERE due_at IS NOT NULL OR failure IS NOT NULL");
    assert_eq!((left.as_deref(), failures(&*api).len()), (Some("0"), 0));
}

pub fn an_event_that_was_not_taken_is_sent_again(start: Start) {
    let receiver = Receiver::start();
    receiver.answer(&["503 Busy\r\nRetry-After: 3600"], "200 OK");
    let api = start(receiver.configure(with_mail()));
    let mut person = Person::register(&api, "hooked");
    let first = receiver.wait_for(1).remove(0);
    settle(&*api);
    let failed_at: i64 = first.headers["webhook-timestamp"].parse().unwrap();
    let due_at: i64 = api.sql("SELECT due_at FROM events").unwrap().parse().unwrap();
    assert!((failed_at + 3_600..=api.now() + 3_600).contains(&due_at), "{due_at}");
    assert_eq!(api.sql("SELECT failure FROM events").as_deref(), Some("status 503"));
    let [line] = &failures(&*api)[..] else { panic!("one line") };
    let logged = format!(
        r#"{{"level":"warn","event":"webhook_failed","id":"{}","code":"status 503","attempt":1,"gives_up":false,"stops":false,"#,
        first.id()
    );
    assert!(line.starts_with(&logged), "{line}");

    api.sql("UPDATE events SET due_at = 0");
    assert_eq!(person.patch(&json!({"username": "hooked2"})).status, 200);
    let deliveries = receiver.wait_for(3);
    settle(&*api);
    let types: Vec<_> = deliveries.iter().map(|delivery| delivery.of_type()).collect();
    assert_eq!(types, ["user.registered", "user.registered", "user.renamed"]);
    assert_eq!(deliveries[1].id(), first.id());
    assert_ne!(deliveries[2].id(), first.id());
    for delivery in &deliveries[1..] {
        let sent_at: i64 = delivery.headers["webhook-timestamp"].parse().unwrap();
        assert!((failed_at..=api.now()).contains(&sent_at), "{sent_at}");
        delivery.is_signed(&[CURRENT], sent_at);
    }
    let left = api.sql("SELECT count(*) FROM events WHERE due_at IS NOT NULL OR failure IS NOT NULL");
    assert_eq!((left.as_deref(), failures(&*api).len()), (Some("0"), 1));
    let log = api.log().concat();
    for hidden in ["of-this-test", "key=secret", receiver.url.split('/').nth(2).unwrap(), CURRENT] {
        assert!(!log.contains(hidden), "{log}");
    }
}
