//! Check of the secrets

use super::{
    OTHER, assert_errors, assert_warnings, healthy, lines, list_deployed_secrets, shell, wrangler_config,
};
use crate::command::SECRET;

#[test]
fn secrets_are_kept_from_others() {
    let operator = healthy();
    shell(&operator, "chmod 640 .dev.vars");
    assert_warnings(
        &operator,
        &[".dev.vars can be read by others on this machine: run 'chmod 600 .dev.vars'"],
    );
    shell(&operator, "chmod 600 .dev.vars; git init --quiet");
    assert_errors(
        &operator,
        &[
            ".dev.vars is not ignored by git: add a line '.dev.vars*' to .gitignore, and if it was committed, generate new secrets",
        ],
    );
    operator.write(".gitignore", ".dev.vars*\n");
    assert!(lines(&operator, &[], "ok").1.contains(&".dev.vars is ignored by git".to_owned()));
    operator.write(
        "wrangler.toml",
        &wrangler_config().replace("[vars]", &format!("[vars]\nJWT_SECRET = \"{SECRET}\"")),
    );
    let (status, errors) = lines(&operator, &[], "error");
    assert_eq!((status, errors.len()), (1, 1));
    assert!(errors[0].starts_with("JWT_SECRET is in wrangler.toml, where everyone"), "{errors:?}");
}

#[test]
fn secrets_are_set_and_long_enough() {
    let operator = healthy();
    operator.write(".dev.vars", "JWT_SECRET=short\nJWT_SECRET_PREVIOUS=shorter\n");
    assert_errors(
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
    assert_warnings(
        &operator,
        &["JWT_SECRET_PREVIOUS is the same as JWT_SECRET: remove it, or set it to the former JWT_SECRET"],
    );
    // Wrangler skips a line that is not right, and it may hold a secret.
    operator.write(".dev.vars", &format!("JWT_SECRET {SECRET}\n"));
    assert_errors(
        &operator,
        &[
            "JWT_SECRET is not set: set one with 'npx wrangler secret put JWT_SECRET', or locally in .dev.vars",
        ],
    );
}

#[test]
fn the_deployed_secrets_are_looked_for() {
    let operator = healthy();
    list_deployed_secrets(&operator, "OTHER");
    let (_, errors) = lines(&operator, &["--remote"], "error");
    assert!(errors.iter().any(|line| line.starts_with("the deployed JWT_SECRET is not set: ")), "{errors:?}");
    list_deployed_secrets(&operator, "JWT_SECRET JWT_SECRET_PREVIOUS");
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
    assert_errors(&operator, &["RATELIMIT in .env and .env.local is unknown: it should be RATE_LIMIT"]);
    shell(&operator, "rm .env .env.local");
    let (_, errors) = lines(&operator, &[], "error");
    assert_eq!(errors[0], ".dev.vars is missing: 'npm start' writes one with a random JWT_SECRET");
}

#[test]
fn the_stand_in_for_the_deployed_secret_is_not_warned_of() {
    let (_, warnings) = lines(&healthy(), &["--remote"], "warning");
    assert!(!warnings.iter().any(|warning| warning.contains("JWT_SECRET ")), "{warnings:?}");
}
