//! Schemas and examples of what staff do.

use super::component_ref;
use super::json::Json;
use super::schema::closed_object;
use crate::account::profile::PROFILE;
use crate::store::events::EventType;

/// Schemas, by name.
pub(super) fn schemas() -> Vec<(&'static str, Json)> {
    let next = || described(r#"["string","null"]"#, "`after` of the next page; `null` at the end", "");
    let list = |schema| array(component_ref("schemas", schema));
    let user = |schema| closed_object(vec![("user", component_ref("schemas", schema))]);
    let mut user_and_methods = user_fields();
    user_and_methods.push(("methods", methods_schema()));
    let expires = described(r#""string""#, "End of the link", r#","format":"date-time""#);
    vec![
        ("AdminUser", closed_object(user_fields())),
        ("AdminUserAndMethods", closed_object(user_and_methods)),
        ("AdminUserResponse", user("AdminUser")),
        ("AdminUserAndMethodsResponse", user("AdminUserAndMethods")),
        ("AdminUsersResponse", closed_object(vec![("users", list("AdminUser")), ("next", next())])),
        ("RequestedMailResponse", closed_object(vec![("mail", closed_object(vec![("expires", expires)]))])),
        ("Event", event_schema()),
        ("EventsResponse", closed_object(vec![("events", list("Event")), ("next", next())])),
    ]
}

fn described(types: &str, description: &str, more: &str) -> Json {
    Json::raw(&format!(r#"{{"type":{types},"description":"{description}"{more}}}"#))
}

fn array(items: Json) -> Json {
    Json::object(vec![("type", Json::string("array")), ("items", items)])
}

fn user_fields() -> Vec<(&'static str, Json)> {
    let string = || Json::raw(r#"{"type":"string"}"#);
    let boolean = |description| described(r#""boolean""#, description, "");
    let time = |description| described(r#""string""#, description, r#","format":"date-time""#);
    let mut fields = vec![
        ("id", described(r#""integer""#, "Names the user, and is given to nobody else", r#","minimum":1"#)),
        ("email", string()),
        ("username", string()),
    ];
    fields.extend(PROFILE.iter().map(|field| (field.name(), Json::raw(r#"{"type":["string","null"]}"#))));
    fields.extend([
        ("active", boolean("`false` for a deactivated user")),
        ("staff", boolean("`true` for a member of staff")),
        ("superuser", boolean("`true` for a superuser")),
        ("verified", boolean("`true` if the email is verified")),
        ("created", time("When the user was made")),
        ("updated", time("When the user was last changed")),
    ]);
    fields
}

fn methods_schema() -> Json {
    closed_object(vec![
        ("password", described(r#""boolean""#, "`true` if there is a usable password", "")),
        ("credentials", array(component_ref("schemas", "Credential"))),
    ])
}

fn event_schema() -> Json {
    let types: Vec<_> = EventType::ALL.iter().map(|of_type| of_type.name()).collect();
    let nullable = |description| described(r#"["string","null"]"#, description, "");
    closed_object(vec![
        ("id", described(r#""integer""#, "Grows with time", r#","minimum":1"#)),
        ("at", described(r#""string""#, "When it happened", r#","format":"date-time""#)),
        ("type", Json::object(vec![("enum", Json::strings(&types))])),
        ("user", described(r#""integer""#, "Id of the user that it happened to", r#","minimum":1"#)),
        (
            "actor",
            Json::raw(
                r#"{"anyOf":[{"type":"integer","minimum":1},{"const":"operator"},{"type":"null"}],"description":"Id of the user who did it, or the operator; `null` for nobody in particular"}"#,
            ),
        ),
        ("place", nullable("City and country of the actor, as Cloudflare tells them")),
        ("agent", nullable("Browser family and system of the actor, where they are known")),
        (
            "detail",
            nullable("What the type leaves open: the type of a credential, a flag, or which sessions"),
        ),
    ])
}

/// Example of a list of users.
pub(super) const USERS_EXAMPLE: &str = r#"{"users":[{"id":1,"email":"jake@example.com","username":"jake","bio":null,"image":null,"active":true,"staff":true,"superuser":true,"verified":true,"created":"2027-01-15T08:00:00Z","updated":"2027-01-15T08:00:00Z"}],"next":null}"#;

/// Example of a user who was changed.
pub(super) const USER_EXAMPLE: &str = r#"{"user":{"id":2,"email":"anna@example.com","username":"anna","bio":null,"image":null,"active":false,"staff":false,"superuser":false,"verified":true,"created":"2027-01-15T08:00:00Z","updated":"2027-01-15T08:00:00Z"}}"#;

/// Example of a user who was invited.
pub(super) const INVITED_EXAMPLE: &str = r#"{"user":{"id":2,"email":"anna@example.com","username":"anna","bio":null,"image":null,"active":true,"staff":false,"superuser":false,"verified":false,"created":"2027-01-15T08:00:00Z","updated":"2027-01-15T08:00:00Z"}}"#;

/// Example of a user with their ways in.
pub(super) const USER_AND_METHODS_EXAMPLE: &str = r#"{"user":{"id":2,"email":"anna@example.com","username":"anna","bio":null,"image":null,"active":true,"staff":false,"superuser":false,"verified":true,"created":"2027-01-15T08:00:00Z","updated":"2027-01-15T08:00:00Z","methods":{"password":true,"credentials":[]}}}"#;

/// Example of a list of another user's sessions.
pub(super) const SESSIONS_EXAMPLE: &str = r#"{"sessions":[{"id":"doZ03eMn_rL4XgPJA7EnEA","current":false,"agent":"Firefox on Linux","place":"Berlin, DE","methods":["pwd"],"created":"2027-01-15T08:00:00Z","seen":"2027-01-15T08:00:00Z","expires":"2027-03-16T08:00:00Z"}],"more":false}"#;

/// Example of a mail that is under way.
pub(super) const MAIL_EXAMPLE: &str = r#"{"mail":{"expires":"2027-01-15T08:30:00Z"}}"#;

/// Example of a list of events.
pub(super) const EVENTS_EXAMPLE: &str = r#"{"events":[{"id":1,"at":"2027-01-15T08:00:00Z","type":"user.registered","user":1,"actor":1,"place":"Berlin, DE","agent":"Firefox on Linux","detail":null}],"next":null}"#;
