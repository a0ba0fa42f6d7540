//! The detector passes the suite that every detector of the order connection must pass.

#![cfg(feature = "order-core")]

use std::sync::Arc;

use async_trait::async_trait;
use carrier_detect::Detector;
use order_core::ports::CarrierDetector;
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
    let found = carrier_detect::detect("2806075762", &carrier_detect::Hints::none());
    let shown = |slug| {
        found
            .candidates()
            .iter()
            .any(|one| one.carrier().slug() == slug)
    };
    let behind = carrier_detect::formats().iter().find(|format| {
        let Some(carrier) = format.carrier else {
            return false;
        };
        !shown(carrier.slug()) && Detector.format("2806075762", carrier.slug()).is_some()
    });
    let behind = behind.expect("ten digits are of more than eight carriers");
    let carrier = behind.carrier.expect("one").slug();
    let told = format("2806075762", carrier).expect("a format");
    let row = carrier_detect::formats().iter().find(|row| row.id == told);
    assert_eq!(
        row.and_then(|row| row.carrier).map(|one| one.slug()),
        Some(carrier)
    );
    assert_eq!(format("JVGL0627463317265600", "postnl"), None);
    assert_eq!(format("JVGL0627463317265600", "nobody"), None);
}
