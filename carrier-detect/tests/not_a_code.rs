//! What people type into the field that is no code.

use carrier_detect::{Hints, Lookalike, Verdict, detect};

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
    // Orders of bol, as its API gave them.
    "A000CMWRA0",
    "C00005N41C",
    // Tax numbers as they are printed, numbers of a year's register, customers' numbers.
    "FR 83 404 833 048",
    "FR 77 055 501 902",
    "DE 136 695 976",
    "IT 00743110157",
    "SE 5560743089 01",
    "INV/2026/00123",
    "FV 123/11/2026",
    "J40/8364/2024",
    "J02/1253/2008",
    "INV-2026-0012345",
    "Kd.-Nr. 1234567890",
    "Lieferschein Nr. 80123456789",
    "PO-0000123456",
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
        "FR 83 404 833 048",
        "FV 123/11/2026",
        "J40/8364/2024",
        "INV-2026-0012345",
        "Kd.-Nr. 1234567890",
        "Lieferschein Nr. 80123456789",
        "11cc3040-dfbb-4926-9e26-ad45ceb19b5b",
        "FD:37:20:93:52:23",
        "192.168.1.100",
        "52.370216, -4.895168",
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

/// What a text is taken for, and what beside it is not taken for that.
const KINDS: &[(&str, Option<Lookalike>)] = &[
    ("0000000000", Some(Lookalike::Placeholder)),
    ("99999999", Some(Lookalike::Placeholder)),
    ("1111111112", None),
    ("1234567890", Some(Lookalike::Placeholder)),
    ("890123456789", Some(Lookalike::Placeholder)),
    ("123456", Some(Lookalike::Placeholder)),
    ("12345", None),
    ("1234567899", None),
    ("1234467890", None),
    ("4006381333931", Some(Lookalike::ArticleNumber)),
    ("4006381333932", None),
    ("400638133393", None),
    ("0712345678911", Some(Lookalike::ArticleNumber)),
    ("1012345678904", Some(Lookalike::ArticleNumber)),
    ("0012345678905", None),
    ("20261123", Some(Lookalike::Date)),
    ("23112026", Some(Lookalike::Date)),
    ("20261323", None),
    ("20260023", None),
    ("20261132", None),
    ("20261100", None),
    ("19891123", None),
    ("19901123", Some(Lookalike::Date)),
    ("20591123", Some(Lookalike::Date)),
    ("20601123", None),
    ("202611231", None),
    ("20261123235959", Some(Lookalike::Date)),
    ("20261123240000", None),
    ("20261123106000", None),
    ("20261123101060", None),
    ("20261323101500", None),
    ("0612345678", Some(Lookalike::Phone)),
    ("1612345678", None),
    ("0512345678", None),
    ("06123456789", None),
    ("00491512345678", Some(Lookalike::ArticleNumber)),
    ("00316123456789", Some(Lookalike::ArticleNumber)),
    ("00331512345678", None),
    ("ABCDEFGH", Some(Lookalike::Words)),
    ("ABCDEFG1", None),
    ("NL91ABNA0417164300", Some(Lookalike::Iban)),
    ("NL92ABNA0417164300", None),
    ("NL91ABNA04171643000", None),
    ("XX91ABNA0417164300", None),
    ("DE89370400440532013000", Some(Lookalike::Iban)),
    ("080442909X", Some(Lookalike::ArticleNumber)),
    ("080442919X", None),
    ("080442909Y", None),
    ("0804429X09", None),
    ("NL123456789B01", Some(Lookalike::TaxNumber)),
    ("MAB9307148T4", Some(Lookalike::TaxNumber)),
    ("MAB9313148T4", None),
    ("MAB9300148T4", None),
    ("MAB9307328T4", None),
    ("MAB930714814", None),
    ("MA19307148T4", None),
    ("NL123456789C01", None),
    ("NL123456789BA1", None),
    ("NL12345678B01", None),
    // Texts around numbers.
    ("", Some(Lookalike::Empty)),
    (" - ", Some(Lookalike::Empty)),
    ("per post", Some(Lookalike::Words)),
    ("klant@shop.nl 0612345678", Some(Lookalike::Email)),
    (
        "https://example.com/order/123456789012",
        Some(Lookalike::OtherUrl),
    ),
    ("{tracking_number_1}", Some(Lookalike::Placeholder)),
    ("<code 12345>", Some(Lookalike::Placeholder)),
    ("{71295678901", None),
    ("+31612345678", Some(Lookalike::Phone)),
    ("\t+31612345678", Some(Lookalike::Phone)),
    ("+31 6 12345678", Some(Lookalike::Phone)),
    ("+7129567", None),
    ("+7129567890123456", None),
    ("(020) 123 45 67", Some(Lookalike::Phone)),
    ("(555) 123-4567", Some(Lookalike::Phone)),
    ("0031 612345678", Some(Lookalike::Phone)),
    ("04961 9424600", Some(Lookalike::Phone)),
    ("(583) 40719262", None),
    ("583 4071926", None),
    ("7295 40719263", None),
    ("2026-11-23", Some(Lookalike::Date)),
    ("23-11-2026", Some(Lookalike::Date)),
    ("23/11/26", Some(Lookalike::Date)),
    ("23.11.26", None),
    ("2026-11/23", Some(Lookalike::Date)),
    ("2026-11/23 10:15", Some(Lookalike::Date)),
    ("23-11/2026 10:15", None),
    ("10:15", Some(Lookalike::Date)),
    ("23-11-2026 10:15", Some(Lookalike::Date)),
    ("23 november 2026", Some(Lookalike::Date)),
    ("2026-11-23T10:15:00Z", Some(Lookalike::Date)),
    ("20261-11-23T10:15:00Z", None),
    ("2026-111-23T10:15:00Z", None),
    ("2026-11-23X10:15:00Z", None),
    ("028-1234567-1234567", Some(Lookalike::OrderNumber)),
    ("12-34567-12345", Some(Lookalike::OrderNumber)),
    ("028 1234567 1234567", None),
    ("C00012345-A", Some(Lookalike::OrderNumber)),
    ("C00012345-AB", None),
    ("12,95", Some(Lookalike::Amount)),
    ("1234567.89", Some(Lookalike::Amount)),
    ("12,955", None),
    ("Bestelling 12345678", Some(Lookalike::OrderNumber)),
    ("Lieferschein 12345678", Some(Lookalike::OrderNumber)),
    ("FR 83 404 833 048", Some(Lookalike::TaxNumber)),
    ("FR 83 404 833 04", None),
    ("ZZ 83 404 833 048", None),
    ("FR 83 404 833 048 A", None),
    ("FV 123/11/2026", Some(Lookalike::OrderNumber)),
    ("J40 8364 2024", Some(Lookalike::OrderNumber)),
    ("J40 8364 8024", None),
    ("J40 8 2024", None),
    ("JJ0 8364 2024", None),
    (
        "21 00000 00003 13947 14300 09017",
        Some(Lookalike::OrderNumber),
    ),
    ("210 0000 00003 13947 14300 09017", None),
    ("21 00000 00003 13947 1430 09017", None),
    ("FV 123/11/3026", None),
    ("FV 123-11-2026", None),
    ("FV 123-11/2026", None),
    ("F/2026", None),
    // What computers and maps count with.
    (
        "11cc3040-dfbb-4926-9e26-ad45ceb19b5b",
        Some(Lookalike::Machine),
    ),
    ("11cc3040-dfbb-4926-9e26-ad45ceb19b5", None),
    ("11cc3040-dfbb-4926-9e26-ad45ceb19b5g", None),
    ("11cc3040 dfbb 4926 9e26 ad45ceb19b5b", None),
    ("FD:37:20:93:52:23", Some(Lookalike::Machine)),
    ("FD:37:20:93:52:2G", None),
    ("FD:37:20:93:52:231", None),
    ("FD 37 20 93 52 23", None),
    ("56.151.213.134", Some(Lookalike::Machine)),
    ("255.255.255.255", Some(Lookalike::Machine)),
    ("56.151.213.256", None),
    ("56.151.213.1340", None),
    ("56.151.213", None),
    ("56-151-213-134", None),
    ("56.151.213.13A", None),
    ("13.714847, -98.965925", Some(Lookalike::Position)),
    ("-70.841277,-165.414580", Some(Lookalike::Position)),
    ("70.9720; 105.0251", Some(Lookalike::Position)),
    ("70.972, 105.025159", None),
    ("70.972072, 105.025", None),
    ("7072.972072, 105.025159", None),
    ("70.972072, 1055.025159", None),
    ("70.972072.105.025159", None),
    ("70,972072, 105.025159", None),
    ("70.972072, 105,025159", None),
];

