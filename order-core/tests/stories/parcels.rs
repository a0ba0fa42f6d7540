//! Parcels: reported, seen, lost, told by others, with late and other codes.

use order_core::lifecycle::{Event, Finding, OperatorAction};
use order_core::order::MarketplaceOrder;
use order_core::ports::{
    Checkpoint, ConfirmSemantics, ConfirmationFound, Granularity, OrderRead, Outcome, ShopRead,
    TicketStatus,
};
use order_core::shipment::Tracking;
use order_core::shop::ShopState;
use order_core::state::EffectKind;
use order_core::{Error, Kind};

use crate::teller::Story;
use crate::{
    all_cancelled, all_shipped, completed, confirm, confirmed, content, done, failed, l1, linked,
    linked_with, lost, parcel, part, shop, ticket, told,
};

fn edit() -> EffectKind {
    EffectKind::EditTracking("p1".into())
}

fn second() -> EffectKind {
    EffectKind::Confirm("p2".into())
}

fn seen_there(code: Option<&str>) -> ConfirmationFound {
    ConfirmationFound::Confirmed {
        remote_id: Some("S1".to_owned()),
        code: code.map(str::to_owned),
    }
}

fn resolved(kind: EffectKind, found: ConfirmationFound) -> Event {
    Event::Resolved {
        kind,
        finding: Finding::Confirmation(found),
    }
}

fn audited(found: ConfirmationFound) -> Event {
    Event::ShipmentAudited {
        shipment: "p1".into(),
        found,
    }
}

fn poll(status: TicketStatus) -> Event {
    Event::Polled {
        kind: confirm(),
        status,
    }
}

/// Two parcels: one piece of L1, then all the rest.
fn two_parcels() -> order_core::shop::ShopOrder {
    shop(
        ShopState::Completed,
        vec![
            parcel("p1", Some(vec![part("L1", 1)]), Some("3S1")),
            parcel("p2", Some(vec![part("L1", 1), part("L2", 1)]), Some("3S2")),
        ],
    )
}

/// By the piece: each piece has an id of its own.
fn by_piece(shipped: u32) -> MarketplaceOrder {
    content(|order| {
        order.lines[0].pieces = vec!["a".into(), "b".into()];
        order.lines[1].pieces = vec!["c".into()];
        order.lines[0].shipped = shipped;
    })
}

fn not_seen() -> Vec<String> {
    let mut stories = Vec::new();

    let mut story = confirmed("Reported, and not to be seen");
    story
        .marketplace("it open, in the minute of the report", content(|_| ()))
        .at(12)
        .marketplace("it open, before it must be seen", content(|_| ()))
        .at(13)
        .marketplace("it open", content(|_| ()))
        .at(14)
        .on("the webshop is hinted at", Event::ShopHinted)
        .marketplace("it open", content(|_| ()))
        .at(20)
        .marketplace("one piece shipped", l1(1, 0))
        .at(30)
        .marketplace("all shipped", all_shipped());
    stories.push(story.end());

    let mut story = confirmed("Seen in the minute of the report, and later");
    story
        .marketplace("all shipped", all_shipped())
        .at(4)
        .marketplace("all shipped", all_shipped());
    stories.push(story.end());

    let mut story = confirmed("Not to be seen where the platform itself refuses doubles");
    story.rules.marketplace.confirm = ConfirmSemantics::UpsertByKey;
    story
        .at(13)
        .marketplace("it open, when it should be seen", content(|_| ()))
        .at(14)
        .marketplace("it open", content(|_| ()));
    stories.push(story.end());

    let mut story = confirmed("Reported again by a person when it is not to be seen");
    story
        .at(13)
        .marketplace("it open", content(|_| ()))
        .at(14)
        .operator("tries again", OperatorAction::Retry);
    stories.push(story.end());
    stories
}

