//! The detector passes the suite that every detector of the order connection must pass.

#![cfg(feature = "order-core")]

use std::sync::Arc;

use async_trait::async_trait;
use carrier_detect::{Carrier, Country, Detector, Hints, Usual, detect, formats};
use order_core::ports::{CarrierDetector, CodeQuery, UsualCarrier};
use order_core::testkit::contract::DetectorHarness;

struct Harness;

#[async_trait]
impl DetectorHarness for Harness {
    async fn start() -> Self {
        Self
    }

    fn detector(&self) -> Arc<dyn CarrierDetector> {
        Arc::new(Detector)
    }

    fn known(&self) -> (&'static str, &'static str) {
        ("JVGL0627463317265600", "dhl-parcel-nl")
    }
}

order_core::detector_contract!(Harness);

#[test]
fn webshops_own_names_are_understood() {
    for (name, slug) in [("PostNL", "postnl"), ("post nl", "postnl"), ("DPD", "dpd")] {
        assert_eq!(Detector.by_name(name).as_deref(), Some(slug), "{name}");
    }
}

/// What is counted as the seller's usual is a format of that carrier, also where eight others stand
/// before it.
#[test]
fn a_code_of_a_carrier_has_a_format_of_it() {
    let format = |code, carrier| Detector.format(code, carrier);
    let told = format("JVGL0627463317265600", "dhl-parcel-nl");
    assert_eq!(told.as_deref(), Some("dhlnl_jvgl"));
    let found = detect("2806075762", &Hints::none());
    let shown = |slug| {
        found
            .candidates()
            .iter()
            .any(|one| one.carrier().slug() == slug)
    };
    let behind = formats().iter().find(|format| {
        let Some(carrier) = format.carrier else {
            return false;
        };
        !shown(carrier.slug()) && Detector.format("2806075762", carrier.slug()).is_some()
    });
    let behind = behind.expect("ten digits are of more than eight carriers");
    let carrier = behind.carrier.expect("one").slug();
    let told = format("2806075762", carrier).expect("a format");
    let row = formats().iter().find(|row| row.id == told);
    assert_eq!(
        row.and_then(|row| row.carrier).map(|one| one.slug()),
        Some(carrier)
    );
    assert_eq!(format("JVGL0627463317265600", "postnl"), None);
    assert_eq!(format("JVGL0627463317265600", "nobody"), None);
}

/// Every hint of a question reaches the detector: the answer is that of the hint, and another than
/// without.
#[test]
fn what_the_engine_knows_beside_the_code_counts() {
    const PARCEL: &str = "72042935575918";
    let spain = Country::new("ES").expect("a country");
    let seur = Usual::new(Carrier::from_slug("seur").expect("a carrier"), 40.0);
    let in_format = |id| {
        let format = formats().iter().find(|format| format.id == id);
        [seur.in_format(format.expect("a format"))]
    };
    let usual = |format: Option<&str>| CodeQuery {
        usual: vec![UsualCarrier {
            carrier: "seur".to_owned(),
            format: format.map(str::to_owned),
            count: 40,
        }],
        ..CodeQuery::default()
    };
    let any = [seur];
    let (alike, unlike) = (in_format("seur_14"), in_format("seur_10"));
    let country = || Some("ES".parse().expect("a country"));
    let destination = CodeQuery {
        destination: country(),
        ..CodeQuery::default()
    };
    let origin = CodeQuery {
        origin: country(),
        ..CodeQuery::default()
    };
    let postcode = CodeQuery {
        postal_code: Some("34170".to_owned()),
        ..CodeQuery::default()
    };
    let none = Hints::none;
    let asked = [
        (PARCEL, destination, none().with_destination(spain)),
        (PARCEL, origin, none().with_origin(spain)),
        (PARCEL, usual(None), none().with_usual(&any)),
        (PARCEL, usual(Some("seur_14")), none().with_usual(&alike)),
        (PARCEL, usual(Some("seur_10")), none().with_usual(&unlike)),
        ("52630055086334170", postcode, none().with_postcode("34170")),
    ];
    for (code, mut query, hints) in asked {
        code.clone_into(&mut query.code);
        let found = detect(code, &hints);
        let candidates = found.candidates().iter();
        let expected: Vec<_> = candidates
            .map(|one| (one.carrier().slug().to_owned(), one.confidence()))
            .collect();
        let told = |query: &CodeQuery| -> Vec<_> {
            let guesses = Detector.detect(query).candidates.into_iter();
            guesses.map(|one| (one.carrier, one.confidence)).collect()
        };
        assert_eq!(told(&query), expected, "{query:?}");
        let alone = CodeQuery {
            code: query.code.clone(),
            ..CodeQuery::default()
        };
        assert_ne!(told(&alone), expected, "{query:?}");
    }
    // The format that was used counts more than another of the same transporter.
    let weight = |hints: &Hints<'_>| {
        let found = detect(PARCEL, hints);
        let seur = found
            .candidates()
            .iter()
            .find(|one| one.carrier().slug() == "seur");
        seur.map(|one| one.confidence())
    };
    assert!(weight(&none().with_usual(&alike)) > weight(&none().with_usual(&unlike)));
}
