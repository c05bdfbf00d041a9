//! What holds for input of any kind: no panic, no fault, no secret in an answer, bounded work.
//!
//! Each target runs here on a fixed number of inputs, mutated from seeds, and guided by coverage with
//! `npm run fuzz`.

use std::cell::OnceCell;
use std::str::FromStr as _;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use latchkey::account::email;
use latchkey::account::password::{Password, PasswordHash, to_nfc};
use latchkey::auth::keys::Keys;
use latchkey::auth::password::{Hasher, iterations_computed};
use latchkey::auth::secret::Secret;
use latchkey::auth::session::{Proof, Session};
use latchkey::auth::token;

use crate::api::factor::with_everything;
use crate::api::{self, Request, Response, SECRET};
use crate::fuzz_staff;
use crate::host::{NOW, Native};

/// Something that must hold for all bytes, and texts that lead there.
pub struct Target {
    pub name: &'static str,
    pub check: fn(&[u8]),
    pub seeds: fn() -> Vec<Vec<u8>>,
}

pub const TARGETS: [Target; 8] = [
    Target { name: "staff", check: fuzz_staff::staff, seeds: fuzz_staff::seeds },
    Target { name: "request", check: request, seeds: request_seeds },
    Target { name: "body", check: body, seeds: body_seeds },
    Target { name: "authorization", check: authorization, seeds: authorization_seeds },
    Target { name: "token", check: token, seeds: token_seeds },
    Target { name: "hash", check: hash, seeds: || lines(include_str!("../fixtures/passwords.jsonl")) },
    Target { name: "secret", check: secret, seeds: secret_seeds },
    Target { name: "email", check: email, seeds: || lines(include_str!("../fixtures/emails.jsonl")) },
];

/// The API with one user, as it is before every input.
pub fn with_api(check: impl FnOnce(&Native)) {
    thread_local! {
        static API: OnceCell<(Native, String)> = const { OnceCell::new() };
    }
    API.with(|cell| {
        let (api, user) = cell.get_or_init(|| {
            let api = Native::new(with_everything());
            api::register(&api, "fuzz");
            let user = api::Api::sql(&api, "SELECT quote(password) FROM users").unwrap();
            (api, user)
        });
        api.platform.db.exec(&format!(
            "DELETE FROM users; DELETE FROM sessions; DELETE FROM login_failures; DELETE FROM registrations; \
             DELETE FROM secrets; DELETE FROM outbox; DELETE FROM credentials; DELETE FROM second_steps; \
             DELETE FROM used_challenges; DELETE FROM events; \
             INSERT INTO users (id, username, email, password, created_at, updated_at) \
             VALUES (1, 'fuzz', 'fuzz@x.io', {user}, 5, 5)"
        ));
        api.platform.db.statements.borrow_mut().clear();
        api.platform.log.borrow_mut().clear();
        check(api);
    });
}

