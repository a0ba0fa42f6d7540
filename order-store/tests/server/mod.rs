//! A private PostgreSQL server for tests: its own data, a loopback port, ended with the test's
//! process, however that ends.

#![expect(clippy::unwrap_used, reason = "test support")]
#![allow(
    clippy::allow_attributes,
    reason = "which parts are used differs by test file"
)]
#![allow(dead_code, reason = "every test file uses its own part of this")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

/// The password of the server's only user, so that the tests log in as people do.
pub(crate) const PASSWORD: &str = "not-a-secret";

/// Makes a server, says when it answers, and ends it when nobody holds the script's input any
/// more.
const SCRIPT: &str = r#"
bin=$1 port=$2
cd / && dir=$(mktemp -d) || exit 1
printf '%s\n' "$3" >"$dir/password"
if ! "$bin/initdb" -D "$dir/data" -U tester -E UTF8 --no-locale --auth=scram-sha-256 \
        --pwfile="$dir/password" >"$dir/log" 2>&1; then
    cat "$dir/log" >&2; rm -rf "$dir"; exit 1
fi
begin() {
    "$bin/postgres" -D "$dir/data" -h 127.0.0.1 -p "$port" -c unix_socket_directories= \
        -c max_connections=300 >>"$dir/log" 2>&1 &
    server=$!
}
begin
n=0
until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do
    n=$((n + 1))
    if [ $n -gt 300 ]; then cat "$dir/log" >&2; rm -rf "$dir"; exit 1; fi
    # What is left of a server that was killed may be in the way for a moment.
    kill -0 $server 2>/dev/null || begin
    sleep 0.1
done
echo "$server"
while read -r word; do
    kill -KILL $server
    wait $server 2>/dev/null
    begin
    n=0
    until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do
        n=$((n + 1))
        [ $n -gt 300 ] && break
        kill -0 $server 2>/dev/null || begin
        sleep 0.1
    done
    echo "$server"
done
kill -INT $server
wait $server
rm -rf "$dir"
"#;

/// A server that runs as long as this is held, at most as long as the process.
pub(crate) struct Server {
    bin: PathBuf,
    port: u16,
    /// The process id of the server's first process.
    pid: AtomicU32,
    databases: AtomicU32,
    /// Its input is what the script waits on.
    script: Mutex<Script>,
}

struct Script {
    child: Child,
    output: BufReader<ChildStdout>,
}

/// The server of this test file; `None`, and a line that says so, when none is installed.
pub(crate) fn shared() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(start).as_ref()
}

fn start() -> Option<Server> {
    let Some(bin) = installed() else {
        let text = "LEFT OUT: no PostgreSQL server is installed (initdb is not found)\n";
        let required = std::env::var("CI_REQUIRE_ALL").is_ok_and(|value| value == "1");
        assert!(!required, "{text}");
        std::io::stderr().write_all(text.as_bytes()).unwrap();
        return None;
    };
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut command = as_somebody();
    command
        .args(["-c", SCRIPT, "server"])
        .arg(&bin)
        .arg(port.to_string())
        .arg(PASSWORD)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut script = Script { child, output };
    let pid = script.pid();
    Some(Server {
        bin,
        port,
        pid: AtomicU32::new(pid),
        databases: AtomicU32::new(0),
        script: Mutex::new(script),
    })
}

impl Script {
    /// The process that the script says it has started.
    fn pid(&mut self) -> u32 {
        let mut said = String::new();
        self.output.read_line(&mut said).unwrap();
        said.trim().parse().unwrap()
    }
}

/// A shell; under another user when this is root, as which the server refuses to run.
fn as_somebody() -> Command {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout.trim_ascii() != b"0" {
        return Command::new("sh");
    }
    let mut command = Command::new("setpriv");
    command.args([
        "--reuid=postgres",
        "--regid=postgres",
        "--clear-groups",
        "sh",
    ]);
    command
}

/// Where the server's programs are: the newest of Debian's places, else beside `initdb`.
fn installed() -> Option<PathBuf> {
    let version = |path: &Path| -> u32 {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.parse().ok()).unwrap_or_default()
    };
    let places = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("bin/initdb").exists());
    if let Some(newest) = places.max_by_key(|path| version(path)) {
        return Some(newest.join("bin"));
    }
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|directory| directory.join("initdb"))
        .filter_map(|program| program.canonicalize().ok())
        .find_map(|program| Some(program.parent()?.to_owned()))
}

impl Server {
    /// The process id of the server's first process.
    pub(crate) fn pid(&self) -> u32 {
        self.pid.load(Ordering::SeqCst)
    }

    /// Kills the server's first process as a power cut would, and starts it again.
    pub(crate) fn crash(&self) {
        let mut script = self.script.lock().unwrap();
        script
            .child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(b"crash\n")
            .unwrap();
        self.pid.store(script.pid(), Ordering::SeqCst);
    }

    /// Kills the process behind one client, if there is one; the server ends all the others and
    /// recovers.
    pub(crate) fn kill_backend(&self) {
        let children = format!("/proc/{0}/task/{0}/children", self.pid());
        let children = std::fs::read_to_string(children).unwrap_or_default();
        let is_client = |pid: &&str| {
            std::fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|title| title.starts_with(b"postgres: tester"))
        };
        if let Some(pid) = children.split_whitespace().find(is_client) {
            let killed = Command::new("sh")
                .args(["-c", "kill -s KILL \"$1\"", "kill", pid])
                .status();
            drop(killed);
        }
    }

    /// A new empty database; its URL has no password.
    pub(crate) fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        let made = Command::new(self.bin.join("createdb"))
            .args(["-h", "127.0.0.1", "-U", "tester", "-p"])
            .arg(self.port.to_string())
            .arg(&name)
            .env("PGPASSWORD", PASSWORD)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        format!("postgres://tester@127.0.0.1:{}/{name}", self.port)
    }
}
