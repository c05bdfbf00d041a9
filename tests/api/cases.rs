//! Tables of requests and answers. The cases of a table build upon each other.

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::Deserialize;
use serde_json::value::RawValue;

use latchkey::account::profile::PROFILE;

use super::{Api, Request, Start, Vars, django, mint, realworld, token};

#[derive(Deserialize)]
struct Case<'a> {
    name: String,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    #[serde(borrow)]
    body: &'a RawValue,
    status: u16,
    #[serde(borrow)]
    answer: &'a RawValue,
}

/// What the original server answered, as it was recorded.
pub fn recorded_of_the_original(start: Start) {
    run(start, django(), include_str!("../fixtures/cases.jsonl"));
}

/// The same requests in the other dialect, with the answers of the contract.
/// Profile fields of the recordings: bio and image.
const RECORDED_PROFILE: usize = 2;

pub fn contract_in_realworld(start: Start) {
    run(start, realworld(), include_str!("../fixtures/realworld.jsonl"));
}

fn run(start: Start, vars: Vars, table: &str) {
    let api = start(vars);
    let mut last_token = String::new();
    let mut count = 0;
    for line in table.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let answer = api.send(&call(&*api, &case, &last_token));
        let mut expected = match case.answer.get() {
            "null" => String::new(),
            answer => with_new_fields(&compact(answer)),
        };
        if expected.contains("<any>") {
            last_token = answer.token();
            expected = expected.replace("<any>", &last_token);
        }
        assert_eq!((answer.status, answer.body), (case.status, expected), "{}", case.name);
        count += 1;
    }
    assert!(count >= 70, "only {count} cases");
}

/// Adds the profile fields that came after the recording, without a value, to the answers that have a user.
pub fn with_new_fields(answer: &str) -> String {
    let fields = PROFILE.iter().map(|field| format!(r#""{}":null,"#, field.name()));
    let new = fields.skip(RECORDED_PROFILE).collect::<String>();
    answer.replace(r#""token":"<any>""#, &format!(r#"{new}"token":"<any>""#))
}

fn call(api: &dyn Api, case: &Case, last_token: &str) -> Request {
    let mut call = Request::new(&case.method, &case.path);
    for (name, value) in &case.headers {
        let value = value
            .replace("{token}", last_token)
            .replace("{otherkey}", &foreign_token(api))
            .replace("{algnone}", &unsigned_token(api))
            .replace("{unknownid}", &token(api, 1_000_000));
        call = call.header(name, &value);
    }
    match case.body.get() {
        "null" => call,
        body if body.starts_with('"') => call.body(serde_json::from_str::<String>(body).unwrap()),
        body => call.body(body),
    }
}

/// A token that another secret signed.
fn foreign_token(api: &dyn Api) -> String {
    mint("another secret, and just as long as that", 1, 0, api.now())
}

fn unsigned_token(api: &dyn Api) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let payload = format!(r#"{{"id":1,"exp":{}}}"#, api.now() + 60);
    format!("{}.{}.", encode(r#"{"alg":"none","typ":"JWT"}"#), encode(&payload))
}

/// JSON without the white space between its tokens.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    json.chars()
        .filter(|c| {
            let keep = in_string || !c.is_whitespace();
            in_string ^= *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            keep
        })
        .collect()
}