/// Sends a request, and gives the answer if it keeps what all answers keep.
pub fn send(api: &Native, call: &Request) -> Response {
    let iterations = iterations_computed();
    let stored = api::Api::sql(api, "SELECT password FROM users WHERE id = 1").unwrap();
    let (answer, deferred) = pollster::block_on(api.answer_unchecked(call));
    assert!(deferred.rehash.is_none());
    assert!(answer.status < 500, "{call:?}\n{answer:?}\n{:?}", api.platform.log);
    answer.is_well_formed(call);
    for secret in [&stored, SECRET] {
        assert!(!answer.body.contains(secret), "{call:?}\n{answer:?}");
    }
    assert!(api.platform.db.statements.borrow().len() <= 20, "{call:?}");
    let [sha256, sha512] = iterations_computed();
    // Hashes have one iteration here; a new password beside the current one, in two forms, is three.
    assert!(sha256 - iterations[0] <= 3 && sha512 == iterations[1], "{call:?}");
    let log = api.platform.log.borrow();
    assert!(log.iter().all(|line| line.contains(r#""event":"hint""#)), "{call:?}\n{log:?}");
    assert!(log.len() <= 2, "{call:?}\n{log:?}");
    answer
}

fn good_token() -> String {
    api::mint(SECRET, 1, 0, NOW)
}

/// A token whose session proved itself a moment ago.
fn proved_token() -> String {
    let session = Session { sid: "proved".to_owned(), lifetime: 0, proof: Some(Proof::of_password(NOW)) };
    token::issue(&api::keys(SECRET), 1, 0, &session, NOW, 60).unwrap()
}

/// A request as text: method and path, headers a line each, an empty line, the body.
fn request(input: &[u8]) {
    let (head, body) = split(input, b"\n\n");
    let head = String::from_utf8_lossy(head).replace("{token}", &good_token());
    let mut lines = head.split('\n');
    let (method, path) = lines.next().and_then(|line| line.split_once(' ')).unwrap_or(("GET", "/api/user"));
    let mut call = Request::new(method, path);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        call = call.header(name, value);
    }
    if !body.is_empty() {
        call = call.body(body);
    }
    with_api(|api| {
        send(api, &call);
    });
}

/// The body of every request that reads one.
fn body(input: &[u8]) {
    with_api(|api| {
        for (method, path) in [
            ("POST", "/api/users"),
            ("POST", "/api/users/login"),
            ("PUT", "/api/user"),
            ("POST", "/api/users/password-reset"),
            ("PUT", "/api/users/password-reset"),
            ("PUT", "/api/user/email-verification"),
            ("POST", "/api/user/reauthenticate"),
            ("POST", "/api/users/sign-in"),
        ] {
            api.platform.db.statements.borrow_mut().clear();
            let call = Request::new(method, path).json("").body(input).token(&good_token());
            send(api, &call);
        }
        for (method, path) in [
            ("POST", "/api/user/credentials"),
            ("PATCH", "/api/user/credentials/7"),
            ("POST", "/api/user/reauthenticate"),
        ] {
            api.platform.db.statements.borrow_mut().clear();
            send(api, &Request::new(method, path).json("").body(input).token(&proved_token()));
        }
        assert_eq!(api::Api::sql(api, "SELECT count(*) FROM credentials").as_deref(), Some("0"));
    });
}

/// A secret, wherever one is sent: what was not mailed opens nothing, and counts for nobody.
fn secret(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    with_api(|api| {
        let mailed = "INSERT INTO secrets (id, purpose, account, network, user_id, email, token_version, version, token_hash, code_hash, \
                      created_at, code_expires_at, expires_at, purge_at) \
                      VALUES ('id', '{purpose}', '', '', 1, 'fuzz@x.io', 0, 0, 'x', 'x', 5, 9999999999, 9999999999, 9999999999)";
        for purpose in ["reset", "verification", "sign_in"] {
            api.platform.db.exec("DELETE FROM secrets");
            api.platform.db.exec(&mailed.replace("{purpose}", purpose));
            let body = serde_json::json!({ "user": { "secret": text, "password": "a new password" } });
            let sign_in = serde_json::json!({ "user": { "secret": text } });
            for (method, path, body) in [
                ("PUT", "/api/users/password-reset", &body),
                ("PUT", "/api/user/email-verification", &body),
                ("POST", "/api/users/login", &sign_in),
            ] {
                api.platform.db.statements.borrow_mut().clear();
                let call = Request::new(method, path).json(&body.to_string()).token(&good_token());
                assert_eq!(send(api, &call).status, 400, "{call:?}");
            }
            let tries: i32 = api::Api::sql(api, "SELECT tries FROM secrets").unwrap().parse().unwrap();
            assert!(tries == 0 || tries == 1 && text.trim().starts_with("id"), "{text:?}");
        }
    });
}

fn secret_seeds() -> Vec<Vec<u8>> {
    let link = "id.q3J0kXn5cYb8vTzR1sWm6LpAe9UgHd2FoNi7KtQxB4E";
    texts(&["id.12345678", " id . 12345678 ", link, "id.id.12345678", "\0id.12345678"])
}

fn authorization_seeds() -> Vec<Vec<u8>> {
    texts(&["Token {token}", "bearer  x", "Basic a:b"])
}

/// The `Authorization` header.
fn authorization(input: &[u8]) {
    let token = good_token();
    let header = String::from_utf8_lossy(input).replace("{token}", &token);
    with_api(|api| {
        let answer = send(api, &Request::get("/api/user").header("Authorization", &header));
        assert_eq!(answer.status == 200, header.contains(&token) && answer.status != 401, "{header}");
    });
}

/// A token: as it is, where nothing but one that we signed is good; and as a header, a line, and a
/// payload that are rightly signed.
fn token(input: &[u8]) {
    let keys = api::keys(SECRET);
    let text = String::from_utf8_lossy(input);
    assert!(token::verify(&keys, &text, NOW).is_err(), "{text}");

    let (header, payload) = split(input, b"\n");
    let data = [header, payload].map(Base64UrlUnpadded::encode_string).join(".");
    let signature = Secret::new(SECRET.to_owned()).unwrap().mac(data.as_bytes());
    let token = format!("{data}.{}", Base64UrlUnpadded::encode_string(&signature));
    if let Ok(good) = token::verify(&keys, &token, NOW) {
        assert!(good.user_id > 0 && (1..1 << 53).contains(&good.session.lifetime), "{good:?}");
        // A number that is too large for `Value` may stand in a claim that nobody reads.
        if let Ok(claims) = serde_json::from_slice::<serde_json::Value>(payload) {
            assert_eq!(claims["id"], good.user_id, "{claims}");
        }
        let other =
            Keys::new(Secret::new("another secret, and just as long as that".to_owned()).unwrap(), None);
        assert!(token::verify(&other, &token, NOW).is_err());
    }
}

/// An encoded hash.
fn hash(input: &[u8]) {
    let stored = PasswordHash::new(String::from_utf8_lossy(input).into_owned());
    let Ok(hasher) = Hasher::from_encoded(&stored) else {
        return;
    };
    assert!(stored.as_str().starts_with(hasher.algorithm.name()));
    // The cost is the stored hash's own, which `MAX_ITERATIONS` bounds.
    assert!((1..=latchkey::auth::password::MAX_ITERATIONS).contains(&hasher.iterations));
    if hasher.iterations < 1_000 {
        let _ = Hasher::from_str("pbkdf2_sha512$1")
            .unwrap()
            .verify(&Password::new("password".to_owned(), &to_nfc), Some(&stored));
    }
}

/// An email.
fn email(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if email::is_valid(&text) {
        let (local, domain) = text.rsplit_once('@').unwrap();
        assert!(local.is_ascii() && !domain.is_empty() && text.chars().count() <= 320, "{text}");
    }
    let once = email::normalize(text.to_string(), email::normalize_domain);
    assert_eq!(email::normalize(once.clone(), email::normalize_domain), once);
    assert!(once.eq_ignore_ascii_case(&text) || !text.is_ascii() || text.to_lowercase().contains("xn--"));
}

pub fn split<'a>(input: &'a [u8], separator: &[u8]) -> (&'a [u8], &'a [u8]) {
    let at = input.windows(separator.len()).position(|window| window == separator);
    at.map_or((input, &[]), |at| (&input[..at], &input[at + separator.len()..]))
}

pub fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The texts in a file of JSON lists, one a line.
fn lines(file: &str) -> Vec<Vec<u8>> {
    let lists = file.lines().map(|line| serde_json::from_str::<Vec<serde_json::Value>>(line).unwrap());
    lists.flatten().filter_map(|value| value.as_str().map(|text| text.as_bytes().to_vec())).collect()
}

const JSON: &str = "Content-Type: application/json";

fn request_seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for body in body_seeds() {
        for head in
            ["POST /api/users\n", "POST /api/users/login/\n", "PUT /api/user\nAuthorization: Token {token}\n"]
        {
            seeds.push([format!("{head}{JSON}\n\n").as_bytes(), &body].concat());
        }
    }
    seeds.extend(texts(&[
        "POST /api/user/email-verification\nAuthorization: Token {token}",
        "GET /api/user/credentials\nAuthorization: Token {token}",
        "GET /api/user\nAuthorization: Token {token}\nOrigin: https://app.example.com",
        "HEAD /api/user/\nAuthorization: Bearer {token}",
        "POST /api/users/logout?scope=others\nAuthorization: Token {token}\nCF-Connecting-IP: 2001:db8::1",
        "POST /api/users/logout?x=y&scope=%61ll\nAuthorization: Token {token}",
        "DELETE /api/user\nAuthorization: Token {token}",
        "OPTIONS /api/user\nOrigin: http://localhost:5173\nAccess-Control-Request-Method: PUT",
        "PROPFIND /api/nothing?x\n\nbody",
    ]));
    seeds
}

