//! Codes as people paste them.

use carrier_detect::{
    Candidate, Check, Country, Hints, Lookalike, Reason, Usual, carriers, detect,
};

fn best(text: &str) -> (&'static str, String) {
    let found = detect(text, &Hints::none());
    let slug = found.best().map_or("", |best| best.carrier().slug());
    (slug, found.code().to_owned())
}

#[test]
fn spaces_dots_dashes_and_lower_case_are_read() {
    for text in [
        "JVGL 0627 4633 1726 5600",
        "jvgl.0627.4633.1726.5600",
        "JVGL-0627-4633-1726-5600",
        " ＪＶＧＬ０６２７４６３３１７２６５６００ ",
        "JVGL\u{a0}0627463317265600\u{200b}",
    ] {
        assert_eq!(
            best(text),
            ("dhl-parcel-nl", "JVGL0627463317265600".to_owned()),
            "{text}"
        );
    }
}

#[test]
fn five_to_forty_characters_may_be_a_code() {
    let long = "RJZ6EA6SQN661KQK90AELCVBT60314JZGCJ7PS3VX4";
    for length in 1..=long.len() {
        let text = &long[..length];
        let read = if (5..=40).contains(&length) { text } else { "" };
        assert_eq!(
            detect(text, &Hints::none()).code(),
            read,
            "{length} characters"
        );
    }
}

#[test]
fn what_cannot_be_seen_splits_nothing_and_other_letters_are_no_part() {
    for text in [
        "3SMYPA\u{200b}098753425",
        "\u{feff}3SMYPA098753425",
        "3SMYPA\u{1d}098753425",
        "é3SMYPA098753425",
        "3SMYPA098753425ł",
    ] {
        let found = best(text);
        assert_eq!(found, ("postnl", "3SMYPA098753425".to_owned()), "{text:?}");
    }
    // Dashes of other lengths are dashes.
    assert_eq!(
        detect("3SMYPA098753425\u{2013}NL\u{2013}1012AB", &Hints::none()).destination(),
        Country::new("NL")
    );
    for text in ["Be\u{ad}stelling 12345678", "Be\u{1d}stelling 12345678"] {
        let found = detect(text, &Hints::none());
        assert_eq!(found.lookalike(), Some(Lookalike::OrderNumber), "{text:?}");
    }
}

#[test]
fn of_a_long_text_the_first_sixteen_words_are_read() {
    let words = |before: usize| {
        format!(
            "{}3SMYPA098753425 {}",
            "is ".repeat(before),
            "or ".repeat(20)
        )
    };
    for (before, told) in [(0, true), (3, true), (15, true), (16, false), (40, false)] {
        let found = detect(&words(before), &Hints::none());
        assert_eq!(found.code() == "3SMYPA098753425", told, "{before} words");
    }
}

#[test]
fn scanner_prefixes_and_application_identifiers_are_read() {
    for text in [
        "(00)340433924192991025",
        "]C100340433924192991025",
        " ]C100340433924192991025",
        "00 34043392 4192991025",
    ] {
        assert_eq!(
            best(text),
            ("dhl-paket-de", "00340433924192991025".to_owned()),
            "{text}"
        );
    }
}

#[test]
fn a_label_in_front_is_left_out() {
    for text in [
        "Track & trace: 3SMYPA098753425",
        "T&T code 3SMYPA098753425",
        "PostNL 3SMYPA098753425",
        "Uw pakket is onderweg met code 3SMYPA098753425.",
    ] {
        assert_eq!(
            best(text),
            ("postnl", "3SMYPA098753425".to_owned()),
            "{text}"
        );
    }
}

#[test]
fn a_code_that_is_spelled_out_is_read() {
    for text in [
        "1 Z 5 R 8 9 3 9 0 3 5 7 5 6 7 1 2 7",
        " 1z\t5 r  8\u{a0}9 3 9 0 3 5 7 5 6 7 1 2 - 7 ",
        "UPS: 1 Z 5 R 8 9 3 9 0 3 5 7 5 6 7 1 2 7 (2 st.)",
    ] {
        assert_eq!(
            best(text),
            ("ups", "1Z5R89390357567127".to_owned()),
            "{text}"
        );
    }
    let long = "1 0 0 1 9 0 1 7 8 1 9 9 0 0 0 1 0 0 0 3 0 0 6 1 7 7 6 7 8 3 9 4 3 7";
    assert_eq!(best(long).0, "fedex");
}

