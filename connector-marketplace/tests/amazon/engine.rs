//! The real engine over the connector while the sandbox fails at random: every order reaches the
//! webshop once, every piece is reported once.

use std::sync::Arc;

use connector_marketplace::amazon::sandbox::{NewItem, NewOrder};
use order_core::ports::Marketplace;
use serde_json::Value;

use crate::common::engine::{assert_codes, assert_created_once, fault, run, seeds};
use crate::support::{World, settings};

fn finished(state: &Value) -> bool {
    let orders = state["orders"].as_array().unwrap().iter();
    let items = orders.flat_map(|order| order["orderItems"].as_array().unwrap());
    items
        .into_iter()
        .all(|item| item["fulfillment"]["quantityUnfulfilled"] == 0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_made_once_and_every_piece_sent_once_while_everything_fails() {
    for seed in 1..=seeds() {
        let mut quiet = settings();
        quiet.record = false;
        let world = World::with(quiet, |_| ()).await;
        let ids: Vec<String> = (0..8)
            .map(|number| format!("902-0000001-{number:07}"))
            .collect();
        for id in &ids {
            let order = NewOrder::new(id)
                .with_item(NewItem::new("SKU-1", 3, 1299))
                .with_item(NewItem::new("SKU-2", 1, 500));
            world.sandbox.add_order(order);
        }
        world.sandbox.inject(move |request| fault(seed, request));
        let mut config = world.sandbox.config();
        config.request_timeout_seconds = Some(1);
        let amazon: Arc<dyn Marketplace> = Arc::new(config.build(world.clock.clone()).unwrap());
        let done = || finished(&world.sandbox.state());
        let (shop, problems) = run(&world.clock, amazon, done).await;
        let state = world.sandbox.state();
        assert!(finished(&state), "seed {seed}: {problems:#?}\n{state:#}");
        for id in &ids {
            assert_created_once(&shop, seed, id);
            let orders = state["orders"].as_array().unwrap().iter();
            let own = orders.filter(|order| order["orderId"] == **id);
            let packages = own.flat_map(|order| order["packages"].as_array().unwrap());
            let codes: Vec<_> = packages
                .map(|package| package["trackingNumber"].as_str().unwrap().to_owned())
                .collect();
            let known = codes.len();
            let mut told = codes.clone();
            told.sort();
            told.dedup();
            assert_eq!(told.len(), known, "seed {seed}, {id}: {codes:?}");
            assert_codes(seed, id, codes);
        }
    }
}
