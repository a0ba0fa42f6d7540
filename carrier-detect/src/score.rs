//! Scoring: a posterior over carriers beside "no code" and "a carrier nobody listed".
//!
//! The weight of a format is its prior times how much likelier it makes this very code than
//! chance among codes of the same shape would.

use crate::detection::{
    ADDRESS, Candidate, Check, Known, MOST_CANDIDATES, NARROW, POSTCODE, PRINTED, USUAL, unknown,
};
use crate::field::{Entry, Field, Tag};
use crate::format::{Form, Group, Outcome, Pair, Ready, Set};
use crate::input::{Code, letter};
use crate::matcher::{Fit, fit, form, group, scan};
use crate::tables::{CEILINGS, CHECKS, MANY, MIXED, OPERATORS, OUTCOMES, SUFFIXES};
use crate::told::{Context, NOTHING_TOLD, Named, Told};
use crate::{Carrier, Detection, Hints, Lookalike, failed, format};

/// What may be reached where the code also is something else (an EAN ...).
const DOUBT_CEILING: f32 = 0.45;

/// Remembers check digits that several formats share.
struct Checks {
    done: u64,
    passed: u64,
}

impl Checks {
    fn passes(&mut self, check: u8, code: &Code) -> bool {
        // Those of one length are numbered without a gap.
        let bit = 1_u64 << (check % 64);
        if self.done & bit == 0 {
            self.done |= bit;
            self.passed |= if passes(check, code) { bit } else { 0 };
        }
        self.passed & bit != 0
    }
}

/// Whether a check digit is right.
#[inline]
fn passes(check: u8, code: &Code) -> bool {
    CHECKS[usize::from(check) % CHECKS.len()].passes(code)
}

/// What more changes between letters and digits leave of the weight of no code: the more shapes
/// there are to share it. Behind them what digits alone weigh, up to sixteen and more.
const NOISE: [f32; 13] = {
    let mut table = [8.0_f32; 13];
    let mut at = 1;
    while at < 11 {
        table[at] = table[at - 1] * 0.35;
        at += 1;
    }
    table[11] = 6.0;
    table[12] = 4.0;
    table
};

