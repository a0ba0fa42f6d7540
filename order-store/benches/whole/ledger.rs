//! What was called how often, and which effect happened how often: in this process, or in
//! another one that is asked over a loopback socket.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use order_core::ports::{Clock as _, SystemClock};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

type Line = BufReader<TcpStream>;

/// Counts calls and effects.
#[derive(Debug)]
pub(crate) struct Ledger {
    counts: Mutex<Counts>,
    /// Where the effects are kept, when elsewhere; and sockets to there that are free.
    elsewhere: Option<(u16, Mutex<Vec<Line>>)>,
}

#[derive(Debug, Default)]
struct Counts {
    calls: BTreeMap<String, u64>,
    effects: BTreeMap<String, u32>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ledger {
    pub(crate) fn here() -> Arc<Self> {
        Arc::new(Self {
            counts: Mutex::default(),
            elsewhere: None,
        })
    }

    /// The one another process serves on this port.
    pub(crate) fn at(port: u16) -> Arc<Self> {
        Arc::new(Self {
            counts: Mutex::default(),
            elsewhere: Some((port, Mutex::default())),
        })
    }

    /// A call without an effect.
    pub(crate) async fn call(&self, what: &str) {
        self.ask(what, "").await;
    }

    /// A call that does something.
    pub(crate) async fn add(&self, what: &str, effect: String) {
        self.ask(what, &format!("+{effect}")).await;
    }

    /// A call that tells how often these happened.
    pub(crate) async fn counts(&self, what: &str, effects: Vec<String>) -> Vec<u32> {
        let answer = self.ask(what, &effects.join("|")).await;
        answer
            .split(' ')
            .filter_map(|count| count.parse().ok())
            .collect()
    }

    async fn ask(&self, what: &str, question: &str) -> String {
        let Some((port, free)) = &self.elsewhere else {
            return self.answer(what, question);
        };
        let socket = lock(free).pop();
        let mut socket = match socket {
            Some(socket) => socket,
            None => BufReader::new(TcpStream::connect(("127.0.0.1", *port)).await.unwrap()),
        };
        let line = format!("{what}\t{question}\n");
        socket.write_all(line.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_line(&mut answer).await.unwrap();
        lock(free).push(socket);
        answer.trim_end().to_owned()
    }

    fn answer(&self, what: &str, question: &str) -> String {
        let mut counts = lock(&self.counts);
        match counts.calls.get_mut(what) {
            Some(calls) => *calls += 1,
            None => drop(counts.calls.insert(what.to_owned(), 1)),
        }
        if let Some(effect) = question.strip_prefix('+') {
            *counts.effects.entry(effect.to_owned()).or_default() += 1;
            return String::new();
        }
        let told: Vec<String> = question
            .split('|')
            .map(|effect| counts.effects.get(effect).copied().unwrap_or(0).to_string())
            .collect();
        told.join(" ")
    }

    /// Answers other processes, each question after a while.
    pub(crate) async fn serve(self: Arc<Self>, latency: Duration) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let clock = SystemClock::new();
            while let Ok((socket, _)) = listener.accept().await {
                let (ledger, clock) = (Arc::clone(&self), clock.clone());
                tokio::spawn(async move {
                    let mut socket = BufReader::new(socket);
                    let mut line = String::new();
                    while socket.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                        if !latency.is_zero() {
                            clock.sleep(latency).await;
                        }
                        let (what, question) =
                            line.trim_end_matches('\n').split_once('\t').unwrap();
                        let answer = ledger.answer(what, question) + "\n";
                        if socket.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
                        line.clear();
                    }
                });
            }
        });
        port
    }

    /// How often each call was made.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        lock(&self.counts).calls.clone()
    }

    /// How many effects begin with a word, and how often the most frequent of them happened.
    pub(crate) fn effects(&self, word: &str) -> (usize, u32) {
        let counts = lock(&self.counts);
        let of = |(name, count): (&String, &u32)| name.starts_with(word).then_some(*count);
        let found: Vec<u32> = counts.effects.iter().filter_map(of).collect();
        (found.len(), found.into_iter().max().unwrap_or(0))
    }
}
