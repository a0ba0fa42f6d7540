//! `order-sync sandbox`: the demo's marketplace and webshop alone.

mod faults;
mod truth;
mod warehouse;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use clap::Args;

pub(crate) use faults::Faults;
pub(crate) use truth::Truth;
pub(crate) use world::{Ports, World};

use crate::cli::TimeOptions;
use crate::output::{self, Problem};

/// Options of `sandbox`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Port of the state and help pages; 0 takes a free one.
    #[arg(long, default_value_t = 4100)]
    port: u16,
    /// Port of the bol-compatible marketplace; 0 takes a free one.
    #[arg(long, default_value_t = 4101)]
    bol_port: u16,
    /// Port of the WooCommerce-compatible webshop; 0 takes a free one.
    #[arg(long, default_value_t = 4102)]
    woo_port: u16,
    /// How many orders buyers place.
    #[arg(long, default_value_t = 10)]
    orders: u32,
    /// Makes the same orders, codes and faults every time.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What goes wrong.
    #[arg(long, value_delimiter = ',', default_value = "none")]
    faults: Vec<Faults>,
    /// Keep the platforms' state in this file, so that they go on after a restart.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Write a configuration for `order-sync run` into this file.
    #[arg(long)]
    write_config: Option<PathBuf>,
    #[command(flatten)]
    time: TimeOptions,
}

pub(crate) async fn serve(options: Options) -> Result<(), Problem> {
    let clock = crate::run::clock(&options.time);
    let ports = Ports {
        bol: options.bol_port,
        woo: options.woo_port,
    };
    let world = World::start(
        ports,
        options.seed,
        Arc::clone(&clock),
        options.state.as_deref(),
    )
    .await?;
    world.add_orders(options.orders);
    let faults = Faults::all_of(&options.faults);
    world.inject(&faults, options.seed);
    let world = Arc::new(world);
    let address = SocketAddr::from(([127, 0, 0, 1], options.port));
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| Problem::new(format!("cannot listen on {address}: {error}")))?;
    let control = listener
        .local_addr()
        .map_err(|error| Problem::new(format!("cannot listen on {address}: {error}")))?;
    if let Some(path) = &options.write_config {
        let text = world.config_text();
        std::fs::write(path, text)
            .map_err(|error| Problem::new(format!("cannot write {}: {error}", path.display())))?;
    }
    output::line(format!("marketplace (bol):     {}", world.bol_url()));
    output::line(format!("webshop (WooCommerce): {}", world.woo_url()));
    output::line(format!(
        "the whole truth:       http://{control}/_sandbox/state"
    ));
    output::line(format!(
        "what is wrong:         http://{control}/_sandbox/truth"
    ));
    let router = Router::new()
        .route("/_sandbox/state", get(state))
        .route("/_sandbox/truth", get(truth))
        .with_state(Arc::clone(&world));
    tokio::select! {
        served = axum::serve(listener, router) => served
            .map_err(|error| Problem::new(format!("the sandbox stopped: {error}"))),
        kept = world.live(options.state.as_deref()) => kept,
        _ = tokio::signal::ctrl_c() => {
            world.save(options.state.as_deref())
        }
    }
}

async fn state(State(world): State<Arc<World>>) -> Json<serde_json::Value> {
    Json(world.state())
}

async fn truth(State(world): State<Arc<World>>) -> Json<Truth> {
    Json(world.truth())
}
