//! Temporary database on disk with the file's rows and the target's users to compare them with, so that a million
//! users need little memory. SQLite unlinks its file at once, so it never outlives this process.

use anyhow::Result;
use latchkey::auth::password::Hasher;
use latchkey::auth::seal::DataKeys;
use latchkey::store::Value;
use latchkey::store::operator::django::UserKeys;
use latchkey::store::operator::password_hash::HASHER;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::check::{Address, Checked, MISSING, Profile, Record, User};
use super::factors;
use super::remark::{Remark, RowRemark, Severity, Who};

const SCHEMA: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA temp_store = FILE;
    PRAGMA cache_size = -16384;
    CREATE TABLE incoming (
      number INTEGER PRIMARY KEY, is_good INTEGER, id INTEGER, username TEXT COLLATE NOCASE, email TEXT COLLATE NOCASE,
      password TEXT, unusable TEXT, is_active INTEGER, is_staff INTEGER, is_superuser INTEGER, bio TEXT, image TEXT,
      created_at INTEGER, updated_at INTEGER
    );
    CREATE TABLE profile (user_id INTEGER PRIMARY KEY, is_good INTEGER, bio TEXT, image TEXT, number INTEGER);
    CREATE TABLE address (user_id INTEGER, email TEXT COLLATE NOCASE, PRIMARY KEY (user_id, email)) WITHOUT ROWID;
    CREATE TABLE existing (
      id INTEGER PRIMARY KEY, username TEXT COLLATE NOCASE, email TEXT COLLATE NOCASE, updated_at INTEGER,
      has_profile INTEGER
    );
    CREATE TABLE remark (
      severity INTEGER, number INTEGER, id INTEGER, username TEXT, email TEXT, field TEXT, text TEXT, value TEXT
    );
    BEGIN";

/// SQL: users of the file who exist, are unchanged since their import, and have no profile but in the file.
const WITHOUT_PROFILE: &str = "FROM (SELECT incoming.id, coalesce(incoming.bio, profile.bio) AS bio, \
     coalesce(incoming.image, profile.image) AS image, existing.updated_at \
     FROM incoming JOIN existing USING (id) LEFT JOIN profile ON user_id = incoming.id AND profile.is_good \
     WHERE incoming.is_good AND NOT has_profile AND incoming.updated_at = existing.updated_at) \
     WHERE bio IS NOT NULL OR image IS NOT NULL";

/// SQL condition over rows of `incoming`: the email is verified.
pub const IS_VERIFIED: &str =
    "EXISTS (SELECT 1 FROM address WHERE address.user_id = incoming.id AND address.email = incoming.email)";

pub struct Staging {
    pub(super) temporary: Connection,
    keys: Option<DataKeys>,
}

/// Number of users by what the import does with them.
pub struct Counts {
    pub total: i64,
    /// Users to import.
    pub good: i64,
    /// Users who already exist.
    pub present: i64,
    pub max_id: i64,
    /// Profiles with a problem, or of a user who is not in the file.
    pub bad_profiles: i64,
    /// Users whose password is a problem.
    pub bad_passwords: i64,
    /// Profiles to add to users who already exist.
    pub late_profiles: i64,
    /// Users to import whose email is verified.
    pub verified: i64,
    /// Verified addresses that are no email of their user.
    pub other_verified: i64,
}

impl Counts {
    /// Number of users with a problem.
    pub fn skipped(&self) -> i64 {
        self.total - self.good - self.present
    }
}

impl Staging {
    /// Makes an empty one, which seals seeds under these keys.
    pub fn new(keys: Option<DataKeys>) -> Result<Self> {
        let connection = Connection::open("")?; // SQLite's notation for a private file
        connection.execute_batch(SCHEMA)?;
        connection.execute_batch(factors::SCHEMA)?;
        Ok(Self { temporary: connection, keys })
    }

