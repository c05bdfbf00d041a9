//! Responses of successes: schemas and examples.

use super::credentials::{self, ADDED_EXAMPLE, CHANGED_EXAMPLE, CREDENTIALS_EXAMPLE};
use super::json::Json;
use super::schema::closed_object;
use super::{ResponseSpec, component_ref, staff};
use crate::account::profile::PROFILE;
use crate::account::user::User;
use crate::api::endpoint::Success;
use crate::api::sessions::methods;
use crate::http::bookmark;

/// Describes the responses of a success.
pub(super) fn responses(success: Success) -> Vec<ResponseSpec> {
    match success {
        Success::User { status, description, has_profile, may_have_mail } => {
            let name = if may_have_mail { "UserAndMailResponse" } else { "UserResponse" };
            let schema = component_ref("schemas", name);
            let media = Json::object(vec![("schema", schema), ("example", user_example(has_profile))]);
            vec![ResponseSpec::new(&status.to_string(), description, &[bookmark::HEADER], Some(media))]
        }
        Success::Sessions { description } => {
            with_body(200, description, "SessionsResponse", SESSIONS_EXAMPLE)
        }
        Success::Methods { description } => {
            let schema = component_ref("schemas", "MethodsResponse");
            let media = Json::object(vec![
                ("schema", schema),
                ("example", Json::raw(&methods::body(false, false, "null"))),
            ]);
            vec![ResponseSpec::new("200", description, &[], Some(media))]
        }
        Success::Mail { description } => with_body(202, description, "MailResponse", MAIL_EXAMPLE),
        Success::Credentials { description } => {
            with_body(200, description, "CredentialsResponse", CREDENTIALS_EXAMPLE)
        }
        Success::AddedCredential { description } => {
            with_body(201, description, "AddedCredentialResponse", ADDED_EXAMPLE)
        }
        Success::ChangedCredential { description } => {
            with_body(200, description, "ChangedCredentialResponse", CHANGED_EXAMPLE)
        }
        Success::Users { description } => {
            with_body(200, description, "AdminUsersResponse", staff::USERS_EXAMPLE)
        }
        Success::StaffUser { status, description, has_methods: true } => {
            with_body(status, description, "AdminUserAndMethodsResponse", staff::USER_AND_METHODS_EXAMPLE)
        }
        Success::StaffUser { status, description, has_methods: false } => {
            let example = if status == 201 { staff::INVITED_EXAMPLE } else { staff::USER_EXAMPLE };
            with_body(status, description, "AdminUserResponse", example)
        }
        Success::UserSessions { description } => {
            with_body(200, description, "SessionsResponse", staff::SESSIONS_EXAMPLE)
        }
        Success::RequestedMail { description } => {
            with_body(202, description, "RequestedMailResponse", staff::MAIL_EXAMPLE)
        }
        Success::Events { description } => {
            with_body(200, description, "EventsResponse", staff::EVENTS_EXAMPLE)
        }
        Success::Empty { description } => {
            vec![ResponseSpec::new("204", description, &[bookmark::HEADER], None)]
        }
        Success::Document { description } => {
            let document = Json::raw(r#"{"schema":{"type":"object"}}"#);
            vec![
                ResponseSpec::new("200", description, &["ETag"], Some(document)),
                ResponseSpec::new("304", "The client has it already", &["ETag"], None),
            ]
        }
    }
}

fn with_body(status: u16, description: &str, schema: &str, example: &str) -> Vec<ResponseSpec> {
    let media = vec![("schema", component_ref("schemas", schema)), ("example", Json::raw(example))];
    let headers = [bookmark::HEADER];
    vec![ResponseSpec::new(&status.to_string(), description, &headers, Some(Json::object(media)))]
}

/// The schemas that [`responses`] refers to, by name.
pub(super) fn schemas() -> Vec<(&'static str, Json)> {
    let user = closed_object(vec![("user", component_ref("schemas", "User"))]);
    let mut schemas = vec![
        ("User", user_schema()),
        ("UserResponse", user),
        ("UserAndMailResponse", user_and_mail_schema()),
        ("Mail", mail_schema()),
        ("MailResponse", closed_object(vec![("mail", component_ref("schemas", "Mail"))])),
        ("Session", session_schema()),
        ("SessionsResponse", sessions_schema()),
        ("MethodsResponse", methods_schema()),
    ];
    schemas.extend(credentials::schemas());
    schemas.extend(staff::schemas());
    schemas
}

fn user_schema() -> Json {
    let string = Json::raw(r#"{"type":"string"}"#);
    let nullable = Json::raw(r#"{"type":["string","null"]}"#);
    let token = r#"{"type":"string","description":"A fresh token of the session","pattern":"^[\\w-]+\\.[\\w-]+\\.[\\w-]+$"}"#;
    let mut fields = vec![("email", string.clone()), ("username", string)];
    fields.extend(PROFILE.iter().map(|field| (field.name(), nullable.clone())));
    fields.push(("token", Json::raw(token)));
    closed_object(fields)
}

fn user_and_mail_schema() -> Json {
    Json::object(vec![
        ("type", Json::string("object")),
        ("required", Json::strings(&["user"])),
        (
            "properties",
            Json::object(vec![
                ("user", component_ref("schemas", "User")),
                ("mail", component_ref("schemas", "Mail")),
            ]),
        ),
        ("additionalProperties", Json::raw("false")),
    ])
}

fn mail_schema() -> Json {
    closed_object(vec![
        (
            "id",
            described(r#""string""#, "Stands before the code, with a dot between, where that is sent", ""),
        ),
        (
            "expires",
            described(
                r#""string""#,
                "End of the code; the link may be good for longer",
                r#","format":"date-time""#,
            ),
        ),
    ])
}

fn session_schema() -> Json {
    let text = |description: &str| described(r#""string""#, description, "");
    let nullable = |description: &str| described(r#"["string","null"]"#, description, "");
    let time = |description: &str| described(r#""string""#, description, r#","format":"date-time""#);
    closed_object(vec![
        ("id", text("Names the session. It opens nothing")),
        ("current", described(r#""boolean""#, "`true` for the session of the request", "")),
        ("agent", nullable("Browser family and system, where they are known")),
        ("place", nullable("City and country, as Cloudflare tells them")),
        (
            "methods",
            Json::raw(
                r#"{"type":"array","description":"Methods of its last proof (RFC 8176)","items":{"type":"string"}}"#,
            ),
        ),
        ("created", time("When it began")),
        ("seen", time("When it was last used, exact to a day")),
        ("expires", time("When it ends if it is not used")),
    ])
}

fn described(types: &str, description: &str, more: &str) -> Json {
    Json::raw(&format!(r#"{{"type":{types},"description":"{description}"{more}}}"#))
}

fn sessions_schema() -> Json {
    let list = vec![
        ("type", Json::string("array")),
        (
            "description",
            Json::string(
                "The current session, if it is one of them, then the others from the most recently seen on",
            ),
        ),
        ("items", component_ref("schemas", "Session")),
        ("maxItems", Json::number(100)),
    ];
    let more = described(r#""boolean""#, "`true` if there are more than these", "");
    closed_object(vec![("sessions", Json::object(list)), ("more", more)])
}

fn methods_schema() -> Json {
    let methods = vec![
        ("password", described(r#""boolean""#, "By email and password", "")),
        ("reset", described(r#""boolean""#, "A forgotten password can be replaced by mail", "")),
        ("sign_in", described(r#""boolean""#, "By a mailed link or code", "")),
        ("passkey", credentials::passkey_method_schema()),
    ];
    closed_object(vec![("methods", closed_object(methods))])
}

fn user_example(has_profile: bool) -> Json {
    let example = |at: usize| PROFILE.get(at).and_then(|field| field.example).filter(|_| has_profile);
    let user = User {
        id: 1,
        email: "jake@example.com".to_owned(),
        username: "jake".to_owned(),
        is_active: true,
        token_version: 0,
        profile: std::array::from_fn(|at| example(at).map(str::to_owned)),
    };
    Json::raw(&serde_json::to_string(&user.body(TOKEN)).unwrap_or_default()) // strings always serialize
}

const SESSIONS_EXAMPLE: &str = r#"{"sessions":[{"id":"doZ03eMn_rL4XgPJA7EnEA","current":true,"agent":"Firefox on Linux","place":"Berlin, DE","methods":["pwd"],"created":"2027-01-15T08:00:00Z","seen":"2027-01-15T08:00:00Z","expires":"2027-03-16T08:00:00Z"}],"more":false}"#;

const MAIL_EXAMPLE: &str = r#"{"mail":{"id":"q83vEjRWeJCrze8SNFZ4kA","expires":"2027-01-15T08:10:00Z"}}"#;

const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6IngxT2F0LXRkIiwidHlwIjoiSldUIn0.eyJpZCI6MSwiaWF0IjoxODAwMDAwMDAwLCJleHAiOjE4MDUxODQwMDAsInZlciI6MCwic2lkIjoiZG9aMDNlTW5fckw0WGdQSkE3RW5FQSIsImF1dGhfdGltZSI6MTgwMDAwMDAwMCwiYW1yIjpbInB3ZCJdfQ.qgQrvvzIJBkMCtAE-Z7TrWsVO-LJ-SqO2GBbwXbHmlA";
