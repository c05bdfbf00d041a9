//! Single-use secrets that are mailed: how they are asked for, and how they are sent back.

use super::context::Context;
use super::user_response;
use crate::account::validate;
use crate::api::body::Fields;
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::{Request, Response};
use crate::mail::{MailedSecret, Message};
use crate::platform::Platform;
use crate::store::email;
use crate::store::secrets::{self, Found, Issued, NewSecret, Purpose, Recipient};

/// Draws a secret to be mailed to this address for this client.
pub(super) fn draw(
    cx: &Context<'_, impl Platform, impl Request>,
    purpose: Purpose,
    email: &str,
) -> Result<(NewSecret, MailedSecret), Error> {
    let key = &cx.config.single_use;
    let client_ip = cx.client_ip();
    let site = client_ip.is_ipv6().then(|| client_ip.network_key());
    let limits = key.limits(email, &client_ip.rate_limit_key(), site.as_deref());
    Ok(key.draw(purpose, limits, |bytes| cx.platform.fill_random(bytes))?)
}

/// Responds that a mail is under way, whoever has the address or nobody, and sends it after that.
pub(super) async fn respond(
    cx: &Context<'_, impl Platform, impl Request>,
    new: &NewSecret,
    issued: Option<Issued>,
    message: Message,
) -> Result<Response, Error> {
    let Some(Issued { expires, recipient }) = issued else {
        return Err(throttled(cx, new).await);
    };
    if let Some(recipient) = recipient {
        cx.send_later(recipient, message);
    }
    Ok(Response::of_json(202, ["{", &mail(&new.id, &expires), "}"].concat()))
}

/// Issues a secret to whoever has the address that a body names.
///
/// # Errors
/// Invalid fields, or [`Error::Throttled`].
pub(super) async fn request(
    cx: &Context<'_, impl Platform, impl Request>,
    mut fields: Fields,
    purpose: Purpose,
    message: fn(MailedSecret) -> Message,
) -> Result<Response, Error> {
    let mut errors = FieldErrors::default();
    let email = validate::login_email(fields.take("email"), |domain| cx.platform.normalize_domain(domain));
    let email = errors.check(Field::Email, email).ok_or(errors)?;
    let (new, mailed) = draw(cx, purpose, &email)?;
    let issued = secrets::issue(cx.db(), &new, &email, cx.now()).await?;
    respond(cx, &new, issued, message(mailed)).await
}

/// Seconds until this verification of an address may be issued to a user; 0 or less if that is now.
pub(super) async fn wait_for_verification(
    cx: &Context<'_, impl Platform, impl Request>,
    user_id: i64,
    email: &str,
    new: &NewSecret,
) -> Result<i64, Error> {
    let (db, now) = (cx.db(), cx.now());
    let of_user = email::wait_for_new_address(db, user_id, email, now).await?;
    Ok(of_user.max(secrets::wait_for(db, new.purpose, &new.limits, now).await?))
}

/// The error of a request for mail that a limit refused.
pub(super) async fn throttled(cx: &Context<'_, impl Platform, impl Request>, new: &NewSecret) -> Error {
    match secrets::wait_for(cx.db(), new.purpose, &new.limits, cx.now()).await {
        // A second at least, since the limit was there a moment ago.
        Ok(seconds) => Error::Throttled { seconds: seconds.max(1) },
        Err(error) => error.into(),
    }
}

/// Verification that is issued together with a change of its user.
pub(super) struct Verification {
    secret: NewSecret,
    mailed: MailedSecret,
    email: String,
}

impl Verification {
    /// Draws one for this address, if the deployment sends mail.
    pub(super) fn draw(
        cx: &Context<'_, impl Platform, impl Request>,
        email: &str,
    ) -> Result<Option<Self>, Error> {
        if !cx.config.has(Feature::Mail) {
            return Ok(None);
        }
        let (secret, mailed) = draw(cx, Purpose::EmailVerification, email)?;
        Ok(Some(Self { secret, mailed, email: email.to_owned() }))
    }

    /// The secret to be issued.
    pub(super) fn secret(&self) -> &NewSecret {
        &self.secret
    }

    /// Sends it once the response is sent, which tells of it. `expires` is the end of its code.
    pub(super) fn send(
        self,
        cx: &Context<'_, impl Platform, impl Request>,
        user_id: i64,
        expires: &str,
        response: Response,
    ) -> Response {
        let Self { secret, mailed, email } = self;
        cx.send_later(Recipient { user_id, email }, Message::EmailVerification(mailed));
        user_response::with_members(response, &mail(&secret.id, expires))
    }
}

/// The member `mail` of a body. `id` and `expires` have nothing to escape.
fn mail(id: &str, expires: &str) -> String {
    [r#""mail":{"id":""#, id, r#"","expires":""#, expires, r#""}"#].concat()
}

/// Finds the secret that a client sent, or adds the violation. A wrong one is counted.
///
/// # Errors
/// [`Error::Internal`].
pub(super) async fn find(
    cx: &Context<'_, impl Platform, impl Request>,
    errors: &mut FieldErrors,
    purpose: Purpose,
    text: &str,
    caller: Option<i64>,
) -> Result<Option<(String, Found)>, Error> {
    if let Some(sent) = cx.config.single_use.read(text)
        && let Some(found) = secrets::find(cx.db(), purpose, &sent, caller, cx.now()).await?
    {
        return Ok(Some((sent.id, found)));
    }
    errors.add(Field::Secret, Violation::InvalidSecret);
    Ok(None)
}
