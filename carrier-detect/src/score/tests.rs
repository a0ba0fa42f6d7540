use super::{Doubt, noise};
use crate::Lookalike;
use crate::input::{Code, LONGEST};

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
