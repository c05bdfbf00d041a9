//! Which endpoint a request is for, or that there is none.

use crate::error::Error;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `POST /api/users`
    Register,
    /// `POST /api/users/login`
    Login,
    /// `POST /api/users/logout`
    Logout,
    /// `GET` or `HEAD /api/user`
    CurrentUser,
    /// `PUT` or `PATCH /api/user`
    UpdateUser,
    /// `DELETE /api/user`
    DeactivateUser,
    /// `GET` or `HEAD /api/openapi.json`
    Reference,
    /// `OPTIONS` on a path that takes these methods
    Options(&'static str),
}

impl Route {
    /// Finds the endpoint. A path may end in one extra `/`.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::MethodNotAllowed`].
    pub fn find(method: &str, path: &str) -> Result<Self, Error> {
        let (allow, route) = match path.strip_suffix('/').unwrap_or(path) {
            "/api/users" => (
                "POST, OPTIONS",
                match method {
                    "POST" => Some(Self::Register),
                    _ => None,
                },
            ),
            "/api/users/login" => (
                "POST, OPTIONS",
                match method {
                    "POST" => Some(Self::Login),
                    _ => None,
                },
            ),
            "/api/users/logout" => (
                "POST, OPTIONS",
                match method {
                    "POST" => Some(Self::Logout),
                    _ => None,
                },
            ),
            "/api/user" => (
                "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
                match method {
                    "GET" | "HEAD" => Some(Self::CurrentUser),
                    "PUT" | "PATCH" => Some(Self::UpdateUser),
                    "DELETE" => Some(Self::DeactivateUser),
                    _ => None,
                },
            ),
            "/api/openapi.json" => (
                "GET, HEAD, OPTIONS",
                match method {
                    "GET" | "HEAD" => Some(Self::Reference),
                    _ => None,
                },
            ),
            _ => return Err(Error::NotFound),
        };
        match route {
            Some(route) => Ok(route),
            None if method == "OPTIONS" => Ok(Self::Options(allow)),
            None => Err(Error::MethodNotAllowed { method: method.to_owned(), allow }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: [&str; 10] =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"];

    #[test]
    fn every_method_of_every_path() {
        let users = "POST, OPTIONS";
        let user = "GET, HEAD, PUT, PATCH, DELETE, OPTIONS";
        for method in METHODS {
            for (path, allow, route) in [
                ("/api/users", users, (method == "POST").then_some(Route::Register)),
                ("/api/users/login", users, (method == "POST").then_some(Route::Login)),
                ("/api/users/logout", users, (method == "POST").then_some(Route::Logout)),
                (
                    "/api/user",
                    user,
                    match method {
                        "GET" | "HEAD" => Some(Route::CurrentUser),
                        "PUT" | "PATCH" => Some(Route::UpdateUser),
                        "DELETE" => Some(Route::DeactivateUser),
                        _ => None,
                    },
                ),
                (
                    "/api/openapi.json",
                    "GET, HEAD, OPTIONS",
                    matches!(method, "GET" | "HEAD").then_some(Route::Reference),
                ),
            ] {
                let expected = match route {
                    Some(route) => Ok(route),
                    None if method == "OPTIONS" => Ok(Route::Options(allow)),
                    None => Err(Error::MethodNotAllowed { method: method.to_owned(), allow }),
                };
                assert_eq!(Route::find(method, path), expected, "{method} {path}");
                assert_eq!(Route::find(method, &format!("{path}/")), expected, "{method} {path}/");
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
            for method in METHODS {
                assert_eq!(Route::find(method, path), Err(Error::NotFound), "{method} {path}");
            }
        }
    }
}
