//! Check of the webhook

use super::{assert_errors, assert_warnings, healthy, lines, list_deployed_secrets, wrangler_config};
use crate::command::SECRET;

const URL: &str = "WEBHOOK_URL = \"\"";

#[test]
fn deliveries_that_stopped_or_failed_are_told() {
    let operator = healthy();
    let variables = format!("JWT_SECRET=\"{SECRET}\"\nWEBHOOK_URL=https://example.org/hook\n");
    operator.write(".dev.vars", &variables);
    let (_, errors) = lines(&operator, &[], "error");
    assert!(
        errors.iter().any(|error| error.starts_with("WEBHOOK_URL is set, and WEBHOOK_SECRET is not")),
        "{errors:?}"
    );
    let secret = operator.run(&["secret", "--webhook"]).stdout;
    operator.write(".dev.vars", &format!("{variables}WEBHOOK_SECRET={secret}"));
    assert!(lines(&operator, &[], "ok").1.contains(&"no delivery of the webhook has failed".to_owned()));
    let states = "INSERT INTO webhook VALUES (1, 1800000000);
                  INSERT INTO events (at, type, user_id, failure) VALUES (0, 'user.erased', 1, 'status 500');
                  INSERT INTO events (at, type, user_id, due_at) VALUES (0, 'user.erased', 1, 0)";
    operator.database().execute_batch(states).unwrap();
    assert_warnings(
        &operator,
        &[
            "the webhook is stopped since 2027-01-15 08:00:00 UTC, when its server said that it is gone: 'npx latchkey webhook enable' lets it go on",
            "1 event could not be delivered to the webhook: 'npx latchkey webhook list' shows why, 'npx latchkey webhook redeliver --failed' sends what failed again",
        ],
    );
    operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\n"));
    let note = "1 event due to be sent to a webhook, and WEBHOOK_URL is not set".to_owned();
    assert!(lines(&operator, &[], "note").1.contains(&note));
}

#[test]
fn the_secret_is_deployed_and_not_in_the_code() {
    let operator = healthy();
    let config = wrangler_config();
    assert!(config.contains(URL));
    let with_url = config.replace(URL, "WEBHOOK_URL = \"https://example.org/hook\"");
    operator.write("wrangler.toml", &with_url);
    let missing = "WEBHOOK_URL is set, and the deployed WEBHOOK_SECRET is not: run 'npx latchkey secret --webhook | npx wrangler secret put WEBHOOK_SECRET'";
    for (names, is_missing) in [("JWT_SECRET", true), ("JWT_SECRET WEBHOOK_SECRET", false)] {
        list_deployed_secrets(&operator, names);
        let (_, errors) = lines(&operator, &["--remote"], "error");
        assert_eq!(errors.iter().any(|error| error == missing), is_missing, "{errors:?}");
        assert!(
            !errors.iter().any(|error| error.starts_with("WEBHOOK_URL is set, and WEBHOOK_SECRET is not")),
            "{errors:?}"
        );
    }
    operator.write(
        "wrangler.toml",
        &config.replace(URL, &format!("{URL}\nWEBHOOK_SECRET = \"whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0\"")),
    );
    assert_errors(
        &operator,
        &[
            "WEBHOOK_SECRET is in wrangler.toml, where everyone who reads the code can read it: remove it, generate a new one with 'npx latchkey secret --webhook', and set that with 'npx wrangler secret put WEBHOOK_SECRET'",
        ],
    );
}
