//! Made-up codes: what a pattern allows, digits that mean nothing.

use crate::generator::Form;

/// A small generator of repeatable numbers.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % limit
    }

    /// A code that the form allows.
    pub(crate) fn code(&mut self, form: &Form) -> String {
        form.iter()
            .map(|set| {
                let digits = set & 0x3ff;
                // As the scoring assumes: four digits for every letter where both may stand.
                let set = if digits != 0 && self.below(5) > 0 {
                    digits
                } else {
                    *set
                };
                let nth = self.below(usize::try_from(set.count_ones()).unwrap_or(1));
                let value = (0..36_u8)
                    .filter(|value| set >> value & 1 == 1)
                    .nth(nth)
                    .unwrap_or(0);
                char::from(if value < 10 {
                    b'0' + value
                } else {
                    b'A' + value - 10
                })
            })
            .collect()
    }
}
