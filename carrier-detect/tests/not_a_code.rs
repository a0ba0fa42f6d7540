//! What people type into the field that is no code.

use carrier_detect::{Hints, Verdict, detect};

const NO_CODES: &[&str] = &[
    "afgehaald",
    "Afgehaald door klant",
    "n.v.t.",
    "nvt",
    "geen",
    "-",
    "",
    "   ",
    "onbekend",
    "brievenbuspost",
    "zonder track en trace",
    "per post",
    "abgeholt",
    "keine",
    "Selbstabholung",
    "Brief ohne Sendungsnummer",
    "retiré en magasin",
    "sans suivi",
    "recogido",
    "ritirato",
    "odbiór osobisty",
    "test",
    "TEST123",
    "none",
    "N/A",
    "null",
    "undefined",
    "tracking",
    "8710398500000",
    "8712345678906",
    "5901234123457",
    "4006381333931",
    "9780306406157",
    "978-3-16-148410-0",
    "0306406152",
    "ISBN 0-306-40615-2",
    "012345678905",
    "96385074",
    "NL91ABNA0417164300",
    "NL91 ABNA 0417 1643 00",
    "DE89370400440532013000",
    "DE89 3704 0044 0532 0130 00",
    "BE68539007547034",
    "FR1420041010050500013M02606",
    "GB29NWBK60161331926819",
    "ES9121000418450200051332",
    "AT611904300234573201",
    "IT60X0542811101000000123456",
    "PL61109010140000071219812874",
    "+31612345678",
    "+31 6 12345678",
    "0031612345678",
    "06-12345678",
    "06 12 34 56 78",
    "0612345678",
    "020-1234567",
    "(020) 123 45 67",
    "+49 30 1234567",
    "04961 9424600",
    "+32 470 12 34 56",
    "+1 (555) 123-4567",
    "555-123-4567",
    "2026-11-23",
    "23-11-2026",
    "23/11/2026",
    "23.11.2026",
    "20261123",
    "23112026",
    "11/23/26",
    "23 november 2026",
    "2026-11-23T10:15:00Z",
    "10:15",
    "23-11-2026 10:15",
    "20261123101500",
    // Numbers of purchase orders and articles, filled up with noughts, and times in milliseconds.
    "4500000081",
    "4500000131",
    "4250000000",
    "1000000000",
    "000000000000103221",
    "1000030820003",
    "11000000300006",
    "2916673279",
    "1494228705410",
    "1498627266000",
    "028-1234567-1234567",
    "305-1234567-7654321",
    "12-34567-12345",
    "C00012345-A",
    "1043946570",
    "#1001",
    "10245",
    "ORDER-2026-0001",
    "Bestelling 12345678",
    "Factuur 2026001234",
    "2934812345",
    "SO-000123",
    "WEB100023456",
    "€ 12,95",
    "12,95",
    "1.234,56",
    "NL123456789B01",
    "12345678",
    "KvK 12345678",
    "0000000000",
    "000000000000",
    "1111111111111",
    "123456789012",
    "1234567890",
    "0000 0000 0000",
    "https://www.bol.com/nl/nl/p/product/9300000012345678/",
    "https://example.com/order/123456789012",
    "https://www.google.com/search?q=track+and+trace",
    "www.example.com",
    "https://example.com/p/8712345678906",
    "info@example.com",
    "klant@shop.nl 0612345678",
    "550e8400-e29b-41d4-a716-446655440000",
    "d41d8cd98f00b204e9800998ecf8427e",
    "192.168.1.100",
    "4111 1111 1111 1111",
    "1012 AB",
    "1012AB",
    "Keizersgracht 123",
    "{tracking_number}",
    "<code>",
    "xxx",
    "XXXXXXXXXX",
    "ABCDEFGH",
    "zie opmerking",
    "wordt nagestuurd",
];

#[test]
fn no_non_code_is_answered_with_confidence() {
    for text in NO_CODES {
        let found = detect(text, &Hints::none());
        let best = found.best().map_or(0.0, |best| best.confidence());
        assert!(best < 0.8, "{text} -> {found:?}");
        assert!(found.unattended().is_none(), "{text} -> {found:?}");
    }
}

#[test]
fn words_telephone_numbers_dates_and_bank_accounts_are_recognised_as_such() {
    for text in [
        "afgehaald",
        "n.v.t.",
        "+31 6 12345678",
        "2026-11-23",
        "23-11-2026",
        "20261123101500",
        "NL91ABNA0417164300",
        "info@example.com",
        "028-1234567-1234567",
        "0000000000",
        "€ 12,95",
        "https://example.com/order/123456789012",
        "NL123456789B01",
    ] {
        let found = detect(text, &Hints::none());
        assert_eq!(found.verdict(), Verdict::NotACode, "{text} -> {found:?}");
        assert!(found.lookalike().is_some(), "{text}");
        assert!(found.not_a_code() > 0.9, "{text} -> {found:?}");
    }
}

#[test]
fn an_article_number_is_doubted_but_not_refused() {
    let found = detect("8712345678906", &Hints::none());
    assert!(found.lookalike().is_some());
    assert!(
        found.best().is_none_or(|best| best.confidence() < 0.5),
        "{found:?}"
    );
}
