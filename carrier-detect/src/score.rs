//! Matching and scoring: a posterior over carriers beside "no code" and "a carrier nobody listed".
//!
//! The weight of a format is its prior times how much likelier it makes this very code than
//! chance among codes of the same shape would. The matcher is a bit set per length: one bit per
//! format, one row per position and character; the bits that survive all positions are the
//! formats that fit.

use crate::detection::{
    ADDRESS, Candidate, Check, FITS, MOST_CANDIDATES, NARROW, OTHER_POSTCODE, POSTCODE, UNUSUAL,
    USUAL,
};
use crate::format::Form;
use crate::input::{Code, letter};
use crate::tables::{COLUMNS, FORMATS, FORMS, LENGTHS, MAPS, OPERATORS, ROWS, RULES, SUFFIXES};
use crate::{Carrier, Detection, Format, Hints, Lookalike};

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

#[derive(Clone, Copy)]
struct Entry {
    carrier: Carrier,
    weight: f32,
    best: f32,
    ceiling: f32,
    format: u16,
    check: Check,
    flags: u16,
}

/// The best carriers so far, heaviest first.
struct Field {
    best: [Entry; MOST_CANDIDATES],
    count: usize,
    /// The carrier whose forms come just now.
    open: Option<Entry>,
    total: f32,
}

impl Field {
    const EMPTY: Entry = Entry {
        carrier: Carrier(0),
        weight: 0.0,
        best: 0.0,
        ceiling: 0.0,
        format: 0,
        check: Check::Verified,
        flags: 0,
    };

    /// Adds a form. The tables are sorted by carrier, so that one carrier's forms come together.
    #[inline]
    fn add(&mut self, new: Entry) {
        self.total += new.weight;
        match &mut self.open {
            Some(open) if open.carrier == new.carrier => open.join(&new),
            open => {
                if let Some(done) = open.replace(new) {
                    self.settle(&done);
                }
            }
        }
    }

    /// Adds a form of a carrier that may have had its turn: those of the postal union.
    fn add_late(&mut self, new: Entry) {
        self.close();
        let known = self.best.get_mut(..self.count).unwrap_or(&mut []);
        let at = known.iter().position(|entry| entry.carrier == new.carrier);
        match at.and_then(|at| known.get_mut(at)) {
            Some(old) => {
                old.join(&new);
                self.total += new.weight;
                self.rise(at.unwrap_or(0));
            }
            None => self.add(new),
        }
    }

    /// Puts the carrier whose forms came last to the others.
    #[inline]
    fn close(&mut self) {
        if let Some(done) = self.open.take() {
            self.settle(&done);
        }
    }

    #[inline]
    fn settle(&mut self, done: &Entry) {
        let last = self.count.min(MOST_CANDIDATES - 1);
        if let Some(slot) = self.best.get_mut(last)
            && (self.count == last || slot.weight < done.weight)
        {
            *slot = *done;
            self.count = last + 1;
            self.rise(last);
        }
    }

    /// Moves an entry to its place among the heavier ones.
    #[inline]
    fn rise(&mut self, mut at: usize) {
        while let Some([above, here]) = at
            .checked_sub(1)
            .and_then(|above| self.best.get_mut(above..=at))
            && above.weight < here.weight
        {
            core::mem::swap(above, here);
            at -= 1;
        }
    }
}

impl Entry {
    /// Two formats of one carrier: the weights add up, the heavier one is shown.
    #[inline]
    const fn join(&mut self, new: &Self) {
        let weight = self.weight + new.weight;
        let flags = self.flags | new.flags;
        if new.best > self.best {
            *self = *new;
        }
        self.weight = weight;
        self.flags = flags;
    }
}

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

/// What hints do to one format.
struct Context<'a> {
    hints: &'a Hints<'a>,
    none: bool,
    usual_total: f32,
    from_address: Option<Carrier>,
    postcode: [u8; 10],
    postcode_length: usize,
}

impl<'a> Context<'a> {
    fn new(hints: &'a Hints<'a>, from_address: Option<Carrier>) -> Self {
        let none = hints.is_none() && from_address.is_none();
        let mut context = Self {
            hints,
            none,
            usual_total: 0.0,
            from_address,
            postcode: [0; 10],
            postcode_length: 0,
        };
        if !none {
            for (_, share) in hints.usual {
                if share.is_finite() && *share > 0.0 {
                    context.usual_total += share;
                }
            }
            let digits = hints
                .postcode
                .unwrap_or("")
                .bytes()
                .filter(u8::is_ascii_digit);
            for (slot, digit) in context.postcode.iter_mut().zip(digits) {
                *slot = digit - b'0';
                context.postcode_length += 1;
            }
        }
        context
    }

