//! Check of the variables

use super::{assert_errors, assert_warnings, healthy, lines, wrangler_config};

#[test]
fn what_the_hardening_page_says_is_as_recommended() {
    let operator = healthy();
    let page = include_str!("../../../docs/hardening.md");
    let block = page.split("```").nth(1).and_then(|block| block.strip_prefix("toml\n")).unwrap();
    let names: Vec<_> = block.lines().map(|line| line.split_once(" = ").unwrap().0).collect();
    let config = wrangler_config();
    let rest =
        config.lines().filter(|line| !names.iter().any(|name| line.starts_with(&format!("{name} = "))));
    let config = rest.collect::<Vec<_>>().join("\n").replace("[vars]", &format!("[vars]\n{block}"));
    operator.write("wrangler.toml", &config);
    let (_, notes) = lines(&operator, &[], "note");
    assert!(!notes.iter().any(|note| note.contains("NIST")), "{notes:?}");
    assert_eq!(lines(&operator, &[], "error"), (0, Vec::new()));
}

#[test]
fn variables_are_checked() {
    let operator = healthy();
    operator.write(
        "wrangler.toml",
        &wrangler_config()
            .replace("API_DIALECT = \"django\"", "API_DIALECT = \"flask\"")
            .replace("ALLOWED_ORIGINS = \"\"", "ALLOWED_ORIGINS = \"https://a.example/\"")
            .replace("TOKEN_TTL_DAYS", "TOKEN_TTL_DAY"),
    );
    assert_errors(
        &operator,
        &[
            "TOKEN_TTL_DAY in [vars] of wrangler.toml is unknown: it should be TOKEN_TTL_DAYS",
            r#"API_DIALECT is "flask": it can be "django" or "realworld""#,
            r#"ALLOWED_ORIGINS has "https://a.example/", which has a path or a trailing slash: write only scheme, host and port"#,
        ],
    );
    operator.write(
        "wrangler.toml",
        &wrangler_config().replace("$220000", "$15000").replace("[vars]", "[vars]\nGREETING = \"hello\""),
    );
    assert_warnings(
        &operator,
        &[
            "GREETING in [vars] of wrangler.toml is unknown to Latchkey, and has no effect",
            "PASSWORD_HASHER asks for 15000 iterations of pbkdf2_sha512; OWASP asks for at least 220000",
        ],
    );
    let notes = lines(&operator, &[], "note").1;
    assert!(!notes.iter().any(|note| note.contains("Paid")), "that fits the Free plan: {notes:?}");
}
