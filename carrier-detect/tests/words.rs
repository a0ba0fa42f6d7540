//! Marketplaces' words, both ways.

use carrier_detect::words::{
    Account, Listed, Marketplace, Refusal, check, from_marketplace, named, to_marketplace,
};
use carrier_detect::{Carrier, Country, carriers};

fn word(market: Marketplace, carrier: Carrier, account: &Account<'_>) -> Option<String> {
    to_marketplace(market, carrier, account)
        .ok()?
        .code()
        .map(str::to_owned)
}

#[test]
fn bol_calls_postnl_tnt() {
    let account = Account::new();
    assert_eq!(
        word(Marketplace::Bol, carriers::POSTNL, &account).as_deref(),
        Some("TNT")
    );
    assert_eq!(
        from_marketplace(Marketplace::Bol, "TNT"),
        Some(carriers::POSTNL)
    );
    assert_eq!(
        from_marketplace(Marketplace::Bol, "DHLFORYOU"),
        Some(carriers::DHL_PARCEL_NL)
    );
}

#[test]
fn the_sellers_country_decides_between_dpd_nl_and_dpd_be() {
    let belgian = Account::new().with_country(Country::new("BE").expect("a code"));
    let dutch = Account::new().with_country(Country::new("NL").expect("a code"));
    assert_eq!(
        word(Marketplace::Bol, carriers::DPD, &belgian).as_deref(),
        Some("DPD-BE")
    );
    assert_eq!(
        word(Marketplace::Bol, carriers::DPD, &dutch).as_deref(),
        Some("DPD-NL")
    );
    let to_belgium = Account::new().with_destination(Country::new("BE").expect("a code"));
    assert_eq!(
        word(Marketplace::Bol, carriers::FEDEX, &to_belgium).as_deref(),
        Some("FEDEX_BE")
    );
}

#[test]
fn the_account_chooses_between_words_for_one_carrier() {
    let chosen = [
        (carriers::DHL_PARCEL_NL, "DHL"),
        (carriers::POSTNL, "TNT_BRIEF"),
    ];
    let account = Account::new().with_chosen(&chosen);
    assert_eq!(
        word(Marketplace::Bol, carriers::DHL_PARCEL_NL, &account).as_deref(),
        Some("DHL")
    );
    assert_eq!(
        word(Marketplace::Bol, carriers::POSTNL, &account).as_deref(),
        Some("TNT_BRIEF")
    );
    let wrong = [(carriers::POSTNL, "POST-NL-PAKKET")];
    let account = Account::new().with_chosen(&wrong);
    let refused = to_marketplace(Marketplace::Bol, carriers::POSTNL, &account);
    assert_eq!(refused, Err(Refusal::UnknownWord));
}

#[test]
fn a_carrier_without_a_word_becomes_other_with_its_name_where_that_is_taken() {
    let account = Account::new();
    let bol = to_marketplace(Marketplace::Bol, carriers::COLISSIMO, &account).expect("a fallback");
    assert_eq!(
        (bol.code(), bol.name(), bol.is_exact()),
        (Some("OTHER"), None, false)
    );
    let amazon =
        to_marketplace(Marketplace::Amazon, carriers::POSTNL, &account).expect("a fallback");
    assert_eq!(
        (amazon.code(), amazon.name()),
        (Some("Other"), Some("PostNL"))
    );
    let walmart =
        to_marketplace(Marketplace::Walmart, carriers::POSTNL, &account).expect("a fallback");
    assert_eq!(
        (walmart.code(), walmart.name(), walmart.needs_url()),
        (None, Some("PostNL"), true)
    );
    assert_eq!(
        to_marketplace(Marketplace::Otto, carriers::POSTNL, &account),
        Err(Refusal::NoWord)
    );
    let zalando = to_marketplace(Marketplace::Zalando, carriers::DPD, &account);
    assert_eq!(zalando, Err(Refusal::NotAsked));
}

#[test]
fn run_time_lists_are_matched_by_code_and_by_name() {
    let list = [
        Listed::new("DHL", "DHL"),
        Listed::new("postnl-nl", "PostNL"),
        Listed::new("9", "Other"),
    ];
    let account = Account::new().with_listed(&list);
    let postnl = to_marketplace(Marketplace::Mirakl, carriers::POSTNL, &account).expect("listed");
    assert_eq!(
        (postnl.code(), postnl.is_exact()),
        (Some("postnl-nl"), true)
    );
    let gls =
        to_marketplace(Marketplace::Mirakl, carriers::GLS, &account).expect("name and address");
    assert_eq!(
        (gls.code(), gls.name(), gls.needs_url()),
        (None, Some("GLS"), true)
    );
    assert_eq!(
        to_marketplace(Marketplace::Kaufland, carriers::GLS, &Account::new()),
        Err(Refusal::ListNeeded)
    );
    assert_eq!(
        to_marketplace(Marketplace::Kaufland, carriers::GLS, &account),
        Err(Refusal::NoWord)
    );
}

