//! The lifecycle's transitions as a checked-in table. A change of behaviour is a reviewed diff:
//! `UPDATE_TABLE=1 cargo test -p order-core --test transition_table` writes it anew.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]
#![expect(
    clippy::too_many_lines,
    reason = "lists of stages and events read best whole"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone as _, Utc};
use order_core::ids::{ExternalKey, OrderKey};
use order_core::lifecycle::{
    Answer, EffectRecord, EffectStatus, Event, Failure, Finding, OperatorAction, agenda, apply,
};
use order_core::money::{Currency, Money};
use order_core::order::MarketplaceOrder;
use order_core::policy::{Policy, Rules};
use order_core::ports::{
    CancelReason, Checkpoint, Clock, ConfirmationFound, CreateProgress, FoundOrder,
    Marketplace as _, OrderRead, Outcome, ShopCancel, ShopRead, Ticket, TicketStatus, Webshop as _,
};
use order_core::returns::MarketplaceReturn;
use order_core::shipment::{CarrierChoice, ChosenBy, LineQuantity, Tracking};
use order_core::shop::{ShopOrder, ShopShipment, ShopState};
use order_core::state::{Action, Cancellation, Confirmation, Created, EffectKind, Order, Phase};
use order_core::testkit::{ManualClock, MemoryMarketplace, MemoryWebshop, samples};
use order_core::{Effect, Error, Kind};

fn at(minute: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_780_000_000 + minute * 60, 0).unwrap()
}

fn rules() -> Rules {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new());
    Rules {
        policy: Policy::new("t"),
        marketplace: MemoryMarketplace::new(Arc::clone(&clock)).capabilities(),
        webshop: MemoryWebshop::new(clock).capabilities(),
    }
}

fn content(shipped: u32, cancelled: u32) -> MarketplaceOrder {
    let mut line = samples::line("L1", "SKU1", 2, 500);
    line.shipped = shipped;
    line.cancelled = cancelled;
    samples::order("A", at(-10), vec![line])
}

fn read(shipped: u32, cancelled: u32) -> Event {
    Event::MarketplaceRead(OrderRead::Found(Box::new(content(shipped, cancelled))))
}

fn shop(state: ShopState, raw: &str, code: Option<&str>) -> ShopOrder {
    let parcel = |code: &str| ShopShipment {
        id: "p1".into(),
        lines: None,
        tracking: Some(Tracking::new(code)),
        shipped_at: None,
    };
    ShopOrder {
        id: "W1".into(),
        number: "1001".to_owned(),
        key: Some(ExternalKey::new("t", "A")),
        state,
        raw_state: raw.to_owned(),
        total: Money::from_minor(1000, Currency::EUR),
        cancelled: Vec::new(),
        shipments: code.map(parcel).into_iter().collect(),
        updated_at: None,
    }
}

fn seen(state: ShopState, raw: &str, code: Option<&str>) -> Event {
    Event::ShopRead(ShopRead::Found(Box::new(shop(state, raw, code))))
}

fn found(state: ShopState) -> FoundOrder {
    FoundOrder {
        order: shop(state, "found", None),
        resume: None,
    }
}

fn failed(kind: &EffectKind, error: &Error) -> Event {
    Event::SendFailed {
        kind: kind.clone(),
        failure: Failure::from(error),
    }
}

fn lost() -> Error {
    Error::new(Kind::Timeout, Effect::Unknown, "no answer")
}

fn intend(kind: EffectKind) -> Event {
    let carrier = matches!(kind, EffectKind::Confirm(_)).then(|| CarrierChoice {
        carrier: "postnl".to_owned(),
        by: ChosenBy::Default,
        original: "3S1".to_owned(),
        code: "3S1".to_owned(),
        sent: Some("TNT".to_owned()),
    });
    Event::Intended { kind, carrier }
}

fn told(outcome: Outcome, kind: EffectKind) -> Event {
    Event::Answered {
        kind,
        answer: Answer::Marketplace(outcome),
    }
}

/// Folds events, one a minute.
fn story(events: &[Event]) -> Order {
    let mut order = Order::new(OrderKey::new("t", "A"), at(0));
    for (minute, event) in (0..).zip(events) {
        order = apply(&order, event, at(minute), &rules()).unwrap().order;
    }
    order
}

