//! What every [`Webshop`] must do.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{TimeZone as _, Utc};
use rust_decimal::Decimal;

use super::{NextFault, assert_no_secret};
use crate::error::Effect;
use crate::ids::{ExternalKey, LineId, ShopOrderId};
use crate::money::{Currency, Money};
use crate::ports::{
    CreateOrder, CreateProgress, NewLine, NewOrder, ProductMatch, ProductQuery, ProductRef,
    ShopRead, Webshop,
};
use crate::shipment::{LineQuantity, Tracking};
use crate::shop::{ShopOrder, ShopState};
use crate::testkit::samples;

mod afterwards;
mod creating;

pub use afterwards::{
    a_cancelled_order_is_cancelled, a_completed_order_shows_its_code, a_draft_can_be_thrown_away,
    a_late_code_shows, a_partial_shipment_shows_its_pieces, a_return_can_be_noted_again,
    cancelled_pieces_show_and_the_rest_stays, the_feed_hints_at_what_it_is_declared_to_notice,
};
pub use creating::{
    a_created_order_stands_in_the_shop_once,
    a_lost_reply_at_any_step_is_unknown_and_leaves_one_order, a_server_error_is_unknown,
    a_throttled_create_did_nothing, an_order_is_found_by_its_key_alone,
    products_are_answered_in_order, stopping_after_any_step_leaves_one_order,
    sums_stay_exact_to_the_cent, the_same_key_again_leaves_one_order,
};

/// How a test drives a webshop. One value is one fresh, isolated shop, or a shop in which only
/// the keys of this value are looked at.
#[async_trait]
pub trait WebshopHarness: Sized + Send + Sync + 'static {
    /// Starts a shop with the products of [`WebshopHarness::skus`].
    async fn start() -> Self;

    /// The connector, with a short time-out.
    fn webshop(&self) -> Arc<dyn Webshop>;

    /// Two article numbers of products the shop has; plenty in stock.
    fn skus(&self) -> [String; 2];

    /// Lets the next request fail.
    async fn inject(&self, fault: NextFault);

    /// Every order the shop has under a key, as (id, alive): drafts and cancelled ones are not
    /// alive. Looked up in the shop itself, not through the connector.
    async fn orders(&self, key: &ExternalKey) -> Vec<(ShopOrderId, bool)>;

    /// The seller completes an order, with a code or without.
    async fn complete(&self, id: &ShopOrderId, code: Option<Tracking>);

    /// The seller adds a code to a completed order.
    async fn add_code(&self, id: &ShopOrderId, code: Tracking);

    /// The seller ships some pieces. Called only where `partial_shipments` is declared.
    async fn ship(&self, id: &ShopOrderId, lines: Vec<LineQuantity>, code: Tracking);

    /// The secrets the connector was given.
    fn secrets(&self) -> Vec<String>;
}

/// A new order, with products as the shop answers for them.
async fn new_order<H: WebshopHarness>(harness: &H, number: &str, cents: [i64; 2]) -> NewOrder {
    let queries: Vec<_> = harness
        .skus()
        .into_iter()
        .zip(1..)
        .map(|(sku, line)| ProductQuery {
            line: LineId::new(format!("L{line}")),
            sku: Some(sku),
            gtin: None,
        })
        .collect();
    let matches = harness
        .webshop()
        .products(queries)
        .await
        .expect("the products");
    let products: Vec<ProductRef> = matches
        .into_iter()
        .map(|found| match found {
            ProductMatch::Found(product) => product,
            other => panic!("a product of the shop is {other:?}"),
        })
        .collect();
    let zero = Money::zero(Currency::EUR);
    let lines: Vec<NewLine> = products
        .into_iter()
        .zip(cents)
        .zip([2_u32, 1])
        .zip(1..)
        .map(|(((product, cents), quantity), line)| NewLine {
            line: LineId::new(format!("L{line}")),
            product,
            title: format!("Article {line}"),
            quantity,
            unit_price: Money::from_minor(cents, Currency::EUR),
            discount: zero,
            vat_percent: Some(Decimal::from(21)),
        })
        .collect();
    let total = Money::from_minor(2 * cents[0] + cents[1], Currency::EUR);
    NewOrder {
        key: ExternalKey::new("contract", number),
        placed_at: Utc
            .timestamp_opt(1_780_000_000, 0)
            .single()
            .unwrap_or_default(),
        lines,
        shipping: zero,
        shipping_method: None,
        discount: zero,
        total,
        currency: Currency::EUR,
        ship_to: samples::address(),
        bill_to: samples::address(),
        ship_by: None,
        sent_elsewhere: false,
    }
}

/// Creates an order through all its steps.
async fn create(webshop: &dyn Webshop, order: &NewOrder) -> ShopOrder {
    let mut resume = None;
    for _ in 0..40 {
        let request = CreateOrder {
            order: order.clone(),
            resume: resume.take(),
        };
        match webshop.create_order(request).await.expect("a step") {
            CreateProgress::Continue { checkpoint, .. } => resume = Some(checkpoint),
            CreateProgress::Created(shop) => return *shop,
            other => panic!("not created: {other:?}"),
        }
    }
    panic!("creating never ends");
}

