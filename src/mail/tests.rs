//! Tests of the mails: each text as it is, and what no text may have in it.

use std::path::Path;
use std::{env, fs};

use super::name::clean;
use super::time::readable;
use super::*;

/// Set, makes the tests write the fixtures instead of comparing with them.
const WRITE: &str = "WRITE_MAILS";

fn application() -> Application {
    Application { name: "Latchkey".to_owned(), url: "https://app.example.com/account".to_owned() }
}

fn mail_of(message: &Message) -> Mail {
    let from = Mailbox { name: None, address: "accounts@example.com".to_owned() };
    write(&application(), &from, "jake@example.com", message)
}

/// Every mail with its name, and notices of other circumstances.
fn messages() -> Vec<(String, Message)> {
    let mut messages: Vec<_> =
        example::all().into_iter().map(|example| (example.kind.to_owned(), example.message)).collect();
    let gathered = Notice {
        count: 3,
        since: Some("2026-11-28T09:12:41Z".to_owned()),
        ..example::notice(Event::AccountLocked)
    };
    let by_administrator = Notice { by_administrator: true, ..example::notice(Event::PasswordChanged) };
    let unverified = Notice { username: None, ..example::notice(Event::EmailReplaced) };
    let unknown = Notice { agent: None, place: None, ..unverified.clone() };
    for (name, notice) in [
        ("account-locked-gathered", gathered),
        ("password-changed-by-administrator", by_administrator),
        ("email-replaced-unverified", unverified),
        ("email-replaced-unknown-place", unknown),
    ] {
        messages.push((name.to_owned(), Message::Notice(notice)));
    }
    messages
}

fn notice_of(username: &str) -> Mail {
    let notice = Notice { username: Some(username.to_owned()), ..example::notice(Event::UnknownDevice) };
    mail_of(&Message::Notice(notice))
}

/// Tags of a document and the text between them, with entities as they are.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).map(|part| part.split_once('>').unwrap().0).collect()
}

/// Asserts that each element that has to be closed is.
fn assert_balanced(html: &str) {
    let mut open = Vec::new();
    for tag in tags(html) {
        let name = tag.split_whitespace().next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{html}");
        } else if !["!doctype", "meta", "br"].contains(&name) {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    assert!(open.is_empty(), "{open:?}");
}

/// What a reader sees below the heading, in words.
fn words_of_html(html: &str) -> Vec<String> {
    let body = html.split_once("</h1>").unwrap().1;
    let text: String =
        body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    let mut text = text;
    for (entity, c) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
        text = text.replace(entity, c);
    }
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn every_mail_says_what_its_fixture_says() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mails");
    let mut names = Vec::new();
    for (name, message) in messages() {
        let mail = mail_of(&message);
        let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
        for (extension, content) in [("txt", text), ("html", mail.html)] {
            let file = format!("{name}.{extension}");
            let path = directory.join(&file);
            if env::var_os(WRITE).is_some() {
                fs::write(&path, &content).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(
                content, expected,
                "{file}: if this is right, run WRITE_MAILS=1 cargo test --lib mail"
            );
            names.push(file);
        }
    }
    for entry in fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "no mail is named {name}");
    }
}

#[test]
fn text_and_html_say_the_same() {
    for (name, message) in messages() {
        let mail = mail_of(&message);
        let text = mail.text.replace(['\u{2068}', '\u{2069}'], "");
        // A label in text ends in a colon, and a button does not.
        let bare = |word: &str| word.trim_end_matches(':').to_owned();
        let (text, html): (Vec<_>, Vec<_>) = (
            text.split_whitespace().map(bare).collect(),
            words_of_html(&mail.html).iter().map(|word| bare(word)).collect(),
        );
        assert_eq!(text, html, "{name}");
        assert!(mail.html.contains(&format!("<title>{0}</title>", mail.subject)), "{name}");
    }
}

#[test]
fn every_mail_is_small_and_of_itself() {
    for (name, message) in messages() {
        let mail = mail_of(&message);
        assert!(mail.html.len() < 6_000, "{name} has {}", mail.html.len());
        assert!(mail.text.lines().all(|line| line.len() < 998), "{name}: RFC 5322 §2.1.1");
        assert!(!mail.subject.is_empty() && mail.subject.contains("Latchkey"), "{name}");
        assert_balanced(&mail.html);
        for external in ["src=", "url(", "@import", "<link", "<script", "<img", "<form", "http-equiv"] {
            assert!(!mail.html.contains(external), "{name}: {external}");
        }
    }
}