#[test]
fn of_the_codes_of_several_parcels_one_is_told() {
    for text in [
        "1Z5R89390357567127, 1Z5R89390357567136",
        "1Z5R89390357567127;1Z5R89390357567136",
        "1Z5R89390357567127\n3SMYPA098753425",
    ] {
        assert_eq!(
            best(text),
            ("ups", "1Z5R89390357567127".to_owned()),
            "{text}"
        );
    }
    // Pieces of one code stay together.
    assert_eq!(best("JJD00022576 3903 202020").1, "JJD000225763903202020");
    assert!(
        detect("31612345678 31687654321", &Hints::none())
            .unattended()
            .is_none()
    );
}

/// Whatever stands before it, and however many codes and numbers the text has.
#[test]
fn the_most_certain_code_of_a_text_is_told() {
    for (text, code) in [
        ("allegro: AD01N49TF6 dziekujemy", "AD01N49TF6"),
        ("weight 4600912345 and 3SMYPA098753425", "3SMYPA098753425"),
        (
            "pakket 3SMYPA098753425 factuur 4600912345",
            "3SMYPA098753425",
        ),
        (
            "een 4600912345 twee 3SMYPA098753425 drie 4600912346 vier 05112087822887",
            "3SMYPA098753425",
        ),
        (
            "een 4600912345 twee 05112087822887 drie 4600912346 vier 3SMYPA098753425",
            "3SMYPA098753425",
        ),
        // Twenty-eight digits that could be DPD's, but for the check digit.
        ("05112087822887 05607100582823", "05112087822887"),
        ("a 1 b 2 c 3 d 4 e 5 3SMYPA098753425", "3SMYPA098753425"),
    ] {
        assert_eq!(best(text).1, code, "{text}");
    }
    // Groups of one code are not taken for codes, nor is what abbreviates "number" for a part of one.
    for (text, code) in [
        ("05112087 822887", "05112087822887"),
        ("46009123 45678901", "4600912345678901"),
        ("pakket nr 0085494934", "0085494934"),
        ("pakket MP 0085494934", "MP0085494934"),
        ("XY 0085494934", "XY0085494934"),
    ] {
        assert_eq!(best(text).1, code, "{text}");
    }
}

#[test]
fn what_stands_behind_an_asterisk_is_left_out() {
    for text in [
        "15976950635219*12345",
        "DPD 15976950635219*12345",
        "*15976950635219*",
        "Parcel *15976950635219*",
    ] {
        assert_eq!(best(text), ("dpd", "15976950635219".to_owned()), "{text}");
    }
    // Others have an asterisk inside.
    for (text, code) in [
        ("46FO00051075*001000", "46FO00051075001000"),
        ("502370264989*001000", "502370264989001000"),
        ("502370264989AB*0010", "502370264989AB0010"),
    ] {
        assert_eq!(detect(text, &Hints::none()).code(), code);
    }
}

#[test]
fn country_and_postcode_behind_the_code_are_taken_apart() {
    let found = detect("3SMYPA098753425-NL-1012AB", &Hints::none());
    assert_eq!(found.code(), "3SMYPA098753425");
    assert_eq!(found.destination(), Country::new("NL"));
    assert_eq!(found.postcode(), Some("1012AB"));
    assert_eq!(
        found.best().map(|best| best.carrier()),
        Some(carriers::POSTNL)
    );
}

#[test]
fn what_is_no_country_or_no_postcode_is_not_taken_apart() {
    for text in [
        "3SMYPA098753425-NLD-1012AB",
        "3SMYPA098753425-N1-1012AB",
        "3SMYPA098-NL-1012AB",
        "3SMYPA098753425-NL-101",
        "3SMYPA098753425-NL-101234567",
        "3SMYPA098753425-NL-ABCD",
        "3SMYPA098753425 NL 1012AB",
    ] {
        let found = detect(text, &Hints::none());
        assert_eq!(
            (found.destination(), found.postcode()),
            (None, None),
            "{text}"
        );
    }
}