    /// Adds a row of the file.
    pub fn add(&mut self, number: i64, checked: &Checked) -> Result<()> {
        for remark in &checked.remarks {
            self.add_remark(number, &checked.who, remark)?;
        }
        let is_free_of = |severity| checked.remarks.iter().all(|remark| remark.severity != severity);
        match &checked.record {
            Record::User(user) => self.add_user(number, user, is_free_of(Severity::Problem)),
            Record::Profile(Profile { user: None, .. }) | Record::Address(None) | Record::Factor(None) => {
                Ok(())
            }
            Record::Factor(Some(factor)) => self.add_factor(self.keys.as_ref(), factor),
            Record::Address(Some(Address { user, email })) => {
                let sql = "INSERT OR IGNORE INTO address VALUES (?1, ?2)";
                self.temporary.prepare_cached(sql)?.execute(params![user, email])?;
                Ok(())
            }
            Record::Profile(Profile { user, bio, image }) => {
                let sql = "INSERT OR IGNORE INTO profile VALUES (?1, ?2, ?3, ?4, ?5)";
                let is_good = is_free_of(Severity::ProfileProblem);
                let mut insert = self.temporary.prepare_cached(sql)?;
                if insert.execute(params![user, is_good, bio, image, number])? == 0 {
                    self.reject_profile(number, *user, "has another profile, which comes first")?;
                }
                Ok(())
            }
        }
    }

