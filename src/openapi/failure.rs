//! Failures of each endpoint: an example of every error, with the schema of all of its kind.

use super::json::Json;
use super::schema::{self, Violations};
use crate::account::validate::Rule;
use crate::api::endpoint::{Authentication, Endpoint, Input, Placeholder, RateLimit};
use crate::error::{Dialect, Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::Response;

/// Error response of an endpoint.
pub(super) struct FailureSpec {
    /// Name of the example.
    pub(super) name: String,
    /// Name of the schema.
    pub(super) schema_name: String,
    /// Schema of the body.
    pub(super) schema: Json,
    /// Meaning.
    pub(super) description: String,
    /// Response of the example.
    pub(super) response: Response,
}

/// Every error response of an endpoint; those that are equal are one.
pub(super) fn failures(dialect: Dialect, endpoint: &Endpoint) -> Vec<FailureSpec> {
    let mut all = Failures { dialect, list: Vec::new() };
    if endpoint.rate_limit != RateLimit::None {
        let varying = Placeholder { part: "60 seconds", pattern: "[0-9]+ seconds?" };
        let description = "Too many requests, failed logins, or registrations";
        all.add("Throttled", description, &Error::Throttled { seconds: 60 }, Some(varying));
    }
    if endpoint.authentication != Authentication::None {
        all.add_unauthenticated();
    }
    if matches!(endpoint.authentication, Authentication::Staff | Authentication::Superuser) {
        all.add_of_staff();
    }
    if let Some(input) = &endpoint.input {
        all.add_of_fields(input);
        all.add_of_body();
    }
    for failure in endpoint.failures {
        all.add(failure.name, failure.description, &(failure.error)(), failure.varying);
    }
    if endpoint.feature.is_some() {
        all.add("FeatureOff", "The deployment lacks the variable that this needs", &Error::NotFound, None);
    }
    let internal = Error::Internal(String::new());
    all.add("InternalError", "An internal error; the log has the cause", &internal, None);
    all.dialect = Dialect::Django; // since no dialect is configured
    all.add("Misconfigured", "An invalid variable; the log says which", &internal, None);
    all.list
}

struct Failures {
    dialect: Dialect,
    list: Vec<FailureSpec>,
}

impl Failures {
    fn add(&mut self, name: &str, description: &'static str, error: &Error, varying: Option<Placeholder>) {
        let response = self.dialect.render(error);
        let schema = if let Error::Invalid(fields) = error {
            let violations = fields.iter().map(|(field, violations)| (field, violations.to_vec()));
            schema::field_errors(self.dialect, &violations.collect(), varying)
        } else if let Error::FactorRequired(_) = error {
            let body = serde_json::from_str(response.body.as_deref().unwrap_or_default()).unwrap_or_default();
            schema::with_factor(&body)
        } else {
            let body = serde_json::from_str(response.body.as_deref().unwrap_or_default()).unwrap_or_default();
            schema::from_example(&body, varying)
        };
        self.push(name, name, schema, description, response);
    }

    fn push(
        &mut self,
        name: &str,
        schema_name: &str,
        schema: Json,
        description: &'static str,
        response: Response,
    ) {
        if let Some(same) = self.list.iter_mut().find(|other| other.response.body == response.body) {
            same.description.push_str("; ");
            same.description.push_str(description);
            return;
        }
        let (name, schema_name, description) =
            (name.to_owned(), schema_name.to_owned(), description.to_owned());
        self.list.push(FailureSpec { name, schema_name, schema, description, response });
    }

    fn add_unauthenticated(&mut self) {
        for (name, description, reason) in [
            ("MissingToken", "No token in the header `Authorization`", Unauthenticated::Missing),
            (
                "InvalidToken",
                "A token that is malformed, expired, or of an ended session",
                Unauthenticated::Invalid,
            ),
            ("UnknownUser", "A valid token of an unknown user", Unauthenticated::UnknownUser),
            ("DeactivatedUser", "A valid token of a deactivated user", Unauthenticated::Deactivated),
        ] {
            self.add(name, description, &reason.into(), None);
        }
    }

    fn add_of_staff(&mut self) {
        let description =
            "No member of staff, one whose session lacks a second factor, or one who may not do this";
        self.add("Forbidden", description, &Error::Forbidden, None);
        let description =
            "The session's last proof is older than 12 hours for reading, or than ten minutes for a change";
        self.add("StaleProof", description, &Error::ReauthenticationRequired, None);
    }

    fn add_of_body(&mut self) {
        let any = |part| Some(Placeholder { part, pattern: r"[\s\S]*" });
        let media_type = Error::UnsupportedMediaType("text/plain".to_owned());
        let malformed = "EOF while parsing an object at line 1 column 1";
        self.add("BodyTimedOut", "A body that takes longer than 10 seconds", &Error::BodyTimedOut, None);
        self.add("BodyTooLarge", "A body that is too large", &Error::BodyTooLarge, None);
        self.add("UnsupportedMediaType", "A body that is not sent as JSON", &media_type, any("text/plain"));
        self.add("MalformedJson", "No JSON", &Error::MalformedJson(malformed.to_owned()), any(malformed));
        self.add("NoData", "`user` is `null`", &Error::NoData, None);
        let types = Placeholder { part: "list", pattern: "(list|str|int|float|bool|null)" };
        let description = "No object where one belongs";
        self.add("NotAnObject", description, &Error::NotAnObject("list"), Some(types));
    }

    fn add_of_fields(&mut self, input: &Input) {
        let rules = (input.rules)();
        let may_be = |violation: &Violation| !input.is_patch || *violation != Violation::Required;
        let possible = |rule: &&Rule| (rule.field, rule.violations().into_iter().filter(may_be).collect());
        let mut possible: Violations = rules.iter().map(possible).collect();
        let first =
            possible.iter().map(|(field, violations)| (*field, violations.iter().take(1).cloned().collect()));
        let first: Violations = first.collect();
        for rule in input.alternatives.iter().flat_map(|input| (input.rules)()) {
            if possible.iter().all(|(field, _)| *field != rule.field) {
                possible.push((rule.field, rule.violations()));
            }
        }
        let first = self.dialect.render(&invalid(&first));
        let schema_name = format!("{}Errors", input.name);
        let schema = schema::field_errors(self.dialect, &possible, None);
        self.push(&schema_name, &schema_name, schema.clone(), "Invalid fields", first.clone());

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

fn invalid(violations: &[(Field, Vec<Violation>)]) -> Error {
    let mut errors = FieldErrors::default();
    for (field, violations) in violations {
        violations.iter().for_each(|violation| errors.add(*field, violation.clone()));
    }
    errors.into()
}
