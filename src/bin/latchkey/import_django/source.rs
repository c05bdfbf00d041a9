//! Reader of Django's users in a fixture or a SQLite file, row by row.

use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::progress::Progress;

const PROFILE: &str = "profiles.profile";

/// First bytes of a SQLite file.
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

/// Kind of a row.
#[derive(Clone, Copy)]
pub enum Kind {
    User,
    Profile,
}

/// Callback that receives users and profiles, with their number in the file.
pub type Each<'a> = &'a mut dyn FnMut(i64, Kind, Object) -> Result<()>;

/// Names of the models whose rows are users, as `app.model`. No other app's row may become a user, least of all a
/// superuser.
#[derive(Clone)]
pub struct UserModels(Vec<String>);

impl UserModels {
    /// The original application's model, and Django's own.
    const DEFAULT: [&str; 2] = ["authentication.user", "auth.user"];

    /// These models, or the default ones if there are none.
    pub fn new(models: &[String]) -> Self {
        if models.is_empty() {
            Self(Self::DEFAULT.map(str::to_owned).to_vec())
        } else {
            Self(models.to_vec())
        }
    }

    fn kind(&self, model: &str) -> Option<Kind> {
        if self.0.iter().any(|user| user.eq_ignore_ascii_case(model)) {
            Some(Kind::User)
        } else {
            model.eq_ignore_ascii_case(PROFILE).then_some(Kind::Profile)
        }
    }

    /// Names of the tables of these models.
    fn tables(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|model| table_of(model))
    }
}

impl fmt::Display for UserModels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" or "))
    }
}

/// Reads the name of a model.
pub fn parse_model(text: &str) -> Result<String, &'static str> {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    match text.split_once('.') {
        Some((app, model)) if is_name(app) && is_name(model) => Ok(text.to_owned()),
        _ => Err("it has the form app.model"),
    }
}

/// Django's name for the table of a model.
fn table_of(model: &str) -> String {
    model.replace('.', "_").to_lowercase()
}

pub struct Source {
    file: Format,
    models: UserModels,
}

enum Format {
    Fixture(PathBuf),
    Sqlite(Connection),
}

impl Source {
    pub fn open(path: &Path, models: UserModels) -> Result<Self> {
        let unreadable = || format!("can't read {}", path.display());
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start))
            .with_context(unreadable)?;
        let file = if start == MAGIC {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
            Format::Sqlite(Connection::open_with_flags(path, flags).with_context(unreadable)?)
        } else {
            Format::Fixture(path.to_owned())
        };
        Ok(Self { file, models })
    }

    /// The progress of [`Source::read`].
    pub fn progress(&self) -> Result<Progress> {
        Ok(match &self.file {
            Format::Fixture(path) => {
                Progress::new("reading", "{binary_bytes_per_sec}", path.metadata()?.len())
            }
            Format::Sqlite(connection) => {
                let sql = format!("SELECT count(*) FROM \"{}\"", user_table(connection, &self.models)?);
                Progress::new("reading", "{users_per_sec}", connection.query_row(&sql, [], |row| row.get(0))?)
            }
        })
    }

    /// Passes on every user and profile. Returns the last id that Django assigned, if the file has it.
    pub fn read(&self, progress: &Progress, each: Each<'_>) -> Result<Option<i64>> {
        match &self.file {
            Format::Fixture(path) => read_fixture(path, &self.models, progress, each).map(|()| None),
            Format::Sqlite(connection) => read_tables(connection, &self.models, progress, each),
        }
    }
}

/// Reads an array of objects, or objects one after the other.
fn read_fixture(path: &Path, models: &UserModels, progress: &Progress, each: Each<'_>) -> Result<()> {
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
        let Some(kind) = models.kind(&object.model) else { return true };
        failure = each(number, kind, object).err();
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

/// Visits an array's objects without keeping them, until the callback returns false.
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

fn read_tables(
    connection: &Connection,
    models: &UserModels,
    progress: &Progress,
    each: Each<'_>,
) -> Result<Option<i64>> {
    // One state of the file, even while Django runs.
    let snapshot = connection.unchecked_transaction()?;
    let users = user_table(&snapshot, models)?;
    let mut number = 0;
    let mut take = |kind, object| {
        number += 1;
        progress.advance(1);
        each(number, kind, object)
    };
    read_table(&snapshot, &users, &mut |object| take(Kind::User, object))?;
    if let Some(profiles) = table(&snapshot, &table_of(PROFILE))? {
        read_table(&snapshot, &profiles, &mut |object| take(Kind::Profile, object))?;
    }
    if table(&snapshot, "sqlite_sequence")?.is_none() {
        return Ok(None);
    }
    let sql = "SELECT max(seq) FROM sqlite_sequence WHERE name = ?1";
    Ok(snapshot.query_row(sql, [users], |row| row.get(0))?)
}

fn user_table(connection: &Connection, models: &UserModels) -> Result<String> {
    for name in models.tables() {
        if let Some(table) = table(connection, &name)? {
            return Ok(table);
        }
    }
    let names = models.tables().collect::<Vec<_>>().join(" or ");
    bail!("the SQLite file has no table {names}: name the model of its users with --user-model")
}

/// Finds the table with this name in any case, and returns its spelling.
fn table(connection: &Connection, name: &str) -> Result<Option<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE";
    Ok(connection.query_row(sql, [name], |row| row.get(0)).optional()?)
}

fn read_table(
    connection: &Connection,
    table: &str,
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
        take(Object { model: String::new(), pk, fields })?;
    }
    Ok(())
}

/// Converts a value of SQLite to a fixture's; a type that no fixture has becomes `null`.
fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(integer) => integer.into(),
        ValueRef::Text(_) => value.as_str().map_or(Value::Null, Value::from),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
    }
}
