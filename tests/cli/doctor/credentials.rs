//! Checks of credentials

use super::{healthy, lines, list_deployed_secrets, shell, wrangler_config};
use crate::command::{Operator, SECRET};
use crate::seals::{LOST, NEW, OLD, insert, set_secrets};

fn set(operator: &Operator, rp_id: &str, origins: &str, more: &str) {
    let config = wrangler_config();
    let config = config.replace("PASSKEY_RP_ID = \"\"", &format!("PASSKEY_RP_ID = \"{rp_id}\""));
    let config = config.replace("ALLOWED_ORIGINS = \"\"", &format!("ALLOWED_ORIGINS = \"{origins}\""));
    operator.write("wrangler.toml", &format!("{more}{config}"));
}

/// Lines of a word that are about credentials.
fn about(operator: &Operator, arguments: &[&str], word: &str) -> Vec<String> {
    let names = ["DATA_SECRET", "PASSKEY_RP_ID", "passkey", "seed", "two-step"];
    let (_, lines) = lines(operator, arguments, word);
    lines.into_iter().filter(|line| names.iter().any(|name| line.contains(name))).collect()
}

fn secrets(operator: &Operator, data: Option<&str>, previous: Option<&str>) {
    set_secrets(operator, data, previous);
    shell(operator, "chmod 600 .dev.vars");
}

#[test]
fn the_secret_of_data_is_checked() {
    let operator = healthy();
    for (data, previous, word, expected) in [
        (
            Some(NEW),
            None,
            "ok",
            "two-step verification is on, and passkeys are off: PASSKEY_RP_ID is not set",
        ),
        (
            None,
            None,
            "note",
            "DATA_SECRET is not set, so two-step verification and passkeys are off: docs/credentials.md",
        ),
        (
            Some(SECRET),
            None,
            "error",
            "DATA_SECRET is the same as JWT_SECRET, which is replaced more often: ",
        ),
        (Some("short"), None, "error", "DATA_SECRET has fewer than 32 bytes: "),
        (Some(&"ab".repeat(20)), None, "warning", "DATA_SECRET has fewer than 10 different characters: "),
        (None, Some(OLD), "error", "DATA_SECRET_PREVIOUS is set, and DATA_SECRET is not: "),
        (Some(NEW), Some(NEW), "warning", "DATA_SECRET_PREVIOUS is the same as DATA_SECRET: "),
    ] {
        secrets(&operator, data, previous);
        let found = about(&operator, &[], word);
        assert!(found.iter().any(|line| line.starts_with(expected)), "{word} {expected}: {found:?}");
    }
    operator.write(
        "wrangler.toml",
        &wrangler_config().replace("[vars]", &format!("[vars]\nDATA_SECRET = \"{NEW}\"")),
    );
    let found = about(&operator, &[], "error");
    assert!(found[0].starts_with("DATA_SECRET is in wrangler.toml, where everyone "), "{found:?}");
}

#[test]
fn the_deployed_secret_of_data_is_known_by_its_name() {
    let operator = healthy();
    for (names, word, expected) in [
        (
            "JWT_SECRET",
            "warning",
            "PASSKEY_RP_ID is set, and DATA_SECRET is not, so nobody can add a passkey: ",
        ),
        ("JWT_SECRET DATA_SECRET", "ok", "two-step verification and passkeys are on"),
    ] {
        set(&operator, "example.com", "", "");
        list_deployed_secrets(&operator, names);
        let found = about(&operator, &["--remote"], word);
        assert!(found.iter().any(|line| line.starts_with(expected)), "{found:?}");
    }
}

#[test]
fn pages_that_can_not_use_passkeys_are_named() {
    let operator = healthy();
    secrets(&operator, Some(NEW), None);
    let foreign = |origins: &str| {
        format!(
            "pages of {origins} can't use passkeys, since PASSKEY_RP_ID is example.com, and they are neither there nor under it \
             (by https; http only on localhost), unless https://example.com/.well-known/webauthn lists them: docs/credentials.md"
        )
    };
    for (origins, expected) in [
        ("https://example.com,https://app.example.com:8443", None),
        ("https://app.example.com,https://example.org", Some("https://example.org")),
        ("https://notexample.com,http://example.com", Some("https://notexample.com, http://example.com")),
    ] {
        set(&operator, "example.com", origins, "");
        let expected: Vec<_> = expected.map(foreign).into_iter().collect();
        assert_eq!(about(&operator, &[], "warning"), expected);
    }
    set(&operator, "localhost", "http://localhost:5173,http://app.localhost", "");
    assert!(about(&operator, &[], "warning").is_empty());
    // The Worker's own page.
    for (route, is_warned) in [
        ("\"api.example.com/*\"", false),
        ("{ pattern = \"example.com\", custom_domain = true }", false),
        ("\"*.example.com/api/*\"", false),
        ("{ pattern = \"api.example.org\", custom_domain = true }", true),
    ] {
        set(&operator, "example.com", "https://example.com", &format!("routes = [{route}]\n"));
        let warnings = about(&operator, &[], "warning");
        let own = "the Worker's own page (/) can't use passkeys, since its routes in wrangler.toml are of api.example.org, and PASSKEY_RP_ID is example.com";
        assert_eq!(warnings, if is_warned { vec![own] } else { vec![] }, "{route}");
        let good = "passkeys of example.com can be used by every page that is listed in wrangler.toml";
        assert_ne!(about(&operator, &[], "ok").iter().any(|line| line == good), is_warned);
    }
    set(&operator, "example.com", "*", "");
    assert!(
        about(&operator, &[], "error")[0].starts_with("ALLOWED_ORIGINS is \"*\", and PASSKEY_RP_ID is set: ")
    );
}

#[test]
fn stored_seeds_are_tried() {
    let operator = healthy();
    insert(&operator, NEW, [1]);
    secrets(&operator, Some(NEW), Some(OLD));
    assert!(about(&operator, &[], "ok").contains(&"DATA_SECRET opens all 1 seeds".to_owned()));
    insert(&operator, OLD, [2, 3]);
    insert(&operator, LOST, [4]);
    let warning = "1 of 4 seeds can't be opened, so no code of these apps is accepted (user 4): DATA_SECRET is not the one that sealed them";
    assert_eq!(about(&operator, &[], "warning"), [warning]);
    let note =
        "2 of 4 seeds are sealed under DATA_SECRET_PREVIOUS: run 'npx latchkey reseal', then remove it";
    assert_eq!(about(&operator, &[], "note"), [note]);
    secrets(&operator, None, None);
    let warning = "DATA_SECRET is not set, so no code of the 4 stored authenticator apps is accepted: set the one that sealed them";
    assert_eq!(about(&operator, &[], "warning"), [warning]);
}

#[test]
fn stored_passkeys_need_their_domain() {
    let operator = healthy();
    secrets(&operator, Some(NEW), None);
    let sql = "INSERT INTO credentials (id, user_id, type, key, created_at) VALUES (1, 1, 'passkey', 'x', 0), (2, 1, 'passkey', 'y', 0)";
    operator.database().execute(sql, []).unwrap();
    let warning = "PASSKEY_RP_ID is not set, so none of the 2 stored passkeys is accepted: set it to the domain that they were added with";
    assert_eq!(about(&operator, &[], "warning"), [warning]);
    set(&operator, "example.com", "https://example.com", "");
    assert!(about(&operator, &[], "warning").is_empty());
}
