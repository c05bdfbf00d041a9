//! Django's users in the forms in which they leave it, read one after the other.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::progress::Progress;

/// How a SQLite file begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// An object of a fixture, or a row of a table in the form of one.
#[derive(Deserialize)]
pub struct Object {
    pub model: String,
    #[serde(default)]
    pub pk: Value,
    #[serde(default)]
    pub fields: Map<String, Value>,
}

/// Takes the users and profiles, with their number in the file.
pub type Each<'a> = &'a mut dyn FnMut(i64, Object) -> Result<()>;

pub enum Source {
    Fixture(PathBuf),
    Sqlite(Connection),
}

impl Source {
    pub fn open(path: &Path) -> Result<Self> {
        let unreadable = || format!("{} can't be read", path.display());
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start))
            .with_context(unreadable)?;
        if start != MAGIC {
            return Ok(Self::Fixture(path.to_owned()));
        }
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).with_context(unreadable)?;
        Ok(Self::Sqlite(connection))
    }

    /// The progress of [`Source::read`].
    pub fn progress(&self) -> Result<Progress> {
        Ok(match self {
            Self::Fixture(path) => Progress::new("reading", "{binary_bytes_per_sec}", path.metadata()?.len()),
            Self::Sqlite(connection) => {
                let sql = format!("SELECT count(*) FROM \"{}\"", user_table(connection)?);
                Progress::new("reading", "{users_per_sec}", connection.query_row(&sql, [], |row| row.get(0))?)
            }
        })
    }

    /// Hands on every user and profile, and gives the last id that Django gave away, if the file tells.
    pub fn read(&self, progress: &Progress, each: Each<'_>) -> Result<Option<i64>> {
        match self {
            Self::Fixture(path) => read_fixture(path, progress, each).map(|()| None),
            Self::Sqlite(connection) => read_tables(connection, progress, each),
        }
    }
}

/// Reads an array of objects, or objects one after the other.
fn read_fixture(path: &Path, progress: &Progress, each: Each<'_>) -> Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, progress.reading(File::open(path)?));
    let is_array = loop {
        match reader.fill_buf()?.first() {
            Some(space) if space.is_ascii_whitespace() => reader.consume(1),
            first => break first == Some(&b'['),
        }
    };
    let mut failure = None;
    let mut number = 0;
    let mut take = |object: Object| {
        number += 1;
        if !is_user(&object.model) && object.model != "profiles.profile" {
            return true;
        }
        failure = each(number, object).err();
        failure.is_none()
    };
    let mut json = serde_json::Deserializer::from_reader(reader);
    let outcome = if is_array {
        ArrayOf(&mut take).deserialize(&mut json).and_then(|()| json.end())
    } else {
        json.into_iter().try_for_each(|object| {
            if take(object?) { Ok(()) } else { Err(serde_json::Error::custom("stopped")) }
        })
    };
    match failure {
        Some(failure) => Err(failure),
        None => outcome.with_context(|| {
            format!("{} is neither a fixture in JSON nor a SQLite file, or is damaged", path.display())
        }),
    }
}

/// Visits an array's objects without keeping them, until one is not taken.
struct ArrayOf<'a>(&'a mut dyn FnMut(Object) -> bool);

impl<'de> DeserializeSeed<'de> for ArrayOf<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ArrayOf<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut objects: A) -> Result<(), A::Error> {
        while let Some(object) = objects.next_element()? {
            if !(self.0)(object) {
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// Whether a model is a user: that of the original application is `authentication.user`, Django's own `auth.user`.
pub fn is_user(model: &str) -> bool {
    model.ends_with(".user")
}

fn read_tables(connection: &Connection, progress: &Progress, each: Each<'_>) -> Result<Option<i64>> {
    // One state of the file, even while Django runs.
    let snapshot = connection.unchecked_transaction()?;
    let table = user_table(&snapshot)?;
    let mut number = 0;
    let mut take = |object| {
        number += 1;
        progress.advance(1);
        each(number, object)
    };
    read_table(&snapshot, table, "authentication.user", &mut take)?;
    if has_table(&snapshot, "profiles_profile")? {
        read_table(&snapshot, "profiles_profile", "profiles.profile", &mut take)?;
    }
    if !has_table(&snapshot, "sqlite_sequence")? {
        return Ok(None);
    }
    let sql = "SELECT max(seq) FROM sqlite_sequence WHERE name = ?1";
    Ok(snapshot.query_row(sql, [table], |row| row.get(0))?)
}

fn user_table(connection: &Connection) -> Result<&'static str> {
    for table in ["authentication_user", "auth_user"] {
        if has_table(connection, table)? {
            return Ok(table);
        }
    }
    Err(anyhow!("the SQLite file has no table of users: neither authentication_user nor auth_user"))
}

fn has_table(connection: &Connection, name: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)";
    Ok(connection.query_row(sql, [name], |row| row.get(0))?)
}

fn read_table(
    connection: &Connection,
    table: &str,
    model: &str,
    take: &mut dyn FnMut(Object) -> Result<()>,
) -> Result<()> {
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\" ORDER BY id"))?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut fields = Map::new();
        for (index, name) in names.iter().enumerate() {
            fields.insert(name.clone(), value(row.get_ref(index)?));
        }
        let pk = fields.remove("id").unwrap_or_default();
        if let Some(user) = fields.remove("user_id") {
            fields.insert("user".to_owned(), user); // as a fixture has it
        }
        take(Object { model: model.to_owned(), pk, fields })?;
    }
    Ok(())
}

/// A value of SQLite as a fixture would have it; what no fixture has is `null`.
fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(integer) => integer.into(),
        ValueRef::Text(_) => value.as_str().map_or(Value::Null, Value::from),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
    }
}
