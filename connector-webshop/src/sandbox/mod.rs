//! What the sandbox shops share: faults from outside, and serving on loopback.

pub(crate) mod hook;
pub(crate) mod server;
