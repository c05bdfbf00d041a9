//! `doctor`

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::{Operator, SECRET};

const OTHER: &str = "the secret that was there before this one";

/// Programs that say what a healthy project's would, and what they are compared with. A shell writes them, since a file
/// that this process has open for writing can't be run.
const TOOLS: &str = r#"
mkdir -p node_modules/.bin node_modules/wrangler .tools/bin sysroot/lib/rustlib/wasm32-unknown-unknown/lib
touch sysroot/lib/rustlib/wasm32-unknown-unknown/lib/libstd-1234.rlib
program() { printf '#!/bin/sh\necho "%s"\n' "$2" > "$1"; chmod +x "$1"; }
program node_modules/.bin/node v22.12.0
program node_modules/.bin/rustc '$PWD/sysroot'
program .tools/bin/wasm-bindgen 'wasm-bindgen 0.2.129'
echo '{"version": "4.156.0"}' > node_modules/wrangler/package.json
echo '{"devDependencies": {"wrangler": "4.156.0"}}' > package.json
printf '[[package]]\nname = "wasm-bindgen"\nversion = "0.2.129"\n' > Cargo.lock
chmod 600 .dev.vars
"#;

fn shell(operator: &Operator, script: &str) {
    assert!(operator.shell(script));
}

/// A project in which nothing is wrong.
fn healthy() -> Operator {
    let operator = Operator::new();
    shell(&operator, TOOLS);
    operator.write("wrangler.toml", &manifest());
    fs::create_dir(operator.path("migrations")).unwrap();
    // What wrangler makes.
    let mut sql = "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, \
                   applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);"
        .to_owned();
    for entry in fs::read_dir(root().join("migrations")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        operator.write(&format!("migrations/{name}"), "");
        sql.push_str(&format!("INSERT INTO d1_migrations (name) VALUES ('{name}');"));
    }
    operator.database().execute_batch(&sql).unwrap();
    operator
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn manifest() -> String {
    fs::read_to_string(root().join("wrangler.toml")).unwrap()
}

/// Runs it and gives the lines that begin with this word.
fn lines(operator: &Operator, arguments: &[&str], word: &str) -> (i32, Vec<String>) {
    let outcome = operator.run(&[&["doctor"], arguments].concat());
    for text in [&outcome.stdout, &outcome.stderr] {
        assert!(!text.contains(SECRET) && !text.contains(OTHER), "{text}");
    }
    let word = format!("{word:<9}");
    let lines = outcome.stdout.lines().filter_map(|line| line.strip_prefix(&word)).map(str::to_owned);
    (outcome.status, lines.collect())
}

/// Asserts that exactly this is wrong.
fn assert_wrong(operator: &Operator, expected: &[&str]) {
    let (status, wrong) = lines(operator, &[], "wrong");
    assert_eq!((status, wrong), (1, expected.iter().map(|&line| line.to_owned()).collect()));
}

/// Asserts that exactly this is warned of, and nothing wrong.
fn assert_warns(operator: &Operator, expected: &[&str]) {
    let (status, warnings) = lines(operator, &[], "warning");
    assert_eq!((status, warnings), (0, expected.iter().map(|&line| line.to_owned()).collect()));
}

#[test]
fn a_healthy_project_is_told_so() {
    let operator = healthy();
    let bytes: u64 = operator.sql("SELECT page_count * 4096 FROM pragma_page_count").parse().unwrap();
    let outcome = operator.run(&["doctor"]);
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
    let expected = format!(
        "\
ok       Node is v22.12.0
ok       wrangler is 4.156.0
ok       Rust can build for wasm32-unknown-unknown
ok       wasm-bindgen is 0.2.129
ok       a D1 database is bound as DB
ok       rate limits are bound as LIMITER, NETWORK_LIMITER, UPDATE_LIMITER
note     workers_dev and preview_urls are on: hosts under workers.dev serve the API too, with this database, past the rules of a domain of your own. Set to false what you don't need, in wrangler.toml
ok       .dev.vars is there, and only yours to read
ok       all variables are right
note     PASSWORD_HASHER is pbkdf2_sha512$220000, which needs the Workers Paid plan: the Free plan stops a login after 10 ms of CPU time
ok       the database can be reached
ok       the database has {:.2} kB of the 10 GB that D1 allows
ok       failed logins cost as much as the costliest stored hash
ok       all migrations are applied
",
        bytes as f64 / 1000.0
    );
    assert_eq!(outcome.stdout, expected);
}

#[test]
fn programs_read_json() {
    let operator = healthy();
    shell(&operator, "rm node_modules/wrangler/package.json");
    let outcome = operator.run(&["doctor", "--json"]);
    assert_eq!(
        (outcome.status, &*outcome.stderr),
        (1, "latchkey: one thing is wrong; its line says what to do\n")
    );
    let json: Vec<Value> = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(json[0], serde_json::json!({"state": "ok", "text": "Node is v22.12.0"}));
    assert_eq!(json[1], serde_json::json!({"state": "wrong", "text": "wrangler is missing: run 'npm ci'"}));
}

#[test]
fn an_empty_folder_breaks_no_check() {
    let operator = healthy();
    shell(
        &operator,
        "rm -r node_modules .tools Cargo.lock package.json wrangler.toml migrations .wrangler .dev.vars",
    );
    let (status, wrong) = lines(&operator, &[], "wrong");
    assert_eq!(status, 1);
    assert!(
        wrong.iter().any(
            |line| line.starts_with("wrangler.toml can't be read: run this in the folder of the project")
        ),
        "{wrong:?}"
    );
}

#[test]
fn tools_that_are_old_or_missing_are_named() {
    let operator = healthy();
    shell(
        &operator,
        "printf '#!/bin/sh\necho v22.9.1\n' > node_modules/.bin/node; echo '{\"version\": \"3.0.0\"}' > node_modules/wrangler/package.json",
    );
    assert_wrong(
        &operator,
        &[
            "Node is v22.9.1, and wrangler wants 22.12 or later: install a newer one",
            "wrangler is 3.0.0, and package.json asks for 4.156.0: run 'npm ci'",
        ],
    );
    let operator = healthy();
    shell(
        &operator,
        "rm -r sysroot; printf '#!/bin/sh\necho wasm-bindgen 0.1.0\n' > .tools/bin/wasm-bindgen",
    );
    assert_warns(
        &operator,
        &[
            "Rust can't build for wasm32-unknown-unknown yet: 'npm run build' sees to it",
            "wasm-bindgen is 0.1.0, and Cargo.lock asks for 0.2.129: 'npm run build' builds that",
        ],
    );
    shell(&operator, "rm .tools/bin/wasm-bindgen");
    let (status, warnings) = lines(&operator, &[], "warning");
    assert_eq!((status, &*warnings[1]), (0, "wasm-bindgen is not there yet: 'npm run build' builds it"));
}

#[test]
fn secrets_are_kept_from_others() {
    let operator = healthy();
    shell(&operator, "chmod 640 .dev.vars");
    assert_warns(&operator, &[".dev.vars can be read by others on this machine: run 'chmod 600 .dev.vars'"]);
    shell(&operator, "chmod 600 .dev.vars; git init --quiet");
    assert_wrong(
        &operator,
        &[
            ".dev.vars is not ignored by git: add a line '.dev.vars*' to .gitignore, and if it was committed, make new secrets",
        ],
    );
    operator.write(".gitignore", ".dev.vars*\n");
    assert!(lines(&operator, &[], "ok").1.contains(&".dev.vars is ignored by git".to_owned()));
    operator
        .write("wrangler.toml", &manifest().replace("[vars]", &format!("[vars]\nJWT_SECRET = \"{SECRET}\"")));
    let (status, wrong) = lines(&operator, &[], "wrong");
    assert_eq!((status, wrong.len()), (1, 1));
    assert!(wrong[0].starts_with("JWT_SECRET is in wrangler.toml, for all to read"), "{wrong:?}");
}

#[test]
fn secrets_are_set_and_long_enough() {
    let operator = healthy();
    operator.write(".dev.vars", "JWT_SECRET=short\nJWT_SECRET_PREVIOUS=shorter\n");
    assert_wrong(
        &operator,
        &[
            "JWT_SECRET has fewer than 32 bytes: set one with 'npx wrangler secret put JWT_SECRET', or locally in .dev.vars",
            "JWT_SECRET_PREVIOUS has fewer than 32 bytes: it can be what JWT_SECRET was before, or not set at all",
        ],
    );
    operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\nJWT_SECRET_PREVIOUS=\"{OTHER}\"\n"));
    let (status, notes) = lines(&operator, &[], "note");
    assert_eq!(status, 0);
    assert!(notes.iter().any(|note| note.starts_with("JWT_SECRET_PREVIOUS is set")), "{notes:?}");
    operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\nJWT_SECRET_PREVIOUS=\"{SECRET}\"\n"));
    assert_warns(
        &operator,
        &[
            "JWT_SECRET_PREVIOUS is the same as JWT_SECRET: take it out, or let it be what JWT_SECRET was before",
        ],
    );
    // Wrangler skips a line that is not right, and it may hold a secret.
    operator.write(".dev.vars", &format!("JWT_SECRET {SECRET}\n"));
    assert_wrong(
        &operator,
        &[
            "JWT_SECRET is not set: set one with 'npx wrangler secret put JWT_SECRET', or locally in .dev.vars",
        ],
    );
}

