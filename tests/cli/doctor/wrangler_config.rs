//! Check of `wrangler.toml`

use super::{assert_errors, assert_warnings, healthy, lines, wrangler_config};

#[test]
fn bindings_are_checked() {
    let operator = healthy();
    let unlimited =
        wrangler_config().replace("\"UPDATE_LIMITER", "\"UPDATE_LIMIT").replace("\"LIMITER", "\"LIMIT");
    operator.write("wrangler.toml", &unlimited);
    assert_errors(
        &operator,
        &[
            "wrangler.toml binds no rate limit as LIMITER, UPDATE_LIMITER: add it under [[ratelimits]], or set RATE_LIMIT to \"off\"",
        ],
    );
    operator.write("wrangler.toml", &unlimited.replace("RATE_LIMIT = \"on\"", "RATE_LIMIT = \"off\""));
    assert_warnings(&operator, &[]);
    operator.write("wrangler.toml", &wrangler_config().replace("binding = \"ASSETS\"", ""));
    assert_errors(
        &operator,
        &[
            "wrangler.toml binds no static assets as ASSETS: set binding = \"ASSETS\" under [assets], or /api/openapi.json is a 500",
        ],
    );
    operator.write("wrangler.toml", &wrangler_config().replace("binding = \"DB\"", "binding = \"DATABASE\""));
    let (_, errors) = lines(&operator, &[], "error");
    assert_eq!(errors[0], "wrangler.toml binds no D1 database as DB: add one under [[d1_databases]]");
}

#[test]
fn environments_inherit_nothing() {
    let operator = healthy();
    let staging = "\n[env.staging]\nd1_databases = [{ binding = \"DB\", database_id = \"x\" }]\n";
    operator.write("wrangler.toml", &format!("{}{staging}", wrangler_config()));
    assert_warnings(
        &operator,
        &[
            "[env.staging] in wrangler.toml lacks vars and ratelimits, which it does not inherit: set them there too",
        ],
    );
    operator.write("wrangler.toml", &format!("{}\n[env.staging.vars]\n", wrangler_config()));
    assert_errors(
        &operator,
        &[
            "[env.staging] in wrangler.toml lacks d1_databases and ratelimits, which it does not inherit: set them there too",
        ],
    );
    let (status, errors) = lines(&operator, &["--env", "production"], "error");
    assert_eq!((status, &*errors[0]), (1, "wrangler.toml has no [env.production]"));
}

#[test]
fn the_deployed_database_must_be_named() {
    let operator = healthy();
    let (status, errors) = lines(&operator, &["--remote"], "error");
    assert_eq!(
        (status, errors),
        (1, vec!["database_id in wrangler.toml is still the placeholder: run 'npx wrangler d1 create latchkey' and set it to the id that it prints".to_owned()])
    );
    let (_, warnings) = lines(&operator, &["--remote"], "warning");
    assert!(warnings[0].starts_with("could not check the deployed secrets: "), "{warnings:?}");
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
        operator.write("wrangler.toml", &format!("{before}{}{after}", wrangler_config()));
        let notes = lines(&operator, arguments, "note").1;
        let found = notes.iter().find(|note| note.contains(" on: hosts under workers.dev"));
        let words = found.map_or("", |note| note.split(':').next().unwrap());
        assert_eq!(words, noted, "{before}{after}");
    }
}
