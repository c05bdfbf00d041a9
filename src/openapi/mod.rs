//! The reference of the API as an OpenAPI 3.1 document, put together from what the code itself goes by: the routes,
//! the rules of the fields, and the errors as they are rendered. What can't follow from those is words.
//! <https://spec.openapis.org/oas/v3.1.1.html>

mod failure;
mod input;
mod json;
mod schema;

use self::failure::{Failure, failures, needs_token};
use self::input::Input;
use self::json::Json;
use crate::account::user::User;
use crate::api::body::MAX_BYTES;
use crate::api::route::Route;
use crate::api::sessions::logout::SCOPES;
use crate::error::Dialect;
use crate::error::Error;
use crate::http::bookmark;

/// A method of a path, and words for it.
struct Operation {
    /// In lower case, as the document has it.
    method: &'static str,
    path: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
}

const fn operation(
    method: &'static str,
    path: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
) -> Operation {
    Operation { method, path, id, tag, summary }
}

const ACCOUNT: &str = "Account";
const SESSION: &str = "Session";
const REFERENCE: &str = "Reference";
const PREFLIGHT: &str = "Preflights";

#[rustfmt::skip]
const OPERATIONS: [Operation; 15] = [
    operation("post", "/api/users", "register", ACCOUNT, "Register a user, and log them in"),
    operation("options", "/api/users", "preflightUsers", PREFLIGHT, "What a page of another origin may send"),
    operation("post", "/api/users/login", "login", SESSION, "Log a user in"),
    operation("options", "/api/users/login", "preflightLogin", PREFLIGHT, "What a page of another origin may send"),
    operation("post", "/api/users/logout", "logout", SESSION, "End sessions of the user"),
    operation("options", "/api/users/logout", "preflightLogout", PREFLIGHT, "What a page of another origin may send"),
    operation("get", "/api/user", "currentUser", ACCOUNT, "Read the user of the token"),
    operation("head", "/api/user", "currentUserHead", ACCOUNT, "As GET, without a body"),
    operation("patch", "/api/user", "updateUser", ACCOUNT, "Change the fields that are sent. A new password ends the user's other sessions"),
    operation("put", "/api/user", "replaceUser", ACCOUNT, "As PATCH"),
    operation("delete", "/api/user", "deactivateUser", ACCOUNT, "Deactivate the account, and end its sessions. Its data stays"),
    operation("options", "/api/user", "preflightUser", PREFLIGHT, "What a page of another origin may send"),
    operation("get", "/api/openapi.json", "reference", REFERENCE, "This document"),
    operation("head", "/api/openapi.json", "referenceHead", REFERENCE, "As GET, without a body"),
    operation("options", "/api/openapi.json", "preflightReference", PREFLIGHT, "What a page of another origin may send"),
];