/// Orders in every stage of their life.
fn stages() -> Vec<(&'static str, Order)> {
    let create = EffectKind::Create;
    let confirm = EffectKind::Confirm("p1".into());
    let created = Event::Answered {
        kind: create.clone(),
        answer: Answer::Create(CreateProgress::Created(Box::new(shop(
            ShopState::Open,
            "processing",
            None,
        )))),
    };
    let linked = vec![read(0, 0), intend(create.clone()), created];
    let with = |more: &[Event]| story(&[linked.clone(), more.to_vec()].concat());
    let coded = seen(ShopState::Completed, "completed", Some("3S1"));
    let ticket = Ticket {
        id: "7".to_owned(),
        poll_after: Duration::from_secs(60),
        expires_after: Duration::from_secs(86_400),
    };
    vec![
        ("seen, not read", story(&[])),
        ("read", story(&[read(0, 0)])),
        (
            "create intended",
            story(&[read(0, 0), intend(create.clone())]),
        ),
        (
            "create unknown",
            story(&[read(0, 0), intend(create.clone()), failed(&create, &lost())]),
        ),
        ("linked", with(&[])),
        (
            "waiting",
            with(&[seen(ShopState::Completed, "completed", None)]),
        ),
        ("handed over", with(std::slice::from_ref(&coded))),
        (
            "confirm intended",
            with(&[coded.clone(), intend(confirm.clone())]),
        ),
        (
            "confirm unknown",
            with(&[
                coded.clone(),
                intend(confirm.clone()),
                failed(&confirm, &lost()),
            ]),
        ),
        (
            "confirm submitted",
            with(&[
                coded.clone(),
                intend(confirm.clone()),
                told(Outcome::Submitted(ticket), confirm.clone()),
            ]),
        ),
        (
            "confirmed",
            with(&[
                coded.clone(),
                intend(confirm.clone()),
                told(Outcome::Done { remote_id: None }, confirm.clone()),
            ]),
        ),
        (
            "verified",
            with(&[
                coded,
                intend(confirm.clone()),
                told(Outcome::Done { remote_id: None }, confirm),
                read(2, 0),
            ]),
        ),
        ("cancelled there", with(&[read(0, 2)])),
        (
            "cancelled here",
            with(&[seen(ShopState::Cancelled, "cancelled", None)]),
        ),
        (
            "manual",
            with(&[Event::Operator(OperatorAction::Manual(None))]),
        ),
    ]
}

fn link(key: Option<ExternalKey>) -> Event {
    let shop = ShopOrder {
        key,
        ..shop(ShopState::Open, "processing", None)
    };
    Event::Operator(OperatorAction::Link(Box::new(shop)))
}

