//! What can go wrong at each endpoint: an example of every error, with the schema of all of its kind.

use super::input::Input;
use super::json::Json;
use super::schema::{self, Varying, Violations};
use crate::api::route::Route;
use crate::error::Dialect;
use crate::error::{Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::Response;

/// An error that an endpoint can answer with.
pub struct Failure {
    /// The name of the example.
    pub name: String,
    /// The name of the schema.
    pub schema_name: String,
    /// The schema.
    pub schema: Json,
    /// When it comes to this.
    pub about: String,
    /// The answer.
    pub response: Response,
}

/// Whether an endpoint asks for a token.
pub fn needs_token(route: Route) -> bool {
    match route {
        Route::Logout | Route::CurrentUser | Route::UpdateUser | Route::DeactivateUser => true,
        Route::Register | Route::Login | Route::Reference | Route::Options(_) => false,
    }
}

/// Every error that an endpoint can answer with; those whose answers are equal are one.
pub fn failures(dialect: Dialect, route: Route) -> Vec<Failure> {
    let mut all = Failures { dialect, list: Vec::new() };
    if matches!(route, Route::Register | Route::Login | Route::UpdateUser | Route::DeactivateUser) {
        let varying = Varying { part: "60 seconds", pattern: "[0-9]+ seconds?" };
        all.add(
            "Throttled",
            "Too many requests, failed logins, or registrations",
            &Error::Throttled { seconds: 60 },
            Some(varying),
        );
    }
    if needs_token(route) {
        all.add_unauthenticated();
    }
    if let Some(input) = Input::of(route) {
        all.add_of_fields(&input);
        all.add_of_body();
    }
    if matches!(route, Route::UpdateUser | Route::DeactivateUser) {
        let missing = vec![(Field::User, vec![Violation::Required])];
        let schema = schema::field_errors(dialect, &missing, None);
        let response = dialect.render(&invalid(&missing));
        all.push("MissingUser", "MissingUser", schema, "An object without `user`", response);
    }
    if route == Route::Login {
        all.add("WrongCredentials", "An unknown email, or a wrong password", &Error::WrongCredentials, None);
        all.add("Deactivated", "The right password of a deactivated user", &Error::Deactivated, None);
    }
    if route == Route::Logout {
        let unknown = vec![(Field::Scope, vec![Violation::NotAChoice("everywhere".to_owned())])];
        let varying = Varying { part: "everywhere", pattern: r"[\s\S]*" };
        let schema = schema::field_errors(dialect, &unknown, Some(varying));
        all.push(
            "ScopeErrors",
            "ScopeErrors",
            schema,
            "An unknown scope",
            dialect.render(&invalid(&unknown)),
        );
    }
    let fault = Error::Fault(String::new());
    all.add("Fault", "A fault of the API; its log has the cause", &fault, None);
    all.dialect = Dialect::Django; // since no dialect is configured
    all.add("Misconfigured", "A wrong variable; the log says which", &fault, None);
    all.list
}

struct Failures {
    dialect: Dialect,
    list: Vec<Failure>,
}

impl Failures {
    fn add(&mut self, name: &str, about: &'static str, error: &Error, varying: Option<Varying>) {
        let response = self.dialect.render(error);
        let body = serde_json::from_str(response.body.as_deref().unwrap_or_default()).unwrap_or_default();
        let schema = schema::like(&body, varying);
        self.push(name, name, schema, about, response);
    }

    fn push(&mut self, name: &str, schema_name: &str, schema: Json, about: &'static str, response: Response) {
        if let Some(same) = self.list.iter_mut().find(|other| other.response.body == response.body) {
            same.about.push_str("; ");
            same.about.push_str(about);
            return;
        }
        let (name, schema_name) = (name.to_owned(), schema_name.to_owned());
        self.list.push(Failure { name, schema_name, schema, about: about.to_owned(), response });
    }

    fn add_unauthenticated(&mut self) {
        for (name, about, reason) in [
            ("MissingToken", "No token in the header `Authorization`", Unauthenticated::Missing),
            (
                "InvalidToken",
                "A token that is malformed, expired, or of an ended session",
                Unauthenticated::Invalid,
            ),
            ("TokenOfNobody", "A token of nobody", Unauthenticated::NoUser),
            ("TokenOfDeactivated", "A token of a deactivated user", Unauthenticated::Deactivated),
        ] {
            self.add(name, about, &reason.into(), None);
        }
    }

    fn add_of_body(&mut self) {
        let any = |part| Some(Varying { part, pattern: r"[\s\S]*" });
        let media_type = Error::UnsupportedMediaType("text/plain".to_owned());
        let malformed = "EOF while parsing an object at line 1 column 1";
        self.add("BodyTimedOut", "A body that takes longer than 10 seconds", &Error::BodyTimedOut, None);
        self.add("BodyTooLarge", "A body that is too large", &Error::BodyTooLarge, None);
        self.add("UnsupportedMediaType", "A body that is not sent as JSON", &media_type, any("text/plain"));
        self.add("MalformedJson", "No JSON", &Error::MalformedJson(malformed.to_owned()), any(malformed));
        self.add("NoData", "`user` is `null`", &Error::NoData, None);
        let types = Varying { part: "list", pattern: "(list|str|int|float|bool|null)" };
        self.add("NotAnObject", "No object where one belongs", &Error::NotAnObject("list"), Some(types));
    }

    fn add_of_fields(&mut self, input: &Input) {
        let Input { rules, is_patch, .. } = *input;
        let may_be = |violation: &Violation| !is_patch || *violation != Violation::Required;
        let possible =
            rules.iter().map(|rule| (rule.field, rule.violations().into_iter().filter(may_be).collect()));
        let possible: Violations = possible.collect();
        let first =
            possible.iter().map(|(field, violations)| (*field, violations.iter().take(1).cloned().collect()));
        let first = self.dialect.render(&invalid(&first.collect::<Violations>()));
        let schema_name = format!("{}Errors", input.name);
        let schema = schema::field_errors(self.dialect, &possible, None);
        self.push(&schema_name, &schema_name, schema.clone(), "Fields that break their rules", first.clone());

        let unique = rules.iter().filter(|rule| rule.is_unique());
        let taken: Violations = unique.map(|rule| (rule.field, vec![Violation::Taken])).collect();
        if taken.is_empty() {
            return;
        }
        let conflict = self.dialect.render(&invalid(&taken));
        let name = format!("{}Taken", input.name);
        let (schema_name, schema) = if conflict.status == first.status {
            (schema_name, schema)
        } else {
            (name.clone(), schema::field_errors(self.dialect, &taken, None))
        };
        self.push(&name, &schema_name, schema, "Fields whose values other users have", conflict);
    }
}

fn invalid(violations: &Violations) -> Error {
    let mut errors = FieldErrors::default();
    for (field, violations) in violations {
        violations.iter().for_each(|violation| errors.add(*field, violation.clone()));
    }
    errors.into()
}
