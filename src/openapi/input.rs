//! What is sent to an endpoint for `user`, with the rules of each field as a schema.

use super::json::Json;
use crate::account::validate::{self, Rule};
use crate::api::route::Route;
use crate::error::Field;

/// What an endpoint takes for `user`.
pub struct Input {
    /// The name of its schema.
    pub name: &'static str,
    /// The rules of its fields.
    pub rules: &'static [&'static Rule],
    /// Whether all of the fields may be absent.
    pub is_patch: bool,
}

impl Input {
    /// That of an endpoint, if it takes any.
    pub fn of(route: Route) -> Option<Self> {
        let (name, rules, is_patch): (_, &'static [_], _) = match route {
            Route::Register => ("NewUser", &validate::NEW_USER, false),
            Route::Login => ("Credentials", &validate::CREDENTIALS, false),
            Route::UpdateUser => ("UserPatch", &validate::PATCH, true),
            Route::DeactivateUser => ("Deactivation", &validate::DEACTIVATION, true),
            Route::Logout | Route::CurrentUser | Route::Reference | Route::Options(_) => return None,
        };
        Some(Self { name, rules, is_patch })
    }

    /// Its schema. What is not so is refused, but for texts that are too long only with the white space at their ends;
    /// what is so may still be refused, since a schema can't say all.
    pub fn schema(&self) -> Json {
        let fields = self.rules.iter().map(|rule| (rule.field.name(), field_schema(rule))).collect();
        let mut entries = vec![("type", Json::text("object")), ("properties", Json::object(fields))];
        if !self.is_patch {
            let names: Vec<_> = self.rules.iter().map(|rule| rule.field.name()).collect();
            entries.push(("required", Json::texts(&names)));
        }
        Json::object(entries)
    }
}

fn field_schema(rule: &Rule) -> Json {
    let (types, format, about) = match rule.field {
        Field::Email if rule.is_address() => {
            (r#""string""#, "idn-email", "An address as Django's EmailValidator has it. ")
        }
        Field::Password => (r#"["string","number"]"#, "password", ""),
        Field::CurrentPassword => (r#"["string","number"]"#, "password", CURRENT_PASSWORD),
        Field::Bio => (NULLABLE, "", "What the user says of themself. An empty text is stored as `null`"),
        Field::Image => (NULLABLE, "", "The address of a picture. An empty text is stored as `null`"),
        Field::Email | Field::Username | Field::Scope | Field::User => (r#"["string","number"]"#, "", ""),
    };
    let about = [about, if rule.is_unique() { UNIQUE } else { "" }].concat();
    let mut entries = vec![("type", Json::raw(types)), ("maxLength", Json::number(rule.max))];
    if rule.min > 0 {
        entries.push(("minLength", Json::number(rule.min)));
    }
    if rule.is_kept {
        entries.push(("pattern", Json::text(r"^[^\u0000]*$")));
    }
    for (key, text) in [("format", format), ("description", &about)] {
        if !text.is_empty() {
            entries.push((key, Json::text(text)));
        }
    }
    Json::object(entries)
}

const NULLABLE: &str = r#"["string","number","null"]"#;

const CURRENT_PASSWORD: &str = "Proves a new email, username or password, or a deactivation; beside anything else it is not compared. Without it the token that a new password is set with stays good for 10 seconds";

const UNIQUE: &str = "No two users have the same, in whatever case its ASCII letters are";
