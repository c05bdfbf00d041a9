//! The server of a webhook: a real one on this machine, which keeps what it is sent.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use latchkey::auth::webhook::WebhookKey;

use super::Vars;

/// Keys that sign.
pub const CURRENT: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub const PREVIOUS: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// Path of each address. It is in no log.
const PATH: &str = "/hooks/of-this-test?key=secret";

/// Request that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// First line.
    pub line: String,
    /// Headers; their names are in lower case.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub body: String,
}

impl Delivery {
    /// Id of the message.
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    /// Type of the event.
    pub fn of_type(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        body["type"].as_str().unwrap().to_owned()
    }

    /// Asserts that each of these secrets signed it, at this time, and no other.
    #[track_caller]
    pub fn is_signed(&self, secrets: &[&str], at: i64) {
        assert_eq!(self.headers["webhook-timestamp"], at.to_string());
        let key = |secret: &&str| WebhookKey::parse(secret).unwrap();
        let signature = |secret| key(secret).sign(self.id(), &at.to_string(), &self.body);
        let signatures: Vec<_> = secrets.iter().map(signature).collect();
        assert_eq!(self.headers["webhook-signature"], signatures.join(" "), "{self:?}");
    }
}

#[derive(Default)]
struct State {
    answers: VecDeque<&'static str>,
    later: &'static str,
    received: Vec<Delivery>,
}

/// Server of a webhook.
pub struct Receiver {
    /// Address to configure.
    pub url: String,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Receiver {
    /// Starts one that takes everything.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
        let receiver = Self { url, shared: Arc::default() };
        receiver.answer(&[], "204 No Content");
        let shared = Arc::clone(&receiver.shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        receiver
    }

    /// Adds the webhook to these variables.
    pub fn configure<'a>(&'a self, mut vars: Vars<'a>) -> Vars<'a> {
        vars.extend([("WEBHOOK_URL", &*self.url), ("WEBHOOK_SECRET", CURRENT)]);
        vars
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap()
    }

    /// Sets the answers to the next requests, and to all later ones: status lines and headers. An empty one is no answer.
    pub fn answer(&self, next: &[&'static str], later: &'static str) {
        let mut state = self.state();
        state.answers = next.iter().copied().collect();
        state.later = later;
    }

    /// Waits until so many requests have arrived, and gives all.
    pub fn wait_for(&self, count: usize) -> Vec<Delivery> {
        let is_missing = |state: &mut State| state.received.len() < count;
        let wait = Duration::from_secs(60); // then the test fails
        let (state, _) = self.shared.1.wait_timeout_while(self.state(), wait, is_missing).unwrap();
        assert!(state.received.len() >= count, "{:?}", state.received);
        state.received.clone()
    }

    /// Gives what arrived since the last call.
    pub fn take(&self) -> Vec<Delivery> {
        std::mem::take(&mut self.state().received)
    }
}

fn serve(mut stream: TcpStream, (state, arrived): &(Mutex<State>, Condvar)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let Some(line) = head.next() else { return };
    let headers: BTreeMap<_, _> = head
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.to_owned())
        })
        .collect();
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let delivery = Delivery { line, headers, body: String::from_utf8(body).unwrap() };
    let mut state = state.lock().unwrap();
    state.received.push(delivery);
    let answer = state.answers.pop_front().unwrap_or(state.later);
    drop(state);
    if !answer.is_empty() {
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes()); // the client may be gone by now
    }
    arrived.notify_all();
}
