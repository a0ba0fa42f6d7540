//! Creating in the webshop: steps, lost answers, doubles, links by hand.

use order_core::lifecycle::{Answer, Event, Finding, OperatorAction};
use order_core::order::Readiness;
use order_core::ports::{Checkpoint, CreateProgress, OrderRead, Outcome, ShopCancel, ShopRead};
use order_core::shop::{ShopOrder, ShopState};
use order_core::state::EffectKind;
use order_core::{Error, Kind};

use crate::teller::Story;
use crate::{
    all_cancelled, all_shipped, by_hand, completed, content, created, done, failed, found, l1,
    linked, lost, rejected, shop,
};

const CREATE: EffectKind = EffectKind::Create;

fn drafted() -> Event {
    created(CreateProgress::Continue {
        checkpoint: Checkpoint(serde_json::json!({"draft": 1})),
        draft: Some("D1".into()),
    })
}

fn resolved(kind: EffectKind, finding: Finding) -> Event {
    Event::Resolved { kind, finding }
}

fn link(story: &mut Story, what: &str, order: ShopOrder) {
    let action = OperatorAction::Link(Box::new(order));
    story.operator(&format!("links {what}"), action);
}

fn refused(reason: &str) -> Event {
    created(CreateProgress::Rejected {
        reason: reason.to_owned(),
    })
}

