//! Codes that fit no format but begin as a carrier's codes do.

use carrier_detect::{Detection, Hints, Reason, Verdict, detect, detect_each};

fn told(code: &str) -> Detection {
    detect(code, &Hints::none())
}

fn names(found: &Detection) -> Vec<&'static str> {
    let candidates = found.candidates().iter();
    candidates.map(|one| one.carrier().slug()).collect()
}

/// Starts of known codes, with a character too many or too few, or in a form that no row has.
const NEAR: &[(&str, &str)] = &[
    ("JVGL06274633172656000123456789", "dhl-parcel-nl"),
    ("TBA3074541AJSBS", "amazon"),
    ("NPMD0000013421000136", "np-shopping"),
    ("ML753902846175390", "mailamericas"),
    ("PQ4F6P0703673180181750T1", "correos"),
    ("003404342888680268172", "dhl-paket-de"),
    // One letter with three digits alike; six digits alike.
    ("T000013938201746550", "tranzo"),
    ("1580023820174655093820174", "austrian-post"),
];

#[test]
fn a_code_that_fits_nothing_is_told_by_its_start() {
    for (code, carrier) in NEAR {
        let found = told(code);
        let best = found.best().expect("a carrier");
        assert_eq!(best.carrier().slug(), *carrier, "{found:?}");
        assert!(!best.fits(), "{code}");
        assert!(best.confidence() < 0.5, "{code}");
        assert_eq!(found.verdict(), Verdict::Unknown, "{code}");
        assert!(found.unattended().is_none(), "{code}");
        assert!(best.reasons().any(|one| one == Reason::OnlyStart), "{code}");
    }
    let found = told("TBA3074541AJSBS");
    let best = found.best().expect("a carrier").to_string();
    let expected =
        "Amazon Logistics (35 %): begins as its codes do, but has another length or form";
    assert!(best.starts_with(expected), "{best}");
}

#[test]
fn of_two_carriers_the_first_has_two_thirds() {
    let found = told("LP000684344024737");
    let shown = found.candidates().iter().map(|one| one.confidence() / 0.2);
    let shares: Vec<f32> = shown.collect();
    let [first, second] = shares[..] else {
        panic!("two carriers: {found:?}");
    };
    let thirds = (first * 3.0 - 2.0).abs() + (second * 3.0 - 1.0).abs();
    assert!(thirds < 1e-3, "{found:?}");
}

#[test]
fn what_fits_keeps_them_out() {
    for code in ["JVGL0627463317265600", "TBA318845120009", "34343180322236"] {
        let found = told(code);
        assert!(found.candidates().iter().all(|one| one.fits()), "{found:?}");
    }
}

#[test]
fn a_word_with_a_number_names_nobody() {
    // Too few digits; two letters and another length altogether; one letter; five digits alike.
    for text in [
        "TBA1234",
        "YT753902846175390284617539",
        "T975390284617539028",
        "370439999999999999999",
        "1580093820174655093820174",
        // Letters but for four digits; two of five letters.
        "NSPRSOABCDEF1234",
        "BC753902846175",
    ] {
        assert_eq!(names(&told(text)), [""; 0], "{text}");
    }
    let address = "https://www.ups.com/track?tracknum=TBA3074541AJSBS";
    for text in [address, "INV-2026-00123", "afgehaald", "TBA@3074541AJSBS"] {
        let found = told(text);
        assert!(found.candidates().iter().all(|one| one.fits()), "{found:?}");
    }
}

/// In small letters and behind a word as well.
#[test]
fn a_start_is_read_in_a_longer_text() {
    for text in ["tba-3074541ajsbs", "Tracking: TBA3074541AJSBS"] {
        assert_eq!(names(&told(text)).first(), Some(&"amazon"), "{text}");
    }
}

#[test]
fn weights_stay_shares_of_one() {
    let mut several = 0;
    let letters: Vec<char> = ('A'..='Z').collect();
    for first in &letters {
        for second in &letters {
            for length in [9, 13, 17, 22] {
                let digits: String = "7539028461".chars().cycle().take(length).collect();
                let code = format!("{first}{second}{digits}");
                let found = told(&code);
                let shown = found.candidates();
                let sum: f32 = shown.iter().map(|one| one.confidence()).sum();
                assert!(sum + found.not_a_code() <= 1.0001, "{found:?}");
                let falls = shown.is_sorted_by(|a, b| a.confidence() >= b.confidence());
                assert!(falls, "{found:?}");
                let mut slugs = names(&found);
                slugs.sort_unstable();
                slugs.dedup();
                assert_eq!(slugs.len(), shown.len(), "{found:?}");
                several += usize::from(shown.iter().filter(|one| !one.fits()).count() > 1);
            }
        }
    }
    assert!(several > 20, "{several}");
}

#[test]
fn texts_one_by_one_and_all_at_once_get_the_same() {
    let mut answers = Vec::new();
    let texts = NEAR.iter().map(|(code, _)| *code);
    detect_each(texts, &Hints::none(), |text, found| {
        answers.push((names(found), found.best().map(|best| best.confidence())));
        let alone = told(text);
        let alone = (names(&alone), alone.best().map(|best| best.confidence()));
        assert_eq!(answers.last(), Some(&alone));
    });
    assert_eq!(answers.len(), NEAR.len());
}
