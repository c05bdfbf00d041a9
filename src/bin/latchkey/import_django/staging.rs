//! Temporary database on disk with the file's rows and the target's users to compare them with, so that a million
//! users need little memory. SQLite unlinks its file at once, so it never outlives this process.

use anyhow::Result;
use latchkey::auth::password::Hasher;
use latchkey::store::Value;
use latchkey::store::operator::password_hash::HASHER;
use rusqlite::{Connection, Row, params};

use super::check::{Profile, Record, User};

const SCHEMA: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA temp_store = FILE;
    PRAGMA cache_size = -16384;
    CREATE TABLE incoming (
      number INTEGER PRIMARY KEY, is_good INTEGER, id INTEGER, username TEXT COLLATE NOCASE, email TEXT COLLATE NOCASE,
      password TEXT, is_active INTEGER, is_staff INTEGER, is_superuser INTEGER, bio TEXT, image TEXT,
      created_at INTEGER, updated_at INTEGER
    );
    CREATE TABLE profile (user_id INTEGER PRIMARY KEY, is_good INTEGER, bio TEXT, image TEXT);
    CREATE TABLE existing (id INTEGER PRIMARY KEY, username TEXT COLLATE NOCASE, email TEXT COLLATE NOCASE);
    BEGIN";

pub struct Staging {
    temporary: Connection,
    /// Number of problems so far.
    pub problems: usize,
}

/// Number of users by what the import does with them.
pub struct Counts {
    pub total: i64,
    /// Users to import.
    pub good: i64,
    /// Users who already exist.
    pub present: i64,
    pub max_id: i64,
}

impl Counts {
    /// Number of users with a problem.
    pub fn skipped(&self) -> i64 {
        self.total - self.good - self.present
    }
}

impl Staging {
    pub fn new() -> Result<Self> {
        let connection = Connection::open("")?; // SQLite's notation for a private file
        connection.execute_batch(SCHEMA)?;
        Ok(Self { temporary: connection, problems: 0 })
    }

    /// Adds a row of the file.
    pub fn add(&mut self, number: i64, record: &Record, problems: usize) -> Result<()> {
        self.problems += problems;
        let is_good = problems == 0;
        match record {
            Record::User(user) => self.add_user(number, user, is_good),
            Record::Profile(Profile { user: None, .. }) => Ok(()),
            Record::Profile(Profile { user, bio, image }) => {
                let sql = "INSERT OR REPLACE INTO profile VALUES (?1, ?2, ?3, ?4)";
                self.temporary.prepare_cached(sql)?.execute(params![user, is_good, bio, image])?;
                Ok(())
            }
        }
    }