/// Weight of "no code" and of carriers that nobody listed, by the shape of the code.
#[inline]
fn noise(code: &Code) -> f32 {
    let inside = (1_u64 << ((u32::from(code.length) - 1) & 63)) - 1;
    let changes = ((code.letters ^ (code.letters >> 1)) & inside).count_ones();
    let digits = 11 + usize::from(code.length > 16);
    let kind = if code.digits_only() {
        digits
    } else {
        changes.min(10) as usize
    };
    NOISE.get(kind).copied().unwrap_or(0.0)
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

/// Ranks the carriers of a code, into an answer that has nothing but its text yet.
pub(crate) fn rank(
    code: &Code,
    hints: &Hints<'_>,
    named: Option<Named>,
    lookalike: Option<Lookalike>,
    answer: &mut Detection,
) {
    if hints.is_none() && named.is_none() {
        rank_plain(code, lookalike, answer);
        return;
    }
    let doubt = open(code, lookalike, answer);
    let group = group(code);
    let fits = scan(code, group);
    let context = Context::new(hints, named);
    ranked(code, group, fits, &doubt, answer, |carrier, format| {
        context.weigh(carrier, format, code.as_slice())
    });
}

/// [`rank`] where nothing is known beside the code; true if nothing fits, or next to nothing.
#[inline]
pub(crate) fn rank_plain(
    code: &Code,
    lookalike: Option<Lookalike>,
    answer: &mut Detection,
) -> bool {
    rank_fit(code, lookalike, || fit(code, group(code)), answer)
}

/// [`rank_plain`] where it may be known already what fits. It is asked behind what the answer has in
/// any case: the other way round costs a hundredth.
#[inline]
pub(crate) fn rank_fit(
    code: &Code,
    lookalike: Option<Lookalike>,
    fit: impl FnOnce() -> Fit,
    answer: &mut Detection,
) -> bool {
    let doubt = open(code, lookalike, answer);
    let fit = fit();
    let stands = fit.set.map(|set| ready(code, set, &doubt, answer));
    match stands {
        Some(Stands::Well) => false,
        Some(Stands::Weakly) => true,
        Some(Stands::Not) | None => {
            weighed(code, fit.group, fit.forms, &doubt, answer);
            true
        }
    }
}

/// Whether the answer for a set of forms stands in the tables.
enum Stands {
    Not,
    /// Nothing fits, or the weight of all that fits is next to nothing.
    Weakly,
    Well,
}

/// From this weight on, the heaviest carrier of a code with letters and digits is at 0.1 or more,
/// also where four share the code.
const WEAK: f32 = 0.5;

/// What the answer has in any case.
#[inline]
fn open(code: &Code, lookalike: Option<Lookalike>, answer: &mut Detection) -> Doubt {
    answer.lookalike = lookalike;
    answer.length = code.length;
    answer.not_a_code = unknown(lookalike);
    Doubt::of(code, lookalike)
}

/// The answer for a set of forms, as it stands in the tables.
///
/// What is weak is known by the table, before the answer is there: to wait for it costs a tenth.
#[inline]
fn ready(code: &Code, set: &Set, doubt: &Doubt, answer: &mut Detection) -> Stands {
    let mut scale = 1.0;
    if set.mixed != 0 {
        let mixed = &MIXED[usize::from(set.mixed) % MIXED.len()];
        if code.letters & mixed.unlike != 0 {
            return Stands::Not;
        }
        let letters = (code.letters & mixed.alike).count_ones() as usize;
        scale = QUARTERS.get(letters).copied().unwrap_or(1e-9);
    }
    let mut outcome = &set.outcome;
    let [first, second] = set.checks;
    if first != 0 {
        let right = if first == format::MANY {
            let right = MANY[usize::from(second) % MANY.len()].right(code);
            let others = right >> 2;
            if right & 3 != 0 && others != 0 || others & others.wrapping_sub(1) != 0 {
                several(outcome.others, right, scale, doubt, answer);
                return Stands::Well;
            }
            if others == 0 {
                usize::from(right)
            } else {
                4 + others.trailing_zeros() as usize
            }
        } else {
            let first = usize::from(passes(first, code));
            first + usize::from(second != 0 && passes(second, code)) * 2
        };
        outcome = outcome_at(outcome.others, right);
    }
    let nothing = outcome.count == 0;
    // Digits alone fit many carriers, each little.
    let [first, _] = &outcome.pair;
    let weak = (first.weight * scale < WEAK) & (nothing | (code.letters != 0));
    if !nothing {
        show(outcome, outcome.others(), scale, doubt, answer);
    }
    if weak { Stands::Weakly } else { Stands::Well }
}

/// An outcome of a set's check digits.
#[inline]
fn outcome_at(first: u16, at: usize) -> &'static Outcome {
    &OUTCOMES[(usize::from(first) + at) % OUTCOMES.len()]
}

/// Writes an outcome, whose further pairs are these, into the answer.
#[inline]
fn show(outcome: &Outcome, others: &[Pair], scale: f32, doubt: &Doubt, answer: &mut Detection) {
    let inverse = 1.0 / (outcome.total * scale + doubt.noise);
    let share = scale * inverse;
    let mut confidence = doubt.most;
    let resembles = answer.lookalike;
    // Two at a time, as most codes have one or two: what is behind the last is never shown.
    let mut write = |slots: &mut [Candidate; 2], pair: &Pair| {
        for (slot, one) in slots.iter_mut().zip(pair) {
            let ceiling = CEILINGS[usize::from(one.known.ceiling) % CEILINGS.len()];
            // Never more than the one before: the order is that of the weights.
            confidence = least(confidence, least(one.weight * share, ceiling));
            *slot = Candidate {
                known: one.known,
                confidence,
                suffix: [0; 2],
                resembles,
            };
        }
    };
    let (slots, further) = answer.candidates.as_chunks_mut::<2>().0.split_at_mut(1);
    if let [slots] = slots {
        write(slots, &outcome.pair);
    }
    if outcome.count > 2 {
        for (slots, pair) in further.iter_mut().zip(others) {
            write(slots, pair);
        }
    }
    answer.count = outcome.count;
    answer.not_a_code = doubt.noise * inverse;
}

