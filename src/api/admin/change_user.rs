//! `PATCH /api/admin/users/{id}`: changes a user. Email and flags are for superusers.

use super::show_user::respond_with;
use super::{ID, UNKNOWN_USER, change};
use crate::account::validate::{self, optional};
use crate::api::body::{self, Fields};
use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Input, Operation, RateLimit, Success, Tag};
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::staff::changes::{self, StaffPatch};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/admin/users/{id}",
    operations: &[Operation {
        method: "PATCH",
        id: "changeAdminUser",
        summary: "Change the fields of a user that are sent. `email`, `staff` and `superuser` are for superusers",
    }],
    feature: Some(Feature::Staff),
    tag: Tag::Staff,
    authentication: Authentication::Staff,
    rate_limit: RateLimit::ClientIp,
    input: Some(Input {
        name: "StaffPatch",
        rules: || {
            vec![
                &validate::EMAIL,
                &validate::USERNAME,
                &validate::ACTIVE,
                &validate::STAFF,
                &validate::SUPERUSER,
            ]
        },
        is_patch: true,
        example: r#"{"user":{"active":false}}"#,
        ..Input::USER
    }),
    parameters: &[ID],
    success: Success::StaffUser { status: 200, description: "The user as it is now", has_methods: false },
    failures: &[body::MISSING_USER, UNKNOWN_USER],
};

/// Handles the request: one statement to find the user, one call to change them. A new email is not verified, and ends every session
/// and secret of the user, as a new state does.
///
/// # Errors
/// Errors of [`body::read_required`], invalid or taken fields, [`Error::NotFound`], or [`Error::Forbidden`].
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let patch = parse(cx, body::read_required(cx.request).await?)?;
    let is_for_superusers = patch.is_for_superusers();
    if is_for_superusers && !cx.staff()?.is_superuser {
        return Err(Error::Forbidden);
    }
    let (report, unique) = (cx.report(), [patch.email.as_deref(), patch.username.as_deref()]);
    let mut row = change(cx, &report, is_for_superusers, unique, &|change, user_id, now| {
        changes::update(change, user_id, &patch, now)
    })
    .await?;
    Ok(respond_with(200, &row.text()?))
}

fn parse(cx: &Context<'_, impl Platform, impl Request>, mut fields: Fields) -> Result<StaffPatch, Error> {
    let mut errors = FieldErrors::default();
    let to_ascii = |domain: &str| cx.platform.normalize_domain(domain);
    let email = optional(fields.take("email"), |input| validate::email(input, to_ascii));
    let email = errors.check(Field::Email, email).flatten();
    let username = errors.check(Field::Username, optional(fields.take("username"), validate::username));
    let mut flag =
        |field: Field| errors.check(field, validate::flag(fields.take_value(field.name()))).flatten();
    let (is_active, is_staff, is_superuser) =
        (flag(Field::Active), flag(Field::Staff), flag(Field::Superuser));
    if !errors.is_empty() {
        return Err(errors.into());
    }
    Ok(StaffPatch { username: username.flatten(), email, is_active, is_staff, is_superuser })
}
