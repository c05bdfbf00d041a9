//! Properties of a stored hash, which itself never leaves the database.

use latchkey::auth::password::Hasher;
use latchkey::store::db::{DbError, Row};

/// SQL: the number of dollar signs in a hash.
macro_rules! dollars {
    () => {
        "length(password) - length(replace(password, '$', ''))"
    };
}

/// SQL: the part before the salt.
macro_rules! hasher {
    () => {
        "substr(password, 1, instr(password, '$') + instr(substr(password, instr(password, '$') + 1), '$') - 1)"
    };
}

/// SQL: the part after the last dollar sign.
macro_rules! digest {
    () => {
        "substr(password, 1 + length(rtrim(password, replace(password, '$', ''))))"
    };
}

/// Columns that [`read`] takes, of a row of `users`: the number of dollar signs, the part before the salt, the lengths
/// of the part after the salt, with and without padding, and whether that has the form of Base64.
pub const COLUMNS: &str = concat!(
    dollars!(),
    " AS dollars, CASE ",
    dollars!(),
    " WHEN 0 THEN '' WHEN 1 THEN '' WHEN 2 THEN substr(password, 1, instr(password, '$') - 1) ELSE ",
    hasher!(),
    " END AS hasher, length(",
    digest!(),
    ") AS digest_length, length(rtrim(",
    digest!(),
    ", '=')) AS unpadded_length, rtrim(",
    digest!(),
    ", '=') NOT GLOB '*[^A-Za-z0-9+/]*' AND (password GLOB '*[AEIMQUYcgkosw048]=' OR password GLOB '*[AQgw]==' \
     OR password NOT GLOB '*=') AS is_base64"
);

/// SQL: the part of a hash before the salt.
pub const HASHER: &str = hasher!();

/// SQL: the number of users by the part before the salt, which [`Hasher`] parses.
pub const COUNTS: &str = concat!(
    "SELECT hasher, count(*) AS users FROM (SELECT ",
    hasher!(),
    " AS hasher FROM users WHERE ",
    dollars!(),
    " = 3) GROUP BY hasher ORDER BY users DESC"
);

/// Reads [`COLUMNS`]. Returns the parameters of the hash, or why it matches no password.
pub fn read(row: &mut Row) -> Result<Result<Hasher, &'static str>, DbError> {
    let (dollars, hasher) = (row.integer()?, row.text()?);
    let (length, unpadded, is_base64) = (row.integer()?, row.integer()?, row.boolean()?);
    // The library judges a hash of the same form.
    let digest = match (length, unpadded) {
        (44, 43) if is_base64 => format!("{}=", "A".repeat(43)),
        (88, 86) if is_base64 => format!("{}==", "A".repeat(86)),
        _ if is_base64 && length % 4 == 0 => "AAAA".to_owned(),
        _ => "?".to_owned(),
    };
    let salts = usize::try_from(dollars).unwrap_or_default().saturating_sub(2);
    Ok(Hasher::of_stored(&match dollars {
        0 | 1 => String::new(),
        2 => format!("{hasher}$salt${digest}"),
        _ => format!("{hasher}{}${digest}", "$salt".repeat(salts)),
    }))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use rusqlite::types::Value;

    use super::*;

    fn ask(stored: &str) -> (Vec<Value>, Result<Hasher, &'static str>) {
        let sql = format!("SELECT {COLUMNS} FROM (SELECT ?1 AS password)");
        let database = Connection::open_in_memory().unwrap();
        let columns: Vec<Value> =
            database.query_row(&sql, [stored], |row| (0..5).map(|index| row.get(index)).collect()).unwrap();
        let row = columns.iter().map(|column| match column {
            Value::Integer(integer) => (*integer).into(),
            Value::Text(text) => latchkey::store::db::Value::Text(text.clone().into()),
            other => panic!("{other:?}"),
        });
        let verdict = read(&mut Row::new(row.collect())).unwrap();
        (columns, verdict)
    }

    /// As the library judges the hash itself.
    #[test]
    fn a_hash_is_judged_without_being_read() {
        let sha256 = format!("{}A=", "z".repeat(42));
        let sha512 = format!("{}Q==", "z".repeat(85));
        for stored in [
            "",
            "!unusable",
            "a$b",
            "pbkdf2_sha256$1$pepper",
            &format!("pbkdf2_sha256$1000$pepper${sha256}"),
            &format!("pbkdf2_sha512$1000$pepper${sha512}"),
            &format!("pbkdf2_sha256$1000$${sha256}"),
            &format!("pbkdf2_sha256$1000$pepper${sha512}"),
            &format!("pbkdf2_sha512$1000$pepper${sha256}"),
            &format!("pbkdf2_sha256$1000$pepper${}B=", "z".repeat(42)),
            &format!("pbkdf2_sha256$1000$pepper${}?", "z".repeat(43)),
            &format!("pbkdf2_sha256$1000$pepper${}A==", "z".repeat(41)),
            &format!("pbkdf2_sha512$1000$pepper${}A=", "z".repeat(86)),
            &format!("pbkdf2_sha512$1000$pepper${}====", "z".repeat(84)),
            &format!("pbkdf2_sha256$1000$pep$per${sha256}"),
            &format!("pbkdf2_sha256$0$pepper${sha256}"),
            &format!("pbkdf2_sha256$pepper${sha256}"),
            &format!("md5$1$pepper${sha256}"),
            "pbkdf2_sha256$1$pepper$zzzz",
            "pbkdf2_sha256$1$pepper$zzz",
            "argon2$argon2id$v=19$m=1,t=2$pepper$zzzz",
            "bcrypt_sha256$$2b$12$pepper",
        ] {
            let (columns, verdict) = ask(stored);
            assert_eq!(verdict, Hasher::of_stored(stored), "{stored}");
            let read = format!("{columns:?}");
            assert!(!read.contains("pep") && !read.contains("zz"), "{read}");
        }
    }
}
