//! Second factors in the staging database. Seeds are sealed before they get there.

use std::collections::BTreeMap;

use anyhow::Result;
use latchkey::auth::seal::DataKeys;
use latchkey::auth::second_factor::draw_credential_id;
use latchkey::store::Value;
use rusqlite::{OptionalExtension as _, params};

use super::second_factor::{App, Factor};
use super::staging::{IS_VERIFIED, Staging};
use crate::{random, seals};

pub const SCHEMA: &str = "
    CREATE TABLE app (
      user_id INTEGER PRIMARY KEY, id INTEGER, sealed TEXT, last_step INTEGER, created_at INTEGER, used_at INTEGER
    );
    CREATE TABLE left_out (user_id INTEGER, reason TEXT, PRIMARY KEY (user_id, reason)) WITHOUT ROWID;";

/// SQL: users to import.
const IMPORTED: &str =
    "FROM incoming WHERE is_good AND NOT EXISTS (SELECT 1 FROM existing WHERE existing.id = incoming.id)";

/// Reasons for which an app is left out that no row tells.
const FURTHER: &str = "further_apps";
const NO_SECRET: &str = "no_data_secret";

/// Second factors of the users to import.
pub struct Factors {
    /// Users who keep their app.
    pub apps: i64,
    /// Users among them who lose it once they prove their mailbox.
    pub unverified: i64,
    /// Number of users by what is left out.
    pub left_out: BTreeMap<String, i64>,
}

impl Staging {
    pub fn add_factor(&self, keys: Option<&DataKeys>, factor: &Factor) -> Result<()> {
        match (factor, keys) {
            (Factor::LeftOut(user, reason), _) => self.leave_out(*user, reason.name()),
            (Factor::App(app), None) => self.leave_out(app.user, NO_SECRET),
            (Factor::App(app), Some(keys)) => self.add_app(keys, app),
        }
    }

    fn leave_out(&self, user: i64, reason: &str) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO left_out VALUES (?1, ?2)";
        self.temporary.prepare_cached(sql)?.execute(params![user, reason])?;
        Ok(())
    }

    /// Adds an app, of several of a user the one that was used last.
    fn add_app(&self, keys: &DataKeys, app: &App) -> Result<()> {
        let App { user, seed, last_step, created_at, used_at } = app;
        let sql = "SELECT last_step FROM app WHERE user_id = ?1";
        let other: Option<i64> =
            self.temporary.prepare_cached(sql)?.query_row([user], |row| row.get(0)).optional()?;
        if let Some(other) = other {
            self.leave_out(*user, FURTHER)?;
            if other >= *last_step {
                return Ok(());
            }
        }
        let id = draw_credential_id(random::fill)?;
        let sealed = seals::seal(keys, seed, *user, id)?;
        let sql = "INSERT OR REPLACE INTO app VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.temporary
            .prepare_cached(sql)?
            .execute(params![user, id, sealed, last_step, created_at, used_at])?;
        Ok(())
    }

    /// App of a user: the values that [`latchkey::store::operator::django::import_app`] takes.
    pub fn app_of(&self, user_id: Option<&Value<'static>>) -> Result<Option<Vec<Value<'static>>>> {
        let Some(Value::Integer(user_id)) = user_id else { return Ok(None) };
        let mut found = None;
        let sql = format!(
            "SELECT id, user_id, sealed, last_step, created_at, used_at FROM app WHERE user_id = {user_id}"
        );
        self.each(&sql, &mut |values| {
            found = Some(values);
            Ok(())
        })?;
        Ok(found)
    }

    pub fn factors(&self) -> Result<Factors> {
        let sql = format!(
            "SELECT count(*), ifnull(sum(NOT {IS_VERIFIED} AND NOT is_staff AND NOT is_superuser), 0) {IMPORTED} \
             AND id IN (SELECT user_id FROM app)"
        );
        let (apps, unverified) = self.temporary.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let sql = format!(
            "SELECT reason, count(*) FROM left_out WHERE user_id IN (SELECT id {IMPORTED}) \
             AND (reason <> 'other_apps' OR user_id NOT IN (SELECT user_id FROM app)) GROUP BY reason"
        );
        let mut statement = self.temporary.prepare(&sql)?;
        let left_out = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Factors { apps, unverified, left_out: left_out.collect::<rusqlite::Result<_>>()? })
    }
}

impl Factors {
    /// Lines for people.
    pub fn notes(&self, is_dry: bool) -> Vec<String> {
        let say = |reason: &str, words: &str| {
            let count = self.left_out.get(reason).copied()?;
            Some(words.replacen("{}", &crate::output::users(count), 1))
        };
        let mut notes: Vec<_> = [
            say(
                NO_SECRET,
                "not imported, since DATA_SECRET is not set: the authenticator apps of {}, who then log in without a second \
                 step. Set it first: no later import adds them",
            ),
            say(
                "other_apps",
                "not imported, as noted above: the authenticator app of {}, who then log in without a second step",
            ),
            say(FURTHER, "not imported: all authenticator apps of {} but the one that was used last"),
            say(
                "recovery_codes",
                "not imported, being shorter than the ones here: the recovery codes of {}; tell them to make new ones",
            ),
            say("passkeys", "not imported: the passkeys and security keys of {}; tell them to add new ones"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if self.unverified > 0 {
            let (users, lose) =
                (crate::output::users(self.unverified), if is_dry { "would lose" } else { "lose" });
            notes.push(format!(
                "{users} with an authenticator app never had a verified email here, and {lose} the app at their first password \
                 reset: whoever proves a mailbox first owns the account. Where you know that both are theirs, run \
                 'users verify --with-credentials'"
            ));
        }
        notes
    }
}