/// Finishes an order from what a search finds, as after a crash.
async fn finish(webshop: &dyn Webshop, order: &NewOrder) -> ShopOrder {
    for _ in 0..40 {
        let found = webshop
            .find_orders(order.key.clone())
            .await
            .expect("a search");
        let unfinished = found
            .into_iter()
            .find(|hit| hit.order.state != ShopState::Cancelled);
        let resume = match unfinished {
            Some(hit) if hit.order.state != ShopState::Draft => return hit.order,
            Some(hit) => hit.resume,
            None => None,
        };
        let request = CreateOrder {
            order: order.clone(),
            resume,
        };
        match webshop.create_order(request).await.expect("a step") {
            CreateProgress::Continue { .. } => {}
            CreateProgress::Created(shop) => return *shop,
            other => panic!("not created: {other:?}"),
        }
    }
    panic!("creating never ends");
}

async fn alive<H: WebshopHarness>(harness: &H, key: &ExternalKey) -> usize {
    harness
        .orders(key)
        .await
        .iter()
        .filter(|(_, alive)| *alive)
        .count()
}

async fn read(webshop: &dyn Webshop, id: &ShopOrderId) -> ShopOrder {
    let reads = webshop.orders(vec![id.clone()]).await.expect("a read");
    match reads.into_iter().next() {
        Some(ShopRead::Found(order)) => *order,
        other => panic!("order {id} is not found: {other:?}"),
    }
}

fn codes(order: &ShopOrder) -> Vec<String> {
    order
        .shipments
        .iter()
        .filter_map(|shipment| shipment.tracking.as_ref())
        .map(|tracking| tracking.code.clone())
        .collect()
}

/// Capabilities are the same every time.
pub async fn capabilities_are_constant<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    assert_eq!(webshop.capabilities(), webshop.capabilities());
    assert!(!webshop.capabilities().platform.is_empty());
}

/// Good credentials pass the check.
pub async fn good_credentials_pass_the_check<H: WebshopHarness>(harness: H) {
    harness.webshop().check().await.expect("the check passes");
}

/// Refused credentials stop the connection, and nothing was changed.
pub async fn refused_credentials_stop_the_connection<H: WebshopHarness>(harness: H) {
    let order = new_order(&harness, "C-9", [999, 605]).await;
    harness.inject(NextFault::CredentialsRevoked).await;
    let request = CreateOrder {
        order: order.clone(),
        resume: None,
    };
    let error = harness
        .webshop()
        .create_order(request)
        .await
        .expect_err("refused");
    assert!(error.stops_connection(), "{error:?}");
    assert_eq!(error.effect(), Effect::NotApplied);
}

/// An id the shop does not have is gone, which is no error; every id gets its answer.
pub async fn an_unknown_id_is_gone<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-10", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let unknown = ShopOrderId::new("99999999");
    let reads = webshop.orders(vec![unknown.clone()]).await.expect("a read");
    assert_eq!(reads, [ShopRead::Gone(unknown.clone())]);
    if webshop.capabilities().max_ids_per_read > 1 {
        let reads = webshop
            .orders(vec![unknown.clone(), shop.id.clone()])
            .await
            .expect("a read");
        let mut ids: Vec<_> = reads.iter().map(|read| read.id().clone()).collect();
        ids.sort();
        let mut wanted = vec![unknown, shop.id];
        wanted.sort();
        assert_eq!(ids, wanted);
    }
}

/// Neither Debug nor errors show a secret.
pub async fn debug_output_and_errors_have_no_secret<H: WebshopHarness>(harness: H) {
    let secrets = harness.secrets();
    let webshop = harness.webshop();
    assert_no_secret(&secrets, &format!("{webshop:?}"), "the Debug output");
    harness.inject(NextFault::CredentialsRevoked).await;
    if let Err(error) = webshop.check().await {
        assert_no_secret(
            &secrets,
            &format!("{error:?} {}", error.report()),
            "an error",
        );
    }
}

/// One test of every case of [`WebshopHarness`](crate::testkit::contract::WebshopHarness).
#[macro_export]
macro_rules! webshop_contract {
    ($harness:ty) => {
        $crate::contract_cases!(
            WebshopHarness,
            $harness,
            capabilities_are_constant,
            good_credentials_pass_the_check,
            a_created_order_stands_in_the_shop_once,
            sums_stay_exact_to_the_cent,
            an_order_is_found_by_its_key_alone,
            stopping_after_any_step_leaves_one_order,
            a_lost_reply_at_any_step_is_unknown_and_leaves_one_order,
            the_same_key_again_leaves_one_order,
            products_are_answered_in_order,
            a_throttled_create_did_nothing,
            a_server_error_is_unknown,
            refused_credentials_stop_the_connection,
            an_unknown_id_is_gone,
            a_completed_order_shows_its_code,
            a_late_code_shows,
            a_partial_shipment_shows_its_pieces,
            the_feed_hints_at_what_it_is_declared_to_notice,
            a_cancelled_order_is_cancelled,
            a_draft_can_be_thrown_away,
            cancelled_pieces_show_and_the_rest_stays,
            a_return_can_be_noted_again,
            debug_output_and_errors_have_no_secret,
        );
    };
}
