//! The client against real sockets on this machine.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail the test")]

mod credentials;
mod faults;
mod limits;
mod support;
mod tape;
