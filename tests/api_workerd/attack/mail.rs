//! Requests for mail, and redemptions of what was mailed, all at once, on D1.

use std::rc::Rc;

use serde_json::json;

use crate::api::mailbox::{Person, by_code, wrong};
use crate::api::{Api, Request, email, with_mail};
use crate::server::Server;

const RESET: &str = "/api/users/password-reset";

fn count(server: &Server, call: &Request, statuses: [u16; 2]) -> [usize; 2] {
    let answers = server.send_at_once(&vec![call.clone(); 20]);
    statuses.map(|status| answers.iter().filter(|answer| answer.status == status).count())
}

fn reset(secret: &str) -> Request {
    let body = json!({ "user": { "secret": secret, "password": "a new password" } });
    Request::new("PUT", RESET).json(&body.to_string())
}

#[test]
fn of_twenty_at_once_one_wins() {
    let server = Server::shared(with_mail());
    let api: Rc<dyn Api> = Rc::new(server.clone());
    let person = Person::verified(&api, "at-once");
    let from_here = |call: Request| call.header("CF-Connecting-IP", &person.ip);
    person.forget_minute();
    let asked = from_here(Request::post(RESET, &email(&person.email)));
    assert_eq!(count(&server, &asked, [202, 429]), [1, 19]);
    assert_eq!(person.mails().len(), 2, "the verification, and one of these");
    assert_eq!(count(&server, &reset(&person.secret()), [204, 400]), [1, 19]);

    person.request("/api/users/sign-in");
    let login =
        Request::post("/api/users/login", &json!({ "user": { "secret": person.secret() } }).to_string());
    assert_eq!(count(&server, &login, [200, 400]), [1, 19]);

    let mail = person.request_reset();
    let (link, code) = (person.secret(), person.code());
    let guess = reset(&by_code(&mail, &wrong(&code)));
    assert_eq!(count(&server, &guess, [204, 400]), [0, 20]);
    let tries = format!("SELECT tries FROM secrets WHERE id = {}", mail["id"].to_string().replace('"', "'"));
    assert_eq!(api.sql(&tries).as_deref(), Some("10"));
    assert_eq!(server.send(&reset(&link)).status, 400);
}