    fn add_remark(&self, number: i64, who: &Who, remark: &Remark) -> Result<()> {
        let Remark { severity, field, text, value } = remark;
        let sql = "INSERT INTO remark VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        self.temporary.prepare_cached(sql)?.execute(params![
            severity,
            number,
            who.id,
            who.username,
            who.email,
            field,
            text,
            value
        ])?;
        Ok(())
    }

    fn reject_profile(&self, number: i64, user: Option<i64>, text: &str) -> Result<()> {
        let remark = Remark {
            severity: Severity::ProfileProblem,
            field: "user".to_owned(),
            text: text.to_owned(),
            value: user.map(|id| id.to_string()),
        };
        self.add_remark(number, &Who { id: user, ..Who::default() }, &remark)
    }

    fn add_user(&self, number: i64, user: &User, is_good: bool) -> Result<()> {
        let sql = "INSERT INTO incoming VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
        self.temporary.prepare_cached(sql)?.execute(params![
            number,
            is_good,
            user.id,
            user.username,
            user.email,
            user.password,
            user.unusable,
            user.is_active,
            user.is_staff,
            user.is_superuser,
            user.profile.bio,
            user.profile.image,
            user.created_at,
            user.updated_at
        ])?;
        Ok(())
    }

    /// Adds a user of the target database.
    pub fn add_existing(&mut self, user: &UserKeys) -> Result<()> {
        let UserKeys { id, username, email, updated_at, has_profile } = user;
        let sql = "INSERT INTO existing VALUES (?1, ?2, ?3, ?4, ?5)";
        self.temporary.prepare_cached(sql)?.execute(params![id, username, email, updated_at, has_profile])?;
        Ok(())
    }

    /// Finds profiles of users who are not in the file. Needs the indexes of [`Staging::find_conflicts`].
    pub fn find_orphans(&mut self) -> Result<()> {
        let sql = "SELECT number, user_id FROM profile WHERE NOT EXISTS (SELECT 1 FROM incoming WHERE id = user_id)";
        let mut statement = self.temporary.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.reject_profile(row.get(0)?, row.get(1)?, "has no row in the file")?;
        }
        Ok(())
    }

    /// Finds rows of the file that collide with other users of the target database.
    pub fn find_conflicts(&mut self) -> Result<()> {
        self.temporary.execute_batch(
            "CREATE INDEX by_id ON incoming (id);
             CREATE INDEX by_username ON incoming (username);
             CREATE INDEX by_email ON incoming (email);
             CREATE INDEX existing_by_username ON existing (username);
             CREATE INDEX existing_by_email ON existing (email)",
        )?;
        let same = "row.email = other.email AND row.username = other.username";
        self.conflicts(
            "id",
            &format!(
                "SELECT row.number, row.id, row.username, row.email, row.id, \
                 'belongs to a user in the database with another email or username' \
                 FROM incoming AS row JOIN existing AS other USING (id) WHERE NOT ({same})"
            ),
        )?;
        for column in ["email", "username"] {
            let sql = format!(
                "SELECT row.number, row.id, row.username, row.email, row.{column}, \
                 concat('belongs to user ', other.id, ' in the database') \
                 FROM existing AS other JOIN incoming AS row USING ({column}) WHERE row.id IS NOT other.id"
            );
            self.conflicts(column, &sql)?;
        }
        Ok(())
    }

    /// Adds a problem of each row of a result: the number of the row of the file, its user, a value, and words.
    fn conflicts(&self, field: &str, sql: &str) -> Result<()> {
        let mut statement = self.temporary.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let who = Who { id: row.get(1)?, username: row.get(2)?, email: row.get(3)? };
            let value: rusqlite::types::Value = row.get(4)?;
            self.reject(row.get(0)?, &who, field, row.get(5)?, value)?;
        }
        Ok(())
    }

    fn reject(
        &self,
        number: i64,
        who: &Who,
        field: &str,
        text: String,
        value: rusqlite::types::Value,
    ) -> Result<()> {
        let value = match value {
            rusqlite::types::Value::Integer(integer) => Some(integer.to_string()),
            rusqlite::types::Value::Text(text) => Some(text),
            _ => None,
        };
        let remark = Remark { severity: Severity::Problem, field: field.to_owned(), text, value };
        self.add_remark(number, who, &remark)?;
        let sql = "UPDATE incoming SET is_good = 0 WHERE number = ?1";
        self.temporary.prepare_cached(sql)?.execute([number])?;
        Ok(())
    }

    /// Finds rows that collide with another one of the file that is imported: of good rows, all but the first.
    pub fn find_collisions(&mut self) -> Result<()> {
        let colliding = ["id", "email", "username"].map(|column| {
            format!(
                "SELECT row.number, row.is_good FROM incoming AS row JOIN incoming AS other USING ({column}) \
                 WHERE row.number <> other.number"
            )
        });
        let sql = format!(
            "SELECT number, is_good FROM ({}) GROUP BY number ORDER BY is_good DESC, number",
            colliding.join(" UNION ALL ")
        );
        let mut statement = self.temporary.prepare(&sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows: Vec<(i64, bool)> = rows.collect::<rusqlite::Result<_>>()?;
        for (number, is_good) in rows {
            for column in ["id", "email", "username"] {
                let sql = format!(
                    "SELECT row.id, row.username, row.email, row.{column}, min(other.number) \
                     FROM incoming AS row JOIN incoming AS other USING ({column}) \
                     WHERE row.number = ?1 AND other.is_good AND other.number <> ?1 AND (other.number < ?1 OR NOT ?2) \
                     GROUP BY row.number"
                );
                let found = self.temporary.prepare_cached(&sql)?.query_row(params![number, is_good], |row| {
                    let who = Who { id: row.get(0)?, username: row.get(1)?, email: row.get(2)? };
                    Ok((who, row.get(3)?, row.get::<_, i64>(4)?))
                });
                if let Some((who, value, first)) = found.optional()? {
                    self.reject(number, &who, column, format!("is the same as in row {first}"), value)?;
                }
            }
        }
        Ok(())
    }

    /// Passes on the remarks, in the order of rows.
    pub fn each_remark(&self, each: &mut dyn FnMut(RowRemark) -> Result<()>) -> Result<()> {
        // A profile's row has no name: its user's row does.
        let mut statement = self.temporary.prepare(
            "SELECT severity, remark.number, remark.id, coalesce(remark.username, incoming.username), \
             coalesce(remark.email, incoming.email), field, text, value \
             FROM remark LEFT JOIN incoming ON severity = 1 AND incoming.id = remark.id \
             ORDER BY remark.number, remark.rowid",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let who = Who { id: row.get(2)?, username: row.get(3)?, email: row.get(4)? };
            each(RowRemark {
                severity: row.get(0)?,
                row: row.get(1)?,
                who,
                field: row.get(5)?,
                text: row.get(6)?,
                value: row.get(7)?,
            })?;
        }
        Ok(())
    }

    pub fn counts(&self) -> Result<Counts> {
        let sql = format!(
            "SELECT count(*), coalesce(sum(is_good AND existing.id IS NULL), 0), \
             coalesce(sum(is_good AND existing.id IS NOT NULL), 0), coalesce(max(incoming.id), 0), \
             (SELECT count(DISTINCT number) FROM remark WHERE severity = 1), (SELECT count(*) {WITHOUT_PROFILE}), \
             (SELECT count(*) FROM remark WHERE severity = 0 AND field = 'password' AND text <> '{MISSING}'), \
             coalesce(sum(is_good AND existing.id IS NULL AND {IS_VERIFIED}), 0), \
             (SELECT count(*) FROM address WHERE NOT EXISTS \
             (SELECT 1 FROM incoming AS user WHERE user.id = user_id AND user.email = address.email)) \
             FROM incoming LEFT JOIN existing USING (id)"
        );
        Ok(self.temporary.query_row(&sql, [], |row| {
            Ok(Counts {
                total: row.get(0)?,
                good: row.get(1)?,
                present: row.get(2)?,
                max_id: row.get(3)?,
                bad_profiles: row.get(4)?,
                late_profiles: row.get(5)?,
                bad_passwords: row.get(6)?,
                verified: row.get(7)?,
                other_verified: row.get(8)?,
            })
        })?)
    }

    /// Number of users to import with an unusable password, by the reason.
    pub fn unusable_passwords(&self) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT unusable, count(*) FROM incoming WHERE is_good AND unusable IS NOT NULL \
                   AND id NOT IN (SELECT id FROM existing) GROUP BY unusable ORDER BY unusable";
        let mut statement = self.temporary.prepare(sql)?;
        let counts = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(counts.collect::<rusqlite::Result<_>>()?)
    }

    /// Parameters of the hashes of users who are imported, or were before.
    pub fn hashers(&self) -> Result<Vec<Hasher>> {
        let sql = format!("SELECT DISTINCT {HASHER} FROM incoming WHERE is_good");
        let mut statement = self.temporary.prepare(&sql)?;
        let texts = statement.query_map([], |row| row.get::<_, String>(0))?;
        let texts: Vec<_> = texts.collect::<rusqlite::Result<_>>()?;
        Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
    }

    /// Passes on the users to import, by id: the values that [`latchkey::store::operator::django::import`] takes.
    pub fn each_missing(&self, each: &mut dyn FnMut(Vec<Value<'static>>) -> Result<()>) -> Result<()> {
        let sql = format!(
            "SELECT id, username, email, password, is_active, is_staff, is_superuser, \
                    coalesce(incoming.bio, profile.bio), coalesce(incoming.image, profile.image), created_at, updated_at, \
                    {IS_VERIFIED} \
             FROM incoming LEFT JOIN profile ON user_id = id AND profile.is_good \
             WHERE incoming.is_good AND NOT EXISTS (SELECT 1 FROM existing WHERE existing.id = incoming.id) \
             ORDER BY id"
        );
        self.each(&sql, each)
    }

    /// Passes on the profiles to add: the values that [`latchkey::store::operator::django::add_profile`] takes.
    pub fn each_late_profile(&self, each: &mut dyn FnMut(Vec<Value<'static>>) -> Result<()>) -> Result<()> {
        self.each(&format!("SELECT id, bio, image, updated_at {WITHOUT_PROFILE} ORDER BY id"), each)
    }

    pub(super) fn each(
        &self,
        sql: &str,
        each: &mut dyn FnMut(Vec<Value<'static>>) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.temporary.prepare(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|index| value(row, index)).collect::<rusqlite::Result<_>>()?;
            each(values)?;
        }
        Ok(())
    }
}

fn value(row: &Row<'_>, index: usize) -> rusqlite::Result<Value<'static>> {
    Ok(match row.get(index)? {
        rusqlite::types::Value::Integer(integer) => Value::Integer(integer),
        rusqlite::types::Value::Text(text) => Value::Text(text.into()),
        _ => Value::Null,
    })
}
