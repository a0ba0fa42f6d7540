//! The webshops' doubles, told alike.

use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::magento::{self, MagentoConfig};
use connector_webshop::shopify::{self, ShopifyConfig, ShopifyCredentials};
use connector_webshop::shopware::{self, ShopwareConfig};
use connector_webshop::woocommerce::{self, WooCommerceConfig};
use order_core::ids::ExternalKey;
use order_core::ports::{Clock, Webshop};

/// The transporter of every parcel.
pub(crate) const CARRIER: &str = "UPS";

/// A webshop's double, and its staff. `key` is the name under which an order was made.
pub(crate) trait Shop: Send + Sync {
    /// A connector to it.
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Webshop>;

    /// How many orders were ever made under a key.
    fn made(&self, key: &ExternalKey) -> usize;

    /// Sends one mug under this code; `false` where the shop knows no parcels with some pieces.
    fn ship_one_mug(&self, key: &ExternalKey, code: &str) -> bool;

    /// Takes the lamp off the order.
    fn take_off_the_lamp(&self, key: &ExternalKey);

    /// Sends all that is left, and is done with the order.
    fn complete(&self, key: &ExternalKey, code: Option<&str>);

    /// Adds a code to an order that was completed without one.
    fn add_code(&self, key: &ExternalKey, code: &str);
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Magento,
    Shopify,
    Shopware,
    WooCommerce,
}

pub(crate) const ALL: &[Kind] = &[
    Kind::Magento,
    Kind::Shopify,
    Kind::Shopware,
    Kind::WooCommerce,
];

pub(crate) const SKUS: [&str; 2] = ["MUG-01", "LAMP-02"];
/// Pieces of the mugs' line and of the lamp's, by which they are told apart.
pub(crate) const MUGS: u32 = 3;
pub(crate) const LAMPS: u32 = 1;

impl Kind {
    pub(crate) async fn start(self, clock: Arc<dyn Clock>) -> Box<dyn Shop> {
        let address = ([127, 0, 0, 1], 0).into();
        match self {
            Self::Magento => {
                let sandbox = magento::sandbox::Sandbox::new("token", clock);
                for sku in SKUS {
                    sandbox.add_product(sku, "");
                }
                let running = sandbox.serve(address).await.unwrap();
                Box::new(Magento(sandbox, running))
            }
            Self::Shopify => {
                let sandbox = shopify::sandbox::Sandbox::new("token", clock);
                for sku in SKUS {
                    sandbox.add_product(sku, "", 1000);
                }
                let running = sandbox.serve(address).await.unwrap();
                Box::new(Shopify(sandbox, running))
            }
            Self::Shopware => {
                let sandbox = shopware::sandbox::Sandbox::new("id", "secret", clock);
                for sku in SKUS {
                    sandbox.add_product(sku, "", 1000, 19, 21);
                }
                let running = sandbox.serve(address).await.unwrap();
                Box::new(Shopware(sandbox, running))
            }
            Self::WooCommerce => {
                use woocommerce::sandbox::{Sandbox, SandboxProduct};
                let sandbox = Sandbox::new("key", "secret", clock);
                for sku in SKUS {
                    sandbox.add_product(SandboxProduct::new(sku, sku, 1000));
                }
                for country in ["NL", "DE"] {
                    sandbox.add_rate(country, 21.into());
                }
                let running = sandbox.serve(address).await.unwrap();
                Box::new(WooCommerce(sandbox, running))
            }
        }
    }
}

struct Magento(magento::sandbox::Sandbox, magento::sandbox::Running);

impl Magento {
    fn order(&self, key: &ExternalKey) -> magento::sandbox::SandboxOrder {
        let mut orders = self.0.orders().into_iter();
        orders
            .find(|order| order.number == key.to_string())
            .unwrap()
    }

    /// Where the line with so many open pieces stands.
    fn line(&self, key: &ExternalKey, pieces: u32) -> usize {
        let open = self.order(key).open;
        let mut open = open.iter();
        open.position(|open| *open == u64::from(pieces)).unwrap()
    }
}

impl Shop for Magento {
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Webshop> {
        let mut config = MagentoConfig::new(self.1.url(), Secret::new("token"));
        config.assumed_vat_percent = Some(21.into());
        Arc::new(config.build(clock).unwrap())
    }

    fn made(&self, key: &ExternalKey) -> usize {
        let orders = self.0.orders().into_iter();
        let number = key.to_string();
        orders
            .filter(|order| order.number.starts_with(&number))
            .count()
    }

    fn ship_one_mug(&self, key: &ExternalKey, code: &str) -> bool {
        let mug = self.line(key, MUGS);
        let id = self.order(key).id;
        assert!(self.0.ship(id, &[(mug, 1)], &[(CARRIER, code)]));
        true
    }

    fn take_off_the_lamp(&self, key: &ExternalKey) {
        let lamp = self.line(key, LAMPS);
        assert!(self.0.refund(self.order(key).id, lamp, 1));
    }

    fn complete(&self, key: &ExternalKey, code: Option<&str>) {
        let codes: Vec<_> = code.into_iter().map(|code| (CARRIER, code)).collect();
        assert!(self.0.ship_rest(self.order(key).id, &codes));
    }

    fn add_code(&self, key: &ExternalKey, code: &str) {
        self.0.add_track(self.order(key).id, CARRIER, code);
    }
}

