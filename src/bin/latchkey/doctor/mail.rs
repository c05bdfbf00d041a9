//! Check of mail: a transport for it, and a page for its links that can call the API.

use latchkey::http::cors::{Cors, Origins};
use latchkey::http::is_local_authority;
use toml::{Table, Value};

use super::secrets::SMTP_URL;
use super::{Findings, wrangler_config};
use crate::settings::{Deployment, EMAIL};

/// Port of `wrangler dev`, unless `wrangler.toml` has another.
const DEV_PORT: i64 = 8787;

/// Checks mail, with the names of the deployed secrets if these are known. `variables` reports what is invalid.
pub fn check(deployment: &Deployment, deployed: Option<&[String]>, findings: &mut Findings) {
    let (Ok(config), Ok((_, mail))) = (deployment.wrangler_config(), deployment.mail()) else { return };
    let Some(mail) = mail else {
        return findings.note("MAIL_FROM is not set, so mail is off: nobody can reset a forgotten password or verify an email. ('npm start' turns it on, with a mailbox on this machine)");
    };
    transport(deployment, &config, &mail.from.address, deployed, findings);
    page(deployment, &config, &mail.application.url, findings);
}

/// Looks for the binding or the secret that mail goes by.
fn transport(
    deployment: &Deployment,
    config: &Table,
    from: &str,
    deployed: Option<&[String]>,
    findings: &mut Findings,
) {
    let mut bindings = config.get("send_email").and_then(Value::as_array).into_iter().flatten();
    let is_ours = |binding: &&Value| binding.get("name").and_then(Value::as_str) == Some(EMAIL);
    if let Some(binding) = bindings.find(is_ours) {
        let mut senders =
            binding.get("allowed_sender_addresses").and_then(Value::as_array).into_iter().flatten();
        let is_restricted = binding.get("allowed_sender_addresses").is_some();
        let is_sender =
            |sender: &Value| sender.as_str().is_some_and(|sender| sender.eq_ignore_ascii_case(from));
        return if is_restricted && !senders.any(is_sender) {
            findings.error(format!(
                "allowed_sender_addresses of {EMAIL} in wrangler.toml lacks {from}, which is MAIL_FROM, so no mail would be sent: add it there"
            ));
        } else {
            findings.ok(format!("mail is sent by the binding {EMAIL}"));
        };
    }
    let has_smtp = if deployment.remote {
        deployed.map(|names| names.iter().any(|name| name == SMTP_URL))
    } else {
        Some(deployment.plain_variables().is_ok_and(|variables| variables.contains_key(SMTP_URL)))
    };
    let missing = format!(
        "bind {EMAIL} with [[send_email]] in wrangler.toml, or set the secret with 'npx wrangler secret put {SMTP_URL}'"
    );
    match has_smtp {
        Some(true) => findings.ok(format!("mail is sent by {SMTP_URL}")),
        Some(false) if deployment.remote => findings.error(format!(
            "MAIL_FROM is set, and there is no transport, so every request gets a 500: {missing}"
        )),
        Some(false) => findings.note(format!(
            "MAIL_FROM is set, and here is no transport but the mailbox of 'npm start': for a deployment, {missing}"
        )),
        None => {} // the secrets could not be listed, which is reported
    }
}

/// Checks that the page of links may call the API.
fn page(deployment: &Deployment, config: &Table, app_url: &str, findings: &mut Findings) {
    let Some((scheme, rest)) = app_url.split_once("://") else { return };
    let authority = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
    let origin = format!("{scheme}://{authority}");
    let variables = deployment.plain_variables().unwrap_or_default();
    let allowed = variables.get("ALLOWED_ORIGINS").map_or("", String::as_str);
    let Ok(allowed) = Origins::parse(allowed) else { return };
    if Cors::new(allowed, &[]).refusal(&origin, None).is_none() || is_own(deployment, config, authority) {
        findings.ok(format!("the page of mailed links, {app_url}, may call the API"));
    } else {
        findings.warn(format!(
            "ALLOWED_ORIGINS lacks {origin}, which has the page of mailed links (APP_URL), and no route in wrangler.toml is for it: unless the Worker serves that page itself, it can't call the API. Add the origin there"
        ));
    }
}

/// Tells whether the Worker is known to answer at this host and port.
fn is_own(deployment: &Deployment, config: &Table, authority: &str) -> bool {
    let whole = wrangler_config::whole();
    // An environment inherits these, and has a name of its own.
    let get = |key: &str| config.get(key).or_else(|| whole.get(key));
    if is_local_authority(authority) {
        let port = get("dev").and_then(|dev| dev.get("port")).and_then(Value::as_integer).unwrap_or(DEV_PORT);
        return !deployment.remote && authority.ends_with(&format!(":{port}"));
    }
    let is_of_host = |host: &String| {
        host == authority || host.strip_prefix('*').is_some_and(|end| authority.ends_with(end))
    };
    if wrangler_config::hosts(config).iter().any(is_of_host) {
        return true;
    }
    let name = whole.get("name").and_then(Value::as_str).unwrap_or_default();
    let suffix = deployment.env.iter().map(|env| format!("-{env}")).collect::<String>();
    let own_name = config.get("name").and_then(Value::as_str).filter(|_| deployment.env.is_some());
    let name = own_name.map_or_else(|| format!("{name}{suffix}"), str::to_owned);
    authority.ends_with(".workers.dev") && authority.starts_with(&format!("{name}."))
}
