//! Single-use secrets: issued within limits, found with their wrong tries counted, and redeemed once.
//!
//! The state that a secret was issued for has to hold still when it is found and when it is redeemed: the condition is part
//! of both statements.

use super::{DAY, Db, DbError, Param, Row, email};

/// Validity of a code, in seconds (OWASP ASVS 5.0, 6.5.5).
const CODE_TTL: i64 = 10 * 60;

/// The most wrong tries of a secret, and those after which its code is refused.
const MAX_TRIES: i64 = 10;
const MAX_CODE_TRIES: i64 = 5;

const HOUR: i64 = 60 * 60;
const WEEK: i64 = 7 * DAY;

/// Purpose of a secret. For any other it is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new password for one that was forgotten.
    PasswordReset,
    /// Proof that an address is the user's.
    EmailVerification,
    /// Sign-in without a password.
    SignIn,
    /// First password of an account that staff made. It is redeemed as a password reset, and has no code.
    Invitation,
    /// A new password that staff ask for: a password reset without a code.
    RequestedReset,
}

impl Purpose {
    /// Name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PasswordReset | Self::Invitation | Self::RequestedReset => "reset",
            Self::EmailVerification => "verification",
            Self::SignIn => "sign_in",
        }
    }

    /// Validity of the link, in seconds.
    const fn link_ttl(self) -> i64 {
        match self {
            Self::PasswordReset | Self::RequestedReset => 30 * 60,
            Self::EmailVerification => DAY,
            Self::Invitation => WEEK,
            Self::SignIn => 10 * 60,
        }
    }

    /// Time for which a limit counts a row, in seconds.
    const fn memory(self) -> i64 {
        match self {
            Self::EmailVerification | Self::Invitation => WEEK,
            Self::PasswordReset | Self::RequestedReset | Self::SignIn => DAY,
        }
    }

    /// Column of `users` whose raise ends the secret.
    pub(super) const fn version(self) -> &'static str {
        match self {
            Self::EmailVerification => "email_version",
            _ => "reset_version",
        }
    }

    /// SQL condition over rows of `secrets` and of `users`: what the secret was issued for holds still.
    const fn holds(self) -> &'static str {
        match self {
            Self::EmailVerification => {
                "email_version = version AND (pending_email = secrets.email OR NOT email_verified AND users.email = secrets.email)"
            }
            Self::SignIn => {
                "users.email = secrets.email AND reset_version = version AND users.token_version = secrets.token_version"
            }
            _ => "users.email = secrets.email AND reset_version = version",
        }
    }
}

/// Secret to be issued.
pub struct NewSecret {
    /// Purpose.
    pub purpose: Purpose,
    /// Primary key.
    pub id: String,
    /// SHA-256 of the link's token.
    pub token_hash: String,
    /// Keyed hash of id and code.
    pub code_hash: String,
    /// `true` if the code is mailed too; else it is expired from the start.
    pub has_code: bool,
    /// Keys under which it counts.
    pub limits: LimitKeys,
}

/// Keys under which requests for mail are counted.
pub struct LimitKeys {
    /// Keyed hash of the recipient's address.
    pub account: String,
    /// Keyed hash of the client IP.
    pub network: String,
    /// Keyed hash of the larger network around it, if it is of IPv6.
    pub site: Option<String>,
}

/// Mail that a secret is sent by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// End of the code, in RFC 3339.
    pub expires: String,
    /// Recipient; `None` if nobody active has the address.
    pub recipient: Option<Recipient>,
}

/// Recipient of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Id of the user.
    pub user_id: i64,
    /// Address as it is stored.
    pub email: String,
}

/// Secret as a client sends it: one of the two hashes is there.
pub struct Sent {
    /// Primary key.
    pub id: String,
    /// SHA-256 of a link's token.
    pub token_hash: Option<String>,
    /// Keyed hash of id and code.
    pub code_hash: Option<String>,
}

/// Result of [`find`] for the right secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// User that it is for.
    pub user_id: i64,
    /// Address that it was mailed to.
    pub email: String,
    /// Name of the user.
    pub username: String,
}

/// SQL expression over rows of `secrets`: end of the code, in RFC 3339.
pub(super) const EXPIRES: &str = "strftime('%Y-%m-%dT%H:%M:%SZ', code_expires_at, 'unixepoch')";

/// Number of the parameters of [`insert`].
pub(super) const INSERT_PARAMS: usize = 11;

