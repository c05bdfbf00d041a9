//! People with second factors and passkeys: what the tests of credentials share.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use latchkey::auth::totp;
use latchkey::platform::SignatureAlgorithm;
use serde_json::{Value, json};

use super::authenticator::Authenticator;
use super::mailbox::Person;
use super::{Response, Vars, django, with_mail};

pub const ORIGIN: &str = "https://app.example.com";

pub const INVALID_CODE: &str = r#"{"errors":{"code":["Invalid code."]}}"#;
pub const INVALID_PASSKEY: &str = r#"{"errors":{"passkey":["Invalid passkey."]}}"#;
pub const UNKNOWN_PASSKEY: &str = r#"{"errors":{"passkey":["Unknown passkey."]}}"#;
pub const OLD_PROOF: &str = r#"{"user":{"detail":"Reauthentication is required."}}"#;
pub const NOT_FOUND: &str = r#"{"errors":{"error":["Not found."]}}"#;

const CREDENTIALS: [(&str, &str); 2] =
    [("DATA_SECRET", "another secret of the tests, of 32 bytes or more"), ("PASSKEY_RP_ID", "example.com")];

/// The variables of a deployment with credentials and without mail.
pub fn without_mail() -> Vars<'static> {
    let mut vars = django();
    vars.extend(CREDENTIALS);
    vars
}

/// The variables of a deployment with every feature.
pub fn with_everything() -> Vars<'static> {
    let mut vars = with_mail();
    vars.extend(CREDENTIALS);
    vars
}

/// An authenticator app with the seed of one user.
pub struct App {
    pub id: i64,
    pub seed: Vec<u8>,
    pub recovery: Vec<String>,
}

impl App {
    /// The code of a time step, counted from now.
    pub fn code(&self, person: &Person, step: i64) -> String {
        totp::code(&self.seed, person.api.now() / 30 + step)
    }

    /// Six digits that no step around now has.
    pub fn wrong_code(&self, person: &Person) -> String {
        let codes: Vec<_> = (-3..=3).map(|step| self.code(person, step)).collect();
        (0..10).map(|digit| digit.to_string().repeat(6)).find(|code| !codes.contains(code)).unwrap()
    }
}

/// The bytes of a text in Base32.
pub fn from_base32(text: &str) -> Vec<u8> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for c in text.chars() {
        bits = bits << 5 | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap() as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

pub fn json_of(answer: &Response) -> Value {
    serde_json::from_str(&answer.body).expect(&answer.body)
}

/// The claims of the token that an answer has.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(payload).unwrap()).unwrap()
}

/// The `amr` of the token that an answer has.
#[track_caller]
pub fn amr(answer: &Response) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    claims(&answer.token())["amr"].clone()
}

/// The member `factor` of an answer that asks for one.
#[track_caller]
pub fn factor(answer: &Response) -> Value {
    let body = json_of(answer);
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!(body["errors"], json!({ "factor": ["A second factor is required."] }));
    body["factor"].clone()
}

impl Person {
    pub fn add(&mut self, credential: &Value) -> Response {
        self.with_token("POST", "/api/user/credentials", &json!({ "credential": credential }))
    }

    pub fn change(&mut self, id: i64, credential: &Value) -> Response {
        let path = format!("/api/user/credentials/{id}");
        self.with_token("PATCH", &path, &json!({ "credential": credential }))
    }

    pub fn remove(&mut self, id: i64) -> Response {
        self.with_token("DELETE", &format!("/api/user/credentials/{id}"), &Value::Null)
    }

    /// The answer of the list.
    pub fn credentials(&mut self) -> Value {
        let answer = self.with_token("GET", "/api/user/credentials", &Value::Null);
        assert_eq!(answer.status, 200, "{}", answer.body);
        json_of(&answer)
    }

    /// Adds an authenticator app that waits to be confirmed.
    pub fn add_app(&mut self) -> App {
        let answer = self.add(&json!({ "type": "totp" }));
        assert_eq!(answer.status, 201, "{}", answer.body);
        let credential = json_of(&answer)["credential"].clone();
        let seed = from_base32(credential["secret"].as_str().unwrap());
        App { id: credential["id"].as_i64().unwrap(), seed, recovery: Vec::new() }
    }

    /// Sets up an authenticator app, by the code of the step before now.
    pub fn set_up_app(&mut self) -> App {
        let mut app = self.add_app();
        let code = app.code(self, -1);
        let answer = self.change(app.id, &json!({ "code": code }));
        assert_eq!(answer.status, 200, "{}", answer.body);
        app.recovery = serde_json::from_value(json_of(&answer)["recovery"].clone()).unwrap();
        app
    }

    /// As if no code of the app had been used.
    pub fn forget_steps(&self) {
        self.of_own("UPDATE credentials SET counter = 0 WHERE type = 'totp'");
    }

    /// Runs an UPDATE or DELETE, with a condition, of this person's rows.
    pub fn of_own(&self, sql: &str) {
        self.api.sql(&format!("{sql} AND user_id = (SELECT id FROM users WHERE username = '{}')", self.name));
    }

    /// Adds a passkey.
    pub fn add_passkey(&mut self, algorithm: SignatureAlgorithm) -> Authenticator {
        let mut authenticator = Authenticator::new(algorithm, ORIGIN);
        let options = self.credentials()["passkey"].clone();
        let response = authenticator.create(&options);
        let answer = self.add(&json!({ "type": "passkey", "name": "Phone", "response": response }));
        assert_eq!(answer.status, 201, "{}", answer.body);
        authenticator
    }

    /// The options with which any passkey can be used.
    pub fn options(&self) -> Value {
        json_of(&self.send(&super::Request::get("/api/users/methods")))["methods"]["passkey"].clone()
    }

    /// Logs in with a proof.
    pub fn prove(&self, proof: &Value) -> Response {
        self.post("/api/users/login", &json!({ "user": proof }))
    }

    /// Renews the session's proof.
    pub fn reauthenticate(&mut self, proof: &Value) -> Response {
        self.with_token("POST", "/api/user/reauthenticate", &json!({ "user": proof }))
    }
}
