//! Real webshops and their staff: Vendure and Medusa, each started once.

use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::medusa::MedusaConfig;
use connector_webshop::vendure::{VendureConfig, VendureCredentials};
use order_core::ids::ExternalKey;
use order_core::ports::{Clock, Webshop};
use serde_json::{Value, json};

use crate::medusa_server::{self, Server as MedusaServer};
use crate::shops::{CARRIER, LAMPS, MUGS, SKUS, Shop};
use crate::vendure_server::{self, Server as VendureServer};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Medusa,
    Vendure,
}

impl Kind {
    /// The shop, running and with the articles; `None`, and a line that says so, when none is
    /// installed.
    pub(crate) fn running(self) -> Option<Real> {
        match self {
            Self::Medusa => {
                medusa_server::running(medusa_server::Flavour::WithKey).map(Real::Medusa)
            }
            Self::Vendure => {
                let server = vendure_server::running(vendure_server::Flavour::WithFields)?;
                prepare(server);
                Some(Real::Vendure(server))
            }
        }
    }
}

/// A running shop.
#[derive(Clone, Copy)]
pub(crate) enum Real {
    Medusa(&'static MedusaServer),
    Vendure(&'static VendureServer),
}

impl Real {
    pub(crate) fn shop(self) -> Box<dyn Shop> {
        match self {
            Self::Medusa(server) => Box::new(Medusa(server)),
            Self::Vendure(server) => Box::new(Vendure(server)),
        }
    }
}

/// Gives a Vendure the articles, and lets it sell to Germany too.
fn prepare(server: &VendureServer) {
    let zones = server.run("query { zones { items { id } } }", json!({}));
    let made = server.run(
        "mutation($input: CreateCountryInput!) { made: createCountry(input: $input) { id } }",
        json!({"input": {"code": "DE", "enabled": true,
            "translations": [{"languageCode": "en", "name": "Germany"}]}}),
    );
    server.run(
        "mutation($zone: ID!, $members: [ID!]!) {
            addMembersToZone(zoneId: $zone, memberIds: $members) { id } }",
        json!({"zone": zones["zones"]["items"][0]["id"], "members": [made["made"]["id"]]}),
    );
    let categories = server.run("query { taxCategories { items { id } } }", json!({}));
    for sku in SKUS {
        let product = server.run(
            "mutation($input: CreateProductInput!) { made: createProduct(input: $input) { id } }",
            json!({"input": {"enabled": true, "translations": [{
                "languageCode": "en", "name": sku, "slug": sku.to_lowercase(), "description": ""}]}}),
        );
        server.run(
            "mutation($input: [CreateProductVariantInput!]!) {
                createProductVariants(input: $input) { id } }",
            json!({"input": [{
                "productId": product["made"]["id"],
                "sku": sku,
                "price": 4321,
                "stockOnHand": 1000,
                "trackInventory": "TRUE",
                "taxCategoryId": categories["taxCategories"]["items"][0]["id"],
                "translations": [{"languageCode": "en", "name": sku}],
            }]}),
        );
    }
}

struct Vendure(&'static VendureServer);

impl Vendure {
    fn order(&self, key: &ExternalKey) -> Value {
        let found = self.0.run(
            "query($key: String!) { orders(options: {filter: {marketplaceOrderId: {eq: $key}}}) {
                totalItems
                items { id lines { id quantity orderPlacedQuantity fulfillmentLines { quantity } }
                    fulfillments { id } }
            } }",
            json!({"key": key.to_string()}),
        );
        found["orders"].clone()
    }

    fn first(&self, key: &ExternalKey) -> Value {
        self.order(key)["items"][0].clone()
    }

    /// The line of which so many pieces were ordered.
    fn line(order: &Value, pieces: u32) -> String {
        let mut lines = order["lines"].as_array().unwrap().iter();
        let line = lines.find(|line| line["orderPlacedQuantity"] == pieces);
        line.unwrap()["id"].as_str().unwrap().to_owned()
    }

    fn send(&self, lines: &[(String, u64)], code: Option<&str>) {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(line, quantity)| json!({"orderLineId": line, "quantity": quantity}))
            .collect();
        let input = json!({"lines": lines, "handler": {"code": "manual-fulfillment", "arguments": [
            {"name": "method", "value": CARRIER},
            {"name": "trackingCode", "value": code.unwrap_or_default()}]}});
        let made = self.0.run(
            "mutation($input: FulfillOrderInput!) { made: addFulfillmentToOrder(input: $input) {
                ... on Fulfillment { id } ... on ErrorResult { message } } }",
            json!({"input": input}),
        );
        let parcel = made["made"]["id"].as_str();
        self.parcel_to(parcel.unwrap_or_else(|| panic!("{made}")), "Shipped");
    }

    fn parcel_to(&self, parcel: &str, state: &str) {
        let moved = self.0.run(
            "mutation($id: ID!, $state: String!) {
                moved: transitionFulfillmentToState(id: $id, state: $state) { __typename } }",
            json!({"id": parcel, "state": state}),
        );
        assert_eq!(moved["moved"]["__typename"], "Fulfillment");
    }

    /// Sends what is in no parcel.
    fn send_rest(&self, order: &Value, code: Option<&str>) {
        let lines = order["lines"].as_array().unwrap().iter();
        let open = lines.map(|line| {
            let parcels = line["fulfillmentLines"].as_array().into_iter().flatten();
            let sent: u64 = parcels.map(|it| it["quantity"].as_u64().unwrap()).sum();
            let id = line["id"].as_str().unwrap().to_owned();
            (id, line["quantity"].as_u64().unwrap() - sent)
        });
        let open: Vec<_> = open.filter(|(_, pieces)| *pieces > 0).collect();
        self.send(&open, code);
    }
}

