//! Cross-origin resource sharing (WHATWG Fetch §3.2): pages of other origins that may read responses.

use std::borrow::Cow;

use super::Response;

const EXPOSED_HEADERS: &str = "Retry-After, WWW-Authenticate, X-D1-Bookmark";
/// Headers that a page may always send beyond the headers that Fetch calls safelisted.
const REQUEST_HEADERS: [&str; 3] = ["Authorization", "Content-Type", "X-D1-Bookmark"];
const MAX_AGE_SECONDS: &str = "86400";

/// Pages that may read responses, and the headers that they may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    origins: Origins,
    request_headers: String,
}

/// Origins that may read responses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// All of them.
    Any,
    /// These; none, if it is empty.
    List(Vec<String>),
}

impl Origins {
    /// Reads a comma-separated list of origins, or `*`.
    ///
    /// # Errors
    /// Problem of the first entry that no browser would ever send as its origin.
    pub fn parse(list: &str) -> Result<Self, String> {
        match list.trim() {
            "*" => Ok(Self::Any),
            "" => Ok(Self::List(Vec::new())),
            list => list.split(',').map(|entry| origin(entry.trim())).collect(),
        }
    }

    fn allowed(&self, origin: Option<&str>) -> Option<Cow<'static, str>> {
        match self {
            Self::Any => origin.map(|_| "*".into()),
            Self::List(list) => {
                list.iter().find(|allowed| Some(allowed.as_str()) == origin).cloned().map(Cow::from)
            }
        }
    }
}

/// Reads a comma-separated list of request headers.
///
/// # Errors
/// Problem of the first entry that is no name of a header.
pub fn parse_headers(list: &str) -> Result<Vec<String>, String> {
    let entries = list.split(',').map(str::trim).filter(|_| !list.trim().is_empty());
    entries.map(header_name).collect()
}

/// Checks a header's name (RFC 9110 §5.6.2). To allow `*` would not do: it leaves out `Authorization`.
fn header_name(name: &str) -> Result<String, String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_token) {
        Ok(name.to_owned())
    } else {
        Err(format!("has {name:?}, which is no name of a header: write names, with commas between them"))
    }
}

impl Cors {
    /// Tells whether the configuration names an origin.
    pub fn lists(&self, origin: &str) -> bool {
        matches!(&self.origins, Origins::List(list) if list.iter().any(|listed| listed == origin))
    }

    /// Pages of these origins, which may send these headers beyond the usual ones.
    pub fn new(origins: Origins, headers: &[String]) -> Self {
        let is_new = |name: &&String| !REQUEST_HEADERS.iter().any(|usual| usual.eq_ignore_ascii_case(name));
        let names = headers.iter().filter(is_new).map(String::as_str);
        let names: Vec<&str> = REQUEST_HEADERS.into_iter().chain(names).collect();
        Self { origins, request_headers: names.join(", ") }
    }

    /// Tells the browser whether a page of `origin` may read the response; to a preflight, also that
    /// it may send these `methods`.
    pub fn apply(&self, mut response: Response, origin: Option<&str>, methods: Option<String>) -> Response {
        if self.origins != Origins::Any {
            response = response.with("Vary", "Origin");
        }
        let Some(allowed) = self.origins.allowed(origin) else {
            return response;
        };
        response = response
            .with("Access-Control-Allow-Origin", allowed)
            .with("Access-Control-Expose-Headers", EXPOSED_HEADERS);
        match methods {
            None => response,
            Some(methods) => response
                .with("Access-Control-Allow-Methods", methods)
                .with("Access-Control-Allow-Headers", self.request_headers.clone())
                .with("Access-Control-Max-Age", MAX_AGE_SECONDS),
        }
    }
}

