//! From text to answer: find the code in what was pasted, then rank.

use crate::input::{Code, Runs, address};
use crate::matcher::{Fit, fit, group};
use crate::noise::{of_code, of_text};
use crate::score::{rank, rank_fit, rank_plain};
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

/// How many texts are in work at once.
const AT_ONCE: usize = 8;

/// Calls `each` with every text and its answer, in order: the answers of [`detect`], in
/// six sevenths of its time.
///
/// Several texts go through each step together, so that one's tables are on their way from memory
/// while another's are read. Texts are taken up to eight ahead of their answers. With hints, which
/// hold for all texts, it takes as long as `detect`.
///
/// ```
/// use carrier_detect::{Hints, detect_each};
///
/// let file = "3SMYPA098753425\nafgehaald\n1Z5R89390357567127";
/// let mut carriers = Vec::new();
/// detect_each(file.lines(), &Hints::none(), |_text, found| {
///     carriers.push(found.unattended().map(|best| best.carrier().slug()));
/// });
/// assert_eq!(carriers, [Some("postnl"), None, Some("ups")]);
/// ```
pub fn detect_each<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    hints: &Hints<'_>,
    mut each: impl FnMut(&'t str, &Detection),
) {
    let mut texts = texts.into_iter();
    if !hints.is_none() {
        texts.for_each(|text| each(text, &detect(text, hints)));
        return;
    }
    let mut places = [Place::EMPTY; AT_ONCE];
    loop {
        let mut count = 0;
        for (place, text) in places.iter_mut().zip(&mut texts) {
            place.read(text);
            count += 1;
        }
        let (taken, _) = places.split_at_mut(count);
        taken.iter_mut().for_each(Place::fit);
        for place in taken {
            place.rank();
            each(place.text, &place.answer);
        }
        if count < AT_ONCE {
            return;
        }
    }
}

/// A text on its way through the steps of [`detect_each`].
#[derive(Clone, Copy)]
struct Place<'t> {
    text: &'t str,
    /// Nothing but a code.
    is_code: bool,
    code: Code,
    looks: Option<Lookalike>,
    fit: Fit,
    answer: Detection,
}

impl<'t> Place<'t> {
    const EMPTY: Self = Self {
        text: "",
        is_code: false,
        code: Code::EMPTY,
        looks: None,
        fit: Fit::NONE,
        answer: Detection::EMPTY,
    };

    #[inline]
    fn read(&mut self, text: &'t str) {
        self.text = text;
        self.code = Code::EMPTY;
        self.answer = Detection::EMPTY;
        self.is_code = self.code.fill(text.as_bytes(), &mut self.answer.text);
        if self.is_code {
            self.looks = of_code(&self.code);
            self.fit.group = group(&self.code);
        }
    }

    #[inline]
    fn fit(&mut self) {
        if self.is_code {
            self.fit = fit(&self.code, self.fit.group);
        }
    }

    #[inline]
    fn rank(&mut self) {
        if self.is_code {
            rank_fit(&self.code, self.looks, || self.fit, &mut self.answer);
        } else {
            pasted(self.text, &Hints::none(), &mut self.answer);
        }
    }
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
        let parts = has_words(&runs) || (answer.count == 0 && has_codes(&runs));
        if runs.count < 2 || seems.is_some() || confidence(answer) >= 0.5 || !parts {
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

/// Whether every run may be a code by itself: the codes of several parcels.
fn has_codes(runs: &Runs) -> bool {
    (0..runs.count).all(|at| runs.run(at).len() >= 8)
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
