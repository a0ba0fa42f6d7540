//! What the log tells. Alone in its process: what one thread does not want to log, a first use
//! there may turn off for all.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed step is the outcome"
)]

mod support;

use std::sync::{Arc, Mutex};

use support::World;

/// What was written to the log.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_tells_the_cycle_and_the_order_of_what_is_done() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::NEW)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let within = "cycle{connection=";
    let create = text.lines().find(|line| line.contains("effect=create"));
    let create = create.expect("the create is in the log");
    assert!(create.contains(within) && create.contains("A"), "{create}");
}
