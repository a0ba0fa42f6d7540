//! From text to answer: find the code in what was pasted, then rank.

use crate::input::{Code, Runs, address};
use crate::noise::{of_code, of_text};
use crate::score::{rank, rank_plain};
use crate::{Carrier, Country, Detection, Hints, Lookalike};

/// Tells which carriers a track & trace code may be of.
///
/// The text may be written as people paste it: with spaces, dots, dashes, in lower case or
/// full-width, with a scanner's prefix, with a label in front, with country and postcode behind,
/// or inside a tracking address. The work is linear in the text and nothing is allocated.
///
/// ```
/// use carrier_detect::{Hints, carriers, detect};
///
/// let found = detect("3s mypa 098 753 425", &Hints::none());
/// assert_eq!(found.code(), "3SMYPA098753425");
/// assert_eq!(found.best().map(|best| best.carrier()), Some(carriers::POSTNL));
/// assert!(found.unattended().is_some());
/// assert!(detect("afgehaald", &Hints::none()).candidates().is_empty());
/// ```
#[must_use]
#[inline]
pub fn detect(text: &str, hints: &Hints<'_>) -> Detection {
    // Filled in where the caller has it: a copy of it costs a tenth of the time.
    let mut answer = Detection::EMPTY;
    detect_into(text, hints, &mut answer);
    answer
}

#[inline]
fn detect_into(text: &str, hints: &Hints<'_>, answer: &mut Detection) {
    let mut code = Code::EMPTY;
    if code.fill(text.as_bytes(), &mut answer.text) {
        let looks = of_code(&code);
        // Asked here, so that the common way is compiled into this place: a fiftieth less time.
        if hints.is_none() {
            rank_plain(&code, looks, answer);
        } else {
            rank(&code, hints, None, looks, answer);
        }
    } else {
        answer.text = Detection::EMPTY.text;
        pasted(text, hints, answer);
    }
}

/// The answer for a part of the text that may be a code.
fn of_part(
    part: &[u8],
    hints: &Hints<'_>,
    from_address: Option<Carrier>,
    looks: impl FnOnce(&Code) -> Option<Lookalike>,
) -> Option<Detection> {
    let (mut code, mut answer) = (Code::EMPTY, Detection::EMPTY);
    code.fill(part, &mut answer.text).then(|| {
        rank(&code, hints, from_address, looks(&code), &mut answer);
        answer
    })
}

/// The answer, empty yet, for a text that is more than a code.
fn pasted(text: &str, hints: &Hints<'_>, answer: &mut Detection) {
    if let Some(found) = address(text) {
        *answer = in_address(found.carrier, found.rest, hints);
        return;
    }
    let runs = Runs::of(text);
    let seems = of_text(text, &runs);
    if let Some(seems @ (Lookalike::Empty | Lookalike::Words | Lookalike::Email)) = seems {
        answer.set_nothing(Some(seems));
        return;
    }
    if let Some((end, country, postcode)) = runs.with_address() {
        *answer = addressed(&runs, (end, country, postcode), hints);
        return;
    }
    let mut code = Code::EMPTY;
    let whole = !runs.cut && code.fill(runs.all(), &mut answer.text);
    if whole {
        let looks = seems.or_else(|| of_code(&code));
        rank(&code, hints, None, looks, answer);
        if runs.count < 2 || seems.is_some() || confidence(answer) >= 0.5 || !has_words(&runs) {
            return;
        }
    }
    match best_part(&runs, hints) {
        Some(part) if whole && confidence(answer) >= confidence(&part) => {}
        Some(part) => *answer = part,
        None if whole => {}
        None => answer.set_nothing(seems),
    }
}

fn confidence(answer: &Detection) -> f32 {
    answer.best().map_or(0.0, |best| best.confidence)
}

/// Whether a run is a word: a label in front of the code, or text around it.
fn has_words(runs: &Runs) -> bool {
    runs.cut
        || (0..runs.count).any(|at| {
            let run = runs.run(at);
            run.iter().all(u8::is_ascii_uppercase)
        })
        || runs.count > 6
}

/// `3S...-NL-1012AB`
fn addressed(
    runs: &Runs,
    (end, country, postcode): (usize, Country, usize),
    hints: &Hints<'_>,
) -> Detection {
    let mut text = [0; 8];
    for (slot, byte) in text.iter_mut().zip(runs.joined(postcode, runs.count)) {
        *slot = *byte;
    }
    let length = text.iter().position(|&byte| byte == 0).unwrap_or(8);
    let written = core::str::from_utf8(text.get(..length).unwrap_or(&[])).ok();
    let mut hints = *hints;
    hints.destination = Some(country);
    hints.postcode = written.or(hints.postcode);
    let Some(mut answer) = of_part(runs.joined(0, end), &hints, None, of_code) else {
        return Detection::nothing(None);
    };
    answer.destination = Some(country);
    answer.postcode = text;
    answer
}

/// The best code among the runs of a longer text: single runs, and tails behind a label.
fn best_part(runs: &Runs, hints: &Hints<'_>) -> Option<Detection> {
    let mut best: Option<Detection> = None;
    let mut consider = |bytes: &[u8]| {
        let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
        if digits < 5 {
            return;
        }
        let Some(answer) = of_part(bytes, hints, None, of_code) else {
            return;
        };
        if best
            .as_ref()
            .is_none_or(|known| confidence(&answer) > confidence(known))
        {
            best = Some(answer);
        }
    };
    for at in 0..runs.count {
        consider(runs.run(at));
    }
    let is_word = |at: usize| runs.run(at).iter().all(u8::is_ascii_uppercase);
    for at in 1..runs.count.min(6) {
        if is_word(at - 1) {
            consider(runs.joined(at, runs.count));
        }
    }
    best
}

/// A tracking address: the host tells the carrier, the rest holds the code.
fn in_address(carrier: Option<Carrier>, rest: &str, hints: &Hints<'_>) -> Detection {
    let mut best: Option<Detection> = None;
    let pieces = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    for piece in pieces.take(64) {
        let digits = piece.bytes().filter(u8::is_ascii_digit).count();
        if digits < 5 || piece.contains('.') {
            continue;
        }
        let seems = |_: &Code| carrier.is_none().then_some(Lookalike::OtherUrl);
        let Some(answer) = of_part(piece.as_bytes(), hints, carrier, seems) else {
            continue;
        };
        if best
            .as_ref()
            .is_none_or(|known| confidence(&answer) > confidence(known))
        {
            best = Some(answer);
        }
    }
    match (best, carrier) {
        (Some(best), _) => best,
        (None, Some(_)) => Detection::nothing(None),
        (None, None) => Detection::nothing(Some(Lookalike::OtherUrl)),
    }
}
