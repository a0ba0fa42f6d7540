//! Parcels and codes in a real WooCommerce with Advanced Shipment Tracking.

use connector_webshop::woocommerce::WooCommerce;
use order_core::ids::ShopOrderId;
use order_core::ports::Webshop as _;
use order_core::shop::ShopState;
use serde_json::{Value, json};

use crate::live::{codes, connect, create, lines, order, read, with_shop};
use crate::shop::Shop;

async fn two_lines(shop: &Shop, via: &WooCommerce, key: &str) -> ShopOrderId {
    let new = order(shop, via, key, &[("TB-001", 2, 999), ("FL-002", 1, 605)]).await;
    create(via, &new).await.id
}

#[tokio::test]
async fn a_code_after_completion_shows_with_its_transporter() {
    let shop = with_shop!();
    let via = connect(shop);
    let id = two_lines(shop, &via, "AFTER").await;
    shop.status(id.as_str(), "completed");
    let before = read(&via, &id).await;
    assert_eq!(
        (before.state, codes(&before).len()),
        (ShopState::Completed, 0)
    );
    shop.track(id.as_str(), "3SAFTER0000001", "PostNL");
    let after = read(&via, &id).await;
    assert_eq!(codes(&after), ["3SAFTER0000001"]);
    let tracking = after.shipments[0].tracking.as_ref().unwrap();
    assert_eq!(tracking.carrier_name.as_deref(), Some("PostNL"));
}

#[tokio::test]
async fn the_plug_in_completes_the_order_with_its_code() {
    let shop = with_shop!();
    let via = connect(shop);
    let id = two_lines(shop, &via, "SHIPS").await;
    shop.post(
        &format!("/wc-shipment-tracking/v3/orders/{id}/shipment-trackings"),
        &json!({"custom_tracking_provider": "DHL Parcel", "tracking_number": "JVGL0000000001",
            "status_shipped": 1, "date_shipped": "2026-11-20"}),
    );
    let after = read(&via, &id).await;
    assert_eq!(
        (after.state, codes(&after)),
        (ShopState::Completed, vec!["JVGL0000000001"])
    );
    let day = after.shipments[0].shipped_at.unwrap();
    assert_eq!(day.date_naive().to_string(), "2026-11-20");
}

#[tokio::test]
async fn two_codes_are_two_parcels_and_a_removed_one_is_gone() {
    let shop = with_shop!();
    let via = connect(shop);
    let id = two_lines(shop, &via, "TWO").await;
    shop.track(id.as_str(), "3STWO00000001", "PostNL");
    shop.track(id.as_str(), "JVGLTWO0000002", "DHL");
    shop.track(id.as_str(), "1ZTWO00000003", "UPS");
    shop.status(id.as_str(), "completed");
    let both = read(&via, &id).await;
    assert_eq!(
        codes(&both),
        ["3STWO00000001", "JVGLTWO0000002", "1ZTWO00000003"]
    );
    let path = format!("/wc-shipment-tracking/v3/orders/{id}/shipment-trackings");
    let items = shop.get(&path);
    let of = |item: &&Value| item["tracking_number"] == "3STWO00000001";
    let item = items.as_array().unwrap().iter().find(of).unwrap();
    shop.delete(&format!("{path}/{}", item["tracking_id"].as_str().unwrap()));
    let left = read(&via, &id).await;
    assert_eq!(codes(&left), ["JVGLTWO0000002", "1ZTWO00000003"]);
}

