//! Guard of requests of staff, before any of them is dispatched.

use crate::api::authenticate;
use crate::api::context::{Context, read_id};
use crate::api::endpoint::Authentication;
use crate::auth::session::RECENT;
use crate::auth::token::VerifiedToken;
use crate::error::{Error, Unauthenticated};
use crate::http::Request;
use crate::platform::Platform;
use crate::store::sessions::Standing;
use crate::store::staff::{self, Flags};

/// Age of a proof that is good for reading, in seconds.
const MAX_AGE_FOR_READING: i64 = 12 * 60 * 60;

/// Member of staff who sent a request.
pub struct Staff {
    /// Id of the user.
    pub user_id: i64,
    /// Token of the request, which is good.
    pub token: VerifiedToken,
    /// `true` for a superuser.
    pub is_superuser: bool,
}

/// Lets a request pass if its sender is an active member of staff whose session proved two factors, recently enough; or a superuser,
/// where `authentication` asks for one. Nobody changes themself.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::Forbidden`], or [`Error::ReauthenticationRequired`].
pub async fn check(
    cx: &Context<'_, impl Platform, impl Request>,
    authentication: Authentication,
) -> Result<(), Error> {
    let caller = authenticate::authenticate(cx).await?;
    if caller.standing != Standing::Active {
        return Err(Unauthenticated::Invalid.into());
    }
    let (user_id, token) = (caller.user.id, caller.token);
    let flags = staff::find_flags(cx.db(), user_id).await?;
    let Flags { is_staff, is_superuser } = flags.ok_or(Unauthenticated::UnknownUser)?;
    let is_one = is_staff && (is_superuser || authentication != Authentication::Superuser);
    let reads = matches!(cx.request.method(), "GET" | "HEAD");
    let is_own = cx.parameters.first().and_then(|id| read_id(id)) == Some(user_id);
    if !is_one || !token.session.has_two_factors() || is_own && !reads {
        return Err(Error::Forbidden);
    }
    let max_age = if reads { MAX_AGE_FOR_READING } else { RECENT };
    if !token.session.is_proved_within(Some(max_age), cx.now()) {
        return Err(Error::ReauthenticationRequired);
    }
    cx.admit(Staff { user_id, token, is_superuser });
    Ok(())
}