/// Several check digits that touch different carriers are right: each has made its carriers heavier,
/// so that the heaviest ones are among the heaviest of the outcomes for each by itself.
#[inline(never)]
fn several(first: u16, right: u8, scale: f32, doubt: &Doubt, answer: &mut Detection) {
    // The first two have an outcome together.
    let both = outcome_at(first, usize::from(right & 3));
    let none = outcome_at(first, 0).total;
    let mut total = both.total;
    let mut list = both.candidates();
    let mut others = right >> 2;
    while others != 0 {
        let one = outcome_at(first, 4 + others.trailing_zeros() as usize);
        total += one.total - none;
        list = heaviest(&list, &one.candidates());
        others &= others - 1;
    }
    let count = list.iter().take_while(|one| one.weight > 0.0).count();
    if let ([first, others @ ..], []) = list.as_chunks::<2>() {
        let outcome = Outcome {
            total,
            count: count as u8,
            pair: *first,
            others: 0,
        };
        show(&outcome, others, scale, doubt, answer);
    }
}

/// Candidates in order, heaviest first, and behind them such that weigh nothing.
type List = [Ready; MOST_CANDIDATES];

/// The heaviest of two lists.
fn heaviest(left: &List, right: &List) -> List {
    let mut all = [Ready::NONE; MOST_CANDIDATES];
    let mut carriers = [u16::MAX; MOST_CANDIDATES];
    let (mut at_left, mut at_right, mut count) = (0, 0, 0);
    while count < MOST_CANDIDATES {
        // No list ends before there are enough: what is left out of one was met in the other.
        let (a, b) = (
            left[at_left % MOST_CANDIDATES],
            right[at_right % MOST_CANDIDATES],
        );
        let one = if a.weight < b.weight { b } else { a };
        if one.weight <= 0.0 {
            break;
        }
        let carrier = one.known.carrier;
        // Most stand at the same place in both.
        at_left += usize::from(a.known.carrier == carrier);
        at_right += usize::from(b.known.carrier == carrier);
        // Where it was met already, it is lighter: its check digit does not count there.
        if !carriers.contains(&carrier.0) {
            all[count % MOST_CANDIDATES] = one;
            carriers[count % MOST_CANDIDATES] = carrier.0;
            count += 1;
        }
    }
    all
}

/// The answer without hints where it does not stand ready.
#[inline(never)]
fn weighed(code: &Code, group: &'static Group, fits: u64, doubt: &Doubt, answer: &mut Detection) {
    ranked(code, group, fits, doubt, answer, |_, _| NOTHING_TOLD);
}

/// The answer for forms that fit. One copy for codes without hints, one for codes with.
fn ranked(
    code: &Code,
    group: &'static Group,
    mut fits: u64,
    doubt: &Doubt,
    answer: &mut Detection,
    told: impl Fn(Carrier, u16) -> Told,
) {
    let symbols = code.as_slice();
    let mut checks = Checks { done: 0, passed: 0 };
    // Weighs the next of the forms that fit.
    let mut next = |fits: &mut u64| {
        let (at, form) = form(group, fits.trailing_zeros() as u16);
        *fits &= *fits - 1;
        let (weight, check) = weigh(form, code, &mut checks);
        (at, form, weight, check)
    };
    let entry = |carrier, (at, form, weight, check): (u16, &Form, f32, Check)| {
        let (factor, floor, flags) = told(carrier, form.format);
        let narrow = if form.narrow { NARROW } else { 0 };
        Entry {
            tag: Tag::new(carrier, at, flags | narrow, check),
            weight: weight * factor,
            best: weight * factor,
            floor,
        }
    };
    if fits & fits.wrapping_sub(1) == 0 {
        // One at most, as for every second code.
        if fits == 0 {
            return;
        }
        let one = fits;
        let found = next(&mut fits);
        if found.1.carrier != u16::MAX {
            let entry = entry(Carrier(found.1.carrier), found);
            alone(&entry, found.1, doubt, answer);
            return;
        }
        fits = one;
    }
    let mut field = Field::EMPTY;
    let mut suffix = [0; 2];
    while fits != 0 {
        let found = next(&mut fits);
        let (at, form, weight, check) = found;
        if form.carrier == u16::MAX {
            if let [.., a, b] = symbols {
                suffix = [letter(*a), letter(*b)];
            }
            postal(suffix, code, weight, |operator, weight| {
                field.add_late(&entry(operator, (at, form, weight, check)));
            });
        } else {
            field.add(&entry(Carrier(form.carrier), found));
        }
    }
    field.close();
    finish(doubt, &field, suffix, answer);
}

