//! The bit-set matcher against regular expressions over the same table.

#[expect(dead_code, reason = "only the patterns are needed here")]
mod generator;
mod samples;

use std::collections::BTreeSet;

use carrier_detect::{each_fitting, formats};
use regex::bytes::RegexSetBuilder;
use samples::Dice;

#[test]
fn the_matcher_agrees_with_regular_expressions() {
    let patterns = formats()
        .iter()
        .map(|format| format!("^(?:{})$", format.pattern));
    let oracle = RegexSetBuilder::new(patterns)
        .unicode(false)
        .size_limit(1 << 26)
        .build()
        .expect("the patterns are regular expressions");
    let mut dice = Dice(0x0dac_1e00);
    let mut codes: Vec<String> = Vec::new();
    for (_, forms) in forms() {
        for form in forms.iter().step_by(forms.len().div_ceil(40)) {
            let code = dice.code(form);
            // The same with one character changed, one more and one less.
            let at = dice.below(code.len());
            let mut other = code.clone().into_bytes();
            other[at] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[dice.below(36)];
            codes.push(String::from_utf8(other).expect("ASCII"));
            codes.push(format!("{code}7"));
            codes.push(code[1..].to_owned());
            codes.push(code);
        }
    }
    for length in 5..=40 {
        codes.extend((0..20).map(|_| digits(&mut dice, length)));
        // Whatever it starts with, words too, and with letters among the digits.
        for start in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" {
            for letters in [36, 3, 1] {
                let any = |_| match dice.below(36) {
                    at if at < letters => char::from(b'A' + (at % 26) as u8),
                    at => char::from(b'0' + (at % 10) as u8),
                };
                let rest: String = (1..length).map(any).collect();
                codes.push(format!("{}{rest}", char::from(*start)));
            }
        }
    }
    for code in codes.iter().filter(|code| (5..=40).contains(&code.len())) {
        let mut ours = BTreeSet::new();
        each_fitting(code, |format| {
            ours.insert(format.id);
        });
        let theirs: BTreeSet<&str> = oracle
            .matches(code.as_bytes())
            .into_iter()
            .map(|at| formats()[at].id)
            .collect();
        assert_eq!(ours, theirs, "{code}");
    }
}

/// Every format's id with its forms.
fn forms() -> Vec<(String, Vec<generator::Form>)> {
    generator::Data::embedded()
        .formats
        .rows()
        .map(|row| {
            (
                row.get("id").to_owned(),
                generator::expand(row.get("pattern")),
            )
        })
        .collect()
}

/// Digits that mean nothing.
fn digits(dice: &mut Dice, length: usize) -> String {
    (0..length)
        .map(|_| char::from(b"0123456789"[dice.below(10)]))
        .collect()
}
