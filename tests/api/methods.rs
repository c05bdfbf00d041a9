//! The ways in.

use super::{Request, Start, django, realworld};

pub fn the_ways_in_are_told_to_anyone(start: Start) {
    let methods = r#"{"methods":{"password":true,"reset":false,"sign_in":false,"passkey":null}}"#;
    for vars in [django(), realworld()] {
        let api = start(vars);
        for call in [Request::get("/api/users/methods"), Request::get("/api/users/methods/?x").token("x")] {
            api.send(&call).is(200, methods);
        }
        let head = api.send(&Request::new("HEAD", "/api/users/methods"));
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        let options = api.send(&Request::new("OPTIONS", "/api/users/methods"));
        assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
}
