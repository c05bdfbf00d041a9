//! Routing: the endpoint that a request is for.

use super::DISPATCHES;
use super::endpoint::Dispatch;
use crate::config::Config;
use crate::error::Error;

/// Methods in the order in which `Allow` lists them.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// Target of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route<'a> {
    /// An endpoint.
    Endpoint {
        /// Index in [`ENDPOINTS`](super::ENDPOINTS).
        index: usize,
        /// Parts of the path that stand for the names in braces of the endpoint's.
        parameters: Vec<&'a str>,
    },
    /// `OPTIONS` on a path that takes these methods.
    Preflight(String),
}

/// Finds the target of a request among the endpoints that this deployment has. A path may end in one extra `/`.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::MethodNotAllowed`].
pub fn find<'a>(config: &Config, method: &str, path: &'a str) -> Result<Route<'a>, Error> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let route = |(index, endpoint): (usize, &Dispatch)| {
        let parameters = parameters(endpoint.path, path)?;
        (endpoint.takes(method) && endpoint.is_on(config)).then_some(Route::Endpoint { index, parameters })
    };
    if let Some(route) = DISPATCHES.iter().enumerate().find_map(route) {
        return Ok(route);
    }
    // One that is off is not there, though another method of the path may be.
    let is_off = |endpoint: &Dispatch| {
        endpoint.takes(method) && !endpoint.is_on(config) && parameters(endpoint.path, path).is_some()
    };
    if DISPATCHES.iter().any(is_off) {
        return Err(Error::NotFound);
    }
    match allow(config, path) {
        None => Err(Error::NotFound),
        Some(allow) if method == "OPTIONS" => Ok(Route::Preflight(allow)),
        Some(allow) => Err(Error::MethodNotAllowed { method: method.to_owned(), allow }),
    }
}

/// Parts of a path that stand for the names in braces of an endpoint's, as in `/api/user/sessions/{id}`; `None` if it is
/// another path. They are compared byte by byte, and none is empty.
fn parameters<'a>(template: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let Some((start, _)) = template.split_once('{') else {
        return (template == path).then(Vec::new);
    };
    if !path.starts_with(start) {
        return None;
    }
    let (mut names, mut parts) = (template.split('/'), path.split('/'));
    let mut parameters = Vec::new();
    loop {
        match (names.next(), parts.next()) {
            (None, None) => return Some(parameters),
            (Some(name), Some(part)) if name.starts_with('{') && !part.is_empty() => parameters.push(part),
            (Some(name), Some(part)) if name == part => {}
            _ => return None,
        }
    }
}

/// Value of the header `Allow` of a path, if there is such a path.
fn allow(config: &Config, path: &str) -> Option<String> {
    let is_taken = |method: &&str| {
        DISPATCHES.iter().any(|endpoint| {
            endpoint.takes(method) && parameters(endpoint.path, path).is_some() && endpoint.is_on(config)
        })
    };
    let mut methods: Vec<_> = METHODS.into_iter().filter(is_taken).collect();
    (!methods.is_empty()).then(|| {
        methods.push("OPTIONS");
        methods.join(", ")
    })
}

#[cfg(test)]
mod tests {
    use super::super::ENDPOINTS;
    use super::*;

    const ALL: [&str; 10] =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"];

    /// Configuration without any feature.
    fn config() -> Config {
        Config::from_vars(|name| (name == "JWT_SECRET").then(|| "0123456789abcdef".repeat(2))).unwrap()
    }

    #[test]
    fn every_method_of_every_path() {
        let config = config();
        let users = "POST, OPTIONS";
        let user = "GET, HEAD, PUT, PATCH, DELETE, OPTIONS";
        for method in ALL {
            for (path, allow, id) in [
                ("/api/users", users, (method == "POST").then_some("register")),
                ("/api/users/login", users, (method == "POST").then_some("login")),
                ("/api/users/logout", users, (method == "POST").then_some("logout")),
                (
                    "/api/user",
                    user,
                    match method {
                        "GET" | "HEAD" => Some("currentUser"),
                        "PUT" | "PATCH" => Some("updateUser"),
                        "DELETE" => Some("deactivateUser"),
                        _ => None,
                    },
                ),
                (
                    "/api/openapi.json",
                    "GET, HEAD, OPTIONS",
                    matches!(method, "GET" | "HEAD").then_some("openapi"),
                ),
            ] {
                let index =
                    |id| ENDPOINTS.iter().position(|endpoint| endpoint.operations[0].id == id).unwrap();
                let expected = match id {
                    Some(id) => Ok(Route::Endpoint { index: index(id), parameters: Vec::new() }),
                    None if method == "OPTIONS" => Ok(Route::Preflight(allow.to_owned())),
                    None => {
                        Err(Error::MethodNotAllowed { method: method.to_owned(), allow: allow.to_owned() })
                    }
                };
                assert_eq!(find(&config, method, path), expected, "{method} {path}");
                assert_eq!(find(&config, method, &format!("{path}/")), expected, "{method} {path}/");
            }
        }
    }

    #[test]
    fn other_paths_are_not_found_whatever_the_method() {
        let config = config();
        for path in [
            "",
            "/",
            "//",
            "/api",
            "/api/",
            "/api/users//",
            "/api/users/login//",
            "/api/user//",
            "//api/user",
            "/api//user",
            "/api/User",
            "/API/user",
            "/api/user/1",
            "/api/users/logout//",
            "/api/users/jake",
            "/api/%75ser",
            "/user",
            "/api/user%2f",
        ] {
            for method in ALL {
                assert_eq!(find(&config, method, path), Err(Error::NotFound), "{method} {path}");
            }
        }
    }
}
