//! Requests of staff that provoke each response of the OpenAPI document.

use std::rc::Rc;

use latchkey::auth::session::{Method, Proof, Session};
use latchkey::auth::token;
use latchkey::http::BodyError;
use serde_json::json;

use crate::api::{self, Api as _, Request, Response, Vars};
use crate::host::{NOW, Native};

/// A superuser, jake, and unless the request is about one user alone another user, anna.
struct Staff {
    api: Rc<Native>,
    token: String,
}

fn register(api: &Native, name: &str) {
    let user = json!({ "user": { "username": name, "email": format!("{name}@example.com"), "password": "correct horse" } });
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let call = Request::post("/api/users", &user.to_string()).header("User-Agent", firefox);
    assert_eq!(api.send(&call.header("Place", "Berlin, DE")).status, 201);
}

/// A token of jake's whose last proof is of two factors, and of this age.
fn token_of_age(age: i64) -> String {
    let proof = Proof { at: NOW - age, methods: vec![Method::Password, Method::TwoFactors] };
    let session = Session { sid: "sid".to_owned(), lifetime: 0, proof: Some(proof) };
    token::issue(&api::keys(api::SECRET), 1, 0, &session, NOW, 60).unwrap()
}

impl Staff {
    fn new(vars: &Vars, has_anna: bool) -> Self {
        let mut vars = vars.clone();
        vars.insert("TOKEN_TTL_DAYS", "60");
        let api = Rc::new(Native::new(vars));
        register(&api, "jake");
        if has_anna {
            register(&api, "anna");
        }
        api.sql("UPDATE users SET email_verified = 1, is_staff = id = 1, is_superuser = id = 1");
        api.sql("DELETE FROM secrets"); // the minute after the verification of the registration
        Self { api, token: token_of_age(0) }
    }

    /// Puts what there is into the path in place of names.
    fn path(&self, path: &str) -> String {
        let sid = self.api.sql("SELECT sid FROM sessions WHERE user_id = 2").unwrap_or_default();
        self.api.sql(
            "INSERT INTO credentials (id, user_id, type, key, created_at) VALUES (7, 2, 'totp', '2', 5) ON CONFLICT DO NOTHING",
        );
        path.replace("{id}", "2").replace("{session}", &sid).replace("{credential}", "7")
    }
}

/// The answer to the request that an operation has for an example.
pub fn success(vars: &Vars, call: Request, operation: &serde_json::Value) -> Response {
    let id = operation["operationId"].as_str().unwrap().trim_end_matches("Head");
    let staff = Staff::new(vars, !["adminUsers", "inviteUser", "adminEvents"].contains(&id));
    let path = if call.path.contains("{credential}") || call.path.contains("{session}") {
        staff.path(&call.path)
    } else {
        call.path.replace("{id}", "2")
    };
    let mut call = Request { path, ..call }.token(&staff.token);
    if let Some(body) = operation["requestBody"]["content"]["application/json"].get("example") {
        call = call.json(&body.to_string());
    }
    staff.api.send(&call)
}

/// The answer to a request that goes wrong in the way that an example is named for.
pub fn refusal(vars: &Vars, call: Request, name: &str) -> Response {
    let staff = Staff::new(vars, true);
    let api = &staff.api;
    let path = staff.path(&call.path);
    let call = Request { path, ..call };
    match name {
        "Forbidden" => {
            api.sql("UPDATE users SET is_staff = 0");
        }
        "DeactivatedUser" => {
            api.sql("UPDATE users SET is_active = 0");
        }
        "DeactivatedErrors" => {
            api.sql("UPDATE users SET is_active = 0 WHERE id = 2");
        }
        _ => {}
    }
    let token = match name {
        "MissingToken" => return api.send(&call),
        "InvalidToken" => "x".to_owned(),
        "UnknownUser" => api::token(&**api, 1_000_000),
        "StaleProof" => token_of_age(12 * 60 * 60 + 1),
        _ => staff.token.clone(),
    };
    let missing = |from: &str| call.path.replace(from, "999");
    let call = Request {
        path: match name {
            "UnknownId" => missing("/2"),
            "UnknownSession" => "/api/admin/users/2/sessions/none".to_owned(),
            "UnknownCredential" => missing("/7"),
            "UsersQueryErrors" => call.path.clone() + "?state=x&limit=x&after=x",
            "EventsQueryErrors" => call.path.clone() + "?type=x&user=x&limit=x&after=x",
            _ => call.path.clone(),
        },
        ..call
    }
    .token(&token);
    let user = |user: serde_json::Value| json!({ "user": user }).to_string();
    let taken = user(json!({ "username": "jake", "email": "jake@example.com" }));
    let call = match name {
        "BodyTimedOut" => Request { body_error: Some(BodyError::TimedOut), ..call },
        "MissingUser" => call.json(r#"{"active":false}"#),
        "BodyTooLarge" => call.json(&"x".repeat(65_537)),
        "UnsupportedMediaType" => call.header("Content-Type", "text/plain").body("{}"),
        "MalformedJson" => call.json("{"),
        "NoData" => call.json(r#"{"user":null}"#),
        "NotAnObject" => call.json("[]"),
        "StaffPatchErrors" => call.json(&user(
            json!({ "username": null, "email": null, "active": null, "staff": null, "superuser": null }),
        )),
        "InvitationErrors" => call.json(&user(json!({}))),
        "StaffPatchTaken" | "InvitationTaken" => call.json(&taken),
        "UnknownId" if call.method == "PATCH" => call.json(&user(json!({ "active": true }))),
        _ => call,
    };
    if name == "Throttled" {
        api.platform.rate_limit.set(0);
    }
    api.send(&call)
}