fn uncertain() -> Vec<String> {
    let mut stories = Vec::new();

    let mut story = linked("A report that nobody knows of, and that arrives after all");
    story
        .at(2)
        .shop("it sent", completed(Some("3S1")))
        .intend(confirm())
        .on("no answer comes", failed(confirm(), &lost()))
        .at(6)
        .on(
            "it is not there",
            resolved(confirm(), ConfirmationFound::Absent),
        )
        .at(7)
        .marketplace("all shipped", all_shipped())
        .at(60)
        .on(
            "the late look finds another code",
            audited(seen_there(Some("3S0"))),
        )
        .at(61)
        .on("and then ours", audited(seen_there(Some("3S1"))))
        .at(62)
        .on("and none", audited(ConfirmationFound::Absent));
    stories.push(story.end());

    let mut story = linked("The same, and a person was impatient");
    story
        .at(2)
        .shop("it sent", completed(Some("3S1")))
        .intend(confirm())
        .on("no answer comes", failed(confirm(), &lost()))
        .at(6)
        .on(
            "it is not there",
            resolved(confirm(), ConfirmationFound::Absent),
        )
        .operator("tries again", OperatorAction::Retry)
        .at(7)
        .marketplace("all shipped", all_shipped());
    stories.push(story.end());

    let mut story = linked("A bare report that nobody knows of, and a code that comes later");
    let rest = EffectKind::Confirm("rest".into());
    story
        .at(2)
        .shop("it completed without a code", completed(None))
        .at(100)
        .shop("the same", completed(None))
        .at(190)
        .shop("the same", completed(None));
    story.begin_here("A bare report that nobody knows of, and a code that comes later");
    story
        .intend(rest.clone())
        .on("no answer comes", failed(rest.clone(), &lost()))
        .at(194)
        .on("it is not there", resolved(rest, ConfirmationFound::Absent))
        .at(195)
        .marketplace("all shipped", all_shipped())
        .at(230)
        .on(
            "the late look finds a code",
            Event::ShipmentAudited {
                shipment: "rest".into(),
                found: seen_there(Some("3S1")),
            },
        )
        .at(231)
        .shop("the same code", completed(Some("3S1")))
        .at(232)
        .shop("another code", completed(Some("3S2")));
    stories.push(story.end());

    let mut story = linked("Others report the parcel");
    story
        .at(2)
        .shop("it sent", completed(Some("3S1")))
        .at(7)
        .marketplace("all shipped", all_shipped());
    stories.push(story.end());

    let mut story = linked("Refused as a conflict");
    story
        .at(2)
        .shop("it sent", completed(Some("3S1")))
        .intend(confirm())
        .on(
            "the platform says it conflicts",
            failed(
                confirm(),
                &Error::not_applied(Kind::Conflict, "in a queue already"),
            ),
        );
    stories.push(story.end());

    let mut story = linked("Decided later");
    story
        .at(2)
        .shop("it sent", completed(Some("3S1")))
        .intend(confirm())
        .on("a ticket", told(confirm(), Outcome::Submitted(ticket())))
        .at(3)
        .on("not decided", poll(TicketStatus::Pending))
        .at(11)
        .on("not decided", poll(TicketStatus::Pending))
        .at(12)
        .on(
            "not decided when the ticket expires",
            poll(TicketStatus::Pending),
        )
        .at(16)
        .on(
            "the marketplace is still deciding",
            resolved(confirm(), ConfirmationFound::InProgress(ticket())),
        )
        .at(17)
        .on(
            "taken",
            poll(TicketStatus::Done {
                remote_id: Some("S1".to_owned()),
            }),
        );
    stories.push(story.end());

    let mut story = confirmed("A person doubts a report");
    story
        .at(5)
        .operator(
            "doubts parcel 2",
            OperatorAction::ConfirmAgain { parcel: 2 },
        )
        .operator(
            "doubts parcel 1",
            OperatorAction::ConfirmAgain { parcel: 1 },
        )
        .operator(
            "doubts it twice",
            OperatorAction::ConfirmAgain { parcel: 1 },
        )
        .at(9)
        .on("it is there", resolved(confirm(), seen_there(Some("3S1"))))
        .at(10)
        .shop("another code", completed(Some("3S2")))
        .intend(edit())
        .operator("doubts it now", OperatorAction::ConfirmAgain { parcel: 1 });
    stories.push(story.end());
    stories
}

