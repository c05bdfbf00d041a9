//! `GET /api/openapi.json`: the reference of this API, as it is configured.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};

use crate::config::Config;
use crate::http::{Request, Response};
use crate::openapi;

/// Answers the request: with nothing new, if the client has it already.
pub fn handle(config: &Config, request: &impl Request) -> Response {
    let document = openapi::document(config.dialect);
    let etag = format!("\"{}\"", Base64UrlUnpadded::encode_string(&Sha256::digest(&document)));
    let is_known = request.header("if-none-match").is_some_and(|tags| names(tags, &etag));
    let response = if is_known { Response::empty(304) } else { Response::of_json(200, document) };
    response.revalidated(etag)
}

/// Whether an `If-None-Match` names an entity tag (RFC 9110 §13.1.2): weak ones do too.
fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_entity_tags_is_searched() {
        for tags in ["\"x\"", "W/\"x\"", "*", "\"a\", \"x\"", "\"a\",W/\"x\" ,\"b\""] {
            assert!(names(tags, "\"x\""), "{tags}");
        }
        for tags in ["", "x", "\"X\"", "w/\"x\"", "\"a\", \"b\"", "\"x"] {
            assert!(!names(tags, "\"x\""), "{tags}");
        }
    }
}
