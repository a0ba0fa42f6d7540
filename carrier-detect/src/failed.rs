//! What a failed check digit does; the generator of the tables reads it too.

/// A code whose format has a check digit that fails is this much less likely.
pub(crate) const WEIGHT: f32 = 0.03;
/// What it may reach at most.
pub(crate) const CEILING: f32 = 0.45;
