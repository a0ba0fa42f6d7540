//! Platforms that cost next to nothing, count every call, and remember every effect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use order_core::engine::Connection;
use order_core::error::Error;
use order_core::ids::{ExternalKey, MarketplaceOrderId, ReturnId, ShipmentId, ShopOrderId};
use order_core::money::{Currency, Money};
use order_core::order::{MarketplaceOrder, Readiness};
use order_core::policy::Policy;
use order_core::ports::*;
use order_core::returns::MarketplaceReturn;
use order_core::shipment::Tracking;
use order_core::shop::{ShopOrder, ShopShipment, ShopState};
use order_core::testkit::samples;

use crate::ledger::Ledger;

/// Orders on a page of a feed, and ids in one read.
pub(crate) const PAGE: usize = 100;

const LAG: Lag = Lag {
    in_flight: Duration::from_secs(60),
    index: Duration::ZERO,
};

/// A marketplace and a webshop of one connection, with `count` orders.
#[derive(Clone, Debug)]
pub(crate) struct Platforms {
    name: String,
    count: Arc<AtomicUsize>,
    is_completed: Arc<AtomicBool>,
    ledger: Arc<Ledger>,
    placed_at: DateTime<Utc>,
}

impl Platforms {
    pub(crate) fn new(
        name: &str,
        count: usize,
        placed_at: DateTime<Utc>,
        ledger: Arc<Ledger>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            count: Arc::new(AtomicUsize::new(count)),
            is_completed: Arc::default(),
            ledger,
            placed_at,
        }
    }

    /// More buyers order.
    pub(crate) fn place(&self, more: usize) {
        self.count.fetch_add(more, Ordering::SeqCst);
    }

    /// From now on every webshop order is completed and has a code.
    pub(crate) fn complete(&self) {
        self.is_completed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn connection(&self, policy: Policy) -> Connection {
        Connection {
            id: self.name.as_str().into(),
            marketplace: Arc::new(self.clone()),
            webshop: Arc::new(self.clone()),
            detector: Arc::new(NoDetector),
            policy,
        }
    }

    fn id(&self, number: usize) -> MarketplaceOrderId {
        MarketplaceOrderId::new(format!("{}-{number:07}", self.name))
    }

    fn content(&self, id: &MarketplaceOrderId, is_shipped: bool) -> Box<MarketplaceOrder> {
        let lines = vec![
            samples::line("L1", "SKU1", 2, 999),
            samples::line("L2", "SKU2", 1, 2495),
        ];
        let mut order = samples::order(id.as_str(), self.placed_at, lines);
        if is_shipped {
            for line in &mut order.lines {
                line.shipped = line.quantity;
            }
            order.readiness = Readiness::Closed;
        }
        Box::new(order)
    }

    fn shop_order(&self, id: &str, state: ShopState) -> ShopOrder {
        let order = id.strip_prefix("w-").unwrap_or(id);
        let shipment = ShopShipment {
            id: ShipmentId::from("1"),
            lines: None,
            tracking: Some(Tracking::new(format!("3S{order}"))),
            shipped_at: Some(self.placed_at),
        };
        ShopOrder {
            id: ShopOrderId::from(id),
            number: format!("W{order}"),
            key: Some(ExternalKey::new("bench", order)),
            state,
            raw_state: "state".to_owned(),
            total: Money::from_minor(4493, Currency::EUR),
            cancelled: Vec::new(),
            shipments: if state == ShopState::Completed {
                vec![shipment]
            } else {
                Vec::new()
            },
            updated_at: Some(self.placed_at),
        }
    }

    /// The numbers of a feed's page from a cursor on, and where it goes on.
    fn page(&self, cursor: Option<Cursor>, until: usize) -> (std::ops::Range<usize>, Cursor, bool) {
        let from = cursor
            .and_then(|cursor| cursor.0.parse().ok())
            .unwrap_or(0_usize)
            .min(until);
        let to = (from + PAGE).min(until);
        (from..to, Cursor(to.to_string()), to < until)
    }
}

fn unsupported<T>(operation: &'static str) -> Result<T, Error> {
    Err(Error::unsupported(operation, operation))
}

#[async_trait]
impl Marketplace for Platforms {
    fn capabilities(&self) -> MarketplaceCapabilities {
        MarketplaceCapabilities::none("bench marketplace")
            .with_shipping(Granularity::Quantity, true)
            .with_confirm(ConfirmSemantics::ReadBack, LAG)
            .with_max_ids_per_read(PAGE)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        Ok(AccountInfo::default())
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        self.ledger.call("marketplace feed").await;
        let (range, next, more) = self.page(cursor, self.count.load(Ordering::SeqCst));
        let orders = range
            .map(|number| Sighting::Full(self.content(&self.id(number), false)))
            .collect();
        Ok(OrderPage { orders, next, more })
    }

    async fn open_orders(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        self.ledger.call("marketplace sweep").await;
        Ok(OrderPage {
            orders: Vec::new(),
            next: cursor.unwrap_or(Cursor(String::new())),
            more: false,
        })
    }

