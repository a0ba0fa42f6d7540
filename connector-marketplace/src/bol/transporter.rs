//! bol's vocabulary of transporters.
//!
//! bol's description types the code as plain text; the words are those that a client generated
//! from bol's own enumeration knows (picqer/bol-retailer-php-client@50d8cf6,
//! `ChangeTransportRequestTransporterCode`). Which of our carriers a word stands for is our reading.

use order_core::ports::{TransporterQuery, TransporterWord};

/// Every code bol takes for shipments and transports.
pub const TRANSPORTERS: &[&str] = &[
    "AMPERE",
    "BPOST_BE",
    "BPOST_BRIEF",
    "BRIEFPOST",
    "BUDBEE",
    "COURIER",
    "CYCLOON",
    "DHL",
    "DHL-GLOBAL-MAIL",
    "DHL-SD",
    "DHLFORYOU",
    "DHL_DE",
    "DPD-BE",
    "DPD-NL",
    "DYL",
    "FEDEX_BE",
    "FEDEX_NL",
    "GLS",
    "OTHER",
    "PACKS",
    "PARCEL-NL",
    "PES",
    "TNT",
    "TNT-EXPRESS",
    "TNT-EXTRA",
    "TNT_BRIEF",
    "TRANSMISSION",
    "TRUNKRS",
    "TSN",
    "UPS",
];

/// For a transporter without a word of its own.
pub(super) const OTHER: &str = "OTHER";

/// Whether bol takes this code.
pub(super) fn is_known(word: &str) -> bool {
    TRANSPORTERS.contains(&word)
}

/// bol's word for a transporter of ours.
pub(super) fn word(query: &TransporterQuery) -> TransporterWord {
    let belgian = query
        .destination
        .is_some_and(|country| matches!(country.as_str(), "BE" | "LU"));
    let word = match query.carrier.as_str() {
        "ampere" => "AMPERE",
        "bpost" => "BPOST_BE",
        "budbee" => "BUDBEE",
        "courier" => "COURIER",
        "cycloon" => "CYCLOON",
        "dhl-ecommerce" => "DHL-GLOBAL-MAIL",
        "dhl-express" => "DHL",
        "dhl-paket-de" => "DHL_DE",
        "dhl-parcel-nl" => "DHLFORYOU",
        "dhl-same-day" => "DHL-SD",
        "dpd" if belgian => "DPD-BE",
        "dpd" => "DPD-NL",
        "dynalogic" => "DYL",
        "fedex" if belgian => "FEDEX_BE",
        "fedex" => "FEDEX_NL",
        "gls" => "GLS",
        "packs" => "PACKS",
        "parcel-nl" => "PARCEL-NL",
        "pes" => "PES",
        "postnl" => "TNT",
        "postnl-extra" => "TNT-EXTRA",
        "postnl-letter" => "TNT_BRIEF",
        "tnt" => "TNT-EXPRESS",
        "transmission" => "TRANSMISSION",
        "trunkrs" => "TRUNKRS",
        "tsn" => "TSN",
        "ups" => "UPS",
        _ => return TransporterWord::Other(OTHER.to_owned()),
    };
    TransporterWord::Known(word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(carrier: &str, destination: Option<&str>) -> TransporterWord {
        let destination = destination.map(|code| code.parse().unwrap());
        word(&TransporterQuery {
            carrier: carrier.to_owned(),
            name: None,
            destination,
        })
    }

    #[test]
    fn postnl_is_called_tnt_and_an_unknown_carrier_is_other() {
        assert_eq!(
            ask("postnl", None),
            TransporterWord::Known("TNT".to_owned())
        );
        assert_eq!(
            ask("homing-pigeon", None),
            TransporterWord::Other("OTHER".to_owned())
        );
    }

    #[test]
    fn dpd_and_fedex_have_a_word_per_country() {
        assert_eq!(
            ask("dpd", Some("BE")),
            TransporterWord::Known("DPD-BE".to_owned())
        );
        assert_eq!(
            ask("dpd", Some("NL")),
            TransporterWord::Known("DPD-NL".to_owned())
        );
        assert_eq!(
            ask("dpd", None),
            TransporterWord::Known("DPD-NL".to_owned())
        );
        assert_eq!(
            ask("fedex", Some("LU")),
            TransporterWord::Known("FEDEX_BE".to_owned())
        );
    }

    #[test]
    fn every_word_given_out_is_one_bol_takes() {
        for carrier in [
            "ampere",
            "bpost",
            "budbee",
            "cycloon",
            "dhl-ecommerce",
            "dhl-express",
            "dhl-paket-de",
            "dhl-parcel-nl",
            "dhl-same-day",
            "dpd",
            "dynalogic",
            "fedex",
            "gls",
            "packs",
            "parcel-nl",
            "postnl",
            "postnl-extra",
            "postnl-letter",
            "tnt",
            "transmission",
            "trunkrs",
            "tsn",
            "ups",
            "other",
        ] {
            for country in [None, Some("NL"), Some("BE"), Some("DE")] {
                match ask(carrier, country) {
                    TransporterWord::Known(word) | TransporterWord::Other(word) => {
                        assert!(is_known(&word), "{carrier}: {word}");
                    }
                    TransporterWord::Unknown => panic!("{carrier} has no word"),
                }
            }
        }
    }
}
