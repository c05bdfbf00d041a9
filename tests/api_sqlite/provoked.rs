//! Requests that provoke each response of the OpenAPI document.

use std::collections::BTreeMap;

use latchkey::account::profile::PROFILE;
use latchkey::app;
use latchkey::auth::totp;
use latchkey::error::Error;
use latchkey::http::BodyError;
use latchkey::platform::SignatureAlgorithm;
use serde_json::{Value, json};

use crate::api::authenticator::Authenticator;
use crate::api::factor::{ORIGIN, from_base32};
use crate::api::{self, Api as _, Request, Response, Vars};
use crate::host::{Arriving, NOW, Native};

const JAKE: &str = r#"{"user":{"username":"jake","email":"jake@example.com","password":"correct horse"}}"#;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// The answer to the request that an operation has for an example.
pub fn success(vars: &Vars, mut call: Request, operation: &Value, status: &str) -> Response {
    let mut vars = vars.clone();
    vars.insert("TOKEN_TTL_DAYS", "60");
    let api = Native::new(vars);
    let mut token = String::new();
    if operation["operationId"] != "register" {
        token = api.send(&Request::post("/api/users", JAKE)).token();
        if operation["security"].is_array() {
            let sid = api.sql("SELECT sid FROM sessions").unwrap();
            call.path = call.path.replace("{id}", &sid);
            call = call.token(&token).header("User-Agent", FIREFOX).header("Place", "Berlin, DE");
        }
    }
    match operation["operationId"].as_str().unwrap() {
        "resetPassword" => {
            api.sql("DELETE FROM secrets"); // the minute after the verification of the registration
            api.send(&Request::post("/api/users/password-reset", &api::email("jake@example.com")));
            let secret = api::secret_of(api.mails("jake@example.com").last().unwrap());
            let user = json!({"user": {"secret": secret, "password": "another horse"}});
            return api.send(&call.json(&user.to_string()));
        }
        "removeCredential" => {
            call.path = "/api/user/credentials/".to_owned() + &waiting_app(&api, &token).0;
            return api.send(&call);
        }
        "changeCredential" => {
            call.path = "/api/user/credentials/".to_owned() + &passkey(&api, &token);
        }
        "credentials" | "credentialsHead" => {
            confirmed_app(&api, &token);
            api.sql("DELETE FROM credentials WHERE type = 'recovery'");
            api.sql("UPDATE users SET email_verified = 1");
            let version: i64 = api.sql("SELECT token_version FROM users").unwrap().parse().unwrap();
            return api.send(&Request::new(&call.method, &call.path).token(&api::mint(
                api::SECRET,
                1,
                version,
                NOW,
            )));
        }
        "verifyEmail" => {
            let secret = api::secret_of(api.mails("jake@example.com").last().unwrap());
            return api.send(&call.json(&json!({"user": {"secret": secret}}).to_string()));
        }
        id => {
            let is_verified = i32::from(id == "addCredential");
            api.sql(&format!("UPDATE users SET email_verified = {is_verified}"));
            api.sql("DELETE FROM secrets"); // likewise
        }
    }
    if let Some(body) = operation["requestBody"]["content"]["application/json"].get("example") {
        call = call.json(&body.to_string());
    }
    if status == "304" {
        call = call.header("If-None-Match", "*");
    }
    api.send(&call)
}

