//! Whatever a code looks like, the detector answers, the same twice, with what its contract allows.

#![no_main]

use carrier_detect::{Detector, Hints, MOST_CANDIDATES, detect};
use libfuzzer_sys::fuzz_target;
use order_core::ports::{CarrierDetector as _, CodeQuery};

fuzz_target!(|text: &str| {
    let first = detect(text, &Hints::none());
    assert!(first.candidates().len() <= MOST_CANDIDATES);
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
