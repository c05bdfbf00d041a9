//! Routing: the endpoint that a request is for.

use super::ENDPOINTS;
use crate::error::Error;

/// Methods in the order in which `Allow` lists them.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// Target of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The endpoint with this index in [`ENDPOINTS`].
    Endpoint(usize),
    /// `OPTIONS` on a path that takes these methods.
    Preflight(String),
}

/// Finds the target of a request. A path may end in one extra `/`.
///
/// # Errors
/// [`Error::NotFound`] or [`Error::MethodNotAllowed`].
pub fn find(method: &str, path: &str) -> Result<Route, Error> {
    let path = path.strip_suffix('/').unwrap_or(path);
    if let Some(index) = ENDPOINTS.iter().position(|endpoint| endpoint.path == path && endpoint.takes(method))
    {
        return Ok(Route::Endpoint(index));
    }
    match allow(path) {
        None => Err(Error::NotFound),
        Some(allow) if method == "OPTIONS" => Ok(Route::Preflight(allow)),
        Some(allow) => Err(Error::MethodNotAllowed { method: method.to_owned(), allow }),
    }
}

/// Value of the header `Allow` of a path, if there is such a path.
fn allow(path: &str) -> Option<String> {
    let is_taken =
        |method: &&str| ENDPOINTS.iter().any(|endpoint| endpoint.path == path && endpoint.takes(method));
    let mut methods: Vec<_> = METHODS.into_iter().filter(is_taken).collect();
    (!methods.is_empty()).then(|| {
        methods.push("OPTIONS");
        methods.join(", ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 10] =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"];

    #[test]
    fn every_method_of_every_path() {
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
                    Some(id) => Ok(Route::Endpoint(index(id))),
                    None if method == "OPTIONS" => Ok(Route::Preflight(allow.to_owned())),
                    None => {
                        Err(Error::MethodNotAllowed { method: method.to_owned(), allow: allow.to_owned() })
                    }
                };
                assert_eq!(find(method, path), expected, "{method} {path}");
                assert_eq!(find(method, &format!("{path}/")), expected, "{method} {path}/");
            }
        }
    }

    #[test]
    fn other_paths_are_not_found_whatever_the_method() {
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
                assert_eq!(find(method, path), Err(Error::NotFound), "{method} {path}");
            }
        }
    }
}
