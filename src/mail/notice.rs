//! Notices: what happened to an account, when and where, and what to do if it was someone else.

use super::body::Body;
use super::{Application, name, time};

/// Report of what happened to an account, once or several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Event that it reports.
    pub event: Event,
    /// When, or the last time (RFC 3339 in UTC, like `2026-11-28T10:09:00Z`).
    pub at: String,
    /// Number of times since the last notice of this event; 0 is read as 1.
    pub count: u32,
    /// The first time, if there were several.
    pub since: Option<String>,
    /// Browser and system of the last time, like `Firefox on Linux`.
    pub agent: Option<String>,
    /// Place of the last time, as Cloudflare reports it, like `Berlin, DE`.
    pub place: Option<String>,
    /// `true` if an administrator did it. Their browser and place are not shown then.
    pub by_administrator: bool,
    /// Number of recovery codes that are left, for an event that tells it.
    pub recovery_codes: Option<u32>,
    /// Username, if the address that this goes to is verified. Nothing else in a notice is chosen by a user.
    pub username: Option<String>,
}

/// Event that a notice reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A new password, set by someone logged in or by an administrator.
    PasswordChanged,
    /// A new password, set with a mailed secret.
    PasswordReset,
    /// Another address in place of this one. To the old address; the mail does not name the new one.
    EmailReplaced,
    /// This address in place of another. To the new address; the mail does not name the old one.
    EmailChanged,
    /// The account is deactivated.
    AccountDeactivated,
    /// Login from a browser and country that none of the user's sessions has.
    UnknownDevice,
    /// Too many failed logins, so that logins have to wait.
    AccountLocked,
    /// A mailed sign-in of an account that never had a verified address, which made its password unusable.
    PasswordUnusable,
    /// An authenticator app is asked for at each login from now on.
    TwoStepOn,
    /// No authenticator app is asked for any more.
    TwoStepOff,
    /// A new set of recovery codes.
    RecoveryCodesReplaced,
    /// A login with a recovery code.
    RecoveryCodeUsed,
    /// A new passkey.
    PasskeyAdded,
    /// A passkey less.
    PasskeyRemoved,
    /// A right first proof and a wrong second factor.
    WrongSecondFactor,
}

/// Texts of a notice.
struct Texts {
    /// Name of the event in the database and on command lines.
    name: &'static str,
    subject: &'static str,
    /// Report of the event.
    what: &'static str,
    /// Advice, if it was someone else or anyway.
    advice: &'static str,
}

impl Event {
    /// All events.
    pub const ALL: [Self; 15] = [
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::EmailReplaced,
        Self::EmailChanged,
        Self::AccountDeactivated,
        Self::UnknownDevice,
        Self::AccountLocked,
        Self::PasswordUnusable,
        Self::TwoStepOn,
        Self::TwoStepOff,
        Self::RecoveryCodesReplaced,
        Self::RecoveryCodeUsed,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::WrongSecondFactor,
    ];

