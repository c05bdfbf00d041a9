//! Errors of wrangler in words: what to do, in place of its JSON.

use serde::Deserialize;

/// Parts of wrangler's messages, each with what to do.
const ADVICE: [(&[&str], &str); 6] = [
    (
        &["CLOUDFLARE_API_TOKEN environment variable", "not logged in", "You must be logged in"],
        "log in with 'npx wrangler login', or set CLOUDFLARE_API_TOKEN",
    ),
    (
        &[
            "Authentication error",
            "Invalid access token",
            "Unable to authenticate",
            "[code: 10000]",
            "[code: 9109]",
        ],
        "log in again with 'npx wrangler login', or set CLOUDFLARE_API_TOKEN to a token that may edit D1",
    ),
    (&["More than one account"], "set CLOUDFLARE_ACCOUNT_ID to the account of the database"),
    (
        &["Couldn't find a D1 DB", "could not be found", "[code: 7404]"],
        "create the database with 'npx wrangler d1 create latchkey', put its id into wrangler.toml, and apply the migrations",
    ),
    (
        &["no such table", "no such column", "has no column named"],
        "apply the migrations with 'npx wrangler d1 migrations apply DB', and the same options",
    ),
    (
        &["fetch failed", "ENOTFOUND", "ETIMEDOUT", "ECONNREFUSED", "EAI_AGAIN"],
        "Cloudflare can't be reached: check the network, and try again",
    ),
];

/// Output of a failed `wrangler --json`.
#[derive(Deserialize)]
struct Failed {
    error: Failure,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Failure {
    Described {
        text: String,
        #[serde(default)]
        notes: Vec<Note>,
    },
    Text(String),
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

/// Describes a failure by wrangler's output.
pub fn describe(stdout: &str, stderr: &str) -> String {
    let json = stdout.find('{').zip(stdout.rfind('}')).and_then(|(start, end)| stdout.get(start..=end));
    let message = match json.and_then(|json| serde_json::from_str(json).ok()) {
        Some(Failed { error: Failure::Text(text) }) => text,
        Some(Failed { error: Failure::Described { text, notes } }) => {
            let notes = notes.into_iter().map(|note| note.text);
            [text].into_iter().chain(notes).collect::<Vec<_>>().join(" ")
        }
        None => [stdout, stderr].join("\n"),
    };
    let message = message.trim();
    let is_named = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    match ADVICE.iter().find(|(parts, _)| is_named(parts)) {
        Some((_, advice)) => format!("{advice} (wrangler: {message})"),
        None => format!("wrangler failed: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_what_to_do() {
        let json = |error: &str| format!("a warning\n{{ \"error\": {error} }}\n");
        for (stdout, stderr, expected) in [
            (
                json(r#"{"text": "fetch failed"}"#),
                "",
                "Cloudflare can't be reached: check the network, and try again (wrangler: fetch failed)",
            ),
            (
                json(
                    r#"{"text": "A request failed.", "notes": [{"text": "Authentication error [code: 10000]"}], "kind": "error"}"#,
                ),
                "",
                "log in again with 'npx wrangler login', or set CLOUDFLARE_API_TOKEN to a token that may edit D1 \
                 (wrangler: A request failed. Authentication error [code: 10000])",
            ),
            (json(r#""a text""#), "", "wrangler failed: a text"),
            (String::new(), "it crashed\n", "wrangler failed: it crashed"),
        ] {
            assert_eq!(describe(&stdout, stderr), expected);
        }
    }
}
