//! What every [`Webshop`] must do.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{TimeZone as _, Utc};
use rust_decimal::Decimal;

use super::{NextFault, assert_no_secret};
use crate::error::{Effect, Kind};
use crate::ids::{ExternalKey, LineId, ShopOrderId};
use crate::money::{Currency, Money};
use crate::ports::{
    CancelReason, CancelShopOrder, CreateOrder, CreateProgress, CreateSemantics, NewLine, NewOrder,
    NoteReturn, ProductMatch, ProductQuery, ProductRef, ShopCancel, ShopNote, ShopRead, Webshop,
};
use crate::shipment::{LineQuantity, Tracking};
use crate::shop::{ShopOrder, ShopState};
use crate::testkit::samples;

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

/// A created order is alive, once, with the right sum to the cent, and open.
pub async fn a_created_order_stands_in_the_shop_once<H: WebshopHarness>(harness: H) {
    let order = new_order(&harness, "C-1", [999, 605]).await;
    let shop = create(&*harness.webshop(), &order).await;
    assert_eq!(alive(&harness, &order.key).await, 1);
    assert_eq!(shop.state, ShopState::Open);
    assert!(
        shop.total.agrees_with(&order.total),
        "{} for {}",
        shop.total,
        order.total
    );
    assert_eq!(shop.key.as_ref(), Some(&order.key));
    assert_eq!(read(&*harness.webshop(), &shop.id).await.id, shop.id);
}

/// Sums that VAT does not divide evenly stay exact.
pub async fn sums_stay_exact_to_the_cent<H: WebshopHarness>(harness: H) {
    for (number, cents) in [
        ("C-2a", [33, 1]),
        ("C-2b", [1001, 777]),
        ("C-2c", [99_999, 5]),
    ] {
        let order = new_order(&harness, number, cents).await;
        let shop = create(&*harness.webshop(), &order).await;
        assert!(
            shop.total.agrees_with(&order.total),
            "{} for {}",
            shop.total,
            order.total
        );
    }
}

/// An order is found by its key; one whose key only begins the same is not.
pub async fn an_order_is_found_by_its_key_alone<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-30", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let found = webshop
        .find_orders(order.key.clone())
        .await
        .expect("a search");
    assert_eq!(
        found.iter().map(|hit| &hit.order.id).collect::<Vec<_>>(),
        [&shop.id]
    );
    for other in ["C-3", "C-300", "c-30x"] {
        let key = ExternalKey::new("contract", other);
        let found = webshop.find_orders(key).await.expect("a search");
        assert!(found.is_empty(), "{other} found {found:?}");
    }
}

/// Stopping after any step and going on from what a search finds leaves one order.
pub async fn stopping_after_any_step_leaves_one_order<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    for stop_after in 1..40 {
        let order = new_order(&harness, &format!("C-4-{stop_after}"), [999, 605]).await;
        let mut resume = None;
        let mut created = false;
        for _ in 0..stop_after {
            let request = CreateOrder {
                order: order.clone(),
                resume: resume.take(),
            };
            match webshop.create_order(request).await.expect("a step") {
                CreateProgress::Continue { checkpoint, .. } => resume = Some(checkpoint),
                CreateProgress::Created(_) => {
                    created = true;
                    break;
                }
                other => panic!("not created: {other:?}"),
            }
        }
        if !created {
            assert_eq!(
                alive(&harness, &order.key).await,
                0,
                "a half-made order is alive"
            );
        }
        let shop = finish(&*webshop, &order).await;
        assert!(
            shop.total.agrees_with(&order.total),
            "after step {stop_after}"
        );
        assert_eq!(
            alive(&harness, &order.key).await,
            1,
            "after step {stop_after}"
        );
        if created {
            return;
        }
    }
    panic!("creating never ends");
}

/// A lost answer at any step has unknown effect, and going on from a search leaves one order.
pub async fn a_lost_reply_at_any_step_is_unknown_and_leaves_one_order<H: WebshopHarness>(
    harness: H,
) {
    let webshop = harness.webshop();
    for lose_at in 0..40 {
        let order = new_order(&harness, &format!("C-5-{lose_at}"), [999, 605]).await;
        let mut resume = None;
        let mut step = 0;
        let lost = loop {
            if step == lose_at {
                harness.inject(NextFault::LostReply).await;
            }
            let request = CreateOrder {
                order: order.clone(),
                resume: resume.take(),
            };
            match webshop.create_order(request).await {
                Ok(CreateProgress::Continue { checkpoint, .. }) => resume = Some(checkpoint),
                Ok(CreateProgress::Created(_)) => break false,
                Ok(other) => panic!("not created: {other:?}"),
                Err(error) => {
                    assert_eq!(step, lose_at, "{error:?}");
                    assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
                    break true;
                }
            }
            step += 1;
        };
        finish(&*webshop, &order).await;
        assert_eq!(
            alive(&harness, &order.key).await,
            1,
            "lost at step {lose_at}"
        );
        if !lost {
            return;
        }
    }
    panic!("creating never ends");
}

