//! `MAIL_FROM`, `APP_URL`, `MAIL_SIGN_IN`, `NOTICES`, and the transport: the binding `EMAIL` or `SMTP_URL`.

use super::variables::Variables;
use crate::account::{email, username};
use crate::http::is_local_authority;
use crate::mail::delivery::is_deliverable;
use crate::mail::{Application, Mailbox};

/// Mail of a deployment.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// `MAIL_FROM`: sender of every mail.
    pub from: Mailbox,
    /// `APP_NAME` and `APP_URL`.
    pub application: Application,
    /// `MAIL_SIGN_IN`: `true` if a mailed secret logs in.
    pub has_sign_in: bool,
    /// `NOTICES`: `true` if notices go out beside those on password, email and credentials.
    pub sends_all_notices: bool,
}

/// Reads the configuration of mail; `None` inside if there is none.
pub(super) fn read(variables: &mut Variables<'_>, app_name: Option<&str>) -> Option<Option<MailConfig>> {
    let from = variables.read("MAIL_FROM", sender);
    let app_url = variables.read("APP_URL", app_url);
    let sign_in = variables.switch("MAIL_SIGN_IN", false);
    let notices = variables.read("NOTICES", sends_all_notices);
    let has_binding = variables.is_set("EMAIL");
    let smtp =
        variables.read("SMTP_URL", |url| url.map_or(Ok(false), |url| check_smtp_url(&url).map(|()| true)));
    let (from, app_url, has_sign_in, has_smtp) = (from?, app_url?, sign_in?, smtp?);
    let sends_all_notices = notices?;
    let Some(from) = from else {
        if has_sign_in {
            variables.problems.push(
                "MAIL_SIGN_IN is \"on\", and MAIL_FROM is not set: set that, or this to \"off\"".to_owned(),
            );
        }
        return Some(None);
    };
    if !has_binding && !has_smtp {
        variables.problems.push(
            "MAIL_FROM is set, and there is no transport: bind EMAIL with [[send_email]] in wrangler.toml, or set the secret SMTP_URL"
                .to_owned(),
        );
    }
    let Some(app_url) = app_url else {
        variables.problems.push("MAIL_FROM is set, and APP_URL is not: set it to the address of the page that handles links, like \"https://app.example.com/account\"".to_owned());
        return None;
    };
    let application = Application { name: app_name?.to_owned(), url: app_url };
    Some(Some(MailConfig { from, application, has_sign_in, sends_all_notices }))
}

fn sends_all_notices(value: Option<String>) -> Result<bool, String> {
    match value.as_deref() {
        None | Some("all") => Ok(true),
        Some("essential") => Ok(false),
        Some(other) => Err(format!("NOTICES is {other:?}: it can be \"all\" or \"essential\"")),
    }
}

/// Parses an address, or a name with an address in angle brackets. An empty text is not set.
fn sender(value: Option<String>) -> Result<Option<Mailbox>, String> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let (name, address) = match value.strip_suffix('>').and_then(|rest| rest.split_once('<')) {
        Some((name, address)) => (Some(name.trim().to_owned()), address.to_owned()),
        None => (None, value.clone()),
    };
    let is_name = |name: &str| username::is_visible(name) && !name.contains(['\0', '"', '<', '>']);
    if email::is_valid(&address) && is_deliverable(&address) && name.as_deref().is_none_or(is_name) {
        return Ok(Some(Mailbox { name, address }));
    }
    Err(format!(
        "MAIL_FROM is {value:?}: write it like \"accounts@example.com\" or \"Example <accounts@example.com>\""
    ))
}

/// Parses an address that a fragment can stand behind. An empty text is not set.
fn app_url(value: Option<String>) -> Result<Option<String>, String> {
    let Some(url) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let (rest, is_secure) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (_, rest) => (rest.unwrap_or_default(), false),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let is_good = !authority.is_empty()
        && (is_secure || is_local_authority(authority))
        && rest.bytes().all(|c| c.is_ascii_graphic() && !b"?#@\\\"<>&'".contains(&c));
    if is_good {
        return Ok(Some(url));
    }
    Err(format!(
        "APP_URL is {url:?}: it can be an https address without query and fragment, like \"https://app.example.com/account\", or http on localhost"
    ))
}

/// Checks the address of an SMTP server (RFC 8314: TLS from the start). It is a secret, so the problem does not show it.
fn check_smtp_url(url: &str) -> Result<(), String> {
    let parts = || {
        let (userinfo, authority) = url.strip_prefix("smtps://")?.split_once('@')?;
        let (user, password) = userinfo.split_once(':')?;
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "465"));
        let is_text = |text: &str| {
            !text.is_empty() && text.bytes().all(|c| c.is_ascii_graphic() && !b"/?#@\\".contains(&c))
        };
        let is_hex = |rest: &str| rest.get(..2).is_some_and(|hex| hex.bytes().all(|c| c.is_ascii_hexdigit()));
        let is_encoded = |text: &str| is_text(text) && text.split('%').skip(1).all(is_hex);
        let is_good = is_encoded(user)
            && is_encoded(password)
            && is_text(host)
            && port.parse::<u16>().is_ok_and(|port| port > 0);
        is_good.then_some(())
    };
    parts().ok_or_else(|| {
        "SMTP_URL is no address of a server with TLS from the start: write it like \"smtps://user:password@smtp.example.com:465\", with what is special in user and password percent-encoded".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_smtp_url_has_user_password_and_host() {
        for url in ["smtps://u:p@mx.example.com", "smtps://u%40x:p%C3%A4@localhost:465"] {
            assert_eq!(check_smtp_url(url), Ok(()), "{url}");
        }
        for url in [
            "",
            "smtp://u:p@x.io",
            "smtps://x.io",
            "smtps://u@x.io",
            "smtps://:p@x.io",
            "smtps://u:p@",
            "smtps://u:p@x.io:0",
            "smtps://u:p@x.io:465/",
            "smtps://u@x:p@x.io",
            "smtps://u:50%@x.io",
            "smtps://u:%4@x.io",
            "smtps://u:%zz@x.io",
        ] {
            let problem = check_smtp_url(url).unwrap_err();
            assert!(url.is_empty() || !problem.contains(url), "{url}");
        }
    }
}
