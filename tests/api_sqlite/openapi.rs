//! The OpenAPI document against the API. Every response of every native test has to be as the document says; and
//! all that the document says has to be a response that was given.

use std::collections::BTreeMap;
use std::rc::Rc;

use latchkey::account::profile::PROFILE;
use latchkey::api::ENDPOINTS;
use latchkey::api::route::{self, Route};
use latchkey::app;
use latchkey::config::{Config, ConfigError};
use latchkey::error::Dialect;
use latchkey::error::Error;
use latchkey::http::BodyError;
use latchkey::openapi;
use serde_json::{Value, json};

use crate::api::{self, Api as _, Request, Response, Vars, django, realworld};
use crate::host::{Arriving, Native};

/// A path, a method in lower case and a status.
type Key = (String, String, String);

pub struct OpenApi {
    document: Value,
    schemas: BTreeMap<Key, jsonschema::Validator>,
}

thread_local! {
    static DJANGO: Rc<OpenApi> = Rc::new(OpenApi::new(Dialect::Django));
    static REALWORLD: Rc<OpenApi> = Rc::new(OpenApi::new(Dialect::RealWorld));
}

/// Headers that any answer may have: of HTTP, and of CORS.
const GENERAL: [&str; 7] = [
    "access-control-allow-origin",
    "access-control-expose-headers",
    "cache-control",
    "content-type",
    "strict-transport-security",
    "vary",
    "x-content-type-options",
];

impl OpenApi {
    /// That of an API with this configuration.
    pub fn of(config: &Result<Config, ConfigError>) -> Rc<Self> {
        match config.as_ref().map(|config| config.dialect) {
            Ok(Dialect::RealWorld) => REALWORLD.with(Rc::clone),
            Ok(Dialect::Django) | Err(_) => DJANGO.with(Rc::clone),
        }
    }

    fn new(dialect: Dialect) -> Self {
        let document: Value = serde_json::from_str(&openapi::document(dialect)).unwrap();
        let mut schemas = BTreeMap::new();
        for (key, response) in responses(&document) {
            if let Some(media) = response["content"].get("application/json") {
                let mut schema = media["schema"].clone();
                schema["components"] = document["components"].clone(); // which it refers to
                schemas.insert(key, jsonschema::draft202012::new(&schema).unwrap());
            }
        }
        Self { document, schemas }
    }

    /// Asserts that the answer is one that the document describes.
    pub fn describes(&self, call: &Request, answer: &Response) {
        let context = || format!("{call:?}\n{answer:?}");
        let path = call.path.split('?').next().unwrap_or_default();
        let path = path.strip_suffix('/').unwrap_or(path);
        let one = path.strip_prefix("/api/user/sessions/").filter(|id| !id.is_empty() && !id.contains('/'));
        let path = if one.is_some() { "/api/user/sessions/{id}" } else { path };
        let method = call.method.to_lowercase();
        let Some(item) = self.document["paths"].get(path) else {
            return self.is_as_elsewhere("NotFound", 404, call, answer);
        };
        let is_of_a_feature =
            item.as_object().unwrap().values().any(|operation| operation["x-requires"].is_string());
        if is_of_a_feature && answer.status == 404 {
            return self.is_as_elsewhere("NotFound", 404, call, answer);
        }
        if item.get(&method).is_none() || call.method != method.to_uppercase() {
            return self.is_as_elsewhere("MethodNotAllowed", 405, call, answer);
        }
        let status = answer.status.to_string();
        let response = &item[&method]["responses"][&status];
        assert!(response.is_object(), "{}", context());
        match self.schemas.get(&(path.to_owned(), method, status)) {
            Some(schema) => {
                let body = serde_json::from_str(&answer.body).unwrap();
                let errors: Vec<_> = schema.iter_errors(&body).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{errors:?}\n{}", context());
            }
            None => assert_eq!(answer.body, "", "{}", context()),
        }
        let described = headers(response);
        for (name, header) in &described {
            let header = match header["$ref"].as_str() {
                Some(pointer) => self.document.pointer(&pointer[1..]).unwrap(),
                None => header,
            };
            let is_there = answer.headers.contains_key(name);
            assert!(is_there || header["required"] != true, "{name}: {}", context());
        }
        for name in answer.headers.keys().filter(|name| !GENERAL.contains(&name.as_str())) {
            assert!(described.contains_key(name), "{name}: {}", context());
        }
    }