#[test]
fn every_link_is_that_of_the_application() {
    for (name, message) in messages() {
        let mail = mail_of(&message);
        let link = match &message {
            Message::PasswordReset(secret) => format!("#purpose=reset&secret={}", secret.link),
            Message::EmailVerification(secret) => format!("#purpose=verification&secret={}", secret.link),
            Message::SignIn(secret) => format!("#purpose=sign_in&secret={}", secret.link),
            Message::Invitation(secret) => format!("#purpose=invitation&secret={}", secret.link),
            Message::RequestedReset(secret) => format!("#purpose=reset&secret={}", secret.link),
            Message::Notice(_) => String::new(),
        };
        let link = format!("https://app.example.com/account{link}");
        let lines: Vec<_> = mail.text.lines().filter(|line| line.contains("://")).collect();
        assert_eq!(lines, [&*link], "{name}");
        let escaped = link.replace('&', "&amp;");
        let linked: Vec<_> = mail.html.split("href=\"").skip(1).collect();
        assert!(!linked.is_empty(), "{name}");
        for href in linked {
            assert_eq!(href.split('"').next(), Some(&*escaped), "{name}");
        }
        assert_eq!(mail.html.matches("://").count(), mail.html.matches(&*escaped).count(), "{name}");
    }
}

#[test]
fn a_code_stands_on_its_own_line_and_not_in_the_subject() {
    for example in example::all() {
        let mail = mail_of(&example.message);
        let secret = match example.message {
            Message::PasswordReset(secret) | Message::EmailVerification(secret) | Message::SignIn(secret) => {
                secret
            }
            Message::Invitation(_) | Message::RequestedReset(_) => {
                assert!(!mail.text.contains("code") && !mail.html.contains("<code"), "{}", example.kind);
                assert!(mail.text.contains("will ever ask you for the link. Give it to no one."));
                continue;
            }
            Message::Notice(_) => {
                assert!(!mail.text.contains("secret="), "{}", example.kind);
                continue;
            }
        };
        let code = secret.code.unwrap();
        assert_eq!(mail.text.lines().filter(|line| line.contains(&code)).collect::<Vec<_>>(), [&code]);
        assert!(mail.html.contains(&format!(">{code}</code></p>\n")));
        assert!(!mail.subject.contains(|c: char| c.is_ascii_digit()));
        for part in ["Nobody from Latchkey will ever ask", "If you did not ask for this, ignore this mail"] {
            assert!(mail.text.contains(part), "{}: {part}", example.kind);
        }
    }
}

