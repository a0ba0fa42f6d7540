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
