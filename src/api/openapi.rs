//! `GET /api/openapi.json`: the OpenAPI document, as the API is configured. The build writes one for each dialect among
//! the static assets.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};

use super::context::Context;
use super::endpoint::{Authentication, Endpoint, Operation, Parameter, RateLimit, Success, Tag};
use crate::account::validate::PASSWORD;
use crate::auth::credentials::PasswordPolicy;
use crate::error::{Dialect, Error};
use crate::http::{Header, Request, Response};
use crate::platform::Platform;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/openapi.json",
    operations: &[Operation { method: "GET", id: "openapi", summary: "This document" }],
    feature: None,
    tag: Tag::OpenApi,
    authentication: Authentication::None,
    rate_limit: RateLimit::None,
    input: None,
    parameters: &[Parameter {
        name: "If-None-Match",
        place: "header",
        description: "Entity tags of what the client has",
        values: &[],
    }],
    success: Success::Document { description: "The document" },
    failures: &[],
};

/// Path of the document among the static assets. Requests under `/api/` reach the Worker, so a client gets the document
/// from its endpoint only. (Paths that normalise to it, such as `//api/…`, are redirected there.)
pub const fn asset(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Django => "/api/openapi/django.json",
        Dialect::RealWorld => "/api/openapi/realworld.json",
    }
}

/// Handles the request. The response has no body if the client has the document already.
///
/// # Errors
/// [`Error::Internal`] if the asset is missing, or assets are not bound.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let document = cx.platform.read_asset(asset(cx.config.dialect)).await.map_err(Error::Internal)?;
    let document = with_password_rules(document, &cx.config.passwords);
    let etag = format!("\"{}\"", Base64UrlUnpadded::encode_string(&Sha256::digest(&document)));
    let is_known = cx.request.header(Header::IfNoneMatch).is_some_and(|tags| names(tags, &etag));
    let response = if is_known { Response::empty(304) } else { Response::of_json(200, document) };
    Ok(response.revalidated(etag))
}

/// Value of `x-blocklist` in the schema of a new password: as `PASSWORD_BLOCKLIST` has it.
pub(crate) const fn blocklist(is_on: bool) -> &'static str {
    if is_on { "refuse" } else { "off" }
}

/// The rules of new passwords in the document, as JSON.
fn password_rules(min_length: usize, has_blocklist: bool) -> String {
    format!(r#""minLength":{min_length},"x-blocklist":"{}""#, blocklist(has_blocklist))
}

/// Puts the deployment's rules of new passwords in place of the defaults, which the build has written: a page shows them
/// before it sends one.
fn with_password_rules(document: String, policy: &PasswordPolicy) -> String {
    let [built, own] = [(PASSWORD.min, false), (policy.min_length, policy.has_blocklist)]
        .map(|(min_length, has_blocklist)| password_rules(min_length, has_blocklist));
    if own == built { document } else { document.replace(&built, &own) }
}

/// Tells whether an `If-None-Match` names an entity tag (RFC 9110 §13.1.2): weak ones do too.
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
