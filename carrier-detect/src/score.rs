//! Scoring: a posterior over carriers beside "no code" and "a carrier nobody listed".
//!
//! The weight of a format is its prior times how much likelier it makes this very code than
//! chance among codes of the same shape would.

use crate::detection::{
    ADDRESS, Candidate, Check, MOST_CANDIDATES, NARROW, POSTCODE, USUAL, unknown,
};
use crate::field::{Entry, Field, Tag};
use crate::format::{Anyone, Form};
use crate::input::{Code, letter};
use crate::matcher::{group, scan};
use crate::tables::{FORMS, OPERATORS, RULES, SUFFIXES};
use crate::told::{Context, NOTHING_TOLD, Told};
use crate::{Carrier, Detection, Hints, Lookalike};

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

/// What more changes between letters and digits leave of the weight of no code: the more shapes
/// there are to share it.
const CHANGES: [f32; 11] = {
    let mut table = [8.0_f32; 11];
    let mut at = 1;
    while at < 11 {
        table[at] = table[at - 1] * 0.35;
        at += 1;
    }
    table
};

/// Weight of "no code" and of carriers that nobody listed, by the shape of the code.
#[inline]
fn noise(code: &Code) -> f32 {
    if code.digits_only() {
        return if code.length <= 16 { 6.0 } else { 4.0 };
    }
    let inside = (1_u64 << (u64::from(code.length) - 1)) - 1;
    let changes = ((code.letters ^ (code.letters >> 1)) & inside).count_ones();
    CHANGES[changes.min(10) as usize]
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
        ranked_with(code, &Context::new(hints, from_address), answer);
    }
}

/// With what the hints tell; apart, so that its variables cost nothing where there are none.
#[inline(never)]
fn ranked_with(code: &Code, context: &Context<'_>, answer: &mut Detection) {
    ranked(code, false, answer, |carrier, format| {
        context.weigh(carrier, format, code.as_slice())
    });
}

/// One copy for codes without hints, one for codes with.
///
/// Without hints, the carriers that any digits of the length fit weigh always the same: they
/// stand ready in the tables (`summed`).
#[inline]
fn ranked(code: &Code, summed: bool, answer: &mut Detection, told: impl Fn(Carrier, u16) -> Told) {
    let symbols = code.as_slice();
    let group = group(code);
    let (some, anyone) = if summed && code.digits_only() {
        (group.others, group.anyone)
    } else {
        (group.all, &[][..])
    };
    let mut checks = Checks { done: 0, passed: 0 };
    let doubt = Doubt::of(code, answer.lookalike);
    let mut fits = scan(code, group, some);
    answer.not_a_code = unknown(answer.lookalike);
    // Weighs the next of the forms that fit.
    let mut next = |fits: &mut u64| {
        let at = group.first_form + fits.trailing_zeros() as u16;
        *fits &= *fits - 1;
        let form = FORMS.get(usize::from(at))?;
        let (weight, check) = weigh(form, code, &mut checks)?;
        Some((at, form, weight, check))
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
    if fits & fits.wrapping_sub(1) == 0 && anyone.is_empty() {
        // One at most, as for every second code.
        if fits == 0 {
            return;
        }
        let Some(found) = next(&mut fits) else {
            return;
        };
        if found.1.carrier != u16::MAX {
            let entry = entry(Carrier(found.1.carrier), found);
            alone(&entry, found.1, &doubt, answer);
            return;
        }
        fits = 1 << (found.0 - group.first_form);
    }
    let mut field = Field::EMPTY;
    let mut suffix = [0; 2];
    while fits != 0 {
        let Some(found) = next(&mut fits) else {
            continue;
        };
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
    let joined = field.join_all(anyone);
    if !anyone.is_empty() {
        field.total += group.anyone_sum;
    }
    finish(&doubt, &field, Rest { anyone, joined }, suffix, answer);
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
        let hinted = flags & (USUAL | ADDRESS | POSTCODE) != 0;
        let doubt = if hinted { self.most_hinted } else { self.most };
        confidence = least(confidence, entry.weight * share);
        confidence = least(confidence, least(ceiling(form, check, entry.floor), doubt));
        Candidate {
            carrier: entry.tag.carrier(),
            format: form.format,
            confidence,
            check,
            flags,
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
fn finish(doubt: &Doubt, field: &Field, mut rest: Rest, suffix: [u8; 2], answer: &mut Detection) {
    let lookalike = answer.lookalike;
    let share = 1.0 / (field.total + doubt.noise);
    let mut confidence = 1.0_f32;
    let (mut at, mut count) = (0, 0);
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
