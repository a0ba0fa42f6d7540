//! What every [`CarrierDetector`] must do.

use std::sync::Arc;

use async_trait::async_trait;

use crate::ports::{CarrierDetector, CodeQuery};

/// How a test gets a detector.
#[async_trait]
pub trait DetectorHarness: Sized + Send + Sync + 'static {
    /// Makes one.
    async fn start() -> Self;

    /// The detector.
    fn detector(&self) -> Arc<dyn CarrierDetector>;

    /// A code it is certain of, and the transporter.
    fn known(&self) -> (&'static str, &'static str);
}

fn query(code: &str) -> CodeQuery {
    CodeQuery {
        code: code.to_owned(),
        ..CodeQuery::default()
    }
}

const ODD: [&str; 12] = [
    "",
    " ",
    "\0",
    "🚚🚚🚚",
    "n.v.t.",
    "afgehaald",
    "+31 6 12345678",
    "NL91ABNA0417164300",
    "8712345678906",
    "2026-03-28",
    "https://example.com/a?b=c",
    "<script>alert(1)</script>",
];

/// Whatever the text, it answers; confidence is between 0 and 1 and falls down the list.
pub async fn any_text_gets_an_ordered_answer<H: DetectorHarness>(harness: H) {
    let detector = harness.detector();
    let long = "9".repeat(100_000);
    for text in ODD.into_iter().chain([long.as_str()]) {
        let guesses = detector.detect(&query(text));
        let confidence: Vec<f32> = guesses
            .candidates
            .iter()
            .map(|guess| guess.confidence)
            .collect();
        assert!(
            confidence.iter().all(|c| (0.0..=1.0).contains(c)),
            "{text:?}: {confidence:?}"
        );
        assert!(
            confidence.windows(2).all(|pair| pair[0] >= pair[1]),
            "{text:?}: {confidence:?}"
        );
        assert!(
            !guesses.certain || !guesses.candidates.is_empty(),
            "{text:?}"
        );
    }
}

/// It is never certain of a text that is no code.
pub async fn nothing_is_certain_about_a_text_that_is_no_code<H: DetectorHarness>(harness: H) {
    for text in ODD {
        let guesses = harness.detector().detect(&query(text));
        assert!(!guesses.certain, "{text:?}: {guesses:?}");
    }
}

/// It is certain of a code it knows, also in groups of four and in lower case.
pub async fn a_known_code_is_told_however_it_is_written<H: DetectorHarness>(harness: H) {
    let (code, carrier) = harness.known();
    let letters: Vec<char> = code.to_lowercase().chars().collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    let spaced = groups.join(" ");
    for text in [code, spaced.as_str()] {
        let guesses = harness.detector().detect(&query(text));
        assert!(guesses.certain, "{text:?}: {guesses:?}");
        assert_eq!(
            guesses
                .candidates
                .first()
                .map(|guess| guess.carrier.as_str()),
            Some(carrier)
        );
        assert_eq!(guesses.code.as_deref(), Some(code));
    }
}

/// The same question gets the same answer.
pub async fn the_same_question_gets_the_same_answer<H: DetectorHarness>(harness: H) {
    let (code, _) = harness.known();
    assert_eq!(
        harness.detector().detect(&query(code)),
        harness.detector().detect(&query(code))
    );
}

/// A name nobody has is not guessed.
pub async fn a_name_nobody_has_is_not_guessed<H: DetectorHarness>(harness: H) {
    for name in ["", "  ", "zzzz-no-such-transporter"] {
        assert_eq!(harness.detector().by_name(name), None, "{name:?}");
    }
}

/// One test of every case of [`DetectorHarness`](crate::testkit::contract::DetectorHarness).
#[macro_export]
macro_rules! detector_contract {
    ($harness:ty) => {
        $crate::contract_cases!(
            DetectorHarness,
            $harness,
            any_text_gets_an_ordered_answer,
            nothing_is_certain_about_a_text_that_is_no_code,
            a_known_code_is_told_however_it_is_written,
            the_same_question_gets_the_same_answer,
            a_name_nobody_has_is_not_guessed,
        );
    };
}
