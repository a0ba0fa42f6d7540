//! What the engine needs from outside: traits, their requests and their answers.
//!
//! Traits have no default bodies, so that a wrapper can never bypass what it wraps. Requests are
//! structs that can grow. A refusal by the platform is an answer, not an error.

mod budget;
mod capability;
mod carrier;
mod clock;
mod marketplace;
mod store;
mod webshop;

pub use budget::*;
pub use capability::*;
pub use carrier::*;
pub use clock::*;
pub use marketplace::*;
pub use store::*;
pub use webshop::*;
