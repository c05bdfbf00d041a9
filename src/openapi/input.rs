//! Schemas of the object `user` in requests, from the rules of its fields.

use super::json::Json;
use crate::account::profile::PROFILE;
use crate::account::validate::Rule;
use crate::api::endpoint::Input;
use crate::api::openapi::blocklist;
use crate::error::Field;

/// Schema of an input. Every violation of it is refused, but texts whose length is wrong only with the white space at
/// their ends, and passwords with a right one in NFC; what it allows may still be refused, since a schema can't say all.
pub(super) fn schema(input: &Input) -> Json {
    let rules = (input.rules)();
    let fields = rules.iter().map(|rule| (rule.field.name(), field_schema(rule))).collect();
    let mut entries = vec![("type", Json::string("object")), ("properties", Json::object(fields))];
    if !input.is_patch {
        let names: Vec<_> = rules.iter().map(|rule| rule.field.name()).collect();
        entries.push(("required", Json::strings(&names)));
    }
    Json::object(entries)
}

fn field_schema(rule: &Rule) -> Json {
    if rule.is_object() {
        let name = if rule.field == Field::Passkey { "Authentication" } else { "Registration" };
        let description = format!("A `{name}ResponseJSON` of WebAuthn Level 3");
        return Json::object(vec![
            ("type", Json::string("object")),
            ("description", Json::string(&description)),
        ]);
    }
    if rule.is_boolean() {
        return Json::raw(r#"{"type":"boolean"}"#);
    }
    if rule.field == Field::Type {
        return Json::raw(r#"{"enum":["totp","recovery","passkey"]}"#);
    }
    let profile = PROFILE.iter().find(|field| field.rule.field == rule.field);
    let (types, format, description) = match rule.field {
        Field::Email if rule.is_email() => {
            (r#""string""#, "idn-email", "An address as Django's EmailValidator has it. ")
        }
        Field::Password if rule.is_new_password() => (TEXT, "password", NEW_PASSWORD),
        Field::Password => (TEXT, "password", ""),
        Field::CurrentPassword => (TEXT, "password", CURRENT_PASSWORD),
        _ => (if profile.is_some() { NULLABLE } else { TEXT }, "", ""),
    };
    let mut description = [description, if rule.is_unique() { UNIQUE } else { "" }].concat();
    if let Some(field) = profile {
        description = [field.description, " An empty text is stored as `null`"].concat();
    }
    let mut entries = vec![("type", Json::raw(types)), ("maxLength", Json::number(rule.max))];
    if rule.min > 0 {
        entries.push(("minLength", Json::number(rule.min)));
    }
    if rule.is_new_password() {
        entries.push(("x-blocklist", Json::string(blocklist(false)))); // beside that: the Worker replaces both at once
    }
    if rule.is_stored {
        entries.push(("pattern", Json::string(r"^[^\u0000]*$")));
    }
    for (key, text) in [("format", format), ("description", &description)] {
        if !text.is_empty() {
            entries.push((key, Json::string(text)));
        }
    }
    Json::object(entries)
}

const TEXT: &str = r#"["string","number"]"#;

const NULLABLE: &str = r#"["string","number","null"]"#;

const NEW_PASSWORD: &str = "Where `x-blocklist` is `refuse`, it may not be common or known from a data breach, nor contain the username, the local part of the email or the name of the application";

const CURRENT_PASSWORD: &str = "Proves a new email, username or password, or a deactivation; beside anything else it is not compared. Without it the token that a new password is set with stays good for 10 seconds";

const UNIQUE: &str = "No two users have the same, in whatever case its ASCII letters are";
