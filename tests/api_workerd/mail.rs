//! The ways in which the Worker sends mail: the binding, and SMTP with a real server.

use serde_json::{Value, json};

use crate::api::{Api as _, Received, Request, Vars, with_mail};
use crate::server::{Server, Smtp};

const SENDS_MAILS: &str = "tests/api_workerd/mails.mjs";

/// A Worker that sends mails by this binding.
fn with_binding(binding: &str) -> Server {
    Server::new(Some(SENDS_MAILS), &Vars::from([("EMAIL", binding)]))
}

/// A Worker that sends mails by SMTP servers.
fn without_binding() -> Server {
    Server::new(Some(SENDS_MAILS), &Vars::new())
}

/// Credentials that an SMTP server takes.
const CREDENTIALS: &str = "user%40example.com:p%C3%A4%3Ass%2Fw%40rd%25";

fn smtp_url(credentials: &str, port: u64) -> String {
    format!("smtps://{credentials}@localhost:{port}")
}

fn mail(to: &str, subject: &str) -> Value {
    let from = json!({ "name": "Example", "address": "accounts@example.com" });
    json!({ "from": from, "to": to, "subject": subject, "text": "é\n.\n..", "html": "<p>é" })
}

fn ask(api: &Server, body: &Value) -> String {
    let answer = api.send_unchecked(&Request::post("/api/mail", &body.to_string()));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

/// Sends mails by the binding, or an SMTP server, and gives what came of each: `sent`, or the code.
fn outcomes(api: &Server, smtp: Option<&str>, mails: &[Value]) -> Vec<String> {
    serde_json::from_str(&ask(api, &json!({ "mails": mails, "smtp": smtp }))).unwrap()
}

/// Sends one mail in a hurry, and gives what came of it.
fn outcome_of_one(api: &Server, smtp: Option<&str>, mail: &Value) -> String {
    let body = json!({ "mails": [mail], "smtp": smtp, "hurried": true });
    let outcomes: Vec<String> = serde_json::from_str(&ask(api, &body)).unwrap();
    outcomes.concat()
}

#[test]
fn the_mailbox_has_what_was_sent_after_an_answer() {
    let api = Server::new(Some(SENDS_MAILS), &with_mail());
    let subjects: Vec<_> = (0..105).map(|number| format!("mail {number}")).collect();
    let many: Vec<_> = subjects.iter().map(|subject| mail("many@x.io", subject)).collect();
    ask(&api, &json!({ "after": 0, "mails": many }));
    ask(&api, &json!({ "after": 300, "mails": [mail("late@x.io", "late")] }));
    let mails = api.mails("many@x.io");
    assert_eq!(
        mails.iter().map(|mail| &mail.subject).collect::<Vec<_>>(),
        subjects.iter().collect::<Vec<_>>()
    );
    let [to, subject, text, html] = ["late@x.io", "late", "é\n.\n..", "<p>é"].map(str::to_owned);
    assert_eq!(api.mails("late@x.io"), [Received { to, subject, text, html }]);
    assert_eq!(api.mails("nobody@x.io"), []);
}

#[test]
fn the_binding_is_given_the_mail() {
    let api = with_binding("tests/api_workerd/binding.mjs");
    let mut unnamed = mail("b@x.io", "ünnamed");
    unnamed["from"] = json!({ "address": "accounts@example.com" });
    assert_eq!(outcomes(&api, None, &[mail("a@x.io", "named"), unnamed]), ["sent"; 2]);
    let log = api.log();
    let given = log.iter().filter_map(|line| line.strip_prefix("binding: "));
    let given: Vec<Value> = given.map(|mail| serde_json::from_str(mail).unwrap()).collect();
    let headers = json!({ "Auto-Submitted": "auto-generated" });
    let mut expected = [mail("a@x.io", "named"), mail("b@x.io", "ünnamed")];
    expected[0]["from"] = json!({ "name": "Example", "email": "accounts@example.com" });
    expected[1]["from"] = json!("accounts@example.com");
    expected.iter_mut().for_each(|mail| mail["headers"] = headers.clone());
    assert_eq!(given, expected);
}

#[test]
fn a_failure_of_the_binding_is_its_code_and_nothing_of_the_mail() {
    let api = with_binding("tests/api_workerd/binding.mjs");
    for (subject, code) in [
        ("code E_RECIPIENT_SUPPRESSED", "E_RECIPIENT_SUPPRESSED"),
        ("code E_SENDER_NOT_VERIFIED", "E_SENDER_NOT_VERIFIED"),
        ("code jake@example.com", "Error without a code"),
        ("code JAKE@EXAMPLE.COM", "Error without a code"),
        ("code", "Error without a code"),
        ("type", "TypeError without a code"),
        ("name", "failure without a code"),
        ("text", "Error without a code"),
        ("hang", "no end within 10 s"),
    ] {
        assert_eq!(outcome_of_one(&api, None, &mail("Jake@Example.com", subject)), code, "{subject}");
    }
    assert!(api.log().contains(&"deadline: 10000".to_owned()));
    assert_eq!(outcomes(&api, None, &[mail("a@x.io", "named")]), ["sent"]);
}

#[test]
fn smtp_brings_the_mail_as_it_is() {
    let server = Smtp::new();
    let url = smtp_url(CREDENTIALS, server.port);
    let api = without_binding();
    let long = "é".repeat(300);
    let text =
        format!(".\r\n..\n.x\n\ntrailing \n\t=3D €\u{1f600}\nFrom here\n{}\n{long}\n.", ".".repeat(200));
    let html = format!("<p title=\"{long}\">{}</p>\n.\n", "x. ".repeat(100));
    let mut plain = mail("o'brien+x@xn--bcher-kva.example", "Your code: 1");
    plain["text"] = json!(text);
    plain["html"] = json!(html);
    let mut unicode = mail("b@x.io", &"Passwört für „Café“ \u{1f511} zurücksetzen ".repeat(3));
    unicode["from"] = json!({ "name": "Café \"Zum Schlüssel\", Ltd.", "address": "accounts@example.com" });
    let mut unnamed = mail("c@x.io", "=?utf-8?Q?not_encoded?=");
    unnamed["from"] = json!({ "address": "accounts@example.com" });
    let mails = [plain, unicode, unnamed];
    assert_eq!(outcomes(&api, Some(&url), &mails), ["sent"; 3]);
    let received = server.received();
    assert_eq!(received.len(), 3);
    for (sent, received) in mails.iter().zip(&received) {
        let to = sent["to"].as_str().unwrap();
        let shown = to.replace("xn--bcher-kva", "bücher"); // as the server shows it
        assert_eq!(received["envelope"], json!(["accounts@example.com", shown]));
        assert_eq!(received["from"]["address"], "accounts@example.com");
        assert_eq!(received["from"]["name"], sent["from"].get("name").cloned().unwrap_or_else(|| json!("")));
        assert_eq!(received["to"], json!([{ "address": to, "name": "" }]));
        assert_eq!(received["subject"], sent["subject"]);
        for part in ["text", "html"] {
            let lines = |text: &Value| text.as_str().unwrap().replace("\r\n", "\n").trim_end().to_owned();
            assert_eq!(lines(&received[part]), lines(&sent[part]), "{part}");
        }
        let raw = received["raw"].as_str().unwrap();
        let (head, body) = raw.split_once("\r\n\r\n").unwrap();
        assert!(raw.is_ascii() && !raw.replace("\r\n", "").contains(['\r', '\n']), "{raw}");
        for line in raw.split("\r\n") {
            assert!(line.len() <= 78 && !line.starts_with('.'), "{line}");
        }
        assert!(!body.contains(" \r\n"), "{body}");
        for header in ["Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Message-ID: <", "Date: "] {
            assert_eq!(head.matches(&format!("\r\n{header}")).count(), 1, "{header}: {head}");
        }
    }
}

#[test]
fn a_refusal_by_smtp_is_its_step_and_code() {
    let server = Smtp::new();
    let url = smtp_url(CREDENTIALS, server.port);
    let api = without_binding();
    let mut spam = mail("a@x.io", "x");
    spam["from"]["address"] = json!("spam@example.com");
    let mails = [
        mail("550@x.io", "x"),
        mail("550-5.1.1@x.io", "x"),
        mail("550-5.7.1@x.io", "x"),
        mail("450-4.2.0@x.io", "x"),
        spam,
        mail("a@x.io", "x"),
    ];
    let codes =
        ["RCPT 550", "RCPT 550 5.1.1", "RCPT 550 5.7.1", "RCPT 450 4.2.0", "message 554 5.7.1", "sent"];
    assert_eq!(outcomes(&api, Some(&url), &mails), codes);
    assert_eq!(server.received().len(), 1);
    for (credentials, code) in [
        ("user%40example.com:wrong", "AUTH 535 5.7.8"),
        ("user%zz:x", "SMTP_URL is not percent-encoded"),
        ("user%ff:x", "SMTP_URL is not percent-encoded"),
    ] {
        let url = smtp_url(credentials, server.port);
        assert_eq!(outcomes(&api, Some(&url), &[mail("a@x.io", "x")]), [code]);
    }
}

#[test]
fn an_smtp_server_that_breaks_its_word_ends_in_a_failure() {
    let api = without_binding();
    let greets = "220 x\r\n";
    let (hello, fine) = ("250-x\r\n250-AUTH PLAIN\r\n250 SIZE\r\n", "250 fine\r\n");
    let long = "250-x\r\n".repeat(10_000);
    for (script, code) in [
        (json!({ "says": [], "closes": false }), "no end within 10 s"),
        (json!({ "says": [], "closes": true }), "CONNECT closed"),
        (json!({ "says": ["421 4.3.2 busy\r\n"], "closes": true }), "CONNECT 421 4.3.2"),
        (json!({ "says": [greets], "closes": true }), "EHLO closed"),
        (json!({ "says": [greets, "250-x\r\n"], "closes": false }), "no end within 10 s"),
        (json!({ "says": [greets, "250-x\r\n"], "closes": true }), "EHLO closed"),
        (json!({ "says": [greets, "250"], "closes": true }), "EHLO closed"),
        (json!({ "says": [greets, "jake@example.com\r\n"], "closes": true }), "EHLO closed"),
        (json!({ "says": [greets, long], "closes": false }), "EHLO without a reply"),
        (json!({ "says": [greets, hello, "235\r\n", fine, fine], "closes": true }), "DATA closed"),
        (json!({ "says": [greets, hello, "235\r\n", fine, fine, "354\r\n", fine], "closes": true }), "sent"),
        (json!({ "says": [greets, hello, "235\r\n", fine, fine, fine], "closes": false }), "DATA 250"),
    ] {
        let url = smtp_url(CREDENTIALS, Smtp::scripted(&script).port);
        assert_eq!(outcome_of_one(&api, Some(&url), &mail("jake@example.com", "x")), code, "{script}");
    }
}

#[test]
fn smtp_without_a_trusted_certificate_ends_in_a_failure() {
    let api = without_binding();
    let script = |tls: &str| json!({ "says": ["220 x\r\n"], "closes": false, "tls": tls });
    let ports = ["none", "untrusted"].map(|tls| Smtp::scripted(&script(tls)).port);
    for port in ports.into_iter().chain([1]) {
        let url = smtp_url(CREDENTIALS, port);
        let failure = "CONNECT proxy request failed, cannot connect to the specified address";
        assert_eq!(outcome_of_one(&api, Some(&url), &mail("a@x.io", "x")), failure, "{port}");
    }
}