impl Cors {
    /// Explains to a developer why the browser won't let a page of `origin` read the response, or send what its preflight
    /// asks for, and which variable would allow it.
    pub fn refusal(&self, origin: &str, preflight_headers: Option<&str>) -> Option<String> {
        if self.origins.allowed(Some(origin)).is_none() {
            let fix = match Origins::parse(origin) {
                Ok(_) => "add it to ALLOWED_ORIGINS",
                Err(_) => "serve the page over HTTP, and add its origin to ALLOWED_ORIGINS", // "null", of a file
            };
            return Some(format!(
                "a page of the origin {origin} can't read the response: to allow it, {fix}"
            ));
        }
        let is_allowed =
            |name: &&str| self.request_headers.split(", ").any(|allowed| allowed.eq_ignore_ascii_case(name));
        let names = preflight_headers?.split(',').map(str::trim).filter(|name| !is_allowed(name));
        let names: Vec<&str> = names.filter(|name| header_name(name).is_ok()).collect();
        let names = names.join(", ");
        (!names.is_empty()).then(|| {
            format!(
                "a page of the origin {origin} can't send {names}: to allow it, add that to ALLOWED_HEADERS"
            )
        })
    }
}

impl FromIterator<String> for Origins {
    fn from_iter<T: IntoIterator<Item = String>>(origins: T) -> Self {
        Self::List(origins.into_iter().collect())
    }
}

/// Checks that a browser could send this as its origin (RFC 6454 §6.2): an entry that can't match
/// would only show as a mysterious failure in the browser.
fn origin(entry: &str) -> Result<String, String> {
    let wrong = |what: &str| Err(format!("has {entry:?}, which {what}"));
    let Some((scheme, authority)) = entry.split_once("://") else {
        return wrong(if entry == "*" {
            "must stand alone"
        } else {
            "is no origin: write it as scheme://host or scheme://host:port"
        });
    };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
    if !is_scheme {
        return wrong("has a scheme that no browser sends: write it in lower case");
    }
    if authority.contains(['/', '?', '#']) {
        return wrong("has a path or a trailing slash: write only scheme, host and port");
    }
    let (host, port) = split_port(authority);
    let is_ipv6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(|address| {
        address.parse::<std::net::Ipv6Addr>().is_ok() && address == address.to_ascii_lowercase()
    });
    let is_name = !host.is_empty()
        && host.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c));
    if !is_ipv6 && !is_name {
        return wrong(
            "has a host that no browser sends: write one host, in lower case, an international one in Punycode",
        );
    }
    match port {
        None => Ok(entry.to_owned()),
        Some("80") if scheme == "http" => wrong("has the default port, which browsers leave out"),
        Some("443") if scheme == "https" => wrong("has the default port, which browsers leave out"),
        Some(port) if !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok() => Ok(entry.to_owned()),
        Some(_) => wrong("has a port that is no number from 1 to 65535"),
    }
}