#[tokio::test]
async fn a_partial_shipment_and_then_the_rest_are_two_parcels_with_their_pieces() {
    let shop = with_shop!();
    let via = connect(shop);
    let id = two_lines(shop, &via, "PARTS").await;
    shop.fulfil(id.as_str(), &[("L1", 1)], "3SPART0000001");
    let part = read(&via, &id).await;
    assert_eq!((part.state, part.shipments.len()), (ShopState::Open, 1));
    assert_eq!(part.shipments[0].lines, Some(lines(&[("L1", 1)])));
    shop.fulfil(id.as_str(), &[("L1", 1), ("L2", 1)], "3SPART0000002");
    shop.status(id.as_str(), "completed");
    let whole = read(&via, &id).await;
    assert_eq!(whole.state, ShopState::Completed);
    assert_eq!(codes(&whole), ["3SPART0000001", "3SPART0000002"]);
    assert_eq!(
        whole.shipments[1].lines,
        Some(lines(&[("L1", 1), ("L2", 1)]))
    );
}

#[tokio::test]
async fn a_parcel_that_is_deleted_again_or_only_packed_does_not_count() {
    let shop = with_shop!();
    let via = connect(shop);
    let id = two_lines(shop, &via, "UNDONE").await;
    let parcel = shop.fulfil(id.as_str(), &[("L1", 1)], "3SUNDONE000001");
    shop.delete(&format!("/wc/v3/orders/{id}/fulfillments/{parcel}"));
    assert_eq!(read(&via, &id).await.shipments, []);
    let item = shop.line(id.as_str(), "L2");
    let meta = |key: &str, value: Value| json!({"id": 0, "key": key, "value": value});
    shop.post(
        &format!("/wc/v3/orders/{id}/fulfillments"),
        &json!({"entity_type": "WC_Order", "entity_id": id, "status": "unfulfilled",
            "is_fulfilled": false, "meta_data": [meta("_items", json!([{"item_id": item, "qty": 1}]))]}),
    );
    assert_eq!(read(&via, &id).await.shipments, []);
}

#[tokio::test]
async fn a_refund_before_the_parcel_is_a_cancellation_and_one_after_it_a_return() {
    let shop = with_shop!();
    let via = connect(shop);
    let id = two_lines(shop, &via, "REFUND").await;
    let refund = |line: &str, total: &str, tax: &str| {
        let order = shop.order(id.as_str());
        let item = shop.line(id.as_str(), line);
        let rate = &order["tax_lines"][0]["rate_id"];
        shop.post(
            &format!("/wc/v3/orders/{id}/refunds"),
            &json!({"amount": "9.99", "api_refund": false, "reason": "by staff", "line_items":
                [{"id": item, "quantity": 1, "refund_total": total,
                "refund_tax": [{"id": rate, "refund_total": tax}]}]}),
        );
    };
    refund("L1", "8.26", "1.73");
    let before = read(&via, &id).await;
    assert_eq!(before.cancelled, lines(&[("L1", 1)]));
    assert_eq!(before.state, ShopState::Open);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    shop.status(id.as_str(), "completed");
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    refund("L1", "8.26", "1.73");
    let after = read(&via, &id).await;
    assert_eq!(after.cancelled, lines(&[("L1", 1)]));
    assert_eq!(after.state, ShopState::Completed);
}

#[tokio::test]
async fn an_amount_that_staff_give_back_takes_no_piece_off() {
    let shop = with_shop!();
    let via = connect(shop);
    let id = two_lines(shop, &via, "AMOUNT").await;
    shop.post(
        &format!("/wc/v3/orders/{id}/refunds"),
        &json!({"amount": "1.00", "api_refund": false, "reason": "a scratch"}),
    );
    let after = read(&via, &id).await;
    assert_eq!(
        (after.state, after.cancelled),
        (ShopState::Open, Vec::new())
    );
}

#[tokio::test]
async fn a_full_refund_by_staff_is_a_cancellation() {
    let shop = with_shop!();
    let via = connect(shop);
    let id = two_lines(shop, &via, "FULL").await;
    shop.post(
        &format!("/wc/v3/orders/{id}/refunds"),
        &json!({"amount": "26.03", "api_refund": false}),
    );
    let after = read(&via, &id).await;
    assert_eq!(after.raw_state, "refunded");
    assert_eq!(after.state, ShopState::Cancelled);
    assert!(via.orders(vec![id]).await.is_ok());
}