    fn add_user(&self, number: i64, user: &User, is_good: bool) -> Result<()> {
        let sql = "INSERT INTO incoming VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        self.temporary.prepare_cached(sql)?.execute(params![
            number,
            is_good,
            user.id,
            user.username,
            user.email,
            user.password,
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
    pub fn add_existing(&mut self, id: i64, username: &str, email: &str) -> Result<()> {
        let sql = "INSERT INTO existing VALUES (?1, ?2, ?3)";
        self.temporary.prepare_cached(sql)?.execute(params![id, username, email])?;
        Ok(())
    }

    /// Reports rows of the file that collide with an earlier one.
    pub fn find_collisions(&mut self) -> Result<()> {
        self.temporary.execute_batch(
            "CREATE INDEX by_id ON incoming (id);
             CREATE INDEX by_username ON incoming (username);
             CREATE INDEX by_email ON incoming (email);
             UPDATE incoming SET is_good = 0 WHERE id IN (SELECT user_id FROM profile WHERE NOT is_good)",
        )?;
        for column in ["id", "email", "username"] {
            let sql = format!(
                "SELECT row.number, row.id, first.number \
                 FROM (SELECT {column}, min(number) AS number FROM incoming \
                       WHERE {column} IS NOT NULL GROUP BY {column} HAVING count(*) > 1) AS first \
                 JOIN incoming AS row ON row.{column} = first.{column} AND row.number > first.number"
            );
            self.report(&sql, |row| Ok(format!("{column} is the same as in row {}", row.get::<_, i64>(2)?)))?;
        }
        Ok(())
    }

    /// Reports rows of the file that collide with other users of the target database.
    pub fn find_conflicts(&mut self) -> Result<()> {
        self.temporary.execute_batch(
            "CREATE INDEX existing_by_username ON existing (username);
             CREATE INDEX existing_by_email ON existing (email)",
        )?;
        let same = "row.email = other.email AND row.username = other.username";
        let taken = format!(
            "SELECT row.number, row.id FROM incoming AS row JOIN existing AS other USING (id) WHERE NOT ({same})"
        );
        self.report(&taken, |_| {
            Ok("id belongs to a user in the database with another email or username".to_owned())
        })?;
        for column in ["email", "username"] {
            let sql = format!(
                "SELECT row.number, row.id, other.id FROM existing AS other JOIN incoming AS row USING ({column}) \
                 WHERE row.id IS NOT other.id"
            );
            self.report(&sql, |row| {
                Ok(format!("{column} belongs to user {} in the database", row.get::<_, i64>(2)?))
            })?;
        }
        Ok(())
    }

    /// Prints a problem of each row of a result, whose first columns are the number and id of a row of the file, and
    /// marks these rows.
    fn report(&mut self, sql: &str, problem: impl Fn(&Row<'_>) -> rusqlite::Result<String>) -> Result<()> {
        let mut statement = self.temporary.prepare(&format!("{sql} ORDER BY row.number"))?;
        let mut rows = statement.query([])?;
        let mut mark = self.temporary.prepare("UPDATE incoming SET is_good = 0 WHERE number = ?1")?;
        while let Some(row) = rows.next()? {
            let (number, id): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
            let id = id.map(|id| format!(" (id {id})")).unwrap_or_default();
            eprintln!("row {number}{id}: {}", problem(row)?);
            mark.execute([number])?;
            self.problems += 1;
        }
        Ok(())
    }

    pub fn counts(&self) -> Result<Counts> {
        let sql = "SELECT count(*), coalesce(sum(is_good AND existing.id IS NULL), 0), \
                   coalesce(sum(is_good AND existing.id IS NOT NULL), 0), coalesce(max(incoming.id), 0) \
                   FROM incoming LEFT JOIN existing USING (id)";
        Ok(self.temporary.query_row(sql, [], |row| {
            Ok(Counts { total: row.get(0)?, good: row.get(1)?, present: row.get(2)?, max_id: row.get(3)? })
        })?)
    }

    /// Parameters of the hashes of users who are imported, or were before.
    pub fn hashers(&self) -> Result<Vec<Hasher>> {
        let sql = format!("SELECT DISTINCT {HASHER} FROM incoming WHERE is_good");
        let mut statement = self.temporary.prepare(&sql)?;
        let texts = statement.query_map([], |row| row.get::<_, String>(0))?;
        let texts: Vec<_> = texts.collect::<rusqlite::Result<_>>()?;
        Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
    }

    /// Passes on the users to import, by id: the values that [`latchkey::store::operator::users::import`] takes.
    pub fn each_missing(&self, each: &mut dyn FnMut(Vec<Value<'static>>) -> Result<()>) -> Result<()> {
        let mut statement = self.temporary.prepare(
            "SELECT id, username, email, password, is_active, is_staff, is_superuser, \
                    coalesce(incoming.bio, profile.bio), coalesce(incoming.image, profile.image), created_at, updated_at \
             FROM incoming LEFT JOIN profile ON user_id = id \
             WHERE incoming.is_good AND NOT EXISTS (SELECT 1 FROM existing WHERE existing.id = incoming.id) \
             ORDER BY id",
        )?;
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
