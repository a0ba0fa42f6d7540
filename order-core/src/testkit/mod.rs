//! Fakes that fail in every way, contract suites, and a simulator. For tests.
//!
//! - [`ManualClock`]: time that only tests move (tokio's paused clock, plus jumps).
//! - [`MemoryMarketplace`], [`MemoryWebshop`]: platforms in memory, with the semantics a
//!   connector can declare. They are the ground truth an oracle looks at.
//! - [`Gate`] and its wrappers: crashes, throttling, errors before and after execution, lost
//!   replies, late landings, pauses, doubled and reordered pages, at every call.
//! - [`contract`]: suites that every connector, store and detector must pass.
//! - [`simulation`]: a whole connection under faults, replayable from a seed.

#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "suites and fakes run in tests only, where a failed expectation is the outcome"
)]

mod clock;
mod gate;
mod gated;
mod marketplace;
mod quota;
mod webshop;

pub mod contract;
pub mod samples;
pub mod simulation;

pub use clock::ManualClock;
pub use gate::{Call, Fault, Gate, IoPoint, Late, Plan, Stop};
pub use gated::{GatedMarketplace, GatedStore, GatedWebshop};
pub use marketplace::{MarketShipment, MemoryMarketplace};
pub use quota::Quota;
pub use webshop::{MemoryWebshop, ShopRecord};
