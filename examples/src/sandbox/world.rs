//! Both platforms, their buyers and their warehouse.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_marketplace::bol::sandbox as bol;
use connector_marketplace::bol::sandbox::NewOrder;
use connector_webshop::woocommerce::sandbox as woo;
use connector_webshop::woocommerce::sandbox::SandboxProduct;
use order_core::ports::Clock;
use serde_json::{Value, json};

use super::faults::{self, Faults, WooFaults};
use super::truth::{self, Truth};
use super::warehouse::Warehouse;
use crate::output::Problem;

/// Where the platforms listen; 0 takes a free port.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ports {
    pub(crate) bol: u16,
    pub(crate) woo: u16,
}

/// The credentials of the sandbox. They open nothing else.
pub(crate) const CLIENT_ID: &str = "sandbox";
pub(crate) const CLIENT_SECRET: &str = "sandbox-secret";
pub(crate) const CONSUMER_KEY: &str = "ck_sandbox";
pub(crate) const CONSUMER_SECRET: &str = "cs_sandbox";

/// How long a lost answer stays away; longer than any time-out.
const SILENCE: Duration = Duration::from_secs(20 * 60);

/// A marketplace, a webshop, buyers and a warehouse.
pub(crate) struct World {
    clock: Arc<dyn Clock>,
    bol: bol::Sandbox,
    shop: woo::Sandbox,
    running: woo::Running,
    warehouse: Mutex<Warehouse>,
    seed: u64,
}

impl World {
    pub(crate) async fn start(
        ports: Ports,
        seed: u64,
        clock: Arc<dyn Clock>,
        state: Option<&Path>,
    ) -> Result<Self, Problem> {
        let settings = bol::Settings {
            port: ports.bol,
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            processing: Duration::from_secs(90),
            ..bol::Settings::default()
        };
        let bol = bol::Sandbox::start(settings, Arc::clone(&clock)).await?;
        let shop = woo::Sandbox::new(CONSUMER_KEY, CONSUMER_SECRET, Arc::clone(&clock));
        for (sku, name) in [
            ("MUG-01", "Mug, 300 ml"),
            ("LAMP-02", "Desk lamp"),
            ("BOOK-03", "Notebook, dotted"),
            ("BAG-04", "Canvas bag"),
        ] {
            shop.add_product(SandboxProduct::new(sku, name, 100_000));
        }
        for country in ["NL", "BE"] {
            shop.add_rate(country, 21.into());
        }
        let running = shop
            .serve(([127, 0, 0, 1], ports.woo).into())
            .await
            .map_err(|error| Problem::new(format!("the webshop cannot listen: {error}")))?;
        let warehouse = Mutex::default();
        let world = Self {
            clock,
            bol,
            shop,
            running,
            warehouse,
            seed,
        };
        if let Some(path) = state.filter(|path| path.exists()) {
            world.restore(path)?;
        }
        Ok(world)
    }

    pub(crate) fn bol_url(&self) -> String {
        self.bol.url()
    }

    pub(crate) fn woo_url(&self) -> String {
        self.running.url()
    }

    /// Buyers order, unless they did in an earlier life.
    pub(crate) fn add_orders(&self, orders: u32) {
        if self.truth().orders == 0 {
            for number in 0..orders {
                self.add_order(number);
            }
        }
    }

    /// One buyer orders.
    pub(crate) fn add_order(&self, number: u32) {
        let id = format!("{}", 1_043_946_570 + u64::from(number));
        self.bol.add_order(NewOrder::sample(
            &id,
            self.seed.wrapping_add(u64::from(number)),
        ));
    }

    /// From now on these things go wrong.
    pub(crate) fn inject(&self, faults: &[Faults], seed: u64) {
        let kinds = faults.to_vec();
        self.bol
            .inject(move |seen| faults::bol(&kinds, seed, SILENCE, seen));
        self.shop.set_hook(Arc::new(WooFaults {
            faults: faults.to_vec(),
            seed,
            silence: SILENCE,
            clock: Arc::clone(&self.clock),
        }));
    }

    /// The warehouse works for as long as the future is polled; the state is kept if asked.
    pub(crate) async fn live(&self, state: Option<&Path>) -> Result<(), Problem> {
        loop {
            self.work();
            self.save(state)?;
            self.clock.sleep(Duration::from_secs(60)).await;
        }
    }

    /// A minute's work of the warehouse.
    pub(crate) fn work(&self) {
        let mut warehouse = self
            .warehouse
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        warehouse.work(&self.shop, self.clock.now());
    }

    /// Both platforms' own state.
    pub(crate) fn state(&self) -> Value {
        let warehouse = self
            .warehouse
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        json!({
            "marketplace": self.bol.state(),
            "webshop": self.shop.state(),
            "warehouse": &*warehouse,
        })
    }

    /// What the platforms' own state says about the seller's orders.
    pub(crate) fn truth(&self) -> Truth {
        let shop: Vec<(String, String)> = self
            .shop
            .orders()
            .into_iter()
            .map(|order| (order.created_via, order.status))
            .collect();
        truth::look(&self.bol.state(), &shop)
    }

    /// Writes the state; a reader sees the old one or the new one, never half of it.
    pub(crate) fn save(&self, path: Option<&Path>) -> Result<(), Problem> {
        let Some(path) = path else { return Ok(()) };
        let fail = |error: std::io::Error| {
            Problem::new(format!("cannot write {}: {error}", path.display()))
        };
        let beside = path.with_extension("new");
        std::fs::write(&beside, self.state().to_string()).map_err(fail)?;
        std::fs::rename(&beside, path).map_err(fail)
    }

    fn restore(&self, path: &Path) -> Result<(), Problem> {
        let fail = |what: &dyn std::fmt::Display| {
            Problem::usage(format!(
                "{} is not a state of this sandbox: {what}; name another file",
                path.display()
            ))
        };
        let text = std::fs::read(path).map_err(|error| fail(&error))?;
        let mut state: Value = serde_json::from_slice(&text).map_err(|error| fail(&error))?;
        let mut take = |field: &str| state.get_mut(field).map_or(Value::Null, Value::take);
        self.bol
            .restore(take("marketplace"))
            .map_err(|error| fail(&error.report()))?;
        self.shop
            .restore(take("webshop"))
            .map_err(|error| fail(&error))?;
        let warehouse = serde_json::from_value(take("warehouse")).map_err(|error| fail(&error))?;
        *self
            .warehouse
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = warehouse;
        Ok(())
    }

    /// A configuration of `order-sync run` for these platforms.
    pub(crate) fn config_text(&self) -> String {
        format!(
            r#"# For the sandbox. Its credentials open nothing else.
[[connection]]
id = "bol-demo"
channel = "bol"

[connection.marketplace]
kind = "bol"
client_id = "{CLIENT_ID}"
client_secret = "{CLIENT_SECRET}"
api_url = "{bol}"
token_url = "{bol}/token"
request_timeout_seconds = 600

[connection.webshop]
kind = "woocommerce"
url = "{woo}"
consumer_key = "{CONSUMER_KEY}"
consumer_secret = "{CONSUMER_SECRET}"
request_timeout_ms = 600000
longest_request_seconds = 1800

[connection.policy]
request_timeout = "15m"
"#,
            bol = self.bol_url(),
            woo = self.woo_url(),
        )
    }
}
