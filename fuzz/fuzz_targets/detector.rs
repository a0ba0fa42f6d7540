//! Whatever a code looks like, the detector answers, the same twice, with what its contract allows.

#![no_main]

use carrier_detect::{Detector, Hints, MOST_CANDIDATES, Usual, carriers, detect, detect_each};
use libfuzzer_sys::fuzz_target;
use order_core::ports::{CarrierDetector as _, CodeQuery};

/// A hint that tells nothing: with it, the answer is worked out and not looked up.
const NOTHING: [Usual; 1] = [Usual::new(carriers::POSTNL, 0.0)];

fuzz_target!(|text: &str| {
    let first = detect(text, &Hints::none());
    assert!(first.candidates().len() <= MOST_CANDIDATES);
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let second = detect(text, &Hints::none().with_usual(&NOTHING));
        assert_eq!(first.candidates().len(), second.candidates().len());
        for (one, other) in first.candidates().iter().zip(second.candidates()) {
            // Carriers of one weight may change places, their confidences not.
            let difference = one.confidence() - other.confidence();
            assert!(difference.abs() < 1e-4, "{one:?} {other:?}");
        }
    }
    // Many texts get the answers that each gets alone.
    detect_each(text.lines(), &Hints::none(), |line, found| {
        assert_eq!(
            format!("{found:?}"),
            format!("{:?}", detect(line, &Hints::none()))
        );
    });
    let query = CodeQuery {
        code: text.to_owned(),
        destination: "NL".parse().ok(),
        postal_code: Some("3511 AB".to_owned()),
        ..CodeQuery::default()
    };
    let guesses = Detector.detect(&query);
    assert_eq!(guesses, Detector.detect(&query));
    for guess in &guesses.candidates {
        assert!((0.0..=1.0).contains(&guess.confidence), "{guess:?}");
    }
    drop(Detector.by_name(text));
});
