//! The way of a mail to the transport.

use latchkey::mail::delivery::SendError;
use latchkey::mail::{Mail, Mailbox};
use latchkey::platform::Platform as _;

use super::Native;
use super::api::{self, Api as _, Received};

#[test]
fn a_mail_that_could_begin_another_header_does_not_reach_the_transport() {
    let api = Native::new(api::with_mail());
    let mut mail = Mail {
        from: Mailbox { name: None, address: "accounts@example.com".to_owned() },
        to: "jake@x.io".to_owned(),
        subject: "x\r\nBcc: eve@x.io".to_owned(),
        text: "text".to_owned(),
        html: "html".to_owned(),
    };
    let refused = Err(SendError { code: "control character in the subject".to_owned() });
    assert_eq!(pollster::block_on(api.platform.send(&mail)), refused);
    assert_eq!(api.mails("jake@x.io"), []);
    mail.subject = "x".to_owned();
    assert_eq!(pollster::block_on(api.platform.send(&mail)), Ok(()));
    let Mail { to, subject, text, html, .. } = mail;
    assert_eq!(api.mails("jake@x.io"), [Received { to, subject, text, html }]);
}
