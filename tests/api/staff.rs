//! Staff: what they see and change, and the events of it.

use std::rc::Rc;

use serde_json::{Value, json};

use super::factor::{NOT_FOUND, OLD_PROOF, json_of, with_everything};
use super::mailbox::Person;
use super::{Api, Request, Response, Start, id};

pub const FORBIDDEN: &str = r#"{"user":{"detail":"You do not have permission to perform this action."}}"#;

impl Person {
    /// Registers a member of staff, who has a second factor and has proved it.
    pub fn staff(api: &Rc<dyn Api>, name: &str) -> Self {
        let mut person = Self::verified(api, name);
        person.set_up_app();
        person.set("is_staff = 1");
        person
    }

    /// The same, a superuser.
    pub fn superuser(api: &Rc<dyn Api>, name: &str) -> Self {
        let person = Self::staff(api, name);
        person.set("is_superuser = 1");
        person
    }

    /// Sets columns of this person's row.
    pub fn set(&self, assignments: &str) {
        self.api.sql(&format!("UPDATE users SET {assignments} WHERE username = '{}'", self.name));
    }

    pub fn id(&self) -> i64 {
        id(&*self.api, &self.name)
    }

    /// Path of what staff do with this person.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/admin/users/{}{rest}", self.id())
    }

    pub fn admin(&mut self, method: &str, path: &str, body: &Value) -> Response {
        self.with_token(method, path, body)
    }

    /// The answer of a list or of a user.
    #[track_caller]
    pub fn read(&mut self, path: &str) -> Value {
        let answer = self.admin("GET", path, &Value::Null);
        assert_eq!(answer.status, 200, "{}", answer.body);
        json_of(&answer)
    }

    #[track_caller]
    pub fn change_user(&mut self, other: &Self, user: &Value) -> Value {
        let answer = self.admin("PATCH", &other.path(""), &json!({ "user": user }));
        assert_eq!(answer.status, 200, "{}", answer.body);
        json_of(&answer)["user"].take()
    }

    /// The events of another person: types, and who did it, the newest first.
    pub fn events_of(&mut self, other: &Self) -> Vec<(String, Value, Value)> {
        let events = self.read(&format!("/api/admin/events?user={}", other.id()))["events"].take();
        let event = |event: &Value| {
            (event["type"].as_str().unwrap().to_owned(), event["actor"].clone(), event["detail"].clone())
        };
        events.as_array().unwrap().iter().map(event).collect()
    }
}

pub fn started(start: Start) -> Rc<dyn Api> {
    start(with_everything())
}

fn ids(list: &Value) -> Vec<i64> {
    list["users"].as_array().unwrap().iter().map(|user| user["id"].as_i64().unwrap()).collect()
}

pub fn staff_find_users_by_the_beginning_of_their_address(start: Start) {
    let api = started(start);
    let mut staff = Person::staff(&api, "finder");
    let [b, a, named] = ["sought-b", "sought-a", "soughtless"].map(|name| Person::register(&api, name));
    named.set("email = 'another-address@x.io'"); // only the username begins so
    let everyone = vec![a.id(), b.id(), named.id()];
    let found = staff.read("/api/admin/users?q=SOUGHT");
    assert_eq!((ids(&found), &found["next"]), (everyone.clone(), &Value::Null));
    assert_eq!(ids(&staff.read("/api/admin/users?q=sought-a%40x.io")), [a.id()]);
    assert_eq!(ids(&staff.read("/api/admin/users?q=ought-")), Vec::<i64>::new());
    let by_id = staff.read(&format!("/api/admin/users?q={}&limit=1", b.id()));
    assert_eq!(ids(&by_id), [b.id()]);
    // Each user once, on pages of one.
    let mut seen = Vec::new();
    let mut path = "/api/admin/users?q=sought&limit=1".to_owned();
    loop {
        let page = staff.read(&path);
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/admin/users?q=sought&limit=1&after={next}");
    }
    assert_eq!(seen, everyone);
}

