//! Proofs of who a user is, for a login and for the renewal of a session's proof. One parser tells them apart, and one place asks
//! for a second factor, so that no way in goes without.

mod mailed_secret;
mod passkey;
mod password;
mod second_step;

use super::authenticate::Caller;
use super::body::Fields;
use super::context::Context;
use super::endpoint::{Failure, Input};
use crate::account::user::User;
use crate::account::validate;
use crate::auth::session::{Method, Proof};
use crate::config::Feature;
use crate::error::{Error, FactorRequired};
use crate::http::Request;
use crate::platform::Platform;

/// Proofs beside the password: a mailed secret, a passkey, and a second step.
pub(super) const OTHERS: &[&Input] = &[
    &Input {
        name: "MailedSecret",
        rules: || vec![&validate::SECRET],
        example: r#"{"user":{"secret":"q83vEjRWeJCrze8SNFZ4kA.12345678"}}"#,
        ..Input::USER
    },
    &Input { name: "PasskeyProof", rules: || vec![&validate::PASSKEY], ..Input::USER },
    &Input { name: "SecondStep", rules: || vec![&validate::SECRET, &validate::CODE], ..Input::USER },
    &Input {
        name: "SecondStepByPasskey",
        rules: || vec![&validate::SECRET, &validate::PASSKEY],
        ..Input::USER
    },
];

/// Failure of a first proof that was right.
pub(super) const FACTOR_REQUIRED: Failure = Failure {
    name: "FactorRequired",
    description: "A right proof of a user who has a second factor",
    error: || {
        Error::FactorRequired(Box::new(FactorRequired {
            secret: "7~q83vEjRWeJCrze8SNFZ4kA.l1HKX0C4wL3mSDMLXgEOzTYX5mKqLbCIEkFBoE0ceYM".to_owned(),
            types: r#"["totp","recovery"]"#.to_owned(),
            expires: "2027-01-15T08:10:00Z".to_owned(),
        }))
    },
    varying: None,
};

/// Kind of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The password.
    Password,
    /// A mailed secret.
    MailedSecret,
    /// A passkey.
    Passkey,
    /// A second factor, after one of the others.
    SecondStep,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Password, Self::MailedSecret, Self::Passkey, Self::SecondStep];

    /// Tells the kind of proof that a body has. With an email or a password it is that, whatever is there beside it.
    fn of(cx: &Context<'_, impl Platform, impl Request>, fields: &Fields) -> Self {
        let has = |name| fields.has(name);
        if has("email") || has("password") {
            Self::Password
        } else if has("secret") && (has("code") || has("passkey")) {
            Self::SecondStep
        } else if has("secret") && cx.config.has(Feature::MailSignIn) {
            Self::MailedSecret
        } else if has("passkey") && cx.config.passkeys.is_some() {
            Self::Passkey
        } else {
            Self::Password
        }
    }
}

/// First proof, which was right.
struct FirstProof {
    user: User,
    methods: Vec<Method>,
    has_second_factor: bool,
}

/// Verifies the proof that a body has, and gives its user: for a login, or for the renewal of the proof of the caller's session.
///
/// # Errors
/// An invalid or a wrong proof, a deactivated user, too many failures, or [`Error::FactorRequired`].
pub(super) async fn verify(
    cx: &Context<'_, impl Platform, impl Request>,
    fields: Fields,
    caller: Option<&Caller>,
) -> Result<(User, Proof), Error> {
    let first = match Kind::of(cx, &fields) {
        Kind::SecondStep => return Box::pin(second_step::verify(cx, fields, caller)).await,
        Kind::Password => password::verify(cx, fields, caller).await?,
        Kind::MailedSecret => Box::pin(mailed_secret::verify(cx, fields, caller)).await?,
        Kind::Passkey => Box::pin(passkey::verify(cx, fields, caller)).await?,
    };
    if first.has_second_factor && !first.methods.contains(&Method::TwoFactors) {
        return Err(Box::pin(second_step::require(cx, first, caller)).await);
    }
    Ok((first.user, Proof { at: cx.now(), methods: first.methods }))
}