/// The answer to a request that goes wrong in the way that an example is named for.
pub fn refusal(vars: &Vars, call: Request, name: &str) -> Response {
    let mut vars = vars.clone();
    match name {
        "Throttled" => drop(vars.insert("RATE_LIMIT", "on")),
        "Misconfigured" => drop(vars.remove("JWT_SECRET")),
        "OldProof" => drop(vars.insert("REAUTHENTICATE_MINUTES", "1")),
        "FactorRequired" => {
            vars.extend([("DATA_SECRET", "another secret of the tests, of 32 bytes or more")])
        }
        "LastWayIn" => vars.retain(|name, _| !name.starts_with("MAIL_")),
        _ => {}
    }
    let api = Native::new(vars);
    if name == "Misconfigured" {
        return api.send(&call);
    }
    if name == "InternalError" {
        let request = Arriving { call: &call, clock: &api.platform.now };
        let response =
            app::respond_with_error(&api.config, &api.platform, &request, Error::Internal("x".to_owned()));
        return Response {
            status: response.status,
            headers: BTreeMap::new(),
            body: response.body.unwrap_or_default(),
        };
    }
    let token = api.send(&Request::post("/api/users", JAKE)).token();
    if name == "Throttled" {
        api.platform.rate_limit.set(0);
        let update = r#"{"user":{"password":"correct horse","current_password":"correct horse"}}"#;
        return api.send(&if call.path == "/api/user" { call.token(&token).json(update) } else { call });
    }
    match name {
        "MissingToken" => return api.send(&call),
        "InvalidToken" => return api.send(&call.token("x")),
        "UnknownUser" => return api.send(&call.token(&api::token(&api, 1_000_000))),
        "DeactivatedUser" => {
            api.sql("UPDATE users SET is_active = 0");
            return api.send(&call.token(&token));
        }
        _ => {}
    }
    if name == "NoRecentProof" {
        let path = call.path.replace("{id}", "7");
        let call = Request { path, ..call }.token(&api::token(&api, 1));
        let body = if call.method == "POST" {
            r#"{"credential":{"type":"totp"}}"#
        } else {
            r#"{"credential":{"name":"x"}}"#
        };
        return api.send(&if call.method == "DELETE" { call } else { call.json(body) });
    }
    if name == "OldProof" {
        let unproved = api::token(&api, 1);
        let body = if call.method == "DELETE" { "{}" } else { r#"{"user":{"password":"another horse"}}"# };
        return api.send(&call.token(&unproved).json(body));
    }
    let is_of_a_user =
        call.path.starts_with("/api/user/") || ["/api/user", "/api/users/logout"].contains(&&*call.path);
    let call = if is_of_a_user { call.token(&token) } else { call };
    let taken = r#"{"user":{"username":"jake","email":"jake@example.com"}}"#;
    let profile: String = PROFILE.iter().map(|field| format!(r#""{}":true,"#, field.name())).collect();
    let broken = format!(
        r#"{{"user":{{"email":null,"username":null,"password":null,{profile}"current_password":null}}}}"#
    );
    let login = |password: &str| api::login("jake@example.com", password);
    let wrapper = if call.path.starts_with("/api/user/credentials") { "credential" } else { "user" };
    let empty = json!({ wrapper: {} }).to_string();
    let call = match name {
        "BodyTimedOut" => Request { body_error: Some(BodyError::TimedOut), ..call },
        "MissingUser" | "MissingCredential" => call.json(r#"{"bio":"x"}"#),
        "BodyTooLarge" => call.json(&"x".repeat(65_537)),
        "UnsupportedMediaType" => call.header("Content-Type", "text/plain").body("{}"),
        "MalformedJson" => call.json("{"),
        "NoData" => call.json(&json!({ wrapper: null }).to_string()),
        "NotAnObject" => call.json("[]"),
        "NewUserErrors" | "CredentialsErrors" => call.json("{}"),
        "UserPatchErrors" => call.json(&broken),
        "PasswordProofErrors" | "NewCredentialErrors" => call.json(&empty),
        "PasskeyNameErrors" => {
            let path = "/api/user/credentials/".to_owned() + &passkey(&api, &token);
            Request { path, ..call }.json(&empty)
        }
        "UnknownType" => call.json(r#"{"credential":{"type":"x"}}"#),
        "InvalidPasskey" => call.json(r#"{"credential":{"type":"passkey","name":"x","response":{}}}"#),
        "TooManyPasskeys" => {
            for _ in 0..10 {
                passkey(&api, &token);
            }
            call.json(&new_passkey(&api, &token).to_string())
        }
        "Unverified" if call.method == "PATCH" => {
            let (id, seed) = waiting_app(&api, &token);
            api.sql("UPDATE users SET email_verified = 0");
            let code = totp::code(&seed, NOW / 30);
            Request { path: format!("/api/user/credentials/{id}"), ..call }
                .json(&json!({ "credential": { "code": code } }).to_string())
        }
        "Unverified" => call.json(r#"{"credential":{"type":"totp"}}"#),
        "UnknownCredential" => {
            let path = call.path.replace("{id}", "7");
            let call = Request { path, ..call };
            if call.method == "PATCH" { call.json(r#"{"credential":{"name":"x"}}"#) } else { call }
        }
        "LastWayIn" => {
            let path = "/api/user/credentials/".to_owned() + &passkey(&api, &token);
            api.sql("UPDATE users SET password = '!'");
            Request { path, ..call }
        }
        "FactorRequired" => {
            let token = confirmed_app(&api, &token);
            if call.path == "/api/users/login" {
                login("correct horse")
            } else {
                Request::new(&call.method, &call.path)
                    .token(&token)
                    .json(r#"{"user":{"password":"correct horse"}}"#)
            }
        }
        "WrongPassword" => call.json(r#"{"user":{"password":"another horse"}}"#),
        "DeactivationErrors" => call.json(r#"{"user":{"current_password":null}}"#),
        "UnknownSession" | "FeatureOff" => call,
        "MailRequestErrors" | "EmailVerificationErrors" | "PasswordResetErrors" => {
            call.json(r#"{"user":{}}"#)
        }
        "AlreadyVerified" => {
            api.sql("UPDATE users SET email_verified = 1");
            call
        }
        "EmailTaken" => {
            api.sql("UPDATE users SET email_verified = 1");
            api.send(&Request::put(r#"{"user":{"email":"jak@example.com"}}"#).token(&token));
            let secret = api::secret_of(api.mails("jak@example.com").last().unwrap());
            api.sql("UPDATE users SET email_verified = 0");
            api.send(&Request::post("/api/users", &JAKE.replace("jake", "jak")));
            call.json(&json!({"user": {"secret": secret}}).to_string())
        }
        "NewUserTaken" => call.json(JAKE),
        "UserPatchTaken" => {
            let other = api::register(&api, "other");
            Request::new(&call.method, &call.path).token(&other).json(taken)
        }
        "ScopeErrors" => Request { path: format!("{}?scope=everywhere", call.path), ..call },
        "LastSuperuser" => {
            api.sql("UPDATE users SET is_staff = 1, is_superuser = 1");
            call
        }
        "WrongCredentials" => login("another horse"),
        "Deactivated" => {
            api.sql("UPDATE users SET is_active = 0");
            login("correct horse")
        }
        _ => panic!("the document has an error that this test does not know: {name}"),
    };
    api.send(&call)
}

fn json_of(answer: &Response) -> Value {
    serde_json::from_str(&answer.body).expect(&answer.body)
}

/// Adds an authenticator app, and gives its id and its seed.
fn waiting_app(api: &Native, token: &str) -> (String, Vec<u8>) {
    api.sql("UPDATE users SET email_verified = 1");
    let call = Request::post("/api/user/credentials", r#"{"credential":{"type":"totp"}}"#);
    let credential = json_of(&api.send(&call.token(token)))["credential"].clone();
    (credential["id"].to_string(), from_base32(credential["secret"].as_str().unwrap()))
}

/// Sets up an authenticator app, and gives the token from then on.
fn confirmed_app(api: &Native, token: &str) -> String {
    let (id, seed) = waiting_app(api, token);
    let body = json!({ "credential": { "code": totp::code(&seed, NOW / 30) } }).to_string();
    let call = Request::new("PATCH", &format!("/api/user/credentials/{id}")).json(&body);
    api.send(&call.token(token)).token()
}

/// The body of a request that adds a passkey.
fn new_passkey(api: &Native, token: &str) -> Value {
    api.sql("UPDATE users SET email_verified = 1");
    let listed = json_of(&api.send(&Request::get("/api/user/credentials").token(token)));
    let response = Authenticator::new(SignatureAlgorithm::EdDsa, ORIGIN).create(&listed["passkey"]);
    json!({ "credential": { "type": "passkey", "name": "Phone", "response": response } })
}

/// Adds a passkey, and gives its id.
fn passkey(api: &Native, token: &str) -> String {
    let call = Request::post("/api/user/credentials", &new_passkey(api, token).to_string());
    json_of(&api.send(&call.token(token)))["credential"]["id"].to_string()
}
