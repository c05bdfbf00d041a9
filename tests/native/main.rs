//! The whole API on the host, over SQLite with the migrations and the SQL that ship.

#[path = "../suite/mod.rs"]
mod suite;

mod budget;
mod clock;
mod concurrency;
mod sqlite;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use latchkey::api::login::Upgrade;
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

/// The time at which tests begin: 15 January 2027.
const NOW: i64 = 1_800_000_000;

fn config(vars: &Vars) -> Result<Config, ConfigError> {
    Config::from_vars(|name| vars.get(name).map(|value| (*value).to_owned()))
}

struct Native {
    config: Result<Config, ConfigError>,
    platform: Host,
}

struct Host {
    db: Sqlite,
    now: Cell<i64>,
    /// How many requests of a client pass the coarse limit.
    rate_limit: Cell<usize>,
    /// The clients of those that were counted.
    limited: RefCell<Vec<String>>,
    log: RefCell<Vec<String>>,
}

impl Native {
    fn new(vars: Vars) -> Self {
        let platform = Host {
            db: Sqlite::migrated(),
            now: Cell::new(NOW),
            rate_limit: Cell::new(100),
            limited: RefCell::default(),
            log: RefCell::default(),
        };
        Self { config: config(&vars), platform }
    }

    /// Answers, and leaves what comes after the answer to the caller.
    fn handle(&self, call: &Call) -> (Answer, Option<Upgrade>) {
        pollster::block_on(self.answer(call))
    }

    async fn answer(&self, call: &Call) -> (Answer, Option<Upgrade>) {
        let AppAnswer { response, upgrade } = app::handle(&self.config, &self.platform, call).await;
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
        self.platform.now.get()
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
        self.now.get()
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        getrandom::fill(bytes)
    }

    async fn within_rate_limit(&self, key: &str) -> Result<bool, String> {
        let mut limited = self.limited.borrow_mut();
        limited.push(key.to_owned());
        Ok(limited.iter().filter(|limited| *limited == key).count() <= self.rate_limit.get())
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

    fn query(&self) -> &str {
        self.path.split_once('?').map_or("", |(_, query)| query)
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
