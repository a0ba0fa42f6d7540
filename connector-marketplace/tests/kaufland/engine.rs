//! The real engine over the connector while the sandbox fails at random: every order reaches the
//! webshop once, every piece is reported once.

use std::sync::Arc;

use connector_marketplace::kaufland::sandbox::{NewLine, NewOrder};
use order_core::ports::Marketplace;
use serde_json::Value;

use crate::common::engine::{assert_codes, assert_created_once, fault, run, seeds};
use crate::support::World;

fn finished(state: &Value) -> bool {
    let units = state["units"].as_array().unwrap().iter();
    let parcels = state["parcels"].as_array().unwrap();
    let has_code = |unit: &Value| {
        let told = parcels.iter().filter(|it| it[0] == unit["id_order_unit"]);
        told.into_iter().any(|it| it[1] != "")
    };
    units
        .into_iter()
        .all(|unit| unit["status"] == "sent" && has_code(unit))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_made_once_and_every_piece_sent_once_while_everything_fails() {
    for seed in 1..=seeds() {
        let world = World::new().await;
        for number in 0..8 {
            let order = NewOrder::new(&format!("E{number}"))
                .with_line(NewLine::new("SKU-1", 3, 1299))
                .with_line(NewLine::new("SKU-2", 1, 500));
            world.sandbox.add_order(order);
        }
        world.sandbox.inject(move |request| fault(seed, request));
        let mut config = world.sandbox.config();
        config.request_timeout_seconds = Some(1);
        config.carrier_without_code = Some("Other Hauler".to_owned());
        let kaufland: Arc<dyn Marketplace> = Arc::new(config.build(world.clock.clone()).unwrap());
        let done = || finished(&world.sandbox.state());
        let (shop, problems) = run(&world.clock, kaufland, done).await;
        let state = world.sandbox.state();
        assert!(finished(&state), "seed {seed}: {problems:#?}\n{state:#}");
        for number in 0..8 {
            let id = format!("E{number}");
            assert_created_once(&shop, seed, &id);
            let units = state["units"].as_array().unwrap().iter();
            let units: Vec<_> = units.filter(|it| it["id_order"] == id).collect();
            let parcels = state["parcels"].as_array().unwrap().iter();
            let codes = parcels
                .filter(|it| units.iter().any(|unit| unit["id_order_unit"] == it[0]))
                .filter_map(|it| it[1].as_str().filter(|code| !code.is_empty()))
                .map(str::to_owned);
            let codes: Vec<_> = codes.collect();
            assert_eq!(codes.len(), 4, "seed {seed}, {id}: {codes:?}");
            assert_codes(seed, &id, codes);
        }
    }
}
