//! Requests of staff, who look after users.

pub mod change_user;
pub mod end_session;
pub mod end_sessions;
pub mod erase_user;
pub mod guard;
pub mod invite;
pub mod list_events;
pub mod list_sessions;
pub mod list_users;
mod query;
pub mod remove_credential;
pub mod request_reset;
pub mod show_user;

use super::context::Context;
use super::endpoint::{Failure, Parameter};
use super::{authenticate, conflict};
use crate::error::{Error, Unauthenticated};
use crate::http::Request;
use crate::platform::Platform;
use crate::store::events::Report;
use crate::store::sessions::Standing;
use crate::store::staff::{self, Change, Flags, Prepared};
use crate::store::{DbError, Row};

/// Id of a user in the path.
const ID: Parameter =
    Parameter { name: "id", place: "path", description: "A user's `id`, as the list has it", values: &[] };

/// Failure of a request about a user.
const UNKNOWN_USER: Failure =
    Failure { name: "UnknownId", description: "No such user", error: || Error::NotFound, varying: None };

/// Finds the user that a change is of, and checks that this caller may change them: the same conditions as in its statement.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Forbidden`].
async fn find_changeable(cx: &Context<'_, impl Platform, impl Request>) -> Result<i64, Error> {
    let (user_id, is_superuser) = (cx.id(0)?, cx.staff()?.is_superuser);
    match staff::find_flags(cx.db(), user_id).await? {
        None => Err(Error::NotFound),
        Some(Flags { is_staff: false, is_superuser: false }) => Ok(user_id),
        Some(_) if is_superuser => Ok(user_id),
        Some(_) => Err(Error::Forbidden),
    }
}

/// Makes a change of the user whom the path names: one statement to find them, one call to change them. Gives its row.
/// `prepare` makes the statements for this user, at this time. `unique` are the email and the username that they will have.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`], or values that another user has.
async fn change<'a>(
    cx: &'a Context<'_, impl Platform, impl Request>,
    report: &'a Report,
    is_for_superusers: bool,
    unique: [Option<&str>; 2],
    prepare: &dyn Fn(Change<'a>, i64, i64) -> Prepared<'a>,
) -> Result<Row, Error> {
    let user_id = find_changeable(cx).await?;
    let change = Change { key: cx.staff()?.token.key(), report, is_for_superusers };
    match prepare(change, user_id, cx.now()).run(cx.db()).await {
        Ok(Some(row)) => {
            cx.deliver_later(report);
            Ok(row)
        }
        Ok(None) => Err(why_refused(cx, is_for_superusers).await),
        Err(DbError::Unique { column }) => {
            let [email, username] = unique;
            Err(conflict::from_constraint(cx.db(), column, email, username, Some(user_id)).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// The error of a change that matched no row: something of [`check_again`], or there is nothing to change.
async fn why_refused(cx: &Context<'_, impl Platform, impl Request>, is_for_superusers: bool) -> Error {
    let refused = async || {
        check_again(cx, is_for_superusers).await?;
        find_changeable(cx).await
    };
    refused().await.err().unwrap_or(Error::NotFound)
}

/// Checks the caller again, after a change that matched no row: their session may have ended, or a flag changed, a moment ago.
///
/// # Errors
/// [`Error::Unauthenticated`], or [`Error::Forbidden`].
async fn check_again(
    cx: &Context<'_, impl Platform, impl Request>,
    is_for_superusers: bool,
) -> Result<(), Error> {
    let caller = authenticate::authenticate(cx).await?;
    if caller.standing != Standing::Active {
        return Err(Unauthenticated::Invalid.into());
    }
    let flags = staff::find_flags(cx.db(), caller.user.id).await?.ok_or(Error::Forbidden)?;
    let is_allowed = flags.is_staff && (flags.is_superuser || !is_for_superusers);
    if is_allowed { Ok(()) } else { Err(Error::Forbidden) }
}
