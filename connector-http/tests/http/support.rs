//! Servers that misbehave on purpose, on real sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use connector_http::{Builder, HttpClient};
use order_core::ports::{Clock, SystemClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The real clock, except that waits between attempts are noted and take no time.
#[derive(Debug)]
pub(crate) struct QuickClock {
    real: SystemClock,
    skipped: std::sync::Mutex<(Duration, Vec<Duration>)>,
}

/// Waits up to this long are slept; longer ones are skipped.
const SLEPT: Duration = Duration::from_millis(900);

impl QuickClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            real: SystemClock::new(),
            skipped: std::sync::Mutex::default(),
        })
    }

    /// The waits that were skipped.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.skipped.lock().unwrap().1.clone()
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, by: Duration) {
        self.skipped.lock().unwrap().0 += by;
    }
}

#[async_trait]
impl Clock for QuickClock {
    fn now(&self) -> DateTime<Utc> {
        self.real.now() + self.skipped.lock().unwrap().0
    }

    fn monotonic(&self) -> Duration {
        self.real.monotonic() + self.skipped.lock().unwrap().0
    }

    async fn sleep(&self, duration: Duration) {
        // Time-outs of the tests below are 10 s and more; they must not end at once.
        if duration <= SLEPT || duration >= Duration::from_secs(10) {
            self.real.sleep(duration).await;
        } else {
            let mut skipped = self.skipped.lock().unwrap();
            skipped.0 += duration;
            skipped.1.push(duration);
        }
    }
}

/// A client with short waits and a one-second time-out for `address`.
pub(crate) fn client(address: &str) -> Builder {
    client_on(address, Arc::new(SystemClock::new()))
}

pub(crate) fn client_on(address: &str, clock: Arc<dyn Clock>) -> Builder {
    HttpClient::builder(address, clock)
        .request_timeout(Duration::from_millis(800))
        .backoff(Duration::from_millis(2), Duration::from_millis(5))
}

/// A raw server: one closure per connection, after the request's head and body were read.
pub(crate) struct Raw {
    pub(crate) address: String,
    requests: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Raw {
    /// Answers each connection's request with `reply` and closes.
    pub(crate) async fn replying(reply: &'static [u8]) -> Self {
        Self::start(move |mut socket| async move {
            let _ = socket.write_all(reply).await;
            let _ = socket.shutdown().await;
        })
        .await
    }

    pub(crate) async fn start<F, T>(serve: F) -> Self
    where
        F: Fn(TcpStream) -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let (counter, serve) = (Arc::clone(&requests), Arc::new(serve));
        let task = tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let (counter, serve) = (Arc::clone(&counter), Arc::clone(&serve));
                tokio::spawn(async move {
                    if read_request(&mut socket).await {
                        counter.fetch_add(1, Ordering::SeqCst);
                        serve(socket).await;
                    }
                });
            }
        });
        Self {
            address,
            requests,
            task,
        }
    }

    /// Requests that were read completely.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads head and body of one request; false when the peer went away first.
async fn read_request(socket: &mut TcpStream) -> bool {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match socket.read(&mut buffer).await {
            Ok(0) | Err(_) => return false,
            Ok(read) => seen.extend_from_slice(&buffer[..read]),
        }
        let Some(end) = seen.windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&seen[..end]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(0, |value| value.trim().parse::<usize>().unwrap());
        if seen.len() >= end + 4 + length {
            return true;
        }
    }
}