impl NewSecret {
    /// The parameters of [`insert`].
    pub(super) fn params(&self, now: i64) -> [Param<'_>; INSERT_PARAMS] {
        let Self {
            purpose,
            id,
            token_hash,
            code_hash,
            has_code,
            limits: LimitKeys { account, network, site },
        } = self;
        [
            id.as_str().into(),
            purpose.name().into(),
            account.as_str().into(),
            network.as_str().into(),
            site.as_deref().into(),
            token_hash.as_str().into(),
            code_hash.as_str().into(),
            now.into(),
            (now + purpose.link_ttl()).into(),
            (now + purpose.memory()).into(),
            (now + if *has_code { CODE_TTL } else { 0 }).into(),
        ]
    }
}

/// SQL statement, but for the end of its condition: inserts a secret for a row of `source`, which has a user's columns, if no
/// limit is reached. `email` is the address that it is mailed to, and `version` what its version is then. The parameters
/// of [`NewSecret::params`] begin with the number `first`.
pub(super) fn insert(purpose: Purpose, first: usize, source: &str, email: &str, version: &str) -> String {
    let p = |at: usize| format!("?{}", first + at);
    let (id, name, account, network, site, token_hash, code_hash, now) =
        (p(0), p(1), p(2), p(3), p(4), p(5), p(6), p(7));
    let is_within_limits = is_within_limits(purpose, first);
    format!(
        "INSERT INTO secrets (id, purpose, account, network, site, token_hash, code_hash, created_at, code_expires_at, \
         expires_at, purge_at, user_id, email, token_version, version) \
         SELECT {id}, {name}, {account}, {network}, {site}, {token_hash}, {code_hash}, {now}, {}, {}, {}, \
         users.id, {email}, token_version, {version} FROM {source} WHERE {is_within_limits}",
        p(10),
        p(8),
        p(9)
    )
}

/// SQL condition: no limit is reached. The parameters of [`NewSecret::params`] begin with the number `first`.
pub(super) fn is_within_limits(purpose: Purpose, first: usize) -> String {
    let p = |at: usize| format!("?{}", first + at);
    [&wait(purpose, [&p(2), &p(3), &p(4), &p(7)]), " <= 0"].concat()
}

/// SQL expression: the seconds until another mail to an account may be asked for from a network. It is 0 or less if that
/// is now. The limits are those of the contract, the same for anyone.
fn wait(purpose: Purpose, [account, network, site, now]: [&str; 4]) -> String {
    // The time at which the last but n leaves the period.
    let term = |condition: &str, n: i64, period: i64| {
        format!(
            "ifnull((SELECT created_at FROM secrets WHERE {condition} AND created_at > {now} - {period} \
             ORDER BY created_at DESC LIMIT 1 OFFSET {}) + {period} - {now}, 0)",
            n - 1
        )
    };
    let of_account = format!("account = {account}");
    let mut terms = vec![
        term(&of_account, 1, 60),
        term(&of_account, 20, DAY),
        term(&format!("{of_account} AND network = {network}"), 5, DAY),
        term(&format!("network = {network}"), 30, HOUR),
        term(&format!("site = {site}"), 120, HOUR),
    ];
    if purpose == Purpose::EmailVerification {
        terms.push(term(&format!("{of_account} AND purpose = 'verification'"), 3, WEEK));
    }
    format!("max({})", terms.join(", "))
}

/// Issues a secret for the active user with this address, if a limit allows it, and says when its code ends; `None` if a limit is
/// reached. An address that nobody has leaves a row too, so that both cost and count the same.
pub async fn issue(db: &impl Db, new: &NewSecret, email: &str, now: i64) -> Result<Option<Issued>, DbError> {
    let source = format!("(SELECT 1) LEFT JOIN users ON users.email = ?{} AND is_active", INSERT_PARAMS + 1);
    let insert = insert(new.purpose, 1, &source, "users.email", new.purpose.version());
    let sql = format!("{insert} RETURNING {EXPIRES}, user_id, email");
    let mut params = Vec::from(new.params(now));
    params.push(email.into());
    db.first(&sql, &params).await?.map(take_issued).transpose()
}

fn take_issued(mut row: Row) -> Result<Issued, DbError> {
    let expires = row.text()?;
    let user_id = row.optional_integer()?;
    let recipient = user_id.map(|user_id| Ok::<_, DbError>(Recipient { user_id, email: row.text()? }));
    Ok(Issued { expires, recipient: recipient.transpose()? })
}

