//! Rows that can't be imported, or not wholly

use serde_json::{Value, json};

use super::{import, next_id, table, user, with};
use crate::command::Operator;

#[test]
fn every_problem_is_reported_and_nothing_is_written() {
    let operator = Operator::new();
    let there = [user(1, "there", "there@example.com"), user(2, "other", "other@example.com")];
    assert_eq!(import(&operator, &there, &["--next-id", "100"]).status, 0);
    let before = table(&operator);
    let long = "x".repeat(256);
    let mut objects = vec![
        user(10, "good", "good@example.com"),
        user(11, "GOOD", "Good@Example.com"),
        user(10, "twice", "twice@example.com"),
        user(12, "There", "THERE@example.com"),
        user(2, "fresh", "fresh@example.com"),
        user(-1, &long, "no address"),
        with(user(13, "a\0b", "b@example.com"), "password", "!unusable".into()),
        with(user(14, "c", "c@example.com"), "password", "argon2$argon2id$v=19$secret".into()),
        with(with(user(15, "d", "d@example.com"), "created_at", "soon".into()), "is_staff", "yes".into()),
        json!({ "model": "profiles.profile", "pk": 1, "fields": { "user": 16, "bio": "x".repeat(2_001) } }),
        user(16, "e", "e@example.com"),
        json!({ "model": "authentication.user", "fields": {} }),
    ];
    let outcome = import(&operator, &objects, &[]);
    assert_eq!(outcome.status, 1);
    assert_eq!(outcome.stdout, "");
    assert_eq!(
        outcome.stderr,
        "row 2 (id 11, \"Good@example.com\", \"GOOD\"): email is the same as in row 1: \"Good@example.com\"\n\
         row 2 (id 11, \"Good@example.com\", \"GOOD\"): username is the same as in row 1: \"GOOD\"\n\
         row 3 (id 10, \"twice@example.com\", \"twice\"): id is the same as in row 1: \"10\"\n\
         row 4 (id 12, \"THERE@example.com\", \"There\"): email belongs to user 1 in the database: \"THERE@example.com\"\n\
         row 4 (id 12, \"THERE@example.com\", \"There\"): username belongs to user 1 in the database: \"There\"\n\
         row 5 (id 2, \"fresh@example.com\", \"fresh\"): id belongs to a user in the database with another email or username: \"2\"\n\
         row 6 (\"no address\", \"LONG…\"): id is not a whole number from 1 to 4503599627370496: \"-1\"\n\
         row 6 (\"no address\", \"LONG…\"): email is not a valid email address: \"no address\"\n\
         row 6 (\"no address\", \"LONG…\"): username is longer than 255 characters: \"LONG…\"\n\
         row 7 (id 13, \"b@example.com\", \"a\\0b\"): username has a null character: \"a\\0b\"\n\
         row 7 (id 13, \"b@example.com\", \"a\\0b\"): password is unusable, as Django calls it: no login succeeds with it\n\
         row 8 (id 14, \"c@example.com\", \"c\"): password can't be verified here: its hash is of an unknown algorithm: \"argon2\"\n\
         row 9 (id 15, \"d@example.com\", \"d\"): is_staff is neither true nor false: \"yes\"\n\
         row 9 (id 15, \"d@example.com\", \"d\"): created_at is not a time of the form 2026-01-31T12:00:00Z: \"soon\"\n\
         profile, row 10 (id 16, \"e@example.com\", \"e\"): bio is longer than 2000 characters: \"LONG…\"\n\
         row 12: id is missing, as after dumpdata --natural-primary: dump without it\n\
         row 12: email is missing\n\
         row 12: username is missing\n\
         row 12: password is missing\n\
         row 12: created_at is missing\n\
         latchkey: 9 of 11 users and 1 profile have problems, listed above: fix them in Django, bring in 2 without a \
         password with --unusable-passwords, or skip them with --skip-problems; nothing was written\n"
            .replace("LONG", &"x".repeat(60))
    );
    assert_eq!((table(&operator), next_id(&operator)), (before.clone(), "100".to_owned()));

    let dry = import(&operator, &objects, &["--skip-problems", "--dry-run"]);
    assert_eq!(
        (dry.status, dry.stdout.as_str()),
        (0, "2 users would be imported, 9 skipped, 1 profile skipped\n")
    );
    assert_eq!((table(&operator), next_id(&operator)), (before.clone(), "100".to_owned()));

    // A user who already exists is no problem.
    objects.truncate(9);
    objects.splice(0..0, there);
    let skipped = import(&operator, &objects, &["--skip-problems"]);
    assert_eq!(
        (skipped.status, skipped.stdout.as_str()),
        (0, "1 user imported, 2 already exist, 8 skipped\n")
    );
    assert_eq!(table(&operator).lines().count(), 3);
    assert_eq!(operator.sql("SELECT username FROM users WHERE id = 10"), "good");
}

