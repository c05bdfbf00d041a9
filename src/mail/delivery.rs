//! Handing a mail to a transport: what no transport may get, and how one fails.

use std::ops::Deref;

use super::Mail;
use crate::account::username::is_text_control;

/// Longest address that mail servers take, and longest local part (RFC 5321 §4.5.3.1, errata 1690 of RFC 3696).
const MAX_ADDRESS: usize = 254;
const MAX_LOCAL: usize = 64;

/// Code of a failure: no transport may get the recipient's address.
const RECIPIENT_NOT_DELIVERABLE: &str = "recipient not deliverable";

/// Mail that a transport may get: only one recipient is named in it, and no header ends early.
///
/// This is the only way to a transport. Transports don't check that themselves: the local one of wrangler takes a
/// recipient `a@x.io\r\nBcc: b@x.io` as it is.
#[derive(Debug, Clone, Copy)]
pub struct Deliverable<'a>(&'a Mail);

impl<'a> Deliverable<'a> {
    /// Checks addresses, subject and the sender's name.
    ///
    /// # Errors
    /// The part that is not fit for a header.
    pub fn new(mail: &'a Mail) -> Result<Self, SendError> {
        let has_controls = |text: &str| text.contains(is_text_control);
        let problem = if !is_deliverable(&mail.to) {
            RECIPIENT_NOT_DELIVERABLE
        } else if !is_deliverable(&mail.from.address) {
            "sender not deliverable"
        } else if mail.from.name.as_deref().is_some_and(has_controls) {
            "control character in the sender's name"
        } else if has_controls(&mail.subject) {
            "control character in the subject"
        } else {
            return Ok(Self(mail));
        };
        Err(SendError { code: problem.to_owned() })
    }
}

impl Deref for Deliverable<'_> {
    type Target = Mail;

    fn deref(&self) -> &Mail {
        self.0
    }
}

/// Tells whether mail servers agree on what an address means: `local@domain` with a dot-atom (RFC 5321 §4.1.2). Valid
/// ones that are refused have a quoted local part, in which `<`, `,` and control characters can stand, or an IP address
/// for a domain.
pub fn is_deliverable(address: &str) -> bool {
    let is_local = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let is_domain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    address.len() <= MAX_ADDRESS
        && address.split_once('@').is_some_and(|(local, domain)| {
            let has_text = !local.is_empty() && local.len() <= MAX_LOCAL && !domain.is_empty();
            has_text && local.chars().all(is_local) && domain.chars().all(is_domain)
        })
}

/// Failure of a transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    /// Code for the log, with no address and nothing of the mail in it: that of Cloudflare (`E_RATE_LIMIT_EXCEEDED`); the
    /// step and the reply of SMTP (`RCPT 550 5.1.1`); or ours.
    pub code: String,
}

impl SendError {
    /// Tells whether it is about the recipient, so that no other mail to them would arrive either: the address is on the
    /// sender's suppression list, or its own server doesn't know it, or no transport may get it.
    pub fn is_of_recipient(&self) -> bool {
        match self.code.strip_prefix("RCPT ") {
            Some(reply) => {
                // RFC 5321 §4.2.3: no such mailbox here, nor known elsewhere, or not allowed as it is written. The code
                // of RFC 3463 tells that from a refusal to relay, or of the sender.
                let (code, enhanced) = reply.split_once(' ').unwrap_or((reply, ""));
                let is_mailbox = enhanced.is_empty() || enhanced.starts_with("5.1.") || enhanced == "5.2.1";
                let is_sender = matches!(enhanced, "5.1.7" | "5.1.8");
                matches!(code, "550" | "551" | "553") && is_mailbox && !is_sender
            }
            None => {
                let codes = ["E_RECIPIENT_SUPPRESSED", "E_RECIPIENT_NOT_ALLOWED", RECIPIENT_NOT_DELIVERABLE];
                codes.contains(&&*self.code)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mailbox;
    use super::*;

    fn mail() -> Mail {
        Mail {
            from: Mailbox {
                name: Some("Café, \"x\" <y>".to_owned()),
                address: "accounts@example.com".to_owned(),
            },
            to: "jake@example.com".to_owned(),
            subject: "Your code: é…".to_owned(),
            text: "a\r\nb\0".to_owned(),
            html: String::new(),
        }
    }

    fn refusal(change: impl Fn(&mut Mail)) -> Option<String> {
        let mut mail = mail();
        change(&mut mail);
        Deliverable::new(&mail).err().map(|error| error.code)
    }

    #[test]
    fn no_header_can_begin_another() {
        assert_eq!(refusal(|_| {}), None);
        assert_eq!(refusal(|mail| mail.from.name = None), None);
        for control in ["\r\n", "\n", "\r", "\0", "\t", "\u{7f}", "\u{85}", "\u{2028}"] {
            let text = ["x", control, "Bcc: eve@example.com"].concat();
            for (change, problem) in [
                ((|mail, text| mail.to = text) as fn(&mut Mail, String), "recipient not deliverable"),
                (|mail, text| mail.from.address = text, "sender not deliverable"),
                (|mail, text| mail.from.name = Some(text), "control character in the sender's name"),
                (|mail, text| mail.subject = text, "control character in the subject"),
            ] {
                assert_eq!(refusal(|mail| change(mail, text.clone())).as_deref(), Some(problem), "{text:?}");
            }
            let address = ["jake@example.com", control].concat();
            assert!(refusal(|mail| mail.to.clone_from(&address)).is_some(), "{address:?}");
        }
    }

    #[test]
    fn an_address_names_one_recipient() {
        let long = |local: usize, domain: usize| ["a".repeat(local), "b".repeat(domain)].join("@");
        for address in [
            "a@localhost",
            "o'brien+tag/x=y@xn--bcher-kva.example",
            "#!$%&'*+-/=?^_`{|}~.@x.io",
            &*long(64, 189),
        ] {
            assert!(is_deliverable(address), "{address}");
        }
        for address in [
            "",
            "@",
            "a",
            "@x.io",
            "a@",
            "a@b@x.io",
            "a@x.io,b@x.io",
            "a@x.io b@x.io",
            "A <a@x.io>",
            "\"a b\"@x.io",
            "\"<eve@x.io>, \"@x.io",
            "\"\u{1}\"@x.io",
            "a@[127.0.0.1]",
            "a@bücher.example",
            "é@x.io",
            "a@x.io>",
            &*long(65, 10),
            &*long(64, 190),
        ] {
            assert!(!is_deliverable(address), "{address:?}");
        }
    }

    #[test]
    fn a_failure_tells_whether_it_is_of_the_recipient() {
        let is_of_recipient = |code: &str| SendError { code: code.to_owned() }.is_of_recipient();
        for code in [
            "E_RECIPIENT_SUPPRESSED",
            "E_RECIPIENT_NOT_ALLOWED",
            "recipient not deliverable",
            "RCPT 550",
            "RCPT 551",
            "RCPT 553",
            "RCPT 550 5.1.1",
            "RCPT 550 5.2.1",
            "RCPT 553 5.1.3",
        ] {
            assert!(is_of_recipient(code), "{code}");
        }
        for code in [
            "",
            "E_SENDER_NOT_VERIFIED",
            "E_RATE_LIMIT_EXCEEDED",
            "550",
            "MAIL 550",
            "message 550 5.7.1",
            "RCPT 450",
            "RCPT 450 4.1.1",
            "RCPT 552 5.2.2",
            "RCPT 550 5.7.1",
            "RCPT 553 5.1.8",
            "RCPT closed",
            "no end within 10 s",
        ] {
            assert!(!is_of_recipient(code), "{code}");
        }
    }
}
