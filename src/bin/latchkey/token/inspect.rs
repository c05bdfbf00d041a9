//! `token inspect`: prints a token's header and claims, and whether the Worker would accept it.

use std::io::{self, Read as _};
use std::{env, iter};

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use latchkey::account::user::User;
use latchkey::api::authenticate::find_active;
use latchkey::auth::token::{VerifiedToken, verify};
use latchkey::error::{Error, Unauthenticated};
use latchkey::store::operator::Database;
use latchkey::store::operator::users::{self, TokenSubject};
use serde::Serialize;
use serde_json::value::RawValue;

use super::explain::{Object, Parts, date};
use crate::members::Members;
use crate::output::{self, escape_for_terminal};
use crate::settings::Deployment;

/// Prints a token's header and claims, its signing secret, and whether it is valid now
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  npx latchkey token inspect eyJhbGciOi…\n  echo \"$TOKEN\" | npx latchkey token inspect - --json\n\nThe exit status is 0 if the token is valid, else 1."
)]
pub struct Options {
    /// The token; - reads it from standard input
    #[arg(value_name = "JWT|-")]
    token: String,
}

#[derive(Serialize)]
struct Inspected {
    valid: bool,
    /// Why it is not.
    reasons: Vec<String>,
    /// The name of the secret.
    signed_with: Option<&'static str>,
    header: Option<Box<RawValue>>,
    claims: Option<Box<RawValue>>,
    /// The user whose id it has, if it is a good token otherwise.
    user: Option<Subject>,
}

#[derive(Serialize)]
struct Subject {
    id: i64,
    username: String,
    email: String,
    is_active: bool,
}

impl From<User> for Subject {
    fn from(User { id, username, email, is_active, .. }: User) -> Self {
        Self { id, username, email, is_active }
    }
}

pub fn run(deployment: &Deployment, options: &Options, as_json: bool) -> Result<()> {
    let token = token(deployment, &options.token)?;
    let config = deployment.config()?;
    let now = Utc::now().timestamp();
    let parts = Parts::of(&config.keys, &token);
    let (user, reasons) = match verify(&config.keys, &token, now) {
        Ok(token) => look_up(&*deployment.database()?, &token, now)?,
        Err(_) => (None, parts.faults(now)),
    };
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    let inspected = Inspected {
        valid: reasons.is_empty() && user.is_some(),
        reasons,
        signed_with: parts
            .signer
            .map(|signer| if signer.is_current { "JWT_SECRET" } else { "JWT_SECRET_PREVIOUS" }),
        header: json(parts.header),
        claims: json(parts.claims),
        user,
    };
    if as_json {
        output::print(&output::json(&inspected)?)?;
    } else {
        print(&inspected);
    }
    if inspected.valid {
        return Ok(());
    }
    bail!("the token is not valid: {}", inspected.reasons.join("; "))
}

fn token(deployment: &Deployment, argument: &str) -> Result<String> {
    if argument != "-" {
        return Ok(argument.trim().to_owned());
    }
    if deployment.remote && env::var_os("JWT_SECRET").is_none() {
        bail!("stdin has the token, so pass the deployed JWT_SECRET in the environment");
    }
    let mut token = String::new();
    io::stdin().read_to_string(&mut token).context("can't read stdin")?;
    Ok(token.trim().to_owned())
}

/// The user of a token that is good by itself, and why the Worker would refuse it nevertheless.
fn look_up(
    database: &dyn Database,
    token: &VerifiedToken,
    now: i64,
) -> Result<(Option<Subject>, Vec<String>)> {
    let why = match pollster::block_on(find_active(&database, token.key(), now)) {
        Ok((user, _)) => return Ok((Some(user.into()), Vec::new())),
        Err(Error::Unauthenticated(why)) => why,
        Err(Error::Internal(cause)) => bail!("{cause}"),
        Err(other) => bail!("can't look up the user: {other:?}"),
    };
    let Some(subject) = users::token_subject(database, token.user_id, &token.session.sid)? else {
        return Ok((None, vec![format!("there is no user with the id {}", token.user_id)]));
    };
    let TokenSubject { email, username, is_active, token_version, is_revoked } = subject;
    let user = Subject { id: token.user_id, username, email, is_active };
    let reason = match why {
        Unauthenticated::Deactivated => "its user is deactivated".to_owned(),
        _ if is_revoked => "its session has ended: the user has logged out".to_owned(),
        _ => format!(
            "its session has ended, or it is older than a new password: its ver is {}, and the user's is {token_version}",
            token.token_version
        ),
    };
    Ok((Some(user), vec![reason]))
}

fn print(inspected: &Inspected) {
    print_part("header", inspected.header.as_deref());
    print_part("claims", inspected.claims.as_deref());
    println!("signed with  {}", inspected.signed_with.unwrap_or("no secret of this deployment"));
    if let Some(user) = &inspected.user {
        let state = if user.is_active { "active" } else { "deactivated" };
        println!(
            "user         {} {} {}, {state}",
            user.id,
            escape_for_terminal(&user.username),
            escape_for_terminal(&user.email)
        );
    }
    let verdict = if inspected.valid { "yes" } else { "no" };
    println!("valid now    {verdict}");
    for reason in &inspected.reasons {
        println!("             {reason}");
    }
}

/// Prints a part of a token, each member on a line of its own.
fn print_part(name: &str, part: Option<&RawValue>) {
    let Some(part) = part else {
        println!("{name:<13}unreadable");
        return;
    };
    let Ok(Members(members)) = serde_json::from_str::<Object>(part.get()) else {
        println!("{name:<13}{}", escape_for_terminal(part.get()));
        return;
    };
    let names = iter::once(name).chain(iter::repeat(""));
    for (name, (member, value)) in names.zip(members) {
        let value = value.get();
        let time = ["exp", "iat", "nbf"].contains(&member.as_str()).then(|| value.parse().ok()).flatten();
        let time = time.map(|time| format!("  {}", date(time))).unwrap_or_default();
        println!("{name:<13}{:<5}{}{time}", escape_for_terminal(&member), escape_for_terminal(value));
    }
}
