//! Returns: seen, noted in the webshop, decided by a person.

use order_core::lifecycle::{Answer, Event, Finding, OperatorAction};
use order_core::ports::ShopNote;
use order_core::returns::{MarketplaceReturn, ReturnDecision, ReturnLine, ReturnState};
use order_core::state::EffectKind;

use crate::teller::{Story, at};
use crate::{confirmed, done, failed, lost};

fn row(id: &str, line: Option<&str>, quantity: u32, state: ReturnState) -> ReturnLine {
    ReturnLine {
        id: id.to_owned(),
        line: line.map(Into::into),
        what: None,
        quantity,
        reason: Some("too small".to_owned()),
        comment: None,
        state,
        raw_state: String::new(),
    }
}

fn value(rows: Vec<ReturnLine>) -> MarketplaceReturn {
    MarketplaceReturn {
        id: "R1".into(),
        order: "A".into(),
        registered_at: at(100),
        lines: rows,
        tracking: None,
        unknown: Vec::new(),
    }
}

/// Two rows of one line, one of another, and one that nobody knows.
fn rows(first: ReturnState) -> MarketplaceReturn {
    value(vec![
        row("r1", Some("L1"), 1, first),
        row("r2", Some("L1"), 1, ReturnState::ToDecide),
        row("r3", Some("L2"), 1, ReturnState::Closed),
        row("r4", None, 1, ReturnState::Announced),
    ])
}

fn note() -> EffectKind {
    EffectKind::NoteReturn("R1".into())
}

fn decide() -> EffectKind {
    EffectKind::DecideReturn("R1".into())
}

fn seen(story: &mut Story, what: &str, value: MarketplaceReturn) {
    let what = format!("the marketplace shows {what}");
    story.on(&what, Event::ReturnSeen(Box::new(value)));
}

fn wish(rows: &[&str], decision: ReturnDecision) -> OperatorAction {
    OperatorAction::DecideReturn {
        id: "R1".into(),
        rows: rows.iter().map(|row| (*row).to_owned()).collect(),
        decision,
        note: None,
    }
}

pub(crate) fn all() -> Vec<String> {
    let mut stories = Vec::new();

    let mut story = confirmed("A return is noted, and noted again when it changes");
    story.at(100);
    seen(&mut story, "a return", rows(ReturnState::Announced));
    story.intend(note()).on(
        "noted",
        Event::Answered {
            kind: note(),
            answer: Answer::ShopNote(ShopNote::Written),
        },
    );
    story.at(101);
    seen(&mut story, "the same", rows(ReturnState::Announced));
    story.at(102);
    let mut strange = rows(ReturnState::ToDecide);
    strange.unknown = vec!["channel: fax".to_owned()];
    seen(
        &mut story,
        "a row that waits for a decision",
        strange.clone(),
    );
    story.at(103);
    seen(&mut story, "the same", strange);
    story.intend(note());
    stories.push(story.end());

    let mut story = confirmed("A person decides about rows");
    story.at(100);
    seen(&mut story, "a return", rows(ReturnState::ToDecide));
    story
        .operator("keeps it", wish(&[], ReturnDecision::Keep))
        .operator(
            "decides about a closed row",
            wish(&["r3"], ReturnDecision::Accept),
        )
        .operator("accepts one row", wish(&["r1"], ReturnDecision::Accept))
        .intend(decide())
        .on("done", done(decide()))
        .at(101)
        .operator("refuses the other", wish(&[], ReturnDecision::Refuse))
        .intend(decide());
    stories.push(story.end());

    let mut story = confirmed("A decision that nobody knows of");
    story.at(100);
    seen(&mut story, "a return", rows(ReturnState::ToDecide));
    story
        .operator("accepts one row", wish(&["r1"], ReturnDecision::Accept))
        .intend(decide())
        .on("no answer comes", failed(decide(), &lost()));
    let mut other = Story::new("The same, and it did not arrive");
    other.order = story.order.clone();
    let resolved = |value| Event::Resolved {
        kind: decide(),
        finding: Finding::Returns(vec![value]),
    };
    story
        .at(105)
        .on("the row is closed", resolved(rows(ReturnState::Closed)));
    other
        .at(105)
        .on("the row still waits", resolved(rows(ReturnState::ToDecide)));
    stories.push(story.end());
    stories.push(other.end());

    stories
}