fn codes() -> Vec<String> {
    let mut stories = Vec::new();

    let mut story = confirmed("Another code, and an edit that is refused");
    story
        .at(5)
        .shop("the same code by another transporter", {
            let mut order = completed(Some("3S1"));
            order.shipments[0].tracking.as_mut().unwrap().carrier_name = Some("DHL".to_owned());
            order
        })
        .at(6)
        .shop("another code", completed(Some("3S2")))
        .intend(edit())
        .on(
            "refused",
            told(
                edit(),
                Outcome::Rejected {
                    reason: "too late".to_owned(),
                },
            ),
        )
        .at(7)
        .marketplace("it open", content(|_| ()))
        .at(8)
        .shop("the first code again", completed(Some("3S1")));
    stories.push(story.end());

    let mut story = confirmed("An edit that nobody knows of");
    story
        .at(6)
        .shop("another code", completed(Some("3S2")))
        .intend(edit())
        .on("no answer comes", failed(edit(), &lost()));
    let mut other = Story::new("The same, and it did not arrive");
    other.order = story.order.clone();
    story.at(9).on(
        "the new code is there",
        resolved(edit(), seen_there(Some("3S2"))),
    );
    other.at(9).on(
        "the old code is there",
        resolved(edit(), seen_there(Some("3S1"))),
    );
    stories.push(story.end());
    stories.push(other.end());

    let mut story = confirmed("Another code where the marketplace takes no edits");
    story.rules.marketplace.edit_tracking = false;
    story.at(6).shop("another code", completed(Some("3S2")));
    stories.push(story.end());

    let mut story = confirmed("Another code for an order that the marketplace cancelled");
    story
        .at(6)
        .shop("another code", completed(Some("3S2")))
        .at(7)
        .marketplace("all cancelled", all_cancelled());
    stories.push(story.end());

    let mut story = confirmed("A second parcel when every piece is in the first");
    let mut both = completed(Some("3S1"));
    both.shipments.push(parcel("p9", None, Some("3S9")));
    story
        .at(6)
        .shop("two parcels", both.clone())
        .at(7)
        .shop("the same", both)
        .at(8)
        .shop("only the second", {
            let mut order = completed(None);
            order.shipments.push(parcel("p9", None, Some("3S9")));
            order
        });
    stories.push(story.end());

    let mut story = linked("A code by a person, and then the webshop's");
    story
        .at(2)
        .operator(
            "sets a code",
            OperatorAction::SetTracking(Tracking::new("3S7")),
        )
        .at(3)
        .shop("its own code", completed(Some("3S1")));
    stories.push(story.end());
    stories
}