    /// Asserts that the answer is that to a path or a method which the API lacks.
    fn is_as_elsewhere(&self, name: &str, status: u16, call: &Request, answer: &Response) {
        if answer.status == 500 {
            return; // of a configuration that is wrong
        }
        assert_eq!(answer.status, status, "{call:?}\n{answer:?}");
        let example =
            &self.document["components"]["responses"][name]["content"]["application/json"]["example"];
        if call.method != "HEAD" {
            let method = json!(call.method).to_string();
            let body = example.to_string().replace("TRACE", &method[1..method.len() - 1]);
            assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap().to_string(), body, "{call:?}");
        }
    }
}

fn responses(document: &Value) -> Vec<(Key, &Value)> {
    let mut responses = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                responses.push(((path.clone(), method.clone(), status.clone()), response));
            }
        }
    }
    responses
}

fn headers(response: &Value) -> BTreeMap<String, &Value> {
    let headers = response["headers"].as_object().into_iter().flatten();
    headers.map(|(name, header)| (name.to_lowercase(), header)).collect()
}

#[test]
fn every_route_is_described_and_no_other() {
    let config = crate::host::config(&api::with_mail()).unwrap();
    for dialect in [Dialect::Django, Dialect::RealWorld] {
        let openapi = OpenApi::new(dialect);
        let paths = openapi.document["paths"].as_object().unwrap();
        for (path, item) in paths {
            for method in ["get", "head", "post", "put", "patch", "delete", "options", "trace"] {
                let route = route::find(&config, &method.to_uppercase(), path);
                assert_eq!(item.get(method).is_some(), route.is_ok(), "{method} {path}");
                if let Ok(Route::Endpoint { index, .. }) = route {
                    assert_eq!(ENDPOINTS[index].path, path);
                }
            }
        }
        assert!(ENDPOINTS.iter().all(|endpoint| paths.contains_key(endpoint.path)));
    }
}

/// The client's types are made of one of them.
#[test]
fn dialects_differ_only_in_errors() {
    let [django, realworld] =
        [Dialect::Django, Dialect::RealWorld].map(|dialect| OpenApi::new(dialect).document);
    for name in ["User", "UserResponse", "NewUser", "Credentials", "UserPatch"] {
        let schema = |document: &Value| document["components"]["schemas"][name].clone();
        assert!(schema(&django).is_object());
        assert_eq!(schema(&django), schema(&realworld), "{name}");
    }
    for name in ["NewUserErrors", "CredentialsErrors", "UserPatchErrors", "ScopeErrors"] {
        let fields = |document: &Value| {
            let properties = &document["components"]["schemas"][name]["properties"]["errors"]["properties"];
            properties.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(fields(&django), fields(&realworld), "{name}");
    }
}

#[test]
fn every_recorded_answer_is_described() {
    let recorded = [
        (Dialect::Django, include_str!("../fixtures/cases.jsonl")),
        (Dialect::RealWorld, include_str!("../fixtures/realworld.jsonl")),
    ];
    for (dialect, table) in recorded {
        let openapi = OpenApi::new(dialect);
        for line in table.lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let (path, method) = (case["path"].as_str().unwrap(), case["method"].as_str().unwrap());
            let path = path.strip_suffix('/').unwrap_or(path).to_owned();
            let key = (path, method.to_lowercase(), case["status"].to_string());
            let body = api::cases::with_new_fields(&case["answer"].to_string()).replace("<any>", "a.b.c");
            match openapi.schemas.get(&key) {
                Some(schema) => assert!(schema.is_valid(&serde_json::from_str(&body).unwrap()), "{line}"),
                None => assert!(case["answer"].is_null() || ["404", "405"].contains(&&*key.2), "{line}"),
            }
        }
    }
}

