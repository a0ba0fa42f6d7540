//! The marketplaces' doubles, told alike.

use std::sync::Arc;

use async_trait::async_trait;
use connector_marketplace::{amazon, bol, kaufland, mirakl};
use order_core::ports::{Clock, Marketplace};
use serde_json::{Value, json};

/// A marketplace's double.
#[async_trait]
pub(crate) trait Market: Send + Sync {
    /// A connector to it.
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Marketplace>;

    /// A buyer orders three mugs and a lamp.
    fn buy(&self, order: &str);

    /// What the platform does by itself in between.
    fn pass_time(&self, _: &str) {}

    /// The marketplace cancels what is open of an order.
    fn cancel(&self, order: &str);

    /// The number of an order, from a small one.
    fn number(&self, small: u32) -> String {
        format!("X{small:04}")
    }

    /// The codes that the platform has for an order.
    fn codes(&self, order: &str) -> Vec<String>;
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Amazon,
    Bol,
    Kaufland,
    Mirakl,
}

pub(crate) const ALL: &[Kind] = &[Kind::Amazon, Kind::Bol, Kind::Kaufland, Kind::Mirakl];

impl Kind {
    pub(crate) async fn start(self, clock: Arc<dyn Clock>) -> Arc<dyn Market> {
        match self {
            Self::Amazon => Arc::new(
                amazon::sandbox::Sandbox::start(amazon::sandbox::Settings::default(), clock)
                    .await
                    .unwrap(),
            ),
            Self::Bol => Arc::new(
                bol::sandbox::Sandbox::start(bol::sandbox::Settings::default(), clock)
                    .await
                    .unwrap(),
            ),
            Self::Kaufland => Arc::new(
                kaufland::sandbox::Sandbox::start(kaufland::sandbox::Settings::default(), clock)
                    .await
                    .unwrap(),
            ),
            Self::Mirakl => {
                let settings = mirakl::sandbox::Settings {
                    multi_shipment: true,
                    ..mirakl::sandbox::Settings::default()
                };
                Arc::new(
                    mirakl::sandbox::Sandbox::start(settings, clock)
                        .await
                        .unwrap(),
                )
            }
        }
    }
}

const MUG: (&str, u32, i64) = ("MUG-01", 3, 1299);
const LAMP: (&str, u32, i64) = ("LAMP-02", 1, 3495);

fn rows<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

fn text(value: &Value) -> Option<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

#[async_trait]
impl Market for amazon::sandbox::Sandbox {
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Marketplace> {
        Arc::new(self.config().build(clock).unwrap())
    }

    fn buy(&self, order: &str) {
        use amazon::sandbox::{NewItem, NewOrder};
        let item = |(sku, quantity, cents)| NewItem::new(sku, quantity, cents);
        self.add_order(
            NewOrder::new(order)
                .with_item(item(MUG))
                .with_item(item(LAMP)),
        );
    }

    fn cancel(&self, order: &str) {
        self.cancel_order(order);
    }

    fn number(&self, small: u32) -> String {
        format!("902-0000001-{small:07}")
    }

    fn codes(&self, order: &str) -> Vec<String> {
        let state = self.state();
        let orders = rows(&state, "orders").filter(|held| held["orderId"] == order);
        orders
            .flat_map(|held| rows(held, "packages"))
            .filter_map(|package| text(&package["trackingNumber"]))
            .collect()
    }
}

#[async_trait]
impl Market for bol::sandbox::Sandbox {
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Marketplace> {
        Arc::new(self.config().build(clock).unwrap())
    }

    fn buy(&self, order: &str) {
        use bol::sandbox::{NewItem, NewOrder};
        let item = |at: u32, (sku, quantity, cents): (&str, u32, i64)| {
            NewItem::new(
                &format!("{order}-{at}"),
                sku,
                quantity,
                cents.unsigned_abs(),
            )
        };
        self.add_order(
            NewOrder::new(order)
                .with_item(item(1, MUG))
                .with_item(item(2, LAMP)),
        );
    }

    fn cancel(&self, order: &str) {
        self.cancel_order(order);
    }

    fn codes(&self, order: &str) -> Vec<String> {
        let state = self.state();
        rows(&state, "shipments")
            .filter(|shipment| shipment["order"] == order)
            .filter_map(|shipment| text(&shipment["code"]))
            .collect()
    }
}

#[async_trait]
impl Market for kaufland::sandbox::Sandbox {
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Marketplace> {
        Arc::new(self.config().build(clock).unwrap())
    }

    fn buy(&self, order: &str) {
        use kaufland::sandbox::{NewLine, NewOrder};
        let line = |(sku, quantity, cents)| NewLine::new(sku, quantity, cents);
        self.add_order(
            NewOrder::new(order)
                .with_line(line(MUG))
                .with_line(line(LAMP)),
        );
    }

    fn cancel(&self, order: &str) {
        self.cancel_order(order);
    }

    /// Kaufland knows a code for every piece; a parcel's code is told once here.
    fn codes(&self, order: &str) -> Vec<String> {
        let state = self.state();
        let units = rows(&state, "units").filter(|unit| unit["id_order"] == order);
        let ids: Vec<&Value> = units.map(|unit| &unit["id_order_unit"]).collect();
        let mut codes: Vec<String> = rows(&state, "parcels")
            .filter(|parcel| ids.contains(&&parcel[0]))
            .filter_map(|parcel| text(&parcel[1]))
            .collect();
        codes.sort();
        codes.dedup();
        codes
    }
}

#[async_trait]
impl Market for mirakl::sandbox::Sandbox {
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Marketplace> {
        let mut config = self.config();
        config.listing_spacing_seconds = Some(0);
        Arc::new(config.build(clock).unwrap())
    }

    fn buy(&self, order: &str) {
        use mirakl::sandbox::{NewLine, NewOrder};
        let line = |(sku, quantity, cents)| NewLine::new(sku, quantity, cents);
        let mut order = NewOrder::new(order)
            .with_line(line(MUG))
            .with_line(line(LAMP))
            .in_state("WAITING_ACCEPTANCE");
        order.address = json!({
            "firstname": "Jonas", "lastname": "Weber", "street_1": "Lindenstraße 5",
            "zip_code": "50674", "city": "Köln", "country": "DEU", "country_iso_code": "DEU",
        });
        self.add_order(order);
    }

    fn pass_time(&self, order: &str) {
        self.debit(order);
    }

    fn cancel(&self, order: &str) {
        self.cancel_order(order);
    }

    fn codes(&self, order: &str) -> Vec<String> {
        let state = self.state();
        rows(&state, "shipments")
            .filter(|shipment| shipment["order_id"] == order)
            .filter_map(|shipment| text(&shipment["tracking"]["tracking_number"]))
            .collect()
    }
}