/// The same key again: refused where the shop has a hard key; else the search finds the first.
pub async fn the_same_key_again_leaves_one_order<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-6", [999, 605]).await;
    create(&*webshop, &order).await;
    if webshop.capabilities().create == CreateSemantics::UniqueKey {
        let request = CreateOrder {
            order: order.clone(),
            resume: None,
        };
        match webshop.create_order(request).await {
            Err(error) => assert_eq!(error.kind(), Kind::Conflict, "{error:?}"),
            Ok(CreateProgress::Created(_)) => {}
            Ok(other) => panic!("the second create came to {other:?}"),
        }
    } else {
        let found = webshop
            .find_orders(order.key.clone())
            .await
            .expect("a search");
        assert_eq!(found.len(), 1);
    }
    assert_eq!(alive(&harness, &order.key).await, 1);
}

/// Products are found by article number; answers come in the order of the questions.
pub async fn products_are_answered_in_order<H: WebshopHarness>(harness: H) {
    let [first, second] = harness.skus();
    let query = |line: &str, sku: Option<&str>| ProductQuery {
        line: LineId::from(line),
        sku: sku.map(str::to_owned),
        gtin: None,
    };
    let queries = vec![
        query("1", Some(&second)),
        query("2", Some("NO-SUCH-ARTICLE")),
        query("3", Some(&first)),
        query("4", None),
    ];
    let answers = harness
        .webshop()
        .products(queries)
        .await
        .expect("the products");
    assert_eq!(answers.len(), 4);
    assert!(matches!(answers[0], ProductMatch::Found(_)));
    assert_eq!(answers[1], ProductMatch::Missing);
    assert!(matches!(answers[2], ProductMatch::Found(_)));
    assert_eq!(answers[3], ProductMatch::Missing);
    assert_ne!(answers[0], answers[2]);
}

/// A throttled create did nothing, and says so.
pub async fn a_throttled_create_did_nothing<H: WebshopHarness>(harness: H) {
    let order = new_order(&harness, "C-7", [999, 605]).await;
    harness.inject(NextFault::Throttled).await;
    let request = CreateOrder {
        order: order.clone(),
        resume: None,
    };
    let error = harness
        .webshop()
        .create_order(request)
        .await
        .expect_err("throttled");
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::RateLimited, Effect::NotApplied)
    );
    assert!(harness.orders(&order.key).await.is_empty());
}

/// After a server error nobody knows, whether it was executed or not.
pub async fn a_server_error_is_unknown<H: WebshopHarness>(harness: H) {
    for (number, fault) in [
        ("C-8a", NextFault::ServerErrorApplied),
        ("C-8b", NextFault::ServerErrorNotApplied),
        ("C-8c", NextFault::Garbled),
    ] {
        let order = new_order(&harness, number, [999, 605]).await;
        harness.inject(fault).await;
        let request = CreateOrder {
            order: order.clone(),
            resume: None,
        };
        let error = harness
            .webshop()
            .create_order(request)
            .await
            .expect_err("an error");
        assert_eq!(error.effect(), Effect::Unknown, "{fault:?}: {error:?}");
        finish(&*harness.webshop(), &order).await;
        assert_eq!(alive(&harness, &order.key).await, 1, "{fault:?}");
    }
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

/// A completed order shows its code.
pub async fn a_completed_order_shows_its_code<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-11", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let code = Tracking::new("3SABCD1234567").with_carrier_name("PostNL");
    harness.complete(&shop.id, Some(code)).await;
    let read = read(&*webshop, &shop.id).await;
    assert_eq!(read.state, ShopState::Completed);
    assert_eq!(codes(&read), ["3SABCD1234567"]);
}

/// A completed order without a code shows none; a code that is added later shows.
pub async fn a_late_code_shows<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-12", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    harness.complete(&shop.id, None).await;
    let before = read(&*webshop, &shop.id).await;
    assert_eq!(
        (before.state, codes(&before).len()),
        (ShopState::Completed, 0)
    );
    harness
        .add_code(&shop.id, Tracking::new("3SABCD1234567"))
        .await;
    assert_eq!(codes(&read(&*webshop, &shop.id).await), ["3SABCD1234567"]);
}

