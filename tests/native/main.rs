//! The whole API on the host, over SQLite with the migrations and the SQL that ship.

#[path = "../suite/mod.rs"]
mod suite;

mod budget;
mod sqlite;

use std::cell::RefCell;
use std::rc::Rc;

use latchkey::app::{self, Answer as AppAnswer};
use latchkey::config::{Config, ConfigError};
use latchkey::http::{BodyError, Request};
use latchkey::platform::{Event, Platform};

use sqlite::Sqlite;
use suite::{Answer, Api, Call, Vars};

suite::all!(crate::start);

/// Each test has a database of its own.
fn start(vars: Vars) -> Rc<dyn Api> {
    Rc::new(Native::new(vars))
}

/// The time of all tests: 15 January 2027.
const NOW: i64 = 1_800_000_000;

struct Native {
    config: Result<Config, ConfigError>,
    platform: Host,
}

struct Host {
    db: Sqlite,
    log: RefCell<Vec<String>>,
}

impl Native {
    fn new(vars: Vars) -> Self {
        Self {
            config: Config::from_vars(|name| vars.get(name).map(|value| (*value).to_owned())),
            platform: Host { db: Sqlite::migrated(), log: RefCell::default() },
        }
    }

    /// Answers, and leaves what comes after the answer to the caller.
    fn handle(&self, call: &Call) -> (Answer, Option<latchkey::api::login::Upgrade>) {
        let AppAnswer { response, upgrade } =
            pollster::block_on(app::handle(&self.config, &self.platform, call));
        let headers = response.headers.into_iter();
        let answer = Answer {
            status: response.status,
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.into_owned())).collect(),
            body: response.body.unwrap_or_default(),
        };
        (answer.checked(call), upgrade)
    }
}

impl Api for Native {
    fn send(&self, call: &Call) -> Answer {
        let (answer, upgrade) = self.handle(call);
        if let Some(upgrade) = upgrade {
            pollster::block_on(upgrade.run(&self.platform));
        }
        answer
    }

    fn sql(&self, sql: &str) -> Option<String> {
        self.platform.db.operator(sql)
    }

    fn now(&self) -> i64 {
        NOW
    }

    fn log(&self) -> Vec<String> {
        self.platform.log.borrow().clone()
    }
}

impl Platform for Host {
    type Db = Sqlite;

    fn db(&self) -> &Sqlite {
        &self.db
    }

    fn now(&self) -> i64 {
        NOW
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        getrandom::fill(bytes)
    }

    fn log(&self, event: &Event) {
        self.log.borrow_mut().push(event.line(None));
    }
}

impl Request for Call {
    fn method(&self) -> &str {
        &self.method
    }

    fn path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, BodyError> {
        let body = self.body.clone().unwrap_or_default();
        if body.len() > limit { Err(BodyError::TooLarge) } else { Ok(body) }
    }
}
