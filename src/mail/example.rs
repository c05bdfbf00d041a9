//! Example of each mail, for the operator's preview, tests and pictures.

use super::{Event, MailedSecret, Message, Notice};

/// Mail with made-up data.
pub struct Example {
    /// Name of the mail on command lines, like `password-changed`.
    pub kind: &'static str,
    /// When it is sent.
    pub occasion: &'static str,
    /// Message that it shows.
    pub message: Message,
}

/// Returns an example of every mail.
pub fn all() -> Vec<Example> {
    let secret = || MailedSecret {
        link: "Zr8mC1v0Qk2dYt5xHn7wLA.q3J0kXn5cYb8vTzR1sWm6LpAe9UgHd2FoNi7KtQxB4E".to_owned(),
        code: Some("40718236".to_owned()),
    };
    let link = || MailedSecret { code: None, ..secret() };
    let mut examples = vec![
        Example {
            kind: "password-reset",
            occasion: "Someone forgot the password",
            message: Message::PasswordReset(secret()),
        },
        Example {
            kind: "email-verification",
            occasion: "A new account, or a new address, is to be confirmed",
            message: Message::EmailVerification(secret()),
        },
        Example {
            kind: "sign-in",
            occasion: "Someone wants to log in by mail",
            message: Message::SignIn(secret()),
        },
        Example {
            kind: "invitation",
            occasion: "Staff made an account",
            message: Message::Invitation(link()),
        },
        Example {
            kind: "requested-reset",
            occasion: "Staff ask a user for a new password",
            message: Message::RequestedReset(link()),
        },
    ];
    examples.extend(Event::ALL.map(|event| {
        let (kind, occasion) = describe(event);
        Example { kind, occasion, message: Message::Notice(notice(event)) }
    }));
    examples
}

/// Returns an example of a notice: once, by the user, with everything that is known.
pub fn notice(event: Event) -> Notice {
    Notice {
        event,
        at: "2026-11-28T10:09:00Z".to_owned(),
        count: 1,
        since: None,
        agent: Some("Firefox on Linux".to_owned()),
        place: Some("Berlin, DE".to_owned()),
        by_administrator: false,
        recovery_codes: Some(7),
        username: Some("jake".to_owned()),
    }
}

const fn describe(event: Event) -> (&'static str, &'static str) {
    match event {
        Event::PasswordChanged => ("password-changed", "The password was changed"),
        Event::PasswordReset => ("password-reset-done", "The password was set with a mailed link or code"),
        Event::EmailReplaced => ("email-replaced", "The address was changed; to the old one"),
        Event::EmailChanged => ("email-changed", "The address was changed; to the new one"),
        Event::AccountDeactivated => ("account-deactivated", "The account was deactivated"),
        Event::UnknownDevice => ("unknown-device", "A login with another browser and country"),
        Event::AccountLocked => ("account-locked", "Too many logins failed"),
        Event::PasswordUnusable => {
            ("password-unusable", "A login by mail made the password of an unverified account unusable")
        }
        Event::TwoStepOn => ("two-step-on", "An authenticator app was set up"),
        Event::TwoStepOff => ("two-step-off", "The authenticator app was removed"),
        Event::RecoveryCodesReplaced => ("recovery-codes-replaced", "New recovery codes were made"),
        Event::RecoveryCodeUsed => ("recovery-code-used", "A login with a recovery code"),
        Event::PasskeyAdded => ("passkey-added", "A passkey was added"),
        Event::PasskeyRemoved => ("passkey-removed", "A passkey was removed"),
        Event::WrongSecondFactor => ("wrong-second-factor", "A right password and a wrong second factor"),
    }
}
