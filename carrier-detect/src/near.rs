//! Codes that fit no format but begin as a carrier's codes do: a character is missing or too many,
//! or nobody has written that form down yet.

use core::cmp::Ordering;

use crate::detection::{Candidate, Check, Detection, Known, NEAR};
use crate::tables::BEGINNINGS;
use crate::{Carrier, input};

/// How codes of a format begin.
pub(crate) struct Start {
    /// Up to eight symbols, and what is none behind them.
    pub(crate) symbols: [u8; 8],
    pub(crate) format: u16,
    pub(crate) carrier: Carrier,
    /// The lengths of such codes.
    pub(crate) shortest: u8,
    pub(crate) longest: u8,
}

/// Stands behind the end of a start.
const END: u8 = u8::MAX;
/// Most carriers that a start is taken to name.
const MOST: usize = 3;
/// What fits at less than this does not keep others out.
const WEAK: f32 = 0.1;
/// Fewer digits than these are a word with a number.
const DIGITS: usize = 5;

/// Adds carriers whose codes begin alike, where nothing fits, or next to nothing.
#[inline]
pub(crate) fn add_near(answer: &mut Detection) {
    let fits = answer.count > 0 && answer.candidates[0].confidence >= WEAK;
    if !fits && answer.lookalike.is_none() && answer.length > 0 {
        look(answer);
    }
}

#[inline(never)]
fn look(answer: &mut Detection) {
    let code = answer.code().as_bytes();
    if code.iter().filter(|byte| byte.is_ascii_digit()).count() < DIGITS {
        return;
    }
    let mut head = [0; 8];
    for (slot, &byte) in head.iter_mut().zip(code) {
        *slot = input::symbol(byte);
    }
    let (alike, starts) = longest_start(&head);
    let letters = head.iter().take(alike).filter(|&&symbol| symbol > 9);
    // A letter tells twice as much as a digit. Two letters tell little, and nothing where the length
    // or what follows is another altogether.
    let (share, away, longer) = match alike + letters.count() {
        0..4 => return,
        4..6 => (0.2, 2, 1),
        6..8 => (0.35, 6, 8),
        _ => (0.45, 6, 8),
    };
    let length = answer.length;
    let distance = |start: &Start| {
        let shorter = start.shortest.saturating_sub(length);
        shorter + length.saturating_sub(start.longest)
    };
    let may_be = |start: &&Start| {
        let symbols = start.symbols.iter();
        let more = symbols.skip(alike).filter(|&&symbol| symbol < END);
        more.count() <= longer && distance(start) <= away
    };
    let mut near = [Candidate::EMPTY; MOST];
    let mut count = 0;
    while count < MOST {
        let others = starts.iter().filter(may_be);
        let others = others.filter(|start| !has(&near, start.carrier));
        let Some(start) = others.min_by_key(|start| distance(start)) else {
            break;
        };
        if let Some(one) = near.get_mut(count) {
            one.known = Known {
                carrier: start.carrier,
                format: start.format,
                flags: NEAR,
                check: Check::None,
                ceiling: 0,
            };
        }
        count += 1;
    }
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

/// Whether a carrier is among those that have been found.
fn has(near: &[Candidate; MOST], carrier: Carrier) -> bool {
    let mut found = near.iter().filter(|one| !one.fits());
    found.any(|one| one.carrier() == carrier)
}

/// How many characters the longest start has in common with a code, and all starts that do; nought
/// if that tells nothing.
fn longest_start(head: &[u8; 8]) -> (usize, &'static [Start]) {
    let at = BEGINNINGS.partition_point(|start| start.symbols < *head);
    let common = |at: usize| {
        let start = BEGINNINGS.get(at)?;
        let pairs = start.symbols.iter().zip(head);
        Some(pairs.take_while(|(a, b)| a == b).count())
    };
    let behind = common(at).unwrap_or(0);
    let before = at.checked_sub(1).and_then(common).unwrap_or(0);
    let alike = behind.max(before);
    let head = head.get(..alike).unwrap_or(&[]);
    let letters = head.iter().filter(|&&symbol| symbol > 9).count();
    if letters < 2 && (letters == 0 || alike < 4) && alike < 6 {
        return (0, &[]);
    }
    let order = |start: &Start| start.symbols.get(..alike).unwrap_or(&[]).cmp(head);
    let first = BEGINNINGS.partition_point(|start| order(start) == Ordering::Less);
    let end = BEGINNINGS.partition_point(|start| order(start) != Ordering::Greater);
    (alike, BEGINNINGS.get(first..end).unwrap_or(&[]))
}
