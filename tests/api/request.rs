//! Requests and answers, and what holds for every answer.

use std::collections::BTreeMap;
use std::fmt;

use latchkey::account::profile::PROFILE;
use latchkey::http::BodyError;

/// A request.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    /// Whether the length of the body is not said beforehand.
    pub chunked: bool,
    /// Why the body does not arrive; on the host only.
    pub body_error: Option<BodyError>,
    /// Seconds that the body takes to arrive; on the host only.
    pub body_takes: i64,
    /// `true` if it comes over HTTPS; on the host only.
    pub is_https: bool,
}

/// In a failed assertion, a large body would hide all else.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body.as_deref().map(|body| body.get(..1_000).unwrap_or(body));
        let body = body.map(String::from_utf8_lossy);
        write!(f, "{} {} {:?} {body:?}", self.method, self.path, self.headers)
    }
}

impl Request {
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
            chunked: false,
            body_error: None,
            body_takes: 0,
            is_https: false,
        }
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: &str, json: &str) -> Self {
        Self::new("POST", path).json(json)
    }

    pub fn put(json: &str) -> Self {
        Self::new("PUT", "/api/user").json(json)
    }

    pub fn json(self, json: &str) -> Self {
        self.header("Content-Type", "application/json").body(json)
    }

    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_owned());
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Token {token}"))
    }

    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }
}

/// An answer; the names of its headers are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What an answer may carry; the last three are the server's.
const HEADERS: [&str; 18] = [
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "cache-control",
    "content-type",
    "etag",
    "retry-after",
    "strict-transport-security",
    "vary",
    "www-authenticate",
    "x-d1-bookmark",
    "x-content-type-options",
    "connection",
    "content-length",
    "transfer-encoding",
];

impl Response {
    /// Checks what holds for the answer to any request of the tests.
    pub fn checked(self, call: &Request) -> Self {
        self.is_well_formed(call);
        for secret in ["pbkdf2", "jakejake", "is_staff", "is_superuser", super::SECRET] {
            assert!(!self.body.contains(secret), "{secret}: {call:?}\n{self:?}");
        }
        // Of credentials the ids are told, which are random; and staff are told those of users.
        let may_have_ids = ["/api/user/credentials", "/api/openapi.json", "/api/admin/"];
        let may_have_ids = may_have_ids.iter().any(|path| call.path.starts_with(path));
        let has_user_id =
            !may_have_ids && ('0'..='9').any(|digit| self.body.contains(&format!("\"id\":{digit}")));
        assert!(!has_user_id, "{call:?}\n{self:?}");
        self
    }

    /// Asserts what holds for the answer to any request at all.
    pub fn is_well_formed(&self, call: &Request) {
        let context = || format!("{call:?}\n{self:?}");
        for name in self.headers.keys() {
            assert!(HEADERS.contains(&name.as_str()), "header {name}: {}", context());
        }
        // The only answers that are the same for all.
        let is_document = call.path.starts_with("/api/openapi.json") && matches!(self.status, 200 | 304);
        let caching = if is_document { "no-cache" } else { "no-store" };
        assert_eq!(self.header("cache-control"), Some(caching), "{}", context());
        assert_eq!(self.header("etag").is_some(), is_document, "{}", context());
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{}", context());
        assert_eq!(self.header("retry-after").is_some(), self.status == 429, "{}", context());
        let is_json = self.header("content-type") == Some("application/json; charset=utf-8");
        if call.method == "HEAD" && !matches!(self.status, 204 | 304) {
            assert!(is_json && self.body.is_empty(), "{}", context());
        } else {
            assert_eq!(is_json, !self.body.is_empty(), "{}", context());
            assert_eq!(self.body.is_empty(), matches!(self.status, 204 | 304), "{}", context());
        }
        assert!(!is_document || self.header("x-d1-bookmark").is_none(), "{}", context());
        let challenge = (self.status == 401).then_some("Token");
        assert_eq!(self.header("www-authenticate"), challenge, "{}", context());
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The value of a key of `user`.
    pub fn user(&self, key: &str) -> serde_json::Value {
        let body: serde_json::Value = serde_json::from_str(&self.body).expect(&self.body);
        body["user"][key].clone()
    }

    pub fn token(&self) -> String {
        self.user("token").as_str().expect(&self.body).to_owned()
    }

    /// Asserts the status and the exact body.
    #[track_caller]
    pub fn is(&self, status: u16, body: &str) {
        let found = format!("{} {}", self.status, self.body);
        let expected = format!("{status} {body}");
        assert!(found == expected, "expected {expected}\n   found {found}");
    }

    /// Asserts that this is the user with these values, in JSON, and a token.
    #[track_caller]
    pub fn is_user(&self, status: u16, email: &str, username: &str, bio: &str, image: &str) {
        let token = self.token();
        let profile = PROFILE.iter().map(|field| match field.name() {
            "bio" => format!(r#""bio":{bio}"#),
            "image" => format!(r#""image":{image}"#),
            other => format!(r#""{other}":null"#),
        });
        let profile = profile.collect::<Vec<_>>().join(",");
        let body =
            format!(r#"{{"user":{{"email":{email},"username":{username},{profile},"token":"{token}"}}}}"#);
        self.is(status, &body);
    }
}