fn body_seeds() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"user":{"username":"new","email":"new@x.io","password":"jakejake","bio":"b","image":null}}"#,
        r#"{"user":{"email":"fuzz@x.io","password":"jakejake"}}"#,
        r#"{"user":{"email":"FUZZ@x.io","password":"jakejakf"}}"#,
        r#"{"user":{"email":1e3,"username":-1.50,"password":[[]],"bio":{},"image":"\u0000\ud83d\ude00"}}"#,
        r#"{"user":{"secret":"id.12345678","password":"a new password"}}"#,
        r#"{"user":{"email":"fuzz@x.io"}}"#,
        r#"{"user":null}"#,
        "[]",
        r#"{"credential":{"type":"passkey","name":"x","response":{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AAAA","publicKey":"AAAA","publicKeyAlgorithm":-7,"transports":["usb"]}}}}"#,
        r#"{"credential":{"type":"recovery","code":"123456","name":"x"}}"#,
        r#"{"user":{"passkey":{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AAAA","signature":"AAAA","userHandle":null}}}}"#,
        r#"{"user":{"secret":"1~AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","code":"AAAAA-BBBBB-CCCCC-DDDDD-22222"}}"#,
    ])
}

fn token_seeds() -> Vec<Vec<u8>> {
    texts(&[
        "{\"alg\":\"HS256\",\"typ\":\"JWT\"}\n{\"id\":1,\"exp\":1900000000,\"iat\":1800000000,\"ver\":0,\"sid\":\"x\"}",
        "{\"alg\":\"HS256\",\"kid\":\"x\",\"crit\":[]}\n{\"id\":-1.5e3,\"exp\":19e8,\"nbf\":1.5}",
        "{\"alg\":\"none\"}\n{\"id\":99999999999999999999,\"exp\":1e300}",
        "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MSwiZXhwIjoxOTAwMDAwMDAwfQ.AAAA",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces that mean something to one of the readers.
    const DICTIONARY: [&str; 40] = [
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\\u0000",
        "\\ud800",
        "null",
        "true",
        "1e999",
        "-0",
        "0.1",
        "\"user\":",
        "\"email\":",
        "\"password\":",
        "\"username\":",
        "\"exp\":",
        "\"id\":",
        "\"crit\":",
        "\"alg\":\"none\"",
        "$",
        "=",
        "@",
        ".",
        "..",
        "xn--",
        "[::1]",
        "\n",
        "\r\n",
        "\0",
        "{token}",
        "Token ",
        "%",
        "é",
        "\u{130}",
        "😀",
        "\u{202e}",
    ];

    /// The seeds as they are, and then mutated.
    fn run(name: &str, inputs: usize) {
        let target = TARGETS.iter().find(|target| target.name == name).unwrap();
        let seeds = (target.seeds)();
        seeds.iter().for_each(|seed| (target.check)(seed));
        let mut random = fastrand::Rng::with_seed(inputs as u64);
        for _ in 0..inputs {
            let mut input = random.choice(&seeds).unwrap().clone();
            for _ in 0..random.usize(1..8) {
                mutate(&mut input, &seeds, &mut random);
            }
            (target.check)(&input);
        }
    }

    fn mutate(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut fastrand::Rng) {
        let at = random.usize(0..=input.len());
        let to = random.usize(at..=input.len()).min(at + 32);
        let piece: Vec<u8> = match random.u8(0..6) {
            0 => Vec::new(),
            1 => vec![random.u8(..)],
            2 => input[at..to].repeat(2),
            3 => DICTIONARY[random.usize(0..DICTIONARY.len())].repeat(1 << random.u8(0..9)).into(),
            4 => DICTIONARY[random.usize(0..DICTIONARY.len())].into(),
            _ => random.choice(seeds).unwrap().clone(),
        };
        let until = if random.bool() { at } else { to };
        input.splice(at..until, piece);
    }

    macro_rules! property {
        ($($name:ident $inputs:literal)+) => {
            $(#[test]
            fn $name() {
                run(stringify!($name), $inputs);
            })+
        };
    }
    property! { request 3_000 body 2_000 authorization 3_000 token 10_000 hash 10_000 email 20_000 }
}