#[test]
fn variables_are_checked() {
    let operator = healthy();
    operator.write(
        "wrangler.toml",
        &manifest()
            .replace("API_DIALECT = \"django\"", "API_DIALECT = \"flask\"")
            .replace("ALLOWED_ORIGINS = \"\"", "ALLOWED_ORIGINS = \"https://a.example/\"")
            .replace("TOKEN_TTL_DAYS", "TOKEN_TTL_DAY"),
    );
    assert_wrong(
        &operator,
        &[
            "TOKEN_TTL_DAY in [vars] of wrangler.toml is unknown: it should be TOKEN_TTL_DAYS",
            r#"API_DIALECT is "flask": it can be "django" or "realworld""#,
            r#"ALLOWED_ORIGINS has "https://a.example/", which has a path or a trailing slash: write only scheme, host and port"#,
        ],
    );
    operator.write(
        "wrangler.toml",
        &manifest().replace("$220000", "$15000").replace("[vars]", "[vars]\nGREETING = \"hello\""),
    );
    assert_warns(
        &operator,
        &[
            "GREETING in [vars] of wrangler.toml is unknown to Latchkey, and has no effect",
            "PASSWORD_HASHER asks for 15000 iterations of pbkdf2_sha512; OWASP asks for at least 220000",
        ],
    );
    let notes = lines(&operator, &[], "note").1;
    assert!(!notes.iter().any(|note| note.contains("Paid")), "that fits the Free plan: {notes:?}");
}

