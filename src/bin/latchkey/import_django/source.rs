//! Reader of Django's users in a fixture or a SQLite file, row by row.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::decode;
use super::models::{Kind, MODELS, UserModels, table_of};
use crate::output;
use crate::progress::Progress;

/// An object of a fixture, or a row of a table in the form of one.
#[derive(Deserialize)]
pub struct Object {
    pub model: String,
    #[serde(default)]
    pub pk: Value,
    #[serde(default)]
    pub fields: Map<String, Value>,
}

/// Callback that receives users and what is read of them, with their number in the file.
pub type Each<'a> = &'a mut dyn FnMut(i64, Kind, Object) -> Result<()>;

/// Contents of a file beside its users and what is read of them.
#[derive(Default)]
pub struct Others {
    /// Last id that Django assigned, if the file has it.
    pub last_id: Option<i64>,
    /// Number of rows by model.
    pub models: BTreeMap<String, u64>,
    /// Number of users by what other tables have of them.
    pub relations: BTreeMap<String, u64>,
    /// Other models whose rows look like users.
    pub user_like: Vec<String>,
}

pub struct Source {
    path: PathBuf,
    file: Format,
    models: UserModels,
}

enum Format {
    /// A reader, and its length if that is known.
    Fixture(Box<dyn Read>, Option<u64>),
    Sqlite(Connection),
}

