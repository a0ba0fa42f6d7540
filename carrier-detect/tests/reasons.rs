//! What is said of a code beside its carrier: why it is offered, and whether it is one at all.

#[expect(dead_code, reason = "only the patterns are needed here")]
mod generator;
mod samples;

use carrier_detect::{Check, Detection, Hints, Lookalike, Reason, Verdict, detect};
use samples::Dice;

fn found(text: &str) -> Detection {
    detect(text, &Hints::none())
}

/// Why a carrier is offered for a text.
fn reasons(text: &str, slug: &str) -> Vec<Reason> {
    let found = found(text);
    let one = found
        .candidates()
        .iter()
        .find(|one| one.carrier().slug() == slug);
    one.unwrap_or_else(|| panic!("{text} -> {found:?}"))
        .reasons()
        .collect()
}

#[test]
fn a_start_that_is_told_is_the_codes() {
    let mut dice = Dice(0x0073_a500);
    let mut told = 0;
    for row in generator::Data::embedded().formats.rows() {
        let forms = generator::expand(row.get("pattern"));
        for form in forms.iter().step_by(forms.len().div_ceil(20)) {
            let code = dice.code(form);
            let found = found(&code);
            for one in found.candidates() {
                for reason in one.reasons() {
                    if let Reason::Prefix(prefix) = reason {
                        told += 1;
                        assert!(found.code().starts_with(prefix), "{code} -> {one}");
                    }
                }
            }
        }
    }
    assert!(told > 1000, "{told} starts");
}

#[test]
fn the_shape_of_a_code_is_told_by_what_is_most_telling() {
    let first = |text, slug| reasons(text, slug)[0];
    assert_eq!(
        first("JVGL0627463317265600", "dhl-parcel-nl"),
        Reason::Prefix("JVGL")
    );
    // Alternatives further behind change nothing in front.
    assert_eq!(
        first("4206311892612927005269000081323326", "pitney-bowes"),
        Reason::Prefix("420")
    );
    // One of several starts, and a letter behind the digits.
    assert_eq!(first("CR123456789019", "gofo"), Reason::Shape);
    assert_eq!(first("EV00000000000543NPI", "np-shopping"), Reason::Shape);
    assert_eq!(first("1485253888", "gls"), Reason::OnlyLength);
    let Reason::Operator(country) = first("RR123456785NL", "postnl") else {
        panic!("{}", found("RR123456785NL").best().expect("PostNL"));
    };
    assert_eq!(country.code(), "NL");
}

#[test]
fn reasons_come_in_order_with_check_digit_and_source_behind_the_shape() {
    assert_eq!(
        reasons("1Z5R89390357567127", "ups"),
        [Reason::Prefix("1Z"), Reason::CheckRight("UPS modulo 10")]
    );
    assert_eq!(
        reasons("1Z5R89390357567128", "ups"),
        [Reason::Prefix("1Z"), Reason::CheckWrong("UPS modulo 10")]
    );
}

#[test]
fn a_candidate_is_written_with_its_share_and_its_reasons() {
    let found = found("1Z5R89390357567127");
    let best = found.best().expect("UPS");
    assert_eq!(
        best.to_string(),
        format!(
            "UPS ({:.0} %): starts with 1Z, check digit is right (UPS modulo 10)",
            best.confidence() * 100.0
        )
    );
    assert_eq!(best.service(), best.format().service);
    assert!(!best.service().is_empty());
    let debug = format!("{best:?}");
    for part in ["Candidate", "ups", best.format().id, "Verified"] {
        assert!(debug.contains(part), "{debug}");
    }
    let debug = format!("{found:?}");
    for part in ["Detection", "1Z5R89390357567127", "Certain", "not_a_code"] {
        assert!(debug.contains(part), "{debug}");
    }
}

