//! Hints for developers of clients, in the log of a Worker on their machine.

use super::{Api, Request, Start, Vars, django, register};

/// Variables of no other tests, whose requests would leave hints at the same time.
fn vars(days: &'static str) -> Vars<'static> {
    let mut vars = django();
    vars.insert("TOKEN_TTL_DAYS", days);
    vars
}

/// Hints that a request leaves in the log.
fn hints(api: &dyn Api, call: &Request) -> Vec<String> {
    let before = api.log().len();
    api.send(call);
    let log = api.log();
    let lines = log[before..].iter().filter(|line| line.contains(r#""event":"hint""#));
    lines
        .map(|line| {
            line.split(r#""hint":""#).nth(1).unwrap().split(r#"","request""#).next().unwrap().to_owned()
        })
        .collect()
}

pub fn a_refused_page_is_told_how_to_be_allowed(start: Start) {
    let api = start(vars("61"));
    let preflight = |origin: &str, headers: &str| {
        let call = Request::new("OPTIONS", "/api/user").header("Origin", origin);
        hints(
            &*api,
            &call
                .header("Access-Control-Request-Method", "PUT")
                .header("Access-Control-Request-Headers", headers),
        )
    };
    let origin = "http://hints.localhost:3000";
    let refused = format!(
        "a page of the origin {origin} can't read the response: to allow it, add it to ALLOWED_ORIGINS"
    );
    assert_eq!(preflight(origin, "authorization"), std::slice::from_ref(&refused));
    let get = Request::get("/api/user").header("Origin", origin);
    assert_eq!(hints(&*api, &get), [refused]);
    assert_eq!(
        preflight("http://localhost:5173", "authorization,baggage,content-type,traceparent"),
        [
            "a page of the origin http://localhost:5173 can't send baggage, traceparent: to allow it, add that to ALLOWED_HEADERS"
        ]
    );
    // Nothing is refused here.
    assert_eq!(preflight("http://localhost:5173", "authorization,content-type"), [""; 0]);
    assert_eq!(hints(&*api, &get.header("Sec-Fetch-Site", "same-origin")), [""; 0]);
    assert_eq!(hints(&*api, &Request::get("/api/user")), [""; 0]);
}

pub fn a_forgotten_wrapper_is_named_without_its_values(start: Start) {
    let api = start(vars("62"));
    let token = register(&*api, "hints");
    let fields = r#"{"email":"hints@x.io","username":"hints","password":"jakejake"}"#;
    for path in ["/api/users", "/api/users/login"] {
        assert_eq!(
            hints(&*api, &Request::post(path, fields)),
            [format!(
                r#"the body of POST {path} has fields, and no \"user\" around them: send {{\"user\": {{…}}}}"#
            )]
        );
        for body in ["{}", "", r#"{"user":{}}"#, "[]"] {
            assert_eq!(hints(&*api, &Request::post(path, body)), [""; 0], "{path} {body}");
        }
    }
    // Its error says so already.
    assert_eq!(hints(&*api, &Request::put(fields).token(&token)), [""; 0]);
    assert!(!api.log().iter().any(|line| line.contains("jakejake") || line.contains("@x.io")));
}
