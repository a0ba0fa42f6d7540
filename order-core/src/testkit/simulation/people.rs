//! Buyers, warehouse and cancellations of a simulated world.

use chrono::{DateTime, Duration, Utc};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::{CONNECTION, World};
use crate::ids::{ExternalKey, MarketplaceOrderId};
use crate::ports::Clock as _;
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
}

#[derive(Debug)]
pub(super) struct Story {
    pub(super) id: MarketplaceOrderId,
    pub(super) key: ExternalKey,
    pub(super) fate: Fate,
    pub(super) code: String,
    placed_at: DateTime<Utc>,
    pieces: Vec<u32>,
    /// Handling takes this long after the order is in the shop.
    handling: Duration,
    /// The late code or the rest takes this much longer.
    later: Duration,
    step: u8,
    acted_at: Option<DateTime<Utc>>,
    /// The buyer cancelled while something was open.
    pub(super) cancelled: bool,
}

#[derive(Debug)]
pub(super) struct People {
    pub(super) stories: Vec<Story>,
}

impl People {
    pub(super) fn new(rng: &mut ChaCha8Rng, orders: u32, start: DateTime<Utc>) -> Self {
        let stories = (0..orders)
            .map(|number| {
                let id = MarketplaceOrderId::new(format!("M{number:04}"));
                let fate = match rng.random_range(0..20) {
                    0..=8 => Fate::Coded,
                    9..=11 => Fate::Bare,
                    12..=14 => Fate::LateCode,
                    15 | 16 => Fate::Partial,
                    17 | 18 => Fate::CancelledThere,
                    _ => Fate::CancelledHere,
                };
                Story {
                    key: ExternalKey::new(CONNECTION, id.clone()),
                    code: format!("3SCODE{number:07}"),
                    id,
                    fate,
                    placed_at: start + Duration::seconds(rng.random_range(0..20 * 3600)),
                    pieces: (0..rng.random_range(1..4))
                        .map(|_| rng.random_range(1..4))
                        .collect(),
                    handling: Duration::minutes(rng.random_range(0..300)),
                    later: Duration::minutes(rng.random_range(5..400)),
                    step: 0,
                    acted_at: None,
                    cancelled: false,
                }
            })
            .collect();
        Self { stories }
    }

    /// A minute of people's work.
    pub(super) fn act(&mut self, world: &World) {
        let now = world.clock.now();
        for story in &mut self.stories {
            story.act(world, now);
        }
    }
}

impl Story {
    fn act(&mut self, world: &World, now: DateTime<Utc>) {
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
                world
                    .marketplace
                    .place(samples::order(self.id.as_str(), now, lines));
                self.next(now);
            }
            1 => self.handle(world, now),
            2 => self.handle_later(world, now),
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

    fn handle(&mut self, world: &World, now: DateTime<Utc>) {
        if self.fate == Fate::CancelledThere {
            if self.waited(now, self.handling) {
                self.cancelled = world.marketplace.cancel_open(&self.id);
                self.next(now);
            }
            return;
        }
        let live = world.webshop.live(&self.key);
        // A warehouse that meets a double works on the one it sees first.
        let Some(record) = live.first() else { return };
        if now - record.created_at < self.handling {
            return;
        }
        let id = &record.order.id;
        match self.fate {
            Fate::Coded => world
                .webshop
                .complete(id, Some(Tracking::new(self.code.clone()))),
            Fate::Bare | Fate::LateCode => world.webshop.complete(id, None),
            Fate::Partial => {
                let part = LineQuantity {
                    line: "L1".into(),
                    quantity: 1,
                };
                let code = Tracking::new(format!("{}-A", self.code));
                world.webshop.ship(id, "a", vec![part], code);
            }
            Fate::CancelledHere => {
                world
                    .webshop
                    .set_state(id, ShopState::Cancelled, "cancelled");
                self.cancelled = true;
            }
            Fate::CancelledThere => {}
        }
        self.next(now);
    }

    fn handle_later(&mut self, world: &World, now: DateTime<Utc>) {
        if !self.waited(now, self.later) {
            return;
        }
        let live = world.webshop.live(&self.key);
        let Some(record) = live.first() else { return };
        let id = &record.order.id;
        match self.fate {
            Fate::LateCode => world.webshop.add_code(id, Tracking::new(self.code.clone())),
            Fate::Partial => {
                let rest = self
                    .pieces
                    .iter()
                    .zip(1..)
                    .map(|(quantity, number)| LineQuantity {
                        line: format!("L{number}").into(),
                        quantity: if number == 1 { quantity - 1 } else { *quantity },
                    })
                    .filter(|part| part.quantity > 0)
                    .collect::<Vec<_>>();
                if !rest.is_empty() {
                    world
                        .webshop
                        .ship(id, "b", rest, Tracking::new(format!("{}-B", self.code)));
                }
                world.webshop.complete(id, None);
            }
            Fate::Coded | Fate::Bare | Fate::CancelledThere | Fate::CancelledHere => {}
        }
        self.next(now);
    }
}