pub(crate) fn all() -> Vec<String> {
    let mut stories = Vec::new();

    let mut story = Story::new("In two steps, the second later, and its answer lost");
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .at(1)
        .on("a draft is made", drafted())
        .at(2)
        .intend(CREATE)
        .on("it was not sent after all", Event::NotSent(CREATE))
        .at(3)
        .intend(CREATE)
        .at(4)
        .on("no answer comes", failed(CREATE, &lost()))
        .at(10)
        .on(
            "nothing is found",
            resolved(CREATE, Finding::Orders(Vec::new())),
        )
        .at(12)
        .intend(CREATE);
    stories.push(story.end());

    let mut story = Story::new("Withdrawn before anything was sent");
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .on("it was not sent", Event::NotSent(CREATE))
        .on("nothing is left to be withdrawn", Event::NotSent(CREATE));
    stories.push(story.end());

    let mut story = Story::new("The program ends before the answer comes");
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .on("the program starts again at once", Event::Orphaned(CREATE));
    stories.push(story.end());

    let mut story = Story::new("A second attempt with fewer pieces than the first");
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .at(1)
        .on("no answer comes", failed(CREATE, &lost()))
        .at(5)
        .on(
            "nothing is found",
            resolved(CREATE, Finding::Orders(Vec::new())),
        )
        .at(6)
        .marketplace("one piece cancelled", l1(0, 1))
        .intend(CREATE)
        .at(7)
        .on(
            "made",
            created(CreateProgress::Created(Box::new(shop(
                ShopState::Open,
                Vec::new(),
            )))),
        )
        .at(8)
        .marketplace("two pieces cancelled", l1(0, 2))
        .at(9)
        .marketplace("all cancelled", all_cancelled());
    stories.push(story.end());

    let mut story = Story::new("A second attempt with the same pieces");
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .at(1)
        .on("refused", refused("no stock"))
        .at(2)
        .intend(CREATE)
        .at(3)
        .on(
            "the key is taken",
            failed(
                CREATE,
                &Error::not_applied(Kind::Conflict, "the number is in use"),
            ),
        );
    stories.push(story.end());

    let mut story = Story::new("No address");
    let nowhere = || content(|order| order.ship_to = None);
    story.marketplace("it", nowhere());
    let blocked = order_core::lifecycle::check(&nowhere()).unwrap_err();
    story
        .on(
            "creating is blocked",
            Event::Blocked {
                kind: CREATE,
                blocked,
            },
        )
        .at(5)
        .on("the webshop is hinted at", Event::ShopHinted)
        .at(6)
        .marketplace("it with an address", content(|_| ()));
    stories.push(story.end());

    let mut story = Story::new("A refusal that no longer matters");
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .on("refused", refused("no stock"))
        .at(1)
        .marketplace("one piece cancelled", l1(0, 1))
        .at(2)
        .marketplace("all shipped", all_shipped());
    stories.push(story.end());

    let mut story = Story::new("A wrong sum that stands in the webshop still needs a person");
    let differs = |inert| {
        created(CreateProgress::TotalDiffers {
            actual: order_core::money::Money::from_minor(1301, order_core::money::Currency::EUR),
            order: "W1".into(),
            inert,
        })
    };
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .on("made with another sum", differs(false))
        .at(1)
        .marketplace("all shipped", all_shipped());
    stories.push(story.end());

    let mut story = Story::new("Shipped by others while a create may still land");
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .on("no answer comes", failed(CREATE, &lost()))
        .at(5)
        .on(
            "nothing is found",
            resolved(CREATE, Finding::Orders(Vec::new())),
        )
        .at(6)
        .marketplace("all shipped", all_shipped())
        .at(40)
        .on(
            "the late look finds it",
            Event::Audited(vec![found("W1", ShopState::Open)]),
        );
    stories.push(story.end());

    let mut story = Story::new("A draft is thrown away though others shipped the order");
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .on("a draft of another sum", differs(true))
        .at(1)
        .marketplace("all shipped", all_shipped());
    stories.push(story.end());

    let mut story = Story::new("Three drafts come to another sum");
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .on("a draft of another sum", differs(true))
        .at(1)
        .intend(CREATE)
        .on("a draft of another sum", differs(true))
        .at(3)
        .intend(CREATE)
        .on("a draft of another sum", differs(true));
    stories.push(story.end());

    let mut story = Story::new("Sent by the marketplace: shipped is no reason to stop");
    let theirs = |mut order: order_core::order::MarketplaceOrder| {
        order.fulfilment = order_core::order::Fulfilment::Marketplace;
        order
    };
    story.rules.policy.import_marketplace_fulfilled = true;
    story.rules.webshop.fulfilled_elsewhere = true;
    story
        .marketplace("it", theirs(all_shipped()))
        .intend(CREATE)
        .on("refused", refused("no such product"))
        .at(1)
        .marketplace("it again", theirs(all_shipped()))
        .intend(CREATE)
        .on("a draft is made", drafted())
        .at(2)
        .marketplace("it again", theirs(all_shipped()))
        .at(3)
        .marketplace("all cancelled", theirs(all_cancelled()));
    stories.push(story.end());

    let mut story = Story::new("Sent by the marketplace, refused here, cancelled there");
    story.rules.policy.import_marketplace_fulfilled = true;
    story.rules.webshop.fulfilled_elsewhere = true;
    story
        .marketplace("it", theirs(all_shipped()))
        .intend(CREATE)
        .on("refused", refused("no such product"))
        .at(1)
        .marketplace("all cancelled", theirs(all_cancelled()));
    stories.push(story.end());

    let mut story = Story::new("Cancelled between two steps");
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .on("a draft is made", drafted())
        .at(1)
        .marketplace("all cancelled", all_cancelled());
    stories.push(story.end());

    let mut story = Story::new("A part is cancelled between two steps");
    story
        .marketplace("it", content(|_| ()))
        .intend(CREATE)
        .on("a draft is made", drafted())
        .at(1)
        .marketplace("one piece cancelled", l1(0, 1))
        .intend(EffectKind::CancelShop("D1".into()))
        .on(
            "thrown away",
            Event::Answered {
                kind: EffectKind::CancelShop("D1".into()),
                answer: Answer::ShopCancel(ShopCancel::Done),
            },
        );
    stories.push(story.end());

    let mut story = Story::new("Accepted, and the acceptance refused");
    let waiting = || content(|order| order.readiness = Readiness::NeedsAcceptance);
    story
        .marketplace("it, to be accepted", waiting())
        .intend(EffectKind::Accept)
        .on("refused", rejected(EffectKind::Accept))
        .at(1)
        .marketplace("it, to be accepted", waiting())
        .at(2)
        .marketplace("it, accepted", content(|_| ()));
    stories.push(story.end());

    let mut story = Story::new("An acceptance that nobody knows of");
    story
        .marketplace("it, to be accepted", waiting())
        .intend(EffectKind::Accept)
        .on("no answer comes", failed(EffectKind::Accept, &lost()));
    let look = |order| Finding::Marketplace(OrderRead::Found(Box::new(order)));
    let mut other = Story::new("An acceptance that nobody knows of, and that did not arrive");
    other.order = story.order.clone();
    story.at(5).on(
        "it is accepted",
        resolved(EffectKind::Accept, look(content(|_| ()))),
    );
    other
        .at(5)
        .on("it is not", resolved(EffectKind::Accept, look(waiting())));
    stories.push(story.end());
    stories.push(other.end());

    let mut story = linked("Found again when it is linked already");
    story
        .at(5)
        .on(
            "another is found before a create",
            Event::FoundBefore(vec![found("W2", ShopState::Open)]),
        )
        .at(6)
        .on(
            "the late look finds two more",
            Event::Audited(vec![
                found("W1", ShopState::Open),
                found("W2", ShopState::Open),
                found("W3", ShopState::Cancelled),
            ]),
        )
        .on(
            "the late look finds the same",
            Event::Audited(vec![
                found("W1", ShopState::Open),
                found("W2", ShopState::Open),
            ]),
        )
        .at(7)
        .intend(EffectKind::CancelShop("W2".into()))
        .on(
            "thrown away",
            Event::Answered {
                kind: EffectKind::CancelShop("W2".into()),
                answer: Answer::ShopCancel(ShopCancel::Done),
            },
        )
        .on(
            "the late look finds it once more",
            Event::Audited(vec![found("W2", ShopState::Open)]),
        );
    stories.push(story.end());

    let mut story = Story::new("Found before a create that is under way");
    story.marketplace("it", content(|_| ())).intend(CREATE).on(
        "one is found",
        Event::FoundBefore(vec![found("W2", ShopState::Open)]),
    );
    stories.push(story.end());

    let mut story = linked("Linked by hand after the webshop's order was deleted");
    link(&mut story, "another", by_hand("H1"));
    story.at(5).on(
        "it is gone from the webshop",
        Event::ShopRead(ShopRead::Gone("W1".into())),
    );
    link(&mut story, "another", by_hand("H1"));
    stories.push(story.end());

    let mut story = linked("No link once parcels are known");
    story
        .at(5)
        .shop("it sent", completed(Some("3S1")))
        .at(6)
        .on(
            "it is gone from the webshop",
            Event::ShopRead(ShopRead::Gone("W1".into())),
        );
    link(&mut story, "another", by_hand("H1"));
    stories.push(story.end());

    let mut story = linked("No link while the marketplace is told to cancel");
    story
        .at(5)
        .shop("it cancelled", shop(ShopState::Cancelled, Vec::new()))
        .intend(EffectKind::CancelMarketplace)
        .at(6)
        .on(
            "it is gone from the webshop",
            Event::ShopRead(ShopRead::Gone("W1".into())),
        );
    link(&mut story, "another", by_hand("H1"));
    stories.push(story.end());

    let mut story = Story::new("No link to what is one too many, now or then");
    story.marketplace("it", content(|_| ()));
    story.order.state.extras.push("H1".into());
    story.order.state.discarded.push("H2".into());
    link(&mut story, "what is to be thrown away", by_hand("H1"));
    link(&mut story, "what was thrown away", by_hand("H2"));
    link(&mut story, "a third", by_hand("H3"));
    stories.push(story.end());

    let mut story = Story::new("Pieces and the whole are cancelled of an order linked by hand");
    story.marketplace("it", content(|_| ()));
    link(&mut story, "an order", by_hand("H1"));
    story
        .at(1)
        .marketplace("one piece cancelled", l1(0, 1))
        .at(2)
        .marketplace("all cancelled", all_cancelled());
    stories.push(story.end());

    let mut story = linked("The webshop's order of a cancelled order is cancelled");
    let cancel = EffectKind::CancelShop("W1".into());
    story
        .at(5)
        .marketplace("all cancelled", all_cancelled())
        .intend(cancel.clone())
        .on(
            "the webshop will not",
            Event::Answered {
                kind: cancel.clone(),
                answer: Answer::ShopCancel(ShopCancel::Rejected {
                    reason: "it is packed".to_owned(),
                }),
            },
        )
        .at(6)
        .on("the feed names it", Event::ShopHinted)
        .at(7)
        .shop("it cancelled", shop(ShopState::Cancelled, Vec::new()));
    stories.push(story.end());

    let mut story = linked("The same, done");
    story
        .at(5)
        .marketplace("all cancelled", all_cancelled())
        .intend(cancel.clone())
        .on(
            "done",
            Event::Answered {
                kind: cancel,
                answer: Answer::ShopCancel(ShopCancel::Done),
            },
        );
    stories.push(story.end());

    let mut story = linked("The connection does not cancel in the webshop, or the webshop cannot");
    story.rules.policy.cancel_in_shop = false;
    story.at(5).marketplace("all cancelled", all_cancelled());
    story.rules.policy.cancel_in_shop = true;
    story.rules.webshop.cancel = false;
    story.at(6).marketplace("all cancelled", all_cancelled());
    stories.push(story.end());

    let mut story =
        linked("The connection does not cancel at the marketplace, or it takes nothing");
    let cancelled = || shop(ShopState::Cancelled, Vec::new());
    story.rules.policy.cancel_at_marketplace = false;
    story.at(5).shop("it cancelled", cancelled());
    story.rules.policy.cancel_at_marketplace = true;
    story.rules.marketplace.cancel = None;
    story.at(6).shop("it cancelled", cancelled());
    story.rules = crate::teller::rules();
    story
        .at(7)
        .shop("it cancelled", cancelled())
        .marketplace(
            "one line cancelled",
            content(|order| order.lines[1].cancelled = 1),
        )
        .intend(EffectKind::CancelMarketplace)
        .on("refused", rejected(EffectKind::CancelMarketplace))
        .at(8)
        .marketplace("all cancelled", all_cancelled());
    stories.push(story.end());

    let mut story = linked("The marketplace cancels while it is told to");
    story
        .at(5)
        .shop("it cancelled", cancelled())
        .intend(EffectKind::CancelMarketplace)
        .on(
            "no answer comes",
            failed(EffectKind::CancelMarketplace, &lost()),
        )
        .at(6)
        .marketplace("all cancelled", all_cancelled())
        .at(10)
        .on(
            "the answer",
            resolved(EffectKind::CancelMarketplace, look(all_cancelled())),
        );
    stories.push(story.end());

    let mut story = linked("A cancellation is taken");
    story
        .at(5)
        .shop("it cancelled", cancelled())
        .intend(EffectKind::CancelMarketplace)
        .on("done", done(EffectKind::CancelMarketplace));
    stories.push(story.end());

    let mut story = linked("A cancellation in steps");
    story
        .at(5)
        .shop("it cancelled", cancelled())
        .intend(EffectKind::CancelMarketplace)
        .on(
            "one step is done",
            crate::told(
                EffectKind::CancelMarketplace,
                Outcome::Continue(Checkpoint(serde_json::json!(["L1"]))),
            ),
        );
    stories.push(story.end());

    stories
}
