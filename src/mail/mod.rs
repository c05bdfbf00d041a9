//! Mails: what each says, in plain text and in HTML.
//!
//! [`write()`] renders a [`Message`]. The texts stand in `secret.rs` and `notice.rs`, each sentence once: [`body`] makes
//! plain text and HTML of it. `{app}` in a text is the name of the application.

mod body;
#[cfg(not(target_arch = "wasm32"))]
pub mod example;
mod name;
mod notice;
mod secret;
mod time;

pub use notice::{Event, Notice};

pub mod delivery;

/// Mail to one recipient. Plain text and HTML say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Sender.
    pub from: Mailbox,
    /// Address of the recipient: one that is stored, never one that a request names.
    pub to: String,
    /// Subject, without a line break.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML document.
    pub html: String,
}

/// Address with a name (RFC 5322 §3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Name that a reader sees, if there is one.
    pub name: Option<String>,
    /// Address.
    pub address: String,
}

/// Application that mails are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Name of the application: `APP_NAME`.
    pub name: String,
    /// Address of the page that handles links: `APP_URL`.
    pub url: String,
}

/// Single-use secret, as it is mailed.
#[derive(Clone, PartialEq, Eq)]
pub struct MailedSecret {
    /// For a link: `id.token`.
    pub link: String,
    /// To type: 8 digits, if there is one.
    pub code: Option<String>,
}

/// Subject matter of a mail.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// A new password for one that was forgotten.
    PasswordReset(MailedSecret),
    /// Proof that the address is the user's: a new account's, or a new one.
    EmailVerification(MailedSecret),
    /// Login without a password.
    SignIn(MailedSecret),
    /// First password of an account that staff made.
    Invitation(MailedSecret),
    /// A new password, which staff ask for.
    RequestedReset(MailedSecret),
    /// Report of what happened to the account.
    Notice(Notice),
}

impl Message {
    /// Kind of mail, for the log.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::PasswordReset(_) => "reset",
            Self::EmailVerification(_) => "verification",
            Self::SignIn(_) => "sign_in",
            Self::Invitation(_) => "invitation",
            Self::RequestedReset(_) => "requested_reset",
            Self::Notice(notice) => notice.event.name(),
        }
    }
}

/// Writes the mail of a message.
pub fn write(application: &Application, from: &Mailbox, to: &str, message: &Message) -> Mail {
    let (subject, body) = match message {
        Message::PasswordReset(secret) => secret::write(application, &secret::PASSWORD_RESET, secret),
        Message::EmailVerification(secret) => secret::write(application, &secret::EMAIL_VERIFICATION, secret),
        Message::SignIn(secret) => secret::write(application, &secret::SIGN_IN, secret),
        Message::Invitation(secret) => secret::write(application, &secret::INVITATION, secret),
        Message::RequestedReset(secret) => secret::write(application, &secret::REQUESTED_RESET, secret),
        Message::Notice(notice) => notice::write(application, notice),
    };
    let subject = body::fill(subject, &application.name);
    let (text, html) = body.finish(&subject);
    Mail { from: from.clone(), to: to.to_owned(), subject, text, html }
}

#[cfg(test)]
mod tests;
