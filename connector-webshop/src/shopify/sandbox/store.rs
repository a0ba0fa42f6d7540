//! What the shop has, as GraphQL values.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::graphql::NODES;

#[derive(Default)]
pub(super) struct Store {
    pub(super) products: Vec<Product>,
    pub(super) orders: BTreeMap<u64, Order>,
    pub(super) has_key_definition: bool,
    /// Whether searches miss new orders.
    pub(super) search_is_behind: bool,
    pub(super) last_id: u64,
    /// Whether the app may read locations.
    pub(super) locations_readable: bool,
    /// What was done under an idempotency key: the input, and the refund.
    pub(super) done: BTreeMap<String, (Value, u64)>,
}

pub(super) struct Product {
    pub(super) id: u64,
    pub(super) sku: String,
    pub(super) barcode: String,
    pub(super) stock: i64,
}

pub(super) struct Order {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) source_identifier: Option<String>,
    /// Namespace, key and value.
    pub(super) metafields: Vec<[String; 3]>,
    pub(super) note: Option<String>,
    pub(super) email: Option<String>,
    pub(super) updated: DateTime<Utc>,
    pub(super) cancelled: Option<DateTime<Utc>>,
    /// Reads that go by until a cancellation shows.
    pub(super) cancel_shows_after: u32,
    pub(super) currency: String,
    pub(super) shipping: Decimal,
    pub(super) payment: Option<Payment>,
    /// What was given back, each time.
    pub(super) refunds: Vec<Decimal>,
    pub(super) lines: Vec<Line>,
    pub(super) parcels: Vec<Parcel>,
    pub(super) indexed: bool,
    pub(super) took_stock: bool,
    /// It was said to be sent when it was made.
    pub(super) made_fulfilled: bool,
}

pub(super) struct Payment {
    pub(super) id: u64,
    pub(super) gateway: String,
    pub(super) amount: Decimal,
}

pub(super) struct Line {
    pub(super) id: u64,
    pub(super) product: Option<u64>,
    pub(super) quantity: u32,
    pub(super) current: u32,
    pub(super) price: Decimal,
    pub(super) properties: Vec<(String, String)>,
}

pub(super) struct Parcel {
    pub(super) id: u64,
    pub(super) status: &'static str,
    pub(super) created: DateTime<Utc>,
    /// Company and number.
    pub(super) codes: Vec<(String, String)>,
    /// Line and pieces.
    pub(super) lines: Vec<(u64, u32)>,
}

pub(super) fn gid(kind: &str, id: u64) -> String {
    format!("gid://shopify/{kind}/{id}")
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Product {
    pub(super) fn value(&self) -> Value {
        json!({"id": gid("ProductVariant", self.id), "sku": self.sku, "barcode": self.barcode})
    }
}

impl Order {
    /// How many pieces of a line are in parcels that count.
    pub(super) fn sent(&self, line: u64) -> u32 {
        let parcels = self
            .parcels
            .iter()
            .filter(|parcel| parcel.status == "SUCCESS");
        let rows = parcels.flat_map(|parcel| &parcel.lines);
        rows.filter(|(own, _)| *own == line)
            .map(|(_, pieces)| pieces)
            .sum()
    }

    /// How many pieces of a line are still to be sent.
    pub(super) fn open(&self, line: &Line) -> u32 {
        if self.cancelled.is_some() || self.made_fulfilled {
            return 0;
        }
        line.current.saturating_sub(self.sent(line.id))
    }

    pub(super) fn status(&self) -> &'static str {
        let open: u32 = self.lines.iter().map(|line| self.open(line)).sum();
        let sent: u32 = self.lines.iter().map(|line| self.sent(line.id)).sum();
        match (sent, open) {
            (0, 0) if self.made_fulfilled => "FULFILLED",
            (0, _) => "UNFULFILLED",
            (_, 0) => "FULFILLED",
            (_, _) => "PARTIALLY_FULFILLED",
        }
    }

    pub(super) fn total(&self) -> Decimal {
        let lines = self.lines.iter();
        let sums = lines.map(|line| line.price * Decimal::from(line.quantity));
        sums.sum::<Decimal>() + self.shipping
    }

    pub(super) fn value(&self) -> Value {
        let total = format!("{:.2}", self.total());
        let fields: Vec<Value> = self
            .metafields
            .iter()
            .map(|[namespace, key, value]| {
                json!({"namespace": namespace, "key": key, "value": value})
            })
            .collect();
        let lines: Vec<Value> = self.lines.iter().map(|line| self.line(line)).collect();
        let parcels: Vec<Value> = self.parcels.iter().map(Parcel::value).collect();
        let shown = self.cancelled.filter(|_| self.cancel_shows_after == 0);
        json!({
            "__typename": "Order",
            "id": gid("Order", self.id),
            "name": self.name,
            "sourceIdentifier": self.source_identifier,
            "metafields": fields,
            "note": self.note,
            "updatedAt": written(self.updated),
            "cancelledAt": shown.map(written),
            "displayFulfillmentStatus": self.status(),
            "totalPriceSet": {"shopMoney": {"amount": total, "currencyCode": self.currency}},
            "lineItems": {NODES: lines},
            "fulfillments": parcels,
        })
    }

    fn line(&self, line: &Line) -> Value {
        let attributes: Vec<Value> = line
            .properties
            .iter()
            .map(|(key, value)| json!({"key": key, "value": value}))
            .collect();
        json!({
            "id": gid("LineItem", line.id),
            "quantity": line.quantity,
            "currentQuantity": line.current,
            "unfulfilledQuantity": self.open(line),
            "customAttributes": attributes,
        })
    }
}

impl Parcel {
    pub(super) fn value(&self) -> Value {
        let codes: Vec<Value> = self
            .codes
            .iter()
            .map(|(company, number)| json!({"company": company, "number": number, "url": null}))
            .collect();
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|(line, pieces)| {
                json!({"quantity": pieces, "lineItem": {"id": gid("LineItem", *line)}})
            })
            .collect();
        json!({
            "id": gid("Fulfillment", self.id),
            "status": self.status,
            "createdAt": written(self.created),
            "trackingInfo": codes,
            "fulfillmentLineItems": {NODES: lines},
        })
    }
}

impl Store {
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id = self.last_id.max(1000) + 1;
        self.last_id
    }

    /// Takes an order's pieces from the stock, or puts back what was not sent.
    pub(super) fn move_stock(&mut self, id: u64, back: bool) {
        let Some(order) = self.orders.get_mut(&id) else {
            return;
        };
        if order.took_stock != back {
            return;
        }
        order.took_stock = !back;
        for line in &order.lines {
            let product = line.product;
            let product = self.products.iter_mut().find(|own| Some(own.id) == product);
            if let Some(product) = product {
                let pieces = i64::from(line.current.saturating_sub(order.sent(line.id)));
                product.stock += if back { pieces } else { -pieces };
            }
        }
    }
}
