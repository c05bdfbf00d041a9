//! Check of the database

use super::{assert_errors, assert_warnings, healthy, lines, shell, wrangler_config};

#[test]
fn migrations_are_compared() {
    let operator = healthy();
    operator.write("migrations/0003_next.sql", "");
    assert_errors(
        &operator,
        &["migrations are not applied (0003_next.sql): run 'npx wrangler d1 migrations apply DB --local'"],
    );
    shell(&operator, "rm migrations/0003_next.sql");
    operator.database().execute("INSERT INTO d1_migrations (name) VALUES ('0009_far.sql')", []).unwrap();
    assert_warnings(
        &operator,
        &[
            "the database has migrations that are not in migrations/ (0009_far.sql): another version of Latchkey created it; use that or a later one",
        ],
    );
    operator.database().execute("DROP TABLE d1_migrations", []).unwrap();
    let (status, errors) = lines(&operator, &[], "error");
    assert_eq!((status, errors.len()), (1, 1));
    assert!(errors[0].starts_with("migrations are not applied (0001_"), "{errors:?}");
    shell(&operator, "rm -r .wrangler");
    let (_, errors) = lines(&operator, &[], "error");
    assert!(errors[0].starts_with("can't reach the database: there is no local database in"), "{errors:?}");
}

#[test]
fn the_cost_of_a_failed_login_is_compared_with_the_stored_hashes() {
    let operator = healthy();
    let sql =
        "INSERT INTO users (username, email, password, created_at, updated_at) VALUES (?1, ?1, ?2, 0, 0)";
    for (name, hash) in [
        ("a", "pbkdf2_sha512$220000$salt$hash"),
        ("b", "pbkdf2_sha256$600000$salt$hash"),
        ("c", "pbkdf2_sha256$1000000$salt$hash"),
        ("d", "argon2$argon2id$v=19$hash"),
        ("e", "!unusable"),
    ] {
        operator.database().execute(sql, [name, hash]).unwrap();
    }
    let set = |value: &str| {
        let setting = format!("COSTLIEST_HASH = \"{value}\"");
        operator.write("wrangler.toml", &wrangler_config().replace("COSTLIEST_HASH = \"\"", &setting));
    };
    for (value, users) in [("", 2), ("pbkdf2_sha256$600000", 1), ("pbkdf2_sha512$500000", 2)] {
        set(value);
        let wanted = if value.contains("sha512") {
            "pbkdf2_sha256$1000000, pbkdf2_sha512$500000"
        } else {
            "pbkdf2_sha256$1000000"
        };
        assert_warnings(
            &operator,
            &[&format!(
                "the hashes of {users} users cost more than a failed login, whose response time reveals these users: set COSTLIEST_HASH to \"{wanted}\" in wrangler.toml"
            )],
        );
    }
    set("pbkdf2_sha256$1000000");
    assert_warnings(&operator, &[]);
    assert!(
        lines(&operator, &[], "ok")
            .1
            .contains(&"failed logins cost as much as the costliest stored hash".to_owned())
    );
    for (user, wanted) in [("c", "pbkdf2_sha256$600000"), ("b", "")] {
        operator.database().execute("DELETE FROM users WHERE username = ?1", [user]).unwrap();
        let note = format!(
            "failed logins cost more than any stored hash: set COSTLIEST_HASH to \"{wanted}\" in wrangler.toml"
        );
        assert!(lines(&operator, &[], "note").1.contains(&note));
    }
}
