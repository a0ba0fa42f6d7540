//! The real engine over the connector while the sandbox fails at random: every order is accepted,
//! reaches the webshop once, and every piece is reported once.

use std::sync::Arc;

use connector_marketplace::mirakl::sandbox::{NewLine, NewOrder};
use order_core::ports::Marketplace;
use serde_json::Value;

use crate::common::engine::{assert_codes, assert_created_once, fault, run, seeds};
use crate::support::{World, settings};

fn finished(state: &Value) -> bool {
    let mut orders = state["orders"].as_array().unwrap().iter();
    let mut shipments = state["shipments"].as_array().unwrap().iter();
    orders.all(|order| order["order_state"] == "SHIPPED")
        && shipments.all(|shipment| shipment["tracking"]["tracking_number"].is_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_made_once_and_every_piece_sent_once_while_everything_fails() {
    for seed in 1..=seeds() {
        let mut quiet = settings(true);
        quiet.record = false;
        let world = World::with(quiet, |_| ()).await;
        for number in 0..8 {
            let order = NewOrder::new(&format!("E{number}"))
                .with_line(NewLine::new("SKU-1", 3, 1299))
                .with_line(NewLine::new("SKU-2", 1, 500));
            world.sandbox.add_order(order);
        }
        world.sandbox.inject(move |request| fault(seed, request));
        let mut config = world.sandbox.config();
        config.request_timeout_seconds = Some(1);
        config.listing_spacing_seconds = Some(0);
        let mirakl: Arc<dyn Marketplace> = Arc::new(config.build(world.clock.clone()).unwrap());
        let done = || finished(&world.sandbox.state());
        let (shop, problems) = run(&world.clock, mirakl, done).await;
        let state = world.sandbox.state();
        assert!(finished(&state), "seed {seed}: {problems:#?}\n{state:#}");
        for number in 0..8 {
            let id = format!("E{number}");
            assert_created_once(&shop, seed, &id);
            let own = state["shipments"].as_array().unwrap().iter();
            let own: Vec<_> = own.filter(|it| it["order_id"] == id).collect();
            let parts = own
                .iter()
                .flat_map(|it| it["shipment_lines"].as_array().unwrap());
            let pieces: u64 = parts.map(|it| it["quantity"].as_u64().unwrap()).sum();
            assert_eq!(pieces, 4, "seed {seed}, {id}: {own:#?}");
            let codes = own.iter().map(|it| &it["tracking"]["tracking_number"]);
            let codes: Vec<_> = codes
                .map(|code| code.as_str().unwrap().to_owned())
                .collect();
            assert_codes(seed, &id, codes);
        }
    }
}