#[test]
fn what_speaks_for_no_code_at_all_is_told() {
    let sure = found("1Z5R89390357567127");
    assert!(sure.not_a_code() < 0.05, "{sure:?}");
    // Nothing fits, and nothing says what it is.
    let strange = found("QQ7Q7Q7Q7Q7Q7Q7Q7Q7Q7Q7Q7Q7Q7Q7Q");
    assert!(strange.candidates().is_empty(), "{strange:?}");
    assert_eq!(
        (strange.verdict(), strange.lookalike()),
        (Verdict::Unknown, None)
    );
    assert!((0.3..0.7).contains(&strange.not_a_code()), "{strange:?}");
    let words = found("afgehaald");
    assert_eq!(words.verdict(), Verdict::NotACode);
    assert!((0.95..1.0).contains(&words.not_a_code()), "{words:?}");
}

/// What the verdict is, from what everybody can read in the answer.
fn expected(found: &Detection) -> Verdict {
    let sure = found
        .lookalike()
        .is_some_and(|what| what != Lookalike::ArticleNumber);
    let fits = found.best().is_none_or(|best| best.fits());
    match found.best().map(|best| best.confidence()) {
        Some(best) if best >= 0.95 => Verdict::Certain,
        Some(best) if best >= 0.8 => Verdict::Likely,
        _ if !fits => Verdict::Unknown,
        _ if sure => Verdict::NotACode,
        Some(best) if best < 0.1 && found.not_a_code() > 0.9 => Verdict::NotACode,
        Some(_) => Verdict::Ambiguous,
        None => Verdict::Unknown,
    }
}

#[test]
fn the_verdict_follows_from_the_answer() {
    let mut dice = Dice(0x5eed_0004);
    let mut met = [0_u32; 5];
    let mut ask = |text: &str| {
        let found = found(text);
        let verdict = found.verdict();
        assert_eq!(verdict, expected(&found), "{text} -> {found:?}");
        let at = [
            Verdict::Certain,
            Verdict::Likely,
            Verdict::Ambiguous,
            Verdict::NotACode,
            Verdict::Unknown,
        ];
        met[at.iter().position(|one| *one == verdict).expect("listed")] += 1;
        // Weak candidates and much for no code: neither alone is enough.
        (
            found.best().is_some_and(|best| best.confidence() < 0.1),
            found.not_a_code() > 0.9,
        )
    };
    for row in generator::Data::embedded().formats.rows() {
        for form in generator::expand(row.get("pattern")).iter().take(2) {
            ask(&dice.code(form));
        }
    }
    let (mut weak, mut both) = (0, 0);
    for length in 8..=34 {
        for _ in 0..200 {
            let digits = |_| char::from(b'0' + u8::try_from(dice.below(10)).unwrap_or(0));
            let text: String = (0..length).map(digits).collect();
            let (low, none) = ask(&text);
            weak += u32::from(low && !none);
            both += u32::from(low && none);
        }
    }
    assert!(met.iter().all(|&count| count > 10), "{met:?}");
    assert!(weak > 10 && both > 10, "{weak} weak ones, {both} no codes");
}

#[test]
fn a_wrong_check_digit_is_flagged_and_never_used_unattended() {
    let found = found("1Z5R89390357567128");
    let best = found.best().expect("UPS");
    assert_eq!(
        (best.carrier().slug(), best.check()),
        ("ups", Check::Failed)
    );
    assert!(found.unattended().is_none());
}

#[test]
fn what_else_a_text_may_be_is_said_in_words() {
    for (text, words) in [
        ("afgehaald", "words, not a code"),
        ("2026-11-23", "a date or a time"),
        ("+31 6 12345678", "a telephone number"),
    ] {
        let lookalike = found(text).lookalike();
        assert_eq!(lookalike.map(|it| it.to_string()).as_deref(), Some(words));
    }
}

#[test]
fn a_company_prefix_is_the_carriers_only_where_the_company_is_known() {
    // Posten's own, and a sender's in Sweden that somebody carries.
    let own = reasons("370722150758796447", "bring");
    assert!(own.contains(&Reason::CompanyPrefix), "{own:?}");
    let senders = reasons("373655645638436204", "postnord");
    assert!(!senders.contains(&Reason::CompanyPrefix), "{senders:?}");
    assert!(senders.contains(&Reason::Guessed), "{senders:?}");
    assert!(found("373655645638436204").unattended().is_none());
}
