//! Several check digits of codes of digits, all at once: each position's digit adds to eight sums
//! in one step, a byte each.

use crate::checksum::Rule;
use crate::input::{Code, LONGEST};
use crate::weighted::from_end;

/// Rules for codes of one length that have nothing but digits.
pub(crate) struct Together {
    /// What each digit adds to the sums, position by position.
    adds: [[u64; 16]; LONGEST],
    /// What the sums begin with.
    first: u64,
    /// Which of [`DIGITS`] tells each rule's check digit.
    divisors: [u8; 8],
    /// Where the check digit stands.
    last: u8,
}

/// The check digit for each sum: what is missing to the next ten; what is left by seven; what is
/// left by eleven, where ten counts as nought. No digit where there is no rule.
static DIGITS: [[u8; 256]; 4] = {
    let mut table = [[u8::MAX; 256]; 4];
    let mut sum = 0;
    while sum < 256 {
        table[TEN as usize][sum] = ((10 - sum % 10) % 10) as u8;
        table[SEVEN as usize][sum] = (sum % 7) as u8;
        table[ELEVEN as usize][sum] = (sum % 11 % 10) as u8;
        sum += 1;
    }
    table
};
const NONE: u8 = 0;
const TEN: u8 = 1;
const SEVEN: u8 = 2;
const ELEVEN: u8 = 3;

impl Together {
    /// Eight rules at most, for codes of this length.
    pub(crate) const fn new(rules: &[Rule], length: usize) -> Self {
        // Of each position ten at most is added to a sum, which has a byte.
        assert!(length <= 26, "a code too long for its sums");
        let last = length - 1;
        let mut all = Self {
            adds: [[0; 16]; LONGEST],
            first: 0,
            divisors: [NONE; 8],
            last: last as u8,
        };
        let mut at = 0;
        while at < rules.len() {
            let terms = Terms::of(rules[at], length);
            all.divisors[at] = terms.divisor;
            all.first |= (terms.first as u64) << (8 * at);
            let mut place = terms.skipped;
            while place < last {
                let mut digit = 0;
                while digit < 10 {
                    all.adds[place][digit] |= terms.add(place, last, digit) << (8 * at);
                    digit += 1;
                }
                place += 1;
            }
            at += 1;
        }
        all
    }

    /// A bit for each rule whose check digit is right.
    #[inline]
    pub(crate) fn right(&self, code: &Code) -> u8 {
        let last = usize::from(self.last);
        let mut sums = self.first;
        for (adds, &digit) in self.adds.iter().zip(&code.symbols).take(last) {
            sums += adds[usize::from(digit & 15)];
        }
        let digit = code.symbols[last % code.symbols.len()];
        let mut right = 0;
        for (at, &divisor) in self.divisors.iter().enumerate() {
            let sum = (sums >> (8 * at)) as u8;
            let digits = &DIGITS[usize::from(divisor) % DIGITS.len()];
            right |= u8::from(digits[usize::from(sum)] == digit) << at;
        }
        right
    }
}

/// How a rule's sum comes about.
struct Terms {
    /// Weights, over and over.
    weights: &'static [usize],
    /// Beside the check digit stands the first of them, else at the start.
    from_right: bool,
    /// A product counts as the sum of its digits.
    crossed: bool,
    /// Positions in front that do not count.
    skipped: usize,
    /// What the sum begins with.
    first: u8,
    /// Which of [`DIGITS`] tells the check digit.
    divisor: u8,
}

impl Terms {
    const fn of(rule: Rule, length: usize) -> Self {
        let ten = Self {
            weights: &[3, 1],
            from_right: true,
            crossed: false,
            skipped: 0,
            first: 0,
            divisor: TEN,
        };
        match rule {
            Rule::Gs1(tail) => Self {
                skipped: from_end(length, tail),
                ..ten
            },
            Rule::Gls => Self {
                from_right: false,
                first: 1,
                ..ten
            },
            Rule::Ident => Self {
                weights: &[4, 9],
                ..ten
            },
            Rule::DhlPoland => Self {
                weights: &[9, 4],
                ..ten
            },
            Rule::Luhn => Self {
                weights: &[2, 1],
                crossed: true,
                ..ten
            },
            Rule::SfExpress => Self {
                weights: &[1, 3, 5, 7, 9, 11, 13, 15, 17, 19],
                crossed: true,
                skipped: 3,
                ..ten
            },
            Rule::Mod7(tail) => Self {
                weights: &[1, 3, 2, 6, 4, 5],
                skipped: from_end(length, tail),
                divisor: SEVEN,
                ..ten
            },
            Rule::Fedex12 => Self {
                weights: &[3, 1, 7],
                from_right: false,
                divisor: ELEVEN,
                ..ten
            },
            Rule::None
            | Rule::S10
            | Rule::Ups
            | Rule::UpsWaybill
            | Rule::Iso7064
            | Rule::Fedex34
            | Rule::FedexAstra
            | Rule::Usps20
            | Rule::SmartPost
            | Rule::Ontrac
            | Rule::Mod11
            | Rule::Evri
            | Rule::Correos
            | Rule::Tnt
            | Rule::Parcelforce
            | Rule::MagyarPosta
            | Rule::Seur => panic!("the tables have no such rule among many"),
        }
    }

    /// What a digit at a place adds.
    const fn add(&self, place: usize, last: usize, digit: usize) -> u64 {
        let nth = if self.from_right {
            last - 1 - place
        } else {
            place
        };
        let mut product = digit * self.weights[nth % self.weights.len()];
        if self.crossed {
            product = product / 10 + product % 10;
        }
        // As little as does: the sums have a byte each.
        let divisor = match self.divisor {
            SEVEN => 7,
            ELEVEN => 11,
            _ => 10,
        };
        (product % divisor) as u64
    }
}
