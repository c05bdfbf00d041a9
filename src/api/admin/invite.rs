//! `POST /api/admin/users`: makes a user without a password, and mails an invitation to choose one.

use super::check_again;
use super::show_user::respond_with;
use crate::account::validate;
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Input, Operation, RateLimit, Success, Tag};
use crate::api::{body, conflict, mailed_secret};
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors};
use crate::http::{Request, Response};
use crate::mail::Message;
use crate::platform::Platform;
use crate::store::DbError;
use crate::store::events::Report;
use crate::store::secrets::{Purpose, Recipient};
use crate::store::staff::Change;
use crate::store::staff::mails::{self, Invited};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/admin/users",
    operations: &[Operation {
        method: "POST",
        id: "inviteUser",
        summary: "Make a user without a password, and mail an invitation to choose one, which is valid for seven days",
    }],
    feature: Some(Feature::StaffMail),
    tag: Tag::Staff,
    authentication: Authentication::Staff,
    rate_limit: RateLimit::ClientIp,
    input: Some(Input {
        name: "Invitation",
        rules: || vec![&validate::EMAIL, &validate::USERNAME],
        is_patch: false,
        example: r#"{"user":{"username":"anna","email":"anna@example.com"}}"#,
        ..Input::USER
    }),
    parameters: &[],
    success: Success::StaffUser { status: 201, description: "The new user", has_methods: false },
    failures: &[body::MISSING_USER],
};

/// Handles the request, in one call of the database.
///
/// # Errors
/// Errors of [`body::read_required`], invalid or taken fields, [`Error::Forbidden`], or too many mails.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let mut fields = body::read_required(cx.request).await?;
    let mut errors = FieldErrors::default();
    let email = validate::email(fields.take("email"), |domain| cx.platform.normalize_domain(domain));
    let email = errors.check(Field::Email, email);
    let username = errors.check(Field::Username, validate::username(fields.take("username")));
    let (Some(email), Some(username)) = (&email, &username) else {
        conflict::add_taken(&mut errors, cx.db(), email.as_deref(), username.as_deref(), None).await?;
        return Err(errors.into());
    };
    let (secret, mailed) = mailed_secret::draw(cx, Purpose::Invitation, email)?;
    let report = Report { has_notices: false, ..cx.report() };
    let change = Change { key: cx.staff()?.token.key(), report: &report, is_for_superusers: false };
    match mails::invite(cx.db(), change, email, username, &secret, cx.now()).await {
        Ok(Some(Invited { user_id, user })) => {
            cx.deliver_later(&report);
            cx.send_later(Recipient { user_id, email: email.clone() }, Message::Invitation(mailed));
            Ok(respond_with(201, &user))
        }
        Ok(None) => {
            conflict::add_taken(&mut errors, cx.db(), Some(email), Some(username), None).await?;
            if !errors.is_empty() {
                return Err(errors.into());
            }
            check_again(cx, false).await?;
            Err(mailed_secret::throttled(cx, &secret).await)
        }
        Err(DbError::Unique { column }) => {
            Err(conflict::from_constraint(cx.db(), column, Some(email), Some(username), None).await)
        }
        Err(error) => Err(error.into()),
    }
}
