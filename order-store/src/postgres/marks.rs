//! What orders are found and counted by, as it is stored.

use deadpool_postgres::Transaction;
use order_core::state::{Order, ProblemKind};

use super::fault::Fault;
use super::micros;
use super::text::stored;
use super::write::within;

/// The texts under which an order is found, a line each: arrays of arrays cannot be sent. No
/// word has a line end in it.
pub(super) fn words(order: &Order) -> String {
    let words: Vec<String> = order
        .search_words()
        .iter()
        .map(|word| stored(word))
        .collect();
    words.join("\n")
}

/// Writes what orders are found and counted by, for those that were stored without it.
pub(super) async fn mark_all(transaction: &Transaction<'_>) -> Result<(), Fault> {
    let mut after = 0_i64;
    loop {
        let orders = super::read::some_by_number(transaction, after, 500).await?;
        let Some((last, _)) = orders.last() else {
            return Ok(());
        };
        after = *last;
        for (number, order) in &orders {
            let Some(order) = order else { continue };
            let marks = order.marks();
            within(
                transaction,
                "UPDATE orders SET problem = $2, sending = $3, asked = $4, deadline = $5,
                                   words = string_to_array($6, E'\\n')
                 WHERE number = $1",
                &[
                    number,
                    &marks.problem.map(ProblemKind::as_str),
                    &marks.sending,
                    &marks.cancel_asked,
                    &marks.deadline.map(micros),
                    &words(order),
                ],
            )
            .await?;
        }
    }
}