    async fn orders(&self, ids: Vec<MarketplaceOrderId>) -> Result<Vec<OrderRead>, Error> {
        let names = ids.iter().map(|id| format!("confirm {id}")).collect();
        let told = self.ledger.counts("marketplace read", names).await;
        Ok(ids
            .into_iter()
            .zip(told)
            .map(|(id, told)| OrderRead::Found(self.content(&id, told > 0)))
            .collect())
    }

    async fn accept(&self, _request: AcceptRequest) -> Result<Outcome, Error> {
        unsupported("accept")
    }

    async fn transporter(&self, query: TransporterQuery) -> Result<TransporterWord, Error> {
        Ok(TransporterWord::Known(query.carrier))
    }

    async fn confirm(&self, request: ConfirmRequest) -> Result<Outcome, Error> {
        let name = format!("confirm {}", request.order);
        self.ledger.add("confirm", name).await;
        Ok(Outcome::Done { remote_id: None })
    }

    async fn ticket(&self, _ticket: Ticket) -> Result<TicketStatus, Error> {
        unsupported("ticket")
    }

    async fn find_confirmation(&self, request: ConfirmRequest) -> Result<ConfirmationFound, Error> {
        let names = vec![format!("confirm {}", request.order)];
        let told = self.ledger.counts("find confirmation", names).await;
        Ok(match told.first() {
            None | Some(0) => ConfirmationFound::Absent,
            Some(_) => ConfirmationFound::Confirmed {
                remote_id: None,
                code: request.tracking.map(|tracking| tracking.code),
            },
        })
    }

    async fn edit_tracking(&self, _request: EditTracking) -> Result<Outcome, Error> {
        unsupported("edit_tracking")
    }

    async fn cancel(&self, _request: CancelRequest) -> Result<Outcome, Error> {
        unsupported("cancel")
    }

    async fn returns(&self, _cursor: Option<Cursor>) -> Result<ReturnPage, Error> {
        unsupported("returns")
    }

    async fn read_return(&self, _id: ReturnId) -> Result<Vec<MarketplaceReturn>, Error> {
        unsupported("read_return")
    }

    async fn decide_return(&self, _request: DecideReturn) -> Result<Outcome, Error> {
        unsupported("decide_return")
    }
}

#[async_trait]
impl Webshop for Platforms {
    fn capabilities(&self) -> WebshopCapabilities {
        WebshopCapabilities::none("bench webshop")
            .with_create(CreateSemantics::InertThenActivate, LAG)
            .with_feed(true, true)
            .with_max_ids_per_read(PAGE)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        Ok(AccountInfo::default())
    }

    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        self.ledger.call("products").await;
        let found = |query: ProductQuery| {
            ProductMatch::Found(ProductRef {
                id: query.sku.unwrap_or_default(),
                matched_by: "sku".to_owned(),
            })
        };
        Ok(queries.into_iter().map(found).collect())
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        let order = key.to_string().replacen("bench:", "", 1);
        let names = vec![format!("create {order}"), format!("activate {order}")];
        let told = self.ledger.counts("find in webshop", names).await;
        let [created, activated] = told.as_slice() else {
            return Ok(Vec::new());
        };
        let id = format!("w-{order}");
        Ok((0..*created)
            .map(|_| FoundOrder {
                order: self.shop_order(
                    &id,
                    if *activated > 0 {
                        ShopState::Open
                    } else {
                        ShopState::Draft
                    },
                ),
                resume: (*activated == 0).then(|| Checkpoint(id.as_str().into())),
            })
            .collect())
    }

    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        let order = request.order.key.to_string().replacen("bench:", "", 1);
        let id = format!("w-{order}");
        if request.resume.is_some() {
            self.ledger
                .add("activate", format!("activate {order}"))
                .await;
            let order = self.shop_order(&id, ShopState::Open);
            return Ok(CreateProgress::Created(Box::new(order)));
        }
        self.ledger.add("create", format!("create {order}")).await;
        Ok(CreateProgress::Continue {
            checkpoint: Checkpoint(id.as_str().into()),
            draft: Some(ShopOrderId::from(id)),
        })
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        self.ledger.call("webshop feed").await;
        let until = if self.is_completed.load(Ordering::SeqCst) {
            self.count.load(Ordering::SeqCst)
        } else {
            0
        };
        let (range, next, more) = self.page(cursor, until);
        let ids = range
            .map(|number| ShopOrderId::from(format!("w-{}", self.id(number))))
            .collect();
        Ok(ShopChanges { ids, next, more })
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        self.ledger.call("webshop read").await;
        let state = if self.is_completed.load(Ordering::SeqCst) {
            ShopState::Completed
        } else {
            ShopState::Open
        };
        Ok(ids
            .iter()
            .map(|id| ShopRead::Found(Box::new(self.shop_order(id.as_str(), state))))
            .collect())
    }

    async fn cancel_order(&self, _request: CancelShopOrder) -> Result<ShopCancel, Error> {
        unsupported("cancel_order")
    }

    async fn note_return(&self, _request: NoteReturn) -> Result<ShopNote, Error> {
        unsupported("note_return")
    }
}