    /// Factor, least ceiling and flags that the hints give a carrier's format.
    #[inline]
    fn weigh(&self, carrier: Carrier, format: u16, symbols: &[u8]) -> (f32, f32, u16) {
        if self.none {
            return (1.0, 0.0, 0);
        }
        match FORMATS.get(usize::from(format)) {
            Some(format) => self.weigh_hinted(carrier, format, symbols),
            None => (1.0, 0.0, 0),
        }
    }

    /// What a carrier gets for a form that fits.
    #[inline]
    fn entry(
        &self,
        form: &Form,
        carrier: Carrier,
        (weight, check, ceiling): (f32, Check, f32),
        symbols: &[u8],
    ) -> Entry {
        let (factor, floor, flags) = self.weigh(carrier, form.format, symbols);
        let raised = check != Check::Failed && floor > ceiling;
        let narrow = if form.tens > 0.25 { NARROW } else { 0 };
        let weight = weight * factor;
        Entry {
            carrier,
            weight,
            best: weight,
            ceiling: if raised { floor } else { ceiling },
            format: form.format,
            check,
            flags: flags | narrow,
        }
    }

    #[cold]
    #[inline(never)]
    fn weigh_hinted(&self, carrier: Carrier, format: &Format, symbols: &[u8]) -> (f32, f32, u16) {
        let (mut factor, mut ceiling, mut flags) = (1.0, 0.0, 0);
        let countries = if format.countries.is_empty() {
            carrier.countries()
        } else {
            format.countries
        };
        let region = self
            .hints
            .marketplace
            .map_or(&[][..], |market| market.region());
        let given = [self.hints.destination, self.hints.origin];
        if !countries.is_empty() && given.iter().any(Option::is_some) {
            if given
                .iter()
                .flatten()
                .any(|country| countries.contains(country))
            {
                factor *= 3.0;
                ceiling = 0.7;
                flags |= FITS;
            } else {
                factor *= 0.15;
                flags |= UNUSUAL;
            }
        } else if !countries.is_empty() && !region.is_empty() {
            factor *= if countries.iter().any(|c| region.contains(c)) {
                2.0
            } else {
                0.5
            };
        }
        if self.usual_total > 0.0 {
            let of = |(known, share): &(Carrier, f32)| if *known == carrier { *share } else { 0.0 };
            let share = self.hints.usual.iter().map(of).fold(0.0, f32::max) / self.usual_total;
            if share > 0.0 {
                factor *= (2.0 + 40.0 * share).min(20.0);
                ceiling = 0.9;
                flags |= USUAL;
            }
        }
        if self.from_address == Some(carrier)
            || self
                .from_address
                .is_some_and(|host| format.also.contains(&host))
        {
            factor *= 400.0;
            ceiling = 0.97;
            flags |= ADDRESS;
        }
        match self.postcode_in(format, symbols) {
            Some(true) => {
                factor *= 30.0;
                ceiling = 0.95;
                flags |= POSTCODE;
            }
            Some(false) => {
                factor *= 0.2;
                flags |= OTHER_POSTCODE;
            }
            None => {}
        }
        (factor, ceiling, flags)
    }

