//! Orders that a marketplace sent from its own warehouse, in a real Medusa.

use connector_webshop::medusa::Medusa;
use order_core::ports::{CreateProgress, NewOrder};
use order_core::shop::ShopState;

use crate::live::{
    MOST_STEPS, build, config, crash, create, each_step_twice, euro, finish, order, read, shop,
    with_server,
};
use crate::server::{self, Flavour};

async fn sent(shop: &Medusa, key: &str, lines: &[(&str, u32, i64)]) -> NewOrder {
    let mut new = order(shop, key, lines).await;
    new.sent_elsewhere = true;
    new
}

#[tokio::test]
async fn it_is_completed_and_paid_to_the_cent_and_takes_no_stock_that_is_not_there() {
    for flavour in [Flavour::WithKey, Flavour::Plain] {
        let server = with_server!(flavour);
        let shop = shop(server);
        // The warehouse has one.
        let mut new = sent(&shop, "SENT-1", &[("SENT-05", 4, 999), ("TB-001", 1, 33)]).await;
        new.lines[0].title = "A lamp that the marketplace keeps".into();
        new.shipping = euro(199);
        new.total = euro(4 * 999 + 33 + 199);
        let created = create(&shop, &new).await;
        assert_eq!(created.state, ShopState::Completed);
        assert_eq!(created.total, new.total);
        assert_eq!(server.stock("SENT-05"), (1, 0));
        let fields = "fields=id,status,payment_status,*items,items.tax_lines.rate";
        let stored = server.get(&format!("/admin/orders/{}?{fields}", created.id));
        let stored = &stored["order"];
        assert_eq!(stored["status"], "completed");
        assert_eq!(stored["payment_status"], "captured");
        let items = stored["items"].as_array().unwrap();
        let lamp = items.iter().find(|item| item["quantity"] == 4).unwrap();
        assert_eq!(lamp["title"], "A lamp that the marketplace keeps");
        assert_eq!(lamp["variant_sku"], "SENT-05");
        assert_eq!(lamp["tax_lines"][0]["rate"], 21);
        assert_eq!(read(&shop, &created.id).await.state, ShopState::Completed);
        let again = create(&shop, &new).await;
        assert_eq!(again.id, created.id);
        assert_eq!(server.under("bol:SENT-1").len(), 1);
    }
}

#[tokio::test]
async fn a_crash_or_a_lost_answer_at_any_step_leaves_one_that_counts_only_after_the_last() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let mut crashes = 0;
    for after in 1..MOST_STEPS {
        let key = format!("SENT-CRASH-{after}");
        let new = sent(&shop, &key, &[("SENT-05", 2, 999)]).await;
        let Some(created) = crash(&shop, &new, after).await else {
            break;
        };
        assert_eq!(created.state, ShopState::Completed, "after step {after}");
        assert_eq!(server.under(&format!("bol:{key}")).len(), 1);
        crashes += 1;
    }
    assert!(crashes >= 5, "only {crashes} steps were interrupted");
    let new = sent(&shop, "SENT-LOST", &[("SENT-05", 2, 999)]).await;
    let created = each_step_twice(&shop, &new).await;
    assert_eq!(created.state, ShopState::Completed);
    assert_eq!(server.under("bol:SENT-LOST").len(), 1);
    assert_eq!(server.stock("SENT-05"), (1, 0));
}

#[tokio::test]
async fn an_article_with_a_tax_rate_of_its_own_is_refused_with_the_rate() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = sent(
        &shop,
        "SENT-BOOK",
        &[("TB-001", 1, 999), ("BOOK-06", 1, 1090)],
    )
    .await;
    let CreateProgress::Rejected { reason } = finish(&shop, &new, None).await else {
        panic!("a refusal is expected")
    };
    assert!(
        reason.contains("BOOK-06") && reason.contains("books"),
        "{reason}"
    );
    assert!(server.under("bol:SENT-BOOK").is_empty());
    // Germany has one rate for everything.
    let mut german = sent(&shop, "SENT-BUCH", &[("BOOK-06", 1, 1190)]).await;
    german.ship_to.country = "DE".parse().ok();
    german.bill_to.country = german.ship_to.country;
    let created = create(&shop, &german).await;
    assert_eq!(created.state, ShopState::Completed);
    assert_eq!(created.total, german.total);
    assert_eq!(server.stock("BOOK-06"), (9, 0));
}

#[tokio::test]
async fn a_shop_whose_completed_orders_do_not_count_as_completed_is_told_so() {
    let server = with_server!(Flavour::WithKey);
    let mut config = config(server);
    config.completed_statuses = vec!["delivered".into()];
    let shop = build(config);
    let new = sent(&shop, "SENT-STATUS", &[("TB-001", 1, 999)]).await;
    let CreateProgress::Rejected { reason } = finish(&shop, &new, None).await else {
        panic!("a refusal is expected")
    };
    assert!(reason.contains("completed_statuses"), "{reason}");
    assert!(server.under("bol:SENT-STATUS").is_empty());
}
