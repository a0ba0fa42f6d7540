//! Finding, paging and counting orders.

use std::sync::Arc;

use super::{StoreHarness, at, change, claimed, connection, one, order};
use crate::ids::{OrderKey, ShopOrderId};
use crate::money::{Currency, Money};
use crate::order::Readiness;
use crate::ports::{ActivityQuery, Batch, Change, Lease, OrderFilter, OrderStore};
use crate::shipment::Tracking;
use crate::shop::ShopState;
use crate::state::{
    Action, Cancellation, Confirmation, Effect, EffectKind, Link, Order, Phase, Problem,
    ProblemKind, Shipment, ShopLink, Status,
};
use crate::testkit::samples;
/// Lists can be filtered and paged, and counts agree with them.
pub async fn lists_are_filtered_and_paged<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let mut changes = Vec::new();
    for number in 0..5 {
        let mut order = order(&format!("N{number}"));
        order.state.first_seen = at(number);
        if number == 3 {
            order.state.ignored = Some("too old".to_owned());
        }
        changes.push(change(order, (number != 3).then_some(5)));
    }
    store
        .commit(
            lease,
            Batch {
                changes,
                memo: None,
            },
        )
        .await
        .expect("ok");
    let list = |filter: OrderFilter| {
        let store = Arc::clone(&store);
        async move {
            let orders = store.list(filter).await.expect("a list");
            orders
                .iter()
                .map(|order| order.key.order.to_string())
                .collect::<Vec<_>>()
        }
    };
    let all = OrderFilter {
        limit: 10,
        ..OrderFilter::default()
    };
    assert_eq!(list(all.clone()).await, ["N4", "N3", "N2", "N1", "N0"]);
    let page = OrderFilter {
        limit: 2,
        ..all.clone()
    };
    assert_eq!(list(page.clone()).await, ["N4", "N3"]);
    let next = OrderFilter {
        after: Some(order("N3").key),
        ..page
    };
    assert_eq!(list(next).await, ["N2", "N1"]);
    let ignored = OrderFilter {
        status: vec![Status::Ignored],
        ..all.clone()
    };
    assert_eq!(list(ignored).await, ["N3"]);
    let text = OrderFilter {
        text: Some("N1".to_owned()),
        ..all
    };
    assert_eq!(list(text).await, ["N1"]);
    let counts = store.counts(None).await.expect("counts");
    assert_eq!(counts.by_status.get(&Status::NotShipped), Some(&4));
    assert_eq!(
        (counts.by_status.get(&Status::Ignored), counts.open),
        (Some(&1), 4)
    );
    assert_eq!(
        store
            .counts(Some("none".into()))
            .await
            .expect("counts")
            .open,
        0
    );
}

/// Orders with a mark each: waiting for nothing, needing a person, being sent, asked to cancel,
/// with a deadline.
fn marked() -> Vec<Order> {
    let mut orders: Vec<Order> = (0..6).map(|number| order(&format!("M-{number}"))).collect();
    for (order, second) in orders.iter_mut().zip(0..) {
        order.state.first_seen = at(second / 2);
    }
    if let [_, needy, sending, asked, late, ignored] = &mut *orders {
        needy.state.problems.push(Problem {
            action: Action::ReadShop,
            kind: ProblemKind::UnknownProduct,
            text: "no product".to_owned(),
            advice: "make one".to_owned(),
            since: at(0),
            attempts: 1,
            next_attempt: None,
        });
        sending.state.effects.push(Effect {
            kind: EffectKind::Create,
            attempt: 1,
            reference: "ref".to_owned(),
            intended_at: at(0),
            phase: Phase::Ready,
            checkpoint: None,
            draft: None,
            targets: Vec::new(),
        });
        asked.state.cancellation = Cancellation::BuyerAsks;
        let mut content = samples::order("M-4", at(-60), Vec::new());
        content.ship_by = Some(at(500));
        late.content = Some(Arc::new(content));
        ignored.state.ignored = Some("too old".to_owned());
    }
    orders
}

async fn write_all(store: &dyn OrderStore, lease: &Lease, orders: Vec<Order>) {
    let changes = orders
        .into_iter()
        .map(|order| change(order, None))
        .collect();
    let batch = Batch {
        changes,
        memo: None,
    };
    store.commit(lease.clone(), batch).await.expect("written");
}

/// The orders that match, and that as many are counted.
async fn listed(store: &dyn OrderStore, filter: OrderFilter) -> Vec<String> {
    let orders = store.list(filter.clone()).await.expect("a list");
    let whole = filter.after.is_none() && filter.before.is_none();
    if whole && orders.len() < filter.limit {
        let count = store.count(filter).await.expect("a count");
        assert_eq!(usize::try_from(count).ok(), Some(orders.len()));
    }
    orders
        .iter()
        .map(|order| order.key.order.to_string())
        .collect()
}

