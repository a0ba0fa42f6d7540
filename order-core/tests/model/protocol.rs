//! The effects protocol of one create, small enough to try every order of events.
//!
//! Two workers share a store and a webshop. Any of them may stand still or crash between any two
//! steps; requests land when they like within the declared time, answers get lost, and the
//! webshop's search lags. Time is counted in ticks.

use stateright::{Model, Property};

/// A request may leave so long after its intent was stored.
const WINDOW: u8 = 1;
/// An answer is waited for so long.
const REQUEST: u8 = 1;
/// A request may land so long after it was sent.
const IN_FLIGHT: u8 = 1;
/// An order is found so long after it was made.
const INDEX: u8 = 1;
/// A lease lasts so long.
const LEASE: u8 = 3;
/// Nothing happens after this.
const END: u8 = 8;
/// The lease is taken at most so often.
const CLAIMS: u8 = 3;
/// Requests that leave at most.
const SENDS: u8 = 3;

/// What the webshop offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shop {
    /// It refuses a second order under a key.
    UniqueKey,
    /// Drafts that are activated by their id.
    Inert,
    /// A search alone.
    Lookup,
}

/// What is left out of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    /// It looks an effect up at once.
    NoSettling,
    /// The store takes writes under any lease.
    NoFence,
    /// It sends without having stored that it will.
    NoIntent,
    /// It takes an order that a list does not show for one that is not there.
    TrustsList,
    /// It sends however long ago the intent was stored and whoever holds the lease.
    NoDeadline,
    /// A process may stand still between its last check and the network. No flaw of the protocol:
    /// it is what remains where the webshop offers nothing but a search.
    StandsStill,
}

/// The protocol over a webshop, with a flaw.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    pub(crate) shop: Shop,
    pub(crate) flaw: Flaw,
    pub(crate) crashes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Ready,
    Intended { at: u8 },
    Unknown { until: u8 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Effect {
    phase: Phase,
    draft: Option<u8>,
}

/// What the store has of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Row {
    version: u8,
    effect: Option<Effect>,
    linked: Option<u8>,
}