pub fn staff_filter_users_by_state(start: Start) {
    let api = started(start);
    let mut staff = Person::staff(&api, "stated-staff");
    let [gone, here] = ["stated-gone", "stated-here"].map(|name| Person::register(&api, name));
    gone.set("is_active = 0");
    for (state, expected) in
        [("active", vec![here.id(), staff.id()]), ("inactive", vec![gone.id()]), ("staff", vec![staff.id()])]
    {
        let found = staff.read(&format!("/api/admin/users?q=stated-&state={state}"));
        assert_eq!((ids(&found), &found["next"]), (expected, &Value::Null), "{state}");
    }
    assert!(ids(&staff.read("/api/admin/users?state=staff&limit=100")).contains(&staff.id()));
}

pub fn a_list_refuses_what_is_no_choice(start: Start) {
    let mut staff = Person::staff(&started(start), "choosy");
    for (query, field, value) in [
        ("users?state=gone", "state", "gone"),
        ("users?limit=0", "limit", "0"),
        ("users?limit=101", "limit", "101"),
        ("users?limit=x", "limit", "x"),
        ("users?after=x", "after", "x"),
        ("events?type=user.login", "type", "user.login"),
        ("events?user=jake", "user", "jake"),
        ("events?user=07", "user", "07"),
        ("events?after=-1", "after", "-1"),
        ("events?limit=1.5", "limit", "1.5"),
    ] {
        let expected = json!({ "errors": { field: [format!("\"{value}\" is not a valid choice.")] } });
        staff.admin("GET", &format!("/api/admin/{query}"), &Value::Null).is(400, &expected.to_string());
    }
    // What is empty is not there.
    for query in ["users?q=&state=&after=&limit=", "events?user=&type=&after=&limit="] {
        assert_eq!(staff.admin("GET", &format!("/api/admin/{query}"), &Value::Null).status, 200, "{query}");
    }
}

pub fn staff_see_a_user_with_their_ways_in(start: Start) {
    let api = started(start);
    let mut staff = Person::staff(&api, "onlooker");
    let mut other = Person::verified(&api, "seen");
    let app = other.set_up_app();
    other.patch(&json!({ "bio": "I keep \"keys\"." }));
    let answer = staff.read(&other.path(""));
    let user = &answer["user"];
    let time = |name: &str| user[name].as_str().filter(|time| time.len() == 20 && time.ends_with('Z'));
    assert!(time("created").is_some() && time("updated").is_some(), "{user}");
    let credentials = user["methods"]["credentials"].as_array().unwrap();
    assert_eq!(
        (credentials.len(), credentials.iter().filter(|credential| credential["id"] == app.id).count()),
        (9, 1)
    );
    let expected = json!({
        "id": other.id(), "email": "seen@x.io", "username": "seen", "bio": "I keep \"keys\".", "image": null, "active": true,
        "staff": false, "superuser": false, "verified": true, "created": user["created"], "updated": user["updated"],
        "methods": { "password": true, "credentials": credentials },
    });
    assert_eq!(*user, expected);
    let names: Vec<_> = user.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 12, "{names:?}");
    // Nothing secret, whatever it is called.
    let hash = api.sql("SELECT password FROM users WHERE username = 'seen'").unwrap();
    for secret in [&*hash, "pbkdf2", "secret", "key"] {
        assert!(!user["methods"].to_string().contains(secret), "{secret}");
    }
    other.set("password = '!'");
    assert_eq!(staff.read(&other.path(""))["user"]["methods"]["password"], false);
    staff.admin("GET", "/api/admin/users/999999999", &Value::Null).is(404, NOT_FOUND);
    for id in ["0", "01", "x", "-1", "1e3", "9007199254740993"] {
        staff.admin("GET", &format!("/api/admin/users/{id}"), &Value::Null).is(404, NOT_FOUND);
    }
}