/// Orders are found by each of their marks, by several together, and counted alike.
pub async fn orders_are_found_by_their_marks<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    write_all(&*store, &lease, marked()).await;
    let all = OrderFilter {
        limit: 10,
        ..OrderFilter::default()
    };
    let list = |filter| listed(&*store, filter);
    let needy = OrderFilter {
        needs_action: true,
        ..all.clone()
    };
    assert_eq!(list(needy.clone()).await, ["M-1"]);
    let problem = OrderFilter {
        problem: Some(ProblemKind::UnknownProduct),
        ..all.clone()
    };
    assert_eq!(list(problem.clone()).await, ["M-1"]);
    let other = OrderFilter {
        problem: Some(ProblemKind::Conflict),
        ..needy
    };
    assert!(list(other).await.is_empty());
    let sending = OrderFilter {
        sending: true,
        ..all.clone()
    };
    assert_eq!(list(sending).await, ["M-2"]);
    let asked = OrderFilter {
        cancel_asked: true,
        ..all.clone()
    };
    assert_eq!(list(asked).await, ["M-3"]);
    for (until, found) in [(499, vec![]), (500, vec!["M-4"])] {
        let late = OrderFilter {
            deadline_until: Some(at(until)),
            ..all.clone()
        };
        assert_eq!(list(late).await, found);
    }
    let statuses = OrderFilter {
        status: vec![Status::Ignored, Status::NotShipped, Status::Ignored],
        limit: 3,
        ..all
    };
    assert_eq!(list(statuses).await, ["M-4", "M-5", "M-2"]);
    let counts = store.counts(None).await.expect("counts");
    assert_eq!(
        (counts.needs_action, counts.sending, counts.cancel_asked),
        (1, 1, 1)
    );
    assert_eq!(
        counts.by_problem.get(&ProblemKind::UnknownProduct),
        Some(&1)
    );
    // What is mended is no longer found.
    let mut mended = store.load(order("M-1").key).await.expect("ok").expect("it");
    mended.state.problems.clear();
    write_all(&*store, &lease, vec![mended]).await;
    assert!(list(problem).await.is_empty());
    let counts = store.counts(None).await.expect("counts");
    assert_eq!((counts.needs_action, counts.by_problem.len()), (0, 0));
}

/// Orders are found by the start of a word in an id of either side, a number or a code, in upper
/// or lower case, and nothing in such a text is special.
pub async fn orders_are_found_by_text<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let mut linked = order("A%1_x");
    linked.state.link = Link::Linked(ShopLink {
        id: ShopOrderId::from("gid://Order/77"),
        number: "#1001".to_owned(),
        state: ShopState::Open,
        raw_state: "processing".to_owned(),
        total: Money::zero(Currency::EUR),
        cancelled: Vec::new(),
        gone: false,
    });
    linked.state.shipments.push(Shipment {
        id: "S1".into(),
        source: None,
        parcel: 1,
        lines: Vec::new(),
        tracking: Some(Tracking::new("3s abc 0042")),
        carrier: None,
        shipped_at: at(0),
        confirmation: Confirmation::None,
        told_code: None,
        audit_at: None,
    });
    write_all(&*store, &lease, vec![linked, order("B2")]).await;
    let search = |text: &str| {
        listed(
            &*store,
            OrderFilter {
                text: Some(text.to_owned()),
                limit: 10,
                ..OrderFilter::default()
            },
        )
    };
    let texts = [
        "a%", "1_X", "77", "order/7", "1001", "#10", "3SABC00", "0042",
    ];
    for text in texts {
        assert_eq!(search(text).await, ["A%1_x"], "{text}");
    }
    for text in ["%", "_", "2", "a_", "' OR 1=1 --", "042", "\u{10ffff}"] {
        assert!(search(text).await.is_empty(), "{text}");
    }
    assert_eq!(search("  ").await.len(), 2);
    // A text that is no longer there is no longer found.
    let key = order("A%1_x").key;
    let mut later = store.load(key).await.expect("ok").expect("it");
    later.state.shipments.clear();
    write_all(&*store, &lease, vec![later]).await;
    assert!(search("3SABC").await.is_empty());
    assert_eq!(search("1001").await, ["A%1_x"]);
}

