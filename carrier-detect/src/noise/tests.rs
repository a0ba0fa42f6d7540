use std::format;
use std::string::{String, ToString};

use super::{IBANS, known, may_be_known, of_code};
use crate::Lookalike;
use crate::input::{Code, LONGEST};

fn read(text: &str) -> Code {
    let mut code = Code::EMPTY;
    assert!(code.fill(text.as_bytes(), &mut [0; LONGEST]), "{text}");
    code
}

/// What is asked first lets a text through to what knows it.
#[track_caller]
fn is(text: &str, what: Lookalike) {
    let code = read(text);
    assert_eq!(known(&code), Some(what), "{text}");
    assert!(may_be_known(&code), "{text} is passed over");
    assert_eq!(of_code(&code), Some(what), "{text}");
}

#[test]
fn placeholders_of_every_length_and_start_are_asked_for() {
    for length in 6..=LONGEST {
        for first in 0..10 {
            let digit = |at: usize| char::from(b'0' + ((first + at) % 10) as u8);
            is(
                &(0..length).map(digit).collect::<String>(),
                Lookalike::Placeholder,
            );
            is(
                &(0..length).map(|_| digit(0)).collect::<String>(),
                Lookalike::Placeholder,
            );
        }
    }
}

#[test]
fn words_of_every_length_are_asked_for() {
    for length in 5..=LONGEST {
        is(&"Z".repeat(length), Lookalike::Words);
    }
}

#[test]
fn every_day_and_moment_is_asked_for() {
    for year in 1990..2060 {
        for month in 1..=12 {
            for day in 1..=31 {
                is(&format!("{year}{month:02}{day:02}"), Lookalike::Date);
                is(&format!("{day:02}{month:02}{year}"), Lookalike::Date);
                is(&format!("{year}{month:02}{day:02}235959"), Lookalike::Date);
            }
        }
    }
}

#[test]
fn accounts_of_every_country_are_asked_for() {
    for (country, length) in IBANS {
        let country = str::from_utf8(country).unwrap();
        let account = format!("2{}", "1".repeat(usize::from(length) - 5));
        let letters = country
            .bytes()
            .map(|letter| (letter - b'A' + 10).to_string());
        let number = format!("{account}{}00", letters.collect::<String>());
        let rest = number
            .bytes()
            .fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
        is(
            &format!("{country}{:02}{account}", 98 - rest),
            Lookalike::Iban,
        );
        let wrong = read(&format!("{country}{:02}{account}", (99 - rest) % 97));
        assert_eq!(of_code(&wrong), None, "{country}");
    }
}

#[test]
fn numbers_of_other_kinds_are_asked_for() {
    for text in ["0612345678", "0698765432"] {
        is(text, Lookalike::Phone);
    }
    // An ISBN of ten characters, and thirteen digits with every first one.
    is("043942089X", Lookalike::ArticleNumber);
    for first in 0..10_u32 {
        let digits = format!("{first}71234567890");
        let sum: u32 = (0..12)
            .zip(digits.bytes())
            .map(|(at, digit)| u32::from(digit - b'0') * (1 + at % 2 * 2))
            .sum();
        is(
            &format!("{digits}{}", (10 - sum % 10) % 10),
            Lookalike::ArticleNumber,
        );
    }
    for text in ["00491761234567", "00316123456789"] {
        is(text, Lookalike::ArticleNumber);
    }
    for text in ["NL123456789B01", "ABC850101XY7", "XYZ9912319A1"] {
        is(text, Lookalike::TaxNumber);
    }
}
