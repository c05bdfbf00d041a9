//! Preflights in the document.

use crate::api::endpoint::{Authentication, Endpoint, RateLimit, Success, Tag};

/// Name of what a path is of, for the id of its preflight: `session` for `/api/user/sessions/{id}`, and with the parts before it
/// where staff look after users: `admin-user-sessions` for `/api/admin/users/{id}/sessions`.
pub(super) fn name(path: &str) -> String {
    let parts: Vec<_> = path.split('/').skip(2).collect();
    let is_one = |at: usize| parts.get(at + 1).is_some_and(|next| next.starts_with('{'));
    let names = parts.iter().enumerate().filter(|(_, part)| !part.starts_with('{'));
    let names = names.map(|(at, part)| {
        let name = part.split('.').next().unwrap_or_default();
        name.strip_suffix('s').filter(|_| is_one(at)).unwrap_or(name)
    });
    let names: Vec<_> = names.collect();
    match names.as_slice() {
        ["admin", ..] => names.join("-"),
        [.., last] => (*last).to_owned(),
        [] => String::new(),
    }
}

/// Preflights as an endpoint, for the failures that they can have.
pub(super) const ENDPOINT: Endpoint = Endpoint {
    feature: None,
    path: "",
    operations: &[],
    tag: Tag::OpenApi,
    authentication: Authentication::None,
    rate_limit: RateLimit::None,
    input: None,
    parameters: &[],
    success: Success::Empty { description: "" },
    failures: &[],
};

/// Headers of their responses.
pub(super) const HEADERS: [&str; 6] = [
    "Allow",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
];