#[test]
fn the_postcode_behind_the_code_is_looked_for_in_it() {
    let found = detect("ND000003520293600-FR-93600", &Hints::none());
    let best = found.best().expect("Colis Privé");
    assert_eq!(best.carrier().slug(), "colis-prive");
    assert!(
        best.reasons()
            .any(|reason| reason == Reason::PostcodeInside)
    );
    let found = detect("ND000003520293600-FR-75001", &Hints::none());
    let best = found.best().expect("Colis Privé");
    assert!(
        best.reasons()
            .any(|reason| reason == Reason::PostcodeDiffers)
    );
}

#[test]
fn a_carriers_way_of_printing_its_codes_tells_more_than_their_digits() {
    assert_eq!(best("88.73685.166.05").0, "mondial-relay");
    // Letters among them are another's.
    assert_ne!(best("999A/11683109").0, "nacex");
    // Twelve digits, of FedEx by their check digit; agency and number of NACEX as its labels have
    // them.
    assert_eq!(best("210317207088").0, "fedex");
    for text in ["2103/17207088", "2103 / 17207088"] {
        let found = detect(text, &Hints::none());
        let nacex = found.best().expect("a candidate");
        assert_eq!(nacex.carrier(), carriers::NACEX, "{text}");
        assert!(nacex.reasons().any(|why| why == Reason::Printed), "{text}");
        // An order number may be written so as well.
        assert!(found.unattended().is_none(), "{text}");
    }
    // Not with another mark, other groups, or more behind.
    for text in ["2103.17207088", "21031/7207088", "2103/17207088/1"] {
        let found = detect(text, &Hints::none());
        let printed = |one: &Candidate| one.reasons().any(|why| why == Reason::Printed);
        assert!(!found.candidates().iter().any(printed), "{text}");
    }
    assert_eq!(best("999.90.03316119").0, "planzer");
    assert_eq!(best("11652.0059554609").0, "planzer");
}

#[test]
fn blanks_beside_a_dash_do_not_hide_country_and_postcode() {
    for text in [
        "3SMYPA098753425 - NL - 1012 AB",
        // Of no width.
        "3SMYPA098753425-\u{200b}NL-\u{200b}1012AB",
    ] {
        let found = detect(text, &Hints::none());
        assert_eq!(found.code(), "3SMYPA098753425", "{text:?}");
        assert_eq!(found.destination(), Country::new("NL"), "{text:?}");
        assert_eq!(found.postcode(), Some("1012AB"), "{text:?}");
    }
}

#[test]
fn the_address_of_a_group_does_not_name_one_of_its_national_companies() {
    let found = detect("https://gls-group.eu/track/662583604", &Hints::none());
    assert!(found.unattended().is_none(), "{found:?}");
}

#[test]
fn tracking_addresses_name_the_carrier_by_their_host() {
    for (text, slug, code) in [
        (
            "https://jouw.postnl.nl/track-and-trace/3SMYPA098753425-NL-1012AB",
            "postnl",
            "3SMYPA098753425",
        ),
        (
            "https://tracking.dpd.de/parcelstatus?query=05308801410058&locale=de_DE",
            "dpd",
            "05308801410058",
        ),
        (
            "https://gls-group.eu/NL/nl/volg-je-pakket?match=50346007538",
            "gls",
            "50346007538",
        ),
        (
            "www.ups.com/track?tracknum=1Z5R89390357567127",
            "ups",
            "1Z5R89390357567127",
        ),
        (
            "Volg uw pakket: https://track.bpost.cloud/btr/web/#/search?itemCode=323212345659900040669030",
            "bpost",
            "323212345659900040669030",
        ),
        (
            // More words than are kept stand before it.
            "Dear customer, your parcel is on its way to you and it will be there at noon of the \
             day after that one: https://gls-group.eu/DE/de/paketverfolgung?match=50346007538",
            "gls",
            "50346007538",
        ),
        (
            "https://www.acscourier.net/el/track?trackingNumber=7227889174",
            "acs",
            "7227889174",
        ),
    ] {
        assert_eq!(best(text), (slug, code.to_owned()), "{text}");
        let found = detect(text, &Hints::none());
        assert!(
            found.best().is_some_and(|best| best.confidence() >= 0.8),
            "{found:?}"
        );
    }
}

