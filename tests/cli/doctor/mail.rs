//! Check of mail

use super::{assert_errors, assert_warnings, healthy, lines, list_deployed_secrets, wrangler_config};
use crate::command::{Operator, SECRET};

const BINDING: &str = "\n[[send_email]]\nname = \"EMAIL\"\n";
const NO_TRANSPORT: &str = "bind EMAIL with [[send_email]] in wrangler.toml, or set the secret with 'npx wrangler secret put SMTP_URL'";

/// Writes a `wrangler.toml` with mail and this page.
fn set_mail(operator: &Operator, app_url: &str, more: &str) {
    let config = wrangler_config()
        .replace("MAIL_FROM = \"\"", "MAIL_FROM = \"Example <accounts@example.com>\"")
        .replace("APP_URL = \"\"", &format!("APP_URL = \"{app_url}\""));
    operator.write("wrangler.toml", &format!("{config}{more}"));
}

fn has_ok(operator: &Operator, arguments: &[&str], line: &str) -> bool {
    lines(operator, arguments, "ok").1.iter().any(|ok| ok == line)
}

#[test]
fn the_variables_of_mail_are_checked() {
    let operator = healthy();
    set_mail(&operator, "http://app.example.com", BINDING);
    let config = std::fs::read_to_string(operator.path("wrangler.toml")).unwrap();
    let config = config
        .replace("MAIL_SIGN_IN = \"off\"", "MAIL_SIGN_IN = \"yes\"")
        .replace("NOTICES = \"all\"", "NOTICES = \"none\"");
    operator.write("wrangler.toml", &config.replace("accounts@example.com", "accounts"));
    let (status, errors) = lines(&operator, &[], "error");
    let names: Vec<_> = errors.iter().map(|line| line.split(" is ").next().unwrap()).collect();
    assert_eq!(
        (status, &*names),
        (1, &["MAIL_FROM", "APP_URL", "MAIL_SIGN_IN", "NOTICES"][..]),
        "{errors:?}"
    );
    set_mail(&operator, "", BINDING);
    assert!(lines(&operator, &[], "error").1[0].starts_with("MAIL_FROM is set, and APP_URL is not: "));
}

#[test]
fn mail_has_a_transport() {
    let operator = healthy();
    let own = "http://localhost:8787/";
    set_mail(&operator, own, BINDING);
    assert_warnings(&operator, &[]);
    for arguments in [&[][..], &["--remote"]] {
        assert!(has_ok(&operator, arguments, "mail is sent by the binding EMAIL"), "{arguments:?}");
    }
    set_mail(&operator, own, &format!("{BINDING}allowed_sender_addresses = [\"other@example.com\"]\n"));
    assert_errors(
        &operator,
        &[
            "allowed_sender_addresses of EMAIL in wrangler.toml lacks accounts@example.com, which is MAIL_FROM, so no mail would be sent: add it there",
        ],
    );
    let senders = "allowed_sender_addresses = [\"other@example.com\", \"Accounts@example.com\"]\n";
    set_mail(&operator, own, &format!("{BINDING}{senders}"));
    assert_warnings(&operator, &[]);

    // Another binding is not ours.
    set_mail(&operator, own, &BINDING.replace("EMAIL", "NEWS"));
    assert_warnings(&operator, &[]);
    let note = format!(
        "MAIL_FROM is set, and here is no transport but the mailbox of 'npm start': for a deployment, {NO_TRANSPORT}"
    );
    assert!(lines(&operator, &[], "note").1.contains(&note));
    list_deployed_secrets(&operator, "JWT_SECRET");
    let error =
        format!("MAIL_FROM is set, and there is no transport, so every request gets a 500: {NO_TRANSPORT}");
    assert!(lines(&operator, &["--remote"], "error").1.contains(&error));
    list_deployed_secrets(&operator, "JWT_SECRET SMTP_URL");
    assert!(has_ok(&operator, &["--remote"], "mail is sent by SMTP_URL"));
}

