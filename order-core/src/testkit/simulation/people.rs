//! Buyers, warehouse, operators, cancellations and returns of a simulated world.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{CONNECTION, Settings, World, connection_id};
use crate::ids::{ExternalKey, MarketplaceOrderId, OrderKey, ReturnId, ShopOrderId};
use crate::lifecycle::OperatorAction;
use crate::order::Readiness;
use crate::ports::{CancelReason, Clock as _};
use crate::returns::{MarketplaceReturn, ReturnDecision, ReturnLine, ReturnState};
use crate::shipment::{LineQuantity, Tracking};
use crate::shop::ShopState;
use crate::testkit::samples;

/// What happens to an order in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Completed with a code.
    Coded,
    /// Completed without one.
    Bare,
    /// Completed without one; the code is added later.
    LateCode,
    /// One piece is shipped first, the rest later.
    Partial,
    /// Cancelled at the marketplace.
    CancelledThere,
    /// Cancelled in the webshop.
    CancelledHere,
    /// Cancelled by the operator, on both sides.
    OperatorCancels,
    /// One piece is cancelled at the marketplace; the rest is shipped.
    PieceOffThere,
    /// One piece is taken off in the webshop; the rest is shipped.
    PieceOffHere,
    /// Deleted in the webshop.
    Deleted,
    /// The buyer changes the address before it is shipped.
    Edited,
    /// Shipped, sent back, and the operator accepts the return.
    Returned,
}

impl Fate {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        match rng.random_range(0..30) {
            0..=8 => Self::Coded,
            9..=11 => Self::Bare,
            12..=14 => Self::LateCode,
            15 | 16 => Self::Partial,
            17 | 18 => Self::CancelledThere,
            19 => Self::CancelledHere,
            20 => Self::OperatorCancels,
            21 | 22 => Self::PieceOffThere,
            23 | 24 => Self::PieceOffHere,
            25 => Self::Deleted,
            26 => Self::Edited,
            _ => Self::Returned,
        }
    }
}

#[derive(Debug)]
pub(super) struct Story {
    pub(super) id: MarketplaceOrderId,
    pub(super) key: ExternalKey,
    pub(super) fate: Fate,
    pub(super) code: String,
    placed_at: DateTime<Utc>,
    pieces: Vec<u32>,
    accept: bool,
    /// Handling takes this long after the order is in the shop.
    handling: Duration,
    /// The late code or the rest takes this much longer.
    later: Duration,
    step: u8,
    acted_at: Option<DateTime<Utc>>,
    /// It was cancelled as a whole while something was open.
    pub(super) cancelled: bool,
}

#[derive(Debug)]
pub(super) struct People {
    pub(super) stories: Vec<Story>,
    webhooks: Option<Webhooks>,
}

impl People {
    pub(super) fn new(rng: &mut ChaCha8Rng, settings: &Settings, start: DateTime<Utc>) -> Self {
        let stories = (0..settings.orders)
            .map(|number| {
                let id = MarketplaceOrderId::new(format!("M{number:04}"));
                let fate = match Fate::draw(rng) {
                    // A platform refuses a second order or parcel, but no second cancelling of a
                    // piece: there a process that stands still past every limit does harm.
                    Fate::PieceOffThere | Fate::PieceOffHere if settings.has_zombies() => {
                        Fate::Coded
                    }
                    fate => fate,
                };
                let mut pieces: Vec<u32> = (0..rng.random_range(1..4))
                    .map(|_| rng.random_range(1..4))
                    .collect();
                if let (Fate::PieceOffThere | Fate::PieceOffHere, Some(first)) =
                    (fate, pieces.first_mut())
                {
                    *first += 1;
                }
                Story {
                    key: ExternalKey::new(CONNECTION, id.clone()),
                    code: format!("3SCODE{number:07}"),
                    id,
                    fate,
                    placed_at: start + Duration::seconds(rng.random_range(0..20 * 3600)),
                    pieces,
                    accept: settings.accept,
                    handling: Duration::minutes(rng.random_range(0..300)),
                    later: Duration::minutes(rng.random_range(5..400)),
                    step: 0,
                    acted_at: None,
                    cancelled: false,
                }
            })
            .collect();
        let webhooks = settings.webhooks.then(|| Webhooks {
            rng: ChaCha8Rng::seed_from_u64(rng.random()),
            seen: BTreeMap::new(),
            late: Vec::new(),
        });
        Self { stories, webhooks }
    }

