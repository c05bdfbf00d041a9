//! Judgement of a stored hash by its form: the hash itself never leaves the database.

use latchkey::account::password::PasswordHash;
use latchkey::auth::password::Hasher;
use latchkey::store::operator::password_hash::HashShape;

/// Returns the parameters of a hash, or why it matches no password.
pub fn judge(shape: &HashShape) -> Result<Hasher, &'static str> {
    // The library judges a hash of the same form.
    let digest = match (shape.digest_length, shape.unpadded_length) {
        (44, 43) if shape.is_base64 => format!("{}=", "A".repeat(43)),
        (88, 86) if shape.is_base64 => format!("{}==", "A".repeat(86)),
        (length, _) if shape.is_base64 && length % 4 == 0 => "AAAA".to_owned(),
        _ => "?".to_owned(),
    };
    let hasher = &shape.hasher;
    let salts = usize::try_from(shape.dollars).unwrap_or_default().saturating_sub(2);
    Hasher::from_encoded(&PasswordHash::new(match shape.dollars {
        0 | 1 => hasher.clone(),
        2 => format!("{hasher}$salt${digest}"),
        _ => format!("{hasher}{}${digest}", "$salt".repeat(salts)),
    }))
}

#[cfg(test)]
mod tests {
    use latchkey::store::Row;
    use latchkey::store::operator::password_hash::COLUMNS;
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
            Value::Text(text) => latchkey::store::Value::Text(text.clone().into()),
            other => panic!("{other:?}"),
        });
        let shape = HashShape::read(&mut Row::new(row.collect())).unwrap();
        (columns, judge(&shape))
    }

    /// As the library judges the hash itself.
    #[test]
    fn a_hash_is_judged_without_being_read() {
        let sha256 = format!("{}A=", "z".repeat(42));
        let sha512 = format!("{}Q==", "z".repeat(85));
        for stored in [
            "",
            "!zzzz",
            "!zz$pep$zz",
            &format!("!pbkdf2_sha256$1000$pepper${sha256}"),
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
            assert_eq!(verdict, Hasher::from_encoded(&PasswordHash::new(stored.to_owned())), "{stored}");
            let read = format!("{columns:?}");
            assert!(!read.contains("pep") && !read.contains("zz"), "{read}");
        }
    }
}
