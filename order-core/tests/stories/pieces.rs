//! Pieces that are cancelled, in either direction.

use order_core::lifecycle::{Answer, Event, Finding, OperatorAction};
use order_core::ports::{CancelReason, OrderRead, Outcome, ShopCancel, ShopRead};
use order_core::shop::{ShopOrder, ShopState};
use order_core::state::EffectKind;

use crate::teller::Story;
use crate::{
    all_cancelled, all_shipped, content, done, failed, l1, linked, lost, part, shop, told,
};

const THERE: EffectKind = EffectKind::CancelPieces;
const HERE: EffectKind = EffectKind::CancelShopPieces;

fn cancel(line: &str, quantity: u32) -> OperatorAction {
    OperatorAction::Cancel {
        lines: vec![part(line, quantity)],
        reason: CancelReason::OutOfStock,
    }
}

/// The webshop's order without pieces of L1.
fn without(pieces: u32) -> ShopOrder {
    ShopOrder {
        cancelled: vec![part("L1", pieces)],
        ..shop(ShopState::Open, Vec::new())
    }
}

fn there(order: order_core::order::MarketplaceOrder) -> Event {
    Event::Resolved {
        kind: THERE,
        finding: Finding::Marketplace(OrderRead::Found(Box::new(order))),
    }
}

fn here(order: ShopOrder) -> Event {
    Event::Resolved {
        kind: HERE,
        finding: Finding::Shop(ShopRead::Found(Box::new(order))),
    }
}

/// The webshop was asked to take a piece off at minute 6, and nobody knows whether it did.
fn uncertain_here(title: &str) -> Story {
    let mut story = linked(title);
    story
        .at(5)
        .marketplace("one piece cancelled", l1(0, 1))
        .shop("it open", shop(ShopState::Open, Vec::new()))
        .at(6)
        .intend(HERE)
        .on("no answer comes", failed(HERE, &lost()));
    story.begin_here(title);
    story
}

/// The marketplace was asked to cancel a piece at minute 6, and nobody knows whether it did.
fn uncertain_there(title: &str) -> Story {
    let mut story = linked(title);
    story
        .at(6)
        .operator("cancels a piece", cancel("L1", 1))
        .marketplace("it", content(|_| ()))
        .intend(THERE)
        .on("no answer comes", failed(THERE, &lost()));
    story.begin_here(title);
    story
}

pub(crate) fn all() -> Vec<String> {
    let mut stories = Vec::new();

    let mut story = linked("A person cancels pieces at the marketplace");
    story
        .at(5)
        .operator("cancels no piece of a line", cancel("L1", 0))
        .operator("cancels three of two", cancel("L1", 3))
        .operator("cancels one piece", cancel("L1", 1))
        .marketplace("it", content(|_| ()))
        .intend(THERE)
        .on("done", done(THERE))
        .at(6)
        .marketplace("it, not changed yet", content(|_| ()))
        .at(7)
        .marketplace("one piece cancelled", l1(0, 1));
    stories.push(story.end());

    let mut story = linked("The webshop takes pieces off");
    story
        .at(5)
        .shop("it without a piece", without(1))
        .marketplace("it", content(|_| ()))
        .intend(THERE)
        .on(
            "refused",
            told(
                THERE,
                Outcome::Rejected {
                    reason: "too late".to_owned(),
                },
            ),
        )
        .at(6)
        .marketplace("it cancelled there too", l1(0, 1));
    stories.push(story.end());

    let mut story = linked("The webshop takes pieces off, of an order that the marketplace lost");
    story.at(5).shop("it without a piece", without(1)).on(
        "the marketplace does not know it",
        Event::MarketplaceRead(OrderRead::Gone("A".into())),
    );
    stories.push(story.end());

    let mut story = linked("The webshop takes pieces off, and cancels the rest");
    story.at(5).shop(
        "it without a piece, cancelled",
        ShopOrder {
            state: ShopState::Cancelled,
            raw_state: "cancelled".to_owned(),
            ..without(1)
        },
    );
    stories.push(story.end());

    let mut story = linked("The marketplace cancels pieces");
    story
        .at(20)
        .marketplace("one piece cancelled", l1(0, 1))
        .at(21)
        .shop("it open", shop(ShopState::Open, Vec::new()))
        .at(23)
        .on(
            "two minutes pass",
            Event::Sighted(order_core::ports::Sighting::Full(Box::new(l1(0, 1)))),
        )
        .at(24)
        .on(
            "a third passes",
            Event::Sighted(order_core::ports::Sighting::Full(Box::new(l1(0, 1)))),
        )
        .shop("it open", shop(ShopState::Open, Vec::new()))
        .intend(HERE)
        .at(25)
        .on(
            "done",
            Event::Answered {
                kind: HERE,
                answer: Answer::ShopCancel(ShopCancel::Done),
            },
        )
        .at(26)
        .shop("it without a piece", without(1));
    stories.push(story.end());

    let mut story = linked("The marketplace cancels pieces, and the webshop has deleted the order");
    story
        .at(5)
        .on(
            "it is gone from the webshop",
            Event::ShopRead(ShopRead::Gone("W1".into())),
        )
        .at(6)
        .marketplace("one piece cancelled", l1(0, 1));
    stories.push(story.end());

    let mut story = linked("The marketplace cancels pieces, and the webshop takes none off");
    story.rules.webshop.cancel_lines = false;
    story
        .at(5)
        .marketplace("one piece cancelled", l1(0, 1))
        .at(6)
        .on(
            "it is gone from the webshop",
            Event::ShopRead(ShopRead::Gone("W1".into())),
        );
    stories.push(story.end());

    let mut story = linked("The marketplace cancels pieces, then all");
    story
        .at(5)
        .marketplace("one piece cancelled", l1(0, 1))
        .shop("it open", shop(ShopState::Open, Vec::new()))
        .at(6)
        .marketplace("all cancelled", all_cancelled());
    stories.push(story.end());

    let mut story = uncertain_there("Nobody knows whether a piece is cancelled: it is");
    story.at(10).on("the answer", there(l1(0, 1)));
    stories.push(story.end());

    let mut story = uncertain_there("Nobody knows whether a piece is cancelled: it is not");
    story.at(10).on("the answer", there(content(|_| ())));
    stories.push(story.end());

    let mut story = uncertain_there("Nobody knows whether a piece is cancelled: all is shipped");
    story.at(10).on("the answer", there(all_shipped()));
    stories.push(story.end());

    let mut story = uncertain_here("Nobody knows whether the webshop took a piece off: it did");
    story.at(10).on("the answer", here(without(1)));
    stories.push(story.end());

    let mut story = uncertain_here("Nobody knows whether the webshop took a piece off: it did not");
    story
        .at(10)
        .on("the answer", here(shop(ShopState::Open, Vec::new())));
    stories.push(story.end());

    let mut story =
        uncertain_here("Nobody knows whether the webshop took a piece off: all is cancelled");
    story
        .at(10)
        .on("the answer", here(shop(ShopState::Cancelled, Vec::new())));
    stories.push(story.end());

    stories
}