    /// A minute of people's work.
    pub(super) async fn act(&mut self, world: &World) {
        let now = world.clock.now();
        for story in &mut self.stories {
            let before = story.step;
            story.act(world, now).await;
            if before == 0
                && story.step == 1
                && let Some(webhooks) = &mut self.webhooks
            {
                webhooks.placed(world, &story.id).await;
            }
        }
        if let Some(webhooks) = &mut self.webhooks {
            webhooks.send(world, now).await;
        }
    }
}

/// What platforms tell unasked: some of it never comes, some twice, some late.
#[derive(Debug)]
struct Webhooks {
    rng: ChaCha8Rng,
    seen: BTreeMap<ShopOrderId, DateTime<Utc>>,
    late: Vec<(DateTime<Utc>, ShopOrderId)>,
}

impl Webhooks {
    async fn placed(&mut self, world: &World, id: &MarketplaceOrderId) {
        let hints = self.rng.random_range(0..3);
        for _ in 0..hints {
            let connection = world.connection();
            // A webhook that cannot be stored is one that was lost.
            drop(
                world
                    .engine()
                    .hint_marketplace(&connection, vec![id.clone()])
                    .await,
            );
        }
    }

    async fn send(&mut self, world: &World, now: DateTime<Utc>) {
        let mut due: Vec<ShopOrderId> = Vec::new();
        for record in world.webshop.all() {
            let id = record.order.id;
            if self.seen.insert(id.clone(), record.changed_at) == Some(record.changed_at) {
                continue;
            }
            match self.rng.random_range(0..4) {
                0 => {}
                1 => due.push(id),
                2 => due.extend([id.clone(), id]),
                _ => {
                    let late = Duration::minutes(self.rng.random_range(1..600));
                    self.late.push((now + late, id));
                }
            }
        }
        let (ready, late) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.late = late;
        let ready: Vec<(DateTime<Utc>, ShopOrderId)> = ready;
        due.extend(ready.into_iter().map(|(_, id)| id));
        if !due.is_empty() {
            let connection = world.connection();
            drop(world.engine().hint_shop(&connection, due).await);
        }
    }
}

impl Story {
    async fn act(&mut self, world: &World, now: DateTime<Utc>) {
        match self.step {
            0 if now >= self.placed_at => {
                let lines = self
                    .pieces
                    .iter()
                    .zip(1..)
                    .map(|(quantity, number)| {
                        samples::line(
                            &format!("L{number}"),
                            &format!("SKU{number}"),
                            *quantity,
                            999,
                        )
                    })
                    .collect();
                let mut order = samples::order(self.id.as_str(), now, lines);
                if self.accept {
                    order.readiness = Readiness::NeedsAcceptance;
                }
                world.marketplace.place(order);
                self.next(now);
            }
            1 => self.handle(world, now).await,
            2 => self.handle_later(world, now),
            3 => self.decide_return(world, now).await,
            _ => {}
        }
    }

    fn next(&mut self, now: DateTime<Utc>) {
        self.step += 1;
        self.acted_at = Some(now);
    }

    fn waited(&self, now: DateTime<Utc>, time: Duration) -> bool {
        self.acted_at.is_some_and(|at| now - at >= time)
    }

    pub(super) fn order_key(&self) -> OrderKey {
        OrderKey::new(connection_id(), self.id.clone())
    }

    async fn operate(&self, world: &World, action: OperatorAction) -> bool {
        let connection = world.connection();
        world
            .engine()
            .operate(&connection, &self.order_key(), action)
            .await
            .is_ok()
    }

    async fn handle(&mut self, world: &World, now: DateTime<Utc>) {
        match self.fate {
            Fate::CancelledThere | Fate::PieceOffThere | Fate::OperatorCancels => {
                if self.waited(now, self.handling) && self.cancel_something(world).await {
                    self.next(now);
                }
                return;
            }
            Fate::Edited if self.waited(now, self.handling / 2) => {
                world.marketplace.change(&self.id, |order| {
                    if let Some(address) = &mut order.ship_to {
                        address.street = Some("Nieuwe Gracht".to_owned());
                    }
                });
                self.next(now);
                return;
            }
            _ => {}
        }
        let live = world.webshop.live(&self.key);
        // A warehouse that meets a double works on the one it sees first.
        let Some(record) = live.first() else { return };
        if now - record.created_at < self.handling {
            return;
        }
        self.handle_in_shop(world, &record.order.id);
        self.next(now);
    }