/// What a worker has learned and is about to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Event {
    Intend,
    Orphaned,
    NotSent,
    Lost,
    Drafted(u8),
    Made(u8),
    Resolved(Option<Found>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Found {
    id: u8,
    is_live: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Idle,
    Holding,
    Storing {
        row: Row,
        event: Event,
    },
    Sending {
        at: u8,
        row: Row,
    },
    /// Past its last check; only where processes stand still.
    Leaving {
        row: Row,
    },
    Waiting {
        since: u8,
        row: Row,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Worker {
    token: u8,
    until: u8,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Request {
    by: u8,
    sent: u8,
    activates: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ShopOrder {
    made: u8,
    is_live: bool,
}

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    now: u8,
    row: Row,
    token: u8,
    held_until: u8,
    workers: [Worker; 2],
    flying: Vec<Request>,
    orders: Vec<ShopOrder>,
    crashes: u8,
    sends: u8,
    has_lost: bool,
}

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Tick,
    Claim(usize),
    Decide(usize),
    /// As `Decide`, but the list shows nothing.
    DecideBlind(usize),
    Store(usize),
    Send(usize),
    Leave(usize),
    Land {
        request: usize,
        is_answered: bool,
    },
    Vanish(usize),
    GiveUp(usize),
    Crash(usize),
}

impl Model for Protocol {
    type State = World;
    type Action = Move;

    fn init_states(&self) -> Vec<World> {
        let worker = Worker {
            token: 0,
            until: 0,
            step: Step::Idle,
        };
        vec![World {
            now: 0,
            row: Row {
                version: 0,
                effect: None,
                linked: None,
            },
            token: 0,
            held_until: 0,
            workers: [worker; 2],
            flying: Vec::new(),
            orders: Vec::new(),
            crashes: 0,
            sends: 0,
            has_lost: false,
        }]
    }

    fn actions(&self, world: &World, moves: &mut Vec<Move>) {
        let is_due = |request: &Request| request.sent + IN_FLIGHT <= world.now;
        let is_waiting = |worker: &Worker| match worker.step {
            Step::Waiting { since, .. } => since + REQUEST <= world.now,
            _ => false,
        };
        // Two live orders are the end of the search; so is an order that is linked while nothing
        // is under way.
        let is_quiet =
            world.flying.is_empty() && world.workers.iter().all(|w| w.step == Step::Idle);
        if world.row.linked.is_some() && is_quiet {
            return;
        }
        // What has an end has come to it before time goes on.
        let is_over = world.flying.iter().any(is_due) || world.workers.iter().any(is_waiting);
        if world.now < END && !is_over {
            moves.push(Move::Tick);
        }
        for request in 0..world.flying.len() {
            if is_due(&world.flying[request]) {
                moves.push(Move::Vanish(request));
            }
            for is_answered in [true, false] {
                moves.push(Move::Land {
                    request,
                    is_answered,
                });
            }
        }
        for (index, worker) in world.workers.iter().enumerate() {
            match worker.step {
                Step::Idle
                    if world.held_until <= world.now
                        && world.token < CLAIMS
                        && world.row.linked.is_none() =>
                {
                    moves.push(Move::Claim(index));
                }
                Step::Idle => {}
                Step::Holding => {
                    moves.push(Move::Decide(index));
                    if self.flaw == Flaw::TrustsList {
                        moves.push(Move::DecideBlind(index));
                    }
                }
                Step::Storing { .. } => moves.push(Move::Store(index)),
                Step::Sending { .. } if world.sends < SENDS => moves.push(Move::Send(index)),
                Step::Sending { .. } => {}
                Step::Leaving { .. } if world.sends < SENDS => moves.push(Move::Leave(index)),
                Step::Leaving { .. } => {}
                Step::Waiting { .. } if is_waiting(worker) => moves.push(Move::GiveUp(index)),
                Step::Waiting { .. } => {}
            }
            if worker.step != Step::Idle && world.crashes < self.crashes {
                moves.push(Move::Crash(index));
            }
        }
    }

    fn next_state(&self, before: &World, next: Move) -> Option<World> {
        let mut world = before.clone();
        match next {
            Move::Tick => world.now += 1,
            Move::Claim(index) => {
                world.token += 1;
                world.held_until = world.now + LEASE;
                world.workers[index] = Worker {
                    token: world.token,
                    until: world.held_until,
                    step: Step::Holding,
                };
            }
            Move::Decide(index) => self.decide(&mut world, index, true)?,
            Move::DecideBlind(index) => self.decide(&mut world, index, false)?,
            Move::Store(index) => self.store(&mut world, index),
            Move::Send(index) => self.send(&mut world, index),
            Move::Leave(index) => leave(&mut world, index),
            Move::Land {
                request,
                is_answered,
            } => self.land(&mut world, request, is_answered),
            Move::Vanish(request) => {
                world.flying.remove(request);
                world.has_lost = true;
            }
            Move::GiveUp(index) => {
                if let Step::Waiting { row, .. } = world.workers[index].step {
                    let event = Event::Lost;
                    world.workers[index].step = Step::Storing { row, event };
                    world.has_lost = true;
                }
            }
            Move::Crash(index) => {
                world.workers[index].step = Step::Idle;
                world.crashes += 1;
            }
        }
        world.flying.sort();
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("at most one live webshop order", |_, world: &World| {
                world.orders.iter().filter(|order| order.is_live).count() <= 1
            }),
            Property::always("what is linked is alive", |_, world: &World| {
                let order = world.row.linked.map(|id| world.orders[usize::from(id)]);
                order.is_none_or(|order| order.is_live)
            }),
            Property::sometimes("it is done after a loss", |_, world: &World| {
                world.has_lost && world.row.linked.is_some()
            }),
            Property::sometimes("it is done after a crash", |_, world: &World| {
                world.crashes > 0 && world.row.linked.is_some()
            }),
        ]
    }
}

impl Protocol {
    /// What the holder of the lease does next. `None` when there is nothing to do now.
    fn decide(&self, world: &mut World, index: usize, sees: bool) -> Option<()> {
        let row = world.row;
        let event = match row.effect {
            _ if row.linked.is_some() => return None,
            None => Event::Intend,
            Some(effect) => match effect.phase {
                Phase::Ready => Event::Intend,
                Phase::Intended { .. } => Event::Orphaned,
                Phase::Unknown { until } if until <= world.now => {
                    Event::Resolved(self.look(world, effect.draft, sees))
                }
                Phase::Unknown { .. } => return None,
            },
        };
        let is_unannounced = self.flaw == Flaw::NoIntent && event == Event::Intend;
        world.workers[index].step = if is_unannounced {
            Step::Sending { at: world.now, row }
        } else {
            Step::Storing { row, event }
        };
        Some(())
    }

    /// The order whose id was recorded, else a live one, else a draft.
    fn look(&self, world: &World, recorded: Option<u8>, sees: bool) -> Option<Found> {
        let found = (0_u8..).zip(&world.orders).filter(|(id, order)| {
            let is_direct = self.shop == Shop::UniqueKey || recorded == Some(*id);
            is_direct || (sees && order.made + INDEX <= world.now)
        });
        let found: Vec<Found> = found
            .map(|(id, order)| Found {
                id,
                is_live: order.is_live,
            })
            .collect();
        let known = found.iter().find(|hit| Some(hit.id) == recorded);
        let best = known.or_else(|| found.iter().min_by_key(|hit| (!hit.is_live, hit.id)));
        best.copied()
    }

    fn settle(&self, from: u8, now: u8) -> u8 {
        let lag = match self.shop {
            Shop::UniqueKey => 0,
            Shop::Inert => INDEX,
            Shop::Lookup => IN_FLIGHT + INDEX,
        };
        if self.flaw == Flaw::NoSettling {
            now
        } else {
            from + lag
        }
    }

    /// A commit: refused under an old lease; an outcome that meets a newer version is folded into
    /// it, an intent is not.
    fn store(&self, world: &mut World, index: usize) {
        let worker = world.workers[index];
        let Step::Storing { row, event } = worker.step else {
            return;
        };
        // Who may not send any more gives the connection up.
        world.workers[index].step = if event == Event::NotSent {
            Step::Idle
        } else {
            Step::Holding
        };
        if worker.token != world.token && self.flaw != Flaw::NoFence {
            world.workers[index].step = Step::Idle;
            return;
        }
        let is_stale = row.version != world.row.version;
        if event == Event::Intend && is_stale && self.flaw != Flaw::NoFence {
            return;
        }
        let Some(after) = self.fold(world.row, event, world.now) else {
            return;
        };
        let version = world.row.version + 1;
        world.row = Row { version, ..after };
        if event == Event::Intend {
            let row = world.row;
            world.workers[index].step = Step::Sending { at: world.now, row };
        }
    }

    /// What an event makes of the order; `None` where it does not fit.
    fn fold(&self, row: Row, event: Event, now: u8) -> Option<Row> {
        if row.linked.is_some() {
            return None;
        }
        let with = |phase, draft| {
            Some(Row {
                effect: Some(Effect { phase, draft }),
                ..row
            })
        };
        let draft = row.effect.and_then(|effect| effect.draft);
        let intended = match row.effect.map(|effect| effect.phase) {
            Some(Phase::Intended { at }) => Some(at),
            // Who announces nothing finds nothing announced.
            _ if self.flaw == Flaw::NoIntent => Some(now),
            _ => None,
        };
        match event {
            Event::Intend => with(Phase::Intended { at: now }, draft),
            Event::Orphaned => {
                let from = (intended? + WINDOW + REQUEST).max(now);
                let until = self.settle(from, now);
                with(Phase::Unknown { until }, draft)
            }
            Event::NotSent => {
                intended?;
                let effect = draft.map(|_| Effect {
                    phase: Phase::Ready,
                    draft,
                });
                Some(Row { effect, ..row })
            }
            Event::Lost => {
                intended?;
                let until = self.settle(now, now);
                with(Phase::Unknown { until }, draft)
            }
            Event::Drafted(id) => {
                intended?;
                with(Phase::Ready, Some(id))
            }
            Event::Made(id) => {
                intended?;
                Some(Row {
                    effect: None,
                    linked: Some(id),
                    ..row
                })
            }
            Event::Resolved(found) => {
                let effect = row.effect?;
                if !matches!(effect.phase, Phase::Unknown { .. }) {
                    return None;
                }
                match found {
                    None => Some(Row {
                        effect: None,
                        ..row
                    }),
                    Some(hit) if hit.is_live => Some(Row {
                        effect: None,
                        linked: Some(hit.id),
                        ..row
                    }),
                    Some(hit) => with(Phase::Ready, Some(hit.id)),
                }
            }
        }
    }

    /// The last check, and off it goes.
    fn send(&self, world: &mut World, index: usize) {
        let worker = world.workers[index];
        let Step::Sending { at, row } = worker.step else {
            return;
        };
        let in_time = world.now <= at + WINDOW && world.now + REQUEST < worker.until;
        if !in_time && self.flaw != Flaw::NoDeadline {
            let event = Event::NotSent;
            world.workers[index].step = Step::Storing { row, event };
            return;
        }
        world.workers[index].step = Step::Leaving { row };
        if self.flaw != Flaw::StandsStill {
            leave(world, index);
        }
    }

    fn land(&self, world: &mut World, request: usize, is_answered: bool) {
        let request = world.flying.remove(request);
        let made = ShopOrder {
            made: world.now,
            is_live: self.shop != Shop::Inert,
        };
        let next = u8::try_from(world.orders.len()).unwrap();
        let mut answer = None;
        match request.activates {
            Some(draft) => {
                world.orders[usize::from(draft)].is_live = true;
                answer = Some(Event::Made(draft));
            }
            None if self.shop == Shop::UniqueKey && next > 0 => {
                // "The key is taken" is looked up, as if the answer were lost.
                answer = Some(Event::Lost);
            }
            None => {
                world.orders.push(made);
                answer = answer.or(Some(match self.shop {
                    Shop::Inert => Event::Drafted(next),
                    Shop::UniqueKey | Shop::Lookup => Event::Made(next),
                }));
            }
        }
        let worker = &mut world.workers[usize::from(request.by)];
        if let (Step::Waiting { row, since }, Some(event), true) =
            (worker.step, answer, is_answered)
            && since == request.sent
        {
            worker.step = Step::Storing { row, event };
        } else {
            world.has_lost = true;
        }
    }
}

fn leave(world: &mut World, index: usize) {
    let Step::Leaving { row } = world.workers[index].step else {
        return;
    };
    world.sends += 1;
    world.flying.push(Request {
        by: u8::try_from(index).unwrap(),
        sent: world.now,
        activates: row.effect.and_then(|effect| effect.draft),
    });
    let since = world.now;
    world.workers[index].step = Step::Waiting { since, row };
}