/// Everything that can happen.
fn events() -> Vec<(&'static str, Event)> {
    let create = EffectKind::Create;
    let confirm = EffectKind::Confirm("p1".into());
    let answer = |progress| Event::Answered {
        kind: create.clone(),
        answer: Answer::Create(progress),
    };
    let resolved = |kind: &EffectKind, finding| Event::Resolved {
        kind: kind.clone(),
        finding,
    };
    vec![
        ("marketplace: open", read(0, 0)),
        ("marketplace: all shipped", read(2, 0)),
        ("marketplace: all cancelled", read(0, 2)),
        (
            "marketplace: gone",
            Event::MarketplaceRead(OrderRead::Gone("A".into())),
        ),
        ("shop: open", seen(ShopState::Open, "processing", None)),
        (
            "shop: completed with code",
            seen(ShopState::Completed, "completed", Some("3S1")),
        ),
        (
            "shop: completed, no code",
            seen(ShopState::Completed, "completed", None),
        ),
        (
            "shop: cancelled",
            seen(ShopState::Cancelled, "cancelled", None),
        ),
        (
            "shop: unknown status",
            seen(ShopState::Unknown, "odd", None),
        ),
        ("shop: gone", Event::ShopRead(ShopRead::Gone("W1".into()))),
        ("intend create", intend(create.clone())),
        ("create orphaned", Event::Orphaned(create.clone())),
        (
            "create answered: created",
            answer(CreateProgress::Created(Box::new(shop(
                ShopState::Open,
                "processing",
                None,
            )))),
        ),
        (
            "create answered: rejected",
            answer(CreateProgress::Rejected {
                reason: "no".to_owned(),
            }),
        ),
        ("create failed: unknown", failed(&create, &lost())),
        (
            "create failed: not applied",
            failed(&create, &Error::not_applied(Kind::Unavailable, "refused")),
        ),
        (
            "create looked up: one",
            resolved(&create, Finding::Orders(vec![found(ShopState::Open)])),
        ),
        (
            "create looked up: a draft",
            resolved(&create, Finding::Orders(vec![found(ShopState::Draft)])),
        ),
        (
            "create looked up: none",
            resolved(&create, Finding::Orders(Vec::new())),
        ),
        ("intend confirm", intend(confirm.clone())),
        (
            "confirm answered: done",
            told(Outcome::Done { remote_id: None }, confirm.clone()),
        ),
        (
            "confirm answered: rejected",
            told(
                Outcome::Rejected {
                    reason: "no".to_owned(),
                },
                confirm.clone(),
            ),
        ),
        ("confirm failed: unknown", failed(&confirm, &lost())),
        (
            "confirm looked up: there",
            resolved(
                &confirm,
                Finding::Confirmation(ConfirmationFound::Confirmed {
                    remote_id: None,
                    code: None,
                }),
            ),
        ),
        (
            "confirm looked up: absent",
            resolved(&confirm, Finding::Confirmation(ConfirmationFound::Absent)),
        ),
        (
            "ticket: done",
            Event::Polled {
                kind: confirm.clone(),
                status: TicketStatus::Done { remote_id: None },
            },
        ),
        (
            "ticket: failed",
            Event::Polled {
                kind: confirm.clone(),
                status: TicketStatus::Failed {
                    reason: "no".to_owned(),
                },
            },
        ),
        (
            "ticket: lost",
            Event::Polled {
                kind: confirm,
                status: TicketStatus::Lost,
            },
        ),
        (
            "cancelled in shop by us",
            Event::Answered {
                kind: EffectKind::CancelShop("W1".into()),
                answer: Answer::ShopCancel(ShopCancel::Done),
            },
        ),
        ("operator: retry", Event::Operator(OperatorAction::Retry)),
        (
            "operator: set tracking",
            Event::Operator(OperatorAction::SetTracking(Tracking::new("3S9"))),
        ),
        (
            "operator: manual",
            Event::Operator(OperatorAction::Manual(None)),
        ),
        ("operator: resume", Event::Operator(OperatorAction::Resume)),
        (
            "operator: cancel",
            Event::Operator(OperatorAction::Cancel {
                lines: Vec::new(),
                reason: CancelReason::OutOfStock,
            }),
        ),
        ("operator: link", link(Some(ExternalKey::new("t", "A")))),
        ("operator: link by hand", link(None)),
        (
            "operator: confirm again",
            Event::Operator(OperatorAction::ConfirmAgain { parcel: 1 }),
        ),
    ]
}

/// An order in one line: status, link, effects, shipments, cancellation, problems, what is next.
fn describe(order: &Order, now: DateTime<Utc>) -> String {
    let state = &order.state;
    let mut text = order.status().to_string();
    if let Some(link) = state.linked() {
        write!(
            text,
            "; shop {:?}{}",
            link.state,
            if link.gone { " gone" } else { "" }
        )
        .unwrap();
    }
    for effect in &state.effects {
        let phase = match effect.phase {
            Phase::Ready => "ready",
            Phase::Intended => "intended",
            Phase::Unknown { .. } => "unknown",
            Phase::Submitted { .. } => "submitted",
        };
        write!(text, "; {} {phase}", effect.kind).unwrap();
    }
    for shipment in &state.shipments {
        let code = shipment
            .tracking
            .as_ref()
            .map_or("bare", |tracking| tracking.code.as_str());
        let confirmation = format!("{:?}", shipment.confirmation);
        let word = confirmation.split([' ', '(']).next().unwrap();
        write!(text, "; parcel {code} {word}").unwrap();
    }
    let cancellation = format!("{:?}", state.cancellation);
    if cancellation != "None" {
        write!(text, "; {}", cancellation.split('(').next().unwrap()).unwrap();
    }
    for problem in &state.problems {
        write!(text, "; problem {:?}", problem.kind).unwrap();
    }
    let next = agenda(order, now, &rules())
        .into_iter()
        .min_by_key(|item| item.at);
    match next {
        Some(item) if item.at <= now => write!(text, " → {}", item.action).unwrap(),
        Some(item) => {
            write!(
                text,
                " → {} in {} min",
                item.action,
                (item.at - now).num_minutes()
            )
            .unwrap();
        }
        None => text.push_str(" → nothing"),
    }
    text
}

