//! Mail of the Worker, as it arrives.

use serde_json::{Value, json};

use crate::api::{Api as _, Received, Request, with_mail};
use crate::server::Server;

#[test]
fn the_mailbox_has_what_was_sent_after_an_answer() {
    let api = Server::new(Some("tests/api_workerd/mails.mjs"), &with_mail());
    let mail = |to: &str, subject: &str| json!({ "from": "accounts@example.com", "to": to, "subject": subject, "text": "é\n.\n..", "html": "<p>é" });
    let send = |delay: u32, mails: &[Value]| {
        let body = json!({ "delay": delay, "mails": mails }).to_string();
        assert_eq!(api.send_unchecked(&Request::post("/api/mail", &body)).status, 200);
    };
    let subjects: Vec<_> = (0..105).map(|number| format!("mail {number}")).collect();
    let many: Vec<_> = subjects.iter().map(|subject| mail("many@x.io", subject)).collect();
    send(0, &many);
    send(300, &[mail("late@x.io", "late")]);
    let mails = api.mails("many@x.io");
    assert_eq!(
        mails.iter().map(|mail| &mail.subject).collect::<Vec<_>>(),
        subjects.iter().collect::<Vec<_>>()
    );
    let [to, subject, text, html] = ["late@x.io", "late", "é\n.\n..", "<p>é"].map(str::to_owned);
    assert_eq!(api.mails("late@x.io"), [Received { to, subject, text, html }]);
    assert_eq!(api.mails("nobody@x.io"), []);
}
