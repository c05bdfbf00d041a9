//! The server of `npm start`, which takes up every change: the real one, in a project with a Worker of one line

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const BUILD: &str = "#!/bin/sh\nif grep -q broken src/index.js; then echo 'error: broken' >&2; exit 1; fi
if grep -q slow src/index.js; then sleep 300; fi\nmkdir -p build && cp src/index.js build/\n";

struct DevServer {
    project: TempDir,
    process: Child,
    port: u16,
    output: Arc<Mutex<Vec<String>>>,
}

fn config(greeting: &str) -> String {
    format!(
        "name = \"x\"\nmain = \"build/index.js\"\ncompatibility_date = \"2026-10-01\"\n[vars]\nGREETING = \"{greeting}\"\n"
    )
}

fn source(version: &str) -> String {
    format!(
        "export default {{ fetch: (_, env) => new Response(`${{env.GREETING}} ${{env.NAME}} {version}`) }};\n"
    )
}

impl DevServer {
    /// Starts it, or gives `None` where wrangler is not installed.
    fn start() -> Option<Self> {
        Self::start_on(TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port())
    }

    fn start_on(port: u16) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let project = tempfile::tempdir().unwrap();
        for directory in ["src", "scripts", "saved"] {
            fs::create_dir(project.path().join(directory)).unwrap();
        }
        let mut command = Command::new(root.join("node_modules/.bin/node"));
        command.arg(root.join("scripts/lib/dev.mjs")).args([
            "--ip",
            "127.0.0.1",
            "--port",
            &port.to_string(),
        ]);
        command.env("CLOUDFLARE_CF_FETCH_ENABLED", "false").env("WRANGLER_WRITE_LOGS", "false");
        command.env("WRANGLER_SEND_METRICS", "false").current_dir(project.path());
        for (file, text) in [
            ("wrangler.toml", &*config("hello")),
            (".dev.vars", "NAME=jake\n"),
            ("src/index.js", &source("1")),
            ("scripts/build.sh", BUILD),
        ] {
            fs::write(project.path().join(file), text).unwrap();
        }
        shell(&project, "chmod +x scripts/build.sh");
        let Ok(mut process) = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() else {
            eprintln!("skipped: wrangler is not installed");
            return None;
        };
        let output = Arc::<Mutex<Vec<String>>>::default();
        keep(process.stdout.take().unwrap(), &output);
        keep(process.stderr.take().unwrap(), &output);
        Some(Self { project, process, port, output })
    }

    fn request(&self) -> Option<String> {
        let mut response = ureq::get(format!("http://127.0.0.1:{}/", self.port)).call().ok()?;
        response.body_mut().read_to_string().ok()
    }

    fn wait_until(&self, what: &str, is_true: impl Fn(&Self) -> bool) {
        #[expect(clippy::disallowed_methods, reason = "this is not wasm, and the server has a real clock")]
        let start = Instant::now();
        while !is_true(self) {
            let output = self.output.lock().unwrap().join("\n");
            assert!(start.elapsed() < Duration::from_secs(60), "{what}: {:?}\n{output}", self.request());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn wait_for(&self, body: &str) {
        self.wait_until(body, |server| server.request().as_deref() == Some(body));
    }

    fn wait_for_line(&self, line: &str) {
        self.wait_until(line, |server| {
            server.output.lock().unwrap().iter().any(|printed| printed.contains(line))
        });
    }

    /// Saves a file as a shell script does it, which finds the new text in `saved/new`.
    fn save(&self, file: &str, text: &str, how: &str) {
        fs::write(self.project.path().join("saved/new"), text).unwrap();
        shell(&self.project, &format!("f={file}; {how}"));
    }

    /// Stops it by a signal, and checks that nothing that it started goes on.
    fn stop(mut self, signal: &str) {
        let started = descendants(self.process.id());
        assert!(!started.is_empty());
        shell(&self.project, &format!("kill -{signal} {}", self.process.id()));
        let status = self.process.wait().unwrap();
        assert!(status.success(), "{status}: {:?}", self.output.lock().unwrap());
        self.wait_until("all has stopped", |_| started.iter().all(|id| !is_running(*id)));
        assert_eq!(self.request(), None);
    }
}

impl Drop for DevServer {
    /// After a failure. (A kill would leave workerd behind.)
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|status| status.is_none()) {
            shell(&self.project, &format!("kill {}", self.process.id()));
            let _ = self.process.wait();
        }
    }
}

fn shell(project: &TempDir, script: &str) {
    let status = Command::new("sh").args(["-ec", script]).current_dir(project.path()).status();
    assert!(status.unwrap().success(), "{script}");
}

fn keep(from: impl std::io::Read + Send + 'static, lines: &Arc<Mutex<Vec<String>>>) {
    let lines = Arc::clone(lines);
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line);
        }
    });
}