#[test]
fn bindings_are_checked() {
    let operator = healthy();
    let unlimited = manifest().replace("\"UPDATE_LIMITER", "\"UPDATE_LIMIT").replace("\"LIMITER", "\"LIMIT");
    operator.write("wrangler.toml", &unlimited);
    assert_wrong(
        &operator,
        &[
            "wrangler.toml binds no rate limit as LIMITER, UPDATE_LIMITER: add it under [[ratelimits]], or set RATE_LIMIT to \"off\"",
        ],
    );
    operator.write("wrangler.toml", &unlimited.replace("RATE_LIMIT = \"on\"", "RATE_LIMIT = \"off\""));
    assert_warns(&operator, &[]);
    operator.write("wrangler.toml", &manifest().replace("binding = \"DB\"", "binding = \"DATABASE\""));
    let (_, wrong) = lines(&operator, &[], "wrong");
    assert_eq!(wrong[0], "wrangler.toml binds no D1 database as DB: add one under [[d1_databases]]");
}

#[test]
fn environments_inherit_nothing() {
    let operator = healthy();
    let staging = "\n[env.staging]\nd1_databases = [{ binding = \"DB\", database_id = \"x\" }]\n";
    operator.write("wrangler.toml", &format!("{}{staging}", manifest()));
    assert_warns(
        &operator,
        &[
            "[env.staging] in wrangler.toml lacks vars and ratelimits, which it does not inherit: write them there too",
        ],
    );
    operator.write("wrangler.toml", &format!("{}\n[env.staging.vars]\n", manifest()));
    assert_wrong(
        &operator,
        &[
            "[env.staging] in wrangler.toml lacks d1_databases and ratelimits, which it does not inherit: write them there too",
        ],
    );
    let (status, wrong) = lines(&operator, &["--env", "production"], "wrong");
    assert_eq!((status, &*wrong[0]), (1, "wrangler.toml has no [env.production]"));
}

#[test]
fn migrations_are_compared() {
    let operator = healthy();
    operator.write("migrations/0003_next.sql", "");
    assert_wrong(
        &operator,
        &["migrations are not applied (0003_next.sql): run 'npx wrangler d1 migrations apply DB --local'"],
    );
    shell(&operator, "rm migrations/0003_next.sql");
    operator.database().execute("INSERT INTO d1_migrations (name) VALUES ('0009_far.sql')", []).unwrap();
    assert_warns(
        &operator,
        &[
            "the database has migrations that are not in migrations/ (0009_far.sql): another version of Latchkey made it; use that or a later one",
        ],
    );
    operator.database().execute("DROP TABLE d1_migrations", []).unwrap();
    let (status, wrong) = lines(&operator, &[], "wrong");
    assert_eq!((status, wrong.len()), (1, 1));
    assert!(wrong[0].starts_with("migrations are not applied (0001_"), "{wrong:?}");
    shell(&operator, "rm -r .wrangler");
    let (_, wrong) = lines(&operator, &[], "wrong");
    assert!(
        wrong[0].starts_with("the database can't be reached: there is no local database in"),
        "{wrong:?}"
    );
}