#[test]
fn a_failed_check_digit_is_flagged_and_lowers() {
    let found = detect("1Z12345E0205271688", &Hints::none());
    let first = found.best().expect("UPS stays a candidate");
    assert_eq!(
        (first.carrier(), first.check()),
        (carriers::UPS, Check::Failed)
    );
    assert!(first.confidence() < 0.5);
    assert!(
        first.to_string().contains("check digit is wrong"),
        "{first}"
    );
    assert!(found.unattended().is_none());
}

#[test]
fn company_prefixes_decide_between_carriers_of_one_check_digit() {
    assert_eq!(best("00340433924192991025").0, "dhl-paket-de");
    assert_eq!(best("370438101268058536").0, "bring");
    assert_eq!(best("00373316833002123452").0, "db-schenker");
    assert_eq!(best("00259007738703874264").0, "poczta-polska");
}

#[test]
fn postal_codes_go_by_their_suffix() {
    assert_eq!(best("RB123456785GB").0, "royal-mail");
    assert_eq!(best("CP123456785NL").0, "postnl");
    assert_eq!(best("LX123456785BE").0, "bpost");
    assert_eq!(best("UG123456785YP").0, "yanwen");
    assert!(
        detect("RB123456785QX", &Hints::none())
            .best()
            .is_none_or(|one| one.confidence() < 0.5)
    );
}

#[test]
fn hints_lift_a_shape_that_says_little() {
    let plain = detect("50346007538", &Hints::none());
    assert!(
        plain.best().is_some_and(|best| best.confidence() < 0.5),
        "{plain:?}"
    );
    let usual = [
        Usual::new(carriers::GLS, 9.0),
        Usual::new(carriers::POSTNL, 3.0),
    ];
    let hints = Hints::none().with_usual(&usual);
    let found = detect("50346007538", &hints);
    let first = found.unattended().expect("a usual carrier is enough");
    assert_eq!(first.carrier(), carriers::GLS);
    assert!(first.to_string().contains("used by this seller"), "{first}");
}

/// Eleven digits are of GLS and of DPD. Who sends with both, but with DPD under other codes, means
/// GLS.
#[test]
fn the_usual_format_counts_more_than_the_usual_carrier() {
    let format = |id: &str| {
        carrier_detect::formats()
            .iter()
            .find(|format| format.id == id)
            .expect("a format of the data")
    };
    let code = "50346007538";
    let best = |usual: &[Usual]| {
        let found = detect(code, &Hints::none().with_usual(usual));
        found.best().map(|best| (best.carrier(), best.confidence()))
    };
    let mut fits = Vec::new();
    carrier_detect::each_fitting(code, |format| fits.push((format.carrier, format.id)));
    let dhl = fits
        .iter()
        .find(|(carrier, _)| *carrier == Some(carriers::DHL_PARCEL_PL))
        .expect("DHL in Poland has such codes");
    let gls = fits
        .iter()
        .find(|(carrier, _)| *carrier == Some(carriers::GLS))
        .expect("GLS has such codes");
    let elsewhere = "dhlpl_000";
    assert!(
        carrier_detect::formats()
            .iter()
            .any(|one| one.id == elsewhere)
    );
    let (carrier, sure) = best(&[
        Usual::new(carriers::DHL_PARCEL_PL, 3.0).in_format(format(elsewhere)),
        Usual::new(carriers::GLS, 2.0).in_format(format(gls.1)),
    ])
    .expect("an answer");
    assert_eq!(carrier, carriers::GLS);
    let (_, other) = best(&[
        Usual::new(carriers::DHL_PARCEL_PL, 3.0).in_format(format(dhl.1)),
        Usual::new(carriers::GLS, 2.0).in_format(format(gls.1)),
    ])
    .expect("an answer");
    assert!(other < sure, "{other} {sure}");
}

#[test]
fn a_usual_carrier_does_not_outvote_a_prefix() {
    let usual = [
        Usual::new(carriers::GLS, 1.0),
        Usual::new(carriers::DPD, 1.0),
    ];
    let found = detect("JVGL0627463317265600", &Hints::none().with_usual(&usual));
    assert_eq!(
        found.best().map(|best| best.carrier()),
        Some(carriers::DHL_PARCEL_NL)
    );
}

#[test]
fn a_postcode_inside_the_code_is_compared() {
    let hints = Hints::none().with_postcode("90210");
    let with = detect("420902109400111206206406260787", &hints);
    assert!(
        with.best()
            .is_some_and(|best| best.to_string().contains("holds the postcode"))
    );
}
