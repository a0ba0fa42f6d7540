//! Matching and scoring: a posterior over carriers beside "no code" and "a carrier nobody listed".
//!
//! The weight of a format is its prior times how much likelier it makes this very code than
//! chance among codes of the same shape would. The matcher is a bit set per length: one bit per
//! format, one row per position and character; the bits that survive all positions are the
//! formats that fit.

use crate::detection::{
    ADDRESS, Candidate, Check, FITS, MOST_CANDIDATES, NARROW, OTHER_POSTCODE, POSTCODE, UNUSUAL,
    USUAL, unknown,
};
use crate::format::{Anyone, Form, Length};
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

/// What is shown of a carrier: its heaviest form, what became of the check digit, and flags.
///
/// One word, because it is moved about: the parts of a larger value that was just written would
/// have to be waited for.
#[derive(Clone, Copy)]
struct Tag(u64);

impl Tag {
    #[inline]
    const fn new(carrier: Carrier, form: u16, flags: u16, check: Check) -> Self {
        let low = carrier.0 as u64 | (form as u64) << 16;
        Self(low | (flags as u64) << 32 | (check as u64) << 48)
    }

    #[inline]
    const fn carrier(self) -> Carrier {
        Carrier(self.0 as u16)
    }

    #[inline]
    fn form(self) -> Option<&'static Form> {
        FORMS.get(usize::from((self.0 >> 16) as u16))
    }

    #[inline]
    const fn flags(self) -> u16 {
        (self.0 >> 32) as u16
    }

    #[inline]
    const fn check(self) -> Check {
        match self.0 >> 48 {
            0 => Check::Verified,
            1 => Check::Failed,
            _ => Check::None,
        }
    }

    /// With the flags of another one as well.
    #[inline]
    const fn and_flags(self, other: Self) -> Self {
        Self(self.0 | other.0 & 0xffff_0000_0000)
    }
}

/// What the forms of one carrier come to: the weights add up, the heaviest form is shown.
#[derive(Clone, Copy)]
struct Entry {
    tag: Tag,
    weight: f32,
    best: f32,
    /// The confidence that the hints allow.
    floor: f32,
}

impl Entry {
    const NONE: Self = Self {
        tag: Tag(0),
        weight: 0.0,
        best: 0.0,
        floor: 0.0,
    };

    #[inline]
    const fn of(one: &Anyone) -> Self {
        Self {
            tag: Tag::new(Carrier(one.carrier), one.form, 0, Check::None),
            weight: one.weight,
            best: one.best,
            floor: 0.0,
        }
    }

    #[inline]
    const fn join(&mut self, new: &Self) {
        self.weight += new.weight;
        if new.best > self.best {
            self.best = new.best;
            self.floor = new.floor;
            self.tag = new.tag.and_flags(self.tag);
        } else {
            self.tag = self.tag.and_flags(new.tag);
        }
    }
}

/// The heaviest carriers so far. They stay where they are; only their order is kept sorted.
struct Field {
    tags: [Tag; MOST_CANDIDATES],
    weights: [f32; MOST_CANDIDATES],
    bests: [f32; MOST_CANDIDATES],
    floors: [f32; MOST_CANDIDATES],
    /// Places in the lists above, heaviest first.
    order: [u8; MOST_CANDIDATES],
    count: usize,
    /// The carrier whose forms come just now, if its weight is above nought.
    open: Entry,
    total: f32,
}

impl Field {
    const EMPTY: Self = Self {
        tags: [Tag(0); MOST_CANDIDATES],
        weights: [0.0; MOST_CANDIDATES],
        bests: [0.0; MOST_CANDIDATES],
        floors: [0.0; MOST_CANDIDATES],
        order: [0; MOST_CANDIDATES],
        count: 0,
        open: Entry::NONE,
        total: 0.0,
    };

    #[inline]
    fn get(&self, place: u8) -> Entry {
        // Always in bounds: the order holds places of the lists.
        let at = usize::from(place) % MOST_CANDIDATES;
        Entry {
            tag: self.tags[at],
            weight: self.weights[at],
            best: self.bests[at],
            floor: self.floors[at],
        }
    }

    #[inline]
    const fn set(&mut self, place: u8, entry: &Entry) {
        let at = place as usize % MOST_CANDIDATES;
        self.tags[at] = entry.tag;
        self.weights[at] = entry.weight;
        self.bests[at] = entry.best;
        self.floors[at] = entry.floor;
    }