/// Returns the processes that this one has started, and that those have.
fn descendants(id: u32) -> Vec<u32> {
    let output = Command::new("ps").args(["-eo", "pid=,ppid="]).output().unwrap().stdout;
    let pairs: Vec<(u32, u32)> = String::from_utf8(output)
        .unwrap()
        .lines()
        .map(|line| {
            let mut ids = line.split_whitespace().map(|id| id.parse().unwrap());
            (ids.next().unwrap(), ids.next().unwrap())
        })
        .collect();
    let mut found = vec![id];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(pairs.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    found.split_off(1)
}

fn is_running(id: u32) -> bool {
    let output = Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output().unwrap().stdout;
    !output.is_empty() && !output.starts_with(b"Z")
}

#[test]
fn mail_is_on_and_read_in_the_browser() {
    let Some(server) = DevServer::start() else { return };
    let mailbox = format!("http://localhost:{}/cdn-cgi/local/explorer", server.port);
    server.wait_for("hello jake 1");
    server.wait_for_line(&format!("latchkey: mails that the Worker sends are at {mailbox}/email/sending"));
    let send = "export default { async fetch(_, env) { \
        await env.EMAIL.send({ from: env.MAIL_FROM, to: 'jake@x.io', subject: 'hello', text: 'x' }); \
        return new Response(`${env.MAIL_FROM} ${env.APP_URL}`); } };\n";
    server.save("src/index.js", send, "cat saved/new > $f");
    server.wait_for(&format!("Latchkey <accounts@localhost> http://localhost:{}/", server.port));
    let api = format!("http://127.0.0.1:{}/cdn-cgi/local/explorer/api/local", server.port);
    let read = |path: &str| {
        let mut response = ureq::get(format!("{api}/{path}")).call().unwrap();
        response.body_mut().read_to_string().unwrap()
    };
    assert!(read("email/sending").contains(r#""to":["jake@x.io"]"#));
    // The page lists what a Worker with such a binding has sent, so it has to know of it.
    assert!(read("workers").contains(r#""sendEmail":[{"bindingName":"EMAIL"}]"#));

    let own = "NAME=jake\nMAIL_FROM=me@x.io\nAPP_URL=https://x.io/\n";
    server.save(".dev.vars", own, "cat saved/new > $f");
    server.wait_for("me@x.io https://x.io/");
    server.stop("INT");
}

#[test]
fn every_save_is_taken_up_however_it_is_made() {
    let Some(server) = DevServer::start() else { return };
    server.wait_for("hello jake 1");
    server.wait_for_line("Ready on http://127.0.0.1:");
    let (mut name, mut version) = ("jake".to_owned(), "1".to_owned());
    for (number, how) in [
        "cat saved/new > $f",                                         // in place
        "mv saved/new $f",                                            // by a rename
        "rm $f; cp saved/new $f",                                     // by a copy
        "mv $f $f~; cp saved/new $f; rm $f~",                         // as vim does
        "touch -d '2 days ago' saved/new; mv saved/new $f",           // what was moved away before
        "b=saved/$(basename $f); cp saved/new $b; ln -sf $PWD/$b $f", // a link
        "rm $f; cat saved/new > $f",
    ]
    .iter()
    .enumerate()
    {
        let greeting = format!("hello{number}");
        server.save("wrangler.toml", &config(&greeting), how);
        server.wait_for(&format!("{greeting} {name} {version}"));
        name = format!("jake{number}");
        server.save(".dev.vars", &format!("NAME={name}\n"), how);
        server.wait_for(&format!("{greeting} {name} {version}"));
        version = format!("v{number}");
        server.save("src/index.js", &source(&version), how);
        server.wait_for(&format!("{greeting} {name} {version}"));
        // Or cargo would take what is older than its last build for built.
        shell(&server.project, "[ -n \"$(find -L src/index.js -mmin -60)\" ]");
    }
    assert_eq!(server.output.lock().unwrap().iter().find(|line| line.trim().is_empty()), None);
    server.stop("INT");
}

#[test]
fn what_was_built_is_served_while_the_source_is_built_or_broken() {
    let Some(server) = DevServer::start() else { return };
    server.wait_for("hello jake 1");
    server.save("src/index.js", "broken", "cat saved/new > $f");
    server.wait_for_line("latchkey: the build failed");
    assert_eq!(server.request().as_deref(), Some("hello jake 1"));
    server.save("wrangler.toml", &config("hi"), "cat saved/new > $f");
    server.wait_for("hi jake 1");
    server.save("wrangler.toml", "[vars", "cat saved/new > $f");
    server.wait_for_line("latchkey: wrangler.toml: line 1: incomplete key-value: cannot find end of key; what it had before is served");
    assert_eq!(server.request().as_deref(), Some("hi jake 1"));
    server.save("wrangler.toml", &config("hey"), "cat saved/new > $f");
    server.wait_for("hey jake 1");
    server.save("src/index.js", "slow", "cat saved/new > $f");
    server.wait_until("builds", |server| descendants(server.process.id()).len() > 2);
    assert_eq!(server.request().as_deref(), Some("hey jake 1"));
    server.stop("TERM");
}

#[test]
fn a_migration_is_reported_and_nothing_is_built_or_loaded() {
    let Some(server) = DevServer::start() else { return };
    server.wait_for("hello jake 1");
    shell(&server.project, "mkdir migrations");
    server.save("migrations/0001_users.sql", "CREATE TABLE users (id INTEGER);", "cat saved/new > $f");
    let line = "latchkey: migrations/0001_users.sql changed: new migrations are applied at the next start";
    server.wait_for_line(line);
    server.save("wrangler.toml", &config("hi"), "cat saved/new > $f");
    server.wait_for("hi jake 1");
    let output = server.output.lock().unwrap().clone();
    let changed: Vec<_> = output.iter().filter(|line| line.contains("changed")).collect();
    assert_eq!(changed, [line, "latchkey: wrangler.toml changed"]);
    server.stop("INT");
}

#[test]
fn a_port_that_is_taken_is_named_and_ends_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let Some(mut server) = DevServer::start_on(taken.local_addr().unwrap().port()) else { return };
    assert_eq!(server.process.wait().unwrap().code(), Some(1));
    server.wait_for_line(&format!("latchkey: port {} can't be served: listen EADDRINUSE", server.port));
    assert_eq!(server.output.lock().unwrap().len(), 1);
}