/// A text that very many orders have finds them as well, in pages, with what else is asked for.
pub async fn a_text_that_very_many_have_finds_them_as_well<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let orders: Vec<Order> = (0..6000)
        .map(|number| {
            let mut order = Order::new(OrderKey::new(connection(), format!("X{number}")), at(0));
            order.state.first_seen = at(number);
            if number % 1000 == 0 {
                order.state.ignored = Some("too old".to_owned());
            }
            order
        })
        .collect();
    for some in orders.chunks(1000) {
        write_all(&*store, &lease, some.to_vec()).await;
    }
    write_all(&*store, &lease, vec![order("Y1")]).await;
    let many = OrderFilter {
        text: Some("x".to_owned()),
        limit: 2,
        ..OrderFilter::default()
    };
    assert_eq!(store.count(many.clone()).await.expect("a count"), 6000);
    assert_eq!(listed(&*store, many.clone()).await, ["X5999", "X5998"]);
    let next = OrderFilter {
        after: Some(order("X5998").key),
        ..many.clone()
    };
    assert_eq!(listed(&*store, next).await, ["X5997", "X5996"]);
    let ignored = OrderFilter {
        status: vec![Status::Ignored],
        limit: 10,
        ..many
    };
    assert_eq!(listed(&*store, ignored).await.len(), 6);
}

/// Pages lead on and back without leaving an order out, also among orders of the same moment.
pub async fn pages_go_both_ways<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    write_all(&*store, &lease, marked()).await;
    let page = |after: Option<&str>, before: Option<&str>| {
        listed(
            &*store,
            OrderFilter {
                limit: 2,
                after: after.map(|id| order(id).key),
                before: before.map(|id| order(id).key),
                ..OrderFilter::default()
            },
        )
    };
    assert_eq!(page(None, None).await, ["M-4", "M-5"]);
    assert_eq!(page(Some("M-5"), None).await, ["M-2", "M-3"]);
    assert_eq!(page(Some("M-2"), None).await, ["M-3", "M-0"]);
    assert_eq!(page(None, Some("M-0")).await, ["M-2", "M-3"]);
    assert_eq!(page(None, Some("M-3")).await, ["M-5", "M-2"]);
    assert!(page(None, Some("M-4")).await.is_empty());
    assert!(page(Some("M-1"), None).await.is_empty());
    assert_eq!(page(Some("M-4"), Some("M-2")).await, ["M-5"]);
    assert_eq!(page(Some("gone"), None).await, ["M-4", "M-5"]);
    assert_eq!(page(None, Some("gone")).await, ["M-4", "M-5"]);
    let last = |status: Vec<Status>, limit: usize| {
        let filter = OrderFilter {
            status,
            limit,
            last: true,
            ..OrderFilter::default()
        };
        listed(&*store, filter)
    };
    assert_eq!(last(Vec::new(), 2).await, ["M-0", "M-1"]);
    assert_eq!(last(Vec::new(), 100).await.len(), 6);
    let all = last(Status::ALL.to_vec(), 1).await;
    assert_eq!(all, ["M-1"], "also of several statuses");
}

/// What happened is counted by the hour, and every write makes the revision grow.
pub async fn activity_is_counted_by_the_hour<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let write = async |mut changed: Order, second: i64, shipped: bool| {
        if shipped && let Some(content) = &changed.content {
            let mut content = (**content).clone();
            content.readiness = Readiness::Closed;
            changed.content = Some(Arc::new(content));
        }
        let change = Change {
            at: at(second),
            ..change(changed, None)
        };
        store
            .commit(lease.clone(), one(change))
            .await
            .expect("written");
    };
    let load = async |id: &str| store.load(order(id).key).await.expect("ok").expect("it");
    for marked in marked() {
        write(marked, 1, false).await;
    }
    write(load("M-0").await, 7200, true).await;
    write(load("M-0").await, 7300, true).await;
    write(load("M-1").await, 7300, false).await;
    let query = ActivityQuery {
        connection: None,
        since: at(-3600),
    };
    let hours = store.activity(query.clone()).await.expect("activity");
    let figures: Vec<_> = hours
        .iter()
        .map(|hour| (hour.received, hour.shipped, hour.troubled))
        .collect();
    assert_eq!(figures, [(6, 0, 1), (0, 1, 0)]);
    assert_eq!(hours[0].hour.timestamp() % 3600, 0);
    assert_eq!((hours[1].hour - hours[0].hour).num_hours(), 2);
    let none = ActivityQuery {
        connection: Some("other".into()),
        ..query
    };
    assert!(store.activity(none).await.expect("activity").is_empty());
    let revision = store.counts(None).await.expect("counts").revision;
    assert_eq!(revision, 9);
    let stale = change(order("M-0"), None);
    store.amend(stale).await.expect("stale");
    assert_eq!(store.counts(None).await.expect("counts").revision, 9);
}