/// The documented examples and statuses, each given by a request of this test: byte for byte, but for tokens.
#[test]
fn every_status_and_example_is_a_real_answer() {
    for vars in [django(), realworld()] {
        let openapi = OpenApi::of(&Native::new(vars.clone()).config);
        let mut provoked = 0;
        for ((path, method, status), response) in responses(&openapi.document) {
            let operation = &openapi.document["paths"][&path][&method];
            let described = if method == "head" {
                &openapi.document["paths"][&path]["get"]["responses"][&status]
            } else {
                response
            };
            let media = &described["content"]["application/json"];
            let call = Request::new(&method.to_uppercase(), &path);
            let examples = match media["examples"].as_object() {
                Some(examples) => examples
                    .keys()
                    .map(|name| {
                        (Some(name.as_str()), &openapi.document["components"]["examples"][name]["value"])
                    })
                    .collect(),
                None => vec![(None, &media["example"])],
            };
            for (name, example) in examples {
                let mut vars = vars.clone();
                if operation["x-requires"].is_string() && name != Some("FeatureOff") {
                    let own = std::mem::replace(&mut vars, api::with_mail());
                    vars.extend(own);
                }
                let answer = match name {
                    Some(name) => refusal(&vars, call.clone(), name),
                    None => success(&vars, call.clone(), operation, &status),
                };
                let context = || format!("{method} {path} {status} {name:?}\n{answer:?}");
                assert_eq!(answer.status.to_string(), status, "{}", context());
                if method != "head" && !example.is_null() {
                    let mut example = example.clone();
                    if let Some(token) = example.pointer_mut("/user/token") {
                        assert_eq!(claims(token), claims(&json!(answer.token())), "{}", context());
                        *token = json!(answer.token());
                    }
                    for id in ["/sessions/0/id", "/mail/id"] {
                        if let Some(example) = example.pointer_mut(id) {
                            let body: Value = serde_json::from_str(&answer.body).unwrap();
                            *example = body.pointer(id).unwrap().clone();
                        }
                    }
                    assert_eq!(
                        serde_json::from_str::<Value>(&answer.body).unwrap(),
                        example,
                        "{}",
                        context()
                    );
                }
                provoked += 1;
            }
        }
        assert!(provoked > 80, "{provoked}");
    }
}

/// The names of a token's claims.
fn claims(token: &Value) -> Vec<String> {
    use base64ct::{Base64UrlUnpadded, Encoding as _};
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&Base64UrlUnpadded::decode_vec(payload).unwrap()).unwrap();
    claims.as_object().unwrap().keys().cloned().collect()
}

const JAKE: &str = r#"{"user":{"username":"jake","email":"jake@example.com","password":"correct horse"}}"#;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// The answer to the request that an operation has for an example.
fn success(vars: &Vars, mut call: Request, operation: &Value, status: &str) -> Response {
    let mut vars = vars.clone();
    vars.insert("TOKEN_TTL_DAYS", "60");
    let api = Native::new(vars);
    if operation["operationId"] != "register" {
        let token = api.send(&Request::post("/api/users", JAKE)).token();
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
        "verifyEmail" => {
            let secret = api::secret_of(api.mails("jake@example.com").last().unwrap());
            return api.send(&call.json(&json!({"user": {"secret": secret}}).to_string()));
        }
        id => {
            let is_verified = i32::from(id == "credentials" || id.starts_with("credentialsH"));
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
fn refusal(vars: &Vars, call: Request, name: &str) -> Response {
    let mut vars = vars.clone();
    match name {
        "Throttled" => drop(vars.insert("RATE_LIMIT", "on")),
        "Misconfigured" => drop(vars.remove("JWT_SECRET")),
        "OldProof" => drop(vars.insert("REAUTHENTICATE_MINUTES", "1")),
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
    let call = match name {
        "BodyTimedOut" => Request { body_error: Some(BodyError::TimedOut), ..call },
        "MissingUser" => call.json(r#"{"bio":"x"}"#),
        "BodyTooLarge" => call.json(&"x".repeat(65_537)),
        "UnsupportedMediaType" => call.header("Content-Type", "text/plain").body("{}"),
        "MalformedJson" => call.json("{"),
        "NoData" => call.json(r#"{"user":null}"#),
        "NotAnObject" => call.json("[]"),
        "NewUserErrors" | "CredentialsErrors" => call.json("{}"),
        "UserPatchErrors" => call.json(&broken),
        "PasswordProofErrors" => call.json(r#"{"user":{}}"#),
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
        "WrongCredentials" => login("another horse"),
        "Deactivated" => {
            api.sql("UPDATE users SET is_active = 0");
            login("correct horse")
        }
        _ => panic!("the document has an error that this test does not know: {name}"),
    };
    api.send(&call)
}
