//! `mail preview`

use crate::command::Operator;

#[test]
fn a_mail_is_printed_with_example_data() {
    let operator = Operator::new();
    let outcome = operator.run(&["mail", "preview", "password-reset"]);
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
    let head =
        "From: accounts@example.com\nTo: jake@example.com\nSubject: Set a new password for Latchkey\n\n";
    assert!(outcome.stdout.starts_with(head), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("\nhttps://app.example.com/account#purpose=reset&secret="));
    assert!(outcome.stdout.contains("\n\n40718236\n\n") && outcome.stdout.ends_with("as it is.\n"));
}

#[test]
fn a_mail_is_printed_with_the_variables_of_the_deployment() {
    let operator = Operator::new();
    let variables =
        "[vars]\nAPP_NAME = \"R&D\"\nAPP_URL = \"https://rd.example\"\nMAIL_FROM = \"R&D <rd@rd.example>\"\n";
    // What does not matter for a mail may be invalid, such as a feature whose configuration is not complete.
    operator.write(
        "wrangler.toml",
        &format!("{variables}MAIL_SIGN_IN = \"x\"\n[env.test.vars]\nAPP_NAME = \"Test\"\n"),
    );
    operator.write(".dev.vars", "");
    let outcome = operator.run(&["mail", "preview", "unknown-device"]);
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
    let head =
        "From: R&D <rd@rd.example>\nTo: jake@example.com\nSubject: New login to your account at R&D\n\n";
    assert!(outcome.stdout.starts_with(head), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("\n\nhttps://rd.example\n"), "{}", outcome.stdout);
    let html = operator.run(&["mail", "preview", "unknown-device", "--html"]).stdout;
    assert!(html.starts_with("<!doctype html>\n") && html.ends_with("</html>\n"), "{html}");
    assert!(html.contains("<title>New login to your account at R&amp;D</title>"), "{html}");
    let test = operator.run(&["mail", "preview", "sign-in", "--env", "test"]).stdout;
    assert!(test.contains("\nSubject: Log in to Test\n\n"), "{test}");
}

#[test]
fn an_invalid_variable_or_kind_is_reported() {
    let operator = Operator::new();
    operator.write("wrangler.toml", "[vars]\nMAIL_FROM = \"x\"\nAPP_URL = \"http://app.example\"\n");
    let outcome = operator.run(&["mail", "preview", "sign-in"]);
    assert_eq!((outcome.status, &*outcome.stdout), (1, ""));
    assert!(
        outcome.stderr.starts_with("latchkey: invalid configuration: MAIL_FROM is \"x\""),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("; APP_URL is \"http://app.example\""), "{}", outcome.stderr);
    let outcome = operator.run(&["mail", "preview", "advertisement"]);
    assert_eq!((outcome.status, &*outcome.stdout), (2, ""));
    assert!(outcome.stderr.contains("password-reset-done"), "{}", outcome.stderr);
}
