//! Every row of the data carries what it must, and its examples mean what they say.

#[expect(
    dead_code,
    reason = "only the reading half of the generator is needed here"
)]
mod generator;

use carrier_detect::{Carrier, Check, Hints, detect, each_fitting};
use generator::{Data, Tsv};

fn fits(id: &str, code: &str) -> bool {
    let mut found = false;
    each_fitting(code, |format| found |= format.id == id);
    found
}

#[test]
fn every_format_has_a_source_and_examples() {
    for row in Data::embedded().formats.rows() {
        let id = row.get("id");
        assert!(!row.get("source").is_empty(), "{id} has no source");
        assert!(!row.list("valid").is_empty(), "{id} has no valid example");
        assert!(
            !row.list("invalid").is_empty(),
            "{id} has no invalid example"
        );
    }
}

#[test]
fn every_valid_example_fits_its_format_and_names_its_carrier() {
    let mut wrong = Vec::new();
    for row in Data::embedded().formats.rows() {
        let id = row.get("id");
        for example in row.list("valid") {
            let code = example.trim_start_matches('~');
            assert!(fits(id, code), "{id} does not fit its example {code}");
            let found = detect(code, &Hints::none());
            let carrier = Carrier::from_slug(row.get("carrier"));
            let named = found
                .candidates()
                .iter()
                .any(|one| Some(one.carrier()) == carrier);
            if carrier.is_some() && !named && found.candidates().len() < 8 {
                wrong.push(format!("{id} {code} {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_invalid_example_fits_its_format_with_a_right_check_digit() {
    for row in Data::embedded().formats.rows() {
        let id = row.get("id");
        for code in row.list("invalid") {
            if !fits(id, code) {
                continue;
            }
            let found = detect(code, &Hints::none());
            let taken = found
                .candidates()
                .iter()
                .any(|one| one.format().id == id && one.check() != Check::Failed);
            assert!(row.get("check") != "none" && !taken, "{id} takes {code}");
        }
    }
}

/// GS1 gives a company at least seven digits, its country's first: who knows fewer than five of
/// them knows a country, whose every sender and carrier writes such numbers.
#[test]
fn a_parcels_or_shipments_number_that_is_no_guess_names_a_company() {
    for row in Data::embedded().formats.rows() {
        let id = row.get("id");
        let is_of_gs1 = ["SSCC", "GSIN"]
            .iter()
            .any(|kind| row.get("service").contains(kind));
        if row.get("evidence") == "G" || !is_of_gs1 {
            continue;
        }
        for example in row.list("valid") {
            let code = example.trim_start_matches('~').as_bytes();
            // Of a shipment, the company is what it begins with; of a parcel, it follows a digit.
            let company = code.len() - 17;
            for at in company..company + 5 {
                let others = (b'0'..=b'9').filter(|digit| {
                    let mut other = code.to_vec();
                    other[at] = *digit;
                    fits(id, core::str::from_utf8(&other).unwrap())
                });
                assert!(
                    others.count() <= 5,
                    "{id}: {example} fits whatever digit {} of the company is; evidence G",
                    at - company + 1
                );
            }
        }
    }
}

#[test]
fn every_marketplace_word_has_a_source() {
    for row in Data::embedded().words.rows() {
        assert!(
            !row.get("source").is_empty(),
            "{} has no source",
            row.get("word")
        );
    }
}

#[test]
fn every_suffix_of_the_postal_union_is_listed_once() {
    let data = Data::embedded();
    let mut suffixes: Vec<&str> = data.s10.rows().map(|row| row.get("suffix")).collect();
    suffixes.dedup();
    assert!(suffixes.len() >= 251, "{}", suffixes.len());
}

#[test]
fn carriers_without_a_format_are_known_and_say_why() {
    let table = Tsv::parse("no_format", include_str!("../data/no_format.tsv"));
    for row in table.rows() {
        let slug = row.get("carrier");
        assert!(
            Carrier::from_slug(slug).is_some(),
            "{slug} is not in carriers.tsv"
        );
        assert!(
            !row.get("what is known").is_empty() && !row.get("source").is_empty(),
            "{slug}"
        );
    }
}

#[test]
fn every_carrier_has_a_name_and_a_slug_that_finds_it() {
    for carrier in Carrier::all() {
        assert_eq!(Carrier::from_slug(carrier.slug()), Some(carrier));
        assert!(!carrier.name().is_empty());
        assert!(
            carrier_detect::words::named(carrier.name()).is_some(),
            "{carrier:?}"
        );
    }
}
