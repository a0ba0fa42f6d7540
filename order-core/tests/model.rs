//! The effects protocol as a model: every order of events is tried, and variants with a flaw
//! must be caught.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a model names what matters, and counts to ten"
)]

#[path = "model/protocol.rs"]
mod protocol;

use protocol::{Flaw, Protocol, Shop};
use stateright::{Checker as _, Model as _};

const ONE_LIVE: &str = "at most one live webshop order";

/// Tries everything; tells whether two live orders came about.
fn doubles(shop: Shop, flaw: Flaw) -> bool {
    let model = Protocol {
        shop,
        flaw,
        // Standing still is enough, and takes many more turns.
        crashes: u8::from(flaw != Flaw::StandsStill),
    };
    let is_sound = flaw == Flaw::None;
    let checker = model.checker().threads(2).spawn_bfs().join();
    let states = checker.unique_state_count();
    assert!(states > 1000 || !is_sound, "{shop:?}: only {states} states");
    if is_sound {
        checker.assert_properties();
    }
    checker.discovery(ONE_LIVE).is_some()
}

#[test]
fn a_unique_key_keeps_one_order() {
    assert!(!doubles(Shop::UniqueKey, Flaw::None));
}

#[test]
fn drafts_that_are_activated_keep_one_order() {
    assert!(!doubles(Shop::Inert, Flaw::None));
}

#[test]
fn a_search_keeps_one_order() {
    assert!(!doubles(Shop::Lookup, Flaw::None));
}

#[test]
fn without_settling_a_search_doubles() {
    assert!(doubles(Shop::Lookup, Flaw::NoSettling));
}

#[test]
fn without_a_fence_a_search_doubles() {
    assert!(doubles(Shop::Lookup, Flaw::NoFence));
}

#[test]
fn without_an_intent_a_search_doubles() {
    assert!(doubles(Shop::Lookup, Flaw::NoIntent));
}

#[test]
fn trusting_a_list_doubles() {
    assert!(doubles(Shop::Lookup, Flaw::TrustsList));
}

#[test]
fn without_a_deadline_a_search_doubles() {
    assert!(doubles(Shop::Lookup, Flaw::NoDeadline));
}

#[test]
fn a_process_that_stands_still_doubles_only_where_there_is_nothing_but_a_search() {
    assert!(doubles(Shop::Lookup, Flaw::StandsStill));
    assert!(!doubles(Shop::Inert, Flaw::StandsStill));
    assert!(!doubles(Shop::UniqueKey, Flaw::StandsStill));
}
