//! `token` and `token inspect`

use base64ct::{Base64UrlUnpadded, Encoding as _};
use latchkey::auth::keys::Keys;
use latchkey::auth::secret::Secret;
use latchkey::auth::session::Session;
use latchkey::auth::token::{VerifiedToken, issue, verify};
use serde_json::Value;

use crate::command::{Operator, Outcome, SECRET};

const OTHER: &str = "the secret that was there before this one";

/// The time of these tests, for tokens that are good for long.
const NOW: i64 = 1_800_000_000;
const LONG: i64 = 1_000_000_000;

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned()).unwrap()
}

/// Makes a project with Jake, whose id is 7, who is staff, and whose token version is 3.
fn with_jake() -> Operator {
    let operator = Operator::new();
    operator
        .database()
        .execute_batch(
            "INSERT INTO users (id, username, email, password, is_staff, created_at, updated_at, token_version) \
             VALUES (7, 'jake', 'jake@jake.jake', 'pbkdf2_sha512$2$salt$hash', 1, 0, 0, 3)",
        )
        .unwrap();
    operator
}

/// Verifies a token as the Worker does.
fn read_now(token: &str) -> VerifiedToken {
    verify(&Keys::new(secret(SECRET), None), token, NOW.max(chrono::Utc::now().timestamp())).unwrap()
}

/// Signs a token of Jake's with this secret.
fn signed(by: &str, version: i64) -> String {
    let session = Session { sid: "sid".to_owned(), lifetime: 0, proof: None };
    issue(&Keys::new(secret(by), None), 7, version, &session, NOW, LONG).unwrap()
}

fn forged(header: &str, claims: &str) -> String {
    let data = [header, claims].map(|text| Base64UrlUnpadded::encode_string(text.as_bytes())).join(".");
    format!("{data}.{}", Base64UrlUnpadded::encode_string(&secret(SECRET).mac(data.as_bytes())))
}

fn inspect(operator: &Operator, token: &str) -> (i32, Value) {
    let outcome = operator.run_with(&["token", "inspect", "-", "--json"], token, &[]);
    assert_keeps_secrets(&outcome);
    (outcome.status, serde_json::from_str(&outcome.stdout).unwrap())
}

fn assert_keeps_secrets(outcome: &Outcome) {
    for text in [&outcome.stdout, &outcome.stderr] {
        assert!(!text.contains(SECRET) && !text.contains(OTHER) && !text.contains("pbkdf2"), "{text}");
    }
}

#[test]
fn a_user_is_shown_with_a_token_that_the_worker_accepts() {
    let operator = with_jake();
    let mut sids = Vec::new();
    for selector in ["jake", "JAKE@jake.jake", "7"] {
        let outcome = operator.run(&["token", selector]);
        assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
        let (shown, token) = outcome.stdout.trim_end().split_once("token     ").unwrap();
        assert_eq!(shown, "id        7\nemail     jake@jake.jake\nusername  jake\nflags     active, staff\n");
        let token = read_now(token);
        assert_eq!((token.user_id, token.token_version, token.session.lifetime), (7, 3, 60 * 86_400));
        let proof = token.session.proof.unwrap();
        assert!(proof.methods.is_empty() && Some(proof.at) == token.issued_at, "{proof:?}");
        sids.push(token.session.sid);
    }
    sids.dedup();
    assert_eq!(sids.len(), 3, "each is a session of its own");
}

#[test]
fn a_token_is_printed_for_scripts() {
    let operator = with_jake();
    let raw = operator.run(&["token", "jake", "--raw"]);
    assert_eq!(read_now(raw.stdout.strip_suffix('\n').unwrap()).user_id, 7);
    let json = operator.run(&["token", "jake", "--json"]);
    let json_value: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json_value["user"]["email"], "jake@jake.jake");
    assert_eq!(json_value["user"]["is_staff"], true);
    assert_eq!(read_now(json_value["token"].as_str().unwrap()).user_id, 7);
    for outcome in [raw, json] {
        assert_keeps_secrets(&outcome);
    }
}

#[test]
fn an_unknown_or_deactivated_user_gets_no_token() {
    let operator = with_jake();
    let unknown = operator.run(&["token", "eve"]);
    assert_eq!((unknown.status, &*unknown.stdout), (1, ""));
    assert_eq!(unknown.stderr, "latchkey: there is no user with the username eve\n");
    operator.database().execute("UPDATE users SET is_active = 0", []).unwrap();
    let outcome = operator.run(&["token", "jake", "--raw"]);
    assert_eq!((outcome.status, &*outcome.stdout), (1, ""));
    assert_eq!(
        outcome.stderr,
        "latchkey: jake is deactivated, so that no token of theirs is valid: run 'users activate 7' first\n"
    );
    assert_ne!(operator.run(&["token"]).status, 0);
}

