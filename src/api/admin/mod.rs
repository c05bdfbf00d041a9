//! What staff do: they look after users.

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

use super::authenticate;
use super::context::Context;
use super::endpoint::{Failure, Parameter};
use crate::error::Error;
use crate::http::Request;
use crate::platform::Platform;
use crate::store::staff::{self, Change, Flags};

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

/// The error of a change that matched no row: the caller's session ended, or a flag of the one or the other changed a moment ago; or
/// the user was erased.
async fn why_refused(cx: &Context<'_, impl Platform, impl Request>, change: Change<'_>) -> Error {
    let refused = async || {
        let caller = authenticate::authenticate(cx).await?;
        let flags = staff::find_flags(cx.db(), caller.user.id).await?.ok_or(Error::Forbidden)?;
        if !flags.is_staff || change.is_for_superusers && !flags.is_superuser {
            return Err(Error::Forbidden);
        }
        find_changeable(cx).await.map(|_| ())
    };
    refused().await.err().unwrap_or(Error::Forbidden)
}