/// What a form that fits weighs and what became of its check digit.
#[inline]
fn weigh(form: &Form, code: &Code, checks: &mut Checks) -> (f32, Check) {
    let mut weight = form.weight;
    let letters = code.letters & form.mixed;
    if letters != 0 {
        let letters = letters.count_ones() as usize;
        weight *= QUARTERS.get(letters).copied().unwrap_or(1e-9);
    }
    if form.check == 0 {
        (weight, Check::None)
    } else if checks.passes(form.check, code) {
        (weight * form.gain, Check::Verified)
    } else {
        (weight * failed::WEIGHT, Check::Failed)
    }
}

/// The confidence that an entry may reach.
#[inline]
const fn ceiling(form: &Form, check: Check, floor: f32) -> f32 {
    match check {
        Check::Failed => least(form.ceiling, failed::CEILING),
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

/// How much speaks for no code at all, and what may be reached at most.
struct Doubt {
    noise: f32,
    most: f32,
    /// The same where the hints name the carrier.
    most_hinted: f32,
}

impl Doubt {
    #[inline]
    fn of(code: &Code, lookalike: Option<Lookalike>) -> Self {
        let (factor, most, most_hinted) = match lookalike {
            Some(what) if what.is_sure() => (1000.0, 0.2, 0.2),
            Some(_) => (6.0, DOUBT_CEILING, 0.9),
            None => (1.0, 1.0, 1.0),
        };
        Self {
            noise: noise(code) * factor,
            most,
            most_hinted,
        }
    }

    /// A candidate, and its confidence: `least` or the share of the weight, whichever is less.
    #[inline]
    fn candidate(&self, entry: &Entry, form: &Form, mut confidence: f32, share: f32) -> Candidate {
        let (check, flags) = (entry.tag.check(), entry.tag.flags());
        let hinted = flags & (USUAL | ADDRESS | POSTCODE | PRINTED) != 0;
        let doubt = if hinted { self.most_hinted } else { self.most };
        confidence = least(confidence, entry.weight * share);
        confidence = least(confidence, least(ceiling(form, check, entry.floor), doubt));
        Candidate {
            known: Known {
                carrier: entry.tag.carrier(),
                format: form.format,
                flags,
                check,
                ceiling: 0,
            },
            confidence,
            suffix: [0; 2],
            resembles: None,
        }
    }
}

/// The answer where one form fits.
#[inline]
fn alone(entry: &Entry, form: &Form, doubt: &Doubt, answer: &mut Detection) {
    if entry.weight <= 0.0 {
        return;
    }
    let share = 1.0 / (entry.weight + doubt.noise);
    let [first, ..] = &mut answer.candidates;
    *first = Candidate {
        resembles: answer.lookalike,
        ..doubt.candidate(entry, form, 1.0, share)
    };
    answer.count = 1;
    answer.not_a_code = doubt.noise * share;
}

#[inline]
fn finish(doubt: &Doubt, field: &Field, suffix: [u8; 2], answer: &mut Detection) {
    let lookalike = answer.lookalike;
    let share = 1.0 / (field.total + doubt.noise);
    let mut confidence = 1.0_f32;
    let mut count = 0;
    for (slot, &place) in answer.candidates.iter_mut().zip(field.places()) {
        let best = field.get(place);
        let Some(form) = best.tag.form() else {
            continue;
        };
        // Never more than the one before: the order is that of the weights.
        *slot = Candidate {
            suffix,
            resembles: lookalike,
            ..doubt.candidate(&best, form, confidence, share)
        };
        confidence = slot.confidence;
        count += 1;
    }
    answer.count = count;
    if count > 0 {
        answer.not_a_code = doubt.noise * share;
    }
}

#[cfg(test)]
mod tests;
