//! Check digits that are a weighted sum, for codes of one length: all positions at once, and the
//! same steps whichever the rule.

use crate::checksum::Rule;
use crate::input::{Code, LONGEST};

/// A rule for codes of one length.
pub(crate) struct Check {
    rule: Rule,
    /// Each position's weight, nought where it does not count; by eights, those of the even and of
    /// the odd positions, the last in the lowest sixteen bits.
    weights: [[u64; 2]; LONGEST / 8],
    /// What the sum is divided by; nought if the rule is no weighted sum.
    modulus: u8,
    /// The modulus' share of two to the power of [`SHIFT`], rounded up.
    share: u32,
    /// The check digits by what is left of the sum, and others that are as right.
    expected: [[u8; 11]; 2],
    /// Where the check digit stands.
    place: u8,
}

const SHIFT: u32 = 20;

/// Every second byte.
const EVEN: u64 = 0x00ff_00ff_00ff_00ff;

/// What is left stands for no check digit.
const NEVER: u8 = u8::MAX;

impl Check {
    /// A rule for codes of this length.
    pub(crate) const fn new(rule: Rule, length: usize) -> Self {
        let last = length - 1;
        let whole = Self {
            rule,
            weights: [[0; 2]; LONGEST / 8],
            modulus: 0,
            share: 0,
            expected: [[NEVER; 11]; 2],
            place: last as u8,
        };
        match rule {
            Rule::Gs1(tail) => whole
                .weighing_from_right(from_end(length, tail), &[3, 1])
                .up_to_ten(0),
            Rule::Usps20 => {
                // With the service prefix 91 put in front: its weights are 3 and 1 (or 1 and 3).
                let from = from_end(length, 20);
                let first = if (last - from) % 2 == 1 {
                    9 * 3 + 1
                } else {
                    9 + 3
                };
                let mut check = whole.weighing_from_right(from, &[3, 1]).up_to_ten(first);
                check.expected[1] = check.expected[0];
                check.up_to_ten(0)
            }
            Rule::SmartPost => {
                // Twenty digits with the service prefix 92 put in front.
                let first = if length == 20 { 9 * 3 + 2 } else { 0 };
                whole.weighing_from_right(0, &[3, 1]).up_to_ten(first)
            }
            Rule::Ident => whole.weighing_from_right(0, &[4, 9]).up_to_ten(0),
            Rule::Gls => whole.weighing_from_left(0, last, &[3, 1]).up_to_ten(1),
            Rule::UpsWaybill => whole.weighing_from_left(1, last, &[1, 2]).up_to_ten(0),
            Rule::Mod7(tail) => whole
                .weighing_from_right(from_end(length, tail), &[1, 3, 2, 6, 4, 5])
                .expecting([0, 1, 2, 3, 4, 5, 6, NEVER, NEVER, NEVER, NEVER], 7),
            Rule::Fedex12 => whole
                .weighing_from_left(0, last, &[3, 1, 7])
                .expecting(FEDEX, 11),
            Rule::Fedex34 => {
                let from = last.saturating_sub(13);
                whole
                    .weighing_from_left(from, last, &[1, 7, 3])
                    .expecting(FEDEX, 11)
            }
            Rule::Mod11 => whole
                .weighing_from_right(0, &[2, 3, 4, 5, 6, 7])
                .expecting([0, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1], 11),
            Rule::DhlPoland => {
                // Not the letters in front of what is longer.
                let from = if length > 20 { 3 } else { 0 };
                whole.weighing_from_right(from, &[9, 4]).up_to_ten(0)
            }
            Rule::FedexAstra if length > 27 => whole.up_to(27, 16, &[3, 1, 7]).expecting(FEDEX, 11),
            Rule::S10 if length > 10 => whole.postal(2, &[8, 6, 4, 2, 3, 5, 9, 7]),
            // The consignment; a parcel's number has PB in front and three digits behind.
            Rule::Parcelforce if length > 8 => {
                whole.postal(if length > 10 { 4 } else { 2 }, &[4, 2, 3, 5, 9, 7])
            }
            // Behind the parcel's number there may be its postcode and what is to be paid for it.
            Rule::MagyarPosta if length > 12 => whole
                .up_to(12, 5, &[3, 1])
                .expecting([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, NEVER], 10),
            // The station that it comes from and the counter; not where it goes.
            Rule::Seur if length == 14 => whole
                .weighing_from_left(0, 2, &[3, 1])
                .weighing_from_left(6, last, &[3, 1])
                .up_to_ten(1),
            Rule::None
            | Rule::Ups
            | Rule::Iso7064
            | Rule::Ontrac
            | Rule::Luhn
            | Rule::Evri
            | Rule::Correos
            | Rule::Tnt
            | Rule::SfExpress
            | Rule::FedexAstra
            | Rule::S10
            | Rule::Parcelforce
            | Rule::MagyarPosta
            | Rule::Seur => whole,
        }
    }

