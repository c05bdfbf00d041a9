//! A service of breached passwords: a real server on this machine, which records what it is asked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{LazyLock, Mutex};
use std::thread;

/// Answer to a request for a range.
#[derive(Clone)]
pub enum Answer {
    /// A range of these lines, between padding.
    Range(String),
    /// These bytes; then the connection ends.
    Raw(&'static str),
    /// These bytes; then nothing, until the client leaves.
    Hanging(&'static str),
    /// A range without end.
    Endless,
}

/// Head of a response whose body ends with the connection.
pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n";

static ANSWERS: Mutex<BTreeMap<String, Answer>> = Mutex::new(BTreeMap::new());
static HEADS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The address to configure: one server for all tests of this process.
pub static URL: LazyLock<String> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/range/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(|| serve(stream.unwrap()));
        }
    });
    url
});

/// Sets the answer for a range.
pub fn answer(prefix: &str, answer: Answer) {
    ANSWERS.lock().unwrap().insert(prefix.to_owned(), answer);
}

/// Heads of the requests so far whose path has this in it.
pub fn heads(part: &str) -> Vec<String> {
    let heads = HEADS.lock().unwrap();
    heads.iter().filter(|head| head.lines().next().is_some_and(|line| line.contains(part))).cloned().collect()
}

fn serve(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let head: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
    HEADS.lock().unwrap().push(head.join("\n"));
    let prefix = path.strip_prefix("/range/").unwrap_or_default();
    let answer = ANSWERS.lock().unwrap().get(prefix).cloned();
    let padding = |digit: &str| format!("{}:0\r\n", digit.repeat(35));
    // The client may be gone by now.
    let _ = match answer.unwrap_or(Answer::Range(String::new())) {
        Answer::Range(lines) => {
            let range = [OK, &padding("0"), &lines, "\r\n", &padding("F")].concat();
            stream.write_all(range.as_bytes())
        }
        Answer::Raw(bytes) => stream.write_all(bytes.as_bytes()),
        Answer::Hanging(bytes) => {
            stream.write_all(bytes.as_bytes()).and_then(|()| stream.read(&mut [0]).map(|_| ()))
        }
        Answer::Endless => {
            let range = padding("0").repeat(100);
            stream.write_all(OK.as_bytes()).and_then(|()| {
                loop {
                    stream.write_all(range.as_bytes())?;
                }
            })
        }
    };
}
