//! `users list`

use serde_json::{Value, json};

use super::{CREATED, error_of, output_of, with_users};
use crate::command::Operator;

fn ids(operator: &Operator, arguments: &[&str]) -> Vec<i64> {
    let output = output_of(operator, &[&["users", "list", "--json"], arguments].concat());
    let users: Vec<Value> = serde_json::from_str(&output).unwrap();
    users.iter().map(|user| user["id"].as_i64().unwrap()).collect()
}

#[test]
fn users_are_listed_page_by_page() {
    let operator = with_users(&["ada", "jake", "zoë"]);
    operator.database().execute("UPDATE users SET is_active = 0, is_staff = 1 WHERE id = 2", []).unwrap();
    let outcome = operator.run(&["users", "list", "--limit", "2"]);
    let expected = "
 id  username  email             active  staff  superuser  created
 1   ada       ada@example.com   yes     no     no         2027-01-15
 2   jake      jake@example.com  no      yes    no         2027-01-15
";
    assert_eq!(outcome.stdout, expected.trim_start_matches('\n'));
    assert_eq!(outcome.stderr, "More users match: pass --after 2 for the next page.\n");
    assert_eq!(outcome.status, 0);
    let next = output_of(&operator, &["users", "list", "--limit", "2", "--after", "2"]);
    assert_eq!(next.lines().count(), 2, "{next}");
    assert!(next.contains("zoë@example.com"), "{next}");
    assert_eq!(output_of(&operator, &["users", "list", "--after", "3"]), "No users match.\n");
    assert_eq!(operator.run(&["users", "list", "--limit", "0"]).status, 2);
}

#[test]
fn users_are_listed_as_json_without_their_hashes() {
    let operator = with_users(&["ada"]);
    let listed: Value = serde_json::from_str(&output_of(&operator, &["users", "list", "--json"])).unwrap();
    let ada = json!({
        "id": 1, "username": "ada", "email": "ada@example.com", "is_active": true, "is_staff": false,
        "is_superuser": false, "created_at": CREATED,
    });
    assert_eq!(listed, json!([ada]));
    assert_eq!(output_of(&operator, &["users", "list", "--json", "--after", "1"]), "[]\n");
}

#[test]
fn users_are_found_by_string_and_flags() {
    let operator = with_users(&["Ada", "100%", "a_b", "ab", "a\\b", "it's"]);
    let flags = "UPDATE users SET is_active = id <> 1, is_staff = id IN (2, 3), is_superuser = id IN (3, 4)";
    operator.database().execute(flags, []).unwrap();
    let long = "x".repeat(300);
    for (arguments, found) in [
        (&["--search", "ADA"][..], &[1][..]),
        (&["--search", "%"], &[2]),
        (&["--search", "_"], &[3]),
        (&["--search", "\\"], &[5]),
        (&["--search", "'"], &[6]),
        (&["--search", "B@EXAMPLE"], &[3, 4, 5]),
        (&["--search", &long], &[]),
        (&["--search", ""], &[1, 2, 3, 4, 5, 6]),
        (&["--inactive"], &[1]),
        (&["--active"], &[2, 3, 4, 5, 6]),
        (&["--staff"], &[2, 3]),
        (&["--superuser"], &[3, 4]),
        (&["--staff", "--superuser", "--search", "a"], &[3]),
        (&["--limit", "2", "--after", "1", "--active"], &[2, 3]),
    ] {
        assert_eq!(ids(&operator, arguments), found, "{arguments:?}");
    }
    assert_eq!(operator.run(&["users", "list", "--active", "--inactive"]).status, 2);
}

#[test]
fn users_are_found_in_any_case_of_any_letter() {
    let operator = with_users(&["Zoë", "ΟΔΥΣΣΕΥΣ", "Οδυσσεύς", "straße", "STRAẞE", "ʬjukebox"]);
    for (text, found) in [
        ("zoË", &[1][..]),
        ("ZOË", &[1]),
        ("οδυσσευς", &[2]),
        ("ΟΔΥΣΣ", &[2, 3]),
        ("ΔΥσς", &[2, 3]),
        ("αßε", &[]),
        ("SSE", &[]),
        ("Aße", &[4, 5]),
        ("ſtra", &[4, 5]),
        ("\u{212a}E", &[6]),
        ("ʬ", &[6]),
    ] {
        assert_eq!(ids(&operator, &["--search", text]), found, "{text}");
    }
    let letters: String = ('α'..='ω').chain('а'..='я').chain('ა'..='ჰ').collect();
    let message = "latchkey: --search has too many different letters: pass a part of it\n";
    assert_eq!(error_of(&operator, &["users", "list", "--search", &letters], ""), message);
}