    /// Name for the database and the command line: `password_changed`.
    pub const fn name(self) -> &'static str {
        self.texts().name
    }

    /// Finds an event by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }

    const fn texts(self) -> &'static Texts {
        match self {
            Self::PasswordChanged => &Texts {
                name: "password_changed",
                subject: "Your password for {app} was changed",
                what: "The password of your account at {app} was changed.",
                advice: "If it was you, there is nothing to do. If it was not, set a new password at once: open {app} and choose “Forgot your password?”. That also logs out everyone who is logged in to your account.",
            },
            Self::PasswordReset => &Texts {
                name: "password_reset",
                subject: "Your password for {app} was reset",
                what: "A new password was set for your account at {app}, with a link or a code that was mailed to you. Everyone who was logged in to the account was logged out.",
                advice: "If it was you, there is nothing to do. If it was not, someone else can read your mail: first change the password of your mailbox, then open {app} and choose “Forgot your password?”.",
            },
            Self::EmailReplaced => &Texts {
                name: "email_replaced",
                subject: "Your email address for {app} was replaced",
                what: "The account at {app} that had this email address now has another one. This address can no longer be used to log in, or to set a new password.",
                advice: "If it was you, there is nothing to do. If it was not, tell those who run {app} at once.",
            },
            Self::EmailChanged => &Texts {
                name: "email_changed",
                subject: "Your email address for {app} was changed",
                what: "This is now the email address of your account at {app}. From now on, log in with it.",
                advice: "If it was you, there is nothing to do. If the account is yours and it was not you, set a new password at once: open {app} and choose “Forgot your password?”. If you do not know the account, ignore this mail.",
            },
            Self::AccountDeactivated => &Texts {
                name: "account_deactivated",
                subject: "Your account at {app} was deactivated",
                what: "Your account at {app} was deactivated. Everyone who was logged in to it was logged out, and nobody can log in any more.",
                advice: "If it was you, there is nothing to do. If it was not, tell those who run {app}: they can activate it again.",
            },
            Self::UnknownDevice => &Texts {
                name: "unknown_device",
                subject: "New login to your account at {app}",
                what: "There was a login to your account at {app}, with a browser and from a country that none of your other logins has.",
                advice: "If it was you, there is nothing to do. If it was not, set a new password at once: open {app} and choose “Forgot your password?”. That also logs out everyone who is logged in to your account.",
            },
            Self::AccountLocked => &Texts {
                name: "account_locked",
                subject: "Failed logins to your account at {app}",
                what: "There were too many logins to your account at {app} with a wrong password, so new ones have to wait for a while. Where you are logged in, you stay logged in.",
                advice: "If it was not you, someone may be guessing your password. One that is long, and that you use nowhere else, is safe. To set such a password, which also ends the wait, open {app} and choose “Forgot your password?”.",
            },
            Self::PasswordUnusable => &Texts {
                name: "password_unusable",
                subject: "Your password for {app} no longer works",
                what: "Someone logged in to your account at {app} with a link or a code that was mailed to this address. The address had not been confirmed before, so someone else may have chosen the password. It no longer works, and everyone else who was logged in was logged out.",
                advice: "To set a new password, open {app} and choose “Forgot your password?”. If the login was not yours, someone else can read your mail: first change the password of your mailbox.",
            },
            Self::TwoStepOn => &Texts {
                name: "two_step_on",
                subject: "Two-step verification for {app} is on",
                what: "An authenticator app was set up for your account at {app}. From now on, each login asks for a code of it. Everyone else who was logged in was logged out.",
                advice: "Keep the recovery codes where you find them without your phone. If it was not you, tell those who run {app} at once.",
            },
            Self::TwoStepOff => &Texts {
                name: "two_step_off",
                subject: "Two-step verification for {app} is off",
                what: "The authenticator app of your account at {app} was removed, with its recovery codes. Logins no longer ask for a code.",
                advice: "If it was you, there is nothing to do. If it was not, set a new password at once: open {app} and choose “Forgot your password?”. That also logs out everyone who is logged in to your account.",
            },
            Self::RecoveryCodesReplaced => &Texts {
                name: "recovery_codes_replaced",
                subject: "New recovery codes for {app}",
                what: "New recovery codes were made for your account at {app}. The ones before no longer work.",
                advice: "If it was you, there is nothing to do. If it was not, set a new password at once: open {app} and choose “Forgot your password?”. That also logs out everyone who is logged in to your account.",
            },
            Self::RecoveryCodeUsed => &Texts {
                name: "recovery_code_used",
                subject: "A recovery code for {app} was used",
                what: "Someone logged in to your account at {app} with one of its recovery codes. It does not work again.",
                advice: "If it was you, make new codes when few are left. If it was not, set a new password at once: open {app} and choose “Forgot your password?”. That also logs out everyone who is logged in to your account. Then make new codes.",
            },
            Self::PasskeyAdded => &Texts {
                name: "passkey_added",
                subject: "A passkey was added for {app}",
                what: "A passkey was added to your account at {app}. Whoever has it can log in.",
                advice: "If it was you, there is nothing to do. If it was not, open {app}, remove the passkey, and set a new password.",
            },
            Self::PasskeyRemoved => &Texts {
                name: "passkey_removed",
                subject: "A passkey was removed for {app}",
                what: "A passkey of your account at {app} was removed. It no longer works there.",
                advice: "If it was you, there is nothing to do. If it was not, set a new password at once: open {app} and choose “Forgot your password?”. That also logs out everyone who is logged in to your account.",
            },
            Self::WrongSecondFactor => &Texts {
                name: "wrong_second_factor",
                subject: "Your password for {app} may be known to someone",
                what: "Someone who gave your password for {app}, or another first proof, then gave a wrong code or passkey.",
                advice: "If it was you, there is nothing to do. If it was not, set a new password: open {app} and choose “Forgot your password?”.",
            },
        }
    }
}

/// Writes a notice; the name of the application is still to be put into the subject.
pub fn write<'a>(application: &'a Application, notice: &Notice) -> (&'static str, Body<'a>) {
    let texts = notice.event.texts();
    let mut body = Body::new(&application.name);
    body.paragraph(texts.what);
    let time = |text: &str| time::readable(text).unwrap_or_else(|| text.to_owned());
    let is_repeated = notice.count > 1;
    let since = notice.since.as_deref().map(|since| [" since ", &time(since)].concat());
    let how_often = [&notice.count.to_string(), " times", &since.unwrap_or_default()].concat();
    let shown = |text: &Option<String>| text.as_deref().and_then(name::clean);
    let tells_codes = notice.event == Event::RecoveryCodeUsed;
    let by_user = |text: &Option<String>| if notice.by_administrator { None } else { shown(text) };
    body.facts(&[
        ("Username", shown(&notice.username)),
        (if is_repeated { "Last time" } else { "Time" }, Some(time(&notice.at))),
        ("How often", is_repeated.then_some(how_often)),
        ("Codes left", notice.recovery_codes.filter(|_| tells_codes).map(|left| left.to_string())),
        ("By", notice.by_administrator.then(|| "an administrator".to_owned())),
        ("Browser", by_user(&notice.agent)),
        ("Place", by_user(&notice.place)),
    ]);
    body.paragraph(if notice.by_administrator {
        "If you did not expect this, ask those who run {app}."
    } else {
        texts.advice
    });
    body.link(&application.url);
    (texts.subject, body)
}