struct Shopify(shopify::sandbox::Sandbox, shopify::sandbox::Running);

impl Shopify {
    fn order(&self, key: &ExternalKey) -> shopify::sandbox::SandboxOrder {
        let mut orders = self.0.orders().into_iter();
        let order = orders.find(|order| order.key.as_deref() == Some(&*key.to_string()));
        order.unwrap()
    }
}

impl Shop for Shopify {
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Webshop> {
        let token = ShopifyCredentials::AccessToken(Secret::new("token"));
        Arc::new(
            ShopifyConfig::new(self.1.url(), token)
                .build(clock)
                .unwrap(),
        )
    }

    fn made(&self, key: &ExternalKey) -> usize {
        let orders = self.0.orders().into_iter();
        orders
            .filter(|order| order.key.as_deref() == Some(&*key.to_string()))
            .count()
    }

    fn ship_one_mug(&self, key: &ExternalKey, code: &str) -> bool {
        let order = self.order(key);
        let at = order.open.iter().position(|open| *open == MUGS).unwrap();
        assert!(self.0.fulfil(order.id, &[(at, 1)], &[(CARRIER, code)]));
        true
    }

    fn take_off_the_lamp(&self, key: &ExternalKey) {
        let order = self.order(key);
        let at = order.open.iter().position(|open| *open == LAMPS).unwrap();
        assert!(self.0.refund(order.id, at, 1));
    }

    fn complete(&self, key: &ExternalKey, code: Option<&str>) {
        let codes: Vec<_> = code.into_iter().map(|code| (CARRIER, code)).collect();
        assert!(self.0.fulfil_rest(self.order(key).id, &codes));
    }

    fn add_code(&self, key: &ExternalKey, code: &str) {
        assert!(self.0.set_codes(self.order(key).id, &[(CARRIER, code)]));
    }
}

struct Shopware(shopware::sandbox::Sandbox, shopware::sandbox::Running);

impl Shopware {
    fn order(&self, key: &ExternalKey) -> shopware::sandbox::SandboxOrder {
        let mut orders = self.0.orders().into_iter();
        orders.find(|order| order.key == key.to_string()).unwrap()
    }
}

impl Shop for Shopware {
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Webshop> {
        let secret = Secret::new("secret");
        let config = ShopwareConfig::new(self.1.url(), "id", secret, "Marketplaces");
        Arc::new(config.build(clock).unwrap())
    }

    fn made(&self, key: &ExternalKey) -> usize {
        let orders = self.0.orders().into_iter();
        orders.filter(|order| order.key == key.to_string()).count()
    }

    fn ship_one_mug(&self, _: &ExternalKey, _: &str) -> bool {
        false
    }

    fn take_off_the_lamp(&self, key: &ExternalKey) {
        let order = self.order(key);
        let mut pieces = order.pieces.iter();
        let at = pieces.position(|own| *own == u64::from(LAMPS)).unwrap();
        assert!(self.0.take_off(&order.id, at, 1));
    }

    fn complete(&self, key: &ExternalKey, code: Option<&str>) {
        let id = self.order(key).id;
        if let Some(code) = code {
            assert!(self.0.set_codes(&id, &[code]));
        }
        assert!(self.0.set_delivery_state(&id, "shipped"));
    }

    fn add_code(&self, key: &ExternalKey, code: &str) {
        assert!(self.0.set_codes(&self.order(key).id, &[code]));
    }
}

struct WooCommerce(woocommerce::sandbox::Sandbox, woocommerce::sandbox::Running);

impl WooCommerce {
    fn order(&self, key: &ExternalKey) -> woocommerce::sandbox::SandboxOrder {
        let mut orders = self.0.orders().into_iter();
        let order = orders.find(|order| order.created_via == key.to_string());
        order.unwrap()
    }
}

fn woo_code(code: &str) -> woocommerce::sandbox::SandboxTracking {
    woocommerce::sandbox::SandboxTracking::new(code, CARRIER)
}

impl Shop for WooCommerce {
    fn connector(&self, clock: Arc<dyn Clock>) -> Arc<dyn Webshop> {
        let (key, secret) = (Secret::new("key"), Secret::new("secret"));
        let config = WooCommerceConfig::new(self.1.url(), key, secret);
        Arc::new(config.build(clock).unwrap())
    }

    fn made(&self, key: &ExternalKey) -> usize {
        let orders = self.0.orders().into_iter();
        orders
            .filter(|order| order.created_via == key.to_string())
            .count()
    }

    fn ship_one_mug(&self, key: &ExternalKey, code: &str) -> bool {
        let order = self.order(key);
        let mug = order.lines.iter().find(|line| line.1 == MUGS).unwrap();
        assert!(
            self.0
                .fulfil(order.id, &[(mug.0, 1)], Some(&woo_code(code)))
        );
        true
    }

    fn take_off_the_lamp(&self, key: &ExternalKey) {
        let order = self.order(key);
        let lamp = order.lines.iter().find(|line| line.1 == LAMPS).unwrap();
        assert!(self.0.refund(order.id, lamp.0, 1));
    }

    fn complete(&self, key: &ExternalKey, code: Option<&str>) {
        let code = code.map(woo_code);
        assert!(self.0.complete(self.order(key).id, code.as_ref()));
    }

    fn add_code(&self, key: &ExternalKey, code: &str) {
        assert!(self.0.add_tracking(self.order(key).id, &woo_code(code)));
    }
}
