//! Stories of orders in odd situations, told step by step and checked in: a change of behaviour is
//! a reviewed diff. `UPDATE_STORIES=1 cargo test -p order-core --test stories` writes them anew.
//!
//! They were written against what mutation testing showed to be untested.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]
#![expect(clippy::too_many_lines, reason = "a list of stories reads best whole")]

mod creating;
mod looks;
mod parcels;
mod pieces;
mod returns;
mod teller;

use std::time::Duration;

use order_core::ids::ExternalKey;
use order_core::lifecycle::{Answer, EffectStatus, Event, Failure};
use order_core::money::{Currency, Money};
use order_core::order::MarketplaceOrder;
use order_core::ports::{CreateProgress, FoundOrder, Outcome, Ticket};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::{ShopOrder, ShopShipment, ShopState};
use order_core::state::EffectKind;
use order_core::testkit::samples;
use order_core::{Effect, Error, Kind};
use teller::{Story, at};

/// The marketplace's order: two pieces on one line, one on another.
fn content(change: impl FnOnce(&mut MarketplaceOrder)) -> MarketplaceOrder {
    let lines = vec![
        samples::line("L1", "SKU1", 2, 500),
        samples::line("L2", "SKU2", 1, 300),
    ];
    let mut order = samples::order("A", at(-10), lines);
    change(&mut order);
    order
}

/// With pieces of line L1 shipped and cancelled.
fn l1(shipped: u32, cancelled: u32) -> MarketplaceOrder {
    content(|order| {
        order.lines[0].shipped = shipped;
        order.lines[0].cancelled = cancelled;
    })
}

/// With every piece shipped.
fn all_shipped() -> MarketplaceOrder {
    content(|order| {
        order.lines[0].shipped = 2;
        order.lines[1].shipped = 1;
    })
}

fn all_cancelled() -> MarketplaceOrder {
    content(|order| {
        order.lines[0].cancelled = 2;
        order.lines[1].cancelled = 1;
    })
}

/// The webshop's order W1.
fn shop(state: ShopState, shipments: Vec<ShopShipment>) -> ShopOrder {
    ShopOrder {
        id: "W1".into(),
        number: "1001".to_owned(),
        key: Some(ExternalKey::new("t", "A")),
        state,
        raw_state: format!("{state:?}").to_lowercase(),
        total: Money::from_minor(1300, Currency::EUR),
        cancelled: Vec::new(),
        shipments,
        updated_at: None,
    }
}

/// Another order of the webshop, made by hand.
fn by_hand(id: &str) -> ShopOrder {
    ShopOrder {
        id: id.into(),
        number: format!("number {id}"),
        key: None,
        ..shop(ShopState::Open, Vec::new())
    }
}

fn found(id: &str, state: ShopState) -> FoundOrder {
    FoundOrder {
        order: ShopOrder {
            id: id.into(),
            number: format!("number {id}"),
            ..shop(state, Vec::new())
        },
        resume: None,
    }
}

fn part(line: &str, quantity: u32) -> LineQuantity {
    LineQuantity {
        line: line.into(),
        quantity,
    }
}

/// A parcel of the webshop; with every piece that is left when no parts are given.
fn parcel(id: &str, parts: Option<Vec<LineQuantity>>, code: Option<&str>) -> ShopShipment {
    ShopShipment {
        id: id.into(),
        lines: parts,
        tracking: code.map(Tracking::new),
        shipped_at: None,
    }
}

fn completed(code: Option<&str>) -> ShopOrder {
    let parcels = code.map(|code| parcel("p1", None, Some(code)));
    shop(ShopState::Completed, parcels.into_iter().collect())
}

fn confirm() -> EffectKind {
    EffectKind::Confirm("p1".into())
}

fn ticket() -> Ticket {
    Ticket {
        id: "7".to_owned(),
        poll_after: Duration::from_secs(60),
        expires_after: Duration::from_secs(600),
    }
}

fn told(kind: EffectKind, outcome: Outcome) -> Event {
    Event::Answered {
        kind,
        answer: Answer::Marketplace(outcome),
    }
}

fn done(kind: EffectKind) -> Event {
    told(kind, Outcome::Done { remote_id: None })
}

fn rejected(kind: EffectKind) -> Event {
    let reason = "not like that".to_owned();
    told(kind, Outcome::Rejected { reason })
}

fn created(progress: CreateProgress) -> Event {
    Event::Answered {
        kind: EffectKind::Create,
        answer: Answer::Create(progress),
    }
}

fn failed(kind: EffectKind, error: &Error) -> Event {
    Event::SendFailed {
        kind,
        failure: Failure::from(error),
    }
}

fn lost() -> Error {
    Error::new(Kind::Timeout, Effect::Unknown, "no answer")
}

/// A story of an order that stands in the webshop, open, since minute 1.
fn linked(title: &str) -> Story {
    linked_with(title, content(|_| ()))
}

fn linked_with(title: &str, order: MarketplaceOrder) -> Story {
    let mut story = Story::new(title);
    story
        .marketplace("it", order)
        .intend(EffectKind::Create)
        .at(1)
        .on(
            "made",
            created(CreateProgress::Created(Box::new(shop(
                ShopState::Open,
                Vec::new(),
            )))),
        );
    story.begin_here(title);
    story
}

/// A story of an order that was sent whole under a code at minute 2 and reported at minute 3.
fn confirmed(title: &str) -> Story {
    let mut story = linked(title);
    story
        .at(2)
        .shop("it sent", completed(Some("3S1")))
        .intend(confirm())
        .at(3)
        .on("taken", done(confirm()));
    story.begin_here(title);
    story
}

#[test]
fn the_journal_has_a_word_for_each_outcome() {
    let words = [
        (EffectStatus::Open, "open"),
        (EffectStatus::Done, "done"),
        (EffectStatus::NotApplied, "not_applied"),
        (EffectStatus::Rejected, "rejected"),
    ];
    for (status, word) in words {
        assert_eq!(status.as_str(), word);
    }
}

#[test]
fn stories_of_looks() {
    teller::compare("looks.txt", &looks::all());
}

#[test]
fn stories_of_creating() {
    teller::compare("creating.txt", &creating::all());
}

#[test]
fn stories_of_parcels() {
    teller::compare("parcels.txt", &parcels::all());
}

#[test]
fn stories_of_pieces() {
    teller::compare("pieces.txt", &pieces::all());
}

#[test]
fn stories_of_returns() {
    teller::compare("returns.txt", &returns::all());
}
