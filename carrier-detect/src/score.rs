//! Matching and scoring: a posterior over carriers beside "no code" and "a carrier nobody listed".
//!
//! The weight of a format is its prior times how much likelier it makes this very code than
//! chance among codes of the same shape would. The matcher is a bit set per length: one bit per
//! format, one row per position and character; the bits that survive all positions are the
//! formats that fit.

use crate::detection::{
    ADDRESS, Candidate, Check, MOST_CANDIDATES, NARROW, POSTCODE, USUAL, unknown,
};
use crate::field::{Entry, Field, Tag};
use crate::format::{Anyone, Form, Length};
use crate::input::{Code, letter};
use crate::tables::{COLUMNS, FORMS, LENGTHS, MAPS, OPERATORS, ROWS, RULES, SUFFIXES};
use crate::told::{Context, NOTHING_TOLD, Told};
use crate::{Carrier, Detection, Hints, Lookalike};

/// Forms that fit one code at most; further ones are left out.
const MOST_FORMS: usize = 48;
/// Words of bits per length at most; the generator refuses more.
const MOST_WORDS: usize = 6;
/// A code whose format has a check digit that fails is this much less likely.
const FAILED: f32 = 0.03;
/// What a failed check digit may reach at most.
const FAILED_CEILING: f32 = 0.45;
/// What may be reached where the code also is something else (an EAN ...).
const DOUBT_CEILING: f32 = 0.45;

/// Remembers check rules that several formats share.
struct Checks {
    done: u64,
    passed: u64,
}

impl Checks {
    fn passes(&mut self, rule: u8, symbols: &[u8]) -> bool {
        let bit = 1_u64 << (rule % 64);
        if self.done & bit == 0 {
            self.done |= bit;
            let ok = RULES
                .get(usize::from(rule))
                .is_some_and(|rule| rule.passes(symbols));
            self.passed |= if ok { bit } else { 0 };
        }
        self.passed & bit != 0
    }
}

/// Weight of "no code" and of carriers that nobody listed, by the shape of the code.
#[inline]
fn noise(code: &Code) -> f32 {
    if code.digits_only() {
        return if code.length <= 16 { 6.0 } else { 4.0 };
    }
    // The more changes between letters and digits, the more shapes there are to share the weight.
    let inside = (1_u64 << (u64::from(code.length) - 1)) - 1;
    let changes = ((code.letters ^ (code.letters >> 1)) & inside).count_ones();
    let mut weight = 8.0;
    for _ in 0..changes.min(10) {
        weight *= 0.35;
    }
    weight
}

/// Powers of a quarter: a letter where a digit would be four times as likely.
const QUARTERS: [f32; 16] = {
    let mut table = [1.0_f32; 16];
    let mut at = 1;
    while at < 16 {
        table[at] = table[at - 1] / 4.0;
        at += 1;
    }
    table
};

/// Calls `each` with the position of every form that fits, lowest first.
pub(crate) fn fitting(code: &Code, each: impl FnMut(usize)) {
    if let Some(length) = LENGTHS.get(usize::from(code.length)) {
        fitting_of(code, length, length.digits_row, each);
    }
}

/// [`fitting`], of the forms in `digits_row` where the code has digits only.
#[inline]
fn fitting_of(code: &Code, length: &Length, digits_row: u32, each: impl FnMut(usize)) {
    let symbols = code.as_slice();
    let columns = COLUMNS
        .get(usize::from(length.first_column)..)
        .unwrap_or(&[]);
    // Where to look, and the forms that fit elsewhere: a code of digits only, or its tail of
    // digits, is looked up at once.
    let (places, start) = if code.digits_only() {
        (length.digits, Some(digits_row))
    } else if code.letters >> (length.tail & 63) == 0 {
        ((1 << (length.tail & 63)) - 1, Some(length.tail_row))
    } else {
        ((1 << (code.length & 63)) - 1, None)
    };
    let first = usize::from(length.first_form);
    // One copy of the loop per width, so that the bits stay in registers.
    match length.words {
        0 => {}
        1 => scan::<1>(symbols, columns, (places, start), first, each),
        2 => scan::<2>(symbols, columns, (places, start), first, each),
        3 => scan::<3>(symbols, columns, (places, start), first, each),
        4 => scan::<4>(symbols, columns, (places, start), first, each),
        5 => scan::<5>(symbols, columns, (places, start), first, each),
        _ => scan::<MOST_WORDS>(symbols, columns, (places, start), first, each),
    }
}

