//! Pages of the lists that staff read: their plans, and each user once, however many begin alike.

use std::rc::Rc;

use serde_json::Value;

use crate::api::Api;
use crate::api::factor::with_everything;
use crate::api::mailbox::Person;
use crate::host::Native;

/// A member of staff, and users whose emails and usernames begin alike, in other orders.
fn started(count: u32) -> (Rc<Native>, Person) {
    let api = Rc::new(Native::new(with_everything()));
    let dynamic: Rc<dyn Api> = Rc::clone(&api) as _;
    let staff = Person::staff(&dynamic, "zz-staff");
    dynamic.sql(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         INSERT INTO users (username, email, password, is_active, created_at, updated_at) \
         SELECT iif(i % 3, 'a', 'b') || (i * 7919 % 10007), iif(i % 2, 'A', 'c') || (i * 104729 % 10007) || '@x.io', '!', i % 5 > 0, 5, 5 FROM n"
    ));
    dynamic.sql(
        "INSERT INTO events (at, type, user_id) SELECT id, iif(id % 3, 'user.registered', 'user.verified'), id % 7 + 1 FROM users",
    );
    (api, staff)
}

/// The ids of all pages.
fn walk(staff: &mut Person, path: &str, member: &str) -> (Vec<i64>, usize) {
    let (mut seen, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let page = staff.read(&format!("{path}{after}"));
        pages += 1;
        seen.extend(page[member].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return (seen, pages),
        }
    }
}

#[test]
fn the_pages_have_each_user_once_and_in_order() {
    let (api, mut staff) = started(400);
    let expected = |sql: &str| -> Vec<i64> {
        let ids = api.sql(&format!("SELECT group_concat(id) FROM ({sql})")).unwrap_or_default();
        ids.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().unwrap()).collect()
    };
    let by_text = |text: &str, state: &str| {
        let begins =
            |column: &str| format!("substr({column}, 1, length('{text}')) = '{text}' COLLATE NOCASE");
        let (email, username) = (begins("email"), begins("username"));
        let mut ids = expected(&format!("SELECT id FROM users WHERE {email} AND {state} ORDER BY email"));
        ids.extend(expected(&format!(
            "SELECT id FROM users WHERE {username} AND NOT {email} AND {state} ORDER BY username"
        )));
        ids
    };
    for limit in [1, 7, 50, 100] {
        for text in ["a", "A1", "b", "c9", "a1", "zz", "x"] {
            let (seen, _) = walk(&mut staff, &format!("/api/admin/users?q={text}&limit={limit}"), "users");
            assert_eq!(seen, by_text(text, "true"), "{text} {limit}");
        }
        let (seen, pages) = walk(&mut staff, &format!("/api/admin/users?limit={limit}"), "users");
        assert_eq!(seen, expected("SELECT id FROM users ORDER BY id DESC"));
        assert_eq!(pages, seen.len().div_ceil(limit));
        for (state, condition) in
            [("active", "is_active"), ("inactive", "NOT is_active"), ("staff", "is_staff")]
        {
            let (seen, _) =
                walk(&mut staff, &format!("/api/admin/users?state={state}&limit={limit}"), "users");
            assert_eq!(
                seen,
                expected(&format!("SELECT id FROM users WHERE {condition} ORDER BY id DESC")),
                "{state}"
            );
            let (seen, _) =
                walk(&mut staff, &format!("/api/admin/users?q=a&state={state}&limit={limit}"), "users");
            assert_eq!(seen, by_text("a", condition), "a {state} {limit}");
        }
        for (query, condition) in [
            ("", "true"),
            ("&user=3", "user_id = 3"),
            ("&type=user.verified", "type = 'user.verified'"),
            ("&user=3&type=user.verified", "user_id = 3 AND type = 'user.verified'"),
        ] {
            let (seen, _) = walk(&mut staff, &format!("/api/admin/events?limit={limit}{query}"), "events");
            assert_eq!(
                seen,
                expected(&format!("SELECT id FROM events WHERE {condition} ORDER BY id DESC")),
                "{query}"
            );
        }
    }
    // An id is found first, and once.
    let id = api.sql("SELECT id FROM users WHERE id = 105").unwrap();
    api.sql("UPDATE users SET username = '105x', email = '105y@x.io' WHERE id = 107");
    api.sql("UPDATE users SET email = '1050@x.io' WHERE id = 105");
    let (seen, _) = walk(&mut staff, &format!("/api/admin/users?q={id}&limit=1"), "users");
    assert_eq!(seen, [105, 107]);
}

#[test]
fn a_page_is_read_by_an_index_and_sorts_nothing() {
    let (api, mut staff) = started(100);
    let run = |staff: &mut Person, path: &str| {
        api.platform.db.statements.borrow_mut().clear();
        let page: Value = staff.read(path);
        (page, api.platform.db.statements.borrow().clone())
    };
    for path in [
        "/api/admin/users?limit=5",
        "/api/admin/users?state=staff",
        "/api/admin/users?state=inactive",
        "/api/admin/users?q=a&limit=5",
        "/api/admin/users?q=b",
        "/api/admin/users?q=7&limit=100",
        "/api/admin/events?limit=5",
        "/api/admin/events?user=3",
        "/api/admin/events?type=user.verified",
        "/api/admin/events?user=3&type=user.verified",
    ] {
        let mut next = String::new();
        for _ in 0..2 {
            let (page, statements) = run(&mut staff, &format!("{path}{next}"));
            for statement in statements.iter().filter(|sql| sql.contains("json_group_array")) {
                for step in api.platform.db.plan(statement) {
                    assert!(!step.contains("TEMP B-TREE"), "{step}: {statement}");
                    // By id the table is its own index.
                    let is_by_id = !path.contains('q') && !path.contains("user=") && !path.contains("type=");
                    let scans = step == "SCAN users" || step == "SCAN events";
                    assert!(!scans || is_by_id, "{step}: {statement}");
                }
            }
            next = page["next"].as_str().map(|next| format!("&after={next}")).unwrap_or_default();
            next = if path.contains('?') { next } else { next.replace('&', "?") };
        }
    }
}
