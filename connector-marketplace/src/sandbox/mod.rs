//! What the sandboxes of the platforms share: a server on this machine, faults, a record.
//!
//! A platform brings its world (`Platform`): what it knows, what a request answers. This module
//! brings HTTP, the faults that a test asks for, requests that arrive late, and the record of
//! everything that was said.

mod faults;
mod server;

pub use faults::{Failure, Fault, Seen};
pub use server::Exchange;
pub(crate) use server::{Call, Platform, Reply, Server};

/// A small repeatable source of numbers (splitmix64).
pub(crate) struct Roll(pub(crate) u64);

impl Roll {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        usize::try_from(mixed % bound).unwrap_or(0)
    }

    /// One of several.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// An article number, what the buyer sees, a price in cents.
pub(crate) const ARTICLES: &[(&str, &str, &str, i64)] = &[
    ("MUG-01", "8712345678906", "Mug, 300 ml", 1299),
    ("LAMP-02", "8712345678913", "Desk lamp", 3495),
    ("BOOK-03", "8712345678920", "Notebook, dotted", 895),
    ("BAG-04", "8712345678937", "Canvas bag", 1950),
];
