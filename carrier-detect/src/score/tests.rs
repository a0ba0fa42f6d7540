use super::{Doubt, noise, operators, postal};
use crate::detection::{ADDRESS, Check, FITS, POSTCODE, PRINTED, UNUSUAL, USUAL};
use crate::field::{Entry, Tag};
use crate::format::Form;
use crate::input::{Code, LONGEST};
use crate::{Carrier, Lookalike, carriers};

fn code(text: &str) -> Code {
    let mut code = Code::EMPTY;
    assert!(code.fill(text.as_bytes(), &mut [0; LONGEST]), "{text}");
    code
}

#[test]
fn the_more_a_code_changes_between_letters_and_digits_the_less_speaks_for_no_code() {
    let expected = [
        ("12345678", 6.0),
        ("1234567890123456", 6.0),
        ("12345678901234567", 4.0),
        ("ABCDEFGH", 8.0),
        ("AB123456", 2.8),
        // The end of the code is no change.
        ("1234567A", 2.8),
        ("123456789012345678901234567890123456789A", 2.8),
        ("RR123456785NL", 0.98),
        ("A1B23456", 0.343),
    ];
    for (text, weight) in expected {
        let found = noise(&code(text));
        assert!((found - weight).abs() < 1e-4, "{text}: {found}");
    }
    // Ten changes and more are as ten.
    let ten = noise(&code("A1A1A1A1A1A"));
    assert!(
        (ten / (8.0 * 0.35_f32.powi(10)) - 1.0).abs() < 1e-3,
        "{ten}"
    );
    let more = noise(&code("A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1"));
    assert!((more / ten - 1.0).abs() < 1e-6, "{more}");
}

#[test]
fn what_else_a_text_seems_to_be_weighs_for_no_code_and_limits_what_is_reached() {
    let code = code("12345678");
    let doubt = |lookalike| {
        let doubt = Doubt::of(&code, lookalike);
        (doubt.noise, doubt.most, doubt.most_hinted)
    };
    assert_eq!(doubt(None), (6.0, 1.0, 1.0));
    assert_eq!(doubt(Some(Lookalike::ArticleNumber)), (36.0, 0.45, 0.9));
    assert_eq!(doubt(Some(Lookalike::Date)), (6000.0, 0.2, 0.2));
}

#[test]
fn who_is_named_by_more_than_the_code_may_be_an_article_number_nevertheless() {
    let code = code("4006381333931");
    let doubt = Doubt::of(&code, Some(Lookalike::ArticleNumber));
    let form = Form {
        ceiling: 0.97,
        ceiling_checked: 0.97,
        ..Form::NONE
    };
    let confidence = |flags| {
        let entry = Entry {
            tag: Tag::new(carriers::POSTNL, 0, flags, Check::None),
            weight: 1000.0,
            best: 1000.0,
            floor: 0.0,
        };
        doubt.candidate(&entry, &form, 1.0, 1.0).confidence
    };
    for flags in [USUAL, ADDRESS, POSTCODE, PRINTED] {
        assert!((confidence(flags) - 0.9).abs() < 1e-6, "{flags}");
    }
    for flags in [0, FITS, UNUSUAL] {
        assert!((confidence(flags) - 0.45).abs() < 1e-6, "{flags}");
    }
}

#[test]
fn the_operators_of_a_suffix_share_its_weight() {
    let shares = |text: &str| {
        let mut list = [(carriers::POSTNL, 0.0); 2];
        let mut free = list.iter_mut();
        let suffix = [text.as_bytes()[11], text.as_bytes()[12]];
        postal(suffix, &code(text), 1.0, |one, weight| {
            if let Some(slot) = free.next() {
                *slot = (one, weight);
            }
        });
        list
    };
    let is = |text, first: (Carrier, f32), second: f32| {
        let found = shares(text);
        assert_eq!(found[0].0, first.0, "{text}");
        assert!((found[0].1 - first.1).abs() < 1e-6, "{text} {found:?}");
        assert!((found[1].1 - second).abs() < 1e-6, "{text} {found:?}");
    };
    // A letter goes by the post itself, a parcel more often by who else carries for it.
    is("RB123456785GB", (carriers::ROYAL_MAIL, 0.9), 0.09);
    is("CB123456785GB", (carriers::ROYAL_MAIL, 0.7), 0.28);
    is("RB123456785US", (carriers::USPS, 1.0), 0.0);
    is("CB123456785US", (carriers::USPS, 1.0), 0.0);
}

#[test]
fn what_is_no_two_letters_has_no_operator() {
    assert!(!operators(*b"BA").is_empty());
    for suffix in [*b"A[", *b"[A", *b"@A", *b"A@", *b"0A", *b"A0"] {
        assert!(operators(suffix).is_empty(), "{suffix:?}");
    }
}