#[test]
fn without_a_secret_there_is_no_token() {
    let operator = with_jake();
    operator.write(".dev.vars", "");
    let outcome = operator.run(&["token", "jake"]);
    assert_eq!((outcome.status, &*outcome.stdout), (1, ""));
    assert!(outcome.stderr.contains("JWT_SECRET is not set"), "{}", outcome.stderr);
    operator.write(".dev.vars", &format!("JWT_SECRET {SECRET}\n"));
    let outcome = operator.run(&["token", "jake"]);
    assert_eq!((outcome.status, &*outcome.stdout), (1, ""));
    assert_keeps_secrets(&outcome);
}

#[test]
fn a_user_named_like_the_subcommand_is_found_by_email() {
    let operator = with_jake();
    operator.database().execute("UPDATE users SET username = 'inspect', email = 'i@x.io'", []).unwrap();
    assert_eq!(operator.run(&["token", "i@x.io"]).status, 0);
    assert_eq!(operator.run(&["token", "inspect"]).status, 2);
}

#[test]
fn options_may_stand_before_the_subcommand_and_a_user_may_not() {
    let operator = with_jake();
    let token = signed(SECRET, 3);
    let outcome = operator.run(&["token", "--persist-to", ".wrangler/state", "--json", "inspect", &token]);
    assert_eq!((outcome.status, outcome.stdout.starts_with('{')), (0, true), "{}", outcome.stderr);
    for first in ["jake", "--raw"] {
        let outcome = operator.run(&["token", first, "inspect", &token]);
        assert_eq!((outcome.status, &*outcome.stdout), (2, ""), "{first}");
        assert_eq!(outcome.stderr, "latchkey: 'token inspect' takes a token, and neither a user nor --raw\n");
    }
}

#[test]
fn a_valid_token_is_printed() {
    let operator = with_jake();
    let token = signed(SECRET, 3);
    let kid: Value =
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(token.split('.').next().unwrap()).unwrap())
            .unwrap();
    let outcome = operator.run_with(&["token", "inspect", "-"], &token, &[]);
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
    let expected = format!(
        r#"header       alg  "HS256"
             kid  {}
             typ  "JWT"
claims       id   7
             iat  1800000000  2027-01-15 08:00:00 UTC
             exp  2800000000  2058-09-23 09:46:40 UTC
             ver  3
             sid  "sid"
signed with  JWT_SECRET
user         7 jake jake@jake.jake, active
valid now    yes
"#,
        kid["kid"]
    );
    assert_eq!(outcome.stdout, expected);
}

#[test]
fn a_token_on_a_command_line_is_warned_of() {
    let operator = with_jake();
    let outcome = operator.run(&["token", "inspect", &signed(SECRET, 3)]);
    assert_eq!(outcome.status, 0);
    assert_eq!(
        outcome.stderr,
        "latchkey: warning: everyone on this machine can read a command line, and shells keep it: \
         pass '-' and the token on standard input\n"
    );
}

#[test]
fn a_token_may_come_on_standard_input() {
    let operator = with_jake();
    let token = format!("\u{feff}  {}\n", signed(SECRET, 3));
    assert_eq!(operator.run_with(&["token", "inspect", "-"], &token, &[]).status, 0);
    // A new token is valid.
    let minted = operator.run(&["token", "jake", "--raw"]).stdout;
    assert_eq!(operator.run_with(&["token", "inspect", "-"], &minted, &[]).status, 0);
    // The deployed secret can't come there too.
    let outcome = operator.run_with(&["token", "inspect", "-", "--remote"], &token, &[]);
    assert_eq!(
        outcome.stderr,
        "latchkey: stdin has the token, so pass the deployed JWT_SECRET in the environment\n"
    );
}

