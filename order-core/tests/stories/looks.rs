//! What the marketplace's feed and reads show, and looks that fail.

use std::time::Duration;

use chrono::TimeDelta;
use order_core::lifecycle::{Event, Failure, OperatorAction};
use order_core::order::{Fulfilment, Readiness};
use order_core::ports::{OrderRead, ShopRead, Sighting};
use order_core::shop::ShopState;
use order_core::state::Action;
use order_core::{Error, Kind};

use crate::teller::{Story, at};
use crate::{completed, content, done, l1, linked, shop};

fn failed(action: Action, error: &Error) -> Event {
    Event::LookFailed {
        action,
        failure: Failure::from(error),
    }
}

fn down() -> Error {
    Error::not_applied(Kind::Unavailable, "connection refused")
}

fn summary(fingerprint: &str) -> Event {
    Event::Sighted(Sighting::Summary {
        id: "A".into(),
        fingerprint: fingerprint.to_owned(),
    })
}

fn full(story: &mut Story, what: &str) {
    let sighting = Sighting::Full(Box::new(content(|_| ())));
    story.on(&format!("the feed shows {what}"), Event::Sighted(sighting));
}

fn gone() -> Event {
    Event::MarketplaceRead(OrderRead::Gone("A".into()))
}

pub(crate) fn all() -> Vec<String> {
    let mut stories = Vec::new();

    let mut story = Story::new("A look that fails is a problem until it succeeds");
    story
        .on("the read fails", failed(Action::ReadMarketplace, &down()))
        .at(1)
        .on("the read fails", failed(Action::ReadMarketplace, &down()))
        .at(3)
        .on(
            "the read fails in another way",
            failed(
                Action::ReadMarketplace,
                &Error::not_applied(Kind::Decode, "no JSON"),
            ),
        )
        .at(4)
        .on(
            "the platform asks for a pause",
            failed(
                Action::ReadMarketplace,
                &Error::not_applied(Kind::RateLimited, "too many requests")
                    .with_retry_after(Duration::from_secs(7 * 60)),
            ),
        )
        .at(11)
        .marketplace("it", content(|_| ()));
    stories.push(story.end());

    let mut story = linked("A look in vain is forgotten when it is not to be taken any more");
    story
        .at(5)
        .on(
            "reading the webshop fails",
            failed(Action::ReadShop, &down()),
        )
        .at(6)
        .on(
            "the webshop's order is unreadable",
            Event::ShopRead(ShopRead::Unreadable {
                id: "W1".into(),
                reason: "no total".to_owned(),
            }),
        )
        .at(7)
        .on(
            "it is gone from the webshop",
            Event::ShopRead(ShopRead::Gone("W1".into())),
        )
        .at(8)
        .on(
            "reading the webshop fails",
            failed(Action::ReadShop, &down()),
        );
    stories.push(story.end());

    let mut story = Story::new("What the feed shows again changes nothing");
    full(&mut story, "the whole order");
    story.at(5);
    full(&mut story, "the same");
    story.at(6).on("the feed names it", summary("one")).at(7);
    full(&mut story, "the same, after it was named as changed");
    story
        .at(8)
        .on("the feed names it", summary("one"))
        .on("the feed names it with a change", summary("two"))
        .at(9)
        .marketplace("the same", content(|_| ()))
        .at(10)
        .on(
            "the feed names it unreadable",
            Event::Sighted(Sighting::Unreadable {
                id: "A".into(),
                reason: "no lines".to_owned(),
            }),
        );
    stories.push(story.end());

    let mut story = Story::new("Gone, and listed again");
    story
        .marketplace("it", content(|_| ()))
        .at(1)
        .on("the marketplace does not know it", gone())
        .at(2)
        .on("the marketplace does not know it", gone())
        .at(3)
        .on("the feed names it", summary("one"))
        .at(4);
    full(&mut story, "the whole order");
    story
        .at(5)
        .on("the marketplace does not know it", gone())
        .at(6);
    full(&mut story, "the same order as before");
    stories.push(story.end());

    let mut story = linked("Gone after it was made in the webshop");
    story
        .at(5)
        .on("the marketplace does not know it", gone())
        .at(6)
        .on("the feed names it", summary("one"))
        .at(7)
        .marketplace("it", content(|_| ()));
    stories.push(story.end());

    let mut story = Story::new("Held back by the marketplace");
    let held =
        || content(|order| order.readiness = Readiness::NotReady("payment pending".to_owned()));
    story
        .at(2)
        .marketplace("it, unpaid", held())
        .at(4)
        .on("the feed names it", summary("one"))
        .at(7)
        .marketplace("it, unpaid", held())
        .at(12)
        .marketplace("it, paid", content(|_| ()));
    stories.push(story.end());

    let mut story = Story::new("Placed at the very start date of the connection");
    story.rules.policy.import_from = Some(at(-10));
    story.marketplace("it", content(|_| ()));
    story.rules.policy.import_from = Some(at(-9));
    story.at(1).marketplace("it", content(|_| ()));
    story.rules.policy.import_from = Some(at(-11));
    story.at(2).marketplace("it", content(|_| ()));
    stories.push(story.end());

    let mut story = Story::new("As old as an order may be, and a minute older");
    let aged = |minutes: i64| {
        content(|order| order.placed_at = at(0) - TimeDelta::days(90) - TimeDelta::minutes(minutes))
    };
    story
        .marketplace("it", aged(0))
        .at(1)
        .marketplace("it", aged(1));
    stories.push(story.end());

    let mut story = Story::new("Sent by the marketplace itself");
    let theirs = || content(|order| order.fulfilment = Fulfilment::Marketplace);
    story.marketplace("it", theirs());
    story.rules.policy.import_marketplace_fulfilled = true;
    story.at(1).marketplace("it", theirs());
    story.rules.webshop.fulfilled_elsewhere = true;
    story.at(2).marketplace("it", theirs());
    stories.push(story.end());

    let mut story = linked("The marketplace changes the order");
    story
        .at(5)
        .marketplace("another address", content(|order| order.ship_to = None))
        .at(6)
        .marketplace(
            "an unknown value",
            content(|order| {
                order.unknown = vec!["method: drone".to_owned()];
            }),
        )
        .at(7)
        .marketplace(
            "the same unknown value",
            content(|order| {
                order.unknown = vec!["method: drone".to_owned()];
            }),
        )
        .at(8)
        .marketplace("one piece cancelled", l1(0, 1))
        .at(9)
        .marketplace("the same", l1(0, 1));
    stories.push(story.end());

    let mut story = linked("The buyer asks to cancel");
    let asks = || content(|order| order.lines[0].cancel_requested = true);
    story
        .at(5)
        .marketplace("the buyer's wish", asks())
        .operator(
            "cancels all",
            OperatorAction::Cancel {
                lines: Vec::new(),
                reason: order_core::ports::CancelReason::BuyerAsked,
            },
        )
        .intend(order_core::state::EffectKind::CancelPieces);
    stories.push(story.end());

    let mut story = Story::new("The buyer asks to cancel what is not in the webshop yet");
    story.marketplace("the buyer's wish", asks());
    stories.push(story.end());

    let mut story = linked("A wait under a clock that is set back");
    story
        .at(10)
        .shop("it completed without a code", completed(None))
        .shop("the same, in the same minute", completed(None))
        .at(15)
        .shop("the same", completed(None))
        .at(4)
        .shop("the same, by a clock that was set back", completed(None))
        .at(5)
        .shop("it open again", shop(ShopState::Open, Vec::new()));
    stories.push(story.end());

    let mut story = linked("The wait ends, and the code comes after all, as late as it may");
    story
        .at(10)
        .shop("it completed without a code", completed(None))
        .at(100)
        .shop("the same", completed(None))
        .at(190)
        .shop("the same", completed(None));
    let rest = order_core::state::EffectKind::Confirm("rest".into());
    story
        .marketplace("it", content(|_| ()))
        .intend(rest.clone())
        .at(191)
        .on("taken", done(rest));
    let window = 14 * 24 * 60;
    story
        .at(191 + window - 1)
        .marketplace("it", content(|_| ()))
        .at(191 + window)
        .marketplace("it", content(|_| ()));
    story
        .at(191 + window + 1)
        .shop("a code", completed(Some("3S1")));
    stories.push(story.end());

    stories
}
