//! Mails with a secret: a link, and a code to type instead.

use super::body::Body;
use super::{Application, MailedSecret};

/// Texts of a mail.
pub struct Texts {
    purpose: &'static str,
    subject: &'static str,
    /// Why the mail comes, and what its link does.
    reason: &'static str,
    button: &'static str,
    /// Where the code is typed; empty without one.
    code: &'static str,
    validity: &'static str,
    /// Sentence for a reader who did not ask for it.
    unasked: &'static str,
}

pub const PASSWORD_RESET: Texts = Texts {
    purpose: "reset",
    subject: "Set a new password for {app}",
    reason: "Someone asked to set a new password for the account at {app} with this email address. If it was you, go on here:",
    button: "Set a new password",
    code: "Or type this code on the page where you asked for it:",
    validity: "The link is valid for 30 minutes, the code for 10 minutes. After you use one, the other no longer works.",
    unasked: "If you did not ask for this, ignore this mail. Your password stays as it is.",
};

pub const EMAIL_VERIFICATION: Texts = Texts {
    purpose: "verification",
    subject: "Confirm your email address for {app}",
    reason: "This email address was given for an account at {app}. If the account is yours, confirm the address in the browser where you are logged in:",
    button: "Confirm the address",
    code: "Or type this code where you are logged in:",
    validity: "The link is valid for 24 hours, the code for 10 minutes. After you use one, the other no longer works.",
    unasked: "If you did not ask for this, ignore this mail. The address then stays unconfirmed.",
};

pub const SIGN_IN: Texts = Texts {
    purpose: "sign_in",
    subject: "Log in to {app}",
    reason: "Someone asked to log in to the account at {app} with this email address. If it was you, go on here:",
    button: "Log in",
    code: "Or type this code on the page where you asked for it:",
    validity: "The link and the code are valid for 10 minutes. After you use one, the other no longer works.",
    unasked: "If you did not ask for this, ignore this mail. Nobody has been logged in.",
};

pub const INVITATION: Texts = Texts {
    purpose: "invitation",
    subject: "Your account at {app}",
    reason: "Those who run {app} made an account for this email address. To use it, choose a password:",
    button: "Choose a password",
    code: "",
    validity: "The link is valid for 7 days, and works once.",
    unasked: "If you do not know {app}, ignore this mail. Nobody can log in to the account then.",
};

pub const REQUESTED_RESET: Texts = Texts {
    purpose: "reset",
    subject: "Set a new password for {app}",
    reason: "Those who run {app} ask you to set a new password for the account with this email address:",
    button: "Set a new password",
    code: "",
    validity: "The link is valid for 30 minutes, and works once.",
    unasked: "If you did not expect this, ask those who run {app}. Your password stays as it is until you set another.",
};

/// Writes a mail with a secret; the name of the application is still to be put into the subject.
pub fn write<'a>(
    application: &'a Application,
    texts: &Texts,
    secret: &MailedSecret,
) -> (&'static str, Body<'a>) {
    let link = [&application.url, "#purpose=", texts.purpose, "&secret=", &secret.link].concat();
    let mut body = Body::new(&application.name);
    body.paragraph(texts.reason);
    body.button(texts.button, &link);
    if let Some(code) = &secret.code {
        body.paragraph(texts.code);
        body.code(code);
    }
    body.paragraph(texts.validity);
    body.paragraph(match secret.code {
        Some(_) => "Nobody from {app} will ever ask you for the link or the code. Give them to no one.",
        None => "Nobody from {app} will ever ask you for the link. Give it to no one.",
    });
    body.paragraph(texts.unasked);
    (texts.subject, body)
}