/// A parcel with some pieces shows them, where the shop can; else it declares that it cannot.
pub async fn a_partial_shipment_shows_its_pieces<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    if !webshop.capabilities().partial_shipments {
        return;
    }
    let order = new_order(&harness, "C-13", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let part = vec![LineQuantity {
        line: "L1".into(),
        quantity: 1,
    }];
    harness
        .ship(&shop.id, part.clone(), Tracking::new("3SABCD1234567"))
        .await;
    let read = read(&*webshop, &shop.id).await;
    assert_eq!(read.state, ShopState::Open);
    assert_eq!(read.shipments.len(), 1);
    assert_eq!(read.shipments[0].lines.as_ref(), Some(&part));
}

/// The feed starts with nothing, and hints at what it is declared to notice.
pub async fn the_feed_hints_at_what_it_is_declared_to_notice<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-14", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let start = webshop.changes(None).await.expect("the feed");
    assert!(!start.more);
    harness.complete(&shop.id, None).await;
    let mut hinted = Vec::new();
    let mut cursor = start.next;
    for _ in 0..20 {
        let page = webshop.changes(Some(cursor)).await.expect("the feed");
        hinted.extend(page.ids);
        cursor = page.next;
        if !page.more {
            break;
        }
    }
    if webshop.capabilities().feed_sees_status {
        assert!(hinted.contains(&shop.id), "{hinted:?}");
    }
}

/// A cancelled order is cancelled, also twice; where it cannot be, the call is refused.
pub async fn a_cancelled_order_is_cancelled<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-15", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let request = CancelShopOrder {
        id: shop.id.clone(),
        lines: Vec::new(),
        reason: CancelReason::BuyerAsked,
        note: "cancelled at the marketplace".to_owned(),
    };
    let able = webshop.capabilities().cancel;
    for _ in 0..2 {
        let outcome = webshop.cancel_order(request.clone()).await;
        if able {
            assert_eq!(outcome.expect("it can"), ShopCancel::Done);
        } else {
            assert_eq!(outcome.expect_err("it cannot").kind(), Kind::Unsupported);
        }
    }
    if able {
        assert_eq!(alive(&harness, &order.key).await, 0);
    }
}

/// A draft can be thrown away.
pub async fn a_draft_can_be_thrown_away<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-16", [999, 605]).await;
    let request = CreateOrder {
        order: order.clone(),
        resume: None,
    };
    let progress = webshop.create_order(request).await.expect("a step");
    let CreateProgress::Continue {
        draft: Some(draft), ..
    } = progress
    else {
        return;
    };
    let cancel = CancelShopOrder {
        id: draft,
        lines: Vec::new(),
        reason: CancelReason::Other,
        note: "one too many".to_owned(),
    };
    assert_eq!(
        webshop.cancel_order(cancel).await.expect("it can"),
        ShopCancel::Done
    );
    assert_eq!(alive(&harness, &order.key).await, 0);
    create(&*webshop, &order).await;
    assert_eq!(alive(&harness, &order.key).await, 1);
}

/// Some pieces are cancelled: they show as cancelled when the order is read, and the rest stays.
pub async fn cancelled_pieces_show_and_the_rest_stays<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-17", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let piece = LineQuantity {
        line: LineId::from("L1"),
        quantity: 1,
    };
    let request = CancelShopOrder {
        id: shop.id.clone(),
        lines: vec![piece.clone()],
        reason: CancelReason::Other,
        note: "a piece was cancelled at the marketplace".to_owned(),
    };
    let outcome = webshop.cancel_order(request).await;
    if webshop.capabilities().cancel_lines {
        assert_eq!(outcome.expect("it can"), ShopCancel::Done);
        let after = read(&*webshop, &shop.id).await;
        assert_eq!(after.cancelled, [piece]);
        assert_eq!(after.state, ShopState::Open);
    } else {
        assert_eq!(outcome.expect_err("it cannot").kind(), Kind::Unsupported);
        assert_eq!(read(&*webshop, &shop.id).await.cancelled, []);
    }
    assert_eq!(alive(&harness, &order.key).await, 1);
}

/// A return is noted, also twice; the order stays as it is.
pub async fn a_return_can_be_noted_again<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-18", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let request = NoteReturn {
        order: shop.id.clone(),
        reference: "contract:C-18 return R1 00000000".to_owned(),
        lines: vec![LineQuantity {
            line: LineId::from("L1"),
            quantity: 1,
        }],
        text: "return R1: 1 × SKU1, announced".to_owned(),
    };
    for _ in 0..2 {
        let outcome = webshop.note_return(request.clone()).await;
        if webshop.capabilities().returns {
            assert_eq!(outcome.expect("it can"), ShopNote::Written);
        } else {
            assert_eq!(outcome.expect_err("it cannot").kind(), Kind::Unsupported);
        }
    }
    let after = read(&*webshop, &shop.id).await;
    assert_eq!((after.state, after.total), (shop.state, shop.total));
    assert_eq!(after.cancelled, []);
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