/// The document of an API in this dialect.
pub fn document(dialect: Dialect) -> String {
    let mut parts = Components::default();
    let mut paths: Vec<(&str, Vec<(&str, Json)>)> = Vec::new();
    for operation in &OPERATIONS {
        let method = operation.method.to_ascii_uppercase();
        let Ok(route) = Route::find(&method, operation.path) else { continue };
        let described = (operation.method, parts.operation(operation, route, dialect));
        match paths.last_mut() {
            Some((path, operations)) if *path == operation.path => operations.push(described),
            _ => paths.push((operation.path, vec![described])),
        }
    }
    let paths = paths.into_iter().map(|(path, operations)| (path, Json::object(operations)));
    let tags =
        [ACCOUNT, SESSION, REFERENCE, PREFLIGHT].map(|tag| Json::object(vec![("name", Json::text(tag))]));
    let document = Json::object(vec![
        ("openapi", Json::text("3.1.0")),
        ("info", info()),
        ("servers", Json::raw(r#"[{"url":"/","description":"Where this document is from"}]"#)),
        ("tags", Json::array(tags.to_vec())),
        ("paths", Json::object(paths.collect())),
        ("components", parts.into_json(dialect)),
    ]);
    document.to_string()
}

const DESCRIPTION: &str = "Accounts at the edge: users register, log in, and read and update themselves.

A token goes into `Authorization: Token <jwt>`, or `Bearer`. Every answer with a user carries a fresh one, so a session goes on for as long as it is used.

Texts lose the white space at their ends before anything else, and lengths count Unicode code points after that. A number is taken as its text. Fields that are not listed are ignored. A path may end in one extra `/`; another path, and another method of a path, are answered as `components/responses` has it.

Pages of other origins may call this API if its operator lists them in `ALLOWED_ORIGINS`: then every answer has the headers `Access-Control-Allow-Origin` and `Access-Control-Expose-Headers`.";

fn info() -> Json {
    let limit = format!("\n\nA body has at most {MAX_BYTES} bytes.");
    Json::object(vec![
        ("title", Json::text("Latchkey")),
        ("version", Json::text(env!("CARGO_PKG_VERSION"))),
        ("description", Json::text(&[DESCRIPTION, &limit].concat())),
        ("license", Json::raw(r#"{"name":"MIT","identifier":"MIT"}"#)),
    ])
}

/// What operations refer to, by name.
#[derive(Default)]
struct Components {
    schemas: Named,
    examples: Named,
}

/// Parts and their names, in the order in which they are first used.
#[derive(Default)]
struct Named(Vec<(String, Json)>);

impl Named {
    fn add(&mut self, name: &str, part: Json) {
        if self.0.iter().all(|(other, _)| other != name) {
            self.0.push((name.to_owned(), part));
        }
    }

    fn json(&self) -> Json {
        Json::object(self.0.iter().map(|(name, part)| (name.as_str(), part.clone())).collect())
    }
}

impl Components {
    fn operation(&mut self, operation: &Operation, route: Route, dialect: Dialect) -> Json {
        let mut entries = vec![
            ("operationId", Json::text(operation.id)),
            ("tags", Json::texts(&[operation.tag])),
            ("summary", Json::text(operation.summary)),
        ];
        if needs_token(route) {
            entries.push(("security", Json::raw(r#"[{"token":[]}]"#)));
        }
        if let Some(parameter) = parameter(route) {
            entries.push(("parameters", Json::array(vec![parameter])));
        }
        if let Some(body) = self.request_body(route) {
            entries.push(("requestBody", body));
        }
        let mut responses = successes(route);
        responses.extend(self.refusals(dialect, route));
        let has_body = operation.method != "head";
        let responses = responses.iter().map(|(status, response)| (status.as_str(), response.json(has_body)));
        entries.push(("responses", Json::object(responses.collect())));
        Json::object(entries)
    }

    fn request_body(&mut self, route: Route) -> Option<Json> {
        let input = Input::of(route)?;
        self.schemas.add(input.name, input.schema());
        let user = Json::object(vec![("user", to("schemas", input.name))]);
        let mut schema = vec![("type", Json::text("object")), ("properties", user)];
        if !input.is_patch {
            schema.push(("required", Json::texts(&["user"])));
        }
        let media = vec![("schema", Json::object(schema)), ("example", Json::raw(request_example(route)))];
        Some(Json::object(vec![
            ("required", Json::raw(if input.is_patch { "false" } else { "true" })),
            ("content", Json::object(vec![(JSON, Json::object(media))])),
        ]))
    }

    fn refusals(&mut self, dialect: Dialect, route: Route) -> Vec<(String, Described)> {
        let mut by_status: Vec<(u16, Vec<Failure>)> = Vec::new();
        for failure in failures(dialect, route) {
            let body = Json::raw(failure.response.body.as_deref().unwrap_or_default());
            let example = Json::object(vec![("summary", Json::text(&failure.about)), ("value", body)]);
            self.examples.add(&failure.name, example);
            self.schemas.add(&failure.schema_name, failure.schema.clone());
            let status = failure.response.status;
            match by_status.iter_mut().find(|(other, _)| *other == status) {
                Some((_, failures)) => failures.push(failure),
                None => by_status.push((status, vec![failure])),
            }
        }
        let uses_database = !matches!(route, Route::Options(_) | Route::Reference);
        let refusals = by_status.into_iter();
        refusals.map(|(status, failures)| (status.to_string(), refusal(&failures, uses_database))).collect()
    }

    fn into_json(mut self, dialect: Dialect) -> Json {
        self.schemas.add("User", Json::raw(USER));
        self.schemas.add("UserAnswer", schema::closed(vec![("user", to("schemas", "User"))]));
        let elsewhere = |about, headers: &[&'static str], error: &Error| {
            let body = dialect.render(error).body.unwrap_or_default();
            let media = Some(Json::object(vec![("example", Json::raw(&body))]));
            Described::new(about, headers, media).json(true)
        };
        let other_method = Error::MethodNotAllowed { method: "TRACE".to_owned(), allow: "" };
        let responses = vec![
            ("NotFound", elsewhere("Another path", &[], &Error::NotFound)),
            ("MethodNotAllowed", elsewhere("Another method of a path", &["Allow"], &other_method)),
        ];
        Json::object(vec![
            ("schemas", self.schemas.json()),
            ("examples", self.examples.json()),
            ("responses", Json::object(responses)),
            ("headers", Json::object(HEADERS.map(header).to_vec())),
            ("securitySchemes", Json::raw(SECURITY)),
        ])
    }
}

const JSON: &str = "application/json";

/// A response of an operation.
struct Described {
    about: String,
    headers: Vec<&'static str>,
    media: Option<Json>,
}

impl Described {
    fn new(about: &str, headers: &[&'static str], media: Option<Json>) -> Self {
        Self { about: about.to_owned(), headers: headers.to_vec(), media }
    }

    fn json(&self, has_body: bool) -> Json {
        let mut entries = vec![("description", Json::text(&self.about))];
        if !self.headers.is_empty() {
            let headers = self.headers.iter().map(|name| (*name, to("headers", name)));
            entries.push(("headers", Json::object(headers.collect())));
        }
        if let Some(media) = self.media.as_ref().filter(|_| has_body) {
            entries.push(("content", Json::object(vec![(JSON, media.clone())])));
        }
        Json::object(entries)
    }
}

/// A reference to a component.
fn to(kind: &str, name: &str) -> Json {
    Json::object(vec![("$ref", Json::text(&["#/components/", kind, "/", name].concat()))])
}

fn successes(route: Route) -> Vec<(String, Described)> {
    let marked = [bookmark::HEADER];
    let user = |about, bio| {
        let media = vec![("schema", to("schemas", "UserAnswer")), ("example", user_example(bio))];
        Described::new(about, &marked, Some(Json::object(media)))
    };
    let (status, answer) = match route {
        Route::Register => ("201", user("The new user", None)),
        Route::Login | Route::CurrentUser => ("200", user("The user", None)),
        Route::UpdateUser => ("200", user("The user as it is now", Some(BIO))),
        Route::Logout => ("204", Described::new("The sessions have ended", &marked, None)),
        Route::DeactivateUser => ("204", Described::new("The account is deactivated", &marked, None)),
        Route::Options(_) => {
            ("204", Described::new("Who may send what is in the headers", &PREFLIGHT_HEADERS, None))
        }
        Route::Reference => {
            let document = Json::raw(r#"{"schema":{"type":"object"}}"#);
            let known = Described::new("The client has it already", &["ETag"], None);
            return vec![
                ("200".to_owned(), Described::new("The document", &["ETag"], Some(document))),
                ("304".to_owned(), known),
            ];
        }
    };
    vec![(status.to_owned(), answer)]
}

/// The response of one status.
fn refusal(failures: &[Failure], uses_database: bool) -> Described {
    let about = failures.iter().map(|failure| failure.about.as_str()).collect::<Vec<_>>().join("; ");
    let sent = |name: &str| {
        failures.iter().any(|failure| failure.response.headers.iter().any(|(other, _)| *other == name))
    };
    let mut headers: Vec<_> =
        ["WWW-Authenticate", "Retry-After"].into_iter().filter(|name| sent(name)).collect();
    if uses_database {
        headers.push(bookmark::HEADER);
    }
    let mut schemas: Vec<_> = failures.iter().map(|failure| to("schemas", &failure.schema_name)).collect();
    schemas.dedup();
    let schema = match schemas.as_slice() {
        [one] => one.clone(),
        _ => Json::object(vec![("anyOf", Json::array(schemas))]),
    };
    let examples = failures.iter().map(|failure| (failure.name.as_str(), to("examples", &failure.name)));
    let media = Json::object(vec![("schema", schema), ("examples", Json::object(examples.collect()))]);
    Described { about, headers, media: Some(media) }
}

const USER: &str = r#"{"type":"object","required":["email","username","bio","image","token"],"properties":{"email":{"type":"string"},"username":{"type":"string"},"bio":{"type":["string","null"]},"image":{"type":["string","null"]},"token":{"type":"string","description":"A fresh token of the session","pattern":"^[\\w-]+\\.[\\w-]+\\.[\\w-]+$"}},"additionalProperties":false}"#;

const SECURITY: &str = r#"{"token":{"type":"http","scheme":"bearer","bearerFormat":"JWT","description":"A JSON Web Token of this API (HS256), in `Authorization: Bearer <jwt>` or `Authorization: Token <jwt>`"}}"#;

/// Headers of responses: whether each is always there, and what it says.
#[rustfmt::skip]
const HEADERS: [(&str, bool, &str); 10] = [
    (bookmark::HEADER, false, "The state of the database that the answer came from. Sent back with the next request, it makes sure that this is answered from a state at least as new"),
    ("WWW-Authenticate", true, "How to authenticate: `Token`"),
    ("Retry-After", true, "How many seconds to wait"),
    ("ETag", true, "Names this state of the document"),
    ("Allow", true, "The methods that the path takes"),
    ("Access-Control-Allow-Origin", false, "The page's origin, or `*`, if it is allowed; if not, this and the others are absent"),
    ("Access-Control-Allow-Methods", false, "The methods that a page may use"),
    ("Access-Control-Allow-Headers", false, "The headers that a page may send"),
    ("Access-Control-Expose-Headers", false, "The headers that a page may read"),
    ("Access-Control-Max-Age", false, "How many seconds the browser may remember this"),
];

fn header((name, is_required, about): (&'static str, bool, &str)) -> (&'static str, Json) {
    let schema = Json::raw(r#"{"type":"string"}"#);
    let required = Json::raw(if is_required { "true" } else { "false" });
    (name, Json::object(vec![("description", Json::text(about)), ("required", required), ("schema", schema)]))
}

const PREFLIGHT_HEADERS: [&str; 6] = [
    "Allow",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
];

fn parameter(route: Route) -> Option<Json> {
    let (name, place, about) = match route {
        Route::Logout => {
            ("scope", "query", "Which sessions end: that of the token, the user's others, or all")
        }
        Route::CurrentUser => (
            bookmark::HEADER,
            "header",
            "The last one that an answer carried: the user is then at least as new",
        ),
        Route::Reference => ("If-None-Match", "header", "Entity tags of what the client has"),
        _ => return None,
    };
    let mut schema = vec![("type", Json::text("string"))];
    if route == Route::Logout {
        schema
            .extend([("enum", Json::texts(&SCOPES.map(|(name, _)| name))), ("default", Json::text("local"))]);
    }
    Some(Json::object(vec![
        ("name", Json::text(name)),
        ("in", Json::text(place)),
        ("description", Json::text(about)),
        ("schema", Json::object(schema)),
    ]))
}

/// What the user of the examples says of themself in the end.
const BIO: &str = "I keep the keys.";

fn request_example(route: Route) -> &'static str {
    match route {
        Route::Register => {
            r#"{"user":{"username":"jake","email":"jake@example.com","password":"correct horse"}}"#
        }
        Route::Login => r#"{"user":{"email":"jake@example.com","password":"correct horse"}}"#,
        Route::DeactivateUser => r#"{"user":{"current_password":"correct horse"}}"#,
        _ => r#"{"user":{"bio":"I keep the keys."}}"#,
    }
}

fn user_example(bio: Option<&str>) -> Json {
    let user = User {
        id: 1,
        email: "jake@example.com".to_owned(),
        username: "jake".to_owned(),
        bio: bio.map(str::to_owned),
        image: None,
        is_active: true,
        token_version: 0,
    };
    Json::raw(&serde_json::to_string(&user.body(TOKEN)).unwrap_or_default()) // texts always serialize
}

const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6IngxT2F0LXRkIiwidHlwIjoiSldUIn0.eyJpZCI6MSwiaWF0IjoxODAwMDAwMDAwLCJleHAiOjE4MDUxODQwMDAsInZlciI6MCwic2lkIjoiZG9aMDNlTW5fckw0WGdQSkE3RW5FQSJ9.A-ScSZz7blqCDeEUREdc7h1RlLGsyzIhztTiBXjl-rA";