/// Issues a verification of this address to a user, who has it unverified or waits for it, if a limit allows it.
pub async fn issue_verification(
    db: &impl Db,
    new: &NewSecret,
    Recipient { user_id, email }: &Recipient,
    now: i64,
) -> Result<Option<Issued>, DbError> {
    let (user, address) = (INSERT_PARAMS + 1, INSERT_PARAMS + 2);
    let insert = insert(new.purpose, 1, "users", &format!("?{address}"), new.purpose.version());
    // An address in force is a new one too, if a limit kept its verification back.
    let is_within_limit = email::may_be_mailed_to(&format!("?{address}"), "?8");
    let sql = format!(
        "{insert} AND users.id = ?{user} AND is_active AND {is_within_limit} \
         AND (pending_email = ?{address} OR NOT email_verified AND users.email = ?{address}) \
         RETURNING {EXPIRES}, user_id, email"
    );
    let mut params = Vec::from(new.params(now));
    params.extend_from_slice(&[(*user_id).into(), email.as_str().into()]);
    db.first(&sql, &params).await?.map(take_issued).transpose()
}

/// Seconds until another mail may be asked for; 0 or less if that is now.
pub async fn wait_for(db: &impl Db, purpose: Purpose, keys: &LimitKeys, now: i64) -> Result<i64, DbError> {
    let sql = format!("SELECT CAST({} AS INTEGER) AS seconds", wait(purpose, ["?1", "?2", "?3", "?4"]));
    let LimitKeys { account, network, site } = keys;
    let params = [account.as_str().into(), network.as_str().into(), site.as_deref().into(), now.into()];
    let row = db.first(&sql, &params).await?;
    row.map_or(Ok(0), |mut row| row.integer())
}

/// SQL condition of [`find`]: no session renews its proof by the mailbox of an account that never was verified, or whoever
/// has that would keep a stranger's session.
const VERIFIED_FOR_CALLER: &str =
    " AND (?6 IS NULL OR EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND verified_at IS NOT NULL))";

/// Finds the secret that a client sent, if it is right, and counts a wrong try, in one statement: of any number at once as
/// many count as the limits say. `caller` is the user that it has to be for, if the request has one.
pub async fn find(
    db: &impl Db,
    purpose: Purpose,
    sent: &Sent,
    caller: Option<i64>,
    now: i64,
) -> Result<Option<Found>, DbError> {
    let right = format!(
        "ifnull(token_hash = ?3 OR code_hash = ?4 AND tries < {MAX_CODE_TRIES} AND code_expires_at > ?5, 0)"
    );
    let sql = format!(
        "UPDATE secrets SET tries = tries + iif({right}, 0, 1) \
         WHERE id = ?1 AND purpose = ?2 AND used_at IS NULL AND tries < {MAX_TRIES} AND expires_at > ?5 \
         AND user_id = ifnull(?6, user_id) AND {}{} \
         RETURNING {right} AS is_right, user_id, email, (SELECT username FROM users WHERE id = user_id) AS username",
        holds(purpose),
        if purpose == Purpose::SignIn { VERIFIED_FOR_CALLER } else { "" }
    );
    let params = [
        sent.id.as_str().into(),
        purpose.name().into(),
        sent.token_hash.as_deref().into(),
        sent.code_hash.as_deref().into(),
        now.into(),
        caller.into(),
    ];
    let Some(mut row) = db.first(&sql, &params).await? else { return Ok(None) };
    let is_right = row.boolean()?;
    let found = Found { user_id: row.integer()?, email: row.text()?, username: row.text()? };
    Ok(is_right.then_some(found))
}

/// SQL condition over rows of `secrets`: one of this purpose can be redeemed, if it was found.
pub(super) fn is_redeemable(purpose: Purpose) -> String {
    format!("purpose = '{}' AND used_at IS NULL AND {}", purpose.name(), holds(purpose))
}

fn holds(purpose: Purpose) -> String {
    format!("EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND is_active AND {})", purpose.holds())
}

/// Statement that deletes up to ?2 secrets that no limit counts any more at ?1, and gives a row if there were any.
pub const PURGE: [&str; 1] = ["DELETE FROM secrets WHERE id IN \
     (SELECT id FROM secrets WHERE purge_at <= ?1 ORDER BY purge_at LIMIT ?2) RETURNING 1"];
