//! Answers that stand ready in the tables are those that are worked out.

#[expect(dead_code, reason = "only the patterns are needed here")]
mod generator;
mod samples;

use carrier_detect::{Candidate, Detection, Hints, Usual, carriers, detect, detect_each};
use samples::Dice;

/// A hint that tells nothing: with it, the answer is worked out from each form by itself.
const NOTHING: [Usual; 1] = [Usual::new(carriers::POSTNL, 0.0)];

#[test]
fn answers_that_stand_ready_are_those_that_are_worked_out() {
    let mut dice = Dice(0x4ead_1e55);
    let mut count = 0;
    for row in generator::Data::embedded().formats.rows() {
        let forms = generator::expand(row.get("pattern"));
        for form in forms.iter().step_by(forms.len().div_ceil(30)) {
            for _ in 0..12 {
                let code = dice.code(form);
                // With another character somewhere, too.
                let mut other = code.clone().into_bytes();
                let at = dice.below(code.len());
                other[at] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[dice.below(36)];
                let other = String::from_utf8(other).expect("ASCII");
                for code in [code, other] {
                    compare(&code);
                    count += 1;
                }
            }
        }
        for code in row.list("valid") {
            compare(code.trim_start_matches('~'));
            count += 1;
        }
    }
    for length in 5..=40 {
        for _ in 0..400 {
            let digits = |_| char::from(b'0' + u8::try_from(dice.below(10)).unwrap_or(0));
            let code: String = (0..length).map(digits).collect();
            compare(&code);
            count += 1;
        }
    }
    assert!(count > 40_000, "{count} codes");
}

/// Whatever stands before or behind a text, and however many there are.
#[test]
fn each_of_many_texts_gets_the_answer_it_gets_alone() {
    let data = generator::Data::embedded();
    let rows = data.formats.rows();
    let mut texts: Vec<String> = rows
        .flat_map(|row| [row.list("valid"), row.list("invalid")].concat())
        .map(|code| code.trim_start_matches('~').to_owned())
        .collect();
    texts.extend(include_str!("not_a_code.rs").lines().map(str::to_owned));
    texts.extend(include_str!("input.rs").lines().map(str::to_owned));
    // Other neighbours than those they were written with.
    let mut dice = Dice(0x0d15_0bde);
    for at in (1..texts.len()).rev() {
        texts.swap(at, dice.below(at + 1));
    }
    let whole = |found: &Detection| {
        let candidates = found.candidates().iter();
        let reasons: Vec<_> = candidates.flat_map(Candidate::reasons).collect();
        format!(
            "{found:?} {reasons:?} {:?} {:?}",
            found.destination(),
            found.postcode()
        )
    };
    let usual = [Usual::new(carriers::POSTNL, 9.0)];
    for hints in [Hints::none(), Hints::none().with_usual(&usual)] {
        for count in (0..=17).chain([texts.len()]) {
            let mut answered = Vec::new();
            let given = texts.iter().take(count).map(String::as_str);
            detect_each(given, &hints, |text, found| {
                answered.push((text, whole(found)))
            });
            assert_eq!(answered.len(), count);
            for (text, (same, answer)) in texts.iter().zip(&answered) {
                assert_eq!(text, same);
                assert_eq!(*answer, whole(&detect(text, &hints)), "{text}");
            }
        }
    }
}

fn compare(code: &str) {
    let ready = detect(code, &Hints::none());
    let worked_out = detect(code, &Hints::none().with_usual(&NOTHING));
    let told = || format!("{code}\nready      {ready:?}\nworked out {worked_out:?}");
    assert_eq!(ready.code(), worked_out.code(), "{}", told());
    assert_eq!(ready.lookalike(), worked_out.lookalike(), "{}", told());
    let noise = ready.not_a_code() - worked_out.not_a_code();
    assert!(noise.abs() < 1e-5, "{}", told());
    let (count, same) = (ready.candidates().len(), worked_out.candidates().len());
    assert_eq!(count, same, "{}", told());
    // Those of one weight may change places, also with some that are not among the first eight.
    let last = ready.candidates().last().map_or(0.0, Candidate::confidence);
    let clear = |one: &&Candidate| count < 8 || one.confidence() > last + 1e-5;
    for one in ready.candidates().iter().filter(clear) {
        let Some(other) = of_carrier(&worked_out, one) else {
            panic!("{:?} is missing: {}", one.carrier(), told());
        };
        let difference = one.confidence() - other.confidence();
        assert!(difference.abs() < 1e-5, "{}", told());
        assert_eq!(one.check(), other.check(), "{}", told());
        if one.format().id == other.format().id {
            assert!(one.reasons().eq(other.reasons()), "{}", told());
        }
    }
}

fn of_carrier<'a>(found: &'a Detection, one: &Candidate) -> Option<&'a Candidate> {
    let mut all = found.candidates().iter();
    all.find(|other| other.carrier() == one.carrier())
}