#[test]
fn the_table_is_what_the_lifecycle_does() {
    let now = at(10);
    let mut table = String::from(
        "Every stage of an order × everything that can happen. Written by the test beside it.\n",
    );
    for (stage, order) in stages() {
        writeln!(table, "\n{stage}: {}", describe(&order, now)).unwrap();
        for (name, event) in events() {
            let outcome = match apply(&order, &event, now, &rules()) {
                Err(_) => "refused".to_owned(),
                Ok(step) if step.order == order => "unchanged".to_owned(),
                Ok(step) => describe(&step.order, now),
            };
            writeln!(table, "  {name:<28} {outcome}").unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transition_table.txt");
    if std::env::var_os("UPDATE_TABLE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (is, was)) in (1..).zip(table.lines().zip(checked_in.lines())) {
        assert_eq!(is, was, "line {number} of {}", path.display());
    }
    assert_eq!(table.lines().count(), checked_in.lines().count());
}

#[test]
fn repeating_an_event_that_took_effect_changes_nothing_more() {
    let now = at(10);
    for (stage, order) in stages() {
        for (name, event) in events() {
            let Ok(first) = apply(&order, &event, now, &rules()) else {
                continue;
            };
            // Looks are counted, and a person who asks twice is heard twice.
            if matches!(event, Event::Operator(_)) || name.contains("no code") {
                continue;
            }
            if let Ok(second) = apply(&first.order, &event, now, &rules()) {
                assert_eq!(
                    describe(&second.order, now),
                    describe(&first.order, now),
                    "{stage}, {name}"
                );
            }
        }
    }
}

/// What must hold of an order whatever happened to it.
fn promises(order: &Order, now: DateTime<Utc>) {
    let state = &order.state;
    for effect in &state.effects {
        let same = state
            .effects
            .iter()
            .filter(|other| other.kind == effect.kind)
            .count();
        assert_eq!(same, 1, "two open effects of a kind: {order:?}");
    }
    let agenda = agenda(order, now, &rules());
    for effect in &state.effects {
        let sends = agenda
            .iter()
            .any(|item| item.action == Action::Send(effect.kind.clone()));
        assert!(
            !sends || effect.phase == Phase::Ready,
            "sent on top of itself: {order:?}"
        );
    }
    let may_tell = matches!(
        state.cancellation,
        Cancellation::None | Cancellation::BuyerAsks
    );
    let tells = agenda
        .iter()
        .any(|item| matches!(&item.action, Action::Send(EffectKind::Confirm(_))));
    assert!(
        may_tell || !tells,
        "a cancelled order would be confirmed: {order:?}"
    );
    let pieces: u32 = state
        .shipments
        .iter()
        .flat_map(|s| &s.lines)
        .map(|part| part.quantity)
        .sum();
    assert!(
        pieces <= 2,
        "more pieces in parcels than were ordered: {order:?}"
    );
    let stored = serde_json::to_string(state).unwrap();
    assert_eq!(
        serde_json::from_str::<order_core::state::State>(&stored).unwrap(),
        *state
    );
}

proptest::proptest! {
    /// Any events in any order.
    #[test]
    fn whatever_happens_the_promises_hold(
        happened in proptest::collection::vec((0_usize..37, 0_i64..90), 1..60)
    ) {
        let events = events();
        let mut order = Order::new(OrderKey::new("t", "A"), at(0));
        let mut minute = 0;
        for (index, pause) in happened {
            minute += pause;
            let Some((_, event)) = events.get(index) else { continue };
            if let Ok(step) = apply(&order, event, at(minute), &rules()) {
                order = step.order;
            }
            promises(&order, at(minute));
        }
    }
}

/// In one stage, after these events.
fn after(stage: &str, events: &[Event]) -> Order {
    let stages = stages();
    let (_, order) = stages.iter().find(|(name, _)| *name == stage).unwrap();
    let mut order = order.clone();
    for (minute, event) in (20..).zip(events) {
        order = apply(&order, event, at(minute), &rules()).unwrap().order;
    }
    order
}

#[test]
fn a_failed_look_is_a_problem_for_as_long_as_it_is_to_be_taken() {
    let refused = Error::not_applied(Kind::Unavailable, "connection refused");
    let failed = Event::LookFailed {
        action: Action::ReadShop,
        failure: Failure::from(&refused),
    };
    let order = after("linked", std::slice::from_ref(&failed));
    assert!(order.state.problem(&Action::ReadShop).is_some());
    // The webshop cancels, the marketplace is told: nothing is read any more.
    let cancelled = seen(ShopState::Cancelled, "cancelled", None);
    let order = after("linked", &[cancelled, failed, read(0, 2)]);
    assert_eq!(order.state.cancellation, Cancellation::Done);
    assert_eq!(order.state.problems, []);
}

#[test]
fn a_parcel_that_is_told_before_the_first_is_seen_without_it() {
    let one = |id: &str, code: &str| ShopShipment {
        id: id.into(),
        lines: Some(vec![LineQuantity {
            line: "L1".into(),
            quantity: 1,
        }]),
        tracking: Some(Tracking::new(code)),
        shipped_at: None,
    };
    let parcels = ShopOrder {
        shipments: vec![one("p1", "3S1"), one("p2", "3S2")],
        ..shop(ShopState::Completed, "completed", None)
    };
    let second = EffectKind::Confirm("p2".into());
    let order = after(
        "linked",
        &[
            Event::ShopRead(ShopRead::Found(Box::new(parcels))),
            intend(second.clone()),
            told(Outcome::Done { remote_id: None }, second),
            read(1, 0),
        ],
    );
    let confirmations: Vec<_> = order
        .state
        .shipments
        .iter()
        .map(|shipment| &shipment.confirmation)
        .collect();
    assert!(
        matches!(
            confirmations[..],
            [Confirmation::None, Confirmation::Verified { .. }]
        ),
        "{confirmations:?}"
    );
}

#[test]
fn a_create_that_stopped_between_two_steps_goes_on_from_there() {
    let create = EffectKind::Create;
    let step = Event::Answered {
        kind: create.clone(),
        answer: Answer::Create(CreateProgress::Continue {
            checkpoint: Checkpoint(serde_json::json!({"draft": "D1"})),
            draft: Some("D1".into()),
        }),
    };
    let refused = failed(&create, &Error::not_applied(Kind::Unavailable, "refused"));
    let again = intend(create.clone());
    let order = after("create intended", &[step, again.clone(), refused]);
    let effect = order.state.effect(&create).unwrap();
    assert_eq!(effect.phase, Phase::Ready);
    assert!(effect.checkpoint.is_some());
    // And it may be sent once more.
    let sent = apply(&order, &again, at(60), &rules()).unwrap();
    assert_eq!(
        sent.order.state.effect(&create).unwrap().phase,
        Phase::Intended
    );
}

#[test]
fn a_return_is_noted_only_where_the_webshop_can_and_the_order_is_there() {
    let value = MarketplaceReturn {
        id: "R1".into(),
        order: "A".into(),
        registered_at: at(0),
        lines: Vec::new(),
        tracking: None,
        unknown: Vec::new(),
    };
    let seen = Event::ReturnSeen(Box::new(value));
    let note = Action::Send(EffectKind::NoteReturn("R1".into()));
    let is_noted = |order: &Order, rules: &Rules| {
        let agenda = agenda(order, at(60), rules);
        agenda.iter().any(|item| item.action == note)
    };
    let mut cannot = rules();
    cannot.webshop.returns = false;
    let mut can = rules();
    can.webshop.returns = true;
    let linked = after("linked", std::slice::from_ref(&seen));
    assert!(is_noted(&linked, &can));
    assert!(!is_noted(&linked, &cannot));
    assert!(!is_noted(&after("read", &[seen]), &can));
}

#[test]
fn a_refused_cancellation_is_no_problem_once_the_marketplace_has_cancelled() {
    let cancel = EffectKind::CancelMarketplace;
    let refused = failed(&cancel, &Error::not_applied(Kind::Unavailable, "refused"));
    let tried = [intend(cancel.clone()), refused];
    let order = after("cancelled here", &tried);
    assert!(order.state.problem(&Action::Send(cancel)).is_some());
    let order = after("cancelled here", &[&tried[..], &[read(0, 2)]].concat());
    assert_eq!(order.state.problems, []);
}

#[test]
fn a_ticket_is_asked_again_until_it_expires() {
    let confirm = EffectKind::Confirm("p1".into());
    let pending = Event::Polled {
        kind: confirm.clone(),
        status: TicketStatus::Pending,
    };
    let order = after("confirm submitted", std::slice::from_ref(&pending));
    let effect = order.state.effect(&confirm).unwrap();
    assert!(
        matches!(effect.phase, Phase::Submitted { .. }),
        "{effect:?}"
    );
    let late = at(2 * 24 * 60);
    let order = apply(&order, &pending, late, &rules()).unwrap().order;
    let effect = order.state.effect(&confirm).unwrap();
    assert!(matches!(effect.phase, Phase::Unknown { .. }), "{effect:?}");
}

#[test]
fn the_history_tells_of_pieces_that_the_marketplace_cancelled() {
    let order = after("linked", &[]);
    let step = apply(&order, &read(0, 1), at(60), &rules()).unwrap();
    let texts: Vec<_> = step.notes.iter().map(|note| note.text.as_str()).collect();
    assert!(
        texts.contains(&"the marketplace cancelled 1 × line L1"),
        "{texts:?}"
    );
}

#[test]
fn nobody_knows_what_an_order_was_made_of_that_a_person_links() {
    for key in [None, Some(ExternalKey::new("t", "A"))] {
        let order = after("read", &[link(key)]);
        assert!(order.state.linked().is_some());
        assert_eq!(order.state.created, Created::Unsure);
    }
}

#[test]
fn a_report_that_was_looked_up_in_vain_and_arrives_after_all_is_done_in_the_journal() {
    let confirm = EffectKind::Confirm("p1".into());
    let coded = seen(ShopState::Completed, "completed", Some("3S1"));
    let created = Event::Answered {
        kind: EffectKind::Create,
        answer: Answer::Create(CreateProgress::Created(Box::new(shop(
            ShopState::Open,
            "processing",
            None,
        )))),
    };
    let absent = Event::Resolved {
        kind: confirm.clone(),
        finding: Finding::Confirmation(ConfirmationFound::Absent),
    };
    let events = [
        read(0, 0),
        intend(EffectKind::Create),
        created,
        coded,
        intend(confirm.clone()),
        failed(&confirm, &lost()),
        absent,
        read(2, 0),
    ];
    let mut order = Order::new(OrderKey::new("t", "A"), at(0));
    let mut told = Vec::new();
    for (minute, event) in (0..).zip(&events) {
        let step = apply(&order, event, at(minute), &rules()).unwrap();
        order = step.order;
        let ours = |record: &EffectRecord| record.kind == confirm.to_string();
        let lines = step.effects.into_iter().filter(ours);
        told.extend(lines.map(|record| (record.attempt, record.status, record.reference)));
    }
    let reference = told[0].2.clone();
    let status = |at: usize| (told[at].0, told[at].1, told[at].2 == reference);
    let last = told.len() - 1;
    assert_eq!(status(last - 1), (1, EffectStatus::NotApplied, true));
    assert_eq!(status(last), (1, EffectStatus::Done, true));
    assert!(order.state.problems.is_empty());

    // Nobody told it when nothing of ours was ever sent.
    let other = [
        read(0, 0),
        intend(EffectKind::Create),
        events[2].clone(),
        events[3].clone(),
    ];
    let order = story(&other);
    let step = apply(&order, &read(2, 0), at(9), &rules()).unwrap();
    assert!(step.effects.is_empty(), "{:?}", step.effects);
}