#[test]
fn a_hostile_name_changes_nothing_else() {
    let plain = notice_of("jake");
    for (name, shown) in [
        ("a\r\nBcc: eve@evil.example\n\n", "aBcc: eve@evil. example"),
        ("<script>alert('x')</script>", "<script>alert('x')</script>"),
        ("\"><a href=x>&amp;", "\"><a href=x>&amp;"),
        ("\u{202e}gnp.exe\u{2066}\u{200f}\u{200e}\u{61c}\u{202a}\u{2069}\u{2069}", "gnp. exe"),
        ("שלום", "שלום"),
        ("http://evil.example/x", "http: //evil. example/x"),
        ("evil.example", "evil. example"),
        ("evil.\u{200b}example.\u{2060}\u{feff}com.", "evil. example. com."),
        ("evil。example．x｡y․z", "evil。 example． x｡ y․ z"),
        ("mailto:x tel:1  \u{a0} J. Smith", "mailto: x tel: 1 J. Smith"),
        ("a\0b\u{7f}\u{9b}\u{1b}[2J\u{2028}\u{2029}\u{85}", "ab[2J"),
        ("{app} %s {} {0}", "{app} %s {} {0}"),
        ("👩\u{200d}💻 e\u{301}", "👩\u{200d}💻 e\u{301}"),
        (&"🦀".repeat(255), &format!("{}…", "🦀".repeat(40))),
        (&"a".repeat(40), &"a".repeat(40)),
        (&"a.".repeat(40), &format!("{}…", "a. ".repeat(20).trim_end())),
    ] {
        let mail = notice_of(name);
        assert_eq!(mail.subject, plain.subject);
        let line = if shown.is_ascii() { shown.to_owned() } else { format!("\u{2068}{shown}\u{2069}") };
        assert_eq!(mail.text, plain.text.replace("Username: jake\n", &format!("Username: {line}\n")));
        let escaped = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let escaped = escaped.replace('"', "&quot;").replace('\'', "&#39;");
        assert_eq!(mail.html, plain.html.replace("<bdi>jake</bdi>", &format!("<bdi>{escaped}</bdi>")));
        assert_balanced(&mail.html);
        for text in [&mail.subject, &mail.text, &mail.html] {
            let is_other = |c: char| {
                (c.is_control() && c != '\n')
                    || matches!(
                        c,
                        '\u{2028}' | '\u{2029}' | '\u{202a}'
                            ..='\u{202e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2066}' | '\u{2067}'
                    )
            };
            assert!(!text.contains(is_other), "{text}");
            assert!(text.matches('\u{2068}').count() == text.matches('\u{2069}').count());
        }
        assert!(!mail.html.contains("<script") && !mail.subject.contains('\n'));
        assert!(!mail.html.contains(['\u{2068}', '\u{2069}']));
    }
    for invisible in ["", " ", "\u{200b}\u{3164}", "\u{202e}\n", "\u{200d}\u{fe0f}"] {
        assert_eq!(clean(invisible), None, "{invisible:?}");
        assert!(!notice_of(invisible).text.contains("Username"));
    }
}

#[test]
fn a_mail_to_an_unverified_address_has_nothing_of_the_name() {
    for event in Event::ALL {
        let verified = mail_of(&Message::Notice(example::notice(event)));
        let notice = Notice { username: None, ..example::notice(event) };
        let mail = mail_of(&Message::Notice(notice));
        assert_eq!(mail.text, verified.text.replace("Username: jake\n", ""));
        for text in [mail.subject, mail.text, mail.html] {
            assert!(!text.contains("jake") && !text.contains("sername"), "{text}");
        }
    }
}

#[test]
fn a_place_is_shown_as_it_is_and_not_that_of_an_administrator() {
    let notice = |by_administrator| Notice {
        agent: Some("Samsung Internet on Android".to_owned()),
        place: Some("St. John’s, CA".to_owned()),
        by_administrator,
        recovery_codes: None,
        ..example::notice(Event::PasswordChanged)
    };
    let own = mail_of(&Message::Notice(notice(false))).text;
    assert!(own.contains("\u{2068}St. John’s, CA\u{2069}") && own.contains("Samsung Internet on Android"));
    let other = mail_of(&Message::Notice(notice(true))).text;
    assert!(!other.contains("St. John") && !other.contains("Android"), "{other}");
}

#[test]
fn the_name_of_the_application_is_escaped() {
    let application = Application { name: "R&D <\"x\"> {app}".to_owned(), ..application() };
    let from = Mailbox { name: None, address: "accounts@example.com".to_owned() };
    for (name, message) in messages() {
        let mail = write(&application, &from, "jake@example.com", &message);
        assert!(mail.subject.contains(&application.name) && mail.text.contains(&application.name), "{name}");
        assert!(
            mail.html.contains("R&amp;D &lt;&quot;x&quot;&gt; {app}") && !mail.html.contains("R&D"),
            "{name}"
        );
        assert_balanced(&mail.html);
    }
}

#[test]
fn times_are_readable() {
    assert_eq!(readable("2026-11-28T10:09:59Z").as_deref(), Some("28 November 2026, 10:09 UTC"));
    assert_eq!(readable("2027-01-05T00:00:00Z").as_deref(), Some("5 January 2027, 00:00 UTC"));
    for other in
        ["", "Z", "TZ", "2026-11-28", "2026-13-28T10:09:00Z", "2026-00-28T10:09:00Z", "2026-é-28T10:09:00Z"]
    {
        assert_eq!(readable(other), None, "{other}");
    }
}

#[test]
fn events_are_found_by_their_names() {
    for event in Event::ALL {
        assert_eq!(Event::from_name(event.name()), Some(event));
    }
    assert_eq!(Event::from_name("password"), None);
}
