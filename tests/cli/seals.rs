//! Sealed seeds in a local database.

use latchkey::auth::seal::{DataKeys, Opened};
use latchkey::auth::second_factor::place_of_seed;
use latchkey::auth::secret::Secret;
use rusqlite::params;

use crate::cipher::Native;
use crate::command::{Operator, SECRET};

pub const NEW: &str = "the secret of data, of today, 32 bytes or more";
pub const OLD: &str = "the secret of data, of before, 32 bytes or more";
pub const LOST: &str = "the secret of data that nobody knows any more";

fn keys(current: &str, previous: Option<&str>) -> DataKeys {
    let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
    DataKeys::new(&secret(current), previous.map(secret).as_ref())
}

/// Seed of a user of the tests.
pub fn seed(user_id: i64) -> Vec<u8> {
    format!("the seed of {user_id:09}").into_bytes()
}

/// Gives users of these ids a TOTP that is sealed under a secret. Its id is ten times the user's.
pub fn insert(operator: &Operator, secret: &str, user_ids: impl IntoIterator<Item = i64>) {
    let mut database = operator.database();
    let transaction = database.transaction().unwrap();
    for user_id in user_ids {
        let place = place_of_seed(user_id, user_id * 10);
        let sealed = pollster::block_on(keys(secret, None).seal(&Native, &seed(user_id), &place)).unwrap();
        let sql = "INSERT INTO credentials (id, user_id, type, key, secret, created_at) VALUES (?1, ?2, 'totp', ?2 || '', ?3, 0)";
        transaction.execute(sql, params![user_id * 10, user_id, sealed]).unwrap();
    }
    transaction.commit().unwrap();
}

/// Opens the seed of a user.
pub fn open(operator: &Operator, secret: &str, user_id: i64) -> Option<Vec<u8>> {
    let row = operator.database().query_row(
        "SELECT id, secret FROM credentials WHERE user_id = ?1 AND type = 'totp'",
        [user_id],
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)),
    );
    let (id, sealed) = row.unwrap();
    let (keys, place) = (keys(secret, None), place_of_seed(user_id, id));
    pollster::block_on(keys.open(&Native, &sealed, &place)).unwrap().map(|Opened { bytes, .. }| bytes)
}

/// Writes the secrets of the local Worker.
pub fn set_secrets(operator: &Operator, data: Option<&str>, previous: Option<&str>) {
    let lines = [("JWT_SECRET", Some(SECRET)), ("DATA_SECRET", data), ("DATA_SECRET_PREVIOUS", previous)];
    let lines = lines.iter().filter_map(|(name, value)| Some(format!("{name}=\"{}\"\n", (*value)?)));
    operator.write(".dev.vars", &lines.collect::<String>());
}