fn usernames(operator: &Operator) -> String {
    operator.sql("SELECT group_concat(username) FROM (SELECT * FROM users ORDER BY id)")
}

#[test]
fn a_row_that_is_left_out_collides_with_none() {
    let operator = Operator::new();
    assert_eq!(import(&operator, &[user(1, "there", "there@example.com")], &[]).status, 0);
    let objects = [
        // Left out by itself, by the database, and by another row.
        with(user(10, "anna", "anna@example.com"), "password", "!".into()),
        user(11, "there", "bob@example.com"),
        user(12, "carol", "carol@example.com"),
        user(13, "carol", "dave@example.com"),
        // Collide with these only.
        user(10, "Anna", "ANNA@example.com"),
        user(14, "bob", "Bob@example.com"),
        user(15, "dave", "Dave@example.com"),
    ];
    let outcome = import(&operator, &objects, &["--skip-problems"]);
    assert_eq!((outcome.status, &*outcome.stdout), (0, "4 users imported, 3 skipped\n"));
    assert_eq!(usernames(&operator), "there,Anna,carol,bob,dave");
    assert!(
        outcome.stderr.contains(
            "row 1 (id 10, \"anna@example.com\", \"anna\"): email is the same as in row 5: \"anna@example.com\"\n"
        ) && !outcome.stderr.contains("row 5 ")
            && !outcome.stderr.contains("row 6 ")
            && !outcome.stderr.contains("row 7 "),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_bad_profile_leaves_its_user_and_can_be_added_later() {
    let profile = |user: i64, bio: &str| json!({ "model": "profiles.profile", "pk": user, "fields": { "user": user, "bio": bio, "image": "https://x.io/a" } });
    let long = "x".repeat(2_001);
    let users: Vec<_> =
        (1..=3).map(|id| user(id, &format!("u{id}"), &format!("u{id}@example.com"))).collect();
    let with_bio = |bio: &str| [users.clone(), (1..=3).map(|id| profile(id, bio)).collect()].concat();
    let operator = Operator::new();
    let refused = import(&operator, &with_bio(&long), &[]);
    assert!(
        refused.status == 1
            && refused.stderr.contains(
                "profile, row 4 (id 1, \"u1@example.com\", \"u1\"): bio is longer than 2000 characters"
            )
            && refused.stderr.contains("latchkey: 3 profiles of 3 users have problems, listed above"),
        "{}",
        refused.stderr
    );
    let skipped = import(&operator, &with_bio(&long), &["--skip-problems"]);
    assert_eq!((skipped.status, &*skipped.stdout), (0, "3 users imported, 3 profiles skipped\n"));
    let bios = "SELECT group_concat(concat(id, ifnull(bio, '-'), ifnull(image, '-')), ' ') FROM users";
    assert_eq!(operator.sql(bios), "1-- 2-- 3--");
    // What a user changed since stays.
    operator
        .database()
        .execute_batch("UPDATE users SET bio = 'own' WHERE id = 2; UPDATE users SET updated_at = updated_at + 1 WHERE id = 3")
        .unwrap();
    let dry = import(&operator, &with_bio("hi"), &["--dry-run"]);
    assert_eq!(
        dry.stdout,
        "0 users imported, 3 already exist, 1 profile would be added\n"
            .replace("0 users imported", "0 users would be imported")
    );
    assert_eq!(operator.sql(bios), "1-- 2own- 3--");
    let again = import(&operator, &with_bio("hi"), &[]);
    assert_eq!((again.status, &*again.stdout), (0, "0 users imported, 3 already exist, 1 profile added\n"));
    assert_eq!(operator.sql(bios), "1hihttps://x.io/a 2own- 3--");
    assert_eq!(import(&operator, &with_bio("hi"), &[]).stdout, "nothing to import: 3 users already exist\n");
}

#[test]
fn a_profile_that_belongs_to_no_user_of_the_file_is_named() {
    let profile = |fields: Value| json!({ "model": "profiles.profile", "pk": 1, "fields": fields });
    let objects = [
        profile(json!({ "user": 1, "bio": "first" })),
        profile(json!({ "user": 1, "bio": "second" })),
        profile(json!({ "user": 2, "bio": "of nobody" })),
        profile(json!({ "bio": "of nobody" })),
        profile(json!({ "user": ["anna"], "bio": "of a name" })),
        user(1, "anna", "anna@example.com"),
    ];
    let operator = Operator::new();
    let outcome = import(&operator, &objects, &["--skip-problems"]);
    assert_eq!(
        outcome.stderr,
        "profile, row 2 (id 1, \"anna@example.com\", \"anna\"): user has another profile, which comes first: \"1\"\n\
         profile, row 3 (id 2): user has no row in the file: \"2\"\n\
         profile, row 4: user is missing\n\
         profile, row 5: user is no id, as after dumpdata --natural-foreign: dump without it: \"[\\\"anna\\\"]\"\n"
    );
    assert_eq!(outcome.stdout, "1 user imported, 4 profiles skipped\n");
    assert_eq!(operator.sql("SELECT bio FROM users"), "first");
}

#[test]
fn white_space_that_is_taken_off_is_noted() {
    let operator = Operator::new();
    let outcome = import(&operator, &[user(1, "anna\n", " anna@example.com")], &[]);
    assert_eq!(
        outcome.stderr,
        "note: row 1 (id 1, \"\\u{20}anna@example.com\", \"anna\\n\"): email is imported without the white space \
         around it: \"\\u{20}anna@example.com\"\n\
         note: row 1 (id 1, \"\\u{20}anna@example.com\", \"anna\\n\"): username is imported without the white space \
         around it: \"anna\\n\"\n"
    );
    assert_eq!(operator.sql("SELECT concat(email, ' ', username) FROM users"), "anna@example.com anna");
}

#[test]
fn a_missing_time_is_reported_by_the_name_that_its_model_has() {
    let operator = Operator::new();
    let without = |model: &str| {
        let mut object = user(1, "a", "no address");
        object["model"] = model.into();
        object["fields"].as_object_mut().unwrap().retain(|name, _| !name.ends_with("_at"));
        object
    };
    for (model, field) in [("auth.user", "date_joined"), ("authentication.user", "created_at")] {
        let outcome = import(&operator, &[without(model)], &[]);
        let expected = format!(
            "row 1 (id 1, \"no address\", \"a\"): email is not a valid email address: \"no address\"\n\
             row 1 (id 1, \"no address\", \"a\"): {field} is missing\n"
        );
        assert!(outcome.stderr.starts_with(&expected), "{}", outcome.stderr);
    }
}

#[test]
fn the_greatest_id_leaves_room_for_new_users() {
    const MAX: i64 = 1 << 52;
    let operator = Operator::new();
    let above = import(&operator, &[user(MAX + 1, "a", "a@example.com")], &[]);
    assert!(above.stderr.contains("id is not a whole number from 1 to 4503599627370496"), "{}", above.stderr);
    assert_eq!(import(&operator, &[user(MAX, "a", "a@example.com")], &[]).status, 0);
    assert_eq!(next_id(&operator), (MAX + 1_000_001).to_string());
    let far = import(&operator, &[user(1, "b", "b@example.com")], &["--next-id", "4503599627370497"]);
    assert_eq!(far.status, 2, "{}", far.stderr);
}

#[test]
fn problems_are_there_for_programs() {
    let operator = Operator::new();
    let objects = [
        with(user(1, "anna", "anna@example.com"), "last_login", "2026-01-02T03:04:05Z".into()),
        with(user(2, "bo", "bo@example.com"), "is_staff", "yes".into()),
        json!({ "model": "sites.site", "pk": 1, "fields": {} }),
    ];
    let refused = import(&operator, &objects, &["--json"]);
    assert_eq!(refused.status, 1);
    assert!(
        refused.stderr.starts_with("latchkey: 1 of 2 users have problems, in the output"),
        "{}",
        refused.stderr
    );
    let expected = json!({
        "written": false, "imported": 1, "already_exist": 0, "skipped": 1, "skipped_profiles": 0, "added_profiles": 0, "authenticator_apps": 0, "unverified_with_app": 0, "left_out_factors": {},
        "verified_emails": 0, "other_verified_addresses": 0,
        "unusable_passwords": {}, "dropped_fields": { "last_login": 1 }, "other_models": { "sites.site": 1 },
        "costliest_hash": null,
        "remarks": [{
            "severity": "problem", "row": 2, "id": 2, "username": "bo", "email": "bo@example.com", "field": "is_staff",
            "text": "is neither true nor false", "value": "yes",
        }],
    });
    assert_eq!(serde_json::from_str::<Value>(&refused.stdout).unwrap(), expected);
    let imported = import(&operator, &objects, &["--json", "--skip-problems"]);
    assert_eq!((imported.status, &*imported.stderr), (0, ""));
    assert_eq!(serde_json::from_str::<Value>(&imported.stdout).unwrap()["written"], true);
}