    /// Whether the part of the code that holds the postcode is that of the hints.
    fn postcode_in(&self, format: &Format, symbols: &[u8]) -> Option<bool> {
        let (from, length) = format.postcode?;
        let hint = self.postcode.get(..self.postcode_length)?;
        if hint.len() < 4 {
            return None;
        }
        let from = match usize::try_from(from) {
            Ok(from) => from,
            Err(_) => symbols
                .len()
                .checked_sub(usize::from(from.unsigned_abs()))?,
        };
        let inside = symbols.get(from..from + usize::from(length))?;
        // Shorter postcodes are filled up with noughts on either side.
        let at = inside.len().checked_sub(hint.len())?;
        Some(inside.starts_with(hint) || inside.get(at..) == Some(hint))
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
#[inline]
pub(crate) fn fitting(code: &Code, each: impl FnMut(usize)) {
    let symbols = code.as_slice();
    let Some(length) = LENGTHS.get(symbols.len()) else {
        return;
    };
    let columns = COLUMNS
        .get(usize::from(length.first_column)..)
        .unwrap_or(&[]);
    // Where to look, and the forms that fit elsewhere: a code of digits only, or its tail of
    // digits, is looked up at once.
    let (places, start) = if code.digits_only() {
        (length.digits, Some(length.digits_row))
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
    let symbols = code.as_slice();
    let context = Context::new(hints, from_address);
    let mut checks = Checks { done: 0, passed: 0 };
    let mut field = Field {
        best: [Field::EMPTY; MOST_CANDIDATES],
        count: 0,
        open: None,
        total: 0.0,
    };
    let mut suffix = [0; 2];
    // First find, then weigh: each loop is short.
    let mut fits = [0_u16; MOST_FORMS];
    let mut count = 0;
    fitting(code, |at| {
        if let Some(slot) = fits.get_mut(count) {
            *slot = u16::try_from(at).unwrap_or(0);
            count += 1;
        }
    });
    for &at in fits.get(..count).unwrap_or(&[]) {
        let Some(form) = FORMS.get(usize::from(at)) else {
            continue;
        };
        let Some(weighed) = weigh(form, code, &mut checks) else {
            continue;
        };
        if form.carrier == u16::MAX {
            if let [.., a, b] = symbols {
                suffix = [letter(*a), letter(*b)];
            }
            postal(form, weighed, suffix, code, &context, &mut field);
        } else {
            field.add(context.entry(form, Carrier(form.carrier), weighed, symbols));
        }
    }
    field.close();
    let mut answer = Detection::nothing(code, lookalike);
    finish(code, &field, suffix, &mut answer);
    answer
}

/// What a form that fits weighs, what became of its check digit, and the confidence it may reach;
/// nothing where a failed check removes it.
#[inline]
fn weigh(form: &Form, code: &Code, checks: &mut Checks) -> Option<(f32, Check, f32)> {
    let mut weight = form.weight;
    let letters = code.letters & form.mixed;
    if letters != 0 {
        let letters = letters.count_ones() as usize;
        weight *= QUARTERS.get(letters).copied().unwrap_or(1e-9);
    }
    if form.rule == 0 {
        Some((weight, Check::None, form.ceiling))
    } else if checks.passes(form.rule, code.as_slice()) {
        Some((weight * form.gain, Check::Verified, form.ceiling_checked))
    } else if form.hard {
        None
    } else {
        let ceiling = least(form.ceiling, FAILED_CEILING);
        Some((weight * FAILED, Check::Failed, ceiling))
    }
}

/// Adds the operators of a code in the postal union's form.
fn postal(
    form: &Form,
    (mut weight, check, ceiling): (f32, Check, f32),
    suffix: [u8; 2],
    code: &Code,
    context: &Context<'_>,
    field: &mut Field,
) {
    let symbols = code.as_slice();
    let operators = operators(suffix);
    // Letters (R registered, L and U tracked, V insured) go by the post itself.
    let post = symbols
        .first()
        .is_some_and(|first| b"RLUV".contains(&letter(*first)));
    let (first, next) = if post { (0.9, 0.1) } else { (0.7, 0.4) };
    weight *= if operators.len() > 1 { first } else { 1.0 };
    for &operator in operators {
        field.add_late(context.entry(form, operator, (weight, check, ceiling), symbols));
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

#[inline]
fn finish(code: &Code, field: &Field, suffix: [u8; 2], answer: &mut Detection) {
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
    let total = field.total + noise;
    let share = 1.0 / total;
    let mut confidence = 1.0_f32;
    let entries = field.best.iter().take(field.count);
    for (slot, best) in answer.candidates.iter_mut().zip(entries) {
        let hinted = best.flags & (USUAL | ADDRESS | POSTCODE) != 0;
        let doubt = if hinted { hinted_doubt } else { doubt };
        // Never more than the one before: the order is that of the weights.
        confidence = least(confidence, best.weight * share);
        confidence = least(confidence, least(best.ceiling, doubt));
        *slot = Candidate {
            carrier: best.carrier,
            format: best.format,
            confidence,
            check: best.check,
            flags: best.flags,
            suffix,
            resembles: lookalike,
        };
        answer.count += 1;
    }
    if answer.count > 0 {
        answer.not_a_code = noise * share;
    }
}