fn parts() -> Vec<String> {
    let mut stories = Vec::new();

    let mut story = linked("Two parcels, the first reported, and a piece cancelled");
    story
        .at(2)
        .shop("two parcels", two_parcels())
        .marketplace("it", content(|_| ()))
        .intend(confirm())
        .on("taken", done(confirm()))
        .at(3)
        .marketplace("one shipped, one cancelled", l1(1, 1))
        .intend(second());
    stories.push(story.end());

    let mut story = linked("Two parcels, none reported, and a piece cancelled");
    story
        .at(2)
        .shop("two parcels", two_parcels())
        .at(3)
        .marketplace("one cancelled", l1(0, 1))
        .intend(second())
        .intend(confirm())
        .on("taken", done(second()))
        .at(4)
        .marketplace("both cancelled", l1(0, 2));
    stories.push(story.end());

    let mut story = linked("One parcel with all, and a whole line cancelled");
    story
        .at(2)
        .shop("it sent", completed(Some("3S1")))
        .at(3)
        .marketplace(
            "one line cancelled",
            content(|order| order.lines[1].cancelled = 1),
        )
        .intend(confirm());
    stories.push(story.end());

    let mut story = linked("A parcel that would be empty stays");
    story
        .at(2)
        .shop(
            "a parcel with a part",
            shop(
                ShopState::Open,
                vec![parcel("p1", Some(vec![part("L1", 2)]), Some("3S1"))],
            ),
        )
        .at(3)
        .marketplace("both cancelled", l1(0, 2))
        .intend(confirm());
    stories.push(story.end());

    let mut story = linked("A parcel under way when a piece is cancelled");
    story
        .at(2)
        .shop("two parcels", two_parcels())
        .intend(second())
        .at(3)
        .marketplace("one cancelled", l1(0, 1));
    stories.push(story.end());

    let mut story = linked_with("By the piece", by_piece(0));
    story
        .at(2)
        .shop("two parcels", two_parcels())
        .intend(confirm())
        .on(
            "one piece is told",
            told(
                confirm(),
                Outcome::Continue(Checkpoint(serde_json::json!(["a"]))),
            ),
        )
        .at(3)
        .marketplace("one piece shipped", by_piece(1))
        .intend(second())
        .intend(confirm())
        .on("taken", done(confirm()))
        .at(4)
        .marketplace("two pieces shipped", by_piece(2))
        .on("not sent", Event::NotSent(second()))
        .intend(second());
    stories.push(story.end());

    let four = |shipped: u32, cancelled: u32| {
        content(|order| {
            order.lines[0].quantity = 4;
            order.lines[0].pieces = vec!["a".into(), "b".into(), "c".into(), "d".into()];
            order.lines[0].shipped = shipped;
            order.lines[0].cancelled = cancelled;
        })
    };
    let halves = || {
        shop(
            ShopState::Open,
            vec![
                parcel("p1", Some(vec![part("L1", 2)]), Some("3S1")),
                parcel("p2", Some(vec![part("L1", 2)]), Some("3S2")),
            ],
        )
    };
    let mut story = linked_with(
        "Two halves, none reported, and a piece cancelled",
        four(0, 0),
    );
    story
        .at(2)
        .shop("two parcels", halves())
        .at(3)
        .marketplace("one cancelled", four(0, 1));
    stories.push(story.end());

    let unequal = || {
        shop(
            ShopState::Open,
            vec![
                parcel("p1", Some(vec![part("L1", 1)]), Some("3S1")),
                parcel("p2", Some(vec![part("L1", 3)]), Some("3S2")),
            ],
        )
    };
    let mut story = linked_with(
        "By the piece, and the second parcel is told in part",
        four(0, 0),
    );
    story
        .at(2)
        .shop("a small and a large parcel", unequal())
        .intend(confirm())
        .on("taken", done(confirm()))
        .at(3)
        .marketplace("one piece shipped", four(1, 0))
        .intend(second())
        .on(
            "one piece is told",
            told(
                second(),
                Outcome::Continue(Checkpoint(serde_json::json!(["b"]))),
            ),
        )
        .at(4)
        .marketplace("two pieces shipped", four(2, 0));
    let mut other = Story::new("The same, and the piece is cancelled instead");
    other.order = story.order.clone();
    story.intend(second());
    other
        .at(4)
        .marketplace("one piece shipped, one cancelled", four(1, 1))
        .intend(second());
    stories.push(story.end());
    stories.push(other.end());

    for (what, ship, multi_parcel) in [
        ("Whole orders only", Granularity::Order, true),
        ("One parcel only", Granularity::Quantity, false),
        ("Whole lines only", Granularity::Line, true),
    ] {
        let mut story = linked(what);
        story.rules.marketplace.ship = ship;
        story.rules.marketplace.multi_parcel = multi_parcel;
        story
            .at(2)
            .shop(
                "a parcel with a part",
                shop(
                    ShopState::Open,
                    vec![parcel(
                        "p1",
                        Some(vec![part("L1", 1), part("L2", 1)]),
                        Some("3S1"),
                    )],
                ),
            )
            .at(3)
            .shop("two parcels, completed", two_parcels());
        stories.push(story.end());
    }

    let mut story = linked("Deleted in the webshop after a part was sent");
    story
        .at(2)
        .shop(
            "a parcel with a part",
            shop(
                ShopState::Open,
                vec![parcel("p1", Some(vec![part("L1", 1)]), Some("3S1"))],
            ),
        )
        .at(3)
        .on(
            "it is gone from the webshop",
            Event::ShopRead(ShopRead::Gone("W1".into())),
        )
        .at(4)
        .on(
            "it is gone from the marketplace",
            Event::MarketplaceRead(OrderRead::Gone("A".into())),
        );
    stories.push(story.end());

    stories
}

pub(crate) fn all() -> Vec<String> {
    [not_seen(), uncertain(), codes(), parts()].concat()
}
