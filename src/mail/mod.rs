//! Mails: what each says, in plain text and in HTML.

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
    /// To type: 8 digits.
    pub code: String,
}

/// Subject matter of a mail.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// A new password for one that was forgotten.
    PasswordReset(MailedSecret),
    /// Proof that the address is the user's.
    EmailVerification(MailedSecret),
    /// Sign-in without a password.
    SignIn(MailedSecret),
}