#[test]
fn the_deployed_database_must_be_named() {
    let operator = healthy();
    let (status, wrong) = lines(&operator, &["--remote"], "wrong");
    assert_eq!(
        (status, wrong),
        (1, vec!["database_id in wrangler.toml is still the placeholder: run 'npx wrangler d1 create latchkey' and put the id there that it prints".to_owned()])
    );
    let (_, warnings) = lines(&operator, &["--remote"], "warning");
    assert!(warnings[0].starts_with("the deployed secrets could not be checked: "), "{warnings:?}");
}

#[test]
fn the_deployed_secrets_are_looked_for() {
    let operator = healthy();
    let list = |names: &str| {
        let json = names.split(' ').map(|name| format!(r#"{{"name":"{name}","type":"secret_text"}}"#));
        let json = json.collect::<Vec<_>>().join(",");
        shell(
            &operator,
            &format!(
                "printf '#!/bin/sh\necho '\\''[{json}]'\\''' > node_modules/.bin/wrangler; chmod +x node_modules/.bin/wrangler"
            ),
        );
    };
    list("OTHER");
    let (_, wrong) = lines(&operator, &["--remote"], "wrong");
    assert!(wrong.iter().any(|line| line.starts_with("the deployed JWT_SECRET is not set: ")), "{wrong:?}");
    list("JWT_SECRET JWT_SECRET_PREVIOUS");
    assert!(lines(&operator, &["--remote"], "ok").1.contains(&"the deployed JWT_SECRET is set".to_owned()));
    let notes = lines(&operator, &["--remote"], "note").1;
    assert!(notes.iter().any(|note| note.starts_with("JWT_SECRET_PREVIOUS is set")), "{notes:?}");
}

#[test]
fn the_file_that_wrangler_reads_is_checked() {
    let operator = healthy();
    shell(
        &operator,
        "mv .dev.vars .env; echo CLOUDFLARE_ACCOUNT_ID=1 >> .env; echo RATELIMIT=off > .env.local; chmod 644 .env.local",
    );
    assert_eq!(
        lines(&operator, &[], "warning").1,
        [".env.local can be read by others on this machine: run 'chmod 600 .env.local'"]
    );
    assert_wrong(&operator, &["RATELIMIT in .env and .env.local is unknown: it should be RATE_LIMIT"]);
    shell(&operator, "rm .env .env.local");
    let (_, wrong) = lines(&operator, &[], "wrong");
    assert_eq!(wrong[0], ".dev.vars is missing: 'npm start' writes one with a random JWT_SECRET");
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
        operator.write("wrangler.toml", &manifest().replace("COSTLIEST_HASH = \"\"", &setting));
    };
    for (value, users) in [("", 2), ("pbkdf2_sha256$600000", 1), ("pbkdf2_sha512$500000", 2)] {
        set(value);
        let wanted = if value.contains("sha512") {
            "pbkdf2_sha256$1000000, pbkdf2_sha512$500000"
        } else {
            "pbkdf2_sha256$1000000"
        };
        assert_warns(
            &operator,
            &[&format!(
                "the hashes of {users} users cost more than a failed login, whose time tells who they are: set COSTLIEST_HASH to \"{wanted}\" in wrangler.toml"
            )],
        );
    }
    set("pbkdf2_sha256$1000000");
    assert_warns(&operator, &[]);
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

#[test]
fn the_stand_in_for_the_deployed_secret_is_not_warned_of() {
    let (_, warnings) = lines(&healthy(), &["--remote"], "warning");
    assert!(!warnings.iter().any(|warning| warning.contains("JWT_SECRET ")), "{warnings:?}");
}

#[test]
fn hosts_that_cloudflare_adds_are_noted() {
    let operator = healthy();
    let route = "route = { pattern = \"api.example.com\", custom_domain = true }\n";
    let staging = "[env.staging]\nworkers_dev = true\n";
    for (before, after, arguments, noted) in [
        ("", "", &[][..], "workers_dev and preview_urls are on"),
        ("workers_dev = false\n", "", &[], ""),
        ("workers_dev = true\n", "", &[], "preview_urls is on"),
        ("preview_urls = false\n", "", &[], "workers_dev is on"),
        ("workers_dev = true\npreview_urls = true\n", "", &[], ""),
        (route, "", &[], ""),
        (&[route, "workers_dev = true\n"].concat(), "", &[], "workers_dev and preview_urls are on"),
        (&[route, "preview_urls = true\n"].concat(), "", &[], "preview_urls is on"),
        ("workers_dev = false\npreview_urls = false\n", staging, &["--env", "staging"], ""),
        (route, staging, &["--env", "staging"], "workers_dev and preview_urls are on"),
    ] {
        operator.write("wrangler.toml", &format!("{before}{}{after}", manifest()));
        let notes = lines(&operator, arguments, "note").1;
        let found = notes.iter().find(|note| note.contains(" on: hosts under workers.dev"));
        let words = found.map_or("", |note| note.split(':').next().unwrap());
        assert_eq!(words, noted, "{before}{after}");
    }
}
