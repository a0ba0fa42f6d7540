//! A small proxy between the program and a platform that breaks connections the way networks do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// It is read and thrown away; the client sees a reset.
    Lost,
    /// It is done; the client sees a reset instead of the answer.
    ResetAfter,
    /// It is done; the client gets half of the answer, then the end.
    HalfAnswer,
    /// The client sees a reset at once; the request arrives afterwards.
    Late,
}

pub(crate) const BREAKS: [Break; 4] = [
    Break::Lost,
    Break::ResetAfter,
    Break::HalfAnswer,
    Break::Late,
];

/// What a proxy has done.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Requests that change something, and others.
    pub(crate) changing: AtomicU64,
    pub(crate) reading: AtomicU64,
    /// By [`BREAKS`].
    pub(crate) broken: [AtomicU64; 4],
    /// Breaks left; none means that everything is passed on.
    pub(crate) left: AtomicU64,
}

/// Listens on a free port for as long as the process lives. Tells its address.
pub(crate) fn start(upstream: &str, tally: &Arc<Tally>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let upstream = upstream.trim_start_matches("http://").to_owned();
    let tally = Arc::clone(tally);
    std::thread::spawn(move || {
        for (number, client) in (0_u64..).zip(listener.incoming().flatten()) {
            let (upstream, tally) = (upstream.clone(), Arc::clone(&tally));
            // A connection that ends at a bad moment is what this is about.
            std::thread::spawn(move || drop(one(client, &upstream, &tally, number)));
        }
    });
    address
}

/// A way to a server that can be closed: then connections break, and new ones are refused.
pub(crate) struct Gate {
    /// The URL by this way.
    pub(crate) url: String,
    upstream: String,
    address: std::net::SocketAddr,
    open: Mutex<Option<Way>>,
}

/// What is taken away when a gate is closed.
struct Way {
    ended: Arc<AtomicBool>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Gate {
    /// A closed one at a port of its own, before the server of a URL.
    pub(crate) fn before(url: &str) -> Self {
        let (_, rest) = url.split_once('@').unwrap();
        let (upstream, _) = rest.split_once('/').unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        Self {
            url: url.replace(upstream, &address.to_string()),
            upstream: upstream.to_owned(),
            address,
            open: Mutex::new(None),
        }
    }

    pub(crate) fn open(&self) {
        let listener = TcpListener::bind(self.address).unwrap();
        let way = Way {
            ended: Arc::default(),
            connections: Arc::default(),
        };
        let (ended, connections) = (Arc::clone(&way.ended), Arc::clone(&way.connections));
        let upstream = self.upstream.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(server) = TcpStream::connect(&upstream) else {
                    continue;
                };
                let both = [client, server];
                for (from, to) in [(0, 1), (1, 0)] {
                    let (mut from, mut to) = (
                        both[from].try_clone().unwrap(),
                        both[to].try_clone().unwrap(),
                    );
                    std::thread::spawn(move || {
                        drop(std::io::copy(&mut from, &mut to));
                        drop(to.shutdown(std::net::Shutdown::Both));
                    });
                }
                connections.lock().unwrap().extend(both);
            }
        });
        *self.open.lock().unwrap() = Some(way);
    }

    pub(crate) fn close(&self) {
        let way = self.open.lock().unwrap().take().unwrap();
        way.ended.store(true, Ordering::SeqCst);
        // The listener sees it with its next connection, and is gone.
        drop(TcpStream::connect(self.address));
        for connection in way.connections.lock().unwrap().drain(..) {
            drop(connection.shutdown(std::net::Shutdown::Both));
        }
    }
}

/// Which break a request meets, if any. Random-looking; a change is broken more often than a read.
fn choose(tally: &Tally, number: u64, is_change: bool) -> Option<Break> {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    let of_hundred = mixed % 100;
    if of_hundred >= if is_change { 50 } else { 10 } {
        return None;
    }
    let taken = tally
        .left
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
    taken.ok()?;
    let index = usize::try_from(mixed / 100 % 4).unwrap();
    tally.broken[index].fetch_add(1, Ordering::SeqCst);
    Some(BREAKS[index])
}

/// One request on one connection.
fn one(
    mut client: TcpStream,
    upstream: &str,
    tally: &Tally,
    number: u64,
) -> Result<(), std::io::Error> {
    client.set_read_timeout(Some(Duration::from_secs(30)))?;
    let (request, is_change) = read_request(&client)?;
    let counter = if is_change {
        &tally.changing
    } else {
        &tally.reading
    };
    counter.fetch_add(1, Ordering::SeqCst);
    let broken = choose(tally, number, is_change);
    if broken == Some(Break::Lost) {
        return reset(client);
    }
    if broken == Some(Break::Late) {
        reset(client)?;
        std::thread::sleep(Duration::from_millis(50 + number % 400));
        ask(upstream, &request)?;
        return Ok(());
    }
    let answer = ask(upstream, &request)?;
    match broken {
        Some(Break::ResetAfter) => reset(client),
        Some(Break::HalfAnswer) => {
            client.write_all(&answer[..answer.len() / 2])?;
            client.shutdown(std::net::Shutdown::Both)
        }
        _ => client.write_all(&answer),
    }
}

/// A whole request, made the only one of its connection; and whether it changes something.
fn read_request(client: &TcpStream) -> Result<(Vec<u8>, bool), std::io::Error> {
    let mut reader = BufReader::new(client);
    let mut head = Vec::new();
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            head.extend_from_slice(b"connection: close\r\n\r\n");
            break;
        }
        if !lower.starts_with("connection:") {
            head.extend_from_slice(line.as_bytes());
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let is_token = head
        .split(|byte| *byte == b'\n')
        .next()
        .is_some_and(|line| line.windows(6).any(|part| part == b"/token"));
    let is_change = !head.starts_with(b"GET") && !is_token;
    head.extend_from_slice(&body);
    Ok((head, is_change))
}

fn ask(upstream: &str, request: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    let mut stream = TcpStream::connect(upstream)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Closes a connection with a reset: what arrived after the request's head is left unread.
fn reset(client: TcpStream) -> Result<(), std::io::Error> {
    // An orderly end that leaves something unread is sent as a reset. Nothing is unread here,
    // so the socket is told not to linger.
    let socket = socket2::SockRef::from(&client);
    socket.set_linger(Some(Duration::ZERO))
}