#[test]
fn the_secret_that_signed_is_named() {
    let operator = with_jake();
    operator.write(".dev.vars", &format!("JWT_SECRET=\"{SECRET}\"\nJWT_SECRET_PREVIOUS=\"{OTHER}\"\n"));
    for (by, name) in [(SECRET, "JWT_SECRET"), (OTHER, "JWT_SECRET_PREVIOUS")] {
        let (status, json) = inspect(&operator, &signed(by, 3));
        assert_eq!((status, &json["signed_with"], &json["valid"]), (0, &name.into(), &true.into()));
    }
    // The kid of one secret, and the signature of the other.
    let token = signed(SECRET, 3);
    let (data, _) = token.rsplit_once('.').unwrap();
    let signature = Base64UrlUnpadded::encode_string(&secret(OTHER).mac(data.as_bytes()));
    let (status, json) = inspect(&operator, &format!("{data}.{signature}"));
    assert_eq!((status, &json["signed_with"]), (1, &"JWT_SECRET_PREVIOUS".into()));
    assert_eq!(json["reason"], "its kid names another secret than the one that signed it");
    let (status, json) = inspect(&operator, &signed("another secret, also 32 bytes or longer", 3));
    assert_eq!((status, &json["signed_with"], &json["valid"]), (1, &Value::Null, &false.into()));
    let reason = json["reason"].as_str().unwrap();
    assert!(reason.ends_with("which is no key of this deployment"), "{reason}");
    assert_eq!(json["claims"]["id"], 7, "the claims are printed all the same");
    assert_eq!(json["user"], Value::Null, "the user is not, since anyone may have written them");
}