#[inline]
fn scan<const WORDS: usize>(
    symbols: &[u8],
    columns: &[(u16, u32)],
    (mut places, start): (u64, Option<u32>),
    first: usize,
    mut each: impl FnMut(usize),
) {
    let mut bits = [u64::MAX; WORDS];
    if let Some(start) = start {
        let at = start as usize;
        let Some(row) = ROWS.get(at..at + WORDS) else {
            return;
        };
        bits.copy_from_slice(row);
    }
    while places != 0 {
        let place = places.trailing_zeros() as usize;
        places &= places - 1;
        let (Some(&symbol), Some(&(map, rows))) = (symbols.get(place), columns.get(place)) else {
            return;
        };
        let class = MAPS
            .get(usize::from(map))
            .map_or(0, |map| map[usize::from(symbol & 63)]);
        let at = rows as usize + usize::from(class) * WORDS;
        let Some(row) = ROWS.get(at..at + WORDS) else {
            return;
        };
        let mut any = 0;
        for (bits, row) in bits.iter_mut().zip(row) {
            *bits &= row;
            any |= *bits;
        }
        if any == 0 {
            return;
        }
    }
    for (word, mut bits) in bits.into_iter().enumerate() {
        while bits != 0 {
            let bit = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            each(first + word * 64 + bit);
        }
    }
}

/// Ranks the carriers of a code.
pub(crate) fn rank(
    code: &Code,
    hints: &Hints<'_>,
    from_address: Option<Carrier>,
    lookalike: Option<Lookalike>,
) -> Detection {
    let mut answer = Detection::EMPTY;
    rank_into(code, hints, from_address, lookalike, &mut answer);
    answer
}

/// [`rank`] into an answer that is empty yet.
pub(crate) fn rank_into(
    code: &Code,
    hints: &Hints<'_>,
    from_address: Option<Carrier>,
    lookalike: Option<Lookalike>,
    answer: &mut Detection,
) {
    answer.lookalike = lookalike;
    answer.text = code.text;
    answer.length = code.length;
    if hints.is_none() && from_address.is_none() {
        ranked(code, true, answer, |_, _| NOTHING_TOLD);
    } else {
        let context = Context::new(hints, from_address);
        ranked(code, false, answer, |carrier, format| {
            context.weigh(carrier, format, code.as_slice())
        });
    }
}

/// One copy for codes without hints, one for codes with.
///
/// Without hints, the carriers that any digits of the length fit weigh always the same: they
/// stand ready in the tables (`summed`).
#[inline]
fn ranked(code: &Code, summed: bool, answer: &mut Detection, told: impl Fn(Carrier, u16) -> Told) {
    let symbols = code.as_slice();
    let Some(length) = LENGTHS.get(symbols.len()) else {
        return;
    };
    let (digits_row, anyone) = if summed && code.digits_only() {
        (length.others_row, length.anyone)
    } else {
        (length.digits_row, &[][..])
    };
    let mut checks = Checks { done: 0, passed: 0 };
    let mut field = Field::EMPTY;
    let mut suffix = [0; 2];
    // First find, then weigh: each loop is short.
    let mut fits = [0_u16; MOST_FORMS];
    let mut count = 0;
    fitting_of(code, length, digits_row, |at| {
        if let Some(slot) = fits.get_mut(count) {
            *slot = u16::try_from(at).unwrap_or(0);
            count += 1;
        }
    });
    for &at in fits.get(..count).unwrap_or(&[]) {
        let Some(form) = FORMS.get(usize::from(at)) else {
            continue;
        };
        let Some((weight, check)) = weigh(form, code, &mut checks) else {
            continue;
        };
        let entry = |carrier, weight: f32| {
            let (factor, floor, flags) = told(carrier, form.format);
            let narrow = if form.tens > 0.25 { NARROW } else { 0 };
            Entry {
                tag: Tag::new(carrier, at, flags | narrow, check),
                weight: weight * factor,
                best: weight * factor,
                floor,
            }
        };
        if form.carrier == u16::MAX {
            if let [.., a, b] = symbols {
                suffix = [letter(*a), letter(*b)];
            }
            postal(suffix, code, weight, |operator, weight| {
                field.add_late(&entry(operator, weight));
            });
        } else {
            field.add(&entry(Carrier(form.carrier), weight));
        }
    }
    field.close();
    let joined = field.join_all(anyone);
    let anyone = Rest { anyone, joined };
    finish(code, &field, anyone, suffix, answer);
}

/// Carriers that any digits fit, without those that are in the field already.
struct Rest {
    anyone: &'static [Anyone],
    /// One bit for each that is.
    joined: u32,
}

