//! The engine inside somebody's own backend: no program, no worker, no configuration file.
//!
//! `cargo run -p order-sync --example embed`
//!
//! The platforms are the testkit's in-memory ones, so that it runs anywhere; put your connectors
//! in their place. The backend stays in charge: it decides when a cycle runs and what happens
//! between cycles.

#![expect(clippy::print_stdout, reason = "a small program talks to its terminal")]

use std::sync::Arc;
use std::time::Duration;

use order_core::engine::{Connection, Engine};
use order_core::ids::ConnectionId;
use order_core::memory::MemoryStore;
use order_core::policy::Policy;
use order_core::ports::{Clock, NoDetector, OrderFilter, OrderStore};
use order_core::shipment::Tracking;
use order_core::testkit::{ManualClock, MemoryMarketplace, MemoryWebshop, samples};

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), order_core::Error> {
    let manual = ManualClock::new();
    let clock: Arc<dyn Clock> = Arc::new(manual.clone());
    let marketplace = MemoryMarketplace::new(Arc::clone(&clock));
    let webshop = MemoryWebshop::new(Arc::clone(&clock));

    // A connection: one marketplace account joined to one webshop.
    let connection = Connection {
        id: ConnectionId::from("my-shop"),
        marketplace: Arc::new(marketplace.clone()),
        webshop: Arc::new(webshop.clone()),
        detector: Arc::new(NoDetector),
        policy: Policy::new("market"),
    };
    let store: Arc<dyn OrderStore> = Arc::new(MemoryStore::new());
    store.register(connection.id.clone(), clock.now()).await?;
    let engine = Engine::new(Arc::clone(&store), Arc::clone(&clock));

    // A buyer orders; the next cycle creates the order in the webshop.
    let line = samples::line("L1", "SKU-1", 2, 999);
    marketplace.place(samples::order("1001", clock.now(), vec![line]));
    cycle(&engine, &connection).await?;
    show(&*store).await?;

    // The warehouse completes it; the cycle after that reports the shipment.
    for record in webshop.all() {
        webshop.complete(&record.order.id, Some(Tracking::new("3SABCD1234567")));
    }
    manual.advance(Duration::from_secs(5 * 60)).await;
    cycle(&engine, &connection).await?;
    show(&*store).await?;
    println!(
        "at the marketplace: {:?}",
        marketplace.shipments(&"1001".into())
    );
    Ok(())
}

/// One cycle, as any scheduler may run it: claim, work, give back.
async fn cycle(engine: &Engine, connection: &Connection) -> Result<(), order_core::Error> {
    let lease_for = Duration::from_secs(180);
    let wanted = [connection.id.clone()];
    // Nobody else may work on a connection that is claimed; then there is nothing to do here.
    let Some(mut held) = engine.claim("my-backend", &wanted, lease_for, true).await? else {
        return Ok(());
    };
    let report = engine.run_cycle(connection, &mut held).await;
    for (side, trouble) in &report.troubles {
        println!("trouble with {side}: {trouble}");
    }
    engine.release(connection, held).await
}

async fn show(store: &dyn OrderStore) -> Result<(), order_core::Error> {
    let filter = OrderFilter {
        limit: 10,
        ..OrderFilter::default()
    };
    for order in store.list(filter).await? {
        let shop = order
            .state
            .linked()
            .map_or("-", |link| link.number.as_str());
        println!("{}: {} (webshop order {shop})", order.key, order.status());
    }
    Ok(())
}
