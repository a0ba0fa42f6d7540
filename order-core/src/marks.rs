//! What an order is found and counted by in the overview.
//!
//! Stores keep these beside an order, so that they answer without reading it. Each of them
//! follows from the order alone.

use chrono::{DateTime, Utc};

use crate::state::{Cancellation, Confirmation, Order, ProblemKind, Status};

/// The longest text that is searched for, in characters.
const LONGEST: usize = 100;
/// Places in one id where a search may begin.
const STARTS: usize = 8;

/// What an order is found and counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Marks {
    /// Its status.
    pub status: Status,
    /// Whether a person should look at it.
    pub needs_action: bool,
    /// The kind of its worst problem.
    pub problem: Option<ProblemKind>,
    /// Something is being sent to a platform, or is about to be.
    pub sending: bool,
    /// The buyer asks to cancel.
    pub cancel_asked: bool,
    /// When the marketplace wants it handed over, as long as it is not.
    pub deadline: Option<DateTime<Utc>>,
}

impl Order {
    /// What the order is found and counted by.
    #[must_use]
    pub fn marks(&self) -> Marks {
        let state = &self.state;
        let status = self.status();
        let ours = !matches!(status, Status::Manual | Status::Ignored);
        let untold =
            |shipment: &crate::state::Shipment| matches!(shipment.confirmation, Confirmation::None);
        let ship_by = self.content.as_ref().and_then(|content| content.ship_by);
        Marks {
            status,
            needs_action: self.needs_action(),
            problem: self.problem().map(|problem| problem.kind),
            sending: ours && (!state.effects.is_empty() || state.shipments.iter().any(untold)),
            cancel_asked: state.cancellation == Cancellation::BuyerAsks,
            deadline: ship_by.filter(|_| !self.status_is_final()),
        }
    }

    /// The texts under which the order is found: its ids and numbers on both sides and its T&T
    /// codes, in the form of [`search_key`], each also from every place where a word begins.
    #[must_use]
    pub fn search_words(&self) -> Vec<String> {
        let mut words = Vec::new();
        add(&mut words, self.key.order.as_str());
        if let Some(link) = self.state.linked() {
            add(&mut words, link.id.as_str());
            add(&mut words, &link.number);
        }
        for shipment in &self.state.shipments {
            if let Some(tracking) = &shipment.tracking {
                add(&mut words, &tracking.code);
            }
        }
        words.sort();
        words.dedup();
        words
    }
}

/// A text as it is searched for: upper case, without white space and control characters, of
/// bounded length. `None` when nothing is left.
#[must_use]
pub fn search_key(text: &str) -> Option<String> {
    let key: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .take(LONGEST)
        .flat_map(char::to_uppercase)
        .collect();
    (!key.is_empty()).then_some(key)
}

fn add(words: &mut Vec<String>, id: &str) {
    words.extend(search_key(id));
    let mut in_word = true;
    let mut starts = 0;
    for (at, c) in id.char_indices() {
        let begins = c.is_alphanumeric() && !in_word;
        in_word = c.is_alphanumeric();
        if begins && starts < STARTS {
            starts += 1;
            words.extend(id.get(at..).and_then(search_key));
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::search_key;
    use crate::ids::OrderKey;
    use crate::state::Order;

    #[test]
    fn an_id_is_found_by_its_start_and_by_the_start_of_each_word_in_it() {
        let order = Order::new(
            OrderKey::new("c", "ab-12 x"),
            chrono::DateTime::<Utc>::MIN_UTC,
        );
        assert_eq!(order.search_words(), ["12X", "AB-12X", "X"]);
    }

    #[test]
    fn a_long_text_is_cut_and_an_empty_one_is_no_search() {
        assert_eq!(search_key(" \t"), None);
        assert_eq!(search_key(&"é".repeat(500)), Some("É".repeat(100)));
    }
}