#[test]
fn the_reason_why_a_token_is_invalid_is_printed() {
    let operator = with_jake();
    for (header, claims, reason) in [
        (
            "{",
            r#"{"id":7,"exp":2800000000}"#,
            "it has a header that is invalid: EOF while parsing an object at line 1 column 1",
        ),
        (
            r#"{"alg":"none"}"#,
            r#"{"id":7,"exp":2800000000}"#,
            r#"it has the alg "none"; only HS256 is accepted"#,
        ),
        (
            r#"{"alg":"HS256","typ":"x"}"#,
            r#"{"id":7,"exp":2800000000}"#,
            r#"it has the typ "x"; only JWT is accepted"#,
        ),
        (
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"id":7,"exp":2800000000}"#,
            "it has a crit in its header; no extension is supported",
        ),
        (
            r#"{"alg":"HS256"}"#,
            r#"{"id":7}"#,
            "it has claims that are invalid: missing field `exp` at line 1 column 8",
        ),
        (r#"{"alg":"HS256"}"#, r#"{"id":"7","exp":2800000000}"#, "it has an id that is no integer"),
        (r#"{"alg":"HS256"}"#, r#"{"id":7,"exp":1500000000}"#, "it expired at 2017-07-14 02:40:00 UTC"),
        (
            r#"{"alg":"HS256"}"#,
            r#"{"id":7,"exp":2800000000,"nbf":2700000000}"#,
            "it is not valid before 2055-07-24 00:00:00 UTC",
        ),
        (r#"{"alg":"HS256"}"#, r#"{"id":-1,"exp":2800000000}"#, "it has an id that no user can have"),
        (r#"{"alg":"HS256"}"#, r#"{"id":8,"exp":2800000000}"#, "there is no user with the id 8"),
    ] {
        let outcome = operator.run_with(&["token", "inspect", "-"], &forged(header, claims), &[]);
        assert_eq!(outcome.status, 1, "{reason}");
        assert_eq!(outcome.stderr, format!("latchkey: the token is not valid: {reason}\n"));
        assert!(outcome.stdout.ends_with(&format!("valid now    no\n             {reason}\n")), "{reason}");
    }
    let outcome = operator.run_with(&["token", "inspect", "-"], "x.y", &[]);
    assert_eq!(
        outcome.stderr,
        "latchkey: the token is not valid: it is not three parts in base64url, joined by dots\n"
    );
}

#[test]
fn the_database_is_asked_about_the_user_and_the_session() {
    let operator = with_jake();
    let reason = |token: &str| {
        let (status, json) = inspect(&operator, token);
        assert_eq!(json["user"]["username"], "jake");
        assert_eq!(json["valid"], status == 0);
        json["reason"].clone()
    };
    let (old, today) = (signed(SECRET, 2), signed(SECRET, 3));
    assert_eq!(reason(&today), Value::Null);
    assert_eq!(
        reason(&old),
        "its session has ended, or it is older than a new password: its ver is 2, and the user's is 3"
    );
    operator.database().execute("UPDATE users SET surviving_sid = 'sid'", []).unwrap();
    assert_eq!(reason(&old), Value::Null);
    operator.database().execute("INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, ended_at, purge_at) VALUES (7, 'sid', 0, '[]', 0, 5, 5, 2800000000, 5, 2800000000)", []).unwrap();
    for token in [old, today] {
        assert_eq!(reason(&token), "its session was ended at 1970-01-01 00:00:05 UTC");
    }
    operator.database().execute("UPDATE users SET is_active = 0", []).unwrap();
    assert_eq!(reason(&signed(SECRET, 3)), "its user is deactivated");
}

#[test]
fn the_session_of_a_token_is_shown_where_it_is_recorded() {
    let operator = with_jake();
    let token = signed(SECRET, 3);
    assert_eq!(inspect(&operator, &token).1["session"], Value::Null);
    let sql = "INSERT INTO sessions (user_id, sid, version, methods, auth_time, created_at, seen_at, expires_at, purge_at) \
               VALUES (?1, ?2, 3, '[\"pwd\"]', 5, 5, 1800000000, 2800000000, 2800000000)";
    for (user_id, sid) in [("6", "sid"), ("7", "other"), ("7", "sid")] {
        operator.database().execute(sql, [user_id, sid]).unwrap();
    }
    let shown = || operator.run_with(&["token", "inspect", "-"], &token, &[]).stdout;
    let unknown = "\nsession      device unknown, place unknown, last seen 2027-01-15\nvalid now    yes\n";
    assert!(shown().ends_with(unknown), "{}", shown());
    let sql = "UPDATE sessions SET agent = 'Fire' || char(27) || 'fox', place = 'Ber' || char(8238) || 'lin', ended_at = 9";
    operator.database().execute(&format!("{sql} WHERE user_id = 7 AND sid = 'sid'"), []).unwrap();
    let (status, json) = inspect(&operator, &token);
    assert_eq!(status, 1);
    let session = serde_json::json!({
        "agent": "Fire\u{1b}fox", "place": "Ber\u{202e}lin", "methods": ["pwd"], "created_at": 5, "seen_at": 1800000000,
        "ended_at": 9,
    });
    assert_eq!(json["session"], session);
    let ended = "\nsession      device Fire\\u{1b}fox, place Ber\\u{202e}lin, last seen 2027-01-15\nvalid now    no\n             \
                 its session was ended at 1970-01-01 00:00:09 UTC\n";
    assert!(shown().ends_with(ended), "{}", shown());
}

#[test]
fn a_session_that_is_too_old_is_not_valid() {
    let operator = with_jake();
    let secret = format!("JWT_SECRET=\"{SECRET}\"\n");
    operator.write(".dev.vars", &format!("{secret}SESSION_MAX_DAYS=30\n"));
    let aged = r#"{"id":7,"exp":2800000000,"ver":3,"sid":"sid","auth_time":1500000000,"amr":["pwd"]}"#;
    for (token, reason) in [
        (signed(SECRET, 3), "it lacks auth_time or amr, which SESSION_MAX_DAYS asks for"),
        (
            forged(r#"{"alg":"HS256"}"#, aged),
            "it has the auth_time 1500000000 (Unix seconds), which is older than SESSION_MAX_DAYS",
        ),
    ] {
        let (status, json) = inspect(&operator, &token);
        assert_eq!((status, &json["reason"]), (1, &Value::from(reason)));
    }
    let own = operator.run(&["token", "jake", "--raw"]).stdout;
    assert_eq!(inspect(&operator, own.trim_end()).0, 0, "the operator's own is good there");
    operator.write(".dev.vars", &secret);
    assert_eq!(inspect(&operator, &signed(SECRET, 3)).0, 0);
}

#[test]
fn terminal_controls_are_not_printed() {
    let operator = with_jake();
    let claims = "{\"id\":7,\"ver\":3,\"exp\":2800000000,\"\\u001b[2J\":\"\u{9b}31m\"}";
    let outcome = operator.run_with(&["token", "inspect", "-"], &forged(r#"{"alg":"HS256"}"#, claims), &[]);
    assert_eq!(outcome.status, 0);
    assert!(outcome.stdout.contains("[2J"));
    operator.database().execute("UPDATE users SET username = 'j' || char(27) || '[2Jake'", []).unwrap();
    let user = operator.run(&["token", "7"]);
    let header = "{\"alg\":\"\\u001b[2J\u{202e}\u{3164}\"}";
    let invalid = operator.run_with(&["token", "inspect", "-"], &forged(header, claims), &[]);
    assert!(invalid.stderr.contains("only HS256 is accepted"), "{}", invalid.stderr);
    assert!(user.stdout.contains("[2Jake"));
    for text in [outcome.stdout, user.stdout, invalid.stdout, invalid.stderr] {
        let is_obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}' || c == '\u{3164}';
        assert!(!text.contains(is_obeyed), "{text:?}");
    }
}