#[test]
fn marketplaces_are_written_as_they_are_read() {
    for marketplace in Marketplace::ALL {
        assert_eq!(marketplace.to_string(), marketplace.slug());
        assert_eq!(
            Marketplace::from_slug(marketplace.slug()),
            Some(marketplace)
        );
    }
    assert_eq!(Marketplace::Bol.to_string(), "bol");
    assert_eq!(Marketplace::from_slug(""), None);
}

#[test]
fn a_run_time_list_without_the_word_keeps_it_back() {
    let list = [Listed::new("GLS", "GLS")];
    let account = Account::new().with_listed(&list);
    let gls = to_marketplace(Marketplace::Bol, carriers::GLS, &account).expect("listed");
    assert_eq!((gls.code(), gls.is_exact()), (Some("GLS"), true));
    assert!(!gls.needs_url());
    let postnl = to_marketplace(Marketplace::Bol, carriers::POSTNL, &account);
    assert_eq!(postnl, Err(Refusal::NoWord));
    let list = [Listed::new("TNT", "a name of its own")];
    let account = Account::new().with_listed(&list);
    let postnl = to_marketplace(Marketplace::Bol, carriers::POSTNL, &account).expect("listed");
    assert_eq!(postnl.code(), Some("TNT"));
}

#[test]
fn nothing_unknown_passes_the_check_before_sending() {
    assert_eq!(
        check(Marketplace::Bol, "dhlforyou", &[]).map(|word| word.code()),
        Ok(Some("DHLFORYOU"))
    );
    for text in ["PostNL Pakket", "", "TNT; DROP", "POSTNL", "Ander"] {
        assert_eq!(
            check(Marketplace::Bol, text, &[]),
            Err(Refusal::UnknownWord),
            "{text}"
        );
    }
    assert_eq!(
        check(Marketplace::Kaufland, "DHL", &[]),
        Err(Refusal::ListNeeded)
    );
    let list = [Listed::new("DHL", "DHL")];
    assert!(check(Marketplace::Kaufland, "dhl", &list).is_ok());
    assert_eq!(
        check(Marketplace::Kaufland, "GLS", &list),
        Err(Refusal::UnknownWord)
    );
}

#[test]
fn every_word_that_goes_out_passes_its_own_check_and_comes_back() {
    let account = Account::new();
    for market in Marketplace::ALL {
        for carrier in Carrier::all() {
            let Ok(out) = to_marketplace(market, carrier, &account) else {
                continue;
            };
            let Some(code) = out.code() else { continue };
            assert!(
                check(market, code, &[]).is_ok(),
                "{market} {carrier:?} {code}"
            );
            if out.is_exact() {
                assert!(
                    from_marketplace(market, code).is_some(),
                    "{market} {carrier:?} {code}"
                );
            }
        }
    }
}

#[test]
fn names_as_shops_write_them_are_understood() {
    for (text, slug) in [
        ("PostNL", "postnl"),
        ("post nl", "postnl"),
        ("DHL Parcel", "dhl-parcel-nl"),
        ("dhl", "dhl-paket-de"),
        ("La Poste", "la-poste"),
        ("Mondial Relay", "mondial-relay"),
        ("b-post", "bpost"),
        ("GLS", "gls"),
        ("Hermes", "hermes-de"),
        ("Zasilkovna", "packeta"),
        ("4px", "4px"),
    ] {
        assert_eq!(named(text).map(Carrier::slug), Some(slug), "{text}");
    }
    assert_eq!(named("my cousin"), None);
    assert_eq!(named("--"), None);
}

#[test]
fn tracking_addresses_name_the_missing_part() {
    use carrier_detect::{Missing, UrlParts};
    let parts = UrlParts::new("3SMYPA098753425");
    let missing = carriers::POSTNL
        .tracking_url(&parts)
        .map(|url| url.to_string());
    assert_eq!(missing, Err(Missing::Postcode));
    let parts = parts
        .with_postcode("1012 AB")
        .with_country(Country::new("nl").expect("a code"));
    let url = carriers::POSTNL.tracking_url(&parts).expect("complete");
    assert_eq!(
        url.to_string(),
        "https://jouw.postnl.nl/track-and-trace/3SMYPA098753425-NL-1012AB"
    );
    assert!(url.is_verified());
    let none = carriers::CYCLOON
        .tracking_url(&UrlParts::new("1"))
        .map(|url| url.to_string());
    assert_eq!(none, Err(Missing::Template));
}