    /// Adds a form. The tables are sorted by carrier, so that one carrier's forms come together.
    #[inline]
    fn add(&mut self, new: &Entry) {
        self.total += new.weight;
        if self.open.tag.carrier() == new.tag.carrier() && self.open.weight > 0.0 {
            self.open.join(new);
        } else {
            self.close();
            self.open = *new;
        }
    }

    /// Adds a form of a carrier that may have had its turn: those of the postal union.
    fn add_late(&mut self, new: &Entry) {
        self.close();
        let known = self.order.get(..self.count).unwrap_or(&[]);
        let at = known
            .iter()
            .position(|&place| self.get(place).tag.carrier() == new.tag.carrier());
        let Some((at, &place)) = at.and_then(|at| Some((at, known.get(at)?))) else {
            self.add(new);
            return;
        };
        self.total += new.weight;
        let mut entry = self.get(place);
        entry.join(new);
        self.set(place, &entry);
        self.rise(at, place, entry.weight);
    }

    /// Adds the carriers that any digits fit to their own other forms; tells which have some.
    #[inline]
    fn join_all(&mut self, anyone: &[Anyone]) -> u32 {
        let mut joined = 0;
        if anyone.is_empty() {
            return 0;
        }
        for at in 0..self.count {
            // The entries before this one have risen already, if they had to.
            let place = self.order[at % MOST_CANDIDATES];
            let mut entry = self.get(place);
            let carrier = entry.tag.carrier().0;
            let Some(known) = anyone.iter().position(|one| one.carrier == carrier) else {
                continue;
            };
            joined |= 1 << known;
            entry.join(&Entry::of(&anyone[known]));
            self.set(place, &entry);
            self.rise(at, place, entry.weight);
        }
        joined
    }

    /// Puts the carrier whose forms came last to the others.
    #[inline]
    fn close(&mut self) {
        let done = self.open;
        if done.weight <= 0.0 {
            return;
        }
        self.open.weight = 0.0;
        let last = self.count.min(MOST_CANDIDATES - 1);
        let place = if self.count > last {
            self.order[last]
        } else {
            last as u8
        };
        if self.count <= last || self.weights[usize::from(place) % MOST_CANDIDATES] < done.weight {
            self.set(place, &done);
            self.count = last + 1;
            self.rise(last, place, done.weight);
        }
    }

    /// Moves an entry to its place among the heavier ones.
    #[inline]
    fn rise(&mut self, mut at: usize, place: u8, weight: f32) {
        while at > 0 && at < MOST_CANDIDATES {
            let above = self.order[at - 1];
            if self.weights[usize::from(above) % MOST_CANDIDATES] >= weight {
                break;
            }
            self.order[at] = above;
            at -= 1;
        }
        self.order[at % MOST_CANDIDATES] = place;
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

/// What hints tell of a carrier's format: a factor, the confidence they allow, and flags.
type Told = (f32, f32, u16);
const NOTHING_TOLD: Told = (1.0, 0.0, 0);

/// What hints do to one format.
struct Context<'a> {
    hints: &'a Hints<'a>,
    usual_total: f32,
    from_address: Option<Carrier>,
    postcode: [u8; 10],
    postcode_length: usize,
}

impl<'a> Context<'a> {
    fn new(hints: &'a Hints<'a>, from_address: Option<Carrier>) -> Self {
        let mut context = Self {
            hints,
            usual_total: 0.0,
            from_address,
            postcode: [0; 10],
            postcode_length: 0,
        };
        for usual in hints.usual {
            context.usual_total += usual.counted();
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
        context
    }

    /// Factor, least ceiling and flags that the hints give a carrier's format.
    fn weigh(&self, carrier: Carrier, format: u16, symbols: &[u8]) -> Told {
        FORMATS
            .get(usize::from(format))
            .map_or(NOTHING_TOLD, |format| {
                self.weigh_hinted(carrier, format, symbols)
            })
    }

    fn weigh_hinted(&self, carrier: Carrier, format: &Format, symbols: &[u8]) -> Told {
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
            // How often the carrier, and how often with such codes.
            let (mut any, mut alike) = (0.0, 0.0);
            let its = self.hints.usual.iter();
            for usual in its.filter(|usual| usual.carrier == carrier) {
                any += usual.counted();
                if usual.format.is_none_or(|known| known.id == format.id) {
                    alike += usual.counted();
                }
            }
            let share = any / self.usual_total;
            if alike > 0.0 {
                factor *= (2.0 + 40.0 * share).min(20.0);
                ceiling = 0.9;
                flags |= USUAL;
            } else if any > 0.0 {
                factor *= (1.0 + 10.0 * share).min(5.0);
                ceiling = 0.78;
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