#[test]
fn each_kind_is_told_from_what_only_resembles_it() {
    let wrong: Vec<String> = KINDS
        .iter()
        .filter_map(|&(text, kind)| {
            let found = detect(text, &Hints::none());
            (found.lookalike() != kind)
                .then(|| format!("{text:?}: {:?}, not {kind:?}", found.lookalike()))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Thirteen digits may be an article number and a parcel at once.
#[test]
fn what_may_be_both_is_left_to_a_person() {
    let found = detect("0505683900154", &Hints::none());
    assert_eq!(found.lookalike(), Some(Lookalike::ArticleNumber));
    assert_eq!(found.verdict(), Verdict::Ambiguous);
    let best = found.best().expect("Ukrposhta");
    assert_eq!(best.carrier().slug(), "ukrposhta");
    assert!((0.3..0.5).contains(&best.confidence()), "{found:?}");
}

/// Numbers that shops, marketplaces and articles count up, each with its last digits by chance.
#[test]
fn numbers_that_other_systems_count_are_not_told_with_confidence() {
    let mut state = 1_u64;
    let mut digits = |count: usize| -> String {
        (0..count)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                char::from(b'0' + u8::try_from((state >> 33) % 10).unwrap_or(0))
            })
            .collect()
    };
    let article = |head: String| {
        let weighed = head.bytes().rev().zip([3_u32, 1].into_iter().cycle());
        let sum: u32 = weighed
            .map(|(digit, by)| u32::from(digit - b'0') * by)
            .sum();
        format!("{head}{}", (10 - sum % 10) % 10)
    };
    let mut told = Vec::new();
    for _ in 0..5_000 {
        let numbers = [
            // An article number filled up to fourteen digits (GTIN-14).
            article(format!("0{}", digits(12))),
            article(digits(12)),
            article(digits(7)),
            // Orders of Zalando, of bol, receipts of Etsy, orders in Shopify's API.
            format!("10{}", digits(12)),
            format!("1{}", digits(9)),
            format!("2{}", digits(9)),
            format!("3{}", digits(9)),
            format!("5{}", digits(12)),
            format!("6{}", digits(12)),
        ];
        for number in numbers {
            let found = detect(&number, &Hints::none());
            let best = found.best().filter(|best| best.confidence() >= 0.8);
            told.extend(best.map(|best| format!("{number} {}", best.format().id)));
        }
    }
    assert!(told.is_empty(), "{} of 45,000: {told:#?}", told.len());
}
