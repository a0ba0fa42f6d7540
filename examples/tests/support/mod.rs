//! Starting the program and asking the sandbox, with nothing but the standard library.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "test support"
)]
#![allow(
    clippy::allow_attributes,
    reason = "which parts are used differs by test file"
)]
#![allow(dead_code, reason = "every test file uses its own part of this")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The program.
pub(crate) fn order_sync() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_order-sync"));
    command
        .env_remove("ORDER_SYNC_CONFIG")
        .env_remove("ORDER_SYNC_STORE")
        .env_remove("PGPASSWORD")
        .env_remove("ORDER_SYNC_LOG");
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    order_sync().args(arguments).output().unwrap()
}

/// Standard error as text.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A process that is ended with the test, however the test ends.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Fails when it ended by itself.
    pub(crate) fn assert_alive(&mut self, explanation: impl Fn() -> String) {
        if let Some(status) = self.0.try_wait().unwrap() {
            panic!("the program ended by itself: {status}\n{}", explanation());
        }
    }

    /// Stops it (`STOP`) or wakes it (`CONT`).
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "kill", name])
            .arg(self.0.id().to_string())
            .status()
            .unwrap();
        assert!(sent.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A sandbox in a process of its own.
pub(crate) struct Sandbox {
    process: Running,
    control: String,
    /// Addresses of the marketplace and the webshop.
    pub(crate) platforms: [String; 2],
}

impl Sandbox {
    /// Starts one on free ports and writes a configuration for it.
    pub(crate) fn start(config: &Path, arguments: &[&str]) -> Self {
        let mut child = order_sync()
            .args([
                "sandbox",
                "--port",
                "0",
                "--bol-port",
                "0",
                "--woo-port",
                "0",
            ])
            .arg("--write-config")
            .arg(config)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |label: &str| {
            let line = lines.next().unwrap().unwrap();
            assert!(line.starts_with(label), "{line}");
            let start = line.find("http://").unwrap();
            line[start..].trim().to_owned()
        };
        let platforms = [address("marketplace"), address("webshop")];
        let state = address("the whole truth");
        let control = state
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap()
            .to_owned();
        // The rest of its output is read away, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process: Running(child),
            control,
            platforms,
        }
    }

    /// Where the state and the truth are told.
    pub(crate) fn control(&self) -> &str {
        &self.control
    }

    /// What the platforms say about the orders.
    pub(crate) fn truth(&self) -> Value {
        get(&self.control, "/_sandbox/truth")
    }

    /// Waits until the truth passes a test.
    pub(crate) fn wait_for(
        &self,
        what: &str,
        limit: Duration,
        test: impl Fn(&Value) -> bool,
    ) -> Value {
        self.wait_or_explain(what, limit, test, String::new)
    }

    /// Waits until the truth passes a test; when it never does, the end says more.
    pub(crate) fn wait_or_explain(
        &self,
        what: &str,
        limit: Duration,
        test: impl Fn(&Value) -> bool,
        explanation: impl Fn() -> String,
    ) -> Value {
        let start = Instant::now();
        loop {
            let truth = self.truth();
            assert_eq!(truth["violations"], serde_json::json!([]), "{truth}");
            if test(&truth) {
                return truth;
            }
            assert!(
                start.elapsed() < limit,
                "{what} did not happen in {limit:?}: {truth}\n{}",
                explanation()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The process, for tests that end it.
    pub(crate) fn into_process(self) -> Running {
        self.process
    }
}

/// GET over a plain socket.
pub(crate) fn get(address: &str, path: &str) -> Value {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}