#[test]
fn the_address_of_an_smtp_server_is_a_secret() {
    let operator = healthy();
    set_mail(&operator, "http://localhost:8787/", "");
    let url = format!("smtps://user:{}@smtp.example.com", SECRET.replace([' ', ','], "-"));
    let dev_vars = |url: &str| {
        operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\nSMTP_URL=\"{url}\"\n"));
    };
    dev_vars(&url);
    assert!(has_ok(&operator, &[], "mail is sent by SMTP_URL"));
    dev_vars(&url.replace("smtps", "smtp"));
    let errors = lines(&operator, &[], "error").1;
    assert!(errors.len() == 1 && errors[0].starts_with("SMTP_URL is no address"), "{errors:?}");
    assert!(!errors[0].contains("user:a-secret"), "{errors:?}");
    dev_vars(&url);
    let config = std::fs::read_to_string(operator.path("wrangler.toml")).unwrap();
    operator.write("wrangler.toml", &config.replace("[vars]", &format!("[vars]\nSMTP_URL = \"{url}\"")));
    let errors = lines(&operator, &[], "error").1;
    assert!(errors.len() == 1 && errors[0].starts_with("SMTP_URL is in wrangler.toml, "), "{errors:?}");
}

#[test]
fn the_page_of_mailed_links_may_call_the_api() {
    let operator = healthy();
    let top = |key: &str| {
        let config = std::fs::read_to_string(operator.path("wrangler.toml")).unwrap();
        operator.write("wrangler.toml", &format!("{key}\n{config}"));
    };
    for (app_url, key, origins, is_fine) in [
        ("https://app.example.com/account", "", "", false),
        ("https://app.example.com/account", "", "https://app.example.com", true),
        ("https://App.example.com:443/account", "", "https://x.example, https://app.example.com", true),
        ("https://app.example.com:8443/account", "", "https://app.example.com", false),
        ("https://app.example.com/account", "", "*", true),
        (
            "https://app.example.com",
            "route = { pattern = \"app.example.com\", custom_domain = true }",
            "",
            true,
        ),
        ("https://app.example.com", "routes = [\"www.example.com/*\", \"app.example.com/*\"]", "", true),
        ("https://app.example.com", "routes = [{ pattern = \"*.example.com/api/*\" }]", "", true),
        ("https://app.example.org", "routes = [\"*.example.com/*\"]", "", false),
        ("https://latchkey.jake.workers.dev/", "", "", true),
        ("https://other.jake.workers.dev/", "", "", false),
        ("http://localhost:5173/account", "", "", false),
        ("http://localhost:5173/account", "", "http://localhost:5173", true),
        ("http://localhost:8787/", "", "", true),
    ] {
        set_mail(&operator, app_url, BINDING);
        let config = std::fs::read_to_string(operator.path("wrangler.toml")).unwrap();
        let allowed = format!("ALLOWED_ORIGINS = \"{origins}\"");
        operator.write("wrangler.toml", &config.replace("ALLOWED_ORIGINS = \"\"", &allowed));
        top(key);
        let (status, warnings) = lines(&operator, &[], "warning");
        assert_eq!((status, warnings.is_empty()), (0, is_fine), "{app_url} {key} {origins}: {warnings:?}");
        assert!(warnings.iter().all(|warning| warning.starts_with("ALLOWED_ORIGINS lacks http")));
        let ok = format!("the page of mailed links, {app_url}, may call the API");
        assert_eq!(has_ok(&operator, &[], &ok), is_fine);
    }
    // What a deployment mails would lead to this machine.
    let warnings = lines(&operator, &["--remote"], "warning").1;
    assert!(
        warnings.iter().any(|line| line.starts_with("ALLOWED_ORIGINS lacks http://localhost")),
        "{warnings:?}"
    );
}

#[test]
fn an_environment_needs_mail_of_its_own() {
    let operator = healthy();
    let staging = "\n[env.staging]\nd1_databases = [{ binding = \"DB\", database_id = \"x\" }]\nratelimits = []\n\
                   vars = { MAIL_FROM = \"a@x.io\", APP_URL = \"https://latchkey-staging.jake.workers.dev\" }\n";
    set_mail(&operator, "http://localhost:8787/", &format!("{BINDING}{staging}"));
    assert_warnings(
        &operator,
        &["[env.staging] in wrangler.toml lacks send_email, which it does not inherit: set them there too"],
    );
    let ok = "the page of mailed links, https://latchkey-staging.jake.workers.dev, may call the API";
    assert!(has_ok(&operator, &["--env", "staging"], ok));
    assert!(
        lines(&operator, &["--env", "staging"], "note").1.iter().any(|note| note.contains("no transport"))
    );
}
