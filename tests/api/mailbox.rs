//! People with mailboxes: what the tests of mail share.

use std::rc::Rc;

use serde_json::{Value, json};

use super::{Api, Received, Request, Response, code_of, secret_of};

pub const INVALID_SECRET: &str = r#"{"errors":{"secret":["Invalid or expired."]}}"#;

/// A user of a test, with a client IP of their own: requests for mail are limited by it.
#[derive(Clone)]
pub struct Person {
    pub api: Rc<dyn Api>,
    pub name: String,
    pub email: String,
    pub ip: String,
    pub token: String,
}

impl Person {
    /// Registers someone, whose verification is the first of their mails.
    pub fn register(api: &Rc<dyn Api>, name: &str) -> Self {
        let hash = name.bytes().fold(7_u32, |hash, c| hash.wrapping_mul(31).wrapping_add(u32::from(c)));
        let [_, a, b, c] = hash.to_be_bytes();
        let mut person = Self {
            api: Rc::clone(api),
            name: name.to_owned(),
            email: format!("{name}@x.io"),
            ip: format!("10.{a}.{b}.{c}"),
            token: String::new(),
        };
        let user = json!({ "user": { "username": name, "email": person.email, "password": "jakejake" } });
        let answer = person.post("/api/users", &user);
        assert_eq!(answer.status, 201, "{}", answer.body);
        person.token = answer.token();
        person
    }

    /// Registers someone, and verifies their address.
    pub fn verified(api: &Rc<dyn Api>, name: &str) -> Self {
        let mut person = Self::register(api, name);
        let secret = person.secret();
        person.verify(&secret);
        person
    }

    /// Sends a request without a token.
    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.send(&Request::post(path, &body.to_string()))
    }

    /// Sends a request with a token, which it keeps fresh.
    pub fn with_token(&mut self, method: &str, path: &str, body: &Value) -> Response {
        let mut call = Request::new(method, path).token(&self.token);
        if !body.is_null() {
            call = call.json(&body.to_string());
        }
        let answer = self.send(&call);
        if answer.body.contains(r#""token":"#) {
            self.token = answer.token();
        }
        answer
    }

    pub fn send(&self, call: &Request) -> Response {
        self.api.send(&call.clone().header("CF-Connecting-IP", &self.ip))
    }

    pub fn patch(&mut self, user: &Value) -> Response {
        self.with_token("PATCH", "/api/user", &json!({ "user": user }))
    }

    pub fn login(&self, password: &str) -> Response {
        self.post("/api/users/login", &json!({ "user": { "email": self.email, "password": password } }))
    }

    /// Asks for a mail with which a new password can be set; gives its `mail`.
    pub fn request_reset(&self) -> Value {
        self.request("/api/users/password-reset")
    }

    pub fn request(&self, path: &str) -> Value {
        self.forget_minute();
        mail(&self.post(path, &json!({ "user": { "email": self.email } })))
    }

    /// Sets a new password with a secret.
    pub fn reset(&self, secret: &str, password: &str) -> Response {
        let body = json!({ "user": { "secret": secret, "password": password } });
        self.send(&Request::new("PUT", "/api/users/password-reset").json(&body.to_string()))
    }

    pub fn sign_in(&self, secret: &str) -> Response {
        self.post("/api/users/login", &json!({ "user": { "secret": secret } }))
    }

    /// Verifies an address, which works.
    #[track_caller]
    pub fn verify(&mut self, secret: &str) {
        let answer = self.try_to_verify(secret);
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    pub fn try_to_verify(&mut self, secret: &str) -> Response {
        let body = json!({ "user": { "secret": secret } });
        self.with_token("PUT", "/api/user/email-verification", &body)
    }

    /// The state of the email.
    pub fn state(&mut self) -> Value {
        let answer = self.with_token("GET", "/api/user/credentials", &Value::Null);
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str::<Value>(&answer.body).unwrap()["email"].take()
    }

    pub fn mails(&self) -> Vec<Received> {
        self.api.mails(&self.email)
    }

    /// The secret of the last mail with one to this person's address.
    pub fn secret(&self) -> String {
        self.secret_at(&self.email)
    }

    /// The secret of the last mail with one to an address.
    pub fn secret_at(&self, email: &str) -> String {
        secret_of(&last_secret(&self.api.mails(email)))
    }

    /// The code of the last mail with one to this person's address.
    pub fn code(&self) -> String {
        code_of(&last_secret(&self.mails()))
    }

    /// As if the last mail had been asked for a minute earlier.
    pub fn forget_minute(&self) {
        self.api.sql(&format!(
            "UPDATE secrets SET created_at = created_at - 60 WHERE user_id = (SELECT id FROM users WHERE username = '{}')",
            self.name
        ));
    }
}

fn last_secret(mails: &[Received]) -> Received {
    mails.iter().rfind(|mail| mail.text.contains("&secret=")).expect("a mail with a secret").clone()
}

/// The member `mail` of an answer: id, and end of the code.
#[track_caller]
pub fn mail(answer: &Response) -> Value {
    let mut body: Value = serde_json::from_str(&answer.body).expect(&answer.body);
    let mail = body["mail"].take();
    assert!(mail["id"].as_str().is_some_and(|id| id.len() == 22), "{} {}", answer.status, answer.body);
    mail
}

/// Asserts that an answer has this user, whose `bio` is in JSON, and maybe a mail.
#[track_caller]
pub fn is_user(answer: &Response, email: &str, username: &str, bio: &str) {
    let user =
        answer.body.split_once(r#","mail":{"#).map_or(answer.body.clone(), |(user, _)| format!("{user}}}"));
    let answer = Response { body: user, ..answer.clone() };
    answer.is_user(200, &json!(email).to_string(), &json!(username).to_string(), bio, "null");
}

/// Secret that a client sends for a code.
pub fn by_code(mail: &Value, code: &str) -> String {
    format!("{}.{code}", mail["id"].as_str().unwrap())
}

/// Another code than this.
pub fn wrong(code: &str) -> String {
    format!("{:08}", (code.parse::<u32>().unwrap() + 1) % 100_000_000)
}