    /// A check digit at this place, over what is between another place and it.
    const fn up_to(mut self, place: usize, from: usize, weights: &[u8]) -> Self {
        self.place = place as u8;
        self.weighing_from_left(from, place, weights)
    }

    /// The postal union's rule, over the digits from here on and with the check digit behind them.
    const fn postal(self, from: usize, weights: &[u8]) -> Self {
        self.up_to(from + weights.len(), from, weights)
            .expecting([5, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1], 11)
    }

    /// Weights from the last position before the check digit to the left, over and over.
    const fn weighing_from_right(mut self, from: usize, weights: &[u8]) -> Self {
        let mut at = self.place as usize;
        let mut nth = 0;
        while at > from {
            at -= 1;
            self = self.weight(at, weights[nth % weights.len()]);
            nth += 1;
        }
        self
    }

    /// Weights from one position up to another, over and over.
    const fn weighing_from_left(mut self, from: usize, to: usize, weights: &[u8]) -> Self {
        let mut at = from;
        while at < to {
            self = self.weight(at, weights[(at - from) % weights.len()]);
            at += 1;
        }
        self
    }

    const fn weight(mut self, at: usize, weight: u8) -> Self {
        let lane = 3 - at % 8 / 2;
        self.weights[at / 8][at % 2] |= (weight as u64) << (16 * lane);
        self
    }

    /// What is missing to the next ten, of a sum that is so much more.
    const fn up_to_ten(self, more: u8) -> Self {
        let mut expected = [NEVER; 11];
        let mut left = 0;
        while left < 10 {
            expected[left as usize] = (10 - (left + more) % 10) % 10;
            left += 1;
        }
        self.expecting(expected, 10)
    }

    const fn expecting(mut self, expected: [u8; 11], modulus: u8) -> Self {
        self.expected[0] = expected;
        self.modulus = modulus;
        self.share = (1 << SHIFT) / modulus as u32 + 1;
        self
    }

    /// Whether the code, which has the length, passes.
    #[inline]
    pub(crate) fn passes(&self, code: &Code) -> bool {
        if self.modulus == 0 {
            return self.rule.passes_unweighted(code.as_slice());
        }
        let mut sum = 0;
        let eights = code.symbols.as_chunks::<8>().0.iter().zip(&self.weights);
        for (eight, [even, odd]) in eights.take(usize::from(code.length).div_ceil(8)) {
            // Four products at once: their sum, at most four times 35 times 9, is topmost.
            let eight = u64::from_le_bytes(*eight);
            sum += (eight & EVEN).wrapping_mul(*even) >> 48;
            sum += (eight >> 8 & EVEN).wrapping_mul(*odd) >> 48;
        }
        // Dividing by multiplying: right for all sums there can be.
        let times = (sum * u64::from(self.share)) >> SHIFT;
        let left = (sum - times * u64::from(self.modulus)) as usize % 11;
        let digit = code.symbols[usize::from(self.place) % code.symbols.len()];
        (self.expected[0][left] == digit) | (self.expected[1][left] == digit)
    }
}

/// What is left by eleven, where ten counts as nought.
const FEDEX: [u8; 11] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0];

/// Where the last so many symbols start; nought for all.
pub(crate) const fn from_end(length: usize, tail: u8) -> usize {
    if tail == 0 {
        0
    } else {
        length.saturating_sub(tail as usize)
    }
}
