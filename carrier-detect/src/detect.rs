//! From text to answer: find the code in what was pasted, then rank.

use crate::input::{Code, Runs, SLASH, address};
use crate::matcher::{Fit, fit, group};
use crate::near::add_near;
use crate::noise::{of_code, of_text};
use crate::score::{rank, rank_fit, rank_plain};
use crate::told::Named;
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

/// Calls `each` with every text and its answer, in order: the answers of [`detect`], in a twelfth
/// less time.
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
        // What the one before it left behind its end is never looked at.
        self.code.letters = 0;
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
        if !self.is_code {
            pasted(self.text, &Hints::none(), &mut self.answer);
        } else if rank_fit(&self.code, self.looks, || self.fit, &mut self.answer)
            && self.looks.is_none()
        {
            add_near(&mut self.answer);
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
            if rank_plain(&code, looks, answer) && looks.is_none() {
                add_near(answer);
            }
            return;
        }
        rank(&code, hints, None, looks, answer);
        add_near(answer);
    } else {
        pasted(text, hints, answer);
    }
}

/// The best answer among parts of a text.
///
/// Answers are made where they are and stay there: to move them about costs more than to make them.
struct Best {
    answers: [Detection; 2],
    /// Which of the two is the best, once there is one.
    at: usize,
    any: bool,
    /// The confidence that a part must be above, if any.
    known: Option<f32>,
}

impl Best {
    const fn above(known: Option<f32>) -> Self {
        Self {
            answers: [Detection::EMPTY; 2],
            at: 0,
            any: false,
            known,
        }
    }

    fn found(&self) -> Option<&Detection> {
        self.answers.get(self.at).filter(|_| self.any)
    }

    /// Ranks a part that may be a code; of equal ones the first stays.
    fn consider(
        &mut self,
        part: &[u8],
        hints: &Hints<'_>,
        named: Option<Named>,
        looks: impl FnOnce(&Code) -> Option<Lookalike>,
    ) {
        let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
        let Some(next) = self.answers.get_mut(1 - self.at) else {
            return;
        };
        if digits < 5 || !of_part(part, hints, named, looks, next) {
            return;
        }
        let confidence = confidence(next);
        if self.known.is_none_or(|known| confidence > known) {
            self.at = 1 - self.at;
            self.any = true;
            self.known = Some(confidence);
        }
    }
}

/// The answer for a part of the text; false if it cannot be a code.
fn of_part(
    part: &[u8],
    hints: &Hints<'_>,
    named: Option<Named>,
    looks: impl FnOnce(&Code) -> Option<Lookalike>,
    answer: &mut Detection,
) -> bool {
    *answer = Detection::EMPTY;
    let mut code = Code::EMPTY;
    let may_be = code.fill(part, &mut answer.text);
    if may_be {
        rank(&code, hints, named, looks(&code), answer);
    }
    may_be
}

/// The answer, empty yet, for a text that is more than a code.
fn pasted(text: &str, hints: &Hints<'_>, answer: &mut Detection) {
    let mut runs = Runs::of(text);
    // Most texts have no address.
    let address = (runs.has(SLASH) || runs.cut)
        .then(|| address(text))
        .flatten();
    if let Some(found) = address {
        // What is no code of a carrier's own address is not somebody else's.
        in_address(found.carrier, found.rest, hints, answer);
    } else {
        written(text, &mut runs, hints, answer);
        add_near(answer);
    }
}

/// The answer for a text that is no address.
fn written(text: &str, runs: &mut Runs, hints: &Hints<'_>, answer: &mut Detection) {
    runs.drop_behind_asterisk();
    let seems = of_text(text, runs);
    if let Some(seems @ (Lookalike::Empty | Lookalike::Words | Lookalike::Email)) = seems {
        answer.set_nothing(Some(seems));
        return;
    }
    if let Some((end, country, postcode)) = runs.with_address() {
        addressed(runs, (end, country, postcode), hints, answer);
        return;
    }
    let mut code = Code::EMPTY;
    let whole = !runs.cut && code.fill(runs.all(), &mut answer.text);
    if whole {
        let looks = seems.or_else(|| of_code(&code));
        rank(
            &code,
            hints,
            runs.printed().map(Named::Printed),
            looks,
            answer,
        );
        let parts = has_words(runs)
            || (answer.count == 0 && has_codes(runs, 8))
            || (confidence(answer) < 0.1 && has_codes(runs, 12));
        if runs.count < 2 || seems.is_some() || confidence(answer) >= 0.5 || !parts {
            return;
        }
    }
    let mut best = Best::above(whole.then(|| confidence(answer)));
    consider_parts(runs, hints, &mut best);
    match best.found() {
        Some(part) => *answer = *part,
        None if whole => {}
        None => answer.set_nothing(seems),
    }
}

fn confidence(answer: &Detection) -> f32 {
    answer.best().map_or(0.0, |best| best.confidence)
}

/// Whether a run is a word: a label in front of the code, or text around it.
fn has_words(runs: &Runs) -> bool {
    runs.count > 6
        || (0..runs.count).any(|at| {
            let run = runs.run(at);
            run.iter().all(u8::is_ascii_uppercase)
        })
}

/// Whether every run has so many characters that it may be a code by itself: the codes of several
/// parcels.
fn has_codes(runs: &Runs, least: usize) -> bool {
    (0..runs.count).all(|at| runs.run(at).len() >= least)
}

/// `3S...-NL-1012AB`
fn addressed(
    runs: &Runs,
    (end, country, postcode): (usize, Country, usize),
    hints: &Hints<'_>,
    answer: &mut Detection,
) {
    let mut text = [0; 8];
    for (slot, byte) in text.iter_mut().zip(runs.joined(postcode, runs.count)) {
        *slot = *byte;
    }
    let length = text.iter().position(|&byte| byte == 0).unwrap_or(8);
    let written = core::str::from_utf8(text.get(..length).unwrap_or(&[])).ok();
    let mut hints = *hints;
    hints.destination = Some(country);
    hints.postcode = written.or(hints.postcode);
    if of_part(runs.joined(0, end), &hints, None, of_code, answer) {
        answer.destination = Some(country);
        answer.postcode = text;
    } else {
        answer.set_nothing(None);
    }
}

/// The runs of a longer text: single ones, and tails behind a label.
fn consider_parts(runs: &Runs, hints: &Hints<'_>, best: &mut Best) {
    for at in 0..runs.count {
        best.consider(runs.run(at), hints, None, of_code);
    }
    let is_word = |at: usize| runs.run(at).iter().all(u8::is_ascii_uppercase);
    // The last run alone was among the single ones.
    for at in 1..runs.count.saturating_sub(1).min(6) {
        // What abbreviates "number" is no part of one.
        let number = matches!(runs.run(at), b"NR" | b"NO" | b"NUM");
        if is_word(at - 1) && !number {
            best.consider(runs.joined(at, runs.count), hints, None, of_code);
        }
    }
}

/// A tracking address: the host tells the carrier, the rest holds the code.
fn in_address(carrier: Option<Carrier>, rest: &str, hints: &Hints<'_>, answer: &mut Detection) {
    let mut best = Best::above(None);
    let pieces = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    for piece in pieces.take(64).filter(|piece| !piece.contains('.')) {
        let seems = |_: &Code| carrier.is_none().then_some(Lookalike::OtherUrl);
        best.consider(piece.as_bytes(), hints, carrier.map(Named::Address), seems);
    }
    match best.found() {
        Some(found) => *answer = *found,
        None => answer.set_nothing(carrier.is_none().then_some(Lookalike::OtherUrl)),
    }
}
