//! Features that a deployment may lack.

/// Feature that is off while its configuration is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Mail.
    Mail,
    /// Sign-in by mail.
    MailSignIn,
    /// State of the email, and credentials beside the password: with one of the two there is something to show.
    Credentials,
    /// Staff look after users. They need a second factor, so there has to be one.
    Staff,
    /// Mails that staff have sent: invitations and password resets.
    StaffMail,
}

impl Feature {
    /// Variable that turns it on, or several.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Mail => "MAIL_FROM",
            Self::MailSignIn => "MAIL_SIGN_IN",
            Self::Credentials => "MAIL_FROM or DATA_SECRET",
            Self::Staff => "DATA_SECRET",
            Self::StaffMail => "DATA_SECRET and MAIL_FROM",
        }
    }
}