impl Source {
    /// Opens a file or a pipe; `-` is standard input.
    pub fn open(path: &Path, models: UserModels) -> Result<Self> {
        let is_stdin = path.file_name().is_some_and(|name| name == "-");
        let open = || -> io::Result<Format> {
            let (reader, len): (Box<dyn Read>, _) = if is_stdin {
                (Box::new(io::stdin()), None)
            } else {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                (Box::new(file), metadata.is_file().then_some(metadata.len()))
            };
            let (start, reader) = decode::peek(reader)?;
            if start != decode::SQLITE {
                return Ok(Format::Fixture(Box::new(reader), len));
            }
            if len.is_none() {
                return Err(io::Error::other("a SQLite file can't be read from a pipe: pass its path"));
            }
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
            open_limited(path, flags).map(Format::Sqlite).map_err(io::Error::other)
        };
        let file = open().with_context(|| format!("can't read {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file, models })
    }

    /// The progress of [`Source::read`].
    pub fn progress(&self) -> Result<Progress> {
        Ok(match &self.file {
            Format::Fixture(_, len) => Progress::new("reading", "{binary_bytes_per_sec}", *len),
            Format::Sqlite(connection) => {
                let sql = format!("SELECT count(*) FROM \"{}\"", user_table(connection, &self.models)?.0);
                let count = connection.query_row(&sql, [], |row| row.get(0))?;
                Progress::new("reading", "{users_per_sec}", Some(count))
            }
        })
    }

    /// Passes on every user and what is read of them. Returns what else the file has.
    pub fn read(self, progress: &Progress, each: Each<'_>) -> Result<Others> {
        match self.file {
            Format::Fixture(reader, _) => {
                let invalid = || {
                    format!(
                        "{} is neither a fixture in JSON nor a SQLite file, or is damaged",
                        self.path.display()
                    )
                };
                read_fixture(reader, &self.models, progress, each, invalid)
            }
            Format::Sqlite(connection) => read_tables(&connection, &self.models, progress, each),
        }
    }
}

/// Reads an array of objects, or objects one after the other.
fn read_fixture(
    reader: impl Read,
    models: &UserModels,
    progress: &Progress,
    each: Each<'_>,
    invalid: impl Fn() -> String,
) -> Result<Others> {
    let limit = decode::RowLimit::new();
    let mut reader = decode::fixture(progress.reading(reader), limit.clone()).with_context(&invalid)?;
    let is_array = loop {
        match reader.fill_buf().with_context(&invalid)?.first() {
            Some(space) if space.is_ascii_whitespace() => reader.consume(1),
            first => break first == Some(&b'['),
        }
    };
    let mut failure = None;
    let mut number = 0;
    let mut others = Others::default();
    let mut take = |object: Object| {
        limit.reset();
        number += 1;
        let Some(kind) = models.kind(&object.model) else {
            others.count(&object);
            return true;
        };
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
        None => outcome.with_context(invalid).map(|()| others),
    }
}

impl Others {
    fn count(&mut self, object: &Object) {
        let count = self.models.entry(object.model.clone()).or_default();
        *count += 1;
        if *count == 1 && ["email", "password"].iter().all(|name| object.fields.contains_key(*name)) {
            self.user_like.push(object.model.clone());
        }
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

/// Opens a SQLite file, of which no row may be longer than one of a fixture: a generated column can be of any length.
fn open_limited(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, decode::MAX_ROW as i32)?;
    Ok(connection)
}

fn read_tables(
    connection: &Connection,
    models: &UserModels,
    progress: &Progress,
    each: Each<'_>,
) -> Result<Others> {
    // One state of the file, even while Django runs.
    let snapshot = connection.unchecked_transaction()?;
    let (users, model) = user_table(&snapshot, models)?;
    let mut number = 0;
    let mut take = |kind, object| {
        number += 1;
        progress.advance(1);
        each(number, kind, object)
    };
    read_table(&snapshot, &users, &model, &mut |object| take(Kind::User, object))?;
    let mut read = vec![users.clone()];
    for (model, kind) in MODELS {
        if let Some(table) = table(&snapshot, &table_of(model))? {
            read_table(&snapshot, &table, model, &mut |object| take(kind, object))?;
            read.push(table);
        }
    }
    let mut others = Others::default();
    for relation in ["groups", "user_permissions"] {
        if let Some(table) = table(&snapshot, &format!("{users}_{relation}"))? {
            let user = model.split_once('.').map_or("user", |(_, model)| model).to_lowercase();
            let sql = format!("SELECT count(DISTINCT \"{user}_id\") FROM \"{table}\"");
            let count: u64 = snapshot.query_row(&sql, [], |row| row.get(0))?;
            others.relations.extend((count > 0).then(|| (relation.to_owned(), count)));
            read.push(table);
        }
    }
    others.models = other_tables(&snapshot, &read)?;
    if table(&snapshot, "sqlite_sequence")?.is_some() {
        let sql = "SELECT max(seq) FROM sqlite_sequence WHERE name = ?1";
        others.last_id = snapshot.query_row(sql, [users], |row| row.get(0))?;
    }
    Ok(others)
}

/// Finds the table of the users, and its model.
fn user_table(connection: &Connection, models: &UserModels) -> Result<(String, String)> {
    for model in &models.0 {
        if let Some(table) = table(connection, &table_of(model))? {
            return Ok((table, model.clone()));
        }
    }
    let names = models.0.iter().map(|model| table_of(model)).collect::<Vec<_>>().join(" or ");
    let sql = "SELECT schema.name FROM sqlite_schema AS schema JOIN pragma_table_info(schema.name) AS field \
               WHERE schema.type = 'table' AND field.name IN ('email', 'password') \
               GROUP BY schema.name HAVING count(*) = 2";
    let mut statement = connection.prepare(sql)?;
    let tables = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    let hint = match tables.first() {
        None => String::new(),
        Some(table) => format!("; rows of {} look like users", output::escape_for_terminal(table)),
    };
    bail!("the SQLite file has no table {names}: name the model of its users with --user-model{hint}")
}

/// Counts the rows of the tables that are not read, by the table's name. A virtual table may need a module that is not
/// here; what it shows is in ordinary ones too.
fn other_tables(connection: &Connection, read: &[String]) -> Result<BTreeMap<String, u64>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' \
               AND sql NOT LIKE 'CREATE VIRTUAL %'";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([], |row| row.get(0))?;
    let mut counts = BTreeMap::new();
    for name in names.collect::<rusqlite::Result<Vec<String>>>()? {
        if read.contains(&name) {
            continue;
        }
        let sql = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
        let count = connection.query_row(&sql, [], |row| row.get(0))?;
        if count > 0 {
            counts.insert(name, count);
        }
    }
    Ok(counts)
}

/// Finds the table with this name in any case, and returns its spelling.
fn table(connection: &Connection, name: &str) -> Result<Option<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE";
    Ok(connection.query_row(sql, [name], |row| row.get(0)).optional()?)
}

fn read_table(
    connection: &Connection,
    table: &str,
    model: &str,
    take: &mut dyn FnMut(Object) -> Result<()>,
) -> Result<()> {
    let key = "SELECT name FROM pragma_table_info(?1) WHERE pk = 1";
    let key: Option<String> = connection.query_row(key, [table], |row| row.get(0)).optional()?;
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\" ORDER BY rowid"))?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut fields = Map::new();
        for (index, name) in names.iter().enumerate() {
            fields.insert(name.clone(), value(row.get_ref(index)?));
        }
        let pk = key.as_ref().and_then(|key| fields.get(key)).cloned().unwrap_or_default();
        if let Some(user) = fields.remove("user_id") {
            fields.insert("user".to_owned(), user); // as a fixture has it
        }
        if let Some(key) = &key {
            fields.remove(key);
        }
        take(Object { model: model.to_owned(), pk, fields })?;
    }
    Ok(())
}

/// Converts a value of SQLite to a fixture's. Bytes become an array, which no field of a user takes.
fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => integer.into(),
        ValueRef::Real(real) => real.into(),
        ValueRef::Text(bytes) => str::from_utf8(bytes).map_or_else(|_| bytes.into(), Value::from),
        ValueRef::Blob(bytes) => bytes.into(),
    }
}
