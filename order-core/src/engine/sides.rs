//! Which platform is left alone, for how long, and what then.
//!
//! A platform that throttles is left alone with the work on orders, longer each time, so that what
//! it grants can gather; its feeds go on, which may have a limit of their own. After the rest it is
//! asked for one order after another: many at once would spend what it grants on beginnings, and
//! no order would ever come to its end.

use std::time::Duration;

use super::{Cycle, chrono_duration};
use crate::error::{Error, Kind};
use crate::ports::Throttled;

/// One of the two platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Marketplace,
    Webshop,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::Marketplace, Self::Webshop];

    fn as_str(self) -> &'static str {
        match self {
            Self::Marketplace => "marketplace",
            Self::Webshop => "webshop",
        }
    }
}

/// What a call was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// A feed.
    Feed,
    /// An order.
    Work,
}

/// What a cycle learned of the two platforms.
#[derive(Debug, Default)]
pub(super) struct Sides {
    marketplace: State,
    webshop: State,
}

#[derive(Debug, Default)]
struct State {
    /// Left alone for the rest of the cycle, whatever for.
    down: bool,
    /// Its feeds are left alone for the rest of the cycle.
    feeds_throttled: bool,
    /// It throttled work on orders in this cycle.
    throttled: bool,
    /// It throttled earlier and has its rest.
    resting: bool,
    failures: u32,
}

/// Failures in a row after which a side is left alone until the next cycle.
const PATIENCE: u32 = 3;
/// A platform that throttles is left alone this long at most, unless it asks for more.
const LONGEST_REST: Duration = Duration::from_secs(15 * 60);
/// A rest that is longer than any was written under a clock that has been set back since.
const NO_REST: Duration = Duration::from_secs(2 * 3600);

impl Sides {
    fn of(&self, side: Side) -> &State {
        match side {
            Side::Marketplace => &self.marketplace,
            Side::Webshop => &self.webshop,
        }
    }

    fn of_mut(&mut self, side: Side) -> &mut State {
        match side {
            Side::Marketplace => &mut self.marketplace,
            Side::Webshop => &mut self.webshop,
        }
    }
}

impl Cycle<'_> {
    /// Whether no work on orders goes to the side now.
    pub(super) fn is_halted(&self, side: Side) -> bool {
        let state = self.sides.of(side);
        state.down || state.throttled || state.resting
    }

    /// Whether the side's feeds are not asked any more in this cycle.
    pub(super) fn feeds_halted(&self, side: Side) -> bool {
        let state = self.sides.of(side);
        state.down || state.feeds_throttled
    }

    /// Leaves those alone that throttled the last time; tells which of them had their rest.
    pub(super) fn begin_rests(&mut self) -> Vec<Side> {
        let now = self.engine.clock.now();
        let mut rested = Vec::new();
        for side in Side::BOTH {
            if let Some(throttled) = self.held.memo.throttled.get(side.as_str()) {
                self.sides.of_mut(side).resting = true;
                let left = throttled.until - now;
                if left <= chrono::Duration::zero() || left > chrono_duration(NO_REST) {
                    rested.push(side);
                }
            }
        }
        rested
    }

    /// From here on the side is asked again.
    pub(super) fn end_rest(&mut self, side: Side) {
        self.sides.of_mut(side).resting = false;
    }

    /// Forgets that the side throttled, unless it did again.
    pub(super) fn forgive(&mut self, side: Side) {
        if !self.sides.of(side).throttled && !self.sides.of(side).down {
            self.held.memo.throttled.remove(side.as_str());
        }
    }

    /// Learns from the outcome of a call: refused credentials stop the connection, throttling
    /// and repeated failures leave the side alone.
    pub(super) fn learn(&mut self, side: Side, purpose: For, error: Option<&Error>) {
        self.report.calls += 1;
        let now = self.engine.clock.now();
        let Some(error) = error else {
            self.sides.of_mut(side).failures = 0;
            match side {
                Side::Marketplace => self.held.memo.marketplace_ok_at = Some(now),
                Side::Webshop => self.held.memo.shop_ok_at = Some(now),
            }
            return;
        };
        let state = self.sides.of_mut(side);
        if error.stops_connection() {
            state.down = true;
            self.held.memo.paused = Some(format!("{}: {}", side.as_str(), error.report()));
        } else if error.kind() == Kind::RateLimited && purpose == For::Feed {
            state.feeds_throttled = true;
        } else if error.kind() == Kind::RateLimited {
            if !std::mem::replace(&mut state.throttled, true) {
                self.rest(side, error.retry_after());
            }
        } else if error.is_retryable() {
            state.failures += 1;
            state.down |= state.failures >= PATIENCE;
        } else {
            return;
        }
        tracing::warn!(
            connection = %self.connection.id, side = side.as_str(), error = %error.report(),
            "call failed"
        );
        self.trouble(side, error);
    }

    /// Shows what went wrong, in the connection's memo and in the report.
    pub(super) fn trouble(&mut self, side: Side, error: &Error) {
        let (side, text) = (side.as_str().to_owned(), error.report());
        self.held.memo.troubles.insert(side.clone(), text.clone());
        let trouble = (side, text);
        if !self.report.troubles.contains(&trouble) {
            self.report.troubles.push(trouble);
        }
    }

    fn rest(&mut self, side: Side, asked: Option<Duration>) {
        let now = self.engine.clock.now();
        let earlier = self.held.memo.throttled.get(side.as_str());
        let times = earlier.map_or(0, |earlier| earlier.times).saturating_add(1);
        let own = self.rules.policy.pause_after(times).min(LONGEST_REST);
        // The first time the platform's word is good enough.
        let wait = match asked {
            Some(asked) if times == 1 => asked,
            Some(asked) => asked.max(own),
            None => own,
        };
        let until = now + wait.min(NO_REST);
        let throttled = Throttled { times, until };
        self.held
            .memo
            .throttled
            .insert(side.as_str().to_owned(), throttled);
    }
}
