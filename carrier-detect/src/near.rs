//! Codes that fit no format but begin as a carrier's codes do: a character is missing or too many,
//! or nobody has written that form down yet.

use crate::detection::{Candidate, Check, Detection, Known, NEAR};
use crate::tables::{BEGINNINGS, BEGINNINGS_AT};
use crate::{Carrier, input};

/// How codes of a format begin.
pub(crate) struct Start {
    /// Up to eight symbols, the first in the highest byte, and what is none behind them.
    pub(crate) symbols: u64,
    pub(crate) format: u16,
    pub(crate) carrier: Carrier,
    /// The lengths of such codes.
    pub(crate) shortest: u8,
    pub(crate) longest: u8,
}

impl Start {
    /// How many characters more or less such codes have.
    const fn away(&self, length: u8) -> u8 {
        self.shortest.saturating_sub(length) + length.saturating_sub(self.longest)
    }
}

/// Stands behind the end of a start.
const END: u8 = u8::MAX;
/// Stands behind the end of a code.
const OVER: u8 = END - 1;
/// Most carriers that a start is taken to name.
const MOST: usize = 3;
/// What fits at less than this does not keep others out.
const WEAK: f32 = 0.1;
/// Fewer digits than these are a word with a number.
const DIGITS: usize = 5;

/// Adds carriers whose codes begin alike, where nothing fits, or next to nothing.
#[inline]
pub(crate) fn add_near(answer: &mut Detection) {
    // Nothing has no confidence either.
    let [first, ..] = &answer.candidates;
    if answer.lookalike.is_none() && first.confidence < WEAK {
        add(answer);
    }
}

#[cold]
#[inline(never)]
fn add(answer: &mut Detection) {
    let length = answer.length;
    let code = answer.text.get(..usize::from(length)).unwrap_or(&[]);
    let mut head = [OVER; 8];
    for (slot, &byte) in head.iter_mut().zip(code) {
        *slot = input::symbol(byte);
    }
    let [a, b, ..] = head.map(usize::from);
    let head = u64::from_be_bytes(head);
    let pair = a * 36 + b;
    let at = |pair| BEGINNINGS_AT.get(pair).map_or(0, |&at| usize::from(at));
    let starts = BEGINNINGS.get(at(pair)..at(pair + 1)).unwrap_or(&[]);
    let most = starts.iter().map(|start| alike(start.symbols, head)).max();
    let digits = code.iter().filter(|byte| byte.is_ascii_digit()).count();
    // Digits alone fit many carriers, each little.
    let many = digits == code.len() && answer.count > 0;
    let Some(longest) = most.filter(|_| digits >= DIGITS && !many) else {
        return;
    };
    // A letter tells twice as much as a digit. Two letters tell little, and nothing where the length
    // or what follows is another altogether.
    let (share, away, longer) = match tells(head, longest) {
        0..4 => return,
        4..6 => (0.2, 2, 1),
        6..8 => (0.35, 6, 8),
        _ => (0.45, 6, 8),
    };
    let near = starts.iter().filter(|start| {
        let more = symbols(start.symbols).skip(longest);
        let more = more.filter(|&symbol| symbol < END).count();
        let same = alike(start.symbols, head) == longest;
        same && more <= longer && start.away(length) <= away
    });
    let (near, count) = nearest(near, length);
    // Each half as likely as the one before it, all together as likely as such a start is right.
    let mut confidence = share
        * match count {
            0 => return,
            1 => 1.0,
            2 => 2.0 / 3.0,
            _ => 4.0 / 7.0,
        };
    let mut shown = near;
    for one in shown.iter_mut().take(count) {
        one.confidence = confidence;
        confidence /= 2.0;
    }
    // The others have what is left.
    let left = 1.0 - share;
    answer.not_a_code *= left;
    let weak = answer.candidates;
    let weak = weak.iter().take(usize::from(answer.count));
    let weak = weak.filter(|weak| !has(&near, weak.carrier()));
    let weak = weak.map(|weak| Candidate {
        confidence: weak.confidence * left,
        ..*weak
    });
    let near = shown.into_iter().take(count);
    answer.count = 0;
    for (slot, one) in answer.candidates.iter_mut().zip(near.chain(weak)) {
        *slot = one;
        answer.count += 1;
    }
    let shown = answer.candidates.get_mut(..usize::from(answer.count));
    let by_confidence = |a: &Candidate, b: &Candidate| b.confidence.total_cmp(&a.confidence);
    shown.unwrap_or(&mut []).sort_unstable_by(by_confidence);
}

/// The carriers whose codes are nearest in length, and how many there are.
fn nearest<'a>(
    starts: impl Iterator<Item = &'a Start> + Clone,
    length: u8,
) -> ([Candidate; MOST], usize) {
    let mut near = [Candidate::EMPTY; MOST];
    let mut count = 0;
    for at in 0..MOST {
        let others = starts.clone().filter(|start| !has(&near, start.carrier));
        let Some(start) = others.min_by_key(|start| start.away(length)) else {
            break;
        };
        near[at].known = Known {
            carrier: start.carrier,
            format: start.format,
            flags: NEAR,
            check: Check::None,
            ceiling: 0,
        };
        count += 1;
    }
    (near, count)
}

/// Whether a carrier is among those that have been found.
fn has(near: &[Candidate; MOST], carrier: Carrier) -> bool {
    let mut found = near.iter().filter(|one| !one.fits());
    found.any(|one| one.carrier() == carrier)
}

fn symbols(start: u64) -> impl Iterator<Item = u8> {
    start.to_be_bytes().into_iter()
}

/// How many characters at the start are alike.
const fn alike(start: u64, head: u64) -> usize {
    (start ^ head).leading_zeros() as usize / 8
}

/// How much a start tells: a letter counts twice, and nothing counts but two letters, a letter among
/// four characters, or six digits.
fn tells(head: u64, alike: usize) -> usize {
    let letters = symbols(head).take(alike).filter(|&symbol| symbol > 9);
    let letters = letters.count();
    if letters > 1 || letters == 1 && alike > 3 || alike > 5 {
        alike + letters
    } else {
        0
    }
}
