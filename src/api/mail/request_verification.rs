//! `POST /api/user/email-verification`: mails a secret with which the address that waits, or is not verified, can be.

use crate::api::context::Context;
use crate::api::endpoint::{Authentication, Endpoint, Failure, Operation, RateLimit, Success, Tag};
use crate::api::{authenticate, mailed_secret};
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors, Unauthenticated, Violation};
use crate::http::{Request, Response};
use crate::mail::Message;
use crate::platform::Platform;
use crate::store::email;
use crate::store::secrets::{self, Purpose, Recipient};
use crate::store::sessions::Standing;

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/user/email-verification",
    operations: &[Operation {
        method: "POST",
        id: "requestEmailVerification",
        summary: "Ask for a mail with which the email can be verified",
    }],
    feature: Some(Feature::Mail),
    tag: Tag::Mail,
    authentication: Authentication::Token,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[],
    success: Success::Mail {
        description: "A mail is under way to the address that waits, or else to the one in force",
    },
    failures: &[Failure {
        name: "AlreadyVerified",
        description: "No address is to be verified",
        error: already_verified,
        varying: None,
    }],
};

fn already_verified() -> Error {
    let mut errors = FieldErrors::default();
    errors.add(Field::Email, Violation::AlreadyVerified);
    errors.into()
}

/// Handles the request: one statement to find the caller, one for their addresses, one to issue the secret.
///
/// # Errors
/// [`Error::Unauthenticated`], nothing to verify, or too many requests for mail.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let caller = authenticate::authenticate(cx).await?;
    if caller.standing != Standing::Active {
        return Err(Unauthenticated::Invalid.into());
    }
    let user_id = caller.user.id;
    let addresses = email::find(cx.db(), user_id).await?;
    let address = addresses.as_ref().and_then(|addresses| addresses.unverified());
    let email = address.ok_or_else(already_verified)?.to_owned();
    let (new, mailed) = mailed_secret::draw(cx, Purpose::EmailVerification, &email)?;
    let recipient = Recipient { user_id, email };
    let issued = secrets::issue_verification(cx.db(), &new, &recipient, cx.now()).await?;
    if issued.is_none() {
        let wait = mailed_secret::wait_for_verification(cx, user_id, &recipient.email, &new).await?;
        return Err(Error::Throttled { seconds: wait.max(1) }); // the limit was there a moment ago
    }
    mailed_secret::respond(cx, &new, issued, Message::EmailVerification(mailed)).await
}
