//! The OpenAPI document against the API. Every response of every native test has to be as the document says; and
//! all that the document says has to be a response that was given.

use std::collections::BTreeMap;
use std::rc::Rc;

use latchkey::api::ENDPOINTS;
use latchkey::api::route::{self, Route};
use latchkey::config::{Config, ConfigError};
use latchkey::error::Dialect;
use latchkey::openapi;
use serde_json::{Value, json};

use crate::api::factor::{ORIGIN, with_everything};
use crate::api::{self, Request, Response, django, realworld};
use crate::host::Native;
use crate::{provoked, provoked_staff};

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
        let is_of = |template: &str| {
            let (names, parts) = (template.split('/'), path.split('/'));
            let is_same =
                |(name, part): (&str, &str)| name == part || name.starts_with('{') && !part.is_empty();
            names.clone().count() == parts.clone().count() && names.zip(parts).all(is_same)
        };
        let path =
            ENDPOINTS.iter().map(|endpoint| endpoint.path).find(|template| is_of(template)).unwrap_or(path);
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
    let config = crate::host::config(&with_everything()).unwrap();
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
                    let own = std::mem::replace(&mut vars, with_everything());
                    vars.extend(own);
                    vars.insert("ALLOWED_ORIGINS", ORIGIN); // of all none may use passkeys
                }
                let is_general =
                    |name: &str| ["Misconfigured", "InternalError", "FeatureOff"].contains(&name);
                let answer = match name {
                    Some("Throttled") if path.starts_with("/api/admin/") => {
                        vars.insert("RATE_LIMIT", "on");
                        provoked_staff::refusal(&vars, call.clone(), "Throttled")
                    }
                    Some(name)
                        if path.starts_with("/api/admin/") && method != "options" && !is_general(name) =>
                    {
                        provoked_staff::refusal(&vars, call.clone(), name)
                    }
                    None if path.starts_with("/api/admin/") && method != "options" => {
                        provoked_staff::success(&vars, call.clone(), operation)
                    }
                    Some(name) => provoked::refusal(&vars, call.clone(), name),
                    None => provoked::success(&vars, call.clone(), operation, &status),
                };
                let context = || format!("{method} {path} {status} {name:?}\n{answer:?}");
                assert_eq!(answer.status.to_string(), status, "{}", context());
                if method != "head" && !example.is_null() {
                    let mut example = example.clone();
                    if let Some(token) = example.pointer_mut("/user/token") {
                        assert_eq!(claims(token), claims(&json!(answer.token())), "{}", context());
                        *token = json!(answer.token());
                    }
                    for varying in [
                        "/sessions/0/id",
                        "/mail/id",
                        "/credentials/0/id",
                        "/credential/id",
                        "/credential/secret",
                        "/credential/uri",
                        "/factor/secret",
                    ] {
                        if let Some(example) = example.pointer_mut(varying) {
                            let body: Value = serde_json::from_str(&answer.body).unwrap();
                            *example = body.pointer(varying).unwrap().clone();
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
