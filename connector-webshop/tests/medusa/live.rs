//! What the live tests share: the running shop, and connectors to it.

use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::medusa::{Medusa, MedusaConfig};
use order_core::ports::SystemClock;

pub(crate) use crate::common::{
    MOST_STEPS, address, cancellation, codes, crash, create, each_step_twice, euro, finish, lines,
    order, read, step,
};
use crate::server::Server;

/// Runs a test against a running shop, or says that it was left out.
macro_rules! with_server {
    ($flavour:expr) => {
        match server::running($flavour) {
            Some(server) => server,
            None => return,
        }
    };
}
pub(crate) use with_server;

pub(crate) fn config(server: &Server) -> MedusaConfig {
    let mut config = MedusaConfig::new(&*server.url, Secret::new(&*server.api_key));
    config.sales_channel = Some(server.channel.clone());
    config
}

pub(crate) fn build(config: MedusaConfig) -> Medusa {
    config.build(Arc::new(SystemClock::new())).unwrap()
}

pub(crate) fn shop(server: &Server) -> Medusa {
    build(config(server))
}