/// The colons of an IPv6 address are inside of its brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_origins_is_read() {
        let list = |origins: &[&str]| Ok(origins.iter().map(|origin| (*origin).to_owned()).collect());
        assert_eq!(Origins::parse(""), list(&[]));
        assert_eq!(Origins::parse(" "), list(&[]));
        assert_eq!(Origins::parse("*"), Ok(Origins::Any));
        assert_eq!(
            Origins::parse("https://a.example.com, http://localhost:5173"),
            list(&["https://a.example.com", "http://localhost:5173"])
        );
        for origin in [
            "http://[::1]:3000",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
            "http://127.0.0.1:80000",
            "http://my_host",
        ] {
            let is_port = !origin.ends_with(":80000");
            assert_eq!(Origins::parse(origin).is_ok(), is_port, "{origin}");
        }
    }

    #[test]
    fn an_entry_that_no_browser_sends_is_an_error() {
        for entry in [
            "https://a.example.com/",
            "https://a.example.com/app",
            "https://a.example.com?",
            "a.example.com",
            "localhost:5173",
            "null",
            "https://",
            "https://*.example.com",
            "https://user@a.example.com",
            "https://A.example.com",
            "HTTPS://a.example.com",
            "https://bücher.example",
            "https://a.example.com:443",
            "http://a.example.com:80",
            "https://a.example.com:",
            "https://a.example.com:0",
            "https://a.example.com:080",
            "https://a.example.com:x",
            "http://[::1",
            "http://::1",
            "*, https://a.example.com",
            "https://a.example.com,",
            "https://a.example.com,,https://b.example.com",
            "https://a.example.com https://b.example.com",
        ] {
            assert!(Origins::parse(entry).is_err(), "{entry}");
        }
    }

    fn headers(cors: &Cors, origin: Option<&str>, methods: Option<&str>) -> Vec<(&'static str, String)> {
        let response = Response { status: 204, headers: Vec::new(), body: None };
        let response = cors.apply(response, origin, methods.map(str::to_owned));
        response.headers.into_iter().map(|(name, value)| (name, value.into_owned())).collect()
    }

    fn owned(headers: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    #[test]
    fn only_an_allowed_origin_is_told_anything() {
        let cors = Cors::new(Origins::parse("https://a.example.com,https://b.example.com").unwrap(), &[]);
        for origin in [
            None,
            Some("https://c.example.com"),
            Some("https://a.example.com.evil.example"),
            Some("https://A.example.com"),
            Some("null"),
            Some(""),
        ] {
            assert_eq!(headers(&cors, origin, Some("GET")), owned(&[("Vary", "Origin")]));
        }
        assert_eq!(
            headers(&cors, Some("https://b.example.com"), None),
            owned(&[
                ("Vary", "Origin"),
                ("Access-Control-Allow-Origin", "https://b.example.com"),
                ("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate, X-D1-Bookmark"),
            ])
        );
    }

    #[test]
    fn a_preflight_is_told_what_may_be_sent() {
        let any = Cors::new(Origins::Any, &[]);
        assert_eq!(
            headers(&any, Some("https://c.example.com"), Some("POST, OPTIONS")),
            owned(&[
                ("Access-Control-Allow-Origin", "*"),
                ("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate, X-D1-Bookmark"),
                ("Access-Control-Allow-Methods", "POST, OPTIONS"),
                ("Access-Control-Allow-Headers", "Authorization, Content-Type, X-D1-Bookmark"),
                ("Access-Control-Max-Age", "86400"),
            ])
        );
        assert_eq!(headers(&any, None, Some("POST, OPTIONS")), owned(&[]));
    }

    #[test]
    fn what_a_browser_refuses_is_explained() {
        let more = parse_headers("traceparent").unwrap();
        let cors = Cors::new(Origins::parse("http://localhost:5173").unwrap(), &more);
        for (origin, asked, variable) in [
            ("http://localhost:5173", None, None),
            ("http://localhost:5173", Some("content-type,TRACEPARENT, x-d1-bookmark"), None),
            ("http://localhost:5173", Some(""), None),
            ("http://localhost:5173", Some("x\ny, a b"), None),
            (
                "http://localhost:5173",
                Some("authorization,baggage, x-a"),
                Some("send baggage, x-a: to allow it, add that to ALLOWED_HEADERS"),
            ),
            (
                "http://127.0.0.1:5173",
                Some("baggage"),
                Some("http://127.0.0.1:5173 can't read the response: to allow it, add it to ALLOWED_ORIGINS"),
            ),
            ("null", None, Some("serve the page over HTTP, and add its origin to ALLOWED_ORIGINS")),
        ] {
            let refusal = cors.refusal(origin, asked);
            match variable {
                Some(variable) => assert!(refusal.unwrap().ends_with(variable), "{origin} {asked:?}"),
                None => assert_eq!(refusal, None),
            }
        }
    }

    #[test]
    fn headers_are_allowed_beyond_the_usual_ones() {
        let more = parse_headers(" traceparent,X-Requested-With , authorization").unwrap();
        let allowed = headers(&Cors::new(Origins::Any, &more), Some("https://c.example.com"), Some("POST"));
        let usual = "Authorization, Content-Type, X-D1-Bookmark";
        assert_eq!(allowed[3].1, format!("{usual}, traceparent, X-Requested-With"));
        for list in ["", " "] {
            assert_eq!(parse_headers(list), Ok(Vec::new()));
        }
        for list in [",", "a,", "a,,b", "a b", "*", "a:b", "a\nb", "é", "\"a\""] {
            assert!(parse_headers(list).is_err(), "{list:?}");
        }
    }
}