pub fn staff_prove_themselves_often(start: Start) {
    let api = started(start);
    let mut staff = Person::staff(&api, "prover");
    let other = Person::register(&api, "proved-to");
    let nothing = &Value::Null;
    let change = json!({ "user": { "active": false } });
    let at = |staff: &Person, age: i64| {
        let claims = super::factor::claims(&staff.token);
        let session = latchkey::auth::session::Session {
            sid: claims["sid"].as_str().unwrap().to_owned(),
            lifetime: 0,
            proof: Some(latchkey::auth::session::Proof {
                at: api.now() - age,
                methods: latchkey::auth::session::methods_from_json(&claims["amr"].to_string()),
            }),
        };
        let (user, version) = (staff.id(), claims["ver"].as_i64().unwrap());
        latchkey::auth::token::issue(&super::keys(super::SECRET), user, version, &session, api.now(), 60)
            .unwrap()
    };
    let fresh = staff.token.clone();
    for (age, reads, changes) in
        [(0, 200, 200), (595, 200, 200), (605, 200, 403), (43_195, 200, 403), (43_205, 403, 403)]
    {
        staff.token = fresh.clone();
        staff.token = at(&staff, age);
        let answer = staff.admin("GET", &other.path(""), nothing);
        assert_eq!(answer.status, reads, "{age}: {}", answer.body);
        let answer = staff.admin("PATCH", &other.path(""), &change);
        assert_eq!(answer.status, changes, "{age}: {}", answer.body);
        if changes == 403 {
            answer.is(403, OLD_PROOF);
        }
    }
}

pub fn users_own_changes_are_events(start: Start) {
    let api = started(start);
    let mut staff = Person::staff(&api, "reader");
    let mut person = Person::register(&api, "eventful");
    let secret = person.secret();
    person.verify(&secret);
    person.patch(&json!({ "username": "eventful", "bio": "none" }));
    person.patch(&json!({ "username": "Eventful" }));
    person.name = "Eventful".to_owned();
    person.patch(&json!({ "password": "another one", "current_password": "jakejake" }));
    person.forget_minute();
    person.patch(&json!({ "email": "eventful2@x.io" })); // waits
    let secret = person.secret_at("eventful2@x.io");
    person.verify(&secret);
    let app = person.set_up_app();
    person.add(&json!({ "type": "recovery" }));
    let code = app.recovery[0].clone();
    let mut other = person.clone();
    other.email = "eventful2@x.io".to_owned();
    let step = json_of(&other.login("another one"))["factor"]["secret"].clone();
    other.prove(&json!({ "secret": step, "code": code })).is(400, super::factor::INVALID_CODE); // replaced
    person.remove(app.id).is(204, "");
    let second = other.login("another one").token();
    person.send(&Request::get("/api/user").token(&second));
    person.with_token("POST", "/api/users/logout?scope=others", &Value::Null).is(204, "");
    person.with_token("POST", "/api/users/logout?scope=others", &Value::Null).is(204, ""); // no news
    person
        .with_token("DELETE", "/api/user", &json!({ "user": { "current_password": "another one" } }))
        .is(204, "");
    let own = json!(person.id());
    let event = |of_type: &str, detail: Value| (of_type.to_owned(), own.clone(), detail);
    let null = || Value::Null;
    let expected = [
        event("user.deactivated", null()),
        event("sessions.ended", json!("others")),
        event("credential.removed", json!("totp")),
        event("credential.added", json!("recovery")),
        event("credential.added", json!("totp")),
        event("email.changed", null()),
        event("password.changed", null()),
        event("user.renamed", null()),
        event("user.verified", null()),
        event("user.registered", null()),
    ];
    assert_eq!(staff.events_of(&person), expected);
    // As a list has one, and of a type.
    let page = staff.read(&format!("/api/admin/events?user={own}&type=password.changed"));
    let event = &page["events"][0];
    let expected = json!({
        "id": event["id"], "at": event["at"], "type": "password.changed", "user": own, "actor": own, "place": event["place"],
        "agent": null, "detail": null,
    });
    assert_eq!(page, json!({ "events": [expected], "next": null }));
    let mut seen = 0;
    let mut path = format!("/api/admin/events?user={own}&limit=4");
    loop {
        let page = staff.read(&path);
        seen += page["events"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/admin/events?user={own}&limit=4&after={next}");
    }
    assert_eq!(seen, 10);
}

pub fn without_a_second_factor_there_is_no_staff(start: Start) {
    let api = start(super::with_mail());
    let person = Person::verified(&api, "no-factor");
    person.set("is_staff = 1, is_superuser = 1");
    for path in ["/api/admin/users", "/api/admin/events", "/api/admin/users/1", "/api/admin/"] {
        for method in ["GET", "POST", "PATCH", "DELETE", "OPTIONS"] {
            person.send(&Request::new(method, path).token(&person.token)).is(404, NOT_FOUND);
        }
    }
}