    /// Whether it could be done; else it is tried again in a minute.
    async fn cancel_something(&mut self, world: &World) -> bool {
        match self.fate {
            Fate::PieceOffThere => {
                world.marketplace.change(&self.id, |order| {
                    if let Some(line) = order.lines.first_mut() {
                        line.cancelled += 1;
                    }
                });
                true
            }
            Fate::OperatorCancels => {
                let action = OperatorAction::Cancel {
                    lines: Vec::new(),
                    reason: CancelReason::OutOfStock,
                };
                self.cancelled = self.operate(world, action).await;
                self.cancelled
            }
            _ => {
                self.cancelled = world.marketplace.cancel_open(&self.id);
                true
            }
        }
    }

    fn handle_in_shop(&mut self, world: &World, id: &ShopOrderId) {
        let shop = &world.webshop;
        let part = LineQuantity {
            line: "L1".into(),
            quantity: 1,
        };
        match self.fate {
            Fate::Coded | Fate::Returned => {
                shop.complete(id, Some(Tracking::new(self.code.clone())));
            }
            Fate::Bare | Fate::LateCode => shop.complete(id, None),
            Fate::Partial => {
                let code = Tracking::new(format!("{}-A", self.code));
                shop.ship(id, "a", vec![part], code);
            }
            Fate::CancelledHere => {
                shop.set_state(id, ShopState::Cancelled, "cancelled");
                self.cancelled = true;
            }
            Fate::PieceOffHere => shop.take_off(id, part),
            Fate::Deleted => shop.delete(id),
            Fate::CancelledThere | Fate::OperatorCancels | Fate::PieceOffThere | Fate::Edited => {}
        }
    }

    fn handle_later(&mut self, world: &World, now: DateTime<Utc>) {
        if !self.waited(now, self.later) {
            return;
        }
        if self.fate == Fate::Returned {
            self.send_back(world, now);
            return;
        }
        let live = world.webshop.live(&self.key);
        let Some(record) = live.first() else { return };
        let id = &record.order.id;
        let shop = &world.webshop;
        match self.fate {
            Fate::LateCode => shop.add_code(id, Tracking::new(self.code.clone())),
            Fate::PieceOffThere | Fate::PieceOffHere | Fate::Edited => {
                shop.complete(id, Some(Tracking::new(self.code.clone())));
            }
            Fate::Partial => {
                let rest = self.rest();
                if !rest.is_empty() {
                    shop.ship(id, "b", rest, Tracking::new(format!("{}-B", self.code)));
                }
                shop.complete(id, None);
            }
            Fate::Coded
            | Fate::Bare
            | Fate::CancelledThere
            | Fate::CancelledHere
            | Fate::OperatorCancels
            | Fate::Deleted
            | Fate::Returned => {}
        }
        self.step = 4;
    }

    fn rest(&self) -> Vec<LineQuantity> {
        self.pieces
            .iter()
            .zip(1..)
            .map(|(quantity, number)| LineQuantity {
                line: format!("L{number}").into(),
                quantity: if number == 1 { quantity - 1 } else { *quantity },
            })
            .filter(|part| part.quantity > 0)
            .collect()
    }

    pub(super) fn return_id(&self) -> ReturnId {
        ReturnId::new(format!("R-{}", self.id))
    }

    fn send_back(&mut self, world: &World, now: DateTime<Utc>) {
        let arrived = world
            .marketplace
            .all()
            .iter()
            .any(|order| order.id == self.id && order.is_closed());
        if !arrived {
            return;
        }
        world.marketplace.put_return(MarketplaceReturn {
            id: self.return_id(),
            order: self.id.clone(),
            registered_at: now,
            lines: vec![ReturnLine {
                id: "row".to_owned(),
                line: Some("L1".into()),
                what: None,
                quantity: 1,
                reason: None,
                comment: None,
                state: ReturnState::ToDecide,
                raw_state: String::new(),
            }],
            tracking: None,
            unknown: Vec::new(),
        });
        self.next(now);
    }

    async fn decide_return(&mut self, world: &World, now: DateTime<Utc>) {
        let action = OperatorAction::DecideReturn {
            id: self.return_id(),
            rows: Vec::new(),
            decision: ReturnDecision::Accept,
            note: None,
        };
        if self.operate(world, action).await {
            self.next(now);
        }
    }
}
