//! `token inspect`: prints a token's header and claims, and whether the Worker would accept it.

use std::env;

use anyhow::{Result, bail};
use chrono::Utc;
use latchkey::api::authenticate::find_active;
use latchkey::auth::token::{Signer, TokenError, VerifiedToken, find_signer, verify};
use latchkey::error::{Error, Unauthenticated};
use latchkey::store::operator::Database;
use latchkey::store::operator::sessions::SessionDetails;
use latchkey::store::operator::users::{self, TokenSubject};
use serde::Serialize;
use serde_json::value::RawValue;

use super::parts::{self, date};
use crate::output::{self, day, escape_for_terminal, time};
use crate::prompt;
use crate::settings::Deployment;

/// Prints a token's header and claims, its signing secret, and whether it is valid now
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  printenv TOKEN | npx latchkey token inspect -\n  npx latchkey token inspect - --json < token.txt\n\nThe exit status is 0 if the token is valid, else 1."
)]
pub struct Options {
    /// The token; - reads it from standard input
    #[arg(value_name = "JWT|-")]
    token: String,
}

#[derive(Serialize)]
struct Inspected {
    valid: bool,
    /// Reason for which the Worker would reject it.
    reason: Option<String>,
    /// Name of the secret that signed it.
    signed_with: Option<&'static str>,
    header: Option<Box<RawValue>>,
    claims: Option<Box<RawValue>>,
    /// User whose id it has, unless the token itself is invalid.
    user: Option<Subject>,
    /// Its session, if that is recorded.
    session: Option<SessionDetails>,
}

#[derive(Serialize)]
struct Subject {
    id: i64,
    username: String,
    email: String,
    is_active: bool,
}

pub fn run(deployment: &Deployment, options: &Options, as_json: bool) -> Result<()> {
    let token = token(deployment, &options.token)?;
    let config = deployment.config()?;
    let now = Utc::now().timestamp();
    let signer = find_signer(&config.keys, &token);
    let [header, claims] = parts::decode(&token);
    let Found { user, session, reason } = match verify(&config.keys, &token, now) {
        Ok(token) => match token.check_session(config.session_max_age, now) {
            Ok(()) => look_up(&*deployment.database()?, &token, now)?,
            Err(error) => Found::nothing(reason(&error, signer.as_ref())),
        },
        Err(error) => Found::nothing(reason(&error, signer.as_ref())),
    };
    let inspected = Inspected {
        valid: reason.is_none(),
        reason,
        signed_with: signer
            .map(|signer| if signer.is_current { "JWT_SECRET" } else { "JWT_SECRET_PREVIOUS" }),
        header,
        claims,
        user,
        session,
    };
    if as_json {
        output::print(&output::json(&inspected)?)?;
    } else {
        print(&inspected)?;
    }
    match &inspected.reason {
        None => Ok(()),
        Some(reason) => bail!("the token is not valid: {}", escape_for_terminal(reason)),
    }
}

/// Describes why the library rejects a token.
fn reason(error: &TokenError, signer: Option<&Signer>) -> String {
    match error {
        TokenError::InvalidSignature if signer.is_some() => {
            "its kid names another secret than the one that signed it".to_owned()
        }
        TokenError::Expired(exp) => format!("it expired at {}", date(*exp)),
        TokenError::NotYetValid(nbf) => format!("it is not valid before {}", date(*nbf)),
        other => format!("it {other}"),
    }
}

fn token(deployment: &Deployment, argument: &str) -> Result<String> {
    if argument != "-" {
        output::note(
            "latchkey: warning: everyone on this machine can read a command line, and shells keep it: pass '-' and the \
             token on standard input",
        );
        return Ok(argument.trim().to_owned());
    }
    if deployment.remote && env::var_os("JWT_SECRET").is_none() {
        bail!("stdin has the token, so pass the deployed JWT_SECRET in the environment");
    }
    Ok(prompt::all_of_stdin()?.trim().to_owned())
}

/// Rows that a token names, and the reason for which the Worker would reject it.
struct Found {
    user: Option<Subject>,
    session: Option<SessionDetails>,
    reason: Option<String>,
}

impl Found {
    fn nothing(reason: String) -> Self {
        Self { user: None, session: None, reason: Some(reason) }
    }
}

/// Looks up the user and the session of a verified token, and why the Worker would reject it all the same.
fn look_up(database: &dyn Database, token: &VerifiedToken, now: i64) -> Result<Found> {
    let found = pollster::block_on(find_active(&database, token, 0, now));
    let Some(subject) = users::token_subject(database, token.user_id, &token.session.sid)? else {
        return Ok(Found::nothing(format!("there is no user with the id {}", token.user_id)));
    };
    let TokenSubject { email, username, is_active, token_version, session } = subject;
    let user = Some(Subject { id: token.user_id, username, email, is_active });
    let why = match found {
        Ok(_) => return Ok(Found { user, session, reason: None }),
        Err(Error::Unauthenticated(why)) => why,
        Err(Error::Internal(cause)) => bail!("{cause}"),
        Err(other) => bail!("can't look up the user: {other:?}"),
    };
    let reason = match (why, session.as_ref().and_then(|session| session.ended_at)) {
        (Unauthenticated::Deactivated, _) => "its user is deactivated".to_owned(),
        (_, Some(at)) => format!("its session was ended at {}", time(at)),
        (_, None) => format!(
            "its session has ended, or it is older than a new password: its ver is {}, and the user's is {token_version}",
            token.token_version
        ),
    };
    Ok(Found { user, session, reason: Some(reason) })
}

fn print(inspected: &Inspected) -> Result<()> {
    parts::print("header", inspected.header.as_deref())?;
    parts::print("claims", inspected.claims.as_deref())?;
    let signer = inspected.signed_with.unwrap_or("no secret of this deployment");
    output::print(&format!("signed with  {signer}"))?;
    if let Some(user) = &inspected.user {
        let state = if user.is_active { "active" } else { "deactivated" };
        output::print(&format!(
            "user         {} {} {}, {state}",
            user.id,
            escape_for_terminal(&user.username),
            escape_for_terminal(&user.email)
        ))?;
    }
    if let Some(session) = &inspected.session {
        let unknown = || "unknown".to_owned();
        output::print(&format!(
            "session      device {}, place {}, last seen {}",
            session.agent.as_deref().map_or_else(unknown, escape_for_terminal),
            session.place.as_deref().map_or_else(unknown, escape_for_terminal),
            day(session.seen_at)
        ))?;
    }
    let verdict = if inspected.valid { "yes" } else { "no" };
    output::print(&format!("valid now    {verdict}"))?;
    if let Some(reason) = &inspected.reason {
        output::print(&format!("             {}", escape_for_terminal(reason)))?;
    }
    Ok(())
}
