//! `webhook`

use serde_json::{Value, json};

use crate::command::{LOCAL, SECRET};
use crate::events::with_events;
use crate::users::output_of;

#[test]
fn a_webhook_that_stopped_goes_on_and_failed_deliveries_are_repeated() {
    let operator = with_events();
    let database = operator.database();
    let list = || output_of(&operator, &["webhook", "list"]);
    assert_eq!(
        list(),
        "webhook  not configured: WEBHOOK_URL is not set\npending  0, 0 of them after a failure\nfailed   0\n"
    );
    let hook = format!("JWT_SECRET=\"{SECRET}\"\nWEBHOOK_URL=https://example.org/hook\n");
    operator.write(".dev.vars", &hook);
    let states = "INSERT INTO webhook VALUES (1, 1800000000);
                  UPDATE events SET due_at = 5, attempts = 2, failure = 'status 500' WHERE id = 1;
                  UPDATE events SET due_at = 5 WHERE id = 2;
                  UPDATE events SET attempts = 12, failure = 'status 404' WHERE id = 3";
    database.execute_batch(states).unwrap();
    let listed = list();
    let expected = "webhook  https://example.org/hook\nstopped  since 2027-01-15 08:00:00 UTC: 'webhook enable' lets it go on\n\
                    pending  2, 1 of them after a failure\nfailed   1\n\n";
    assert!(listed.starts_with(expected), "{listed}");
    let row = "3 2027-01-15 08:02:00 UTC user.registered 2 12 status 404";
    assert!(listed.split_whitespace().collect::<Vec<_>>().join(" ").ends_with(row), "{listed}");
    let shown: Value = serde_json::from_str(&output_of(&operator, &["webhook", "list", "--json"])).unwrap();
    assert_eq!(
        shown,
        json!({ "url": "https://example.org/hook", "stopped_at": 1_800_000_000, "pending": 2, "retried": 1, "failed": 1,
                "failures": [{ "id": 3, "at": 1_800_000_120, "type": "user.registered", "user_id": 2, "attempts": 12,
                               "failure": "status 404" }] })
    );
    let enabled = "The webhook goes on; it was stopped since 2027-01-15 08:00:00 UTC.\n";
    assert_eq!(output_of(&operator, &["webhook", "enable"]), enabled);
    assert_eq!(
        output_of(&operator, &["webhook", "enable"]),
        "The webhook was not stopped; nothing was changed.\n"
    );
    let state = |id: i64| {
        operator.sql(&format!("SELECT concat_ws(' ', abs(due_at - unixepoch()) < 60, attempts, failure) FROM events WHERE id = {id}"))
    };
    let failed = ["webhook", "redeliver", "--failed"];
    assert_eq!(output_of(&operator, &failed), "1 event will be sent again.\n");
    assert_eq!((state(3), state(1), state(4)), ("1 0".into(), "0 2 status 500".into(), "0".into()));
    assert_eq!(output_of(&operator, &failed), "No delivery has failed; nothing was changed.\n");
    assert_eq!(output_of(&operator, &["webhook", "redeliver", "1", "4"]), "2 events will be sent again.\n");
    assert_eq!((state(1), state(4)), ("1 0".into(), "1 0".into()));
    operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\n"));
    let unknown = operator.run(&["webhook", "redeliver", "1", "7"]);
    assert_eq!((unknown.status, &*unknown.stdout), (1, "1 event will be sent again.\n"));
    let waits = "WEBHOOK_URL is not set: they wait until it is.\nlatchkey: there is no event 7\n";
    assert_eq!(unknown.stderr, [LOCAL, waits].concat());
    assert_eq!(operator.run(&["webhook", "redeliver"]).status, 2);
    assert_eq!(operator.run(&["webhook", "redeliver", "1", "--failed"]).status, 2);
}
