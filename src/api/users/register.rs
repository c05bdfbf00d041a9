//! `POST /api/users`: inserts a user and begins a session.

use crate::account::user::NewUser;
use crate::account::validate;
use crate::api::body::{self, Fields};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Input, Operation, RateLimit, Success, Tag};
use crate::api::mailed_secret::Verification;
use crate::api::{conflict, new_password, user_response};
use crate::auth::registration_limit;
use crate::auth::session::Proof;
use crate::error::{Error, Field, FieldErrors};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::DbError;
use crate::store::events::Report;
use crate::store::users::{self, Inserted};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/users",
    operations: &[Operation { method: "POST", id: "register", summary: "Register a user, and log them in" }],
    feature: None,
    tag: Tag::Account,
    authentication: Authentication::None,
    rate_limit: RateLimit::ClientIp,
    input: Some(Input {
        name: "NewUser",
        rules: || vec![&validate::EMAIL, &validate::USERNAME, &validate::PASSWORD],
        is_patch: false,
        example: r#"{"user":{"username":"jake","email":"jake@example.com","password":"correct horse"}}"#,
        ..Input::USER
    }),
    parameters: &[],
    success: Success::User {
        status: 201,
        description: "The new user",
        has_profile: false,
        may_have_mail: true,
    },
    failures: &[],
};

/// Handles the request. On success this is one call of the database, which decides what is unique. Where the deployment sends
/// mail, a verification of the email goes out, unless a limit of mail is reached.
///
/// # Errors
/// Those of [`body::read`], invalid or taken fields, or too many registrations from the network.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let db = cx.db();
    let new = parse(body::read(cx).await?, cx).await?;
    let (email, username) = (Some(new.email.as_str()), Some(new.username.as_str()));
    let mut errors = FieldErrors::default();
    let hash = errors.check(Field::Password, new_password::hash(cx, &new.password).await?);
    let Some(hash) = hash else {
        conflict::add_taken(&mut errors, db, email, username, None).await?;
        return Err(errors.into());
    };
    let (now, client_ip) = (cx.now(), cx.client_ip());
    let limit = cx.config.registrations.limit(&client_ip.rate_limit_key(), &client_ip.network_key(), now);
    let verification = Verification::draw(cx, &new.email)?;
    let secret = verification.as_ref().map(Verification::secret);
    let report = cx.report();
    let inserted = users::insert(db, &new, &hash, limit.as_ref(), secret, &report, now).await;
    let Inserted { user, expires } = match inserted {
        Err(DbError::Unique { column }) => {
            return Err(conflict::from_constraint(db, column, email, username, None).await);
        }
        inserted => inserted?.ok_or(Error::Throttled { seconds: registration_limit::wait(now) })?,
    };
    cx.deliver_later(&Report { has_notices: false, ..report });
    let response = user_response::begin_session(201, cx, &user, Proof::of_password(cx.now()))?;
    Ok(match verification.zip(expires) {
        Some((verification, expires)) => verification.send(cx, user.id, &expires, response),
        None => response,
    })
}

/// Parses the fields. What breaks a rule is reported with what other users have.
async fn parse(mut fields: Fields, cx: &Context<'_, impl Platform, impl Request>) -> Result<NewUser, Error> {
    let mut errors = FieldErrors::default();
    let email = validate::email(fields.take("email"), |domain| cx.platform.normalize_domain(domain));
    let email = errors.check(Field::Email, email);
    let username = errors.check(Field::Username, validate::username(fields.take("username")));
    let password = validate::password(fields.take("password"), cx.config.passwords.min_length, &|text| {
        cx.platform.to_nfc(text)
    });
    let password = errors.check(Field::Password, password);
    if let Some(password) = &password {
        new_password::check(&mut errors, cx, password, email.as_deref(), username.as_deref()).await?;
    }
    match (email, username, password) {
        (Some(email), Some(username), Some(password)) if errors.is_empty() => {
            Ok(NewUser { email, username, password })
        }
        (email, username, _) => {
            conflict::add_taken(&mut errors, cx.db(), email.as_deref(), username.as_deref(), None).await?;
            Err(errors.into())
        }
    }
}