impl Rest {
    /// The heaviest that is left.
    #[inline]
    fn first(&self) -> Option<&'static Anyone> {
        self.anyone.get(self.joined.trailing_ones() as usize)
    }

    /// Has had its [`first`](Self::first).
    #[inline]
    const fn take(&mut self, first: &Anyone) -> Entry {
        self.joined |= self.joined + 1;
        Entry::of(first)
    }
}

/// What a form that fits weighs and what became of its check digit; nothing where a failed check
/// removes it.
#[inline]
fn weigh(form: &Form, code: &Code, checks: &mut Checks) -> Option<(f32, Check)> {
    let mut weight = form.weight;
    let letters = code.letters & form.mixed;
    if letters != 0 {
        let letters = letters.count_ones() as usize;
        weight *= QUARTERS.get(letters).copied().unwrap_or(1e-9);
    }
    if form.rule == 0 {
        Some((weight, Check::None))
    } else if checks.passes(form.rule, code.as_slice()) {
        Some((weight * form.gain, Check::Verified))
    } else if form.hard {
        None
    } else {
        Some((weight * FAILED, Check::Failed))
    }
}

/// The confidence that an entry may reach.
#[inline]
const fn ceiling(form: &Form, check: Check, floor: f32) -> f32 {
    match check {
        Check::Failed => least(form.ceiling, FAILED_CEILING),
        Check::Verified => most(form.ceiling_checked, floor),
        Check::None => most(form.ceiling, floor),
    }
}

/// Gives the operators of a code in the postal union's form, each with its share of the weight.
fn postal(suffix: [u8; 2], code: &Code, mut weight: f32, mut each: impl FnMut(Carrier, f32)) {
    let operators = operators(suffix);
    // Letters (R registered, L and U tracked, V insured) go by the post itself.
    let post = code
        .as_slice()
        .first()
        .is_some_and(|first| b"RLUV".contains(&letter(*first)));
    let (first, next) = if post { (0.9, 0.1) } else { (0.7, 0.4) };
    weight *= if operators.len() > 1 { first } else { 1.0 };
    for &operator in operators {
        each(operator, weight);
        weight *= next;
    }
}

/// The operators of a postal code's last two letters.
fn operators(suffix: [u8; 2]) -> &'static [Carrier] {
    let [a, b] = suffix.map(|letter| usize::from(letter.wrapping_sub(b'A')));
    let list = if a < 26 && b < 26 {
        SUFFIXES.get(a * 26 + b)
    } else {
        None
    };
    list.and_then(|at| OPERATORS.get(usize::from(*at)))
        .copied()
        .unwrap_or(&[])
}

/// The lesser of two numbers, neither of which is NaN.
#[inline]
const fn least(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// The greater of two numbers, neither of which is NaN.
#[inline]
const fn most(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline]
fn finish(code: &Code, field: &Field, mut rest: Rest, suffix: [u8; 2], answer: &mut Detection) {
    let lookalike = answer.lookalike;
    let mut noise = noise(code);
    let (doubt, hinted_doubt) = match lookalike {
        Some(what) if what.is_sure() => {
            noise *= 1000.0;
            (0.2, 0.2)
        }
        Some(_) => {
            noise *= 6.0;
            (DOUBT_CEILING, 0.9)
        }
        None => (1.0, 1.0),
    };
    let total = field.total + rest.anyone.iter().map(|one| one.weight).sum::<f32>() + noise;
    let share = 1.0 / total;
    let mut confidence = 1.0_f32;
    let mut at = 0;
    for slot in &mut answer.candidates {
        // The heavier of the two that come next.
        let known = (at < field.count).then(|| field.get(field.order[at % MOST_CANDIDATES]));
        let best = match (known, rest.first()) {
            (Some(known), Some(one)) if known.weight < one.weight => rest.take(one),
            (Some(known), _) => {
                at += 1;
                known
            }
            (None, Some(one)) => rest.take(one),
            (None, None) => break,
        };
        let Some(form) = best.tag.form() else {
            continue;
        };
        let (check, flags) = (best.tag.check(), best.tag.flags());
        let hinted = flags & (USUAL | ADDRESS | POSTCODE) != 0;
        let doubt = if hinted { hinted_doubt } else { doubt };
        // Never more than the one before: the order is that of the weights.
        confidence = least(confidence, best.weight * share);
        confidence = least(confidence, least(ceiling(form, check, best.floor), doubt));
        *slot = Candidate {
            carrier: best.tag.carrier(),
            format: form.format,
            confidence,
            check,
            flags,
            suffix,
            resembles: lookalike,
        };
        answer.count += 1;
    }
    answer.not_a_code = if answer.count > 0 {
        noise * share
    } else {
        unknown(lookalike)
    };
}
