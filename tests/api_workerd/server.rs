//! Servers, and HTTP to them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Cursor, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use ureq::{Agent, SendBody, http};

use crate::api::{Api, Received, Request, Response, Vars};

/// Node, which starts servers and works on their databases. It ends with its standard input, so with
/// this process, and takes the servers with it.
struct Node {
    _process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

static NODE: LazyLock<Mutex<Node>> = LazyLock::new(|| {
    let mut process = Command::new("node_modules/.bin/node")
        .arg("tests/api_workerd/serve.mjs")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node: run `npm test`, which installs it");
    let input = process.stdin.take().unwrap();
    let output = BufReader::new(process.stdout.take().unwrap()).lines();
    Mutex::new(Node { _process: process, input, output })
});

fn ask(command: &Value) -> Value {
    let mut node = NODE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    writeln!(node.input, "{command}").expect("Node is gone; its messages are above");
    let mut answers = node.output.by_ref().map_while(Result::ok);
    let answer = answers.find_map(|line| line.strip_prefix("ANSWER ").map(str::to_owned));
    serde_json::from_str(&answer.expect("Node is gone; its messages are above")).unwrap()
}

#[derive(Clone)]
pub struct Server {
    number: u64,
    origin: String,
    /// Requests that the Worker has answered, where it has mail: the number that each was sent with.
    answered: Option<Arc<Mutex<Vec<u64>>>>,
}

impl Server {
    /// A server of its own: of the Worker as it ships, or of another `main` around it. A variable `EMAIL` binds that: to
    /// the local mailbox, or to the Worker of a file.
    pub fn new(main: Option<&str>, vars: &Vars) -> Self {
        let started = ask(&json!({ "command": "start", "main": main, "vars": vars }));
        Self {
            number: started["server"].as_u64().unwrap(),
            origin: format!("http://127.0.0.1:{}", started["port"]),
            answered: vars.contains_key("EMAIL").then(Arc::default),
        }
    }

    /// The one server of the Worker as it ships with these variables.
    pub fn shared(vars: Vars) -> Self {
        type Servers = Mutex<BTreeMap<String, &'static OnceLock<Server>>>;
        static SERVERS: Servers = Mutex::new(BTreeMap::new());
        let server =
            *SERVERS.lock().unwrap().entry(format!("{vars:?}")).or_insert_with(|| Box::leak(Box::default()));
        server.get_or_init(|| Self::new(None, &vars)).clone()
    }

    /// Runs the scheduled handler, and gives its outcome.
    pub fn scheduled(&self) -> Value {
        ask(&json!({ "command": "scheduled", "server": self.number }))
    }

    /// Sends requests at once, each from a thread of its own, and gives the answers.
    pub fn send_at_once(&self, calls: &[Request]) -> Vec<Response> {
        std::thread::scope(|scope| {
            let sent: Vec<_> = calls.iter().map(|call| scope.spawn(|| self.send(call))).collect();
            sent.into_iter().map(|answer| answer.join().unwrap()).collect()
        })
    }

    /// Sends a request and gives the answer as it is.
    ///
    /// Where the Worker answers without reading a large body, the connection may close before all of it is written.
    pub fn send_unchecked(&self, call: &Request) -> Response {
        let tries = if call.body.as_ref().is_some_and(|body| body.len() > 60_000) { 10 } else { 1 };
        let mut answers = (0..tries).map(|_| self.try_send(call));
        let last = answers.find_map(Result::ok);
        last.unwrap_or_else(|| panic!("no answer: {call:?}"))
    }

    fn try_send(&self, call: &Request) -> Result<Response, ureq::Error> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let Some(answered) = self.answered.as_ref().filter(|_| call.path.starts_with("/api/")) else {
            return self.exchange(call);
        };
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let answer = self.exchange(&call.clone().header("X-Test-Request", &number.to_string()))?;
        answered.lock().unwrap().push(number);
        Ok(answer)
    }

    fn exchange(&self, call: &Request) -> Result<Response, ureq::Error> {
        static AGENT: LazyLock<Agent> = LazyLock::new(|| {
            Agent::config_builder()
                .http_status_as_error(false)
                .allow_non_standard_methods(true)
                .max_redirects(0)
                .user_agent("")
                .accept("")
                .accept_encoding("")
                .timeout_global(Some(Duration::from_secs(60)))
                .build()
                .into()
        });
        let mut request = http::Request::builder()
            .method(call.method.as_str())
            .uri(format!("{}{}", self.origin, call.path));
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let mut answer = match call.body.clone() {
            None => AGENT.run(request.body(()).unwrap()),
            Some(body) if call.chunked => {
                let mut body = Cursor::new(body);
                AGENT.run(request.body(SendBody::from_reader(&mut body)).unwrap())
            }
            Some(body) => AGENT.run(request.body(body).unwrap()),
        }?;
        let headers = answer.headers().iter();
        Ok(Response {
            status: answer.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: answer.body_mut().read_to_string()?,
        })
    }
}

/// An SMTP server on this machine.
pub struct Smtp {
    number: u64,
    pub port: u64,
}

impl Smtp {
    /// One that takes mails.
    pub fn new() -> Self {
        Self::scripted(&Value::Null)
    }

    /// One that says what it is told to.
    pub fn scripted(script: &Value) -> Self {
        let started = ask(&json!({ "command": "smtp", "script": script }));
        Self { number: started["server"].as_u64().unwrap(), port: started["port"].as_u64().unwrap() }
    }

    /// Mails so far.
    pub fn received(&self) -> Vec<Value> {
        let received = ask(&json!({ "command": "received", "server": self.number }));
        received.as_array().unwrap().clone()
    }
}

impl Api for Server {
    fn send(&self, call: &Request) -> Response {
        self.send_unchecked(call).checked(call)
    }

    fn sql(&self, sql: &str) -> Option<String> {
        let rows = ask(&json!({ "command": "sql", "server": self.number, "sql": sql }));
        match &rows[0][0] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    fn now(&self) -> i64 {
        #[expect(clippy::disallowed_methods, reason = "this is not wasm, and the server has a real clock")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.unwrap().as_secs().try_into().unwrap()
    }

    fn log(&self) -> Vec<String> {
        let messages = ask(&json!({ "command": "log", "server": self.number }));
        serde_json::from_value(messages).unwrap()
    }

    fn mails(&self, to: &str) -> Vec<Received> {
        let answered = self.answered.as_ref().expect("EMAIL among the variables").lock().unwrap().clone();
        let mails =
            ask(&json!({ "command": "mails", "server": self.number, "to": to, "answered": answered }));
        serde_json::from_value(mails).unwrap()
    }
}
