//! What a detection looks like in JSON.
#![cfg(feature = "serde")]

use carrier_detect::{Carrier, Country, Hints, carriers, detect};

#[test]
fn a_detection_is_one_readable_object() {
    let found = detect("JVGL0627463317265600", &Hints::none());
    let json = serde_json::to_value(found).expect("serialises");
    assert_eq!(json["code"], "JVGL0627463317265600");
    assert_eq!(json["candidates"][0]["carrier"], "dhl-parcel-nl");
    assert_eq!(json["candidates"][0]["reasons"][0], "starts with JVGL");
    assert_eq!(json["candidates"][0]["fits"], true);
    let begins = detect("TBA3074541AJSBS", &Hints::none());
    let json = serde_json::to_value(begins).expect("serialises");
    assert_eq!(json["candidates"][0]["fits"], false);
    let text = detect("n.v.t.", &Hints::none());
    let json = serde_json::to_value(text).expect("serialises");
    assert_eq!(json["verdict"], "not_a_code");
    assert_eq!(json["lookalike"], "words, not a code");
}

#[test]
fn carriers_and_countries_come_back_from_text() {
    let carrier: Carrier = serde_json::from_str("\"postnl\"").expect("a slug");
    assert_eq!(carrier, carriers::POSTNL);
    assert!(serde_json::from_str::<Carrier>("\"nobody\"").is_err());
    let country: Country = serde_json::from_str("\"nl\"").expect("a code");
    assert_eq!(country.code(), "NL");
}
