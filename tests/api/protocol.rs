//! HTTP: the order of errors, bodies, methods, preflights, and a configuration that is wrong.

use super::{Request, Response, SECRET, Start, Vars, django, login, realworld, register};

const REQUIRED: &str = r#"{"errors":{"email":["This field is required."],"username":["This field is required."],"password":["This field is required."]}}"#;
const TOO_LARGE: &str = r#"{"user":{"detail":"Request body exceeded 65536 bytes."}}"#;

pub fn the_first_error_in_order_answers(start: Start) {
    let api = start(django());
    let token = register(&*api, "order");
    let huge = "x".repeat(65_537);
    let wrong = |method: &str, path: &str| Request::new(method, path).header("Content-Type", "text/plain");
    api.send(&wrong("PUT", "/api/nothing").body(&huge)).is(404, r#"{"errors":{"error":["Not found."]}}"#);
    api.send(&wrong("PUT", "/api/users").body(&huge))
        .is(405, r#"{"user":{"detail":"Method \"PUT\" not allowed."}}"#);
    api.send(&wrong("PUT", "/api/user").token("x").body(&huge))
        .is(401, r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#);
    api.send(&wrong("PUT", "/api/user").token(&token).body(&huge)).is(413, TOO_LARGE);
    api.send(&wrong("PUT", "/api/user").token(&token).body("{"))
        .is(415, r#"{"user":{"detail":"Unsupported media type \"text/plain\" in request."}}"#);
    api.send(&Request::put("{").token(&token)).is(
        400,
        r#"{"user":{"detail":"JSON parse error - EOF while parsing an object at line 1 column 1"}}"#,
    );
    api.send(&Request::put(r#"{"user":[]}"#).token(&token))
        .is(400, r#"{"errors":{"error":["Invalid data. Expected a dictionary, but got list."]}}"#);
    // An empty body has no media type.
    assert_eq!(api.send(&wrong("PUT", "/api/user").token(&token).body("")).status, 200);
}

pub fn a_body_has_a_limit(start: Start) {
    let api = start(django());
    for chunked in [false, true] {
        let send = |length: usize| {
            let body = format!("{{}}{}", " ".repeat(length - 2));
            let call = Request::post("/api/users", &body);
            api.send(&if chunked { call.chunked() } else { call })
        };
        send(65_536).is(400, REQUIRED);
        send(65_537).is(413, TOO_LARGE);
        let empty = Request::post("/api/users", "");
        api.send(&if chunked { empty.chunked() } else { empty }).is(400, REQUIRED);
    }
    let body = "x".repeat(65_537);
    let api = start(realworld());
    api.send(&Request::post("/api/users/login", &body)).is(413, r#"{"errors":{"body":["is too large"]}}"#);
}

pub fn a_body_is_json(start: Start) {
    let api = start(django());
    let deep = |levels: usize| format!(r#"{{"user":{{"x":{}{}}}}}"#, "[".repeat(levels), "]".repeat(levels));
    let bodies: [&[u8]; 16] = [
        b" ",
        b"{",
        b"x",
        b"{\"user\":}",
        b"{'user':{}}",
        b"{\"user\":{},}",
        b"{\"user\":{}} x",
        b"{\"user\":{\"email\":\"\xff\"}}",
        b"{\"user\":{\"x\":\"\xc3\"}}",
        b"{\"user\":{\"email\":\"\\ud800\"}}",
        b"{\"user\":{\"email\":\"a\nb\"}}",
        b"{\"user\":{\"email\":NaN}}",
        b"{\"user\":{\"email\":1e999}}",
        b"\xef\xbb\xbf{}",
        b"{\0}",
        b"\xfe\xff\0{\0}",
    ];
    for body in bodies.into_iter().chain([deep(200).as_bytes(), deep(20_000).as_bytes()]) {
        let answer = api.send(&Request::new("POST", "/api/users").json("").body(body));
        let detail = answer.user("detail");
        let detail = detail.as_str().unwrap();
        assert_eq!(answer.status, 400, "{detail}");
        assert!(detail.starts_with("JSON parse error - ") && detail.contains(" at line "), "{detail}");
    }
    // What can't be seen is named.
    let said = |call: &Request| api.send(call).user("detail").as_str().unwrap().to_owned();
    let post = |body: &[u8]| Request::new("POST", "/api/users").json("").body(body);
    for (body, what) in [
        (&b"\xef\xbb\xbf{}"[..], "a byte order mark is not allowed at line 1 column 1"),
        (b"\xff\xfe{\0}\0", "UTF-16 is not allowed at line 1 column 1"),
        (b"\xfe\xff\0{\0}", "UTF-16 is not allowed at line 1 column 1"),
    ] {
        assert_eq!(said(&post(body)), format!("JSON parse error - {what}"));
    }
    let gzipped = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0";
    for encoding in ["gzip", " br ", "x\"y"] {
        let detail = said(&post(gzipped).header("Content-Encoding", encoding));
        let named = format!("JSON parse error - Content-Encoding {:?} is not supported: ", encoding.trim());
        assert!(detail.starts_with(&named), "{detail}");
    }
    // One that says nothing, or is not true, does no harm.
    assert!(!said(&post(b"{").header("Content-Encoding", "identity")).contains("Encoding"));
    api.send(&post(b"{}").header("Content-Encoding", "utf-8")).is(400, REQUIRED);
    api.send(&Request::post("/api/users", &deep(100))).is(400, REQUIRED);
    api.send(&Request::post("/api/users", "\r\n\t {} \n")).is(400, REQUIRED);

    let api = start(realworld());
    for body in ["{", "\u{feff}{}", "x"] {
        api.send(&Request::post("/api/users", body)).is(422, r#"{"errors":{"body":["is not valid JSON"]}}"#);
    }
}

pub fn a_body_has_a_shape(start: Start) {
    let api = start(django());
    for (value, found) in [
        ("[]", "list"),
        ("\"x\"", "str"),
        ("7", "int"),
        ("-7", "int"),
        ("7.5", "float"),
        ("7e2", "float"),
        ("true", "bool"),
        ("null", "null"),
    ] {
        let error =
            format!(r#"{{"errors":{{"error":["Invalid data. Expected a dictionary, but got {found}."]}}}}"#);
        api.send(&Request::post("/api/users", value)).is(400, &error);
        let user = Request::post("/api/users/login", &format!(r#"{{"user":{value}}}"#));
        match value {
            "null" => api.send(&user).is(400, r#"{"errors":{"error":["No data provided"]}}"#),
            _ => api.send(&user).is(400, &error),
        }
    }
    for body in ["{}", r#"{"USER":{}}"#, r#"{"user":null,"user":{}}"#] {
        api.send(&Request::post("/api/users", body)).is(400, REQUIRED);
    }

    // An update that forgot the wrapper would seem to be saved.
    let token = register(&*api, "wrapper");
    let put = |body: &str| Request::put(body).token(&token);
    for body in [r#"{"bio":"x"}"#, r#"{"USER":{"bio":"x"}}"#, r#"{"":null}"#] {
        let patch = Request { method: "PATCH".to_owned(), ..put(body) };
        for call in [put(body), patch] {
            api.send(&call).is(400, r#"{"errors":{"user":["This field is required."]}}"#);
        }
    }
    for body in ["", "{}", r#"{"user":{}}"#, r#"{"bio":"x","user":{}}"#] {
        assert_eq!(api.send(&put(body)).user("bio"), serde_json::Value::Null, "{body}");
    }

    let api = start(realworld());
    let token = register(&*api, "wrapper");
    api.send(&Request::put(r#"{"bio":"x"}"#).token(&token))
        .is(422, r#"{"errors":{"user":["can't be blank"]}}"#);
    for body in ["[]", "null", r#"{"user":null}"#, r#"{"user":7}"#] {
        api.send(&Request::post("/api/users", body)).is(422, r#"{"errors":{"body":["must be an object"]}}"#);
    }
}

pub fn only_json_is_taken(start: Start) {
    let api = start(django());
    let post = |media_type: &str| {
        let call = Request::new("POST", "/api/users").body("{}");
        api.send(&call.header("Content-Type", media_type))
    };
    for media_type in ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"] {
        post(media_type).is(400, REQUIRED);
    }
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/vnd.api+json",
        "application/*",
        "nonsense",
    ] {
        let detail = format!(r#"Unsupported media type \"{media_type}\" in request."#);
        post(media_type).is(415, &format!(r#"{{"user":{{"detail":"{detail}"}}}}"#));
    }
    api.send(&Request::new("POST", "/api/users").body("{}"))
        .is(415, r#"{"user":{"detail":"Unsupported media type \"\" in request."}}"#);

    let api = start(realworld());
    api.send(&Request::new("POST", "/api/users").header("Content-Type", "text/plain").body("{}"))
        .is(415, r#"{"errors":{"body":["must be application/json"]}}"#);
}

pub fn a_method_that_a_path_lacks_is_refused(start: Start) {
    let api = start(django());
    for (path, methods, allow) in [
        ("/api/users", &["GET", "HEAD", "PUT", "PATCH", "DELETE", "PROPFIND"][..], "POST, OPTIONS"),
        ("/api/users/login/", &["GET", "HEAD", "PUT", "PATCH", "DELETE"], "POST, OPTIONS"),
        ("/api/users/logout", &["GET", "HEAD", "PUT", "PATCH", "DELETE"], "POST, OPTIONS"),
        ("/api/user", &["POST", "REPORT"], "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("/api/openapi.json", &["POST", "PUT", "PATCH", "DELETE"], "GET, HEAD, OPTIONS"),
    ] {
        for method in methods {
            let answer = api.send(&Request::new(method, path));
            let body = match *method {
                "HEAD" => String::new(),
                _ => format!(r#"{{"user":{{"detail":"Method \"{method}\" not allowed."}}}}"#),
            };
            answer.is(405, &body);
            assert_eq!(answer.header("allow"), Some(allow));
        }
    }
    for path in ["/api/userss", "/api", "/api/users//", "/api/user/x", "/api/users/logout/x", "/api/%75ser"] {
        api.send(&Request::get(path)).is(404, r#"{"errors":{"error":["Not found."]}}"#);
    }
    api.send(&Request::get("/api/user/?next=/x"))
        .is(401, r#"{"user":{"detail":"Authentication credentials were not provided."}}"#);

    let api = start(realworld());
    let answer = api.send(&Request::get("/api/users"));
    answer.is(405, r#"{"errors":{"method":["is not allowed"]}}"#);
    assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
    api.send(&Request::get("/api/nothing")).is(404, r#"{"errors":{"path":["not found"]}}"#);
}

pub fn head_is_get_without_a_body(start: Start) {
    let api = start(django());
    let token = register(&*api, "head");
    for (call, status) in [
        (Request::new("HEAD", "/api/user").token(&token), 200),
        (Request::new("HEAD", "/api/user/").token("x"), 401),
        (Request::new("HEAD", "/api/user"), 401),
        (Request::new("HEAD", "/api/nothing"), 404),
    ] {
        api.send(&call).is(status, "");
    }
}

fn cors(answer: &Response) -> Vec<(&str, &str)> {
    let is_cors = |name: &str| name.starts_with("access-control-") || name == "vary";
    let headers = answer.headers.iter();
    headers.map(|(name, value)| (name.as_str(), value.as_str())).filter(|(name, _)| is_cors(name)).collect()
}

fn preflight(path: &str, origin: &str) -> Request {
    Request::new("OPTIONS", path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "PUT")
        .header("Access-Control-Request-Headers", "authorization,content-type")
}

pub fn the_openapi_document_is_sent_once(start: Start) {
    let mut documents = Vec::new();
    for vars in [django(), realworld()] {
        let api = start(vars);
        let get = Request::get("/api/openapi.json");
        let answer = api.send(&get);
        assert_eq!(answer.status, 200);
        assert!(
            answer.body.starts_with(r#"{"openapi":"3.1.0","info":{"title":"Latchkey","#),
            "{}",
            answer.body
        );
        let etag = answer.header("etag").unwrap().to_owned();
        for tags in [&*etag, "*", &format!("\"x\", W/{etag}")] {
            for method in ["GET", "HEAD"] {
                let again =
                    api.send(&Request::new(method, "/api/openapi.json/").header("If-None-Match", tags));
                again.is(304, "");
                assert_eq!(again.header("etag"), Some(&*etag));
            }
        }
        assert_eq!(api.send(&get.header("If-None-Match", "\"x\"")).body, answer.body);
        let head = api.send(&Request::new("HEAD", "/api/openapi.json"));
        head.is(200, "");
        assert_eq!(head.header("etag"), Some(&*etag));
        documents.push(answer.body);
    }
    assert_ne!(documents[0], documents[1]);
}

pub fn a_preflight_is_answered(start: Start) {
    let api = start(django());
    for (path, methods) in [
        ("/api/users", "POST, OPTIONS"),
        ("/api/users/login/", "POST, OPTIONS"),
        ("/api/users/logout", "POST, OPTIONS"),
        ("/api/user", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("/api/openapi.json", "GET, HEAD, OPTIONS"),
    ] {
        let answer = api.send(&preflight(path, "https://app.example.com"));
        answer.is(204, "");
        assert_eq!(answer.header("allow"), Some(methods));
        assert_eq!(
            cors(&answer),
            [
                ("access-control-allow-headers", "Authorization, Content-Type, X-D1-Bookmark"),
                ("access-control-allow-methods", methods),
                ("access-control-allow-origin", "https://app.example.com"),
                ("access-control-expose-headers", "Retry-After, WWW-Authenticate, X-D1-Bookmark"),
                ("access-control-max-age", "86400"),
                ("vary", "Origin"),
            ]
        );
        for call in [preflight(path, "https://evil.example"), Request::new("OPTIONS", path)] {
            let answer = api.send(&call);
            answer.is(204, "");
            assert_eq!(cors(&answer), [("vary", "Origin")]);
        }
    }
    let answer = api.send(&preflight("/api/nothing", "https://app.example.com"));
    answer.is(404, r#"{"errors":{"error":["Not found."]}}"#);
    assert_eq!(answer.header("access-control-allow-methods"), None);

    let api = start(realworld());
    let answer = api.send(&preflight("/api/user", "https://app.example.com"));
    let allowed = "Authorization, Content-Type, X-D1-Bookmark, traceparent, X-Requested-With";
    assert_eq!(answer.header("access-control-allow-headers"), Some(allowed));
}

pub fn only_allowed_origins_may_read(start: Start) {
    let api = start(django());
    let token = register(&*api, "origins");
    let calls = |origin: &str| {
        [
            Request::get("/api/user").token(&token),
            Request::get("/api/user"),
            Request::get("/api/nothing"),
            Request::post("/api/users", "{"),
            Request::get("/api/users"),
        ]
        .map(|call| call.header("Origin", origin))
    };
    for origin in ["https://app.example.com", "http://localhost:5173"] {
        for call in calls(origin) {
            assert_eq!(
                cors(&api.send(&call)),
                [
                    ("access-control-allow-origin", origin),
                    ("access-control-expose-headers", "Retry-After, WWW-Authenticate, X-D1-Bookmark"),
                    ("vary", "Origin"),
                ]
            );
        }
    }
    for origin in ["https://evil.example", "http://app.example.com", "https://app.example.com:8443", "null"] {
        for (call, without) in calls(origin).into_iter().zip(calls("")) {
            let (answer, without) = (api.send(&call), api.send(&without));
            assert_eq!(cors(&answer), [("vary", "Origin")]);
            assert_eq!(answer.status, without.status);
        }
    }
}

pub fn every_origin_may_read_where_all_are_allowed(start: Start) {
    let api = start(realworld());
    let call = Request::get("/api/user").header("Origin", "https://anything.example");
    assert_eq!(
        cors(&api.send(&call)),
        [
            ("access-control-allow-origin", "*"),
            ("access-control-expose-headers", "Retry-After, WWW-Authenticate, X-D1-Bookmark"),
        ]
    );
    assert_eq!(cors(&api.send(&Request::get("/api/user"))), []);
}

pub fn a_wrong_configuration_answers_nothing_else(start: Start) {
    let vars = Vars::from([
        ("JWT_SECRET", &SECRET[..31]),
        ("API_DIALECT", "realworld"),
        ("ALLOWED_ORIGINS", "https://app.example.com"),
        ("PASSWORD_HASHER", "bcrypt$12"),
        ("TOKEN_TTL_DAYS", "0"),
    ]);
    let api = start(vars);
    for call in [
        Request::get("/api/user"),
        Request::new("OPTIONS", "/api/user"),
        Request::get("/api/nothing"),
        Request::post("/api/users", "{}"),
    ] {
        let answer = api.send(&call.header("Origin", "https://app.example.com"));
        answer.is(500, r#"{"errors":{"error":["A server error occurred."]}}"#);
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example.com"));
    }
    let log = api.log();
    let line = log.first().unwrap();
    for name in ["JWT_SECRET", "PASSWORD_HASHER", "TOKEN_TTL_DAYS"] {
        assert!(line.contains(name), "{log:?}");
    }
    assert!(!line.contains("API_DIALECT") && !line.contains(&SECRET[..31]), "{log:?}");
}

/// A name of one of D1's constraints, and what else is no bookmark.
const NO_BOOKMARKS: [&str; 7] = [
    "",
    "first-primary",
    "first-unconstrained",
    "0, 0",
    "-0",
    "' OR 1=1",
    "0000000000000000000000000000000g",
];

pub fn a_bookmark_is_given_and_taken_back(start: Start) {
    let api = start(django());
    let bookmark = |answer: &Response| answer.header("x-d1-bookmark").map(str::to_owned);
    let with = |call: Request, bookmark: &str| api.send(&call.header("X-D1-Bookmark", bookmark));
    let token = register(&*api, "bookmark");
    let get = || Request::get("/api/user").token(&token);
    let first = bookmark(&api.send(&get())).unwrap();
    assert!(first.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'), "{first}");

    let changed = with(Request::put(r#"{"user":{"bio":"new"}}"#).token(&token), &first);
    let second = bookmark(&changed).unwrap();
    assert!(second > first, "{second}");
    let read = with(get(), &second);
    read.is_user(200, r#""bookmark@x.io""#, r#""bookmark""#, r#""new""#, "null");
    assert!(bookmark(&read).unwrap() >= second);

    for sent in NO_BOOKMARKS {
        let answer = with(get(), sent);
        assert_eq!(answer.status, 200, "{sent:?}");
        assert!(bookmark(&answer).is_some_and(|bookmark| bookmark >= second), "{sent:?}");
    }
    let unknown = "00000000-00000000-00000000-00000000000000000000000000000000";
    assert_eq!(with(get(), unknown).status, 200);

    // Whatever asks the database tells, and nothing else.
    for (call, status) in [
        (login("bookmark@x.io", "jakejake"), 200),
        (login("bookmark@x.io", "jakejakf"), 400),
        (
            Request::post(
                "/api/users",
                r#"{"user":{"username":"bookmark","email":"b@x.io","password":"jakejake"}}"#,
            ),
            400,
        ),
        (Request::new("HEAD", "/api/user").token(&token), 200),
        (Request::new("POST", "/api/users/logout").token(&token), 204),
        (get(), 401),
        (Request::new("DELETE", "/api/user").token(&token), 401),
    ] {
        let answer = api.send(&call);
        assert_eq!(answer.status, status, "{call:?}");
        assert!(bookmark(&answer).is_some_and(|bookmark| bookmark >= second), "{call:?}");
    }
    for call in [
        Request::get("/api/user"),
        Request::get("/api/nothing"),
        Request::new("OPTIONS", "/api/user"),
        Request::post("/api/users/login", "{"),
    ] {
        assert_eq!(bookmark(&with(call, &second)), None);
    }
}
