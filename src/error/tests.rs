//! Every error in both dialects.

use std::collections::BTreeSet;

use super::*;

/// A status and a body.
type Expected = (u16, &'static str);

/// Every error, with its response in `django` and in `realworld`.
fn table() -> Vec<(Error, Expected, Expected)> {
    let invalid = |violations: &[(Field, Violation)]| {
        let mut errors = FieldErrors::default();
        violations.iter().for_each(|(field, violation)| errors.add(*field, violation.clone()));
        Error::Invalid(errors)
    };
    vec![
        (
            invalid(&[
                (Field::Password, Violation::TooShort(8)),
                (Field::Email, Violation::TooLong(254)),
                (Field::Email, Violation::InvalidEmail { is_string: true }),
                (Field::Username, Violation::Taken),
                (Field::Bio, Violation::NullCharacter),
                (Field::Image, Violation::NotAString),
            ]),
            (
                400,
                r#"{"errors":{"email":["Ensure this field has no more than 254 characters.","Enter a valid email address."],"username":["user with this username already exists."],"password":["Ensure this field has at least 8 characters."],"bio":["Null characters are not allowed."],"image":["Not a valid string."]}}"#,
            ),
            (
                422,
                r#"{"errors":{"email":["is too long (maximum is 254 characters)","is invalid"],"username":["has already been taken"],"password":["is too short (minimum is 8 characters)"],"bio":["contains a null character"],"image":["is not a string"]}}"#,
            ),
        ),
        (
            invalid(&[
                (Field::Email, Violation::Required),
                (Field::Username, Violation::Null),
                (Field::Password, Violation::Blank),
            ]),
            (
                400,
                r#"{"errors":{"email":["This field is required."],"username":["This field may not be null."],"password":["This field may not be blank."]}}"#,
            ),
            (
                422,
                r#"{"errors":{"email":["can't be blank"],"username":["can't be blank"],"password":["can't be blank"]}}"#,
            ),
        ),
        (
            invalid(&[(Field::Email, Violation::InvalidEmail { is_string: false })]),
            (400, r#"{"errors":{"email":["Enter a valid email address."]}}"#),
            (422, r#"{"errors":{"email":["is not a string"]}}"#),
        ),
        (
            invalid(&[(Field::Username, Violation::Taken), (Field::Email, Violation::Taken)]),
            (
                400,
                r#"{"errors":{"email":["user with this email already exists."],"username":["user with this username already exists."]}}"#,
            ),
            (409, r#"{"errors":{"email":["has already been taken"],"username":["has already been taken"]}}"#),
        ),
        (
            invalid(&[(Field::Secret, Violation::InvalidSecret)]),
            (400, r#"{"errors":{"secret":["Invalid or expired."]}}"#),
            (422, r#"{"errors":{"secret":["is invalid"]}}"#),
        ),
        (
            invalid(&[(Field::Email, Violation::AlreadyVerified)]),
            (400, r#"{"errors":{"email":["This email is already verified."]}}"#),
            (422, r#"{"errors":{"email":["is already verified"]}}"#),
        ),
        (
            invalid(&[
                (Field::Code, Violation::InvalidCode),
                (Field::Passkey, Violation::InvalidPasskey),
                (Field::Passkey, Violation::UnknownPasskey),
                (Field::Credential, Violation::LastWayIn),
                (Field::Credential, Violation::TooMany),
            ]),
            (
                400,
                r#"{"errors":{"code":["Invalid code."],"passkey":["Invalid passkey.","Unknown passkey."],"credential":["The last way in can't be removed.","There are too many."]}}"#,
            ),
            (
                422,
                r#"{"errors":{"code":["is invalid"],"passkey":["is invalid","is unknown"],"credential":["is the last way in","are too many"]}}"#,
            ),
        ),
        (
            Error::FactorRequired(Box::new(FactorRequired {
                secret: "7~x.y".to_owned(),
                types: r#"["totp","recovery"]"#.to_owned(),
                expires: "2027-01-15T08:10:00Z".to_owned(),
            })),
            (
                401,
                r#"{"errors":{"factor":["A second factor is required."]},"factor":{"secret":"7~x.y","types":["totp","recovery"],"expires":"2027-01-15T08:10:00Z"}}"#,
            ),
            (
                401,
                r#"{"errors":{"factor":["is required"]},"factor":{"secret":"7~x.y","types":["totp","recovery"],"expires":"2027-01-15T08:10:00Z"}}"#,
            ),
        ),
        (
            Error::Unverified,
            (403, r#"{"user":{"detail":"Verify your email first."}}"#),
            (403, r#"{"errors":{"email":["must be verified"]}}"#),
        ),
        (
            Error::WrongCredentials,
            (400, r#"{"errors":{"error":["A user with this email and password was not found."]}}"#),
            (401, r#"{"errors":{"credentials":["invalid"]}}"#),
        ),
        (
            Error::Deactivated,
            (400, r#"{"errors":{"error":["This user has been deactivated."]}}"#),
            (403, r#"{"errors":{"account":["is deactivated"]}}"#),
        ),
        (
            Unauthenticated::Missing.into(),
            (401, r#"{"user":{"detail":"Authentication credentials were not provided."}}"#),
            (401, r#"{"errors":{"token":["is missing"]}}"#),
        ),
        (
            Unauthenticated::Invalid.into(),
            (401, r#"{"user":{"detail":"Invalid authentication. Could not decode token."}}"#),
            (401, r#"{"errors":{"token":["is invalid"]}}"#),
        ),
        (
            Unauthenticated::UnknownUser.into(),
            (401, r#"{"user":{"detail":"No user matching this token was found."}}"#),
            (401, r#"{"errors":{"token":["is invalid"]}}"#),
        ),
        (
            Unauthenticated::Deactivated.into(),
            (401, r#"{"user":{"detail":"This user has been deactivated."}}"#),
            (403, r#"{"errors":{"account":["is deactivated"]}}"#),
        ),
        (
            Error::MalformedJson("what".to_owned()),
            (400, r#"{"user":{"detail":"JSON parse error - what"}}"#),
            (422, r#"{"errors":{"body":["is not valid JSON"]}}"#),
        ),
        (
            Error::NoData,
            (400, r#"{"errors":{"error":["No data provided"]}}"#),
            (422, r#"{"errors":{"body":["must be an object"]}}"#),
        ),
        (
            Error::NotAnObject("list"),
            (400, r#"{"errors":{"error":["Invalid data. Expected a dictionary, but got list."]}}"#),
            (422, r#"{"errors":{"body":["must be an object"]}}"#),
        ),
        (
            Error::ReauthenticationRequired,
            (403, r#"{"user":{"detail":"Reauthentication is required."}}"#),
            (403, r#"{"errors":{"session":["must be reauthenticated"]}}"#),
        ),
        (
            Error::Forbidden,
            (403, r#"{"user":{"detail":"You do not have permission to perform this action."}}"#),
            (403, r#"{"errors":{"account":["is not permitted"]}}"#),
        ),
        (
            invalid(&[
                (Field::Active, Violation::NotABoolean),
                (Field::Active, Violation::Deactivated),
                (Field::Staff, Violation::NotABoolean),
                (Field::Superuser, Violation::NotABoolean),
                (Field::Superuser, Violation::LastSuperuser),
                (Field::State, Violation::NotAChoice("x".to_owned())),
                (Field::Limit, Violation::NotAChoice("0".to_owned())),
                (Field::After, Violation::NotAChoice("x".to_owned())),
            ]),
            (
                400,
                r#"{"errors":{"active":["Must be a valid boolean.","This user has been deactivated."],"staff":["Must be a valid boolean."],"superuser":["Must be a valid boolean.","The last superuser can't be removed."],"state":["\"x\" is not a valid choice."],"limit":["\"0\" is not a valid choice."],"after":["\"x\" is not a valid choice."]}}"#,
            ),
            (
                422,
                r#"{"errors":{"active":["is not a boolean","is deactivated"],"staff":["is not a boolean"],"superuser":["is not a boolean","is the last superuser"],"state":["is invalid"],"limit":["is invalid"],"after":["is invalid"]}}"#,
            ),
        ),
        (
            Error::UnsupportedMediaType("text/\"plain\"".to_owned()),
            (415, r#"{"user":{"detail":"Unsupported media type \"text/\"plain\"\" in request."}}"#),
            (415, r#"{"errors":{"body":["must be application/json"]}}"#),
        ),
        (
            Error::BodyTooLarge,
            (413, r#"{"user":{"detail":"Request body exceeded 65536 bytes."}}"#),
            (413, r#"{"errors":{"body":["is too large"]}}"#),
        ),
        (
            Error::BodyTimedOut,
            (408, r#"{"user":{"detail":"Request body timed out."}}"#),
            (408, r#"{"errors":{"body":["timed out"]}}"#),
        ),
        (
            invalid(&[
                (Field::Username, Violation::InvalidUsername),
                (Field::CurrentPassword, Violation::Wrong),
                (Field::User, Violation::Required),
                (Field::Password, Violation::TooSimilar(SimilarTo::Username)),
                (Field::Password, Violation::TooSimilar(SimilarTo::Name)),
                (Field::Password, Violation::TooCommon),
                (Field::Password, Violation::Breached),
            ]),
            (
                400,
                r#"{"errors":{"username":["Enter a valid username."],"password":["The password is too similar to the username.","The password is too similar to the name.","This password is too common.","This password has appeared in a data breach."],"current_password":["Invalid password."],"user":["This field is required."]}}"#,
            ),
            (
                422,
                r#"{"errors":{"username":["is invalid"],"password":["is too similar to the username","is too similar to the name","is too common","has appeared in a data breach"],"current_password":["is invalid"],"user":["can't be blank"]}}"#,
            ),
        ),
        (
            Error::MethodNotAllowed { method: "GET".to_owned(), allow: "POST, OPTIONS".to_owned() },
            (405, r#"{"user":{"detail":"Method \"GET\" not allowed."}}"#),
            (405, r#"{"errors":{"method":["is not allowed"]}}"#),
        ),
        (
            Error::NotFound,
            (404, r#"{"errors":{"error":["Not found."]}}"#),
            (404, r#"{"errors":{"path":["not found"]}}"#),
        ),
        (
            invalid(&[(Field::Scope, Violation::NotAChoice("\"x\"".to_owned()))]),
            (400, r#"{"errors":{"scope":["\"\"x\"\" is not a valid choice."]}}"#),
            (422, r#"{"errors":{"scope":["is invalid"]}}"#),
        ),
        (
            Error::Throttled { seconds: 42 },
            (429, r#"{"user":{"detail":"Request was throttled. Expected available in 42 seconds."}}"#),
            (429, r#"{"errors":{"requests":["are throttled; retry in 42 seconds"]}}"#),
        ),
        (
            Error::Throttled { seconds: 1 },
            (429, r#"{"user":{"detail":"Request was throttled. Expected available in 1 second."}}"#),
            (429, r#"{"errors":{"requests":["are throttled; retry in 1 second"]}}"#),
        ),
        (
            Error::Internal("the cause".to_owned()),
            (500, r#"{"errors":{"error":["A server error occurred."]}}"#),
            (500, r#"{"errors":{"server":["internal error"]}}"#),
        ),
    ]
}

#[test]
fn every_error_has_its_status_headers_and_body() {
    for (error, django, realworld) in table() {
        for (dialect, (status, body)) in [(Dialect::Django, django), (Dialect::RealWorld, realworld)] {
            let response = dialect.render(&error);
            assert_eq!(response.status, status, "{error:?}");
            assert_eq!(response.body.as_deref(), Some(body), "{error:?}");
            let mut headers = vec![
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
                ("Content-Type", "application/json; charset=utf-8"),
            ];
            match status {
                401 => headers.push(("WWW-Authenticate", "Token")),
                405 => headers.push(("Allow", "POST, OPTIONS")),
                429 => {
                    headers.push(("Retry-After", if body.contains("42") { "42" } else { "1" }));
                }
                _ => {}
            }
            let found: Vec<_> = response.headers.iter().map(|(name, value)| (*name, &**value)).collect();
            assert_eq!(found, headers, "{error:?}");
        }
    }
}

/// The table has a row for every error; the compiler asks for a number here.
#[test]
fn the_table_is_complete() {
    let number = |error: &Error| match error {
        Error::NotFound => 0,
        Error::MethodNotAllowed { .. } => 1,
        Error::Unauthenticated(Unauthenticated::Missing) => 2,
        Error::Unauthenticated(Unauthenticated::Invalid) => 3,
        Error::Unauthenticated(Unauthenticated::UnknownUser) => 4,
        Error::Unauthenticated(Unauthenticated::Deactivated) => 5,
        Error::BodyTooLarge => 6,
        Error::BodyTimedOut => 7,
        Error::UnsupportedMediaType(_) => 8,
        Error::MalformedJson(_) => 9,
        Error::NoData => 10,
        Error::NotAnObject(_) => 11,
        Error::Invalid(_) => 12,
        Error::WrongCredentials => 13,
        Error::Deactivated => 14,
        Error::Throttled { .. } => 15,
        Error::Internal(_) => 16,
        Error::ReauthenticationRequired => 17,
        Error::FactorRequired(_) => 18,
        Error::Unverified => 19,
        Error::Forbidden => 20,
    };
    let violation = |violation: &Violation| match violation {
        Violation::Required => 0,
        Violation::Null => 1,
        Violation::Blank => 2,
        Violation::NotAString => 3,
        Violation::TooLong(_) => 4,
        Violation::TooShort(_) => 5,
        Violation::NullCharacter => 6,
        Violation::InvalidEmail { .. } => 7,
        Violation::InvalidUsername => 8,
        Violation::Wrong => 9,
        Violation::NotAChoice(_) => 10,
        Violation::Taken => 11,
        Violation::TooSimilar(_) => 12,
        Violation::TooCommon => 13,
        Violation::Breached => 14,
        Violation::InvalidSecret => 15,
        Violation::AlreadyVerified => 16,
        Violation::InvalidCode => 17,
        Violation::InvalidPasskey => 18,
        Violation::UnknownPasskey => 19,
        Violation::LastWayIn => 20,
        Violation::TooMany => 21,
        Violation::NotABoolean => 22,
        Violation::Deactivated => 23,
        Violation::LastSuperuser => 24,
    };
    let rows = table();
    let errors: BTreeSet<_> = rows.iter().map(|(error, ..)| number(error)).collect();
    assert_eq!(errors, (0..=20).collect());
    let fields = rows.iter().filter_map(|(error, ..)| match error {
        Error::Invalid(fields) => Some(fields),
        _ => None,
    });
    let violations = fields.flat_map(FieldErrors::iter).flat_map(|(_, violations)| violations);
    assert_eq!(violations.map(violation).collect::<BTreeSet<_>>(), (0..=24).collect());
}
