//! HTTP as the API needs it: no more of a request than is read, no more of a response than is sent.

use std::borrow::Cow;

use serde::Serialize;

use super::Header;

/// The longest body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// A request.
#[expect(async_fn_in_trait, reason = "a Worker has one thread; nothing here needs Send")]
pub trait Request {
    /// Tells whether it came over HTTPS.
    fn is_https(&self) -> bool;

    /// The host, and the port unless it is the default, of the URL.
    fn authority(&self) -> &str;

    /// The method, as it was sent.
    fn method(&self) -> &str;

    /// The path, percent-encoded as it was sent, without the query.
    fn path(&self) -> &str;

    /// The query, percent-encoded as it was sent, without its `?`; empty if there is none.
    fn query(&self) -> &str;

    /// The value of a header; several of one name are joined by commas.
    fn header(&self, header: Header) -> Option<&str>;

    /// City and country of the client, as the platform tells them; `None` if it knows neither.
    fn place(&self) -> Option<String>;

    /// The whole body, empty if there is none. Asked for at most once.
    ///
    /// # Errors
    /// [`BodyError`]; [`BodyError::TooLarge`] as soon as it is known to be over `limit` bytes, and then the rest is
    /// not read.
    async fn body(&self, limit: usize) -> Result<Vec<u8>, BodyError>;
}

/// Tells whether a request was sent to this machine by that name, as in development. The domain of a deployment is
/// another, so strangers can't fill its log with what is logged for developers only.
pub fn is_local(request: &impl Request) -> bool {
    is_local_authority(request.authority())
}

/// Tells whether a host, with or without a port, is this machine.
pub fn is_local_authority(host: &str) -> bool {
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let name = if port.ends_with(']') { host } else { name };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// Reason for which a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It is over the limit.
    TooLarge,
    /// It took too long to arrive.
    TimedOut,
    /// It broke off.
    BrokenOff,
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
    /// Makes a response without a body. No response about a user may be kept by a cache, and none be taken for
    /// another content type.
    pub fn empty(status: u16) -> Self {
        let headers =
            vec![("Cache-Control", "no-store".into()), ("X-Content-Type-Options", "nosniff".into())];
        Self { status, headers, body: None }
    }

    /// A response with a JSON body.
    pub fn json<T: Serialize>(status: u16, body: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_string(body).map(|body| Self::of_json(status, body))
    }

    /// A response whose body is this text, which is JSON.
    pub fn of_json(status: u16, body: String) -> Self {
        let mut response = Self::empty(status);
        response.body = Some(body);
        response.with("Content-Type", "application/json; charset=utf-8")
    }

    /// Lets caches keep it, if they ask each time whether it still has this entity tag (RFC 9110 §8.8.3).
    #[must_use]
    pub fn revalidated(mut self, etag: String) -> Self {
        self.headers.retain(|(name, _)| *name != "Cache-Control");
        self.with("Cache-Control", "no-cache").with("ETag", etag)
    }

    /// Adds a header, unless its value has a line break: what stands after that would be another header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        let value = value.into();
        if !value.contains(['\r', '\n']) {
            self.headers.push((name, value));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_a_line_break_is_no_header() {
        for value in ["a\nb", "a\r\nX: y", "\r", "a\n"] {
            let headers = Response::empty(204).with("X", value).headers;
            assert!(headers.iter().all(|(name, _)| *name != "X"), "{value:?}");
        }
        assert!(Response::empty(204).with("X", "a b").headers.contains(&("X", "a b".into())));
    }
}