impl Shop for Vendure {
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Webshop> {
        let credentials = VendureCredentials::ApiKey(Secret::new(&*self.0.api_key));
        let config = VendureConfig::new(&*self.0.url, credentials);
        Arc::new(config.build(clock).unwrap())
    }

    fn made(&self, key: &ExternalKey) -> usize {
        usize::try_from(self.order(key)["totalItems"].as_u64().unwrap()).unwrap()
    }

    fn ship_one_mug(&self, key: &ExternalKey, code: &str) -> bool {
        let mugs = Self::line(&self.first(key), MUGS);
        self.send(&[(mugs, 1)], Some(code));
        true
    }

    fn take_off_the_lamp(&self, key: &ExternalKey) {
        let order = self.first(key);
        let lamp = Self::line(&order, LAMPS);
        let input = json!({"orderId": order["id"], "reason": "broken", "cancelShipping": false,
            "lines": [{"orderLineId": lamp, "quantity": 1}]});
        let done = self.0.run(
            "mutation($input: CancelOrderInput!) { done: cancelOrder(input: $input) { __typename } }",
            json!({"input": input}),
        );
        assert_eq!(done["done"]["__typename"], "Order");
    }

    fn complete(&self, key: &ExternalKey, code: Option<&str>) {
        self.send_rest(&self.first(key), code);
    }

    fn add_code(&self, key: &ExternalKey, code: &str) {
        // A parcel cannot be changed: the staff takes it back and sends it anew.
        for parcel in self.first(key)["fulfillments"].as_array().unwrap() {
            self.parcel_to(parcel["id"].as_str().unwrap(), "Cancelled");
        }
        let order = self.first(key);
        let lines = order["lines"].as_array().unwrap().iter();
        let all: Vec<_> = lines
            .map(|line| {
                let id = line["id"].as_str().unwrap().to_owned();
                (id, line["quantity"].as_u64().unwrap())
            })
            .collect();
        self.send(&all, Some(code));
    }
}

struct Medusa(&'static MedusaServer);

impl Medusa {
    fn id(&self, key: &ExternalKey) -> String {
        self.0.under(&key.to_string()).swap_remove(0).0
    }

    /// The marketplace's id of the line with so many open pieces.
    fn line(&self, id: &str, pieces: u32) -> (String, String) {
        let mut lines = self.0.lines(id).into_iter();
        let line = lines.find(|line| line.2 == i64::from(pieces)).unwrap();
        (line.0, line.1)
    }
}

impl Shop for Medusa {
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Webshop> {
        let key = Secret::new(&*self.0.api_key);
        let mut config = MedusaConfig::new(&*self.0.url, key);
        config.sales_channel = Some("marketplaces".into());
        Arc::new(config.build(clock).unwrap())
    }

    fn made(&self, key: &ExternalKey) -> usize {
        self.0.under(&key.to_string()).len()
    }

    fn ship_one_mug(&self, key: &ExternalKey, code: &str) -> bool {
        let id = self.id(key);
        let (_, mugs) = self.line(&id, MUGS);
        self.0.send(&id, &[(&mugs, 1)], &[code]);
        true
    }

    fn take_off_the_lamp(&self, key: &ExternalKey) {
        let id = self.id(key);
        let (lamp, _) = self.line(&id, LAMPS);
        let edit = self.0.post("/admin/order-edits", json!({"order_id": id}));
        assert_eq!(edit["order_change"]["order_id"], id);
        let item = format!("/admin/order-edits/{id}/items/item/{lamp}");
        self.0.post(&item, json!({"quantity": 0}));
        for step in ["request", "confirm"] {
            self.0
                .post(&format!("/admin/order-edits/{id}/{step}"), json!({}));
        }
    }

    fn complete(&self, key: &ExternalKey, code: Option<&str>) {
        let codes: Vec<&str> = code.into_iter().collect();
        self.0.send(&self.id(key), &[], &codes);
    }

    fn add_code(&self, key: &ExternalKey, code: &str) {
        let parcels = self.0.parcels(&self.id(key));
        self.0.add_codes(&parcels[0], &[code]);
    }
}
