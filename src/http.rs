//! HTTP as the API needs it: no more of a request than is read, no more of a response than is sent.

use std::borrow::Cow;

use serde::Serialize;

/// A request.
#[expect(async_fn_in_trait, reason = "a Worker has one thread; nothing here needs Send")]
pub trait Request {
    /// The method, as it was sent.
    fn method(&self) -> &str;

    /// The path, percent-encoded as it was sent, without the query.
    fn path(&self) -> &str;

    /// The query, percent-encoded as it was sent, without its `?`; empty if there is none.
    fn query(&self) -> &str;

    /// The value of a header, given by its name in lower case; several of one name are joined by commas.
    fn header(&self, name: &str) -> Option<&str>;

    /// The whole body, empty if there is none. Asked for at most once.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] as soon as it is known to be over `limit` bytes, and then the rest is not read.
    async fn body(&self, limit: usize) -> Result<Vec<u8>, BodyError>;
}

/// Why a body could not be read.
#[derive(Debug)]
pub enum BodyError {
    /// It is over the limit.
    TooLarge,
    /// It broke off.
    Broken(String),
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names, in the usual case, and values.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body, if there is one.
    pub body: Option<String>,
}

impl Response {
    /// A response without a body. No answer of this API may be kept by a cache, or be taken for something
    /// else than what it says it is.
    pub fn empty(status: u16) -> Self {
        let headers =
            vec![("Cache-Control", "no-store".into()), ("X-Content-Type-Options", "nosniff".into())];
        Self { status, headers, body: None }
    }

    /// A response with a JSON body.
    pub fn json<T: Serialize>(status: u16, body: &T) -> Result<Self, serde_json::Error> {
        let mut response = Self::empty(status);
        response.body = Some(serde_json::to_string(body)?);
        Ok(response.with("Content-Type", "application/json; charset=utf-8"))
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
